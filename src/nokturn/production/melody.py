"""Melodies over chords: motifs of two bars, said, answered, left and taken up again.

    A A' B A'     a motif, the same with another end, another one, the answer

A motif is a rhythm and a contour in steps of the scale; laid over other chords it keeps both. Notes
on a beat, and long ones, are chord tones; short ones between may be any note of the scale. A phrase
rises to its third quarter and comes back. `fitted` does the same with a line that somebody else
made: a network's melody is moved to the nearest notes that the chords allow. Its weakness: motifs
are drawn from a table of rhythms, and the chords are not heard before they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from nokturn.music.pitch import Key
from nokturn.music.rhythm import Rhythm
from nokturn.music.score import Notes, notes_of
from nokturn.music.time import TICKS_PER_QUARTER, Meter
from nokturn.production.patterns import Place, Rows, Span, Stroke, bars_of, strokes
from nokturn.production.scales import classes_of, clear_of, nearest, scale_of

LOW, HIGH = 66, 86  # F#4, D6
MIDDLE = 75  # Eb5
ARCH = (0, 2, 4, 1)  # semitones that the motifs of a phrase lie above the middle
LOUD, SOFT = 82, 70
ANSWERS = (1, 3)  # the motifs of a phrase that come home
SHORT = TICKS_PER_QUARTER // 2  # what is longer is a chord tone
STEPS, CHANCES = (-3, -2, -1, 0, 1, 2, 3), (0.04, 0.14, 0.27, 0.1, 0.27, 0.14, 0.04)

# First bars of motifs, quiet ones first; then their second bars, which come to rest.
OPENINGS: Rows = {
    "4/4": (
        "x-------x-----x-", "x-----x-----x---", "..x---x-x-------", "x---x---x-x-x---",
        "x---x-x---x-x---", "..x-x-x---x-x-..", "x-----x-x---x-..", "..x---x-x---x-x-",
        "x-x-x---x-x---x-", "x-xxx---x-x-x-..",
    ),
    "3/4": (
        "x-------x---", "x-----x-x---", "..x---x-x---", "x---x---x-x-", "x---x-x-x---",
        "..x-x-x-x-x-", "x-x-x---x-x-",
    ),
    "6/8": (
        "x-----x---x-", "x---x-x-----", "..x-x-x-----", "x---x-x---x-", "x-x-x-x---x-",
        "x---x-x-x-x-", "..x-x-x-x-x-",
    ),
    "5/4": (
        "x-----------x-----x-", "x---x-x-----x-------", "..x---x-x---x---x---",
        "x---x-x---x-x---x---", "..x-x-x---x-x-x-x---",
    ),
}  # fmt: skip
ENDINGS: Rows = {
    "4/4": (
        "x---------------", "x-----------....", "x-----x---------", "..x---------....",
        "x---x-----------", "x-x---------....",
    ),
    "3/4": ("x-----------", "x-------....", "x---x-------", "..x---------", "x-----x-----"),
    "6/8": ("x-----------", "x---------..", "x---x-------", "x-----x-----"),
    "5/4": (
        "x-------------------", "x-----------........", "x---x-----------....",
        "..x---------........",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Motif:
    """Two bars of strokes, and how many steps of the scale each note lies above the first."""

    bars: tuple[str, str]
    contour: tuple[int, ...]


def motif(meter: Meter, energy: float, rng: np.random.Generator) -> Motif:
    """Return a new motif; with more energy it has more notes."""
    openings, endings = bars_of(OPENINGS, meter), bars_of(ENDINGS, meter)
    reach = max(2, round(len(openings) * (0.4 + 0.6 * energy)))
    first = openings[int(rng.integers(reach))]
    bars = (first, endings[int(rng.integers(len(endings)))])
    return Motif(bars, _contour(sum(len(strokes(bar)) for bar in bars), rng))


def _contour(notes: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Return a walk that turns back after a leap and stays within five steps."""
    walk, last = [0], 0
    for _ in range(notes - 1):
        step = int(rng.choice(STEPS, p=CHANCES))
        if abs(last) > 2:
            step = -int(np.sign(last))
        if abs(walk[-1] + step) > 5:
            step = -step
        walk.append(walk[-1] + step)
        last = step
    return tuple(walk)


def varied(old: Motif, meter: Meter, rng: np.random.Generator, *, much: bool = False) -> Motif:
    """Return a motif with another ending, or with its opening ornamented, too."""
    endings = bars_of(ENDINGS, meter)
    bars = (old.bars[0], endings[int(rng.integers(len(endings)))])
    if much:
        bars = (_ornamented(old.bars[0], rng), bars[1])
    kept = max(1, min(len(strokes(old.bars[0])), len(strokes(bars[0]))) - 1)
    notes = sum(len(strokes(bar)) for bar in bars)
    tail = _contour(notes - kept + 1, rng)[1:]
    start = old.contour[kept - 1]
    contour = old.contour[:kept] + tuple(max(-5, min(5, start + step)) for step in tail)
    return Motif(bars, contour)


def _ornamented(bar: str, rng: np.random.Generator) -> str:
    """Return a bar with one long note divided."""
    long = [stroke for stroke in strokes(bar) if stroke.duration >= TICKS_PER_QUARTER]
    if not long:
        return bar
    chosen = long[int(rng.integers(len(long)))]
    at = (chosen.onset + chosen.duration // 2) // (TICKS_PER_QUARTER // 4)
    return bar[:at] + "x" + bar[at + 1 :]


def phrases(bars: int, motifs: Mapping[str, Motif]) -> Iterator[tuple[int, Motif, int]]:
    """Yield the bar, the motif and the quarter of its phrase for so many bars.

    The motifs are ``A``, ``A'``, ``B`` and ``A''``, in phrases of eight bars; a last bar that is
    left alone takes an ending.
    """
    for k, bar in enumerate(range(0, bars, 2)):
        yield bar, motifs[("A", "A'", "B", "A''")[k % 4]], k % 4


def material(meter: Meter, energy: float, rng: np.random.Generator) -> dict[str, Motif]:
    """Return the motifs of a section: one, its answers, and another one."""
    first = motif(meter, energy, rng)
    return {
        "A": first,
        "A'": varied(first, meter, rng),
        "B": motif(meter, energy, rng),
        "A''": varied(first, meter, rng),
    }


def again(old: Mapping[str, Motif], meter: Meter, rng: np.random.Generator) -> dict[str, Motif]:
    """Return the motifs of a section that comes back: some as they were, some ornamented."""
    return {
        name: varied(kept, meter, rng, much=True) if name != "A" and rng.random() < 0.6 else kept
        for name, kept in old.items()
    }


def melody(
    place: Place,
    key: Key,
    motifs: Mapping[str, Motif],
    rng: np.random.Generator,
    *,
    low: int = LOW,
    high: int = HIGH,
) -> Notes:
    """Return the notes of a melody made of motifs.

    Parameters
    ----------
    place
        The chords, and where they are; with little energy some motifs are left out.
    key
        Notes between chord tones are taken from its scale.
    low, high
        MIDI pitches that no note leaves; an octave and a half or more.
    """
    rows: list[tuple[int, int, int, int]] = []
    silent = False
    for bar, said, quarter in phrases(place.bars, motifs):
        silent = not silent and bar > 0 and rng.random() > 0.5 + 0.5 * place.energy
        if silent:
            continue
        middle = (low + high) // 2 - 3 + ARCH[quarter]
        bars = said.bars[: place.bars - bar]
        if len(bars) == 1:
            bars = said.bars[1:]
        start = place.start + bar * place.bar_ticks
        placed = [
            stroke._replace(onset=stroke.onset + start + k * place.bar_ticks)
            for k, text in enumerate(bars)
            for stroke in strokes(text)
        ]
        homeward = quarter in ANSWERS
        rows += _sung(placed, said.contour, middle, place, key, (low, high), homeward=homeward)
    return _phrased(notes_of(rows), place)


def _sung(
    line: list[Stroke],
    contour: tuple[int, ...],
    middle: int,
    place: Place,
    key: Key,
    reach: tuple[int, int],
    *,
    homeward: bool,
) -> Iterator[tuple[int, int, int, int]]:
    """Yield the notes of a motif over the chords that it meets; homeward it ends on a triad's."""
    low, high = reach
    anchor = last = repeats = 0
    for stroke, step in zip(line, contour, strict=False):
        span = place.at(stroke.onset)
        if span is None:
            continue
        scale, chord = scale_of(span.harmony, key), classes_of(span.harmony)
        allowed = chord if strong(stroke, place) else scale
        if stroke.duration > SHORT:
            allowed = clear_of(span.harmony, triad=homeward and stroke == line[-1])
        anchor = anchor or nearest(middle, chord, low=low, high=high)
        pitch = nearest(_stepped(anchor, step, scale, low, high), allowed, low=low, high=high)
        repeats = repeats + 1 if pitch == last else 0
        if repeats > 1 or (repeats and pitch % 12 not in chord):  # a passing note passes
            pitch, repeats = nearest(pitch, allowed - {pitch % 12}, low=low, high=high), 0
        last = pitch
        yield stroke.onset, _held(stroke, span, pitch, place), pitch, SOFT


def strong(stroke: Stroke, place: Place) -> bool:
    """Whether a note must be a chord tone: it is on a beat, or long."""
    in_bar = (stroke.onset - place.start) % place.bar_ticks
    return stroke.duration > SHORT or in_bar in _beats(place.meter)


def _beats(meter: Meter) -> set[int]:
    starts, at = set(), 0
    for beat in meter.beats:
        starts.add(at)
        at += int(beat)
    return starts


def _stepped(anchor: int, step: int, scale: frozenset[int], low: int, high: int) -> int:
    """Return the pitch so many steps of a scale from another one, turned back at the ends."""
    pitches = [pitch for pitch in range(low, high + 1) if pitch % 12 in scale]
    at = min(range(len(pitches)), key=lambda k: abs(pitches[k] - anchor)) + step
    top = len(pitches) - 1
    at = -at if at < 0 else 2 * top - at if at > top else at
    return pitches[max(0, min(top, at))]


def _held(stroke: Stroke, span: Span, pitch: int, place: Place) -> int:
    """Return how long a note lasts: into the next chord only where that has it, too."""
    while stroke.end > span.end:
        following = place.at(span.end)
        if following is None or pitch % 12 not in classes_of(following.harmony):
            return span.end - stroke.onset
        span = following
    return stroke.duration


def _phrased(notes: Notes, place: Place) -> Notes:
    """Return notes with accents on the beats and a swell with their height."""
    beats = _beats(place.meter)
    on_beat = np.isin((notes["onset"] - place.start) % place.bar_ticks, list(beats))
    level = np.where(on_beat, LOUD, SOFT) * (0.85 + 0.25 * place.energy)
    level = level + 0.6 * (notes["pitch"] - MIDDLE)
    notes["velocity"] = np.clip(np.rint(level), 30, 115)
    return notes


def rhythm_of(motifs: Mapping[str, Motif], bars: int, meter: Meter) -> Rhythm:
    """Return the rhythm of so many bars of motifs, as `melody` has it with all its energy."""
    bar, rows = int(meter.bar_ticks), []
    for first, said, _ in phrases(bars, motifs):
        texts = said.bars if first + 1 < bars else said.bars[1:]
        for number, text in enumerate(texts, first):
            rows += [(number * bar + at, ticks, SOFT) for at, ticks, _ in strokes(text)]
    return Rhythm.of(rows, bars * bar)


def fitted(notes: Notes, place: Place, key: Key, *, bars: int = 0) -> Notes:
    """Return somebody else's line laid over the chords of a place.

    Onsets stay as they are, counted from the beginning of the place; what is beyond its end is left
    out, and a line that is shorter comes again. Notes on a beat and long ones go to the nearest
    chord tone, the others to the nearest note of the scale; the octave stays. The line has so many
    ``bars``; 0 = up to its last note.
    """
    if not len(notes):
        return notes
    length = bars or -(-int((notes["onset"] + notes["duration"]).max()) // place.bar_ticks)
    rows = []
    for start in range(place.start, place.end, length * place.bar_ticks):
        for onset, duration, pitch, velocity in notes.tolist():
            stroke = Stroke(start + onset, min(duration, place.end - start - onset), "x")
            span = place.at(stroke.onset)
            if span is None:
                continue
            classes = classes_of(span.harmony)
            if not strong(stroke, place):
                classes = scale_of(span.harmony, key)
            moved = nearest(pitch, classes)
            rows.append((stroke.onset, _held(stroke, span, moved, place), moved, velocity))
    return notes_of(rows)


def closing(place: Place, key: Key, last: int) -> Notes:
    """Return the last note: the tonic nearest to the note before, for the whole of a place."""
    pitch = nearest(last or MIDDLE, {key.tonic_class}, low=LOW, high=HIGH)
    ticks = place.end - place.start
    return notes_of([(place.start, ticks, pitch, LOUD)])
