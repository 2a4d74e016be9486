"""Comping: chords in rhythm, as the left hand or a guitar plays them under a melody.

    X-----x-......>-     a stroke on one, one on the and of two, and the next chord an eighth early

Each style has a few bars for each meter; one is the bar of a section, the others come now and then.
``X`` is a loud stroke and ``x`` a soft one, ``>`` the chord that comes, pushed before its time,
a digit one voice of the chord, counted from below, which rings on. A chord that comes while another
is held is struck where it comes. Its weakness: it never listens to the melody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from nokturn.errors import UsageError, did_you_mean
from nokturn.music.score import Notes, notes_of
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.production.patterns import Place, Rows, Stroke, bars_of, placed
from nokturn.production.voicings import Voicing

LOUD, SOFT, SINGLE = 74, 62, 64  # velocities of a stroke, and of a voice alone
PUSH = TICKS_PER_QUARTER // 2  # so long before a chord a stroke is that chord's already
OTHER = 0.3  # how often a bar is another one than the section's

STYLES: Mapping[str, Rows] = {
    "held": {
        "4/4": ("X---------------", "X-----------x---", "X-------x-------"),
        "3/4": ("X-----------", "X-------x---"),
        "6/8": ("X-----------", "X-----x-----"),
        "5/4": ("X-------------------", "X-----------x-------"),
    },
    "pushes": {
        "4/4": (
            "X-----x-......x-", "X-----x-..x-....", "X--..x----x-....",
            "X-----x-......>-", "X----.....x---..", "X-..x---..x-..x-",
        ),
        "3/4": ("X-----x-..x-", "X----.....x-", "X-....x---..", "X-----x-..>-"),
        "6/8": ("X-----..x---", "X---x-..x---", "X-----....x-", "X-----x---..", "X-----....>-"),
        "5/4": (
            "X-----x-....x---..x-", "X-----x-....X---....", "X--..x----..x-....x-",
            "X-----x-....x---..>-",
        ),
    },
    "broken": {
        "4/4": ("0---1---2---3---", "0---2---1---3---", "0-1-2-3---2-1---", "0-1-2---3---2---"),
        "3/4": ("0---1---2---", "0-1-2-3-2-1-", "0---2-3-2---"),
        "6/8": ("0-1-2-3-2-1-", "0-1-2-3---2-", "0---1-2---3-"),
        "5/4": ("0---1---2---3---2---", "0-1-2-3-2---1---2---"),
    },
    "charleston": {
        "4/4": ("X-----x-........", "X-----x-....x---", "..X-----x-......", "X-----x-......x-"),
        "3/4": ("X-----x-....", "X-----x---..", "..X---..x-.."),
        "6/8": ("X-----....x-", "X---x-......", "..X---..x---"),
        "5/4": ("X-----x-....X---....", "X-----x-....X-....x-", "..X---x-....X---...."),
    },
    "afterbeats": {
        "4/4": ("0---x-..1---x-..", "0---x-..0---x-x-"),
        "3/4": ("0---x-..x-..", "0---x---x-..", "0-----..x-.."),
        "6/8": ("0---x-0---x-", "0-..x-1-..x-"),
        "5/4": ("0---x-..x-..1---x-..", "0---x-..x-..1---x---"),
    },
}  # fmt: skip
USUAL = ("held", "pushes", "charleston", "broken")  # those that are drawn where none is named


def drawn(rng: np.random.Generator) -> str:
    """Return a style for music that says nothing about it; pushes are the likeliest."""
    return str(rng.choice(USUAL, p=(0.12, 0.5, 0.15, 0.23)))


def comping(
    place: Place,
    voicings: Sequence[Voicing],
    style: str,
    rng: np.random.Generator,
    *,
    main: int = 0,
) -> Notes:
    """Return the notes of an accompaniment.

    Parameters
    ----------
    place
        The chords, and where they are.
    voicings
        The pitches of each of its chords, and of the one that follows where one does.
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
        raise UsageError(f"There is no comping named {style!r}.", did_you_mean(style, STYLES))
    table = bars_of(STYLES[style], place.meter)
    bars = [table[main % len(table)]] * place.bars
    for number in range(1, place.bars):
        if number % 4 == 3 or rng.random() < OTHER:
            bars[number] = table[int(rng.integers(len(table)))]
    loudness = 0.85 + 0.3 * place.energy
    rows = []
    for stroke, chord in _struck(_pushed(placed(bars, place)), place):
        velocity = round(loudness * {"X": LOUD, "x": SOFT, ">": LOUD}.get(stroke.sign, SINGLE))
        voicing = voicings[chord]
        if stroke.sign.isdigit():
            voicing = (voicing[int(stroke.sign) % len(voicing)],)
        rows += [(stroke.onset, stroke.duration, pitch, velocity) for pitch in voicing]
    return _apart(notes_of(rows))


def _pushed(strokes: Iterable[Stroke]) -> list[Stroke]:
    """Return strokes, each push grown together with the stroke that it leads to."""
    found: list[Stroke] = []
    for stroke in strokes:
        if found and found[-1].sign == ">" and found[-1].end == stroke.onset:
            found[-1] = Stroke(found[-1].onset, stroke.end - found[-1].onset, "X")
        else:
            found.append(stroke)
    return found


def _struck(strokes: Sequence[Stroke], place: Place) -> Iterator[tuple[Stroke, int]]:
    """Yield strokes with the number of their chord, and one for each chord that had none."""
    silent = set(range(len(place.chords)))
    for stroke in strokes:
        for piece, chord in _pieces(stroke, place):
            silent.discard(chord)
            yield piece, chord
    for chord in sorted(silent):
        start, end, _ = place.chords[chord]
        yield Stroke(start, min(end - start, TICKS_PER_QUARTER), "x"), chord


def _pieces(stroke: Stroke, place: Place) -> Iterator[tuple[Stroke, int]]:
    """Yield a stroke cut where the chord changes; one shortly before a change is the new chord's.

    A single voice rings until its chord ends, a bar at most.
    """
    under = [
        (number, span)
        for number, span in enumerate(place.chords)
        if span.start < stroke.end and span.end > stroke.onset
    ]
    if len(under) > 1 and under[1][1].start - stroke.onset <= PUSH:
        del under[0]
    for k, (number, span) in enumerate(under):
        start = max(stroke.onset, span.start) if k else stroke.onset
        end = min(stroke.end, span.end)
        if stroke.sign.isdigit():
            end = min(span.end, start + place.bar_ticks)
        yield Stroke(start, end - start, stroke.sign), number


def _apart(notes: Notes) -> Notes:
    """Return notes, each cut off where its pitch is struck again; none twice at one time."""
    kept: dict[tuple[int, int], tuple[int, int]] = {}
    last: dict[int, int] = {}
    for onset, duration, pitch, velocity in notes.tolist():
        before = last.get(pitch)
        if before is not None and (before, pitch) in kept:
            length, loud = kept[before, pitch]
            kept[before, pitch] = (min(length, onset - before) or length, loud)
        kept[onset, pitch] = (duration, velocity)
        last[pitch] = onset
    return notes_of((onset, length, p, v) for (onset, p), (length, v) in kept.items())
