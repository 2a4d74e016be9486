"""Bass lines: the root on the beat where its chord comes, and a way from one root to the next.

    Dm9 | G13, walking   ->   D2 F2 A2 Ab2 | G2 ...

``R`` is the root (or the bass that the chord names), ``5`` its fifth, ``8`` its octave, ``w`` a
chord tone on the way and ``a`` a note that leads to the root to come, from a semitone or a step
beside it. Every fourth bar may be a fill. Its weakness: each bar is played as if alone, so that
there are no lines over several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nokturn.errors import UsageError, did_you_mean
from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony, pitch_class
from nokturn.music.pitch import Key
from nokturn.music.score import Notes, notes_of
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.production.patterns import Place, Rows, Span, Stroke, bars_of, placed
from nokturn.production.scales import scale_of

LOW, HIGH = 28, 50  # E1, D3
MIDDLE = 38  # D2, where roots would like to be
LOUD, SOFT = 84, 72
OTHER = 0.25  # how often a bar is another one than the section's
FILL = 0.6  # how often a fourth bar is a fill

STYLES: Mapping[str, Rows] = {
    "roots": {
        "4/4": ("R---------------", "R-----------R---", "R-------R-------"),
        "3/4": ("R-----------", "R-------R---"),
        "6/8": ("R-----------", "R-----R-----"),
        "5/4": ("R-------------------", "R-----------R-------"),
    },
    "fifths": {
        "4/4": ("R-------5-------", "R-----R-5-------", "R-------5-----a-"),
        "3/4": ("R-------5---", "R-----5-----", "R---5---a---"),
        "6/8": ("R-----5-----", "R---R-5-----", "R-----5---a-"),
        "5/4": ("R-----------5-------", "R-------5---R---5---", "R-----------5-----a-"),
    },
    "walking": {
        "4/4": ("R---w---w---a---", "R---w---w-w-a---"),
        "3/4": ("R---w---a---", "R---w-w-a---"),
        "6/8": ("R---w-w---a-", "R-w-w-w-w-a-"),
        "5/4": ("R---w---w---w---a---", "R---w---w-w-w---a---"),
    },
    "syncopated": {
        "4/4": (
            "R-----R-..5-....", "R--..R----..R-..", "R-----R-....8-a-", "R-..R---..5-8-..",
            "R-----5-R-----a-",
        ),
        "3/4": ("R-----R-..5-", "R---..R-....", "R-----5-..a-"),
        "6/8": ("R-----..R-5-", "R---R-5---..", "R---5-....a-"),
        "5/4": ("R-----R-....5-----..", "R--..R----..R-..5-..", "R-----R-....R---8-a-"),
    },
}  # fmt: skip
FILLS: Rows = {
    "4/4": ("R-----R-5-8-w-a-", "R-------8-5-w-a-", "R-----5-8---a-a-"),
    "3/4": ("R---5-8-w-a-", "R-----8-5-a-"),
    "6/8": ("R-5-8-8-5-a-", "R-----w-5-a-"),
    "5/4": ("R-----R-5---8-5-w-a-", "R-------5---8---w-a-"),
}
USUAL = ("roots", "fifths", "syncopated", "walking")  # those that are drawn where none is named


def drawn(rng: np.random.Generator) -> str:
    """Return a style for music that says nothing about it; syncopated is the likeliest."""
    return str(rng.choice(USUAL, p=(0.25, 0.25, 0.4, 0.1)))


def bass_line(
    place: Place, key: Key, style: str, rng: np.random.Generator, *, main: int = 0
) -> Notes:
    """Return the notes of a bass line: each chord begins with its root.

    Parameters
    ----------
    place
        The chords, and where they are.
    key
        Steps that lead to a root are taken from its scale.
    style
        One of `STYLES`.
    main
        The number of the bar that comes most often; counted round and round.

    Raises
    ------
    UsageError
        There is no such style, or no pattern for the meter.
    """
    if style not in STYLES:
        raise UsageError(f"There is no bass named {style!r}.", did_you_mean(style, STYLES))
    table, fills = bars_of(STYLES[style], place.meter), bars_of(FILLS, place.meter)
    bars = [table[main % len(table)]] * place.bars
    for number in range(1, place.bars):
        if number % 4 == 3 and rng.random() < FILL * min(1.0, 2 * place.energy):
            bars[number] = fills[int(rng.integers(len(fills)))]
        elif rng.random() < OTHER:
            bars[number] = table[int(rng.integers(len(table)))]
    loudness = 0.85 + 0.3 * place.energy
    line = _Line(place, key, rng)
    return notes_of(
        (
            s.onset,
            s.duration,
            line.pitch(s, span),
            round(loudness * (LOUD if s.sign == "R" else SOFT)),
        )
        for s, span in _rooted(list(placed(bars, place)), place)
    )


def _rooted(strokes: Sequence[Stroke], place: Place) -> Iterator[tuple[Stroke, Span]]:
    """Yield the strokes of each chord, the first of them its root where it begins."""
    for span in place.chords:
        inside = [s for s in strokes if span.start <= s.onset < span.end]
        if not inside or inside[0].onset > span.start:
            stop = inside[0].onset if inside else span.end
            inside.insert(0, Stroke(span.start, min(stop - span.start, 2 * TICKS_PER_QUARTER), "R"))
        inside[0] = inside[0]._replace(sign="R")
        for stroke in inside:
            yield stroke._replace(duration=min(stroke.end, span.end) - stroke.onset), span


class _Line:
    """Gives each stroke its pitch, and remembers where the hand is."""

    def __init__(self, place: Place, key: Key, rng: np.random.Generator) -> None:
        self.place, self.key, self.rng = place, key, rng
        self.last = MIDDLE

    def pitch(self, stroke: Stroke, span: Span) -> int:
        """Return the pitch of a stroke."""
        chord = span.harmony
        low = pitch_class(chord.bass or chord.root)
        if stroke.sign == "R":
            root = _nearest(low, self.last, pull=0.6)
            self.last = root
            return root
        fifth = (pitch_class(chord.root) + _fifth(chord)) % 12
        goal = self.place.after(span) or chord
        pitch = {
            "5": lambda: _nearest(fifth, self.last + 4, pull=0.6),
            "8": lambda: _nearest(low, self.last + 9),
            "w": lambda: self._way(chord),
            "a": lambda: (
                self._approach(goal, chord)
                if stroke.end == span.end
                else _nearest(fifth, self.last)
            ),
        }[stroke.sign]()
        self.last = pitch
        return pitch

    def _way(self, chord: Harmony) -> int:
        """Return a chord tone near the last note, but another one."""
        classes = {(pitch_class(chord.root) + size) % 12 for _, size in tones(chord.quality)[:4]}
        near = [
            pitch
            for pitch in range(max(LOW, self.last - 5), min(HIGH, self.last + 5) + 1)
            if pitch % 12 in classes and pitch != self.last
        ]
        return int(self.rng.choice(near)) if near else self.last

    def _approach(self, goal: Harmony, chord: Harmony) -> int:
        """Return a note beside the root to come: a semitone, or a step of the scale."""
        root = _nearest(pitch_class(goal.bass or goal.root), self.last, pull=0.6)
        scale = scale_of(chord, self.key)
        steps = [p for p in (root - 2, root + 2) if p % 12 in scale]
        ways = [p for p in (root - 1, root + 1, *steps) if LOW <= p <= HIGH and p != self.last]
        return int(self.rng.choice(ways)) if ways else root


def _fifth(chord: Harmony) -> int:
    return next((size for letters, size in tones(chord.quality) if letters == 4), 7)


def _nearest(pitch: int, to: int, *, pull: float = 0.2) -> int:
    """Return the pitch of a class in range that is nearest to another one, and to the middle."""
    ways = range(LOW + (pitch - LOW) % 12, HIGH + 1, 12)
    return min(ways, key=lambda way: abs(way - to) + pull * abs(way - MIDDLE))
