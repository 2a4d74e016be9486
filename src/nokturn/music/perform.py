"""Perform: play what is written. Sheet -> Score.

Repeats, endings, part order, da capo are played out; tied notes become one; each part becomes
one track. By default the playing is lightly shaped: the meter is accented, staccato notes are
short, dynamic marks count, grace notes take a little of the note they lead to. With ``as_written``
it is what stands on paper: full durations, one velocity, no grace notes.

    >>> from nokturn.music.sheet import Bar, Event, Sheet
    >>> from nokturn.music.pitch import Pitch
    >>> bar = Bar([[Event(480, (Pitch(0),)), Event(480, (Pitch(2),))]], repeat_end=2)
    >>> perform(Sheet([bar])).tracks[0].notes["onset"].tolist()
    [0, 480, 960, 1440]

`performed` tells beside the score which written notes each sounding one comes from, and which bars
are played when: what a screen needs to show where the music is.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate

import numpy as np

from nokturn.music.alignment import Alignment, Where, whole_bars
from nokturn.music.pitch import Key
from nokturn.music.score import NOTE, Score, Track
from nokturn.music.sheet import Bar, Event, Sheet
from nokturn.music.time import TICKS_PER_QUARTER, WHOLE, Meter, Ticks, exact
from nokturn.music.unfold import playing_order

VELOCITY = 80
DYNAMICS = {
    "pppp": 20, "ppp": 28, "pp": 40, "p": 54, "mp": 67,
    "mf": 80, "f": 95, "ff": 110, "fff": 120, "ffff": 127, "sfz": 110,
}  # fmt: skip
ACCENTS = {"accent": 14, ">": 14, "emphasis": 14, "L": 14, "marcato": 18, "^": 18}
GRACE_TICKS = 60  # a 32nd each, or less where the note is short


def perform(
    sheet: Sheet,
    *,
    as_written: bool = False,
    repeats: bool = True,
    ticks_per_quarter: int = TICKS_PER_QUARTER,
) -> Score:
    """Return what a sheet sounds like.

    Parameters
    ----------
    as_written
        Exactly the durations that are written, all at velocity 80, without grace notes.
    repeats
        Play repeats, endings and jumps; without, the bars go by once as they stand.
    ticks_per_quarter
        Grid of the score. Onsets and ends are rounded to it, never summed up rounded.

    Raises
    ------
    LimitError
        Where the repeats would make more than 20,000 bars.
    """
    return performed(
        sheet, as_written=as_written, repeats=repeats, ticks_per_quarter=ticks_per_quarter
    ).score


def performed(
    sheet: Sheet,
    *,
    as_written: bool = False,
    repeats: bool = True,
    ticks_per_quarter: int = TICKS_PER_QUARTER,
) -> Alignment:
    """Return what a sheet sounds like, and where each note of it is written; see `perform`."""
    order = playing_order(sheet) if repeats else list(range(len(sheet.bars)))
    lengths = [sheet.bars[i].length for i in order]
    starts = [0, *accumulate(lengths)]
    scale = Fraction(ticks_per_quarter, TICKS_PER_QUARTER)
    players = [_Player(as_written) for _ in sheet.voices]
    meters = list(sheet.meters())
    for i, start in zip(order, starts, strict=False):
        for voice, player in enumerate(players):
            if voice < len(sheet.bars[i].voices):
                player.play(sheet.bars[i].voices[voice], start, meters[i], (i, voice))
    score = Score(title=sheet.title, ticks_per_quarter=ticks_per_quarter)
    score.length = _rounded(starts[-1], scale)
    score.tracks, where = _tracks(sheet, players, scale)
    score.meters = [
        (_rounded(at, scale), meter) for at, meter in _meter_changes(order, starts, lengths, meters)
    ]
    keys = list(sheet.keys())
    score.keys = _changes(
        (at, key)
        for i, start in zip(order, starts, strict=False)
        for at, key in _key_changes(sheet.bars[i], keys[i], start, scale)
    )
    score.tempos = _tempos(sheet, order, starts, scale)
    return Alignment(sheet, score, order, where)


class _Player:
    """Turns the events of one voice, bar after bar, into notes."""

    def __init__(self, as_written: bool) -> None:
        self.as_written = as_written
        self.notes: list[tuple[Ticks, Ticks, int, int]] = []  # onset, end, pitch, velocity
        self.where: list[list[Where]] = []  # of each note
        self.tied: dict[int, int] = {}  # pitch -> index of the note that goes on
        self.level = VELOCITY

    def play(self, events: list[Event], start: Ticks, meter: Meter, where: Where) -> None:
        """Play one bar of the voice; ``where`` are both their indices in the sheet."""
        strong = set() if self.as_written else set(accumulate(meter.beats, initial=0))
        offset: Ticks = 0
        for number, event in enumerate(events):
            if event.pitches:
                velocity = self._velocity(event, offset, strong)
                self._sound(event, start + offset, velocity, (*where, number))
            else:
                self.tied = {}
            offset += event.duration

    def _velocity(self, event: Event, offset: Ticks, strong: set[Ticks]) -> int:
        if self.as_written:
            return VELOCITY
        accent = 0
        for name in event.decorations:
            self.level = DYNAMICS.get(name, self.level)
            accent = max(accent, ACCENTS.get(name, 0))
        if offset == 0:
            accent += 10
        elif offset in strong:
            accent += 4
        return max(1, min(127, self.level + accent))

    def _sound(self, event: Event, onset: Ticks, velocity: int, where: Where) -> None:
        end = onset + event.duration
        if event.graces and not self.as_written:
            onset = self._graces(event, onset, velocity, where)
        off = end
        if "staccato" in event.decorations and not self.as_written:
            off = onset + (end - onset) * Fraction(1, 2)
        tied: dict[int, int] = {}
        for k, spelled in enumerate(event.pitches):
            pitch = _in_range(spelled.midi)
            goes_on = k < len(event.ties) and event.ties[k]
            at = self.tied.get(pitch)
            if at is not None and self.notes[at][1] == end - event.duration:
                begun = self.notes[at]
                self.notes[at] = (begun[0], end, pitch, begun[3])
                self.where[at].append((*where, k))
            else:
                at = len(self.notes)
                self.notes.append((onset, end if goes_on else off, pitch, velocity))
                self.where.append([(*where, k)])
            if goes_on:
                tied[pitch] = at
        self.tied = tied

    def _graces(self, event: Event, onset: Ticks, velocity: int, where: Where) -> Ticks:
        """Play the grace notes from the onset on; return where the note itself begins."""
        each = min(Fraction(GRACE_TICKS), Fraction(event.duration, 2) / len(event.graces))
        for number, grace in enumerate(event.graces):
            for k, spelled in enumerate(grace.pitches):
                row = (onset, exact(onset + each), _in_range(spelled.midi), max(1, velocity - 12))
                self.notes.append(row)
                self.where.append([(*where, k, number)])
            onset = exact(onset + each)
        return onset


def _in_range(pitch: int) -> int:
    """Return a MIDI pitch moved by octaves into 0-127."""
    while pitch < 0:
        pitch += 12
    while pitch > 127:
        pitch -= 12
    return pitch


def _rounded(ticks: Ticks, scale: Fraction) -> int:
    return ticks if scale == 1 and type(ticks) is int else round(ticks * scale)


def _tracks(
    sheet: Sheet, players: list[_Player], scale: Fraction
) -> tuple[list[Track], list[list[list[Where]]]]:
    """Return one track a part, its voices together, and where their notes are written."""
    tracks, found = [], []
    for part in dict.fromkeys(voice.part for voice in sheet.voices):
        rows: list[tuple[int, int, int, int]] = []
        where: list[list[Where]] = []
        first = next(voice for voice in sheet.voices if voice.part == part)
        for voice, player in zip(sheet.voices, players, strict=True):
            if voice.part == part:
                for onset, end, pitch, velocity in player.notes:
                    begin = _rounded(onset, scale)
                    rows.append((begin, max(1, _rounded(end, scale) - begin), pitch, velocity))
                where += player.where
        notes = np.array(rows, dtype=NOTE)
        inorder = np.lexsort((notes["duration"], notes["pitch"], notes["onset"]))
        tracks.append(Track(notes[inorder], first.name, first.program, first.drums))
        found.append([where[k] for k in inorder.tolist()])
    return tracks, found


def _meter_changes(
    order: list[int], starts: list[Ticks], lengths: list[Ticks], meters: list[Meter]
) -> Iterator[tuple[Ticks, Meter]]:
    """Yield the meter changes that put a bar line where the music has one.

    Two short bars in a row that make a full one (around a repeat sign) are one bar. Any other
    bar of odd length, such as a pickup, gets a meter of its own, as notation programs write it.
    """
    last: Meter | None = None
    for first, _, held in whole_bars(order, lengths, meters):
        nominal = meters[order[first]]
        meter = nominal if held in (nominal.bar_ticks, 0) else _meter_of(held, nominal)
        if meter != last:
            yield starts[first], meter
            last = meter


def _meter_of(length: Ticks, nominal: Meter) -> Meter:
    """Return a meter whose bar is this long; the nominal one if that takes less than a 64th."""
    for denominator in (nominal.denominator, 8, 16, 32, 64):
        beats = Fraction(length) * denominator / WHOLE
        if denominator >= nominal.denominator and beats.denominator == 1 and 0 < beats < 256:
            return Meter(int(beats), denominator)
    return nominal


def _key_changes(bar: Bar, key: Key, start: Ticks, scale: Fraction) -> Iterator[tuple[int, Key]]:
    yield _rounded(start, scale), key
    for offset, change in sorted(bar.keys.items()):
        if offset:
            yield _rounded(start + offset, scale), change


def _changes(rows: Iterator[tuple[int, Key]]) -> list[tuple[int, Key]]:
    """Return those rows that change something; of several at one tick the last."""
    kept: list[tuple[int, Key]] = []
    for tick, key in rows:
        if kept and kept[-1][0] == tick:
            kept.pop()
        if not kept or kept[-1][1] != key:
            kept.append((tick, key))
    return kept


def _tempos(
    sheet: Sheet, order: list[int], starts: list[Ticks], scale: Fraction
) -> list[tuple[int, float]]:
    """Return the tempo changes; where the playing jumps back, the tempo that holds there."""
    holding: list[float] = []
    qpm = 0.0
    for bar in sheet.bars:
        holding.append(qpm)
        for _, tempo in sorted(bar.tempos.items()):
            qpm = tempo.qpm or qpm
    first = next((t.qpm for bar in sheet.bars for t in bar.tempos.values() if t.qpm), 0.0)
    tempos: list[tuple[int, float]] = []

    def put(tick: Ticks, qpm: float) -> None:
        at = _rounded(tick, scale)
        if tempos and tempos[-1][0] == at:
            tempos.pop()
        if qpm and (not tempos or tempos[-1][1] != qpm):
            tempos.append((at, qpm))

    for i, start in zip(order, starts, strict=False):
        put(start, holding[i] or first)
        for offset, tempo in sorted(sheet.bars[i].tempos.items()):
            put(start + offset, tempo.qpm)
    return tempos
