"""What runs through a voice from bar to bar: ties, slurs, and the words that syllables make."""

from __future__ import annotations

from typing import NamedTuple

from nokturn.formats._musicxml_layout import Part
from nokturn.formats._musicxml_notes import Line, Timed
from nokturn.formats._musicxml_voice import Chunk
from nokturn.music.pitch import Pitch
from nokturn.music.sheet import Event, Sheet
from nokturn.music.time import Ticks

Identity = tuple[int, int, int, int]  # voice, event, grace or -1, place in the chord
Place = tuple[int, int, int]  # bar, voice of the part, event: the order in which they are written
MAX_SLURS = 16  # numbers that MusicXML has


class Span(NamedTuple):
    """A slur: where it starts and stops, and its first and last event."""

    start: Place
    stop: Place
    first: Event
    last: Event


class Lines:
    """The lines of a part's voices.

    Events are known by their identity as objects, so a sheet may hold equal ones.
    """

    def __init__(self, sheet: Sheet, part: Part, timed: Timed, name: str, *, ids: bool) -> None:
        self.timed, self.ids = timed, ids
        self.drums = name if sheet.voices[part.voices[0]].drums else ""
        self.part = part
        self._tied: dict[int, frozenset[Pitch]] = {}
        self._slurs: dict[int, tuple[list[int], list[int]]] = {}
        self._words: dict[tuple[int, int], str] = {}
        self._held: set[tuple[int, int]] = set()
        spans: list[Span] = []
        for order, v in enumerate(part.voices):
            run = [
                ((b, order, e), event)
                for b, bar in enumerate(sheet.bars)
                for e, event in enumerate(bar.voices[v])
            ]
            events = [event for _, event in run]
            self._tie(events)
            self._spell(events)
            spans += _matched_slurs(run)
        self._number(spans)

    def line(self, voice: int, index: int, staff: int, shown: set[Identity]) -> Line:
        """Return what the notes of a voice need to know in one bar."""
        return Line(
            number=self.part.voices.index(voice) + 1,
            staff=staff,
            timed=self.timed,
            shown=lambda event, grace, place: (voice, event, grace, place) in shown,
            slurs=lambda event: self._slurs.get(id(event), ([], [])),
            tied=lambda event: self._tied.get(id(event), frozenset()),
            syllabic=lambda event, verse: self._words.get((id(event), verse), "single"),
            held=lambda event, verse: (id(event), verse) in self._held,
            drums=self.drums,
            where=(index, voice) if self.ids else None,
        )

    def sounding(self, voice: int, signs: list[Chunk]) -> list[tuple[Ticks, Identity, Pitch, bool]]:
        """Return the notes of a voice in a bar that may show an accidental, graces before them."""
        found: list[tuple[Ticks, Identity, Pitch, bool]] = []
        if self.drums:
            return found
        for sign in signs:
            if not sign.first:
                continue
            event = sign.event
            for number, grace in enumerate(event.graces):
                for place, pitch in enumerate(grace.pitches):
                    identity = (voice, sign.index, number, place)
                    found.append((sign.onset, identity, pitch, False))
            tied = self._tied.get(id(event), frozenset())
            for place, pitch in enumerate(event.pitches):
                identity = (voice, sign.index, -1, place)
                found.append((sign.onset, identity, pitch, pitch in tied))
        return found

    def _tie(self, events: list[Event]) -> None:
        held: frozenset[Pitch] = frozenset()
        for event in events:
            if held:
                self._tied[id(event)] = held & frozenset(event.pitches)
            pairs = zip(event.pitches, event.ties, strict=False)
            held = frozenset(pitch for pitch, tied in pairs if tied)

    def _spell(self, events: list[Event]) -> None:
        inside: dict[int, bool] = {}
        latest: dict[int, Event] = {}
        for event in events:
            for verse, syllable in enumerate(event.lyrics):
                if syllable == "_" and verse in latest:
                    self._held.add((id(latest[verse]), verse))
                if syllable in ("", "_"):
                    continue
                latest[verse] = event
                joined, before = syllable.endswith("-"), inside.get(verse, False)
                place = ("single", "begin", "end", "middle")[joined + 2 * before]
                self._words[id(event), verse] = place
                inside[verse] = joined

    def _number(self, spans: list[Span]) -> None:
        """Give each slur a number that no slur open beside it has, in the order written."""
        ends: dict[int, Place] = {}
        for span in sorted(spans, key=lambda span: span.start):
            free = (n for n in range(1, MAX_SLURS + 1) if ends.get(n, span.start) <= span.start)
            number = next(free, 0)
            if number:
                ends[number] = span.stop
                self._slurs.setdefault(id(span.first), ([], []))[0].append(number)
                self._slurs.setdefault(id(span.last), ([], []))[1].append(number)


def _matched_slurs(run: list[tuple[Place, Event]]) -> list[Span]:
    """Return every slur of a voice that both begins and ends."""
    waiting: list[tuple[Place, Event]] = []
    found = []
    for place, event in run:
        begin, end = event.slurs
        for _ in range(min(end, len(waiting))):
            start, first = waiting.pop()
            found.append(Span(start, place, first, event))
        waiting += [(place, event)] * min(begin, MAX_SLURS)
    return found
