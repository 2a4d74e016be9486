"""Harmonise: find chords for a melody.

    C E G E | D F B G | C4   ->   "C" CEGE | "G7" DFBG | "C" C4

A hidden chain whose states nobody wrote down: the chords. Each chord makes some notes of the melody
likely and some chords after it; Viterbi's algorithm finds the chords that together explain the
melody best. A chord is a root and one of major, minor, seventh, diminished; it may change at a bar
line, and in the middle of a bar of two or four beats where a note begins. What chords do is counted
in tunes that have chord symbols (`Harmoniser.learned`), on top of a small table of functions
(`_chord_tables`) that does alone, too. All is relative to the written key, or where none is, to
the one that fits best. Its weakness: it knows no inversions, and phrases only as four bars counted
from where a section begins; and where a note is held over the middle of a bar the chord is, too.

Source: Simon, Morris and Basu, 'MySong: Automatic Accompaniment Generation for Vocal Melodies',
2008; we also let the place in the bar say how likely a change is, and shift all to one tonic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError
from nokturn.generation import _chord_tables as tables
from nokturn.generation._chord_tables import QUALITIES, STATES
from nokturn.models._hidden import likeliest
from nokturn.music import harmony
from nokturn.music.harmony import Harmony
from nokturn.music.key_finding import find_key
from nokturn.music.perform import perform
from nokturn.music.pitch import MODES, SEMITONES, Key
from nokturn.music.sheet import Bar, Event, Sheet
from nokturn.music.time import TICKS_PER_QUARTER, Meter, Ticks

Floats = NDArray[np.float64]
TRUST = 20.0  # counted chords and notes weigh as much as the table when there are so many
KEENNESS = 0.8  # how much a quarter note says; 1 = each on its own, less as neighbours agree
STRESS = 2.0  # how much more a note says that begins on the first beat of a bar
ON_BEAT = 1.4  # and one on another beat
PLACES = 5  # within a bar, and at the beginning of the bars of a phrase of four
_MINOR_KINDS = ("minor", "minor-seventh", "minor-sixth", "major-minor", "minor-ninth")
_PLACES = {0: 0, 7: 1, 2: 2, 9: 3, 4: 4, 11: 5, 6: 6, 5: -1, 10: -2, 3: -3, 8: -4, 1: -5}


@dataclass(frozen=True)
class Slot:
    """A stretch of a bar that has one chord.

    Attributes
    ----------
    bar, at
        Index of the bar, and ticks from its start.
    place
        0 within a bar; at a bar line 1-4, which bar it begins of a phrase of four.
    key
        That holds there; its tonic is the reference of all.
    notes
        How much of each of the twelve pitch classes is heard, weighted, (12,).
    """

    bar: int
    at: Ticks
    place: int
    key: Key
    notes: Floats


@dataclass(frozen=True)
class Tables:
    """What chords do in a mode, relative to the tonic; counts, or probabilities.

    Attributes
    ----------
    begins, ends
        Which chord comes first and last, (S,).
    moves
        What follows each chord: at each place of a slot, (5, S, S).
    notes
        What pitch classes are heard over each chord, (S, 12).
    """

    begins: Floats
    ends: Floats
    moves: Floats
    notes: Floats


class Harmoniser:
    """What is known of chords; without tunes to learn from, the table of functions.

    Parameters
    ----------
    modes
        Counts for ``major``, ``minor``, ``dorian``, ``mixolydian``, added to the table.
    trust
        How many counted chords weigh as much as the table.
    keenness
        How much a quarter note says.
    """

    def __init__(
        self,
        modes: dict[str, Tables] | None = None,
        *,
        trust: float = TRUST,
        keenness: float = KEENNESS,
    ) -> None:
        self.keenness = keenness
        self._moved: dict[tuple[str, int], Tables] = {}
        self.modes = {mode: _built_in(mode) for mode in tables.SCALES}
        for mode, counts in (modes or {}).items():
            self.modes[mode] = _together(counts, self.modes[mode], trust)

    @classmethod
    def learned(
        cls, sheets: Iterable[Sheet], *, trust: float = TRUST, keenness: float = KEENNESS
    ) -> Harmoniser:
        """Return what tunes with chord symbols teach; those without any are passed over."""
        counts = {mode: _nothing() for mode in tables.SCALES}
        for sheet in sheets:
            _count(sheet, counts)
        return cls(counts, trust=trust, keenness=keenness)

    def chords(self, sheet: Sheet) -> list[tuple[Slot, Harmony]]:
        """Return the likeliest chord of each stretch of a sheet, in order.

        Raises
        ------
        InputError
            There is no note, or only drums.
        """
        row = slots(sheet)
        if not any(slot.notes.any() for slot in row):
            only = "only drums" if any(voice.drums for voice in sheet.voices) else "no notes"
            raise InputError(f"there are {only} to find chords for.", "Give a melody.")
        known = [self._in(slot.key) for slot in row]
        heard = np.array(
            [self.keenness * np.log(k.notes) @ s.notes for s, k in zip(row, known, strict=True)]
        )
        heard[-1] += np.log(known[-1].ends)
        moves = (np.log(k.moves[s.place]) for s, k in zip(row[1:], known[1:], strict=True))
        path = likeliest(np.log(known[0].begins), moves, heard)
        return [(slot, named(int(state), slot.key)) for slot, state in zip(row, path, strict=True)]

    def _in(self, key: Key) -> Tables:
        """Return the tables of a key, absolute: root 0 is C."""
        mode, tonic = mode_of(key), key.tonic_class
        if (mode, tonic) not in self._moved:
            self._moved[mode, tonic] = _moved(self.modes[mode], tonic)
        return self._moved[mode, tonic]


def harmonised(sheet: Sheet, harmoniser: Harmoniser | None = None) -> Sheet:
    """Return the sheet with chord symbols, in place of those that it may have.

    A symbol stands where the chord changes, and at the beginning of each section.

    Raises
    ------
    InputError
        There is no note, or only drums.
    """
    written: dict[tuple[int, Ticks], str] = {}
    last = ""
    for slot, chord in (harmoniser or Harmoniser()).chords(sheet):
        bar = sheet.bars[slot.bar]
        opens = slot.place and (bar.repeat_start or bar.ending or bar.label)
        if str(chord) != last or opens:
            written[slot.bar, slot.at] = last = str(chord)
    lead = lead_voice(sheet)
    bars = [_with_chords(bar, b, lead, written) for b, bar in enumerate(sheet.bars)]
    return replace(sheet, bars=bars)


def _with_chords(bar: Bar, b: int, lead: int, written: dict[tuple[int, Ticks], str]) -> Bar:
    voices = [
        [
            replace(event, chord=written.get((b, at), "") if v == lead else "")
            for at, event in _timed(voice)
        ]
        for v, voice in enumerate(bar.voices)
    ]
    return replace(bar, voices=voices)


def slots(sheet: Sheet) -> list[Slot]:
    """Return the stretches of a sheet that have one chord each, in order; a pickup has none."""
    lead = lead_voice(sheet)
    unkeyed = None if _known(sheet.key) else find_key(perform(sheet, repeats=False))
    row = []
    rows = zip(sheet.bars, sheet.meters(), sheet.keys(), _places(sheet), strict=True)
    for b, (bar, meter, key, place) in enumerate(rows):
        if b == 0 and len(sheet.bars) > 1 and 2 * bar.length <= meter.bar_ticks:
            continue
        key = key if _known(key) else unkeyed or Key()
        starts = _starts(bar, meter, lead)
        for at, end in pairwise([*starts, bar.length]):
            heard = _heard(sheet, bar, meter, at, end)
            row.append(Slot(b, at, 0 if at else place, key, heard))
    return row


def _places(sheet: Sheet) -> Iterator[int]:
    """Yield for each bar which of a phrase of four it is, 1-4, counted from the section's start."""
    count = forked = 0
    before = Bar([])
    for bar, meter in zip(sheet.bars, sheet.meters(), strict=True):
        if bar.repeat_start or bar.label or before.line in ("double", "final", "heavy-light"):
            count = 0
        if before.repeat_end and not bar.ending:
            count = 0
        if bar.ending:
            forked = count if 1 in bar.ending else forked
            count = forked
        yield count % 4 + 1
        count += 2 * bar.length > meter.bar_ticks  # a pickup is none
        before = bar


def lead_voice(sheet: Sheet) -> int:
    """Return which voice the chord symbols stand over: the first that is no drum."""
    return next((v for v, voice in enumerate(sheet.voices) if not voice.drums), 0)


def _starts(bar: Bar, meter: Meter, lead: int) -> list[Ticks]:
    """Return where in a bar a chord may begin: at its start, and in its middle at a note."""
    onsets = [at for at, _ in _timed(bar.voices[lead])] if lead < len(bar.voices) else []
    if not onsets or not bar.length:
        return []
    middle = sum(meter.beats[: len(meter.beats) // 2])
    halves = len(meter.beats) % 2 == 0 and middle in onsets and middle < bar.length
    return [0, middle] if halves and middle else [0]


def _heard(sheet: Sheet, bar: Bar, meter: Meter, start: Ticks, end: Ticks) -> Floats:
    """Return the weight of each pitch class in a part of a bar, (12,), in quarter notes."""
    heard = np.zeros(12)
    beats = {sum(meter.beats[:k]) for k in range(len(meter.beats))}
    for voice, events in zip(sheet.voices, bar.voices, strict=False):
        for at, event in _timed(events) if not voice.drums else ():
            length = min(at + event.duration, end) - max(at, start)
            if length > 0:
                stress = STRESS if at == 0 else ON_BEAT if at in beats else 1.0
                for pitch in event.pitches:
                    heard[pitch.midi % 12] += stress * float(length) / TICKS_PER_QUARTER
    return heard


def _timed(events: list[Event]) -> Iterator[tuple[Ticks, Event]]:
    """Yield events with their ticks from the start of the bar."""
    at: Ticks = 0
    for event in events:
        yield at, event
        at += event.duration


def _known(key: Key) -> bool:
    return key.mode in MODES


def mode_of(key: Key) -> str:
    """Return the mode whose table a key has: major, minor, dorian or mixolydian."""
    if key.mode in tables.SCALES:
        return key.mode
    return "minor" if key.minor else "major"


def named(state: int, key: Key) -> Harmony:
    """Return a state (4 x pitch class of the root + quality) as a chord symbol spelled in a key.

    >>> str(named(4 * 10, Key.parse("Dm"))), str(named(4 * 10 + 1, Key.parse("B")))
    ('Bb', 'A#m')
    """
    root, quality = divmod(state, len(QUALITIES))
    tonic = (0, 2, 4, -1, 1, 3, 5)[key.tonic] + 7 * key.alter
    place = tonic + _PLACES[(root - key.tonic_class) % 12]
    step, alter = place * 4 % 7, (place + 1) // 7
    if abs(alter) > 1:  # nobody reads a chord of B double flat
        place -= 12 if alter > 0 else -12
        step, alter = place * 4 % 7, (place + 1) // 7
    return Harmony((step, alter), QUALITIES[quality])


def state_of(chord: Harmony) -> int:
    """Return the state that a chord symbol means: its root and the nearest of four qualities.

    >>> state_of(Harmony((0, 0), "maj7")), state_of(Harmony((2, 0), "m7"))
    (0, 17)
    """
    kind = harmony.kind_of(chord.quality)
    quality = 3 if kind.startswith(("diminished", "half")) else 0
    if kind in _MINOR_KINDS or kind.startswith("minor"):
        quality = 1
    elif kind.startswith("dominant") or kind == "augmented-seventh":
        quality = 2
    root = (SEMITONES[chord.root[0]] + chord.root[1]) % 12
    return len(QUALITIES) * root + quality


def written_states(sheet: Sheet, row: list[Slot]) -> list[int | None]:
    """Return the state of the chord symbol that holds in each stretch; None before the first."""
    symbols = sorted(
        (b, at, state_of(chord))
        for b, bar in enumerate(sheet.bars)
        for voice in bar.voices
        for at, event in _timed(voice)
        if event.chord and (chord := harmony.parse(event.chord))
    )
    found: list[int | None] = []
    holding: int | None = None
    for slot in row:
        while symbols and symbols[0][:2] <= (slot.bar, slot.at):
            holding = symbols.pop(0)[2]
        found.append(holding)
    return found


def _count(sheet: Sheet, counts: dict[str, Tables]) -> None:
    """Add what a tune with chord symbols has to the counts of its modes."""
    row = slots(sheet)
    written = written_states(sheet, row)
    before: int | None = None
    for slot, state in zip(row, written, strict=True):
        if state is None:
            continue
        mine, tonic = counts[mode_of(slot.key)], len(QUALITIES) * slot.key.tonic_class
        here = (state - tonic) % STATES
        mine.notes[here] += np.roll(slot.notes, -slot.key.tonic_class)
        if before is None:
            mine.begins[here] += 1
        else:
            mine.moves[slot.place, (before - tonic) % STATES, here] += 1
        before = state
    if before is not None:
        counts[mode_of(row[-1].key)].ends[
            (before - len(QUALITIES) * row[-1].key.tonic_class) % STATES
        ] += 1


def _nothing() -> Tables:
    return Tables(
        np.zeros(STATES),
        np.zeros(STATES),
        np.zeros((PLACES, STATES, STATES)),
        np.zeros((STATES, 12)),
    )


def _built_in(mode: str) -> Tables:
    at_bar = tables.moves(mode)
    within = tables.STAYS * np.eye(STATES) + (1 - tables.STAYS) * at_bar
    return Tables(
        tables.row(tables.BEGINS[mode]),
        tables.row(tables.ENDS[mode]),
        np.stack([within] + [at_bar] * (PLACES - 1)),
        tables.notes(mode),
    )


def _together(counts: Tables, table: Tables, trust: float) -> Tables:
    """Return probabilities from counts, to which a table is added ``trust`` times."""

    def shares(counted: Floats, known: Floats) -> Floats:
        both = counted + trust * known
        return np.asarray(both / both.sum(-1, keepdims=True))

    return Tables(
        shares(counts.begins, table.begins),
        shares(counts.ends, table.ends),
        shares(counts.moves, table.moves),
        shares(counts.notes, table.notes),
    )


def _moved(known: Tables, tonic: int) -> Tables:
    """Return tables relative to C for a tonic 0-11."""
    by = len(QUALITIES) * tonic
    return Tables(
        np.roll(known.begins, by),
        np.roll(known.ends, by),
        np.roll(known.moves, (by, by), (1, 2)),
        np.roll(known.notes, (by, tonic), (0, 1)),
    )
