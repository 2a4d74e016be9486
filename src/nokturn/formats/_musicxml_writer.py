"""The MusicXML writer: a Sheet -> MusicXML 4.0, score-partwise.

Durations become note values, tied where one is not enough; accidentals follow the key; beams follow
the meter; what all voices share (meter, repeats, endings) stands in every part. Elements are
made with the standard library, so that every text is escaped.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

from nokturn.formats._musicxml_elements import key_element, sub
from nokturn.formats._musicxml_line import VoiceWriter, divisions_of
from nokturn.music.piece import Piece
from nokturn.music.sheet import Bar, Sheet, Voice
from nokturn.music.time import TICKS_PER_QUARTER, Meter, Ticks

CLEFS = {"treble": ("G", 2), "bass": ("F", 4), "alto": ("C", 3), "tenor": ("C", 4)}
_BAR_STYLES = {
    "double": "light-light", "final": "light-heavy", "heavy-light": "heavy-light",
    "dotted": "dotted", "none": "none",
}  # fmt: skip
DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def write(piece: Piece) -> bytes:
    """Return a piece as a MusicXML document."""
    sheet = piece.sheet
    root = ET.Element("score-partwise", version="4.0")
    title = piece.title or sheet.title
    if title:
        sub(sub(root, "work"), "work-title", title)
    _identification(root, sheet, piece.recipe)
    parts = list(dict.fromkeys(voice.part for voice in sheet.voices))
    part_list = sub(root, "part-list")
    for number, part in enumerate(parts, 1):
        _score_part(part_list, f"P{number}", [v for v in sheet.voices if v.part == part])
    divisions = divisions_of(sheet)
    for number, part in enumerate(parts, 1):
        element = sub(root, "part", id=f"P{number}")
        _PartWriter(sheet, part, element, divisions, first=number == 1).write()
    return (DOCTYPE + ET.tostring(root, encoding="unicode") + "\n").encode()


def _identification(root: ET.Element, sheet: Sheet, recipe: dict[str, Any] | None) -> None:
    element = sub(root, "identification")
    if sheet.composer:
        sub(element, "creator", sheet.composer, type="composer")
    sub(sub(element, "encoding"), "software", "Nokturn")
    if recipe:
        text = json.dumps(recipe, sort_keys=True)
        sub(sub(element, "miscellaneous"), "miscellaneous-field", text, name="nokturn")


def _score_part(parent: ET.Element, name: str, voices: list[Voice]) -> None:
    element = sub(parent, "score-part", id=name)
    sub(element, "part-name", voices[0].name)
    if voices[0].short_name:
        sub(element, "part-abbreviation", voices[0].short_name)
    sub(sub(element, "score-instrument", id=f"{name}-I1"), "instrument-name", voices[0].name)
    midi = sub(element, "midi-instrument", id=f"{name}-I1")
    if voices[0].drums:
        sub(midi, "midi-channel", 10)
    sub(midi, "midi-program", voices[0].program + 1)


class _PartWriter:
    """Writes the measures of one part."""

    def __init__(
        self, sheet: Sheet, part: int, element: ET.Element, divisions: int, first: bool
    ) -> None:
        self.sheet, self.element, self.divisions, self.first = sheet, element, divisions, first
        self.voices = [v for v, voice in enumerate(sheet.voices) if voice.part == part]
        self.staves = max(sheet.voices[v].staff for v in self.voices) + 1
        self.meters = list(sheet.meters())
        self.keys = list(sheet.keys())
        self.number = 0
        self.ending: tuple[int, ...] = ()
        self.writers = {
            v: VoiceWriter(
                divisions,
                number + 1,
                sheet.voices[v].staff + 1 if self.staves > 1 else 0,
                sheet.voices[v].drums,
            )
            for number, v in enumerate(self.voices)
        }

    def write(self) -> None:
        """Write all measures."""
        partial: Ticks = 0
        for b, bar in enumerate(self.sheet.bars):
            full = self.meters[b].bar_ticks
            short = bool(full) and bar.length < full
            goes_on = short and partial > 0
            measure = sub(self.element, "measure", number=self._number(b, short, goes_on))
            partial = (partial + bar.length if goes_on else bar.length) if short else 0
            if partial >= full:
                partial = 0
            if short:
                measure.set("implicit", "yes")
            self._measure(measure, b, bar)

    def _number(self, b: int, short: bool, goes_on: bool) -> str:
        if b == 0 and short:
            return "0"
        if goes_on:
            return f"X{self.number}"
        self.number += 1
        return str(self.number)

    def _measure(self, measure: ET.Element, b: int, bar: Bar) -> None:
        before = self.sheet.bars[b - 1] if b else None
        if before is not None and before.break_after and len(self.sheet.bars) > 1:
            sub(measure, "print", new_system="yes")
        self._left(measure, bar)
        self._attributes(measure, b, bar)
        if self.first and bar.label:
            direction = sub(measure, "direction", placement="above")
            sub(sub(direction, "direction-type"), "rehearsal", bar.label)
        for index, v in enumerate(self.voices):
            events = bar.voices[v] if v < len(bar.voices) else []
            tempos = bar.tempos if self.first and not index else {}
            if not events and index:
                continue
            if index:
                sub(sub(measure, "backup"), "duration", self._units(bar.length))
            self.writers[v].bar(measure, events, bar, self.meters[b], self.keys[b], tempos)
        self._right(measure, b, bar)

    def _units(self, ticks: Ticks) -> int:
        return int(Fraction(ticks) * self.divisions / TICKS_PER_QUARTER)

    def _left(self, measure: ET.Element, bar: Bar) -> None:
        if not (bar.repeat_start or bar.ending):
            return
        line = sub(measure, "barline", location="left")
        if bar.repeat_start:
            sub(line, "bar-style", "heavy-light")
        if bar.ending:
            numbers = ",".join(map(str, bar.ending))
            sub(line, "ending", f"{numbers}.", number=numbers, type="start")
            self.ending = bar.ending
        if bar.repeat_start:
            sub(line, "repeat", direction="forward")

    def _right(self, measure: ET.Element, b: int, bar: Bar) -> None:
        after = self.sheet.bars[b + 1] if b + 1 < len(self.sheet.bars) else None
        closes = bool(self.ending) and (
            bar.ending_stop or bool(bar.repeat_end) or after is None or bool(after.ending)
        )
        style = "light-heavy" if bar.repeat_end else _BAR_STYLES.get(bar.line, "")
        if not (style or closes):
            return
        line = sub(measure, "barline", location="right")
        if style:
            sub(line, "bar-style", style)
        if closes:
            numbers = ",".join(map(str, self.ending))
            kind = "stop" if bar.repeat_end or min(self.ending) == 1 else "discontinue"
            sub(line, "ending", number=numbers, type=kind)
            self.ending = ()
        if bar.repeat_end:
            repeat = sub(line, "repeat", direction="backward")
            if bar.repeat_end > 2:
                repeat.set("times", str(bar.repeat_end))

    def _attributes(self, measure: ET.Element, b: int, bar: Bar) -> None:
        key = bar.keys.get(0) if b else self.keys[0]
        meter = bar.meter if b else self.meters[0]
        if b and key is None and meter is None:
            return
        element = sub(measure, "attributes")
        if not b:
            sub(element, "divisions", self.divisions)
        if key is not None:
            key_element(element, key)
        if meter is not None:
            _time(element, meter)
        if not b:
            if self.staves > 1:
                sub(element, "staves", self.staves)
            for staff in range(self.staves):
                self._clef(element, staff)

    def _clef(self, parent: ET.Element, staff: int) -> None:
        voices = [v for v in self.voices if self.sheet.voices[v].staff == staff]
        voice = self.sheet.voices[voices[0]] if voices else Voice(clef="bass")
        octave = -1 if voice.clef.endswith("-8") else 1 if voice.clef.endswith("+8") else 0
        name = voice.clef.removesuffix("+8").removesuffix("-8")
        if voice.drums or name == "perc":
            sub(sub(parent, "clef"), "sign", "percussion")
            return
        name = name if name in CLEFS else self._clef_by_range(voices)
        element = sub(parent, "clef")
        if self.staves > 1:
            element.set("number", str(staff + 1))
        sign, line = CLEFS[name]
        sub(element, "sign", sign)
        sub(element, "line", line)
        if octave:
            sub(element, "clef-octave-change", octave)

    def _clef_by_range(self, voices: list[int]) -> str:
        found = [
            pitch.midi
            for bar in self.sheet.bars
            for v in voices
            if v < len(bar.voices)
            for event in bar.voices[v]
            for pitch in event.pitches
        ]
        return "bass" if found and sum(found) / len(found) < 57 else "treble"


def _time(parent: ET.Element, meter: Meter) -> None:
    element = sub(parent, "time")
    if meter.free:
        sub(element, "senza-misura")
        return
    if meter.symbol:
        element.set("symbol", "common" if meter.symbol == "C" else "cut")
    beats = "+".join(map(str, meter.groups)) if meter.groups else meter.numerator
    sub(element, "beats", beats)
    sub(element, "beat-type", meter.denominator)
