"""Divide a track's notes between two hands, and between voices that never overlap.

Notes that begin and end together are one chord. A voice takes the next chord that begins when its
last has ended, the nearest in pitch first; so a staff gets as few voices as its notes allow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from nokturn.music._quantise import Note
from nokturn.music.pitch import Pitch
from nokturn.music.time import Ticks

SPLITS = tuple(range(45, 76, 3))  # MIDI pitches at which the left hand may end and the right begin
KEYBOARDS = {*range(8), *range(16, 21), 46}  # pianos, organs, harp
MAX_VOICES = 16  # on a staff; what sounds beyond is cut short, or left out
SPAN = 14  # semitones that a hand holds: a ninth


@dataclass(slots=True)
class Chord:
    """Notes that begin and end together, low to high.

    ``sources`` says for each pitch which of the track's notes it stands for, ``grace_sources`` for
    each grace note.
    """

    onset: Ticks
    end: Ticks
    pitches: list[int]
    graces: list[int] = field(default_factory=list)
    spelled: tuple[Pitch, ...] = ()
    spelled_graces: tuple[Pitch, ...] = ()
    sources: dict[int, tuple[int, ...]] = field(default_factory=dict)
    grace_sources: list[tuple[int, ...]] = field(default_factory=list)


def hands(notes: list[Note]) -> list[list[Note]]:
    """Return a keyboard's notes staff by staff: one, or two where they lie too far apart."""
    if not _needs_two(notes):
        return [notes]
    upper: list[Note] = []
    lower: list[Note] = []
    slices = [list(group) for _, group in groupby(notes, key=lambda note: note.onset)]
    for group, split in zip(slices, _splits(slices), strict=True):
        for note in group:
            (upper if note.pitch >= split else lower).append(note)
    return [upper, lower]


def _needs_two(notes: list[Note]) -> bool:
    pitches = sorted(note.pitch for note in notes)
    low, high = pitches[len(pitches) // 20], pitches[-1 - len(pitches) // 20]
    return low < 55 and high > 64 and high - low > 19


def _splits(slices: list[list[Note]]) -> list[int]:
    """Return the pitch at which the hands divide in each slice: cheap, and seldom moving."""
    costs = [0.5 * abs(split - 60) for split in SPLITS]
    backs: list[list[int]] = []
    for group in slices:
        here = _slice_costs([note.pitch for note in group])
        steps = [_cheapest(costs, i) for i in range(len(SPLITS))]
        costs = [cost + here[i] for i, (cost, _) in enumerate(steps)]
        back = [origin for _, origin in steps]
        backs.append(back)
    at = min(range(len(SPLITS)), key=costs.__getitem__)
    found = []
    for back in reversed(backs):
        found.append(SPLITS[at])
        at = back[at]
    return found[::-1]


def _cheapest(costs: list[float], to: int) -> tuple[float, int]:
    """Return what it costs at least to come to a split from one nearby, and which that is."""
    near = range(max(0, to - 2), min(len(SPLITS), to + 3))
    return min((costs[i] + 3 * abs(i - to), i) for i in near)


def _slice_costs(pitches: list[int]) -> list[float]:
    """Return what each split costs one slice: stretched hands, and notes near to the division."""
    low, high = pitches[0], pitches[-1]
    costs = []
    for split in SPLITS:
        cost = 0.1 * abs(split - 60)
        at = bisect_left(pitches, split)
        if at:
            cost += 2 * max(0, pitches[at - 1] - low - SPAN) + 0.3 * max(0, pitches[at - 1] - 60)
            cost += max(0, 4 - (split - pitches[at - 1])) * 0.5
        if at < len(pitches):
            cost += 2 * max(0, high - pitches[at] - SPAN) + 0.3 * max(0, 60 - pitches[at])
        costs.append(cost)
    return costs


def chords(notes: Iterable[Note]) -> list[Chord]:
    """Return notes as chords in order; a pitch twice in one chord makes a second chord.

    Grace notes go to the highest chord that begins where they lead to.
    """
    found: list[Chord] = []
    for onset, group in groupby(notes, key=lambda note: note.onset):
        here: list[Chord] = []
        graces: list[Note] = []
        for note in group:
            _, end, pitch, sources = note
            if end == onset:
                graces.append(note)
                continue
            chord = next((c for c in here if c.end == end and pitch not in c.pitches), None)
            if chord:
                chord.pitches.append(pitch)
            elif len(here) < MAX_VOICES:
                chord = Chord(onset, end, [pitch])
                here.append(chord)
            if chord:
                chord.sources[pitch] = sources
        if not here and graces:
            last = graces.pop()
            here = [Chord(onset, onset + 60, [last.pitch], sources={last.pitch: last.sources})]
        for chord in here:
            chord.pitches.sort()
        here.sort(key=lambda chord: -chord.pitches[-1])
        if graces:
            here[0].graces = [note.pitch for note in graces]
            here[0].grace_sources = [note.sources for note in graces]
        found += here
    return found


def voices(line: list[Chord]) -> list[list[Chord]]:
    """Return chords (in order of onset, the highest first) as voices that do not overlap."""
    found: list[list[Chord]] = []
    for chord in line:
        best, least = -1, 0.0
        for index, voice in enumerate(found):
            last = voice[-1]
            if last.end > chord.onset:
                continue
            cost = 3 * index + 0.4 * min(12, abs(last.pitches[-1] - chord.pitches[-1]))
            cost += 0 if last.end == chord.onset else 2
            if best < 0 or cost < least:
                best, least = index, cost
        if best < 0 and len(found) == MAX_VOICES:
            _squeeze(found, chord)
        elif best < 0:
            found.append([chord])
        else:
            found[best].append(chord)
    return found


def _squeeze(found: list[list[Chord]], chord: Chord) -> None:
    """Give a chord the voice that would end first, cut short; leave it out where all begin here."""
    longer = [voice for voice in found if voice[-1].onset < chord.onset]
    if longer:
        voice = min(longer, key=lambda voice: voice[-1].end)
        voice[-1].end = chord.onset
        voice.append(chord)
