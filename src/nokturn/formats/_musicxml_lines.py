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
Where = tuple[int, int, int]  # bar, voice, event: an event's place, in the order written
MAX_SLURS = 16  # numbers that MusicXML has


Run = list[tuple[Where, Event]]  # the events of a voice


class Span(NamedTuple):
    """A slur: where it starts and stops."""

    start: Where
    stop: Where


class Lines:
    """The lines of a part's voices. Events are known by their places: two may be one object."""

    def __init__(self, sheet: Sheet, part: Part, timed: Timed, name: str, *, ids: bool) -> None:
        self.timed, self.ids = timed, ids
        self.drums = name if sheet.voices[part.voices[0]].drums else ""
        self.part = part
        self._tied: dict[Where, frozenset[Pitch]] = {}
        self._slurs: dict[Where, tuple[list[int], list[int]]] = {}
        self._words: dict[tuple[Where, int], str] = {}
        self._held: set[tuple[Where, int]] = set()
        spans: list[Span] = []
        for v in part.voices:
            run = [
                ((b, v, e), event)
                for b, bar in enumerate(sheet.bars)
                for e, event in enumerate(bar.voices[v])
            ]
            self._tie(run)
            self._spell(run)
            spans += _matched_slurs(run)
        self._number(spans)

    def line(self, voice: int, index: int, staff: int, shown: set[Identity]) -> Line:
        """Return what the notes of a voice need to know in one bar."""
        return Line(
            number=self.part.voices.index(voice) + 1,
            staff=staff,
            timed=self.timed,
            shown=lambda event, grace, place: (voice, event, grace, place) in shown,
            slurs=lambda event: self._slurs.get((index, voice, event), ([], [])),
            tied=lambda event: self._tied.get((index, voice, event), frozenset()),
            syllabic=lambda event, verse: self._words[(index, voice, event), verse],
            held=lambda event, verse: ((index, voice, event), verse) in self._held,
            drums=self.drums,
            where=(index, voice) if self.ids else None,
        )

    def sounding(
        self, voice: int, index: int, signs: list[Chunk]
    ) -> list[tuple[Ticks, Identity, Pitch, bool]]:
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
            tied = self._tied.get((index, voice, sign.index), frozenset())
            for place, pitch in enumerate(event.pitches):
                identity = (voice, sign.index, -1, place)
                found.append((sign.onset, identity, pitch, pitch in tied))
        return found

    def _tie(self, run: Run) -> None:
        held: frozenset[Pitch] = frozenset()
        for where, event in run:
            if held:
                self._tied[where] = held & frozenset(event.pitches)
            pairs = zip(event.pitches, event.ties, strict=False)
            held = frozenset(pitch for pitch, tied in pairs if tied)

    def _spell(self, run: Run) -> None:
        inside: dict[int, bool] = {}
        latest: dict[int, Where] = {}
        for where, event in run:
            for verse, syllable in enumerate(event.lyrics):
                if syllable == "_" and verse in latest:
                    self._held.add((latest[verse], verse))
                if syllable in ("", "_"):
                    continue
                latest[verse] = where
                joined, before = syllable.endswith("-"), inside.get(verse, False)
                place = ("single", "begin", "end", "middle")[joined + 2 * before]
                self._words[where, verse] = place
                inside[verse] = joined

    def _number(self, spans: list[Span]) -> None:
        """Give each slur a number that no slur open beside it has, in the order written."""
        ends: dict[int, Where] = {}
        for span in sorted(spans, key=lambda span: span.start):
            free = (n for n in range(1, MAX_SLURS + 1) if ends.get(n, span.start) <= span.start)
            number = next(free, 0)
            if number:
                ends[number] = span.stop
                self._slurs.setdefault(span.start, ([], []))[0].append(number)
                self._slurs.setdefault(span.stop, ([], []))[1].append(number)


def _matched_slurs(run: Run) -> list[Span]:
    """Return every slur of a voice that both begins and ends."""
    waiting: list[Where] = []
    found = []
    for where, event in run:
        begin, end = event.slurs
        found += [Span(waiting.pop(), where) for _ in range(min(end, len(waiting)))]
        waiting += [where] * min(begin, MAX_SLURS)
    return found
