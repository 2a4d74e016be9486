"""Melodies over given chords, from a network that learned which notes people sing over which.

    line = drawn_melody(ModelFile.load(path), chords, key=Key.parse("Fm"), bars=8, rng=rng)

The network hears the chord that sounds and the next one. It is held to a range and a grid; what it
writes on a beat, and what is long, are chord tones. A phrase says things again: by `PLAN` bars 3
and 7 have the rhythm of bar 1, with pitches near to its own that the network finds for the chords
there. With a ``theme`` the bars that the plan repeats are those of the theme, the others are new.
Its weakness: it looks two chords ahead and no further.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from threadpoolctl import threadpool_limits

from nokturn.encodings.base import BOUNDARY, restore
from nokturn.encodings.melody_over_chords import (
    MIDDLE,
    NO_CHORD,
    REST,
    STEPS,
    MelodyOverChords,
    Sung,
    chord_sign,
    moved,
)
from nokturn.errors import InputError, UsageError
from nokturn.generation.loops import Loops
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony, pitch_class
from nokturn.music.pitch import Key
from nokturn.music.rhythm import Rhythm
from nokturn.music.score import Notes, notes_of
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter
from nokturn.music.voicing import Played

PLAN = (0, 1, 0, 3, 4, 5, 0, 7)  # which earlier bar each bar of a phrase is like
LOW, HIGH = 60, 84  # C4, C6
GRID = 3  # steps: sixteenths
SHORT = STEPS // 2  # what is longer is a chord tone
LEAP = 7  # semitones; wider steps are rarer than in what was learned,
FAR = 0.5  # by so many nats a semitone
NEAR = 0.7  # the same for each semitone that a note of a repeated bar is moved
SAME, AGAIN = 0.8, 2.0  # nats by which a pitch is rarer that just came, and that came twice
LIVELY = 1.5  # nats by which sixteenths are rarer
MOST_BARS = 64
TICK = TICKS_PER_QUARTER // STEPS
VELOCITY = 78

Change = tuple[int, Harmony]  # step, chord that begins there


def drawn_melody(
    file: ModelFile,
    chords: Sequence[Played],
    *,
    key: Key,
    bars: int,
    rng: np.random.Generator,
    meter: Meter = COMMON_TIME,
    sampling: Sampling | None = None,
    low: int = LOW,
    high: int = HIGH,
    rhythm: Rhythm | None = None,
    theme: Notes | None = None,
) -> Notes:
    """Return a melody of so many bars, ticks counted from their beginning.

    Parameters
    ----------
    file
        A model over the encoding ``melody_over_chords``.
    chords
        Played round and round.
    key
        Of the chords.
    bars
        1-64.
    meter
        One that the encoding has a symbol for.
    sampling
        How symbols are drawn; by default a little likelier than learned.
    low, high
        MIDI pitches that no note leaves, an octave and a half apart or more.
    rhythm
        When notes begin and end, played round and round; None = the network says that, too.
    theme
        A melody drawn before over the same chords, to be varied.

    Raises
    ------
    UsageError
        The model learned something else, there is no symbol for the meter, too many bars.
    InputError
        There is no chord.
    """
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    if not isinstance(encoding, MelodyOverChords):
        raise UsageError(
            f"The model writes {file.encoding}, not melodies over chords.",
            "Use one that was trained by recipes/lofi-melody.toml.",
        )
    sign = f"{meter.numerator}/{meter.denominator}"
    if sign not in encoding.vocabulary:
        known = ", ".join(name for name in encoding.vocabulary if "/" in name)
        raise UsageError(f"The melody network knows no {sign}.", f"It knows {known}.")
    if not 1 <= bars <= MOST_BARS:
        raise UsageError(f"A melody of {bars} bars cannot be drawn.", f"Ask for 1 to {MOST_BARS}.")
    if not any(chord.harmony and chord.duration > 0 for chord in chords):
        raise InputError("there are no chords to sing over.", "Write some: ii V I in C.")
    with threadpool_limits(limits=1):
        drawing = _Drawing(file, encoding, rng, sampling or Sampling(), meter, key, (low, high))
        if rhythm is not None:
            drawing.shape = drawing.bars_of(rhythm.over(bars * int(meter.bar_ticks)).played([(0,)]))
        if theme is not None:
            drawing.theme = drawing.bars_of(theme)
        return drawing.sing(_changes(chords, bars, meter), bars)


def _changes(chords: Sequence[Played], bars: int, meter: Meter) -> list[Change]:
    """Return the steps at which chords begin; silence goes on with the chord before."""
    end, at = bars * int(meter.bar_ticks), 0
    found: list[Change] = []
    while at < end:
        for harmony, ticks in chords:
            if harmony and ticks > 0 and at < end:
                found.append((round(at / TICK) if found else 0, harmony))
            at += round(ticks)
    return found


class _Drawing:
    """One melody in the making; times are steps, pitches have the tonic for C."""

    def __init__(
        self,
        file: ModelFile,
        encoding: MelodyOverChords,
        rng: np.random.Generator,
        sampling: Sampling,
        meter: Meter,
        key: Key,
        reach: tuple[int, int],
    ) -> None:
        self.rng, self.sampling, self.key = rng, sampling, key
        self.stream, self.tracker = file.model.begin(rng), encoding.tracker()
        self.names = encoding.vocabulary
        self.ids = {name: i for i, name in enumerate(self.names)}
        self.bar = int(meter.bar_ticks) // TICK
        self.beats = {int(at) // TICK for at in accumulate(meter.beats, initial=0)}
        self.notes = [name for name in self.names if name[0] == "n"]
        self.lift = (key.tonic_class + 6) % 12 - 6  # semitones from C to the tonic
        self.low, self.high = reach[0] - self.lift, reach[1] - self.lift
        self.pitch, self.rested, self.again = MIDDLE, True, False
        self.loops = Loops()
        self.sung: list[Sung] = []
        self.shape: dict[int, list[Sung]] = {}
        self.theme: dict[int, list[Sung]] = {}
        self._feed(self.names[BOUNDARY])
        self._feed(f"{meter.numerator}/{meter.denominator}")
        self._feed("minor" if key.minor else "major")

    def bars_of(self, notes: Notes) -> dict[int, list[Sung]]:
        """Return the bars of a line, onsets counted in the bar, rests filled in."""
        found: dict[int, list[Sung]] = {}
        for onset, duration, pitch, _ in notes.tolist():
            number, at = divmod(onset // TICK, self.bar)
            row = found.setdefault(number, [])
            row += _rest(row, at)
            row.append(Sung(at, max(1, duration // TICK), pitch - self.lift))
        return {number: row + _rest(row, self.bar) for number, row in found.items()}

    def sing(self, changes: Sequence[Change], bars: int) -> Notes:
        """Return the notes over chords that begin at these steps."""
        self.changes, self.end = changes, bars * self.bar
        signs = _without_repeats(
            [(at, chord_sign(harmony, self.key.tonic_class)) for at, harmony in changes]
        )
        following = [*(sign for _, sign in signs[1:]), NO_CHORD]
        self.waiting = deque(zip((at for at, _ in signs), following, strict=True))
        self._feed(signs[0][1])
        self.plan = [8 * (k // 8) + PLAN[k % 8] for k in range(bars)]
        self.fixed = {k for k, like in enumerate(self.plan) if self.plan.count(like) > 1}
        at = 0
        while at < self.end:
            number, place = divmod(at, self.bar)
            asked = self._asked(number) if not place else []
            for one, near in asked:
                home = number % 4 == 3 and one == asked[-1][0]
                at = self._next(at, one, near, home=home)
            if not asked:
                at = self._next(at)
        return notes_of(
            [
                (one.onset * TICK, one.duration * TICK, one.pitch + self.lift, VELOCITY)
                for one in self.sung
                if one.pitch is not None
            ]
        )

    def _asked(self, number: int) -> list[tuple[Sung, int | None]]:
        """Return the notes and rests that a bar is to have, and the pitch that each is to be near.

        Empty where the network is free.
        """
        first = self.plan[number]
        like: list[Sung] = []
        if number in self.fixed:
            like = self.theme.get(first) or [
                one._replace(onset=one.onset % self.bar)
                for one in self.sung
                if one.onset // self.bar == first
            ]
        heights = {one.onset: one.pitch for one in like}
        row = (self.shape.get(number) or _rest([], self.bar)) if self.shape else like
        return [(one, heights.get(one.onset)) for one in row]

    def _next(
        self, at: int, asked: Sung | None = None, near: int | None = None, *, home: bool = False
    ) -> int:
        """Draw a note or a rest that begins at a step; return where the next begins."""
        while self.waiting and self.waiting[0][0] <= at:
            self._feed(self.waiting.popleft()[1])
        tones = _classes(self._chord(at), self.key, triad=home)
        if asked and asked.pitch is None:
            name = REST
        else:
            strong = at % self.bar in self.beats or home
            strong = strong or (asked is not None and asked.duration > SHORT)
            ways = self._heights(tones if strong else frozenset(range(12)), near)
            name = self._drawn(ways if asked or self.rested else ways | {REST: 0.0})
        self._feed(name)
        pitch = None if name == REST else moved(self.pitch, name)
        self.again = pitch is not None and pitch == self.pitch
        self.pitch, self.rested = (self.pitch if pitch is None else pitch), pitch is None
        most = self._most(at)
        ways = self._lengths(at, most, pitch is None, pitch is not None and pitch % 12 in tones)
        length = self._drawn({f"d{min(asked.duration, most)}": 0.0} if asked else ways)
        self._feed(length)
        self.sung.append(Sung(at, int(length[1:]), pitch))
        return at + int(length[1:])

    def _chord(self, at: int) -> Harmony:
        return [harmony for start, harmony in self.changes if start <= at][-1]

    def _heights(self, classes: frozenset[int], near: int | None) -> dict[str, float]:
        """Return the notes of some pitch classes, and by how many nats they are rarer."""
        ways: dict[str, float] = {}
        for name in self.notes:
            pitch = moved(self.pitch, name)
            if self.low <= pitch <= self.high and pitch % 12 in classes:
                far = max(0, abs(pitch - self.pitch) - LEAP)
                ways[name] = FAR * far + (SAME + AGAIN * self.again) * (pitch == self.pitch)
                ways[name] += NEAR * abs(pitch - near) if near is not None else 0
        return ways

    def _most(self, at: int) -> int:
        """Return the steps that are left for a note: what is repeated begins with its bar."""
        over = (at // self.bar + 1) * self.bar
        free = not self.shape and over // self.bar not in self.fixed
        return min(self.end, at + self.bar if free else over) - at

    def _lengths(self, at: int, most: int, rest: bool, tone: bool) -> dict[str, float]:
        """Return how long a note or rest may last; what is no chord tone is short."""
        longest = min(most, max(GRID, self.bar // 2) if rest else most if tone else SHORT)
        return {
            f"d{steps}": LIVELY * (steps < SHORT or (at + steps) % SHORT > 0)
            for steps in range(GRID, longest + 1, GRID)
        }

    def _drawn(self, ways: dict[str, float]) -> str:
        """Return one of some symbols, each rarer by so many nats than the network has it."""
        logits = np.array(self.logits, dtype=np.float32)
        ids = [self.ids[name] for name in ways]
        logits[ids] -= np.array([*ways.values()], dtype=np.float32)
        barred = {*range(len(self.names))} - {*ids}
        p = probabilities(logits, self.sampling, barred | {*self.loops.barred()})
        if not p.any():
            p = probabilities(logits, self.sampling, barred)
        return self.names[draw(p, self.rng)]

    def _feed(self, name: str) -> None:
        symbol = self.ids[name]
        self.logits = self.stream.step(symbol, self.tracker.step(symbol))
        self.loops.read(symbol)


def _rest(row: list[Sung], at: int) -> list[Sung]:
    """Return the rest between the last note of a row and a step."""
    end = row[-1].onset + row[-1].duration if row else 0
    return [Sung(end, at - end, None)] if at > end else []


def _without_repeats(signs: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return chords without those that are the same as the one before."""
    before = ["", *(sign for _, sign in signs)]
    return [one for one, last in zip(signs, before, strict=False) if one[1] != last]


def _classes(chord: Harmony, key: Key, *, triad: bool = False) -> frozenset[int]:
    """Return the pitch classes of a chord that may be held, the tonic taken for C.

    A tone a semitone above another one rubs with it when it is on top: the root over a seventh.
    With ``triad`` only root, third and fifth, where they may be held.
    """
    root = pitch_class(chord.root) - key.tonic_class
    found = {(root + size) % 12 for _, size in tones(chord.quality)}
    clear = {pitch for pitch in found if (pitch - 1) % 12 not in found}
    inner = {(root + size) % 12 for letters, size in tones(chord.quality) if letters in (0, 2, 4)}
    return frozenset((clear & inner if triad else clear) or found)
