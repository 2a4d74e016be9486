"""Drum steps: what a drummer strikes at once, one symbol a sixteenth.

    style:funk tempo:100 beat    KH! - h - S!H s
    kick and an accented hi-hat; nothing; a soft hi-hat; nothing; an accented snare with it ...

A set of nine drums, each silent, soft (``k``), plain (``K``) or accented (``K!``), is one symbol;
`fit` keeps the frequent sets, and a rare one is written as the nearest of them. The piece begins
with its style, its tempo and whether it is a beat or a fill, as far as its title and its file name
say so; they and the place in the bar are fed along with every step. What it loses: what lies
between the sixteenths, which a groove gives back; triplets; drums beyond the nine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from nokturn.encodings.base import BOUNDARY, BOUNDARY_NAME, Encoding, Tracker, written
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.score import NOTE, Notes, Score, Track
from nokturn.music.time import TICKS_PER_QUARTER

MAX_STEPS = 200_000
STYLES = (  # of the Groove MIDI Dataset
    "afrobeat", "afrocuban", "blues", "country", "dance", "funk", "gospel", "highlife", "hiphop",
    "jazz", "latin", "middleeastern", "neworleans", "pop", "punk", "reggae", "rock", "soul",
)  # fmt: skip
KINDS = ("beat", "fill")
TEMPOS = (70, 85, 100, 115, 130, 150)  # quarters a minute that divide the tempos into bands
TEMPO_NAMES = ("slow", *map(str, TEMPOS))
SOFT, PLAIN, ACCENTED = 1, 2, 3
FROM_PLAIN, FROM_ACCENTED = 42, 96  # velocities
VELOCITIES = (0, 28, 68, 112)
BARS = 4  # whose number in a phrase is fed along


class Drum(NamedTuple):
    """One of the nine: its letter in a symbol, the pitch written, the pitches read."""

    letter: str
    pitch: int
    pitches: tuple[int, ...]


NINE = (
    Drum("k", 36, (35, 36)),
    Drum("s", 38, (37, 38, 39, 40)),
    Drum("h", 42, (22, 42, 44, 54, 69, 70)),
    Drum("o", 46, (26, 46)),
    Drum("l", 43, (41, 43, 58)),
    Drum("m", 47, (45, 47)),
    Drum("t", 50, (48, 50)),
    Drum("c", 49, (49, 52, 55, 57)),
    Drum("r", 51, (51, 53, 56, 59)),
)
REST = "-"
_PLACE = 4 ** np.arange(len(NINE))  # a set of drums as one number


class DrumSteps(Encoding):
    """Sets of drums on a grid."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "drums"})
    source: ClassVar[str] = (
        "The nine drums of Roberts et al., 'A Hierarchical Latent Vector Model for Learning "
        "Long-Term Structure in Music', 2018, arXiv:1803.05428; loudness and side inputs are ours"
    )

    per_quarter: int = Field(default=4, ge=1, le=24)  # steps a quarter
    bar: int = Field(default=16, ge=1, le=96)  # steps of a bar
    most: int = Field(default=500, ge=1, le=20_000)  # sets with a symbol

    _levels: list[tuple[int, ...]] = PrivateAttr(default_factory=list)  # of each symbol's drums
    _known: dict[int, int] = PrivateAttr(default_factory=dict)  # set of drums -> symbol

    @property
    def channels(self) -> dict[str, int]:
        """Place of the next step in its bar, the bar in its phrase, style, tempo, kind."""
        return {
            "step": self.bar + 1,
            "bar": BARS + 1,
            "style": len(STYLES) + 1,
            "tempo": len(TEMPO_NAMES) + 1,
            "kind": len(KINDS) + 1,
        }

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with symbols for the sets that these pieces strike most often."""
        met: Counter[int] = Counter()
        for piece in pieces:
            met.update((self._grid(piece) @ _PLACE).tolist())
        always = {0, *(level * int(place) for place in _PLACE for level in (SOFT, PLAIN, ACCENTED))}
        often = [code for code, _ in met.most_common(self.most) if code not in always]
        codes = [*sorted(always), *often[: max(0, self.most - len(always))]]
        names = [_name(code // _PLACE % 4) for code in codes]
        return self.with_vocabulary([BOUNDARY_NAME, *_TOLD, *names])

    def _prepare(self) -> None:
        self._levels = [_drums(name) for name in self._vocabulary]
        codes = (np.array(self._levels) @ _PLACE).tolist()
        self._known = {code: k for k, code in enumerate(codes) if self._is_step(k)}

    @property
    def steps(self) -> frozenset[int]:
        """The symbols that are a step of time."""
        return frozenset(k for k in range(len(self._vocabulary)) if self._is_step(k))

    def _is_step(self, symbol: int) -> bool:
        return symbol != BOUNDARY and self._vocabulary[symbol] not in _TOLD

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        grid = self._grid(piece)
        told = [self._vocabulary.index(name) for name in told_of(piece)]
        codes, which = np.unique(grid @ _PLACE, return_inverse=True)
        ids = np.array([self._symbol(code) for code in codes.tolist()])[which]
        return np.concatenate([told, ids]).astype(np.int32)

    def _symbol(self, code: int) -> int:
        """Return the id of a set of drums, or of the set with a symbol that is most like it."""
        if code in self._known:
            return self._known[code]
        steps = sorted(self._known.values())
        rows, wanted = np.array(self._levels)[steps], code // _PLACE % 4
        away = np.abs(rows - wanted).sum(1) + 2.5 * ((rows > 0) != (wanted > 0)).sum(1)
        return steps[int(np.argmin(away))]

    def _grid(self, piece: Piece) -> NDArray[np.int64]:
        """Return how loud each drum is in each step, (T, 9); of two in a step the louder one."""
        score = written(piece)
        empty: Notes = np.zeros(0, dtype=NOTE)
        notes = np.concatenate([empty, *(t.notes for t in score.tracks if t.drums)])
        notes = notes[_DRUM_OF[notes["pitch"]] >= 0]
        if not len(notes):
            raise InputError(
                "there are no drums.", "Choose files with a drum track.", source=piece.source
            )
        at = np.floor(notes["onset"] * self.per_quarter / TICKS_PER_QUARTER + 0.5).astype(np.int64)
        if at.max() >= MAX_STEPS:
            raise InputError(f"the piece is longer than {MAX_STEPS:,} steps.", source=piece.source)
        velocity = notes["velocity"]
        level = SOFT + (velocity >= FROM_PLAIN) + (velocity >= FROM_ACCENTED)
        grid = np.zeros((int(at.max()) + 1, len(NINE)), dtype=np.int64)
        np.maximum.at(grid, (at, _DRUM_OF[notes["pitch"]]), level)
        return grid

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece: a drum track; any ids are one."""
        symbols = [k for k in np.asarray(ids, dtype=np.int64).tolist() if self._is_step(k)]
        grid = np.array(self._levels)[np.array(symbols, dtype=np.int64)]
        tick = TICKS_PER_QUARTER / self.per_quarter
        rows = [
            (round(step * tick), max(1, round(tick)), NINE[drum].pitch, VELOCITIES[level])
            for step, drum in np.argwhere(grid).tolist()
            for level in [grid[step, drum]]
        ]
        track = Track.of(rows, name="Drums", drums=True)
        return Piece(Score([track], length=round(len(grid) * tick)))

    def told(self, style: str = "", qpm: float = 0.0, kind: str = "") -> list[int]:
        """Return the symbols that a piece of a style, tempo and kind begins with."""
        names = (f"style:{style}", f"tempo:{_band(qpm)}" if qpm else "", kind)
        return [self._vocabulary.index(name) for name in names if name in _TOLD]

    def tracker(self, **hints: int) -> Tracker:
        """Return a tracker; see `Encoding.tracker`."""
        return _DrumTracker(self)


_TOLD = (
    *(f"style:{style}" for style in STYLES),
    *(f"tempo:{tempo}" for tempo in TEMPO_NAMES),
    *KINDS,
)


def _drum_of() -> NDArray[np.int64]:
    table = np.full(128, -1)
    for k, drum in enumerate(NINE):
        table[list(drum.pitches)] = k
    return table


_DRUM_OF = _drum_of()


def _name(levels: NDArray[np.int64]) -> str:
    """Return a set in letters: soft small, plain capital, accented with a sign."""
    letters = zip((drum.letter for drum in NINE), levels.tolist(), strict=True)
    return "".join(_sign(letter, level) for letter, level in letters if level) or REST


def _sign(letter: str, level: int) -> str:
    return letter if level == SOFT else letter.upper() + "!" * (level == ACCENTED)


def _drums(name: str) -> tuple[int, ...]:
    """Return how loud each of the nine drums is in a symbol: the inverse of `_name`."""
    if name in _TOLD or not re.fullmatch(r"([a-z]|[A-Z]!?)+", name):
        return (0,) * len(NINE)
    levels = {
        letter.lower(): ACCENTED if accent else PLAIN if letter.isupper() else SOFT
        for letter, accent in re.findall(r"([A-Za-z])(!?)", name)
    }
    return tuple(levels.get(drum.letter, 0) for drum in NINE)


def _band(qpm: float) -> str:
    """Return the name of a tempo's band.

    >>> _band(60), _band(84), _band(100)
    ('slow', '70', '100')
    """
    return TEMPO_NAMES[int(np.searchsorted(TEMPOS, qpm, side="right"))]


def told_of(piece: Piece) -> list[str]:
    """Return the names of a piece's style, tempo and kind, as far as they are told."""
    words = re.findall(r"[a-z]+", f"{piece.title} {piece.source}".lower())
    styles = [f"style:{word}" for word in words if word in STYLES]
    kinds = [word for word in words if word in KINDS]
    tempos = [f"tempo:{_band(qpm)}" for _, qpm in written(piece).tempos]
    return [*styles[:1], *tempos[:1], *kinds[:1]]


class _DrumTracker(Tracker):
    """Counts steps, and remembers what the piece began with."""

    def __init__(self, encoding: DrumSteps) -> None:
        self._bar = encoding.bar
        names = encoding.vocabulary
        self._steps = [encoding._is_step(k) for k in range(len(names))]
        self._told = {
            k: (2 + field, 1 + values.index(name))
            for k, name in enumerate(names)
            for field, values in enumerate(_FIELDS)
            if name in values
        }
        self._count = 0
        self._values = [1, 1, 0, 0, 0]

    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol; return where in bar and phrase the next stands, and what is known."""
        if symbol in self._told:
            field, value = self._told[symbol]
            self._values[field] = value
        elif self._steps[symbol]:
            self._count += 1
            self._values[0] = 1 + self._count % self._bar
            self._values[1] = 1 + self._count // self._bar % BARS
        return tuple(self._values)

    def copy(self) -> _DrumTracker:
        """Return a tracker that has read the same and goes its own way from here."""
        twin = _DrumTracker.__new__(_DrumTracker)
        twin.__dict__.update(self.__dict__)
        twin._values = list(self._values)
        return twin


_FIELDS = (
    [f"style:{style}" for style in STYLES],
    [f"tempo:{tempo}" for tempo in TEMPO_NAMES],
    list(KINDS),
)
