"""Pictures of the screens, with music in them: none is blank; the docs show them.

    NOKTURN_PICTURES=docs/images/studio pytest -n0 tests/studio/browser/test_pictures.py

All music is composed with fixed seeds, so that the pictures change where the screens do.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

WISHES = [  # of the library: a bit of everything
    {"seed": 3, "key": "D", "meter": "6/8", "bars": 16},
    {"seed": 12, "key": "G", "meter": "4/4", "bars": 32},
    {"seed": 21, "key": "Edor", "meter": "6/8", "bars": 32},
    {"seed": 30, "key": "Amix", "meter": "4/4", "bars": 16},
    {"seed": 8, "key": "G", "meter": "3/4", "bars": 32},
    {"seed": 7, "key": "Ador", "meter": "4/4", "bars": 16},
]
STARRED = (1, 4, 5)
SIZES = ((1440, 900), (900, 900), (360, 740))
FEWEST_SHADES = 12.0  # of 255: how much a picture of a screen varies; blank paper has 0
DONE = """document.querySelector('.compose-action')?.dataset.kind === 'idle'
  && document.querySelectorAll('.take[data-state=done]').length === 4"""
READY = "document.querySelector('.play-button')?.disabled === false"
ENGRAVED = f"{READY} && document.querySelector('.score svg') !== null"
MADE = "document.querySelector('.lofi-make')?.textContent === 'Make another'"
WAIT_S = 120


@pytest.fixture(scope="module")
def music(live_studio: Any) -> list[str]:
    """The ids of tunes in the library of the studio."""
    job: dict[str, Any] = {}
    ids = []
    for wish in WISHES:
        job = live_studio.ask("POST", "/jobs/generate", {"model": "folk", "n": 1, **wish})
        until_s = time.monotonic() + WAIT_S
        while job["state"] not in ("done", "failed"):
            assert time.monotonic() < until_s
            time.sleep(0.1)
            job = live_studio.ask("GET", f"/jobs/{job['id']}")
        ids += job["result"]["pieces"]
    for place in STARRED:
        live_studio.ask("PATCH", f"/pieces/{ids[place]}", {"starred": True})
    return ids


class Painter:
    """Brings each screen to the state in which it is shown."""

    def __init__(self, page: Any, until: Callable[..., Any], address: str, ids: list[str]) -> None:
        self.page, self.until, self.address, self.ids = page, until, address, ids

    def show(self, name: str) -> None:
        """Show a screen with something in it."""
        getattr(self, name)()
        self.page.evaluate("document.activeElement.blur()")
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(400)

    def compose(self) -> None:
        """Four takes, one of them with a star."""
        self.page.goto(f"{self.address}/?model=folk&key=Ador&meter=4/4&bars=16&n=4&seed=40")
        self.until(self.page, READY)
        self.page.keyboard.press("Control+Enter")
        self.until(self.page, DONE, WAIT_S)
        self.until(self.page, ENGRAVED)
        if not self.page.locator(".take-star[aria-pressed=true]").count():
            self.page.locator(".take-star").nth(1).click()

    def piece(self) -> None:
        """Roll and score, some bars chosen."""
        self.page.goto(f"{self.address}/p/{self.ids[-1]}")
        self.until(self.page, READY)
        self.page.locator("button[data-view=both]").click()
        self.until(self.page, ENGRAVED)
        for key in ("d", "d", "d", "d", "Shift+ArrowRight", "Shift+ArrowRight"):
            self.page.keyboard.press(key)

    def library(self) -> None:
        """All pieces."""
        self.page.goto(f"{self.address}/library?sort=title")
        self.until(self.page, f"document.querySelectorAll('.piece').length >= {len(self.ids)}")

    def train(self) -> None:
        """The tunes of the library, looked through."""
        self.page.goto(f"{self.address}/train")
        files = []
        for number in self.ids:
            abc = self.page.evaluate(
                "(id) => fetch(`/api/pieces/${id}/exports/abc`).then((a) => a.text())", number
            )
            file = {"name": f"tune-{len(files)}.abc", "mimeType": "text/plain"}
            files.append(file | {"buffer": abc.encode()})
        files.append({"name": "photo.mid", "mimeType": "audio/midi", "buffer": b"no music"})
        self.page.locator("input[type=file]").first.set_input_files(files)
        self.until(self.page, "document.querySelectorAll('.train-rows tbody tr').length > 6")
        self.until(self.page, "!document.querySelector('.train-data progress')")

    def lofi(self) -> None:
        """A track, ready to be heard."""
        self.page.goto(f"{self.address}/lofi")
        self.until(self.page, "document.querySelector('.lofi-make')")
        self.page.get_by_role("textbox", name="Seed").fill("5")
        self.page.locator(".lofi-make").click()
        self.until(self.page, MADE, WAIT_S)
        self.page.locator(".transport .play-button").first.click()  # it began to play by itself
        self.page.evaluate("scrollTo(0, 0)")

    def models(self) -> None:
        """All models."""
        self.page.goto(f"{self.address}/models")
        self.until(self.page, "document.querySelectorAll('.model-card').length > 2")


@pytest.fixture
def painter(
    browser: Any, live_studio: Any, until: Callable[..., Any], music: list[str]
) -> Iterator[Callable[[bool], Painter]]:
    """A function that gives somebody who shows the screens, light or dark."""
    contexts = []

    def opened(dark: bool) -> Painter:
        context = browser.new_context(
            viewport={"width": SIZES[0][0], "height": SIZES[0][1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        contexts.append(context)
        return Painter(context.new_page(), until, live_studio.address, music)

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["compose", "piece", "library", "train", "lofi", "models"])
def test_a_screen_draws_itself_at_every_size(painter, name, dark) -> None:
    shown = painter(dark)
    shown.show(name)
    for width, height in SIZES:
        shown.page.set_viewport_size({"width": width, "height": height})
        shown.page.wait_for_timeout(700)  # the score is engraved for the new width
        data = shown.page.screenshot()
        shades = imread(io.BytesIO(data))[..., :3].mean(axis=2) * 255
        assert shades.shape == (height, width)
        assert np.std(shades) > FEWEST_SHADES
        assert (shades.mean() < 128) == dark
        keep(data, name, width, dark=dark)


def keep(data: bytes, name: str, width: int, *, dark: bool) -> None:
    """Write the pictures of the docs where somebody asked for them."""
    folder = os.environ.get("NOKTURN_PICTURES")
    if not folder:
        return
    every = os.environ.get("NOKTURN_PICTURES_ALL")
    if every:
        ending = f"-{width}{'-dark' if dark else ''}"
    elif width == SIZES[0][0] and (not dark or name == "compose"):
        ending = "-dark" if dark else ""
    else:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / f"{name}{ending}.png").write_bytes(data)
