"""Notes and chords as symbols: every note and every chord that is met often has one of its own.

    C4 for a quarter, then C E G for a half, at 4 steps a quarter  ->  C4 d4 C4.E4.G4 d8

One symbol for each distinct chord, as the first systems had it, makes a vocabulary that nothing can
be learned from (32,923 symbols in 29 piano pieces, one for every eleven notes). So only chords met
`least` times or more keep a symbol, `most` of them, and a rare chord is written as its notes, all
but the last with a mark that the next sounds with it: `Eb4& Gb4& A4`. Rests are folded into time: a
step to the next onset is written only where it is not the duration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from nokturn.encodings._rhythm import (
    LENGTHS,
    Struck,
    chords_of,
    in_time,
    lengths_of,
    piece_of,
    silence_before,
)
from nokturn.encodings.base import BOUNDARY_NAME, Encoding, written
from nokturn.music.piece import Piece
from nokturn.music.pitch import named, usual_name

JOINED = "&"


class NoteChord(Encoding):
    """Notes and chords, with or without durations and octaves."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "pitch", "duration"})
    source: ClassVar[str] = "O2, O3, G1 and L2 of docs/systems.md; the bounded vocabulary is ours"

    durations: bool = True  # without, every chord lasts one usual length and rests are gone
    octaves: bool = True  # without, only pitch classes are kept, in the octave from middle C
    steps_per_quarter: int = Field(default=12, ge=1, le=48)  # 12 holds sixteenths and triplets
    chords: Literal["bounded", "whole"] = "bounded"  # whole = a symbol for every distinct chord
    least: int = Field(default=3, ge=1)  # times that a chord must be met to have a symbol
    most: int = Field(default=2000, ge=0, le=60_000)  # chords with a symbol, the most frequent
    usual: int = Field(default=6, ge=1, le=96)  # steps that a chord lasts, without durations

    _ids: dict[str, int] = PrivateAttr(default_factory=dict)
    _means: list[tuple[str, tuple[int, ...]]] = PrivateAttr(default_factory=list)

    @property
    def fits_copies(self) -> bool:
        """Whether each chord has a symbol in every key that it is learned in."""
        return self.chords == "whole"

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with symbols for the chords that these pieces have."""
        counts: Counter[str] = Counter()
        for piece in pieces:
            counts.update(self._name(c.pitches) for c in self._chords(piece) if len(c.pitches) > 1)
        kept = [
            name
            for name, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            if "." in name and (self.chords == "whole" or n >= self.least)
        ]
        if self.chords == "bounded":
            kept = kept[: self.most]
        pitches = range(128) if self.octaves else range(60, 72)
        notes = [self._name((pitch,)) for pitch in pitches]
        lengths = LENGTHS if self.durations else ()
        joined = [name + JOINED for name in notes]
        return self.with_vocabulary([BOUNDARY_NAME, *notes, *joined, *lengths, *kept])

    def _prepare(self) -> None:
        self._ids = {name: i for i, name in enumerate(self._vocabulary)}
        self._means = [_meaning(name) for name in self._vocabulary]

    def _chords(self, piece: Piece) -> list[Struck]:
        chords = chords_of(written(piece), self.steps_per_quarter, piece.source)
        if not self.octaves:
            folded = [tuple(sorted({60 + p % 12 for p in c.pitches})) for c in chords]
            chords = [c._replace(pitches=p) for c, p in zip(chords, folded, strict=True)]
        if self.durations:
            return chords
        together: dict[int, set[int]] = {}
        for chord in chords:
            together.setdefault(chord.onset, set()).update(chord.pitches)
        return [Struck(at, self.usual, tuple(sorted(p))) for at, p in together.items()]

    def _name(self, pitches: tuple[int, ...]) -> str:
        return ".".join(map(usual_name, pitches))

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        chords = self._chords(piece)
        lengths = lengths_of(chords) if self.durations else [([], [])] * len(chords)
        names = silence_before(chords) if self.durations else []
        for chord, (duration, step) in zip(chords, lengths, strict=True):
            whole = self._name(chord.pitches)
            if whole in self._ids:
                names.append(whole)
            else:
                notes = [self._name((pitch,)) for pitch in chord.pitches]
                names += [note + JOINED for note in notes[:-1]] + notes[-1:]
            names += duration + step
        return np.array([self._ids[name] for name in names], dtype=np.int32)

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece; any ids are one."""
        return piece_of(in_time(self._heard(ids), self.usual), self.steps_per_quarter)

    def _heard(self, ids: ArrayLike) -> list[tuple[str, tuple[int, ...]]]:
        heard: list[tuple[str, tuple[int, ...]]] = []
        waiting: tuple[int, ...] = ()
        for symbol in np.asarray(ids, dtype=np.int64).tolist():
            kind, values = self._means[symbol]
            if kind == "joined":
                waiting += values
            elif kind == "chord":
                heard.append(("chord", waiting + values))
                waiting = ()
            elif kind:
                heard.append((kind, values))
        return [*heard, ("chord", waiting)] if waiting else heard


def _meaning(name: str) -> tuple[str, tuple[int, ...]]:
    """Return what a symbol means: ("chord", pitches), ("joined", (pitch,)), ("d" or "s", (n,))."""
    if name == BOUNDARY_NAME:
        return "", ()
    if name[0] in "ds":
        return name[0], (int(name[1:]),)
    kind = "joined" if name.endswith(JOINED) else "chord"
    return kind, tuple(named(note) for note in name.removesuffix(JOINED).split("."))
