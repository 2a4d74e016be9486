"""The Groove MIDI Dataset: drummers on an electronic kit, to a click, beats and fills.

It does not come along; give the folder with its ``info.csv``. Held out is the dataset's own
validation split. Only 4/4 is taken: of other meters there are eleven files. File names tell the
style and whether it is a beat or a fill (``1_funk-groove1_138_beat_4-4.mid``). What is learned from
is cut at every 16th bar, so that there are many beginnings; what is held out stays whole.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import Field

from nokturn.corpora._ingest import Corpus, Item
from nokturn.corpora.base import Source
from nokturn.errors import InputError, UsageError
from nokturn.music.score import Track, in_order
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER

TABLE = "info.csv"
METER = "4-4"


class Groove(Source):
    """The dataset in a folder.

    Parameters
    ----------
    path
        Folder with ``info.csv`` and the MIDI files that it names; those missing are passed over.
    fills
        Whether fills, of a bar or two, are taken too.
    bars
        Length in bars of the pieces that performances are cut into; 0 = they stay whole.
    """

    path: Path | None = None
    fills: bool = True
    bars: int = Field(default=16, ge=0)

    title = "Groove MIDI Dataset"
    licence = "CC BY 4.0"
    citation = (
        "Groove MIDI Dataset, Magenta/Google, CC BY 4.0; Gillick, Roberts, Engel, Eck and Bamman, "
        "'Learning to Groove with Inverse Sequence Transformations', 2019"
    )
    ship = True

    def load(self, *, workers: int | None = None) -> Corpus:
        """Return the pieces of the training split, cut, and the report of how they were read."""
        corpus = super().load(workers=workers)
        if self.bars:
            ticks = self.bars * int(COMMON_TIME.bar_ticks)
            corpus.items = [part for item in corpus.items for part in _cut(item, ticks)]
        return corpus

    def files(self) -> Sequence[Path]:
        """Return the files of the training split."""
        return self._split("train")

    def valid_files(self) -> Sequence[Path]:
        """Return the files of the validation split."""
        return self._split("validation")

    def _split(self, split: str) -> list[Path]:
        if self.path is None:
            raise UsageError(
                "The Groove MIDI Dataset does not come along.",
                "Fetch it from magenta.tensorflow.org/datasets/groove and give its folder.",
            )
        try:
            with (self.path / TABLE).open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
        except OSError as error:
            raise InputError(
                f"There is no {TABLE} in {self.path}.", "Give the folder that holds it."
            ) from error
        kinds = ("beat", "fill") if self.fills else ("beat",)
        named = [
            self.path / row["midi_filename"]
            for row in rows
            if row["split"] == split
            and row["time_signature"] == METER
            and row["beat_type"] in kinds
        ]
        return [path for path in named if path.is_file()]


def _cut(item: Item, ticks: int) -> list[Item]:
    """Return a piece as pieces of so many ticks; what is left at the end, if shorter, falls off."""
    score = item.piece.score.resampled(TICKS_PER_QUARTER)
    parts = []
    whole = max(1, score.end // ticks)
    for number, start in enumerate(range(0, whole * ticks, ticks), 1):
        tracks = [_between(track, start, start + ticks) for track in score.tracks]
        if any(len(track.notes) for track in tracks):
            piece = replace(item.piece, sheet_or_score=replace(score, tracks=tracks, length=0))
            parts.append(replace(item, piece=piece, number=number))
    return parts


def _between(track: Track, start: int, stop: int) -> Track:
    """Return the notes that begin in a stretch, counted from half a sixteenth before it.

    A drummer who is early on the first beat means that beat.
    """
    early = TICKS_PER_QUARTER // 8
    onsets = track.notes["onset"]
    notes = track.notes[(onsets >= start - early) & (onsets < stop - early)].copy()
    notes["onset"] = np.maximum(notes["onset"] - start, 0)
    return replace(track, notes=in_order(notes))
