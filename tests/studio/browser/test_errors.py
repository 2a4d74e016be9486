"""What goes wrong is said: what happened, why, and with a button that helps; nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

READY = "document.querySelector('.play-button')?.disabled === false"
IDLE = "document.querySelector('.compose-action')?.dataset.kind === 'idle'"
BUSY = "document.querySelector('.compose-action')?.dataset.kind === 'busy'"
TUNE = "X:1\nT:The patient tune\nM:4/4\nL:1/8\nK:G\nGABc d2ef|g2fe d2cB|\n"
NO_NOTES = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0"
LONG = "X:1\nT:A long one\nM:4/4\nL:1/8\nK:G\n" + "GABc d2ef|g2fe d2cB|\n" * 400


@pytest.fixture
def loose(browser: Any) -> Iterator[Any]:
    """A page in which things go wrong; what the browser says of it is no failure."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def told(page: Any, code: str) -> str:
    """Return the words of the problem that is shown: what, what to do, with a button."""
    box = page.locator(f".problem[data-code={code}]").first
    box.wait_for()
    assert box.locator(".problem-title").inner_text()
    assert len(box.locator(".problem-what").inner_text()) > 10
    assert box.get_by_role("button").count() >= 1
    return str(box.inner_text())


def test_there_is_no_model(loose, live_studio) -> None:
    loose.route("**/api/models", lambda route: route.fulfill(json=[]))
    loose.goto(live_studio.address)
    assert "model" in told(loose, "model")
    loose.get_by_role("button", name="Train").last.click()
    loose.wait_for_url("**/train")


def test_a_damaged_model_says_so_and_can_be_deleted(loose, run_studio, tmp_path, until) -> None:
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    (folder / "broken.safetensors").write_bytes(b"no tensors at all")
    with run_studio(tmp_path, "--port", "0") as studio:
        loose.goto(studio.address)
        until(loose, READY)
        assert "broken" not in loose.get_by_label("Model", exact=True).inner_text()
        loose.goto(studio.address + "/models")
        loose.get_by_role("link", name="broken").click()
        until(loose, "document.querySelector('h1')?.textContent === 'broken'")
        assert "damaged" in loose.locator("#main").inner_text().lower()
        loose.get_by_role("button", name="Delete").first.click()
        loose.get_by_role("button", name="Delete for good").click()
        until(loose, "document.querySelector('h1')?.textContent === 'Models'")
        assert not (folder / "broken.safetensors").exists()


def test_an_address_that_is_none_leads_back(loose, live_studio) -> None:
    assert loose.goto(live_studio.address + "/trian").status == 404
    assert "/trian" in told(loose, "missing")
    loose.locator(".problem").get_by_role("button").click()
    loose.wait_for_url(live_studio.address + "/")


def test_a_studio_that_is_back_with_another_token_is_not_waited_for(
    loose, live_studio, until
) -> None:
    loose.goto(live_studio.address + "/help")
    until(loose, "document.querySelector('.badge')")
    refused = {"error": {"code": "refused", "what": "This studio asks who you are."}}
    loose.route("**/api/**", lambda route: route.abort())
    asked = """() => import("/static/api.js").then(({ get }) => {
      get("/pieces").catch((error) => { window.told = error.what; });
    })"""
    loose.evaluate(asked)
    until(loose, "document.querySelector('.banner[role=alert]')")
    loose.unroute("**/api/**")
    loose.route("**/api/**", lambda route: route.fulfill(status=401, json=refused))
    until(loose, "window.told")
    assert loose.evaluate("window.told") == refused["error"]["what"]
    until(loose, "!document.querySelector('.banner[role=alert]')")


def test_files_that_cannot_be_taken_in(loose, live_studio, until) -> None:
    loose.clock.install()
    loose.goto(live_studio.address + "/library")
    files = [
        {"name": "photo.mid", "mimeType": "audio/midi", "buffer": os.urandom(5000)},
        {"name": "empty.abc", "mimeType": "text/plain", "buffer": b""},
        {"name": "silent.mid", "mimeType": "audio/midi", "buffer": NO_NOTES},
        {"name": "good.abc", "mimeType": "text/plain", "buffer": TUNE.encode()},
    ]
    loose.locator("input[type=file]").set_input_files(files)
    until(loose, "document.querySelectorAll('.library-wrong li').length === 3")
    loose.locator(".library-wrong summary").click()
    for line in loose.locator(".library-wrong li").all():
        assert len(line.inner_text()) > 40, line.inner_text()
        assert line.locator("strong").inner_text().startswith(("photo", "empty", "silent"))
    until(loose, "[...document.querySelectorAll('.piece')].some((piece) =>"
          " piece.textContent.includes('The patient tune'))")  # fmt: skip
    loose.clock.fast_forward(120_000)
    assert loose.locator(".library-wrong").count() == 1


def test_a_file_that_is_too_large(loose, live_studio, until) -> None:
    loose.goto(live_studio.address + "/library")
    huge = {"name": "opera.mid", "mimeType": "audio/midi", "buffer": bytes(11 << 20)}
    loose.locator("input[type=file]").set_input_files([huge])
    words = told(loose, "limit")
    assert "10 MB" in words
    assert "opera.mid" in words


def test_the_studio_is_killed_and_started_again(loose, run_studio, tmp_path, until) -> None:
    with run_studio(tmp_path, "--port", "0") as studio:
        piece = studio.add(TUNE)
        loose.goto(f"{studio.address}/p/{piece}")
        until(loose, READY)
        other = loose.context.new_page()
        other.goto(studio.address)
        until(other, READY)
        port = studio.address.rpartition(":")[2]
    until(loose, "document.querySelector('.banner[role=alert]')", 60)
    assert "nothing is lost" in loose.locator(".banner").inner_text()
    loose.get_by_role("button", name="Star", exact=True).click()
    loose.locator(".problem[data-code=gone]").wait_for()
    other.locator(".compose-button").click()
    told(other, "gone")
    with run_studio(tmp_path, "--port", port) as again:
        assert again.address == studio.address
        until(loose, "!document.querySelector('.banner[role=alert]')", 60)
        loose.get_by_role("button", name="Star", exact=True).click()
        until(loose, "document.querySelector('.piece-star').ariaPressed === 'true'")
        until(other, "!document.querySelector('.banner[role=alert]')", 60)
        gone = other.get_by_role("region", name="The studio does not answer")
        gone.get_by_role("button", name="Try again").click()
        until(other, BUSY)
        until(other, IDLE, 240)


def test_a_beginning_that_cannot_be_read_is_a_job_that_fails(loose, live_studio, until) -> None:
    loose.goto(live_studio.address)
    until(loose, READY)
    loose.get_by_text("Start from").click()
    loose.get_by_role("radio", name="My notes").locator("..").click()
    loose.get_by_label("Notes, in ABC").fill("z4 (((( {{{ [[[ not a note ~~~ |::|")
    loose.locator(".compose-button").click()
    loose.locator(".problem").wait_for()
    assert loose.locator(".problem").get_by_role("button").count()
    until(loose, "document.querySelectorAll('.take[data-state=done]').length === 1")
    loose.locator(".badge").click()
    until(loose, "document.querySelector('.jobs-row')?.textContent.includes('failed: ')")


def test_the_queue_is_full(loose, live_studio, until) -> None:
    loose.goto(live_studio.address)
    until(loose, READY)
    jobs = []
    for _ in range(66):
        wish = {"n": 16, "bars": 256}
        jobs.append(live_studio.ask("POST", "/jobs/generate", wish)["id"])
    try:
        loose.locator(".compose-button").click()
        assert "wait" in told(loose, "busy").lower()
    finally:
        for job in reversed(jobs):
            live_studio.ask("POST", f"/jobs/{job}/cancel")
    loose.get_by_role("textbox", name="Bars").fill("4")
    loose.locator(".problem").get_by_role("button", name="Try again").click()
    until(loose, BUSY)
    until(loose, f"{IDLE} && !document.querySelector('.problem')", 240)


def test_the_disk_is_full(loose, run_studio, tmp_path, until) -> None:
    with run_studio(tmp_path, "--port", "0", file_bytes=6000) as studio:
        loose.goto(studio.address + "/library")
        file = {"name": "long.abc", "mimeType": "text/plain", "buffer": LONG.encode()}
        loose.locator("input[type=file]").set_input_files([file])
        words = told(loose, "resource")
        assert "room" in words
        assert list((tmp_path / "library").glob("*.abc")) == []
        file = {"name": "short.abc", "mimeType": "text/plain", "buffer": TUNE.encode()}
        loose.locator("input[type=file]").set_input_files([file])
        until(loose, "location.pathname.startsWith('/p/')")
        until(loose, "document.querySelector('.piece-body canvas, .roll-canvas')")


def test_nothing_can_be_changed_where_it_is_read_only(loose, run_studio, tmp_path, until) -> None:
    with run_studio(tmp_path, "--port", "0") as studio:
        piece = studio.add(TUNE)
    with run_studio(tmp_path, "--port", "0", "--read-only") as studio:
        loose.goto(f"{studio.address}/p/{piece}")
        until(loose, READY)
        assert "read" in loose.locator(".banner.quiet").inner_text().lower()
        loose.get_by_role("button", name="Star", exact=True).click()
        loose.locator(".problem").wait_for()
        assert loose.locator(".piece-star").get_attribute("aria-pressed") == "false"
        loose.goto(studio.address)
        until(loose, READY)
        loose.locator(".compose-button").click()
        assert "This studio does not allow that" in told(loose, "refused")
        assert loose.locator(".take[data-state=done]").count() == 1
