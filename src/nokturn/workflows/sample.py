"""Sample: what a network writes by itself, unchecked, to hear how a training comes along.

    text = sample(ModelFile.load("runs/my-tunes/epochs/0012.safetensors"), seed=1)

The same seed each time, so that the tunes of a training differ by what was learned and nothing
else. Bars may be wrong here; `generate` is what writes tunes that are right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nokturn.encodings.base import BOUNDARY, restore
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece
from nokturn.workflows.save import KINDS, write_whole

MAX_SYMBOLS = 1500
PICTURE = ".roll.png"


def sample(file: ModelFile, *, seed: int, sampling: Sampling | None = None) -> Piece:
    """Return a piece as the network writes it, from its beginning until it ends it."""
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    sampling = sampling or Sampling()
    generator = np.random.default_rng(seed)
    stream, tracker = file.model.begin(generator), encoding.tracker()
    ids, symbol = [], BOUNDARY
    for _ in range(MAX_SYMBOLS):
        logits = stream.step(symbol, tracker.step(symbol))
        symbol = draw(probabilities(logits, sampling), generator)
        if symbol == BOUNDARY:
            break
        ids.append(symbol)
    return encoding.decode(ids)


def writes_frames(file: ModelFile) -> bool:
    """Return whether what a model writes is best seen as a piano roll."""
    return "separator" in restore(file.encoding, file.encoding_settings, file.vocabulary).layout


def keep_roll(folder: Path, stem: str, piece: Piece) -> None:
    """Write a sample as MIDI and as a picture, and the pictures of all epochs as one page."""
    piece.title = piece.score.title = stem
    write_whole(folder / f"{stem}.mid", KINDS[".mid"].dumps([piece]))
    write_whole(folder / f"{stem}{PICTURE}", KINDS[PICTURE].dumps([piece]))
    write_whole(folder / "rolls.html", roll_page(folder).encode())


def roll_page(folder: Path) -> str:
    """Return the pictures in a folder as one page, the newest first."""
    names = sorted((path.name for path in folder.glob(f"*{PICTURE}")), reverse=True)
    figures = (
        f"<figure><figcaption>{name.removesuffix(PICTURE)}</figcaption>\n"
        f'<img src="{name}" alt="piano roll" style="max-width:100%"></figure>'
        for name in names
    )
    title = "What the network writes after each epoch"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    return "\n".join([head, f"<h1>{title}</h1>", *figures, "</html>\n"])
