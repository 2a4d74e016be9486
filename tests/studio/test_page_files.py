"""The files of the studio's page: all there, nothing fetched from elsewhere or parsed as markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nokturn.studio

STATIC = Path(nokturn.studio.__file__).parent / "static"
MODULES = sorted(STATIC.rglob("*.js"))
SHEETS = sorted(STATIC.rglob("*.css"))
FORBIDDEN = {  # what would parse text as markup, run it, or break the page's policy
    "markup": r"\.(inner|outer|set)HTML|insertAdjacentHTML|document\.write|ContextualFragment",
    "code from text": r"\beval\(|new Function\(",
    "style from text": r"cssText|setAttribute\(\s*[\"']style",
    "elsewhere": r"https?://(?!www\.w3\.org/(2000/svg|1999/xlink))",
}
IMPORT = re.compile(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"')
DARK = re.compile(r":root\[data-theme=\"dark\"\] \{(.*?)\}", re.S)


def named(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


@pytest.mark.parametrize("rule", FORBIDDEN)
@pytest.mark.parametrize("module", MODULES, ids=named)
def test_no_module_takes_text_for_more(module: Path, rule: str) -> None:
    assert not re.findall(FORBIDDEN[rule], module.read_text("utf-8"))


@pytest.mark.parametrize("sheet", SHEETS, ids=named)
def test_no_sheet_refers_elsewhere(sheet: Path) -> None:
    addresses = re.findall(r"url\(\s*[\"']?([^)\"']+)", sheet.read_text("utf-8"))
    assert "@import" not in sheet.read_text("utf-8")
    assert all(address.startswith(("/static/", "#", "data:image/svg")) for address in addresses)


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_imported_modules_are_there(module: Path) -> None:
    missing = [
        name for name in IMPORT.findall(module.read_text("utf-8"))
        if not (module.parent / name).is_file()
    ]  # fmt: skip
    assert not missing


def test_screens_of_the_bar_are_there() -> None:
    screens = re.findall(r'\["(\w+)", "/', (STATIC / "app.js").read_text("utf-8"))
    assert len(screens) == 6
    for name in [*screens, "piece"]:
        assert (STATIC / "screens" / f"{name}.js").is_file(), name
        assert (STATIC / "css" / f"{name}.css").is_file(), name


def test_files_of_the_first_page_are_there() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    for address in re.findall(r'(?:href|src)="/static/([^"]+)"', page):
        assert (STATIC / address).is_file(), address
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"\son\w+=", page)


def channels(colour: str) -> list[float]:
    digits = colour.strip().lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * d for d in digits)
    return [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def tokens(theme: str) -> dict[str, str]:
    sheet = (STATIC / "css" / "tokens.css").read_text("utf-8")
    block = (
        DARK.search(sheet)
        if theme == "dark"
        else re.search(r"color-scheme: light;(.*?)\}", sheet, re.S)
    )
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block.group(1)))


GROUNDS = ("bg", "surface", "raised")
TEXTS = [
    *((ink, ground) for ink in ("ink", "muted", "accent", "good", "bad") for ground in GROUNDS),
    ("lamp-ink", "lamp"), ("ink", "lamp-soft"), ("accent", "lamp-soft"), ("ink", "warn-soft"),
    ("muted", "sunken"), ("bad", "bad-soft"), ("ink", "bad-soft"),
]  # fmt: skip
LINES = [
    *(("line-strong", ground) for ground in GROUNDS),
    *(("focus", ground) for ground in GROUNDS),
    *((f"track-{n}", ground) for n in range(1, 9) for ground in ("roll-bg", "roll-black")),
    ("playhead", "roll-bg"), ("lamp-line", "surface"),
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXTS, ids=lambda name: str(name))
def test_text_can_be_read(theme: str, ink: str, ground: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), LINES, ids=lambda name: str(name))
def test_lines_can_be_seen(theme: str, line: str, ground: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[line], colours[ground]) >= 3


def test_dark_by_system_and_by_choice_are_the_same() -> None:
    sheet = (STATIC / "css" / "tokens.css").read_text("utf-8")
    by_system = re.search(r"prefers-color-scheme: dark.*?\{.*?\{(.*?)\}", sheet, re.S)
    by_choice = DARK.search(sheet)
    assert by_system
    assert by_choice
    assert by_system.group(1).split() == by_choice.group(1).split()
