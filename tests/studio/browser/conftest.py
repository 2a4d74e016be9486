"""A real browser before a real studio: what reaches elsewhere, or is complained of, is a failure.

Skipped where there is no Chromium. The studio is a process of its own with an empty library, one
for a module of tests; each test has a page of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

START_S = 60.0
WAIT_S = 120.0  # at most: a machine may be slow and have other things to do
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required")


def chromium() -> str | None:
    """Return where a Chromium is, if there is one."""
    named = os.environ.get("NOKTURN_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")  # while it is open, asyncio.run works in no test of the process
def browser() -> Iterator[Any]:
    """A browser without a window."""
    path = chromium()
    if path is None:
        pytest.skip("there is no Chromium (apt install chromium, or set NOKTURN_CHROMIUM)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as engine:
        found = engine.chromium.launch(executable_path=path, args=list(ARGS))
        yield found
        found.close()


@pytest.fixture(scope="module")
def large_print(browser: Any) -> Iterator[Any]:
    """A browser of somebody who has set all text to twice the size."""
    args = [*ARGS, "--blink-settings=defaultFontSize=32"]
    found = browser.browser_type.launch(executable_path=chromium(), args=args)
    yield found
    found.close()


class LiveStudio:
    """A studio that answers: its address, and what the tests put into it."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON to the API; return the JSON that comes back."""
        request = urllib.request.Request(
            f"{self.address}/api{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.loads(answer.read() or b"null")

    def add(self, abc: str) -> str:
        """Put a tune into the library; return its id."""
        found: str = self.ask("POST", "/pieces", {"abc": abc})["items"][0]
        return found


@contextmanager
def running(folder: Path, *options: str, file_bytes: int | None = None) -> Iterator[LiveStudio]:
    """Run a studio in a process of its own; none of its files may be larger than ``file_bytes``."""
    command = [sys.executable, "-m", "nokturn", "studio", "--no-open", *options]
    limited = [] if file_bytes is None else ["prlimit", f"--fsize={file_bytes}"]
    with subprocess.Popen(
        [*limited, *command, "--library", str(folder / "library")],
        env=os.environ | {"NOKTURN_HOME": str(folder / "home"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        studio = LiveStudio(process.stdout.readline().strip())
        try:
            _answers(studio)
            yield studio
        finally:
            process.terminate()
            process.wait(START_S)


@pytest.fixture(scope="module")
def live_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStudio]:
    """A studio in a process of its own, with an empty library."""
    with running(tmp_path_factory.mktemp("live"), "--port", "0") as studio:
        yield studio


@pytest.fixture
def run_studio() -> Callable[..., Any]:
    """A function that runs another studio, see `running`."""
    return running


def _answers(studio: LiveStudio) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            assert studio.ask("GET", "/health")["ok"]
        except OSError:
            assert time.monotonic() < until, "the studio does not answer"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def open_page(browser: Any, live_studio: LiveStudio) -> Iterator[Callable[..., Any]]:
    """A function that opens a page at an address of the studio; nothing may go wrong in it."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def opened(
        path: str = "/", width: int = 1280, height: int = 900, *, dark: bool = False,
        still: bool = False, touch: bool = False,
    ) -> Any:  # fmt: skip
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
            has_touch=touch,
        )
        contexts.append(context)
        context.set_default_timeout(WAIT_S * 1000)
        page = context.new_page()
        page.on("request", lambda request: _own(request.url, live_studio.address, wrong))
        page.on("console", lambda line: _said(line, wrong))  # reports of the CSP come here, too
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.goto(live_studio.address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, "\n".join(wrong)


def _own(url: str, address: str, wrong: list[str]) -> None:
    if not url.startswith((address + "/", "data:", "blob:")):
        wrong.append(f"asked for {url}")


def _said(line: Any, wrong: list[str]) -> None:
    if line.type in ("error", "warning"):
        wrong.append(f"{line.type}: {line.text} ({line.location.get('url', '')})")


@pytest.fixture
def until() -> Callable[..., Any]:
    """A function that waits for an expression of the page to hold.

    Playwright's own way evaluates text in the page, which the page's policy forbids.
    """

    def waited(page: Any, expression: str, seconds: float = WAIT_S) -> Any:
        end = time.monotonic() + seconds
        while True:
            found = page.evaluate(expression)
            if found:
                return found
            assert time.monotonic() < end, f"waited in vain for {expression}"
            page.wait_for_timeout(40)

    return waited
