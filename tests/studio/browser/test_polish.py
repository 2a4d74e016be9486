"""What the server says, read in Polish: refusals, remarks, advice; none of it is left English."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nokturn.music.instruments import NAMES
from nokturn.studio.sentences import recognised

# texts of the page with nothing between them and what surrounds them; quotations stand in English
SEEN = """() => {
  const found = [];
  for (const el of document.querySelectorAll('p, li, td, dd, h2, .notice span, .jobs-what span')) {
    const copy = el.cloneNode(true);
    copy.querySelectorAll('q, svg, button, strong').forEach((inner) => inner.remove());
    const text = copy.textContent.trim();
    if (text) found.push(text);
  }
  return found;
}"""
WAIT_S = 120
WIDE = "document.documentElement.scrollWidth - innerWidth"
ROWS = "document.querySelectorAll('.train-rows tbody tr').length"
CHECKED = f"{ROWS} && !document.querySelector('.train-data progress')"
READY = "document.querySelector('.play-button')?.disabled === false"
SHORT = "X:1\nT:{}\nM:6/8\nL:1/8\nK:D\nDFA d2A|B2G AFE|{}|dcB AGF|EFG A2B|AFD D3|\n"
TOO_LARGE = {"name": "opera.mid", "mimeType": "audio/midi", "buffer": bytes(11 << 20)}
FILES = {
    "ok.abc": SHORT.format("Dobra", "GBd g2e"),
    "copy.abc": SHORT.format("Kopia", "GBd g2e"),
    "short.abc": "X:1\nT:Krótka\nM:4/4\nL:1/4\nK:C\nC D E|\n",
    "bars.abc": SHORT.format("Takty", "GBd"),
    "tie.abc": SHORT.format("Łuk", "GBd gfg").replace("DFA d2A", "-DFA d2A"),
    "no-key.abc": "X:1\nT:Bez tonacji\nCDE|\n",
    "broken.mid": "MThd nonsense",
    "empty.mid": "",
    "photo.musicxml": "<?xml version='1.0'?><score-partwise><part></part>",
    "cut.mid": "MThd\0\0\0\x06\0\0\0\x01\x01\x60MTrk\0\0\0\x20\0\x3c",
}


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in Polish; what the browser says of refusals is no failure."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="pl-PL", reduced_motion="reduce"
    )
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def put(page: Any, files: dict[str, str]) -> None:
    """Choose files as in a dialog."""
    page.locator("input[type=file]").first.set_input_files([
        {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}
        for name, text in files.items()
    ])  # fmt: skip


def polish(page: Any, *words: str) -> None:
    """Wait for these words; assert that nothing is English, and nothing wider than it may be.

    Where ``NOKTURN_PICTURES`` names a folder, the screen is kept there in two widths.
    """
    end = time.monotonic() + WAIT_S
    while missing := [word for word in words if word not in "\n".join(page.evaluate(SEEN))]:
        assert time.monotonic() < end, missing
        page.wait_for_timeout(40)
    assert not [text for text in page.evaluate(SEEN) if recognised(text)]
    folder = os.environ.get("NOKTURN_PICTURES")
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        assert page.evaluate(WIDE) <= 0
        if folder:
            name = re.sub(r"\W+", "-", words[0])[:30]
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_remarks_on_files(page, live_studio, until) -> None:
    page.goto(live_studio.address + "/train")
    put(page, FILES)
    until(page, CHECKED)
    polish(
        page,
        "1 z 6 taktów ma złą długość",
        "Ta sama melodia co ok.abc:1 Dobra: pominięto.",
        "Tylko 3 nuty.",
        "Wiersz 1: melodia nie ma tonacji. Dodaj wiersz K:",
        "To nie jest plik MIDI albo nie ma w nim żadnej ścieżki.",
        "łuk przedłużający bez nuty przed nim; pominięto",
        "to nie jest poprawny XML: plik urywa się przed końcem.",
        "Mniej niż 20 melodii",
    )


def test_advice_and_a_refusal_while_training(page, live_studio, until) -> None:
    page.goto(live_studio.address + "/train")
    put(page, {f"{k}.abc": SHORT.format(k, "GBd gfe" if k else "G3 g3") for k in range(2)})
    until(page, CHECKED)
    page.get_by_label("Zacznij od").select_option("")
    page.get_by_label("Nazwa modelu").fill("folk")
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator(".problem").wait_for()
    polish(page, "Model o nazwie folk już istnieje.", "Wybierz inną nazwę.")
    page.get_by_label("Nazwa modelu").fill("moje")
    page.get_by_role("button", name="Start", exact=True).click()
    until(page, "document.querySelector('.train-advice p')", 180)
    polish(page, "Mniej niż 20 melodii do nauki: będzie je kopiować, chyba że dostanie więcej.")
    page.get_by_role("button", name="Zakończ i zachowaj najlepszy").click()
    until(page, "document.querySelector('.training .tag.good')", 180)


def test_a_refused_upload(page, live_studio, until) -> None:
    page.goto(live_studio.address + "/library")
    page.locator("input[type=file]").set_input_files([TOO_LARGE])
    page.locator(".problem").wait_for()
    polish(page, "opera.mid: plik jest większy niż 10 MB.", "Pomiń go albo zmniejsz.")
    assert page.locator("progress:visible").count() == 0
    page.reload()
    until(page, "document.querySelector('input[type=file]')")
    put(page, {name: FILES[name] for name in ("broken.mid", "no-key.abc", "empty.mid")})
    until(page, "document.querySelectorAll('.library-wrong li').length === 3")
    page.locator(".library-wrong summary").click()
    polish(page, "To nie jest plik MIDI", "Dodaj wiersz K: na końcu nagłówka, na przykład K:C.")


def test_an_error_in_a_dialog(page, live_studio, until) -> None:
    page.goto(live_studio.address + "/lofi")
    page.get_by_role("button", name="Wczytaj z pliku").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files([
        {"name": "zly.toml", "mimeType": "text/plain", "buffer": b"swing = 'wiele'"}
    ])  # fmt: skip
    dialog.locator(".problem").wait_for()
    polish(page, "lofi.swing = 'wiele' nie jest możliwe: musi być liczbą.")


def test_a_beginning_that_cannot_be_read(page, live_studio, until) -> None:
    page.goto(live_studio.address)
    until(page, READY)
    page.get_by_text("Zacznij od").click()
    page.get_by_role("radio", name="Moich nut").locator("..").click()
    page.get_by_label("Nuty w notacji ABC").fill("CDEF Z99999|")
    page.locator(".hint.bad").wait_for()
    polish(page, "Z99999 oznacza 9999 taktów pauzy; granicą jest 999.")
    page.get_by_label("Nuty w notacji ABC").fill("z4 (((( {{{ [[[ not a note ~~~ |::|")
    page.locator(".compose-button").click()
    page.locator(".problem[data-code]").wait_for()
    polish(page, "Napisz coś w ABC.")


def test_a_damaged_model(page, run_studio, tmp_path, until: Callable[..., Any]) -> None:
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    (folder / "uszkodzony.safetensors").write_bytes(b"no tensors at all")
    with run_studio(tmp_path, "--port", "0") as studio:
        page.goto(studio.address + "/models")
        until(page, "document.querySelector('.model-card .bad')")
        polish(page, "nie jest plikiem modelu: nagłówek ma niemożliwą długość. Użyj innej kopii.",
               "Uczył się z: 37 następstw akordów, które są w Nokturnie")  # fmt: skip
        page.goto(studio.address + "/models/uszkodzony")
        page.locator(".problem").wait_for()
        polish(page, "uszkodzony.safetensors jest uszkodzony")
        assert page.locator("q").count() == 0


def test_what_is_not_known_is_a_quotation(page, live_studio, until) -> None:
    error = {"code": "input", "what": "The dog ate it.", "why": "", "fix": "Try again.", "said": {}}
    page.route("**/api/pieces?*", lambda route: route.fulfill(status=422, json={"error": error}))
    page.goto(live_studio.address + "/library")
    box = page.locator(".problem")
    box.wait_for()
    assert box.locator(".problem-title").inner_text() == "Nie można tego odczytać"
    assert box.locator("q[lang=en]").first.inner_text() == "The dog ate it."


def test_a_piece_and_who_plays_it(page, live_studio, until) -> None:
    parts = "V:1\n%%MIDI program 73\nDFA|B2G|\nV:2\nF,3|A,3|\n"
    piece = live_studio.add(f"X:1\nT:Duet\nM:3/8\nL:1/8\nK:D\n{parts}")
    page.goto(f"{live_studio.address}/p/{piece}")
    until(page, READY)
    names = page.locator(".track-name").all_inner_texts()
    assert names
    assert not set(names) & set(NAMES)
    told = page.locator("canvas[aria-label]").first.get_attribute("aria-label")
    assert told.startswith("2 takty, D-dur, 3/8, od F#3 do B4, 2 instrumenty, ")
    page.goto(live_studio.address)
    until(page, READY)
    page.get_by_text("Zaawansowane").click()
    page.get_by_label("Instrument", exact=True).focus()
    until(page, "[...document.querySelectorAll('option')].some((o) => o.text === 'Wiolonczela')")
    assert not set(page.locator("option").all_inner_texts()) & {"Cello", "Violin", "Drums"}
