"""Train, as somebody sees it who drops a folder: what is in it, how it learns, what it writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

LETTERS = "DEFGABcdefg"
ROWS = "document.querySelectorAll('.train-rows tbody tr').length"
CHECKED = f"{ROWS} && !document.querySelector('.train-data progress')"
HEARD = "document.querySelector('.training .play-button')?.disabled === false"


def tune(number: int) -> str:
    """A tune of random steps, different for each number."""
    random = np.random.default_rng(number)
    bars = ["".join(LETTERS[k] for k in random.integers(0, 11, 6)) for _ in range(8)]
    return f"X:1\nT:Tune {number}\nM:6/8\nL:1/8\nK:D\n{'|'.join(bars)}|\n"


FILES = [(f"tune-{k}.abc", tune(k)) for k in range(14)] + [
    ("copy.abc", tune(3)),
    ("broken.mid", "MThd nonsense"),
    ("script.abc", tune(20).replace("Tune 20", "<img src=x onerror=alert(1)>")),
]


def drop(page: Any, files: list[tuple[str, str]]) -> None:
    """Choose files as in a dialog."""
    payload = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}
        for name, text in files
    ]
    page.locator("input[type=file]").first.set_input_files(payload)


def test_files_are_looked_through_and_each_can_be_left_out(open_page, until) -> None:
    page = open_page("/train")
    drop(page, [*FILES, ("notes.txt", "no music")])
    until(page, CHECKED)
    assert page.evaluate(ROWS) == 17
    said = page.locator(".train-data [role=status]")
    assert said.inner_text() == (
        "17 files · 15 pieces to learn from · 1 copy left out · 1 cannot be read"
    )
    page.get_by_label("Learn from Tune 5", exact=True).uncheck()
    until(page, "document.querySelector('.train-data [role=status]').textContent.includes('14')")
    assert page.evaluate("document.activeElement.type") == "checkbox"  # the focus stays
    page.get_by_role("button", name="With a remark").click()
    until(page, f"{ROWS} === 2")
    page.reload()
    until(page, CHECKED)
    assert page.get_by_label("Learn from Tune 5", exact=True).is_checked() is False
    assert "<img" in page.locator(".train-rows").inner_text()


def test_a_folder_that_is_dropped_gives_the_model_its_name(open_page, until, tmp_path) -> None:
    folder = tmp_path / "Our reels"
    (folder / "old ones").mkdir(parents=True)
    for k in range(3):
        (folder / f"tune-{k}.abc").write_text(tune(k))
        (folder / "old ones" / f"tune-{k}.abc").write_text(tune(k + 50))
    page = open_page("/train")
    until(page, "document.querySelector('.train-drop')")
    mouse = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": 600, "y": 300, "data": data}
        mouse.send("Input.dispatchDragEvent", event)
    until(page, CHECKED)
    assert page.evaluate(ROWS) == 6
    assert page.get_by_label("Name of the model").input_value() == "our-reels"
    assert page.get_by_label("Title on its card").input_value() == "Our reels"
    assert "D major" in page.locator(".train-rows").inner_text()


TRAINING = {
    "name": "mine", "state": "done", "best_epoch": 3, "kept": [0, 3], "can_resume": True,
    "published": True, "base": "", "pieces": 40, "held_out": 4, "epoch": 3, "bytes": 1_000_000,
    "corpus": "0123456789ab", "card": {}, "modified": "2026-01-01T00:00:00+00:00",
    "job": {"arguments": {"seconds": 600, "resume": False}, "result": {"model": "mine"}},
    "advice": ["It learns still: give it more time."],
    "epochs": [
        {
            "epoch": n, "train": 2 - n / 10, "valid": 2 - n / 10, "valid_bars": 0.9, "copied": 0.1,
            "elapsed_s": n * 40, "kept": n in (0, 3), "sample": True,
        }
        for n in range(4)
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("differs", "buttons"),
    [
        ({}, ["Learn on from it"]),
        ({"pieces": 12}, ["Learn on from it", "Bring more tunes"]),
        ({"best_epoch": 1}, []),
        ({"state": "running", "pieces": 12}, []),
    ],
    ids=["it learns still", "few tunes", "it learned by heart", "while it learns"],
)
def test_what_is_advised_can_be_done_by_a_button(
    loose_page, live_studio, until, differs, buttons
) -> None:
    page = loose_page
    page.route("**/api/trainings/mine", lambda route: route.fulfill(json=TRAINING | differs))
    page.goto(f"{live_studio.address}/train/mine")
    until(page, "document.querySelector('.train-advice h2')")
    assert page.locator(".train-advice button").all_inner_texts() == buttons
    early = "It ended before its time" in page.locator(".train-state").inner_text()
    assert early == (differs.get("best_epoch") == 1)
    if buttons:
        page.locator(".train-advice button").first.click()
        until(page, "location.pathname === '/train'")


def test_what_is_no_music_is_said(open_page) -> None:
    page = open_page("/train")
    drop(page, [("notes.txt", "no music")])
    assert "no music" in page.locator(".problem-what").inner_text()


def test_it_learns_before_ones_eyes_and_every_epoch_can_be_heard(open_page, until) -> None:
    page = open_page("/train")
    drop(page, FILES)
    until(page, CHECKED)
    page.get_by_label("Begin with").select_option("")
    page.get_by_label("Name of the model").fill("my tunes")
    assert "Only letters" in page.locator(".train-settings .hint.bad").inner_text()
    page.get_by_label("Name of the model").fill("mine")
    page.get_by_role("button", name="Start", exact=True).click()
    until(page, "document.querySelectorAll('.train-epoch').length > 2", 180)
    page.reload()  # nothing is lost
    until(page, "document.querySelectorAll('.train-epoch').length > 2")
    page.get_by_role("button", name="Stop and keep the best").click()
    until(page, "document.querySelector('.training .tag.good')", 180)
    until(page, "document.querySelectorAll('.chart-line').length > 2")
    page.get_by_text("The values as a table").click()
    rows = page.locator(".train-values tbody tr").count()
    assert rows == page.locator(".train-epoch").count()
    page.get_by_label("Title on its card").fill("Jigs")
    page.get_by_role("button", name="Save", exact=True).click()
    until(page, "document.querySelector('.notice')")
    if page.locator(".train-epoch:enabled").count():
        page.locator(".train-epoch:enabled").last.click()
        until(page, HEARD)
    page.goto(page.url.replace("/train/mine", "/train"))
    until(page, "document.querySelector('.train-card[data-state=done]')")


@pytest.mark.parametrize("width", [360, 900, 1440])
def test_nothing_is_wider_than_the_screen(open_page, until, live_studio, width) -> None:
    page = open_page("/train", width=width)
    drop(page, FILES)
    until(page, CHECKED)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    trainings = live_studio.ask("GET", "/trainings")
    for name in (one["name"] for one in trainings):
        page.goto(f"{live_studio.address}/train/{name}")
        until(page, "document.querySelector('.chart-line')")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_keeps_anybody_out(open_page, until, live_studio, dark) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = open_page("/train", dark=dark, still=True)
    drop(page, FILES)
    until(page, CHECKED)
    addresses = [""] + [f"/train/{one['name']}" for one in live_studio.ask("GET", "/trainings")]
    for address in addresses:
        if address:
            page.goto(live_studio.address + address)
            until(page, "document.querySelector('.chart-line')")
        found = axe.Axe().run(page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert not serious, [(one["id"], one["nodes"][0]["html"]) for one in serious]


def test_of_a_name_that_is_taken_another_is_offered(loose_page, until, live_studio) -> None:
    page = loose_page
    page.goto(f"{live_studio.address}/train")
    drop(page, FILES)
    until(page, CHECKED)
    page.get_by_label("Name of the model").fill("folk")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Call it folk-2").click()
    until(page, "location.pathname === '/train/folk-2'")
    pause = page.get_by_role("button", name="Pause")
    pause.focus()
    pause.evaluate("button => { window.drawn = button }")
    pause.hover()
    page.mouse.down()
    until(page, "!window.drawn.isConnected", 240)  # a report draws the head anew
    assert page.evaluate("document.activeElement.textContent") == "Pause"
    page.mouse.up()
    page.evaluate("window.states = []")
    state = "document.querySelector('.training .tag').textContent"
    until(page, f"window.states.push({state}) && window.states.at(-1) === 'at rest'", 240)
    assert "finished" not in page.evaluate("window.states")
    until(page, "document.getElementById('live').textContent === 'folk-2 rests.'")


@pytest.fixture
def loose_page(browser: Any, live_studio: Any) -> Iterator[Any]:
    """A page in which something is refused; what the browser says of it is no failure."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
