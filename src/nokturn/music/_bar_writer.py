"""Write what a voice plays in a bar as notes, chords and rests with ties and tuplets."""

from __future__ import annotations

from typing import NamedTuple

from nokturn.music._bar_lines import Span
from nokturn.music._note_values import divided, in_tuplet
from nokturn.music._tuplets import Stretch, plain, tuplets
from nokturn.music._voices import Chord
from nokturn.music.sheet import Event, Grace, Tuplet
from nokturn.music.time import Ticks, exact

GRACE_TICKS = 240  # grace notes are written as eighths


class Piece(NamedTuple):
    """A part of a bar: a chord (None = rest), and whether it goes on in the next bar."""

    start: Ticks
    end: Ticks
    chord: Chord | None
    goes_on: bool


Written = tuple[Event, Chord | None]  # an event, and the chord that it is a part of


def write_bar(pieces: list[Piece], span: Span, hide_rests: bool) -> list[Written]:
    """Return the events of one voice; pieces follow each other and fill the bar.

    Times count from where a full bar would begin.
    """
    if len(pieces) == 1 and pieces[0].chord is None:
        return [(Event(span.length, hidden=hide_rests, whole_bar=True), None)]
    stretches: list[Stretch] = []
    if not all(plain(piece.start) for piece in pieces):
        end = exact(span.shift + span.length)
        found = tuplets([piece.start for piece in pieces], span.meter, span.shift, end)
        if found is None:
            pieces = _rounded(pieces)
        else:
            stretches = found
    events: list[Written] = []
    opener: dict[int, int] = {}  # stretch -> index of its first event
    for piece in pieces:
        _write(piece, span, stretches, hide_rests, events, opener)
    firsts = [*opener.values(), len(events)]
    for first in firsts[:-1]:
        _close(events, first)
    return events


def _write(
    piece: Piece,
    span: Span,
    stretches: list[Stretch],
    hide_rests: bool,
    events: list[Written],
    opener: dict[int, int],
) -> None:
    chord = piece.chord
    values = _values(piece, span, stretches)
    last = len(values) - 1
    for i, (value, number) in enumerate(values):
        tuplet = None
        if number >= 0:
            stretch = stretches[number]
            opens = number not in opener
            # 1 marks an opener until its notes are counted
            tuplet = Tuplet(stretch.actual, stretch.normal, int(opens))
            if opens:
                opener[number] = len(events)
        if chord is None:
            events.append((Event(value, tuplet=tuplet, hidden=hide_rests), None))
            continue
        tied = i < last or piece.goes_on
        ties = (True,) * len(chord.spelled) if tied else ()
        graces = tuple(Grace((p,), GRACE_TICKS) for p in chord.spelled_graces) if i == 0 else ()
        if graces:
            chord.spelled_graces = ()  # they stand before its first bar only
        events.append((Event(value, chord.spelled, ties, tuplet, graces), chord))


def _values(piece: Piece, span: Span, stretches: list[Stretch]) -> list[tuple[Ticks, int]]:
    """Return the values of a piece, each with the number of its tuplet or -1."""
    values: list[tuple[Ticks, int]] = []
    at, rest = piece.start, piece.chord is None
    for number, stretch in enumerate(stretches):
        if stretch.end <= at or stretch.start >= piece.end:
            continue
        if at < stretch.start:
            values += [(v, -1) for v in divided(at, stretch.start, span.meter, rest)]
            at = stretch.start
        end = min(piece.end, stretch.end)
        ratio = stretch.actual, stretch.normal
        for value in in_tuplet(_scaled(exact(end - at), *ratio)):
            values.append((_scaled(value, *ratio[::-1]), number))
        at = end
    if at < piece.end:
        values += [(v, -1) for v in divided(at, piece.end, span.meter, rest)]
    return values


def _scaled(ticks: Ticks, up: int, down: int) -> Ticks:
    scaled = ticks * up
    whole = scaled // down
    return whole if whole * down == scaled else exact(_fraction(scaled, down))


def _fraction(top: Ticks, bottom: int) -> Ticks:
    from fractions import Fraction

    return Fraction(top, bottom)


def _close(events: list[Written], first: int) -> None:
    """Count the events of the tuplet that opens at ``first``."""
    count = 1
    head, chord = events[first]
    opening = head.tuplet
    assert opening is not None
    for event, _ in events[first + 1 :]:
        if event.tuplet is None or event.tuplet.notes:
            break
        count += 1
    events[first] = head._replace(tuplet=opening._replace(notes=count)), chord


def _rounded(pieces: list[Piece]) -> list[Piece]:
    """Return pieces on the nearest 64ths: what no tuplet holds is written as near as it goes."""
    moved = []
    for piece in pieces:
        start, end = (
            time if plain(time) else round(time / 30) * 30 for time in (piece.start, piece.end)
        )
        if start < end:
            moved.append(Piece(start, end, piece.chord, piece.goes_on))
    return moved
