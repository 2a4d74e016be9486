"""Every screen for everybody: axe finds nothing serious, in both themes and in the main states.

Also what axe does not see: a telephone without scrolling sideways and with targets for thumbs, text
twice as large, a visible focus at each stop of the Tab key, keys that are listed, things that keep
still for those who want it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nokturn.studio

SCREENS = Path(nokturn.studio.__file__).parent / "static" / "screens"
ADDRESSES = {
    "compose": ["/"],
    "piece": ["/p/{tune}"],
    "library": ["/library", "/library?bin=1"],
    "train": ["/train"],
    "lofi": ["/lofi"],
    "models": ["/models", "/models/folk"],
    "help": ["/help"],
}
SHOWN = [
    address
    for name in ADDRESSES
    if (SCREENS / f"{name}.js").exists()
    for address in ADDRESSES[name]
]
TUNES = """X:1
T:The accessible reel
M:4/4
L:1/8
K:Ador
|:EAAB c2BA|GEDE G2GA|B2BA GABd|e2dB A4:|

X:2
T:A tune with a rather long name that has to be cut somewhere on a telephone
M:6/8
L:1/8
K:D
|:A|d2f afd|g2e cBA|d2f agf|e3 d2:|
"""
HEAD = "document.querySelector('#main h1, #main h2') !== null"
CALM = "document.querySelectorAll('.skeleton, [aria-busy=true]').length === 0"
PLAYABLE = "document.querySelector('.play-button')?.disabled === false"
WIDE = """[...document.querySelectorAll('body *')].filter((el) => {
  const box = el.getBoundingClientRect();
  return document.documentElement.scrollWidth > innerWidth && box.right > innerWidth + 1;
}).slice(-3).map((el) => el.outerHTML.slice(0, 100))"""
# a target is 44 px high and wide; in a line of text or as a heading that opens it may be smaller
SMALL = """() => {
  const inline = (el) => el.matches("p a, dd a, td a, li > a, span > a, a.small, summary") ||
    el.matches(".piece-name a, .model-name");
  const targets = document.querySelectorAll('button, a[href], select, summary, input');
  return [...targets]
    .filter((el) => el.checkVisibility({ visibilityProperty: true }) && el.tabIndex >= 0)
    .filter((el) => !el.matches('[type=radio], [type=checkbox], [type=file]'))
    .filter((el) => !el.closest('.visually-hidden'))
    .map((el) => [el, el.getBoundingClientRect()])
    .filter(([el, { width, right }]) => width > 0 && right > 0)
    .filter(([el, { width, height }]) => Math.min(width, height) < (inline(el) ? 20 : 43.5))
    .map(([el, box]) => `${el.outerHTML.slice(0, 110)} ${box.width | 0} x ${box.height | 0}`);
}"""
FOCUS = """() => {
  const el = document.activeElement;
  if (!el || el === document.body) return null;
  const ring = (one) => {
    if (!one) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
  };
  const box = el.getBoundingClientRect();
  const seen = [el, el.nextElementSibling, el.closest('label'), el.parentElement].some(ring);
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return [el.outerHTML.slice(0, 120), seen, inside];
}"""


@pytest.fixture(scope="module")
def tune(live_studio: Any) -> str:
    """The id of a tune; another lies in the bin."""
    first, second = live_studio.ask("POST", "/pieces", {"abc": TUNES})["items"]
    third = live_studio.add(TUNES.split("\n\n", maxsplit=1)[0].replace("reel", "binned reel"))
    live_studio.ask("DELETE", f"/pieces/{third}")
    assert first != second
    return str(first)


@pytest.fixture
def shown(
    tune: str, open_page: Callable[..., Any], until: Callable[..., Any]
) -> Callable[..., Any]:
    """A function that shows a screen until it has come to rest."""

    def opened(address: str, **how: Any) -> Any:
        page = open_page(address.format(tune=tune), still=True, **how)
        until(page, HEAD)
        if address in ("/", "/p/{tune}"):
            until(page, PLAYABLE)
        until(page, CALM)
        page.wait_for_timeout(150)
        return page

    return opened


def serious(page: Any) -> list[str]:
    """Return what axe finds that keeps somebody out."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("address", SHOWN)
def test_axe_finds_nothing_serious(shown, address, dark) -> None:
    assert not serious(shown(address, dark=dark))


def test_every_screen_is_looked_at() -> None:
    assert {path.stem for path in SCREENS.glob("*.js")} <= set(ADDRESSES)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_what_opens_on_the_piece_screen(shown, until, dark) -> None:
    page = shown("/p/{tune}", dark=dark)
    page.locator("[data-does=export]").first.click()
    until(page, "document.querySelector('.export-item')")
    assert not serious(page)
    page.keyboard.press("Escape")
    page.locator("[data-does=transpose]").click()
    assert not serious(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Text", exact=True).click()
    page.keyboard.press("Shift+ArrowRight")
    until(page, "!document.querySelector('.selection-bar').hidden")
    assert not serious(page)
    page.locator(".text-head button").last.click()
    page.get_by_role("button", name="Change the title").click()
    page.locator("details.recipe summary").click()
    assert not serious(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_what_opens_elsewhere(shown, until, dark) -> None:
    page = shown("/", dark=dark)
    for name in ("Start from", "Advanced"):
        page.get_by_text(name).click()
    for name in ("Library", "My notes", "A file"):
        page.get_by_role("radio", name=name).locator("..").click()
        page.wait_for_timeout(300)
        assert not serious(page)
    page.get_by_role("button", name="Language").click()
    assert not serious(page)
    page.keyboard.press("Escape")
    page.locator(".badge").click()
    assert not serious(page)
    page.keyboard.press("Escape")
    page.locator(".bar-keys").click()
    until(page, "document.querySelector('dialog[open]')")
    assert not serious(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_menus_and_dialogs_of_the_library(shown, until, dark) -> None:
    page = shown("/library", dark=dark)
    page.locator(".piece").first.get_by_role("button", name="More").click()
    assert not serious(page)
    page.keyboard.press("Escape")
    page.locator(".piece-pick").first.click()
    until(page, "!document.querySelector('.library-chosen').hidden")
    assert not serious(page)
    page = shown("/library?q=nothing+is+called+this", dark=dark)
    assert not serious(page)
    page = shown("/library?bin=1", dark=dark)
    page.locator(".binned .icon-button").first.click()
    until(page, "document.querySelector('dialog[open]')")
    assert not serious(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_errors(browser, live_studio, until, dark) -> None:
    context = browser.new_context(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page = context.new_page()  # its addresses lead nowhere, which the browser says
    for address in ("/p/000000000000", "/models/none", "/lofi/000000000000"):
        page.goto(live_studio.address + address)
        until(page, "document.querySelector('.problem')")
        assert not serious(page)
    context.close()


@pytest.mark.parametrize("address", SHOWN)
def test_a_telephone_has_no_sideways_scrolling_and_targets_for_thumbs(shown, address) -> None:
    page = shown(address, width=360, height=740, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.evaluate(WIDE)
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("address", SHOWN)
def test_text_twice_as_large_fits(large_print, live_studio, tune, until, address) -> None:
    page = large_print.new_page(viewport={"width": 1280, "height": 900})
    page.goto(live_studio.address + address.format(tune=tune))
    until(page, f"{HEAD} && {CALM}")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280, page.evaluate(WIDE)
    page.close()


@pytest.mark.parametrize("address", SHOWN)
def test_a_zoom_of_two_hundred_percent_fits(shown, address) -> None:
    page = shown(address, width=640, height=450)  # what it leaves of 1280 x 900
    assert page.evaluate("document.documentElement.scrollWidth") <= 640, page.evaluate(WIDE)


@pytest.mark.parametrize("address", SHOWN)
def test_each_stop_of_the_tab_key_is_seen(shown, address) -> None:
    page = shown(address, width=1000, height=700)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    hidden, stops = [], []
    for _ in range(70):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None or (len(stops) > 3 and stop[0] == stops[0]):
            break
        stops.append(stop[0])
        if not (stop[1] and stop[2]):
            hidden.append(stop)
    assert len(stops) > 5
    assert not hidden


@pytest.mark.parametrize("address", SHOWN)
def test_the_question_mark_lists_the_keys(shown, until, address) -> None:
    page = shown(address)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    until(page, "document.querySelectorAll('dialog[open] kbd').length > 1")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('dialog[open]')")


@pytest.mark.parametrize("address", SHOWN)
def test_nothing_moves_for_those_who_want_it_still(shown, address) -> None:
    page = shown(address)
    moving = page.evaluate(
        "document.getAnimations().filter((a) => a.playState === 'running'"
        " && a.effect.getComputedTiming().activeDuration > 20)"
        ".map((a) => a.animationName || a.transitionProperty)"
    )
    assert moving == []
