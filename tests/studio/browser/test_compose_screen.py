"""Compose, as somebody sees it who opens the studio: a tune is there, four more are a key away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

TAKES = "[...document.querySelectorAll('.take')]"
DONE = (
    f"{TAKES}.length === 4"
    f" && {TAKES}.every(t => /done[^]*bars/.test(t.dataset.state + t.innerText))"
)
IDLE = "document.querySelector('.compose-action')?.dataset.kind === 'idle'"
READY = "document.querySelector('.play-button')?.disabled === false"
MODELS_CAME = "document.querySelectorAll('.wishes option').length > 9"
PRESSED = f"{TAKES}.findIndex(t => t.querySelector('.take-body').ariaPressed === 'true')"
STARS = f"{TAKES}.map(t => t.querySelector('.take-star')?.ariaPressed === 'true')"
TITLES = f"{TAKES}.map(t => t.querySelector('.take-said').textContent)"
MODELS = [
    {
        "name": "folk", "default": True, "built_in": True, "encoding": "abc_text", "bytes": 1,
        "writes_abc": True, "keys": ["G", "Ador"], "meters": ["4/4"], "epochs": [], "card": {},
    },
    {
        "name": "rolls", "built_in": False, "encoding": "piano_roll", "writes_abc": False,
        "bytes": 1, "keys": [], "meters": [], "card": {},
        "epochs": [{"epoch": n, "valid": 2 - n / 10, "best": n == 3} for n in (1, 2, 3)],
    },
]  # fmt: skip


def compose(page: Any, until: Callable[..., Any], **wishes: str) -> None:
    """Ask for short tunes and wait until all four stand."""
    page.get_by_role("textbox", name="Bars").fill(wishes.get("bars", "8"))
    page.keyboard.press("Control+Enter")
    until(page, "document.querySelector('.compose-action').dataset.kind === 'busy'")
    until(page, f"{IDLE} && {DONE}")


def same(titles: list[str]) -> str:
    """An expression: the takes are these."""
    return f"JSON.stringify({TITLES}) === JSON.stringify({json.dumps(titles)})"


@pytest.fixture
def loose_page(browser: Any, live_studio: Any) -> Iterator[Any]:
    """A page in which things are made to go wrong; what the browser says of it is no failure."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def answer(page: Any, address: str, body: Any, status: int = 200) -> None:
    """Let the server answer something else."""
    page.route(address, lambda route: route.fulfill(status=status, json=body))


@pytest.mark.parametrize(
    ("width", "height", "highest"), [(360, 740, 430), (900, 900, 450)], ids=["telephone", "tablet"]
)
def test_the_roll_is_high_on_a_narrow_page_and_stays_where_it_is(
    open_page, until, width, height, highest
) -> None:
    page = open_page("/?seed=24", width, height)  # many bars are drawn again: there is a notice
    until(page, READY)
    page.locator(".compose-fold > summary").click()
    compose(page, until)
    page.locator(".compose-fold > summary").click()
    top = "document.querySelector('.roll').getBoundingClientRect().top"
    finished = page.evaluate(top)
    assert finished < highest
    page.keyboard.press("Control+Enter")
    until(page, "document.querySelector('.compose-action').dataset.kind === 'busy'")
    until(page, "document.querySelector('.take[data-state=writing]')")
    assert page.evaluate(top) == pytest.approx(finished, abs=2)
    until(page, f"{IDLE} && {DONE}")
    until(page, "!document.querySelector('.compose-note').hidden")
    assert page.evaluate(top) == finished
    assert page.locator(".compose-note").inner_text()


@pytest.mark.parametrize("width", [360, 900, 1440])
def test_many_takes_stay_in_one_row_and_the_chosen_one_is_seen(
    open_page, live_studio, until, width
) -> None:
    tune = "X:1\nT:Take {}\nM:4/4\nL:1/8\nK:G\nGABc d2g2|g8|]\n"
    ids = [live_studio.add(tune.format(n)) for n in range(7)]
    page = open_page("/help", width)
    kept = json.dumps({"takes": ids})
    page.evaluate("(kept) => localStorage.setItem('nokturn.takes', kept)", kept)
    page.goto(page.url.replace("/help", "/"))
    until(page, f"{TAKES}.length === 7")
    tops = page.evaluate(f"{TAKES}.map((take) => take.getBoundingClientRect().top)")
    assert len(set(tops)) == 1
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(f"{TAKES}[6].querySelector('.take-body').click()")
    until(page, f"{TAKES}[6].getBoundingClientRect().right <= innerWidth")


def test_the_score_is_engraved_bar_by_bar_and_one_that_comes_late_is_not_shown(
    open_page, until
) -> None:
    page = open_page("/help")
    late: list[Any] = []  # the score of the finished tune, asked for and not there yet
    page.route("**/score.svg*", lambda route: late.append(route))
    page.goto(page.url.replace("/help", "/"))
    until(page, READY)
    page.evaluate("document.querySelector('button[data-view=both]').click()")
    page.evaluate(
        "window.measures = []; new MutationObserver(() => {"
        " if (!document.querySelector('.piece-view.writing')) return;"
        " const n = document.querySelectorAll('.score g.measure').length;"
        " if (n) measures.push(n);"
        "}).observe(document.querySelector('.score-paper'), {childList: true})"
    )
    engraved: list[int] = []  # measures of each answer, in the order in which they were asked for

    def engrave(route: Any) -> None:
        place = len(engraved)
        engraved.append(0)
        answer = route.fetch()
        engraved[place] = answer.text().count('class="measure"')
        route.fulfill(response=answer)

    page.route("**/api/engrave", engrave)
    page.get_by_role("textbox", name="Variations").fill("1")
    page.get_by_role("textbox", name="Bars").fill("128")
    page.keyboard.press("Control+Enter")
    until(page, "document.querySelector('.piece-view.writing')")
    measures = '<g class="measure"/>' * 999
    old = f'<svg xmlns="http://www.w3.org/2000/svg">{measures}</svg>'
    late[0].fulfill(content_type="image/svg+xml", body=old)
    page.unroute("**/score.svg*")
    until(page, IDLE, 240)
    page.unroute_all(behavior="wait")
    found = page.evaluate("measures")
    assert 0 < found[0] < 128  # while it was written
    assert found == engraved[: len(found)]  # fewer than before where the tune was begun anew


def test_a_finished_tune_is_ready_to_play_and_compose_has_the_focus(open_page, until) -> None:
    page = open_page("/")
    until(page, READY)
    assert page.evaluate("document.activeElement.textContent").startswith("Compose")
    assert page.locator(".take").count() == 1
    assert page.locator(".roll-canvas").is_visible()
    assert page.locator("h1").inner_text() == "Compose"


def test_space_plays_though_compose_has_the_focus(open_page, until) -> None:
    page = open_page("/")
    until(page, READY)
    page.keyboard.press("Space")
    until(page, "document.querySelector('.play-button').ariaLabel === 'Pause'")
    assert page.locator(".compose-action").get_attribute("data-kind") == "idle"


def test_four_tunes_are_written_and_a_key_goes_from_one_to_another(open_page, until) -> None:
    page = open_page("/")
    until(page, READY)
    page.evaluate(
        "window.bars = []; new MutationObserver(() => {"
        " const said = document.querySelector('[data-state=writing] .take-said')?.textContent;"
        " if (said && bars.at(-1) !== said) bars.push(said);"
        "}).observe(document.querySelector('.takes'), {subtree: true, childList: true})"
    )
    compose(page, until, bars="48")
    assert len(page.evaluate("bars")) >= 2  # it was seen while it grew
    page.evaluate("document.activeElement.blur()")
    for key, place in (("3", 2), ("1", 0), ("4", 3)):
        page.keyboard.press(key)
        assert page.evaluate(PRESSED) == place
    until(page, READY)


def test_a_star_stays_and_undo_brings_back_what_was_there(open_page, until, live_studio) -> None:
    page = open_page("/")
    until(page, READY)
    compose(page, until)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("2")
    page.keyboard.press("s")
    until(page, f"{STARS}[1]")
    before = page.evaluate(TITLES)

    page.get_by_role("button", name="Replace those without a star").click()
    until(page, f"!({IDLE})")
    until(page, f"{IDLE} && {DONE}")
    after = page.evaluate(TITLES)
    assert page.evaluate(STARS) == [False, True, False, False]
    assert after[1] == before[1]

    page.keyboard.press("Control+z")
    until(page, same(before))
    page.keyboard.press("Control+Shift+z")
    until(page, same(after))

    page.reload()
    until(page, DONE)
    assert page.evaluate(STARS) == [False, True, False, False]
    assert len(live_studio.ask("GET", "/pieces?starred=true")["items"]) == 1


def test_a_refresh_while_it_writes_finds_the_work_again(open_page, until) -> None:
    page = open_page("/")
    until(page, READY)
    page.get_by_role("textbox", name="Bars").fill("64")
    page.keyboard.press("Control+Enter")
    until(page, "document.querySelector('.take[data-state=writing]')")
    page.reload()
    until(page, f"{IDLE} && {DONE}", 240)


def test_stop_keeps_whole_bars_and_throwing_away_brings_back_the_tune(open_page, until) -> None:
    page = open_page("/")
    until(page, READY)
    first = page.evaluate(TITLES)
    page.get_by_role("textbox", name="Bars").fill("256")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Throw away").click()
    until(page, f"{IDLE} && {TAKES}.length === {len(first)} && {TAKES}[0].dataset.state === 'done'")
    assert page.evaluate(TITLES) == first

    page.keyboard.press("Control+Enter")
    until(
        page,
        "/bar ([2-9]|\\d\\d)/.test(document.querySelector('[data-state=writing]')?.textContent)",
    )
    page.get_by_role("button", name="Stop", exact=True).click()
    until(page, f"{IDLE} && {TAKES}.length >= 1 && {TAKES}.every(t => t.dataset.state === 'done')")


def test_a_beginning_is_typed_played_and_engraved(open_page, until) -> None:
    page = open_page("/")
    until(page, READY)
    page.get_by_text("Start from").click()
    page.get_by_text("My notes").click()
    page.get_by_label("Notes, in ABC").fill("G2 AB")
    page.get_by_role("group", name="Piano").focus()
    page.keyboard.press("1")
    page.keyboard.press("h")
    page.keyboard.press("w")
    page.keyboard.press("Backspace")
    assert page.get_by_label("Notes, in ABC").input_value() == "G2 AB A "
    until(page, "document.querySelectorAll('.start-shown .note').length === 4")
    page.reload()
    until(page, READY)
    page.get_by_text("Start from").click()
    assert page.get_by_label("Notes, in ABC").input_value() == "G2 AB A "


def test_what_a_model_does_not_know_is_off_and_says_why(open_page, until) -> None:
    page = open_page("/")
    answer(page, "**/api/models", MODELS)
    page.reload()
    until(page, "document.querySelectorAll('option[value=rolls]').length === 1")
    page.get_by_label("Model", exact=True).select_option("rolls")
    key = page.get_by_label("Key", exact=True)
    assert key.is_disabled()
    assert page.locator(f"#{key.get_attribute('aria-describedby')}").inner_text() == (
        "This model cannot be asked for a key."
    )
    assert (
        page.get_by_role("button", name="epoch 3, the best").get_attribute("aria-pressed") == "true"
    )
    page.get_by_label("Model", exact=True).select_option("folk")
    assert key.is_enabled()
    assert "A dorian" in key.inner_text()


@pytest.mark.parametrize(
    ("typed", "said", "wrong"),
    [
        ("96", "96 quarter notes a minute", False),
        ("3/8=112", "168 quarter notes a minute", False),
        ("92,5", "93 quarter notes a minute", False),
        ("fast", "Say quarter notes a minute, such as 96, or a beat, such as 3/8=120.", True),
    ],
    ids=["quarters", "dotted quarters in six-eight", "decimal comma", "a word"],
)
def test_a_tempo_is_read_as_people_type_it(open_page, until, typed, said, wrong) -> None:
    page = open_page("/")
    until(page, MODELS_CAME)
    tempo = page.get_by_role("textbox", name="Tempo")
    tempo.fill(typed)
    hint = page.locator(f"#{tempo.get_attribute('aria-describedby')}")
    assert hint.inner_text() == said
    assert (tempo.get_attribute("aria-invalid") == "true") == wrong


def test_what_cannot_be_asked_for_stays_as_it_was_typed(open_page, until) -> None:
    page = open_page("/")
    until(page, MODELS_CAME)
    bars = page.get_by_role("textbox", name="Bars")
    bars.fill("12.5")
    page.locator("summary", has_text="Advanced").click()
    page.get_by_role("button", name="As usual").click()  # draws the form anew
    assert bars.input_value() == "12.5"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+Enter")
    assert bars.evaluate("box => box === document.activeElement && box.ariaInvalid") == "true"
    assert page.locator(".compose-action").get_attribute("data-kind") == "idle"
    bars.fill("12")
    assert bars.get_attribute("aria-invalid") is None


@pytest.mark.parametrize(
    ("code", "status", "button"),
    [
        ("busy", 503, "Try again"),
        ("resource", 507, "Make one at a time"),
        ("constraint", 422, "Let the model choose key, meter and length"),
    ],
)
def test_an_error_says_what_why_and_has_a_button_that_helps(
    loose_page, live_studio, until, code, status, button
) -> None:
    page = loose_page
    error = {"code": code, "what": "It went <b>wrong</b>.", "why": "Because.", "fix": "Do this."}
    answer(page, "**/api/jobs/generate", {"error": error}, status)
    page.goto(live_studio.address)
    until(page, READY)
    page.get_by_role("button", name="Compose").first.click()
    box = page.locator(f".problem[data-code={code}]")
    box.wait_for()
    assert "It went <b>wrong</b>." in box.inner_text()
    assert "Because." in box.inner_text()
    page.unroute("**/api/jobs/generate")
    box.get_by_role("button", name=button).click()
    until(page, f"{TAKES}.some(t => t.dataset.state !== 'done') || {TAKES}.length !== 1")
    assert box.count() == 0


def test_a_server_that_is_gone_is_said_and_nothing_is_lost(loose_page, live_studio, until) -> None:
    page = loose_page
    page.goto(live_studio.address)
    until(page, READY)
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_role("button", name="Compose").first.click()
    page.locator(".banner[role=alert]").wait_for()
    assert "nothing is lost" in page.locator(".banner").inner_text()
    assert page.locator(".take").count() == 1
    page.unroute("**/api/**")
    until(page, "!document.querySelector('.banner[role=alert]')")
    page.locator(".problem[data-code=gone]").get_by_role("button", name="Try again").click()
    until(page, f"{TAKES}.length === 4")
    until(page, IDLE, 240)
