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

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from nokturn.errors import InputError
from nokturn.generation import _chord_tables as tables
from nokturn.generation._chord_slots import Slot, lead_voice, slots, timed, written_states
from nokturn.generation._chord_states import QUALITIES, STATES, named
from nokturn.models._hidden import likeliest
from nokturn.music.harmony import Harmony
from nokturn.music.pitch import Key
from nokturn.music.sheet import Bar, Sheet
from nokturn.music.time import Ticks

TRUST = 20.0  # counted chords and notes weigh as much as the table when there are so many
KEENNESS = 0.8  # how much a quarter note says; 1 = each on its own, less as neighbours agree


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
        modes: dict[str, tables.Tables] | None = None,
        *,
        trust: float = TRUST,
        keenness: float = KEENNESS,
    ) -> None:
        self.keenness = keenness
        self._moved: dict[tuple[str, int], tables.Tables] = {}
        self.modes = {mode: tables.built_in(mode) for mode in tables.SCALES}
        for mode, counts in (modes or {}).items():
            self.modes[mode] = tables.together(counts, self.modes[mode], trust)

    @classmethod
    def learned(
        cls, sheets: Iterable[Sheet], *, trust: float = TRUST, keenness: float = KEENNESS
    ) -> Harmoniser:
        """Return what tunes with chord symbols teach; those without any are passed over."""
        counts = {mode: tables.nothing() for mode in tables.SCALES}
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

    def _in(self, key: Key) -> tables.Tables:
        """Return the tables of a key, absolute: root 0 is C."""
        mode, tonic = tables.mode_of(key), key.tonic_class
        if (mode, tonic) not in self._moved:
            self._moved[mode, tonic] = tables.moved(self.modes[mode], tonic)
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
            event._replace(chord=written.get((b, at), "") if v == lead else "")
            for at, event in timed(voice)
        ]
        for v, voice in enumerate(bar.voices)
    ]
    return replace(bar, voices=voices)


def _count(sheet: Sheet, counts: dict[str, tables.Tables]) -> None:
    """Add what a tune with chord symbols has to the counts of its modes."""
    row = slots(sheet)
    written = written_states(sheet, row)
    before: int | None = None
    for slot, state in zip(row, written, strict=True):
        if state is None:
            continue
        mine, tonic = counts[tables.mode_of(slot.key)], len(QUALITIES) * slot.key.tonic_class
        here = (state - tonic) % STATES
        mine.notes[here] += np.roll(slot.notes, -slot.key.tonic_class)
        if before is None:
            mine.begins[here] += 1
        else:
            mine.moves[slot.place, (before - tonic) % STATES, here] += 1
        before = state
    if before is not None:
        counts[tables.mode_of(row[-1].key)].ends[
            (before - len(QUALITIES) * row[-1].key.tonic_class) % STATES
        ] += 1
