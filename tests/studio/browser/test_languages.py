"""The page in other words: Polish is whole, and longer words neither hide nor break anything.

A language of our own has each English text in brackets and longer by two fifths: what stands
outside brackets was never translated, what has lost its end bracket was cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nokturn.studio

STATIC = Path(nokturn.studio.__file__).parent / "static"
ADDRESSES = {
    "compose": ["/"],
    "piece": ["/p/{tune}"],
    "library": ["/library", "/library?bin=1"],
    "train": ["/train"],
    "lofi": ["/lofi"],
    "models": ["/models", "/models/folk"],
    "help": ["/help"],
}
SHOWN = [path for name in ADDRESSES if (STATIC / f"screens/{name}.js").exists()
         for path in ADDRESSES[name]]  # fmt: skip
TUNE = "X:1\nT:7\nM:4/4\nL:1/8\nK:Ador\n|:EAAB c2BA|GEDE G2GA|B2BA GABd|e2dB A4:|\n"
READY = "document.querySelector('#main h1, #main h2') !== null"
CALM = "document.querySelectorAll('.skeleton, [aria-busy=true]').length === 0"
WIDE = "document.documentElement.scrollWidth - innerWidth"
# words that people see or hear: texts of elements, and what is read or shown instead of them
SEEN = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const el = node.parentElement;
    const text = node.textContent.trim();
    if (text && !el.closest('svg, kbd, code, pre, [lang], script, noscript')) found.push(text);
  }
  for (const name of ['aria-label', 'title', 'placeholder'])
    for (const el of document.querySelectorAll(`[${name}]`))
      if (!el.closest('[lang]:not(html)')) found.push(el.getAttribute(name));
  return found;
}"""
CUT = """() => [...document.querySelectorAll(
  'button, h1, h2, h3, label, .tag, .chip, a, legend, summary')]
  .filter((el) => el.checkVisibility({ visibilityProperty: true }) && /⟧/.test(el.textContent))
  .filter((el) => !el.closest('.visually-hidden, .skip') && el.clientWidth > 4)
  .filter((el) => getComputedStyle(el).overflow !== 'visible')
  .filter((el) => el.scrollWidth > el.clientWidth + 1)
  .map((el) => el.outerHTML.slice(0, 140))"""


def texts(words: Any) -> Iterator[str]:
    """Return all texts of a language."""
    if isinstance(words, dict):
        for inner in words.values():
            yield from texts(inner)
    else:
        yield words


def longer(words: Any) -> Any:
    """Return a language in brackets, two fifths longer; {names} stay."""
    if isinstance(words, dict):
        return {key: longer(inner) for key, inner in words.items()}
    return f"⟦{words}{' ~' * max(1, len(words) // 5)}⟧" if words else words


def language(code: str) -> dict[str, Any]:
    """Return the words of a language."""
    read: dict[str, Any] = json.loads((STATIC / f"locales/{code}.json").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def tune(live_studio: Any) -> str:
    """The id of a tune whose name is in no language; another lies in the bin."""
    binned = live_studio.add(TUNE)
    live_studio.ask("DELETE", f"/pieces/{binned}")
    found: str = live_studio.add(TUNE)
    return found


@pytest.fixture
def shown(
    browser: Any, live_studio: Any, tune: str, until: Callable[..., Any]
) -> Iterator[Callable[..., Any]]:
    """A function that shows a screen in Polish, or in our own language in its place."""
    contexts = []

    def opened(address: str, width: int, words: dict[str, Any] | None = None) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="pl-PL", reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        if words:
            page.route("**/locales/pl.json", lambda route: route.fulfill(json=words))
            page.route("**/locales/en.json", lambda route: route.fulfill(json=words))
        page.goto(live_studio.address + address.format(tune=tune))
        until(page, f"{READY} && {CALM}")
        page.wait_for_timeout(400)
        return page

    yield opened
    for context in contexts:
        context.close()


def plain(text: str) -> str:
    """Return a text without what is filled in."""
    return " ".join(re.sub(r"\{\w+\}|[\d.,:%/–-]+", " ", text).split())


@pytest.mark.parametrize("address", SHOWN)
def test_polish_leaves_no_english_on_a_screen(shown, address) -> None:
    english, polish = language("en"), language("pl")
    same = {plain(text) for text in texts(polish)}
    foreign = {plain(text) for text in texts(english)} - same - {""}
    page = shown(address, 1280)
    assert page.evaluate("document.documentElement.lang") == "pl"
    seen = {plain(text) for text in page.evaluate(SEEN)}
    assert not {text for text in seen & foreign if re.search(r"[A-Za-z]{3}", text)}


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("address", SHOWN)
def test_longer_words_are_all_translated_and_none_is_cut(shown, address, width) -> None:
    page = shown(address, width, longer(language("en")))
    bare = [text for text in page.evaluate(SEEN) if not re.search("[⟦⟧~]", text)]
    known = {plain(text) for text in texts(language("en"))}
    assert not [text for text in bare if plain(text) in known and re.search(r"[A-Za-z]{4}", text)]
    assert page.evaluate(WIDE) <= 0
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize(
    ("name", "typed", "wrong"),
    [("Temperatura", "0,85", False), ("Temperatura", "0.85", False), ("Temperatura", "0,8,5", True),
     ("Tempo", "92,5", False)],
    ids=["comma", "point", "two commas", "tempo"],
)  # fmt: skip
def test_a_decimal_comma_is_a_decimal_point(shown, until, name, typed, wrong) -> None:
    page = shown("/", 1280)
    until(page, "document.querySelectorAll('.wishes option').length > 9")  # it is drawn anew
    box = page.get_by_role("textbox", name=name, exact=True)
    box.fill(typed)
    assert (box.get_attribute("aria-invalid") == "true") == wrong
    if not wrong:
        wish = page.evaluate("JSON.parse(localStorage.getItem('nokturn.wishes'))")
        assert float(wish["temperature" if name == "Temperatura" else "tempo"]) in (0.85, 92.5)
