"""Sample: what a network writes by itself, unchecked, to hear how a training comes along.

    text = sample(ModelFile.load("runs/my-tunes/epochs/0012.safetensors"), seed=1)

The same seed each time, so that the tunes of a training differ by what was learned and nothing
else. Bars may be wrong here; `generate` is what writes tunes that are right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nokturn.corpora._store import TokenStore
from nokturn.encodings._abc_learned import AbcLearned, tune
from nokturn.encodings.base import BOUNDARY, Encoding, restore
from nokturn.errors import InputError
from nokturn.evaluation.originality import TuneIndex
from nokturn.evaluation.validity import validity
from nokturn.formats._abc_reader import read_tune
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece
from nokturn.workflows.save import KINDS
from nokturn.writing import write_whole

SAMPLE_SEED = 1
MAX_SYMBOLS = 1500
MAX_TUNES = 6  # that figures are made of, MAX_SYMBOLS long together
PICTURE = ".roll.png"


def sample(file: ModelFile, *, seed: int, sampling: Sampling | None = None) -> Piece:
    """Return a piece as the network writes it, from its beginning until it ends it."""
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    return encoding.decode(_drawn(file, encoding, seed, sampling or Sampling()))


def _drawn(file: ModelFile, encoding: Encoding, seed: int, sampling: Sampling) -> list[int]:
    generator = np.random.default_rng(seed)
    stream, tracker = file.model.begin(generator), encoding.tracker()
    ids, symbol = [], BOUNDARY
    for _ in range(MAX_SYMBOLS):
        logits = stream.step(symbol, tracker.step(symbol))
        symbol = draw(probabilities(logits, sampling), generator)
        if symbol == BOUNDARY:
            break
        ids.append(symbol)
    return ids


class Practice:
    """What a network's free writing is like: how right, and how much of it is copied.

    Parameters
    ----------
    store
        What it learns from.
    """

    def __init__(self, store: TokenStore) -> None:
        self.store = store
        self._index: TuneIndex | None = None  # made when there is a tune to look up

    def figures(self, file: ModelFile) -> dict[str, float]:
        """Return figures of a few tunes, the same seeds each time; none where it writes no ABC.

        Returns
        -------
        dict
            ``valid_bars``, the share of bars of the right length, and ``copied``, the share of runs
            of eight notes that occur in the corpus in any key; both 0-1, the latter only where
            there is such a run.
        """
        encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
        if not isinstance(encoding, AbcLearned):
            return {}
        texts: list[str] = []
        symbols = 0
        while len(texts) < MAX_TUNES and symbols < MAX_SYMBOLS:
            ids = _drawn(file, encoding, SAMPLE_SEED + len(texts), Sampling())
            texts.append(tune(encoding.decode_text(ids)))
            symbols += max(1, len(ids))
        return {"valid_bars": _right(texts), **self._copied(texts)}

    def _copied(self, texts: list[str]) -> dict[str, float]:
        pieces = list(filter(None, map(_read, texts)))
        if self._index is None:
            encoding = restore(self.store.encoding, self.store.settings, self.store.vocabulary)
            learned = self.store.originals(valid=False)
            self._index = TuneIndex(encoding.decode(self.store.piece(k)) for k in learned)
        found = [self._index.compare(piece) for piece in pieces]
        runs = sum(one.runs for one in found)
        return {"copied": sum(one.share * one.runs for one in found) / runs} if runs else {}


def _right(texts: list[str]) -> float:
    """Return the share of right bars; a tune of no bars or one, which may be any, is a wrong one.

    `validity` passes over what it cannot read, and an untrained network would look perfect.
    """
    checks = validity(texts).checks
    right = sum(check.exact for check in checks if check.bars > 1)
    return right / sum(max(1, check.bars) for check in checks)


def _read(text: str) -> Piece | None:
    """Return a tune, mended where it must be; None where nothing can be read in it."""
    try:
        return read_tune(text)
    except InputError:
        return None


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
