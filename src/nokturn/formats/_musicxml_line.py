"""The notes of one voice in MusicXML: values and ties, tuplets, beams, accidentals, marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from xml.etree import ElementTree as ET

from nokturn.formats._musicxml_elements import (
    harmony_element,
    key_element,
    sub,
    tempo_element,
    words_element,
)
from nokturn.formats._musicxml_values import Value, ratio, seen, values
from nokturn.music.beams import beams
from nokturn.music.pitch import LETTERS, Key, Pitch
from nokturn.music.sheet import Bar, Event, Grace, Sheet
from nokturn.music.time import TICKS_PER_QUARTER, Meter, Tempo, Ticks

ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
ARTICULATIONS = {
    "staccato": "staccato", "accent": "accent", "tenuto": "tenuto", "marcato": "strong-accent",
    "wedge": "staccatissimo", "breath": "breath-mark",
}  # fmt: skip
ORNAMENTS = {
    "trill": "trill-mark", "turn": "turn", "invertedturn": "inverted-turn",
    "lowermordent": "mordent", "uppermordent": "inverted-mordent", "roll": "turn",
}  # fmt: skip
TECHNICAL = {
    "upbow": "up-bow",
    "downbow": "down-bow",
    "open": "open-string",
    "snap": "snap-pizzicato",
}
DYNAMICS = {"pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz", "fp"}
WORDS = {"D.C.": "D.C.", "D.S.": "D.S.", "fine": "Fine", "dacapo": "D.C.", "dacoda": "To Coda",
         "D.C.alfine": "D.C. al Fine", "D.C.alcoda": "D.C. al Coda",
         "D.S.alfine": "D.S. al Fine", "D.S.alcoda": "D.S. al Coda"}  # fmt: skip


def divisions_of(sheet: Sheet) -> int:
    """Return how many parts a quarter needs so that every duration is a whole number."""
    divisions = 1
    for bar in sheet.bars:
        for voice in bar.voices:
            for event in voice:
                divisions = lcm(divisions, (Fraction(event.duration) / 480).denominator)
                for value in _split(event)[0]:
                    part = seen(value, *_split(event)[1]) if value else Fraction(0)
                    divisions = lcm(divisions, (Fraction(part) / 480).denominator)
    return min(divisions, 1 << 24)


def _split(event: Event) -> tuple[list[Value], tuple[int, int]]:
    """Return the note values of an event and the tuplet ratio that they stand under."""
    actual, normal = ratio(event.duration, event.tuplet)
    return values(Fraction(event.duration) * actual / normal), (actual, normal)


@dataclass
class VoiceWriter:
    """Writes one voice, bar by bar; ties, slurs and tuplets run on."""

    divisions: int
    number: int
    staff: int  # 0 = the part has only one
    drums: bool
    tied: set[Pitch] = field(default_factory=set)
    slurs: list[int] = field(default_factory=list)
    tuplet_left: int = 0
    alters: dict[tuple[int, int], int] = field(default_factory=dict)
    key: Key = field(default_factory=Key)

    def bar(
        self,
        measure: ET.Element,
        events: list[Event],
        bar: Bar,
        meter: Meter,
        key: Key,
        tempos: dict[Ticks, Tempo],
    ) -> None:
        """Write a bar of this voice; an absent one is a hidden whole-bar rest."""
        self.key, self.alters, self.tuplet_left = key, {}, 0
        if not events:
            events = [Event(bar.length, hidden=True)] if bar.length else []
        changes = sorted(tempos.items()) if tempos else []
        keys = sorted((at, k) for at, k in bar.keys.items() if at)
        joined = self._beams(events, meter)
        offset: Ticks = 0
        for i, event in enumerate(events):
            while changes and changes[0][0] <= offset:
                tempo_element(measure, changes.pop(0)[1])
            while keys and keys[0][0] <= offset:
                self.key = keys.pop(0)[1]
                key_element(sub(measure, "attributes"), self.key)
            self._event(measure, event, events, i, bar, joined)
            offset += event.duration

    def _beams(self, events: list[Event], meter: Meter) -> dict[tuple[int, int], tuple[str, ...]]:
        """Return the beams of each value: (event, value) -> states from the eighth beam on."""
        rows: list[tuple[Ticks, Ticks, int]] = []
        names: list[tuple[int, int]] = []
        offset: Ticks = 0
        for i, event in enumerate(events):
            parts, under = _split(event)
            for k, value in enumerate(parts):
                length = seen(value, *under)
                rows.append((offset, length, value.flags if event.pitches else 0))
                names.append((i, k))
                offset += length
        return dict(zip(names, beams(rows, meter), strict=True))

    def _event(
        self,
        measure: ET.Element,
        event: Event,
        events: list[Event],
        i: int,
        bar: Bar,
        joined: dict[tuple[int, int], tuple[str, ...]],
    ) -> None:
        if event.chord:
            harmony_element(measure, event.chord)
        self._directions(measure, event)
        for grace in event.graces:
            self._grace(measure, grace)
        parts, under = _split(event)
        tuplet = self._tuplet(event, events, i)
        if event.rest and (event.whole_bar or (len(events) == 1 and event.duration == bar.length)):
            self._whole_rest(measure, event)
            return
        for k, value in enumerate(parts):
            first, last = k == 0, k + 1 == len(parts)
            heads = event.pitches or (None,)
            for h, pitch in enumerate(heads):
                note = sub(measure, "note")
                if event.hidden and pitch is None:
                    note.set("print-object", "no")
                self._head(note, pitch, chord=h > 0)
                sub(note, "duration", self._units(seen(value, *under)))
                goes_on = not last or (h < len(event.ties) and event.ties[h])
                comes = not first or (pitch is not None and pitch in self.tied)
                self._ties(note, pitch, comes, goes_on)
                sub(note, "voice", self.number)
                self._shape(note, value, under, pitch, comes)
                if self.staff:
                    sub(note, "staff", self.staff)
                if h == 0:
                    for level, state in enumerate(joined.get((i, k), ()), 1):
                        sub(note, "beam", state.replace("-", " "), number=str(level))
                marks = ("start" if first else "") if tuplet == "start" else tuplet if last else ""
                if tuplet == "both":
                    marks = "both"
                self._notations(note, event, pitch, comes, goes_on, h, first, last, marks)
                if h == 0 and first:
                    self._lyrics(note, event)
        self.tied = {pitch for pitch, tie in zip(event.pitches, event.ties, strict=False) if tie}

    def _units(self, ticks: Ticks) -> int:
        return round(Fraction(ticks) * self.divisions / TICKS_PER_QUARTER)

    def _tuplet(self, event: Event, events: list[Event], i: int) -> str:
        """Return ``start`` or ``stop`` where a tuplet bracket begins or ends at this event."""
        if event.tuplet is None:
            self.tuplet_left = 0
            return ""
        starts = event.tuplet.notes > 0 or self.tuplet_left == 0
        if starts:
            run = 1
            for other in events[i + 1 :]:
                if (
                    other.tuplet is None
                    or other.tuplet[:2] != event.tuplet[:2]
                    or other.tuplet.notes
                ):
                    break
                run += 1
            self.tuplet_left = min(event.tuplet.notes or run, run)
        self.tuplet_left -= 1
        if starts:
            return "start" if self.tuplet_left else "both"
        return "stop" if self.tuplet_left == 0 else ""

    def _whole_rest(self, measure: ET.Element, event: Event) -> None:
        note = sub(measure, "note")
        if event.hidden:
            note.set("print-object", "no")
        sub(note, "rest", measure="yes")
        sub(note, "duration", self._units(event.duration))
        sub(note, "voice", self.number)
        if self.staff:
            sub(note, "staff", self.staff)
        self.tied = set()

    def _head(self, note: ET.Element, pitch: Pitch | None, *, chord: bool = False) -> None:
        if chord:
            sub(note, "chord")
        if pitch is None:
            sub(note, "rest")
        elif self.drums:
            element = sub(note, "unpitched")
            sub(element, "display-step", LETTERS[pitch.step])
            sub(element, "display-octave", pitch.octave)
        else:
            element = sub(note, "pitch")
            sub(element, "step", LETTERS[pitch.step])
            if pitch.alter:
                sub(element, "alter", pitch.alter)
            sub(element, "octave", pitch.octave)

    def _ties(self, note: ET.Element, pitch: Pitch | None, comes: bool, goes_on: bool) -> None:
        if pitch is None:
            return
        if comes:
            sub(note, "tie", type="stop")
        if goes_on:
            sub(note, "tie", type="start")

    def _shape(
        self,
        note: ET.Element,
        value: Value,
        under: tuple[int, int],
        pitch: Pitch | None,
        comes: bool,
    ) -> None:
        """Write the note's type, dots, accidental and place in a tuplet."""
        sub(note, "type", value.type)
        for _ in range(value.dots):
            sub(note, "dot")
        if pitch is not None and not self.drums:
            place = (pitch.step, pitch.octave)
            shown = self.alters.get(place, self.key.alters[pitch.step])
            if pitch.alter != shown and not comes and pitch.alter in ACCIDENTALS:
                sub(note, "accidental", ACCIDENTALS[pitch.alter])
                self.alters[place] = pitch.alter
        if under != (1, 1):
            element = sub(note, "time-modification")
            sub(element, "actual-notes", under[0])
            sub(element, "normal-notes", under[1])

    def _grace(self, measure: ET.Element, grace: Grace) -> None:
        value = values(grace.duration)[0]
        for h, pitch in enumerate(grace.pitches):
            note = sub(measure, "note")
            sub(note, "grace", **({"slash": "yes"} if grace.slash else {}))
            self._head(note, pitch, chord=h > 0)
            sub(note, "voice", self.number)
            self._shape(note, value, (1, 1), pitch, comes=False)
            if self.staff:
                sub(note, "staff", self.staff)

    def _directions(self, measure: ET.Element, event: Event) -> None:
        for text in event.texts:
            placement = "below" if text.startswith("_") else "above"
            words = text[1:] if text[:1] in "^_<>@" else text
            if words.strip():
                words_element(measure, words, placement)
        for name in event.decorations:
            if name in DYNAMICS:
                direction = sub(measure, "direction", placement="below")
                sub(sub(sub(direction, "direction-type"), "dynamics"), name)
            elif name in ("segno", "coda"):
                direction = sub(measure, "direction", placement="above")
                sub(sub(direction, "direction-type"), name)
            elif name in WORDS:
                words_element(measure, WORDS[name], "above")

    def _notations(
        self,
        note: ET.Element,
        event: Event,
        pitch: Pitch | None,
        comes: bool,
        goes_on: bool,
        head: int,
        first: bool,
        last: bool,
        tuplet: str,
    ) -> None:
        """Write ties, tuplet brackets, slurs and signs, in the order that the standard has."""
        element = ET.Element("notations")
        if pitch is not None and comes:
            sub(element, "tied", type="stop")
        if pitch is not None and goes_on:
            sub(element, "tied", type="start")
        if head == 0:
            self._slurs(element, event, first, last)
            if tuplet:
                for kind in ("start", "stop") if tuplet == "both" else (tuplet,):
                    sub(element, "tuplet", type=kind)
            if first:
                self._signs(element, event)
        if len(element):
            note.append(element)

    def _slurs(self, element: ET.Element, event: Event, first: bool, last: bool) -> None:
        if last:
            for _ in range(event.slurs[1]):
                if self.slurs:
                    sub(element, "slur", type="stop", number=str(self.slurs.pop()))
        if first:
            for _ in range(event.slurs[0]):
                number = next(n for n in range(1, 99) if n not in self.slurs)
                if number <= 6:
                    self.slurs.append(number)
                    sub(element, "slur", type="start", number=str(number))

    def _signs(self, element: ET.Element, event: Event) -> None:
        for tag, table in (
            ("ornaments", ORNAMENTS),
            ("technical", TECHNICAL),
            ("articulations", ARTICULATIONS),
        ):
            found = [table[name] for name in event.decorations if name in table]
            if found:
                group = sub(element, tag)
                for name in dict.fromkeys(found):
                    sub(group, name)
        if "fermata" in event.decorations:
            sub(element, "fermata")
        if "arpeggio" in event.decorations:
            sub(element, "arpeggiate")

    def _lyrics(self, note: ET.Element, event: Event) -> None:
        for verse, word in enumerate(event.lyrics, 1):
            if not word:
                continue
            lyric = sub(note, "lyric", number=str(verse))
            if word == "_":
                sub(lyric, "extend")
                continue
            sub(lyric, "syllabic", "begin" if word.endswith("-") else "single")
            sub(lyric, "text", word.removesuffix("-"))
