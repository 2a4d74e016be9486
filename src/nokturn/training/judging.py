"""Which notes of the next frame a model over frames foretells: precision, recall, F1.

    model, figures = judged(model, weights, store, store.originals(valid=True), layout)
    figures.f1, figures.missed

Loss and accuracy flatter a roll, which is nearly all silence: a model that says nothing is right in
19 cells of 20. So the cells of a frame, each key that may sound (and where the roll tells it, each
that may be struck), are counted as what was foretold and what was there. The frames before are the
true ones, of the frame itself nothing is shown:

- independent keys (`Model.key_probabilities`) sound above the model's threshold;
- notes that are foretold one after the other are written greedily, the likeliest symbol each time,
  after what was written of the frame so far.

Writing is slow, so a report judges at most 64 frames in that way (the beginnings of 4 pieces) and
4,096 of independent keys; the frames are the same in every report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nokturn.corpora._store import TokenStore
from nokturn.models._frames import Layout, LayoutSettings
from nokturn.models.base import BOUNDARY_ID, Model, Stream

THRESHOLDS = np.linspace(0.05, 0.95, 19)
FEW, MANY = 4, 16  # pieces of which frames are written: in a report, at the end
WRITTEN = 16  # frames of a piece that are written, for each of them
KEY_FRAMES = 4096
MOST_NOTES = 32  # that are written of a frame

Cells = NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """How many cells were foretold.

    Parameters
    ----------
    hits
        Notes that were foretold and there.
    false
        Foretold but not there.
    missed
        There but not foretold.
    cells
        All of them, silent ones too.
    frames
        How many frames were judged.
    """

    hits: int = 0
    false: int = 0
    missed: int = 0
    cells: int = 0
    frames: int = 0

    @classmethod
    def of(cls, foretold: Cells, there: Cells) -> Figures:
        """Compare frames, (F, cells) each."""
        hits = int((foretold & there).sum())
        false, missed = int(foretold.sum()) - hits, int(there.sum()) - hits
        return cls(hits, false, missed, there.size, len(there))

    def __add__(self, other: Figures) -> Figures:
        """Count both."""
        mine, its = asdict(self), asdict(other)
        return Figures(**{name: mine[name] + its[name] for name in mine})

    @property
    def precision(self) -> float:
        """Share of what was foretold that was there."""
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        """Share of what was there that was foretold."""
        return self.hits / max(1, self.hits + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 for silence."""
        return 2 * self.hits / max(1, 2 * self.hits + self.false + self.missed)

    @property
    def accuracy(self) -> float:
        """Share of cells that were right, silent ones too."""
        return 1 - (self.false + self.missed) / max(1, self.cells)

    def row(self) -> dict[str, float]:
        """Return the figures as a row of the record has them."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "cell_accuracy": self.accuracy,
            "false_positives": self.false,
            "false_negatives": self.missed,
            "judged_frames": self.frames,
        }


def of_report(
    model: Model, weights: Mapping[str, torch.Tensor], store: TokenStore
) -> tuple[Model, dict[str, float]]:
    """Return a model with its threshold, and its figures on held-out frames as part of a row.

    Nothing where it is no model over frames.
    """
    settings = model.settings
    if not isinstance(settings, LayoutSettings) or not settings.layout.frames:
        return model, {}
    segments = store.originals(valid=True).tolist()
    model, found = judged(model, weights, store, segments, settings.layout)
    return model, found.row()


def judged(
    model: Model,
    weights: Mapping[str, torch.Tensor],
    store: TokenStore,
    segments: Iterable[int],
    layout: Layout,
    *,
    calibrate: bool = True,
    most: int = KEY_FRAMES,
    written: int = FEW,
) -> tuple[Model, Figures]:
    """Return what a model foretells, and the model with the threshold that is best for it.

    Parameters
    ----------
    weights
        Those of the model, as tensors.
    segments
        Of the store, to be judged.
    calibrate
        Whether the threshold is fitted to these pieces; else it is the model's own.
    most
        How many frames of independent keys.
    written
        Of how many pieces 16 frames are written, where keys are not independent.
    """
    tables = [store.inputs(int(k)).astype(np.int64) for k in segments]
    told = list(_told(model, weights, tables, layout, most))
    if not told:
        return model, _written(model, tables[:written], layout)
    likely, there = (np.concatenate(part) for part in zip(*told, strict=True))
    if calibrate:
        model = model.calibrated(best_threshold(likely, there))
    return model, Figures.of(likely > model.threshold, there)


def _told(
    model: Model,
    weights: Mapping[str, torch.Tensor],
    tables: Sequence[NDArray[np.int64]],
    layout: Layout,
    most: int,
) -> Iterator[tuple[NDArray[np.float32], Cells]]:
    """Yield how likely each cell is and what was there, piece by piece, of independent keys."""
    device = next(iter(weights.values())).device
    for ids in tables:
        if most <= 0:
            return
        with torch.no_grad():
            found = model.key_probabilities(weights, torch.from_numpy(ids).to(device))
        if found is None:
            return
        there = cells(ids, layout)[:most]
        yield found[: len(there)].cpu().numpy(), there
        most -= len(there)


def best_threshold(likely: NDArray[np.float32], there: Cells) -> float:
    """Return the threshold with the best F1, of 19 from 0.05 to 0.95."""
    scored = [Figures.of(likely > threshold, there).f1 for threshold in THRESHOLDS]
    return round(float(THRESHOLDS[int(np.argmax(scored))]), 2)


def baselines(
    store: TokenStore, segments: Iterable[int], layout: Layout, most: int = KEY_FRAMES
) -> tuple[Figures, Figures]:
    """Return what silence has, and what has who writes each frame once more, notes held."""
    silence, again = Figures(), Figures()
    for segment in segments:
        there = cells(store.inputs(int(segment)).astype(np.int64), layout)[: most - silence.frames]
        before = np.roll(there, 1, axis=0)
        before[:1] = False
        before[:, layout.pitches :] = False  # nothing is struck
        silence += Figures.of(np.zeros_like(there), there)
        again += Figures.of(before, there)
    return silence, again


def cells(ids: NDArray[np.int64], layout: Layout) -> Cells:
    """Return the whole frames of a row of symbols, the boundary first, (F, cells).

    The cells are the keys that sound, then, with two kinds of notes, those that are struck.
    """
    symbols = ids[1:]
    place = np.arange(len(symbols))
    ends = symbols == layout.separator
    frame = np.cumsum(ends) - ends if layout.separator else place // layout.voices
    count = int(ends.sum()) if layout.separator else len(symbols) // layout.voices
    table = np.zeros((count, layout.kinds * layout.pitches), dtype=bool)
    noted = np.flatnonzero(layout.is_pitch(symbols) & (frame < count))
    pitch = layout.pitch_of(symbols[noted])
    table[frame[noted], pitch] = True
    table[frame[noted], symbols[noted] - layout.first] |= symbols[noted] >= (
        layout.first + layout.pitches
    )
    return table


def _written(model: Model, tables: Sequence[NDArray[np.int64]], layout: Layout) -> Figures:
    """Judge what a model writes in place of each frame, of some pieces from their beginning."""
    total = Figures()
    for ids in tables:
        there = cells(ids, layout)[:WRITTEN]
        frame = _greedy(model.stream(), ids, layout, len(there))
        rows = [np.concatenate([[BOUNDARY_ID], row]) for row in frame]
        foretold = np.concatenate([cells(row, layout) for row in rows] or [there[:0]])
        total += Figures.of(foretold, there)
    return total


def _greedy(
    stream: Stream, ids: NDArray[np.int64], layout: Layout, count: int
) -> Iterator[NDArray[np.int64]]:
    """Yield what a model writes as each of the first frames, having read the true ones before."""
    logits = stream.step(BOUNDARY_ID)
    place = 1
    for _ in range(count):
        yield _frame(stream.copy(), logits, layout)
        stop = place + layout.voices
        if layout.separator:
            stop = place + int((ids[place:] == layout.separator).argmax()) + 1
        for symbol in ids[place : stop - 1].tolist():
            stream.follow(symbol)
        logits = stream.step(int(ids[stop - 1]))
        place = stop


def _frame(stream: Stream, logits: NDArray[np.float32], layout: Layout) -> NDArray[np.int64]:
    """Return one whole frame, the likeliest symbol each time; a piece does not end in it."""
    most = MOST_NOTES if layout.separator else layout.voices
    written: list[int] = []
    while len(written) < most:
        symbol = int(logits[1:].argmax()) + 1
        written.append(symbol)
        if symbol == layout.separator:
            return np.array(written, dtype=np.int64)
        logits = stream.step(symbol)
    return np.array([*written, *[layout.separator] * bool(layout.separator)], dtype=np.int64)
