"""The words of the studio's page: each language says all of it, and nothing lacks its words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nokturn.studio
from nokturn.music.instruments import NAMES
from nokturn.rendering.audio.drums import drum_of

STATIC = Path(nokturn.studio.__file__).parent / "static"
MODULES = sorted(STATIC.rglob("*.js"))
FORMS = {  # of plurals, as Intl.PluralRules names them
    "en": {"one", "other"},
    "pl": {"one", "few", "many", "other"},
    "ro": {"one", "few", "other"},
    "sr": {"one", "few", "other"},
}
ANY_FORM = {"zero", "one", "two", "few", "many", "other"}
NAMED = re.compile(r'(?<![\w.])t\("([\w.-]+)"')
COMMENT = re.compile(r"/\*.*?\*/", re.S)
BEGUN = re.compile(r"(?<![\w.])t\(`([\w.-]*)\$\{")


def words(language: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((STATIC / "locales" / f"{language}.json").read_text("utf-8"))
    return read


def plural(node: Any) -> bool:
    return isinstance(node, dict) and bool(node) and "other" in node and set(node) <= ANY_FORM


def leaves(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each text with its key; a text with plural forms is one."""
    for name, value in node.items():
        if isinstance(value, dict) and not plural(value):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield path + name, value


def texts(value: Any) -> list[str]:
    return list(value.values()) if isinstance(value, dict) else [value]


@pytest.mark.parametrize("language", ["pl", "ro", "sr"])
def test_languages_have_the_same_keys(language: str) -> None:
    assert [key for key, _ in leaves(words(language))] == [key for key, _ in leaves(words("en"))]


@pytest.mark.parametrize("language", ["en", "pl"])
def test_complete_languages_say_everything(language: str) -> None:
    empty = [key for key, value in leaves(words(language)) if not all(texts(value))]
    assert not empty


@pytest.mark.parametrize("language", FORMS)
def test_plurals_have_the_forms_of_their_language(language: str) -> None:
    wrong = {
        key: sorted(value)
        for key, value in leaves(words(language))
        if plural(value) and set(value) != FORMS[language]
    }
    assert not wrong


@pytest.mark.parametrize("language", ["pl", "ro", "sr"])
def test_languages_fill_in_what_english_fills_in(language: str) -> None:
    def names(value: Any) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", " ".join(texts(value))))

    english = dict(leaves(words("en")))
    said = {key: value for key, value in leaves(words(language)) if any(texts(value))}
    assert not [key for key, value in said.items() if names(value) != names(english[key])]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_what_a_module_says_has_words(module: Path) -> None:
    known = dict(leaves(words("en")))
    source = COMMENT.sub("", module.read_text("utf-8"))
    missing = [key for key in NAMED.findall(source) if key not in known]
    missing += [
        f"{start}*"
        for start in BEGUN.findall(source)
        if not any(k.startswith(start) for k in known)
    ]
    assert not missing


def test_every_instrument_and_drum_has_a_name() -> None:
    english = words("en")
    drums = [drum_of(pitch).name.capitalize() for pitch in range(128)]
    for group, names in (("instruments", NAMES), ("drums", drums)):
        known = {re.sub("[^a-z0-9]+", "_", name.lower()): name for name in names}
        assert known.items() <= english[group].items()
