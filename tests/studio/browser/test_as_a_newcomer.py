"""The studio as somebody meets it who has never seen it: from the first sound to files in hand."""

from __future__ import annotations

import base64
import io
import time
import wave
import zipfile
from typing import Any
from xml.etree import ElementTree

import mido
import numpy as np
import pytest
import soundfile

from nokturn.evaluation.validity import check_text

TAKES = "[...document.querySelectorAll('.take')]"
TITLES = f"{TAKES}.map((t) => t.querySelector('.take-said').textContent)"
STARS = f"{TAKES}.map((t) => t.querySelector('.take-star')?.ariaPressed === 'true')"
PICKED = f"{TAKES}.findIndex((t) => t.querySelector('.take-body').ariaPressed === 'true')"
BUSY = "document.querySelector('.compose-action')?.dataset.kind === 'busy'"
IDLE = "document.querySelector('.compose-action')?.dataset.kind === 'idle'"
DONE = f"{IDLE} && {TAKES}.length === 4 && {TAKES}.every((t) => t.dataset.state === 'done')"
READY = "document.querySelector('.play-button')?.disabled === false"
TIME = "document.querySelector('.transport-now').textContent"
REEL = """X:1
T:The eight bars
M:4/4
L:1/8
Q:1/4=160
K:Ador
EAAB c2BA|GEDE G2GA|B2BA GABd|e2dB A4|a2ag e2dB|GEDE G2GA|B2BA GABd|e2dB A4||
"""
WAIT_S = 240  # for four tunes on a machine that has other things to do
# an ear at the very end: what goes to the loudspeakers goes through it, too
EAR = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode) {
    window.ear = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, window.ear);
  }
  return connect.call(this, to, ...rest);
};
"""
PEAK = """(() => {
  if (!window.ear) return 0;
  const samples = new Float32Array(ear.fftSize);
  ear.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
})()"""
DROP = """([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
  const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const type of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, init));
}"""


@pytest.fixture
def compose(open_page, until):
    """A page with a tune that is ready to play, and an ear in it."""
    page = open_page("/help")
    page.add_init_script(EAR)
    page.goto(page.url.replace("/help", "/"))
    until(page, READY)
    return page


def away(page: Any) -> None:
    """Leave all fields, so that single keys are the page's."""
    page.evaluate("document.activeElement.blur()")


def write(page: Any, until: Any, bars: int) -> None:
    """Wish for so many bars and begin."""
    page.get_by_role("textbox", name="Bars").fill(str(bars))
    page.keyboard.press("Control+Enter")
    until(page, BUSY)


def test_the_first_ten_minutes(compose, until) -> None:
    page = compose
    assert page.evaluate("document.activeElement.classList.contains('compose-button')")
    page.locator(".play-button").click()
    until(page, f"{PEAK} > 0.02")
    away(page)
    page.keyboard.press("Space")

    write(page, until, 8)
    until(page, DONE, WAIT_S)
    away(page)
    for key in "2413":
        page.keyboard.press(key)
        assert page.evaluate(PICKED) == int(key) - 1
    until(page, READY)
    page.keyboard.press("Space")
    until(page, f"{PEAK} > 0.02")
    page.keyboard.press("Space")
    page.keyboard.press("s")
    until(page, f"{STARS}[2]")
    before = page.evaluate(TITLES)
    ids = page.evaluate("JSON.parse(localStorage.getItem('nokturn.takes')).takes")

    page.get_by_role("button", name="Replace those without a star").click()
    until(page, BUSY)
    until(page, DONE, WAIT_S)
    assert page.evaluate(STARS) == [False, False, True, False]
    now = page.evaluate("JSON.parse(localStorage.getItem('nokturn.takes')).takes")
    assert now[2] == ids[2]
    assert len(set(now) & set(ids)) == 1
    away(page)
    page.keyboard.press("Control+z")
    until(page, f"JSON.parse(localStorage.getItem('nokturn.takes')).takes[0] === {ids[0]!r}")
    assert page.evaluate(TITLES) == before


def test_a_refresh_a_second_tab_and_whole_bars_at_the_stop(compose, until, live_studio) -> None:
    page = compose
    had = {item["id"] for item in live_studio.ask("GET", "/pieces")["items"]}
    write(page, until, 256)
    until(
        page,
        "/bar ([3-9]|\\d\\d)/.test(document.querySelector('[data-state=writing]')?.textContent)",
    )
    page.reload()
    until(page, BUSY)
    other = page.context.new_page()
    other.goto(page.url)
    until(other, BUSY)
    until(other, "document.querySelector('[data-state=writing]')")
    other.get_by_role("button", name="Stop", exact=True).click()
    until(page, IDLE, WAIT_S)
    until(other, IDLE, WAIT_S)
    until(page, f"{TAKES}.length >= 1 && {TAKES}.every((t) => t.dataset.state === 'done')")
    made = [p for p in live_studio.ask("GET", "/pieces")["items"] if p["id"] not in had]
    assert made
    for piece in made:
        stage = live_studio.ask("GET", f"/pieces/{piece['id']}/stage")
        tune = check_text(stage["text"]["abc"])
        assert tune.bars >= 2
        assert tune.exact == tune.bars


@pytest.fixture(scope="module")
def tune(live_studio):
    """The id of a tune that a model wrote."""
    job = live_studio.ask("POST", "/jobs/generate", {"n": 1, "bars": 8, "seed": 5, "model": "folk"})
    until_s = time.monotonic() + 2 * WAIT_S
    while time.monotonic() < until_s:
        job = live_studio.ask("GET", f"/jobs/{job['id']}")
        if job["state"] == "done":
            return job["result"]["pieces"][0]
        time.sleep(0.1)
    raise AssertionError(job)


def taken(page: Any, kind: str) -> tuple[str, bytes]:
    """Export by clicking; return name and bytes of what was saved."""
    page.locator("[data-does=export]").first.click()
    item = page.locator(f".export-item[data-kind='{kind}']")
    item.wait_for()
    with page.expect_download(timeout=WAIT_S * 1000) as waiting:
        item.click()
    page.keyboard.press("Escape")
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def drop(page: Any, name: str, data: bytes) -> None:
    """Drop a file on the page."""
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def test_everything_is_taken_away_by_clicking(tune, open_page, until) -> None:
    page = open_page(f"/p/{tune}")
    until(page, READY)
    seconds = page.evaluate(f"fetch('/api/pieces/{tune}/stage').then((a) => a.json())")["seconds"]
    name, data = taken(page, "abc")
    assert name.endswith(".abc")
    assert data.decode().startswith("X:")
    name, data = taken(page, "mid")
    assert mido.MidiFile(file=io.BytesIO(data)).length == pytest.approx(seconds, abs=1)
    name, data = taken(page, "musicxml")
    assert ElementTree.fromstring(data).tag == "score-partwise"
    name, data = taken(page, "wav")
    with wave.open(io.BytesIO(data)) as sound:
        assert sound.getnframes() / sound.getframerate() >= seconds - 0.1
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    assert 3000 < np.abs(samples.astype(int)).max() <= 32767
    for kind in ("flac", "ogg", "mp3"):
        name, data = taken(page, kind)
        assert name.endswith(f".{kind}")
        assert soundfile.info(io.BytesIO(data)).duration >= seconds - 0.1
    name, data = taken(page, "stems")
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert sum(entry.endswith(".wav") for entry in archive.namelist()) >= 1
    name, data = taken(page, "svg")
    assert ElementTree.fromstring(data).tag.endswith("svg")
    assert taken(page, "png")[1].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "kind",
    [
        "abc",
        "mid",
        "musicxml",
        "wav",
        "flac",
        "ogg",
        "mp3",
        "stems",
        "loop",
        "svg",
        "png",
        "recipe",
    ],
)
def test_a_file_that_is_dropped_back_brings_its_recipe(tune, open_page, until, kind) -> None:
    page = open_page(f"/p/{tune}")
    until(page, READY)
    name, data = taken(page, kind)
    page.goto(page.url.replace(f"/p/{tune}", "/library"))
    until(page, "document.querySelector('.piece')")
    drop(page, name, data)
    until(page, "location.pathname.startsWith('/p/')")  # of ABC, that of the same file
    until(page, "document.querySelector('details.recipe dl')")
    page.locator("details.recipe summary").click()
    words = page.locator("details.recipe dl").inner_text().split()
    assert words[words.index("seed") + 1] == "5"
    assert words[words.index("model") + 1] == "folk"


def test_a_piece_has_an_address_and_back_and_forward_work(tune, open_page, until) -> None:
    page = open_page("/library")
    page.locator(f".piece[data-id='{tune}'] a").click()
    until(page, READY)
    assert page.url.endswith(f"/p/{tune}")
    title = page.locator("h1").inner_text()
    page.reload()
    until(page, READY)
    assert page.locator("h1").inner_text() == title
    page.go_back()
    until(page, "location.pathname === '/library' && document.querySelector('.piece')")
    page.go_forward()
    until(page, f"document.querySelector('h1')?.textContent === {title!r}")
    until(page, READY)


def focus(page: Any, selector: str) -> None:
    """Go to a control by the Tab key alone."""
    for _ in range(90):
        if page.evaluate("(it) => document.activeElement?.matches(it) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not lead to {selector}")


def test_bars_are_chosen_looped_cut_and_continued_without_a_mouse(
    live_studio, open_page, until
) -> None:
    page = open_page(f"/p/{live_studio.add(REEL)}")
    until(page, READY)
    for _ in range(4):
        page.keyboard.press("d")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    assert "5" in page.locator(".selection-bar strong").inner_text()
    assert "8" in page.locator(".selection-bar strong").inner_text()
    page.keyboard.press("l")
    page.keyboard.press("Space")
    until(page, f"{TIME} !== '0:00'")
    page.keyboard.press("Space")
    was = page.url
    page.keyboard.press("x")
    until(page, f"location.href !== {was!r}")
    until(page, READY)
    until(page, "document.querySelector('.piece-facts').textContent.includes('4 bars')")

    page.keyboard.press("t")
    focus(page, ".transpose-steps button:nth-child(7)")
    was = page.url
    page.keyboard.press("Enter")
    until(page, f"location.href !== {was!r}")
    until(page, READY)
    until(page, "/B/.test(document.querySelector('.piece-facts').textContent)")

    page.keyboard.press("End")
    page.keyboard.press("c")
    until(page, "location.pathname === '/' && document.querySelector('.compose-button')")
    until(page, "document.querySelector('.start-chosen strong')")
    focus(page, ".compose-form input[inputmode=decimal]")
    page.keyboard.press("Control+a")
    page.keyboard.type("12")
    page.keyboard.press("Control+Enter")
    until(page, DONE, WAIT_S)
    newest = live_studio.ask("GET", "/pieces?limit=1&kind=tune")["items"][0]
    stage = live_studio.ask("GET", f"/pieces/{newest['id']}/stage")
    assert stage["notes"]["name"][:5] == ["B5", "B5", "A5", "F#5", "E5"]


def test_the_library_without_a_mouse(live_studio, open_page, until) -> None:
    live_studio.add(REEL.replace("The eight bars", "Found by ear"))
    page = open_page("/library")
    until(page, "document.querySelector('.piece')")
    page.keyboard.press("/")
    page.keyboard.type("found by")
    until(page, "document.querySelectorAll('.piece').length === 1")
    page.keyboard.press("ArrowDown")
    focus(page, ".piece-name a")
    page.keyboard.press("F2")
    page.keyboard.press("Control+a")
    page.keyboard.type("Found by hand")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.piece-name').textContent === 'Found by hand'")
    page.keyboard.press("s")
    until(page, "document.querySelector('.piece [aria-pressed=true]')")
    page.keyboard.press("Delete")
    until(page, "document.querySelectorAll('.piece').length === 0")
    focus(page, ".notice button")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.piece-name')?.textContent === 'Found by hand'")
    focus(page, ".piece-name a")
    page.keyboard.press("x")
    focus(page, ".library-chosen button")
    page.keyboard.press("Enter")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    archive = zipfile.ZipFile(waiting.value.path())
    assert len(archive.namelist()) == 1
    page.evaluate("scrollTo(0, 0)")
