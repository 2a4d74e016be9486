"""The screen of a piece as people use it: by pointer, by keys, on a telephone, by ear alone."""

from __future__ import annotations

import re

import pytest

REEL = """X:1
T:Reel of the screen
M:4/4
L:1/8
Q:1/4=150
K:Ador
|:EAAB c2BA|GEDE G2GA|B2BA GABd|1 e2dB A4:|2 edBG A4||
"""
READY = "document.querySelector('.play-button:not(:disabled)') !== null"
TIME = "document.querySelector('.transport-now').textContent"


@pytest.fixture(scope="module")
def reel(live_studio):
    """The id of a reel with a repeat and two endings."""
    return live_studio.add(REEL)


@pytest.fixture
def piece(reel, open_page, until):
    """A function that opens the screen of the reel, ready to play."""

    def opened(**how):
        page = open_page(f"/p/{reel}", **how)
        until(page, READY)
        return page

    return opened


def bar_now(page):
    """Return the number of the bar that the transport tells."""
    return int(re.search(r"\d+", page.locator(".transport-bar").inner_text())[0])


def test_keys_play_pause_and_go_by_beats_and_bars(piece, until):
    page = piece()
    page.keyboard.press("Space")
    until(page, f"{TIME} !== '0:00'")
    page.keyboard.press("Space")
    assert page.locator(".play-button").get_attribute("aria-label") == "Play"
    page.keyboard.press("Enter")
    assert page.evaluate(TIME) == "0:00"
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert bar_now(page) == 3
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert bar_now(page) == 4
    page.keyboard.press("a")
    assert bar_now(page) == 3
    page.keyboard.press("End")
    assert bar_now(page) == 8
    page.keyboard.press("Home")
    assert bar_now(page) == 1


def test_bars_are_chosen_by_keys_and_looped(piece, until):
    page = piece()
    page.keyboard.press("d")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator(".selection-bar strong").inner_text() == "Bars 2 to 3"
    page.keyboard.press("l")
    assert page.get_by_role("button", name="Loop", exact=True).first.is_visible()
    page.keyboard.press("Space")
    page.wait_for_timeout(2600)  # a bar lasts 1.6 s
    assert bar_now(page) in (2, 3)
    page.wait_for_timeout(2000)
    assert bar_now(page) in (2, 3)
    page.keyboard.press("Escape")
    until(page, "document.querySelector('.selection-bar').hidden")


def test_a_drag_over_the_roll_chooses_whole_bars(piece):
    page = piece()
    box = page.locator(".roll-canvas").bounding_box()
    left, width = box["x"] + 46, (box["width"] - 56) / 8  # eight bars fit
    page.mouse.move(left + 1.4 * width, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(left + 3.3 * width, box["y"] + 95, steps=6)
    page.mouse.up()
    assert page.locator(".selection-bar strong").inner_text() == "Bars 2 to 4"


def test_with_alt_a_drag_keeps_to_beats(piece, until):
    page = piece()
    box = page.locator(".roll-canvas").bounding_box()
    left, width = box["x"] + 46, (box["width"] - 56) / 8
    page.keyboard.down("Alt")
    page.mouse.move(left + 1.3 * width, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(left + 1.6 * width, box["y"] + 90, steps=4)
    page.mouse.up()
    page.keyboard.up("Alt")
    page.keyboard.press("l")
    assert page.evaluate(TIME) == "0:02"  # beats 2 and 3 of bar 2: 2.0 to 2.8 s
    page.keyboard.press("Space")
    until(page, "document.querySelector('.play-button').ariaLabel === 'Pause'")
    page.wait_for_timeout(1500)
    assert page.evaluate(TIME) == "0:02"


def test_a_finger_moves_the_roll_and_taps_bars(piece, until):
    page = piece(width=360, height=740, touch=True)
    box = page.locator(".roll-canvas").bounding_box()
    chosen = "document.querySelector('.selection-bar strong')?.textContent"
    page.touchscreen.tap(box["x"] + 80, box["y"] + 10)
    until(page, f"{chosen} === 'Bar 1'")
    page.touchscreen.tap(box["x"] + 200, box["y"] + 10)
    until(page, f"{chosen} === 'Bars 1 to 3'")
    page.touchscreen.tap(box["x"] + 200, box["y"] + 60)
    until(page, "document.querySelector('.transport-bar').textContent === 'bar 3'")


def test_a_click_on_the_roll_is_heard_from_there(piece):
    page = piece()
    box = page.locator(".roll-canvas").bounding_box()
    width = (box["width"] - 56) / 8
    page.mouse.click(box["x"] + 46 + 5.5 * width, box["y"] + 36)
    assert bar_now(page) == 6


def test_a_note_of_the_score_is_found_in_roll_and_text(piece, until):
    page = piece()
    page.locator(".score g.note").nth(8).click()
    assert bar_now(page) == 2
    assert "focused" in page.locator(".score g.note").nth(8).get_attribute("class")
    tip = page.locator(".roll-tip").inner_text()
    assert re.fullmatch(r"E4 · bar 2 beat 1½ · ½ beat", tip), tip
    page.keyboard.press("v")  # both -> text
    assert page.locator(".abc-note.chosen").inner_text() == "E"


def test_the_text_is_walked_through_by_keys(piece):
    page = piece()
    page.get_by_role("button", name="Text", exact=True).click()
    page.get_by_role("button", name="Notes", exact=True).click()
    page.locator("tr[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    row = page.locator("tr:focus")
    assert row.locator("td").all_inner_texts() == ["1", "2", "A4", "½"]
    page.keyboard.press("End")
    assert page.locator("tr:focus td").first.inner_text() == "8"
    page.keyboard.press("Enter")
    assert bar_now(page) == 8


def test_a_piece_is_renamed_and_starred(piece, live_studio, reel, until):
    page = piece()
    page.get_by_role("button", name="Change the title").click()
    page.keyboard.type("<b>Gráinne's A♭</b>")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('h1')?.textContent === \"<b>Gráinne's A♭</b>\"")
    page.keyboard.press("s")
    until(page, "document.querySelector('.piece-star').ariaPressed === 'true'")
    kept = live_studio.ask("GET", f"/pieces/{reel}")
    assert (kept["title"], kept["starred"]) == ("<b>Gráinne's A♭</b>", True)


def test_transposing_makes_a_piece_of_its_own(piece, reel, until):
    page = piece()
    page.keyboard.press("t")
    page.get_by_role("button", name="2 semitones", exact=True).click()
    until(page, f"location.pathname !== '/p/{reel}'")
    page.locator(".piece-facts", has_text="B dorian").wait_for()
    page.get_by_role("button", name="Undo").click()
    until(page, f"location.pathname === '/p/{reel}'")


def test_exports_say_their_size_and_are_handed_over(piece):
    page = piece()
    page.keyboard.press("e")
    row = page.locator("[data-kind=mid]")
    assert re.search(r"\d (bytes|kB)", row.inner_text())
    with page.expect_download() as handed:
        row.click()
    name = handed.value.suggested_filename
    assert re.fullmatch(r".*_Ador_4-4_150bpm\.mid", name), name
    assert handed.value.path().read_bytes().startswith(b"MThd")
    row.locator(".export-size svg").wait_for()  # a tick
    page.keyboard.press("Escape")
    assert not page.locator(".exports").is_visible()


def test_chosen_bars_are_exported_and_become_a_piece(piece, live_studio, reel, until):
    page = piece()
    page.keyboard.press("d")
    page.keyboard.press("Shift+ArrowRight")
    page.locator(".selection-bar [data-does=export]").click()
    with page.expect_download() as handed:
        page.locator("[data-kind=abc]").click()
    assert "GEDE G2GA" in handed.value.path().read_text()
    page.keyboard.press("Escape")
    page.locator("[data-does=cut]").click()
    until(page, f"location.pathname !== '/p/{reel}'")
    made = page.evaluate("location.pathname").removeprefix("/p/")
    item = live_studio.ask("GET", f"/pieces/{made}")
    assert (item["bars"], item["parent"]) == (1, reel)


def test_the_export_is_at_the_tempo_that_is_heard(piece, until):
    page = piece()
    page.locator(".tempo-button").click()
    page.get_by_label("beats a minute").fill("120")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert "120 bpm" in page.locator(".tempo-button").inner_text()
    page.keyboard.press("e")
    with page.expect_download() as handed:
        page.locator("[data-kind=abc]").click()
    assert "Q:1/4=120" in handed.value.path().read_text()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("view", ["both", "text"])
def test_nothing_stands_in_the_way_of_anyone(piece, view, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = piece(dark=dark, still=True)
    page.locator(f"[data-view={view}]").first.click()
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(300)
    found = axe.Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, [(one["id"], one["nodes"][0]["html"][:200]) for one in serious]


def test_a_telephone_shows_all_of_it(piece):
    page = piece(width=360, height=740, touch=True)
    page.keyboard.press("Shift+ArrowRight")
    for view in ("roll", "score", "both", "text"):
        page.locator(f"[data-view={view}]").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view
    small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main a, main input")].filter((el) => {
          const { width, height } = el.getBoundingClientRect();
          return width && (height < 43.5 || width < 43.5) && !el.closest(".segmented, p");
        }).map((el) => el.outerHTML.slice(0, 120))"""
    )
    assert not small, small


def test_still_pages_turn_instead_of_gliding(piece, until):
    page = piece(still=True, width=700)
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("Space")
    page.wait_for_timeout(1500)
    assert bar_now(page) >= 1


def test_a_piece_that_is_gone_says_so(browser, live_studio, until):
    page = browser.new_page()  # it complains of the 404, as it should
    page.goto(f"{live_studio.address}/p/000000000000")
    page.get_by_role("button", name="All pieces").click()
    until(page, "location.pathname === '/library'")
    page.close()


ROLL = """async ({ height, lanes, low, high }) => {
  const { Scale, OVERVIEW } = await import("/static/rollscale.js");
  const pitches = [low, high, ...Array.from({ length: lanes }, (_, k) => 36 + k)];
  const drums = (k) => k > 1;
  const notes = {
    pitch: pitches, name: pitches.map(String), track: pitches.map((_, k) => Number(drums(k))),
    start_s: pitches.map((_, k) => k), end_s: pitches.map((_, k) => k + 1),
  };
  const bars = Array.from({ length: 60 }, (_, k) => ({ number: k + 1, start_s: k, end_s: k + 1 }));
  const stage = { seconds: 60, notes, bars, tracks: [{ name: "a" }, { name: "b", drums: true }] };
  const scale = new Scale(stage);
  scale.resize(800, height);
  const seen = () => {
    const room = height - (scale.wide ? OVERVIEW : 0) - scale.bottom;
    return [scale.wide, room, scale.rowHeight, scale.laneHeight];
  };
  scale.fit();
  const first = seen();
  scale.zoomTo(0);
  return [first, seen()];
}"""


@pytest.mark.parametrize("height", [208, 261, 310, 480])
@pytest.mark.parametrize("lanes", [1, 5, 9])
def test_every_row_and_every_drum_is_on_the_roll_however_small(open_page, height, lanes) -> None:
    page = open_page("/help")
    wish = {"height": height, "lanes": lanes, "low": 27, "high": 90}
    first, whole = page.evaluate(ROLL, wish)
    assert (first[0], whole[0]) == (True, False)  # of so many bars not all can be read
    for _, room, row, lane in (first, whole):
        assert 0 <= room <= row + 12
        assert lane >= 8


def test_a_lofi_piece_leads_to_its_mixer_and_not_to_a_model(live_studio, open_page, until) -> None:
    job = live_studio.ask("POST", "/jobs/lofi", {"seed": 7, "settings": {"minutes": 0.2}})
    page = open_page("/help")
    while not (pieces := live_studio.ask("GET", f"/jobs/{job['id']}")["pieces"]):
        page.wait_for_timeout(100)
    page.goto(f"{live_studio.address}/p/{pieces[0]}")
    page.get_by_role("link", name="At the mixer").click()
    until(page, f"location.pathname === '/lofi/{pieces[0]}'")
