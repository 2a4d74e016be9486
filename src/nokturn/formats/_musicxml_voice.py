"""One voice of one measure as MusicXML notes: values, ties, tuplets, beams, graces, lyrics.

A duration that no single value can hold becomes several notes tied together. A duration that asks
for a ratio and has no `Tuplet` gets one, bracketed up to where the group is whole again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from nokturn.formats._musicxml_values import Value, ratio, seen, single, values
from nokturn.music.beams import beams
from nokturn.music.sheet import Event
from nokturn.music.time import Meter, Ticks, exact


@dataclass
class Chunk:
    """One note sign of an event: a whole event, or one of the signs it is split into."""

    event: Event
    index: int  # of the event in its voice and bar
    onset: Ticks
    duration: Ticks
    value: Value | None
    ratio: tuple[int, int]
    first: bool = True
    last: bool = True
    tuplet_start: bool = False
    tuplet_stop: bool = False
    whole: bool = False  # a rest alone in its measure
    nth: int = 0  # which of the event's signs it is
    beams: tuple[str, ...] = field(default=())


def chunks(events: Sequence[Event], meter: Meter, start: Ticks, length: Ticks) -> list[Chunk]:
    """Return the signs of a voice in a bar.

    Parameters
    ----------
    events
        What the voice plays.
    meter
        The meter that beams follow.
    start
        Where in its full bar the measure begins, in ticks: a pickup is beamed as the end of a bar.
    length
        Length of the measure in ticks.
    """
    found: list[Chunk] = []
    onset: Ticks = 0
    for index, event in enumerate(events):
        found += _split(event, index, onset, whole=onset == 0 and event.duration == length)
        onset = exact(Fraction(onset) + event.duration)
    _bracket(found)
    _beam(found, meter, start)
    return found


def _split(event: Event, index: int, onset: Ticks, *, whole: bool) -> list[Chunk]:
    if event.rest and (event.whole_bar or whole):
        value = single(event.duration)
        return [Chunk(event, index, onset, event.duration, value, (1, 1), whole=True)]
    actual, normal = ratio(event.duration, event.tuplet)
    written = exact(Fraction(event.duration) * actual / normal)
    signs = values(written)
    if not signs:
        return [Chunk(event, index, onset, event.duration, None, (1, 1))]
    lengths = [seen(value, actual, normal) for value in signs]
    lengths[-1] = exact(event.duration - sum(map(Fraction, lengths[:-1])))  # too small for a sign
    found = []
    for place, (value, duration) in enumerate(zip(signs, lengths, strict=True)):
        first, last = place == 0, place + 1 == len(signs)
        sign = Chunk(event, index, onset, duration, value, (actual, normal), first, last)
        sign.nth = place
        found.append(sign)
        onset = exact(Fraction(onset) + duration)
    return found


def _bracket(signs: list[Chunk]) -> None:
    """Mark where tuplet brackets open and close: as the events say, else by length."""
    place = 0
    while place < len(signs):
        sign = signs[place]
        if sign.ratio == (1, 1):
            place += 1
            continue
        end = _group_end(signs, place)
        sign.tuplet_start = signs[end].tuplet_stop = True
        place = end + 1


def _group_end(signs: list[Chunk], place: int) -> int:
    opening = signs[place]
    same = place
    while same + 1 < len(signs) and signs[same + 1].ratio == opening.ratio:
        same += 1
    tuplet = opening.event.tuplet
    if tuplet and tuplet.notes:
        within = (i for i in range(place, same + 1))
        return max(i for i in within if signs[i].index < opening.index + tuplet.notes)
    total = Fraction(0)
    for i in range(place, same + 1):
        following = signs[i].event.tuplet
        if i > place and following and following.notes and signs[i].first:
            return i - 1
        total += signs[i].duration
        if (total >= 240 and single(exact(total))) or total >= 960:
            return i
    return same


def _beam(signs: list[Chunk], meter: Meter, start: Ticks) -> None:
    found = beams(
        [
            (
                exact(Fraction(start) + sign.onset),
                sign.duration,
                sign.value.flags if sign.value and not sign.event.rest else 0,
            )
            for sign in signs
        ],
        meter,
    )
    for sign, states in zip(signs, found, strict=True):
        sign.beams = states
