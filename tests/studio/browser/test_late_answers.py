"""A slow server: nothing done meanwhile is lost, nothing late replaces what is newer.

What the page asks for is held back in each test until more has been done on the page.
"""

from __future__ import annotations

from typing import Any

import pytest

REEL = """X:1
T:Reel of patience
M:4/4
L:1/8
Q:1/4=150
K:Ador
|:EAAB c2BA|GEDE G2GA|B2BA GABd|1 e2dB A4:|2 edBG A4||
"""
READY = "document.querySelector('.play-button')?.disabled === false"
PLAYING = "!['0:00', '0:01'].includes(document.querySelector('.transport-now').textContent)"
TAKES = "[...document.querySelectorAll('.take')]"
IDLE = "document.querySelector('.compose-action')?.dataset.kind === 'idle'"
COMPOSED = f"{IDLE} && {TAKES}.length === 4 && {TAKES}.every((t) => t.dataset.state === 'done')"
FOUND = "[...document.querySelectorAll('.start-found button')].map((one) => one.textContent)"
ROWS = "document.querySelectorAll('.piece').length"
WAIT_S = 240  # for four tunes on a machine that has other things to do


class Held:
    """Requests to an address, held back until they are let go."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.routes, self.holding = page, [], True
        page.route(address, self._asked)

    def _asked(self, route: Any) -> None:
        if self.holding:
            self.routes.append(route)
        else:
            route.continue_()

    def wait(self, count: int = 1) -> None:
        """Wait until so many are held."""
        while len(self.routes) < count:
            self.page.wait_for_timeout(40)

    def let_go(self) -> None:
        """Let all go on, and hold no more."""
        self.holding = False
        for route in self.routes:
            route.continue_()


@pytest.fixture
def held_page(open_page):
    """A function that opens an address in a page that holds back some requests."""

    def opened(path: str, address: str) -> tuple[Any, Held]:
        page = open_page("/help")
        held = Held(page, address)
        page.goto(page.url.replace("/help", path))
        return page, held

    return opened


def test_a_tempo_and_the_play_key_before_there_is_sound(live_studio, held_page, until) -> None:
    page, held = held_page(f"/p/{live_studio.add(REEL)}", "**/stems?*")
    until(page, f"{READY} && document.querySelector('.score svg')")  # which moves what is below it
    held.wait()
    page.locator(".tempo-button").click()
    page.get_by_label("beats a minute").fill("120")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert "120 bpm" in page.locator(".tempo-button").inner_text()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    assert page.locator(".play-button.waiting").count() == 1
    with page.expect_request("**/stems?tempo=0.8"):
        held.let_go()
    until(page, PLAYING)
    assert page.locator(".play-button.waiting").count() == 0
    until(page, "document.querySelector('.transport-note').hidden")  # the pitch is no longer bent
    assert page.get_by_role("button", name="Keep this tempo").is_visible()


def test_a_button_is_pressed_though_its_words_change_under_the_pointer(
    live_studio, open_page, until
) -> None:
    page = open_page(f"/p/{live_studio.add(REEL)}")
    until(page, READY)
    page.locator(".tempo-button").click()
    page.get_by_label("beats a minute").fill("120")
    page.locator(".tempo-button").click()  # the field loses the focus: the button tells 120
    assert "120 bpm" in page.locator(".tempo-button").inner_text()
    assert page.locator(".tempo-panel").count() == 0


def test_composing_before_the_last_visit_has_come_back_loses_no_tune(held_page, until) -> None:
    page, held = held_page("/", "**/api/pieces?limit=1&*")
    page.get_by_role("textbox", name="Bars").fill("8")
    held.wait()
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    held.let_go()
    until(page, COMPOSED, WAIT_S)


def test_compose_pressed_twice_is_composed_once(held_page, until) -> None:
    page, held = held_page("/", "**/api/jobs/generate")
    until(page, READY)
    page.get_by_role("textbox", name="Bars").fill("8")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    held.wait()
    held.let_go()
    until(page, COMPOSED, WAIT_S)
    assert len(held.routes) == 1


def test_a_late_answer_to_an_earlier_search_is_not_shown(live_studio, held_page, until) -> None:
    live_studio.add(REEL)
    live_studio.add(REEL.replace("patience", "haste"))
    page, held = held_page("/", "**/api/pieces?limit=6&q=")
    until(page, READY)
    page.get_by_text("Start from").click()
    page.get_by_role("radio", name="Library").locator("..").click()
    held.wait()
    page.get_by_role("searchbox").fill("haste")
    until(page, f"{FOUND}.length === 1")
    with page.expect_response("**/api/pieces?limit=6&q="):
        held.let_go()
    page.wait_for_timeout(200)
    assert "haste" in page.evaluate(f"{FOUND}.join()")
    assert page.evaluate(f"{FOUND}.length") == 1


def test_what_is_selected_in_a_field_stays_so_when_the_models_come(held_page, until) -> None:
    page, held = held_page("/", "**/api/models")
    bars = page.get_by_role("textbox", name="Bars")
    bars.focus()
    page.keyboard.press("Control+a")
    held.wait()
    held.let_go()
    until(page, "document.querySelectorAll('.wishes option').length > 9")
    page.keyboard.type("12")
    assert bars.input_value() == "12"


def test_the_piano_keeps_the_focus_when_the_models_come(held_page, until) -> None:
    page, held = held_page("/", "**/api/models")
    page.get_by_text("Start from").click()
    page.get_by_text("My notes").click()
    page.get_by_role("group", name="Piano").focus()
    held.wait()
    held.let_go()
    until(page, "document.querySelectorAll('.wishes option').length > 9")
    page.keyboard.press("1")
    page.keyboard.press("h")
    assert page.get_by_label("Notes, in ABC").input_value() == "A"


def test_what_was_just_unfolded_stays_so_when_the_form_is_drawn_anew(open_page) -> None:
    page = open_page("/help")
    unfolded = page.evaluate("""async () => {
      const { ComposeForm } = await import("/static/composeform.js");
      const nobody = () => {};
      const query = new URLSearchParams();
      const form = new ComposeForm({ onhear: nobody, onchange: nobody, query });
      document.getElementById("main").append(form.element);
      form.element.querySelector("details summary").click();
      form.draw();
      return [...form.element.querySelectorAll("details")].map((box) => box.open);
    }""")
    assert unfolded == [True, False]


def test_a_name_that_is_being_written_is_left_alone_by_a_late_answer(
    live_studio, held_page, until
) -> None:
    live_studio.add(REEL)
    page, held = held_page("/library", "**/api/pieces/*")
    page.locator(".piece-name a").first.focus()
    page.keyboard.press("F2")
    page.keyboard.type("One")  # in the place of the old name, which is selected
    page.keyboard.press("Enter")
    held.wait()
    page.keyboard.press("F2")
    page.keyboard.type("Two ")
    with page.expect_response("**/api/pieces/*"):
        held.let_go()
    page.wait_for_timeout(200)
    page.keyboard.type("words")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.piece-name')?.textContent === 'Two words'")


def test_a_late_look_at_the_whole_library_leaves_what_was_found(
    live_studio, held_page, until
) -> None:
    live_studio.add(REEL)
    live_studio.add(REEL.replace("patience", "hurry"))
    page, held = held_page("/library", "**/api/pieces?*limit=60")
    until(page, f"{ROWS} > 1")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # back from elsewhere
    held.wait()
    page.keyboard.press("/")
    page.keyboard.type("hurry")
    until(page, f"{ROWS} === 1")
    with page.expect_response("**/api/pieces?*limit=60"):
        held.let_go()
    page.wait_for_timeout(200)
    assert page.evaluate(ROWS) == 1


def test_of_two_choices_of_rows_the_last_is_shown(held_page, until) -> None:
    page, held = held_page("/train", "**/api/corpora/*show=problems*")
    rows = "document.querySelectorAll('.train-rows tbody tr').length"
    files = {"reel.abc": REEL, "broken.mid": "MThd nonsense"}
    page.locator("input[type=file]").first.set_input_files([
        {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        for name, text in files.items()
    ])  # fmt: skip
    until(page, f"{rows} === 2 && !document.querySelector('.train-data progress')")
    page.get_by_role("button", name="With a remark").click()
    held.wait()
    with page.expect_response("**/api/corpora/*show=all*"):
        page.get_by_role("button", name="All", exact=True).click()
    with page.expect_response("**/api/corpora/*show=problems*"):
        held.let_go()
    page.wait_for_timeout(200)
    assert page.evaluate(rows) == 2
