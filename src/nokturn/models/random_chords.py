"""Random chords: the rhythm of the corpus, with pitches drawn from clean chords. The baseline.

    frame by frame:   held over (how likely on this beat is counted), or else
                      so many notes (counted) from one of 60 clean chords, all alike

What a table of models begins with: a network that is no better has learned nothing of harmony or
melody. The likelihood is exact, the sum over all chords that the notes of a frame may come from; a
share of `stray` frames are any notes at all, so that nothing is impossible. Counted are how often a
frame is held, how many notes a new one has, and the range of each voice. Its weakness is its
purpose: chords follow each other without sense, and all voices move at once.

Of an encoding without frames of pitches it only knows how frequent each symbol is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.models._clean_chords import clean_chords
from nokturn.models._frames import Layout, LayoutSettings
from nokturn.models._stepped import stepped
from nokturn.models.base import BOUNDARY_ID, Counted, Inputs, Stream

if TYPE_CHECKING:
    import torch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST = 24  # notes of a frame in a roll
UNSEEN = 0.01  # added to how often each number of notes was counted
LEAST = 1e-7  # of every symbol's probability is kept for all alike


class RandomChordsSettings(LayoutSettings):
    """Settings of the baseline. The encoding fills in how symbols make frames."""

    stray: float = Field(default=0.01, gt=0, lt=1)  # share of new frames that are any notes


class RandomChords(Counted):
    """Counts of a rhythm, and chords drawn at random."""

    settings_class = RandomChordsSettings
    settings: RandomChordsSettings
    whole_pieces: ClassVar[bool] = True
    baseline: ClassVar[bool] = True

    @classmethod
    def sized(cls, size: str | int, characters: int) -> RandomChordsSettings:
        """Return settings; there is one size."""
        return RandomChordsSettings()

    @classmethod
    def shapes(cls, inputs: Inputs, settings: RandomChordsSettings) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the counts."""
        if not settings.pitches:
            return {"symbols": (inputs.symbols,)}
        return {
            "ends": (2,),  # frames that another follows, pieces
            "held": (settings.beat, 2),  # frames that are new, held, by their place in the bar
            "notes": (MOST + 1,) if settings.separator else (settings.voices, 2),
            "pitches": (1 if settings.separator else settings.voices, settings.pitches),
        }

    @classmethod
    def untrained(cls, inputs: Inputs, settings: RandomChordsSettings, seed: int) -> RandomChords:
        """Return a model that has counted nothing: all is equally likely."""
        shapes = cls.shapes(inputs, settings)
        counts: dict[str, Any] = {n: np.zeros(s, dtype=np.int64) for n, s in shapes.items()}
        return cls(inputs, settings, counts)

    @classmethod
    def learn(
        cls,
        inputs: Inputs,
        settings: RandomChordsSettings,
        pieces: Sequence[tuple[Ints, Ints]],
        seed: int,
    ) -> RandomChords:
        """Return the model that has counted these pieces."""
        model = cls.untrained(inputs, settings, seed)
        for ids, _ in pieces:
            if settings.pitches:
                model._count(_frames(ids[1:-1], settings.layout))
            else:
                model.weights["symbols"] += np.bincount(ids[1:], minlength=inputs.symbols)
        return model

    def _count(self, frames: Sequence[NDArray[Any]]) -> None:
        counts: dict[str, Any] = self.weights
        layout = self.settings.layout
        counts["ends"] += [len(frames), 1]
        before: Ints | None = None
        for number, frame in enumerate(frames):
            pitch = layout.pitch_of(frame)
            held = before is not None and np.array_equal(frame, _held(before, layout))
            if before is not None:
                counts["held"][number % layout.beat, int(held)] += 1
            before = pitch
            rows = 0 if layout.separator else np.flatnonzero(pitch >= 0)
            counts["pitches"][rows, pitch[pitch >= 0]] += 1
            if layout.separator and not held:
                counts["notes"][min(len(frame), MOST)] += 1
            elif not held:
                counts["notes"][np.arange(len(pitch)), (pitch >= 0).astype(int)] += 1

    @cached_property
    def tables(self) -> Tables:
        """The chances of the next sign in a new frame; made when first asked for."""
        s = self.settings
        notes: Any = self.weights["notes"]
        found = self.weights["pitches"] > 0
        low = np.where(found.any(1), found.argmax(1), 0)
        high = np.where(found.any(1), s.pitches - found[:, ::-1].argmax(1), s.pitches)
        place = np.arange(s.pitches)
        inside = (place >= low[:, None]) & (place < high[:, None])  # (voices, P)
        make = _roll_tables if s.separator else _grid_tables
        return make(notes, inside, s.stray)

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return log-probabilities (B, T, V) of whole pieces; there is no state."""
        return stepped(self, ids), ()

    def stream(self) -> Stream:
        """Return a stream that has read nothing yet."""
        if self.settings.pitches:
            return ChordStream(self)
        counts = self.weights["symbols"] + 1.0
        return FrequencyStream(np.log(counts / counts.sum()).astype(np.float32))


@dataclass(frozen=True)
class Tables:
    """How a new frame is drawn: the last chord is any notes at all.

    Attributes
    ----------
    likely
        After k notes or voices: mass of each next pitch, and of the sign (end of the frame, or
        rest), together with what was read of the frame; (K, chords, P + 1).
    kept
        What the mass of each chord is multiplied by when one of these was read; (K, chords, P + 1).
    """

    likely: Floats
    kept: Floats


def _roll_tables(notes: Ints, inside: NDArray[np.bool_], stray: float) -> Tables:
    """Return the tables of a roll: n notes at once are one of the C(m, n) sets of a chord's."""
    pitches = inside.shape[1]
    chords = np.vstack([clean_chords(pitches) & inside, np.ones((1, pitches), dtype=bool)])
    ways = _binomials(pitches, MOST)
    sizes = chords.sum(1)
    fit = (sizes[:-1, None] >= np.arange(MOST + 1)).astype(float)  # chords that have n notes
    some = fit.sum(0) > 0
    prior = np.vstack([(1 - stray) * fit / np.maximum(fit.sum(0), 1), np.where(some, stray, 1.0)])
    count = np.where(np.arange(MOST + 1) <= pitches, notes + UNSEEN, 0.0)
    chance = count / count.sum()
    weight = prior * chance / np.maximum(ways[sizes], 1)  # (chords, n): of one set of n notes
    below = np.cumsum(chords, 1) - chords
    likely = np.zeros((MOST + 1, len(chords), pitches + 1))
    for k in range(MOST + 1):
        rest = ways[below][..., : MOST - k]  # of the notes that would still follow
        likely[k, :, :-1] = chords * (rest * weight[:, None, k + 1 :]).sum(-1)
        likely[k, :, -1] = weight[:, k]
    kept = np.hstack([chords, np.ones((len(chords), 1))])
    return Tables(likely, np.broadcast_to(kept, likely.shape))


def _grid_tables(notes: Ints, inside: NDArray[np.bool_], stray: float) -> Tables:
    """Return the tables of voices: each rests, or has one of the chord's pitches in its range."""
    voices, pitches = inside.shape
    chords = clean_chords(pitches) & inside[:, None]  # (voices, 60, P)
    chords = np.concatenate([chords, np.ones((voices, 1, pitches), dtype=bool)], 1)
    sizes = chords.sum(-1, keepdims=True)
    rest = (notes[:, :1] + 1.0) / (notes + 1.0).sum(1, keepdims=True)
    rests = np.where(sizes > 0, rest[:, None], 1.0)
    likely = np.concatenate([(1 - rests) * chords / np.maximum(sizes, 1), rests], -1)
    kept = likely.copy()
    clean = chords.shape[1] - 1
    likely[0] *= np.append(np.full(clean, (1 - stray) / clean), stray)[:, None]
    kept[0] = likely[0]
    return Tables(likely, kept)


def _binomials(size: int, most: int) -> Floats:
    """Return how many sets of k there are of m things, (size + 1, most + 1)."""
    ways = np.zeros((size + 1, most + 1))
    ways[:, 0] = 1
    for m in range(1, size + 1):
        ways[m, 1:] = ways[m - 1, 1:] + ways[m - 1, :-1]
    return ways


def _frames(symbols: Ints, layout: Layout) -> list[Ints]:
    """Divide the symbols of a piece into frames, each without the sign of its end."""
    if not layout.separator:
        return [symbols[i : i + layout.voices] for i in range(0, len(symbols), layout.voices)]
    ends = np.flatnonzero(symbols == layout.separator)
    return [part[part != layout.separator] for part in np.split(symbols, ends + 1)[: len(ends)]]


def _held(pitch: Ints, layout: Layout) -> Ints:
    """Return the symbols of a frame whose pitches (-1 = rest) sound on."""
    rest = layout.first - 1
    return np.where(pitch >= 0, layout.first + pitch, rest)


class ChordStream(Stream):
    """The baseline symbol by symbol: which chords the notes of this frame may come from."""

    def __init__(self, model: RandomChords) -> None:
        self.model = model
        self.before: list[int] | None = None  # the symbols that would hold the last frame
        self.frames = 0
        self._begin()

    def _begin(self) -> None:
        self.alive = np.ones(self.model.tables.likely.shape[1])
        self.holds = 1.0 if self.before is not None else 0.0
        self.frame: list[int] = []
        self.top = self.model.settings.pitches  # in a roll, notes fall: the next is below

    def step(self, symbol: int, channels: Sequence[int] = ()) -> NDArray[np.float32]:
        """Read a symbol; return the log-probabilities (V,) of what comes next."""
        s = self.model.settings
        if symbol == BOUNDARY_ID:
            self.before, self.frames = None, 0
            self._begin()
        elif symbol == s.separator:
            self._end()
        else:
            self._read(symbol)
            if not s.separator and len(self.frame) == s.voices:
                self._end()
        p = self._likely()
        if not p.any():  # no frame begins so: all that is left is to end it
            p[s.separator or s.first - 1] = 1
        p = p / p.sum() + LEAST  # what came so far may be unlikely as a whole
        return np.asarray(np.log(p / p.sum()), dtype=np.float32)

    def _end(self) -> None:
        layout = self.model.settings.layout
        held = _held(layout.pitch_of(np.array(self.frame, dtype=np.int64)), layout)
        self.before = held.tolist()
        self.frames += 1
        self._begin()

    def _read(self, symbol: int) -> None:
        """Take a note (or rest) of the frame into account."""
        s, k = self.model.settings, len(self.frame)
        kept = self.model.tables.kept
        pitch = int(s.layout.pitch_of(np.array([symbol]))[0])
        self.alive = self.alive * kept[min(k, len(kept) - 1), :, pitch]  # -1 = the sign
        if pitch >= 0 and s.kinds > 1:
            self.alive[-1] /= s.kinds
            if symbol < s.first + (s.kinds - 1) * s.pitches:  # a clean chord is struck
                self.alive[:-1] = 0
        if s.separator:
            self.alive = self.alive * (0 <= pitch < self.top)
            self.top = pitch
        before = self.before or []
        self.holds *= k < len(before) and before[k] == symbol
        self.frame.append(symbol)

    def _likely(self) -> Floats:
        """Return the probabilities (V,) of what comes next, not yet of sum 1."""
        s, k, counts = self.model.settings, len(self.frame), self.model.weights
        likely = self.model.tables.likely
        mass = self.alive[:, None] * likely[min(k, len(likely) - 1)]
        mass[:, max(0, self.top) : s.pitches] = 0
        new, held = counts["held"][self.frames % s.beat] + 1.0
        share = held / (new + held) if self.before is not None else 0.0
        p = np.zeros(self.model.inputs.symbols)
        sign = s.separator or s.first - 1
        for kind in range(s.kinds):
            first = s.first + kind * s.pitches
            p[first : first + s.pitches] = mass[-1, :-1] / s.kinds
        p[first : first + s.pitches] += mass[:-1, :-1].sum(0)
        p[sign] = mass[:, -1].sum()
        p *= 1 - share
        if self.holds:
            p[[*(self.before or []), sign][k]] += share
        if not self.frame and self.frames:  # a piece ends between two frames
            more, ends = counts["ends"] + 1.0
            p[BOUNDARY_ID] = ends / (more + ends)
            p[1:] *= 1 - p[BOUNDARY_ID]
        return p

    def copy(self) -> ChordStream:
        """Return a stream that has read the same and goes its own way from here."""
        twin = ChordStream.__new__(ChordStream)
        twin.__dict__.update(self.__dict__)
        twin.frame, twin.alive = list(self.frame), self.alive.copy()
        return twin


class FrequencyStream(Stream):
    """Symbols as frequent as they are, whatever came before."""

    def __init__(self, logits: NDArray[np.float32]) -> None:
        self.logits = logits

    def step(self, symbol: int, channels: Sequence[int] = ()) -> NDArray[np.float32]:
        """Return the log-probabilities (V,), always the same."""
        return self.logits

    def copy(self) -> FrequencyStream:
        """Return itself: it remembers nothing."""
        return self
