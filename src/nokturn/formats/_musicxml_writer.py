"""A Sheet -> MusicXML 4.0, partwise.

Every voice fills its measure: what it lacks is a ``forward``. ``divisions`` is the smallest number
that makes every duration whole. What has no element of its own (other ABC headers, the recipe)
stands under ``miscellaneous``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from math import lcm
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from nokturn.formats import _musicxml_directions as directions
from nokturn.formats import _musicxml_drums as drums
from nokturn.formats._musicxml_bars import attributes, left_barline, right_barline
from nokturn.formats._musicxml_layout import Number, Part, clef, numbers, parts
from nokturn.formats._musicxml_lines import Lines
from nokturn.formats._musicxml_notes import (
    Timed,
    accidentals,
    add,
    clean,
    sign_id,
    ticks_text,
    write_sign,
)
from nokturn.formats._musicxml_voice import Chunk, chunks
from nokturn.music.piece import Piece
from nokturn.music.pitch import Pitch
from nokturn.music.sheet import Bar, Place, Sheet
from nokturn.music.time import Meter, Ticks

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def write(piece: Piece, *, ids: bool = False, bars: range | None = None) -> str:
    """Return a piece as MusicXML text.

    With ``ids`` every note, rest and measure has one: `sign_id`, `measure_id`. ``bars`` are the
    indices of those written, all without; the first one says key, meter and clef.
    """
    sheet = piece.sheet
    chosen = range(len(sheet.bars)) if bars is None else bars
    root = Element("score-partwise", version="4.0")
    _credits(root, sheet, piece.title or sheet.title, piece.recipe)
    laid_out = parts(sheet)
    _part_list(root, sheet, laid_out)
    timed: Timed = []
    divisions: list[Element] = []
    for number, part in enumerate(laid_out, 1):
        element = add(root, "part", id=f"P{number}")
        writer = PartWriter(sheet, part, f"P{number}", first=number == 1, timed=timed, ids=ids)
        writer.write(element, chosen)
        divisions += element.iterfind("measure/attributes/divisions")
    grid = lcm(*{(ticks / 480).denominator for _, ticks in timed}, 1)
    for element, ticks in timed:
        element.text = ticks_text(grid, ticks)
    for element in divisions:
        element.text = str(grid)
    indent(root, " ")
    return HEAD + tostring(root, encoding="unicode") + "\n"


def _credits(root: Element, sheet: Sheet, title: str, recipe: dict[str, Any] | None) -> None:
    if title or sheet.subtitles:  # a song of a cycle: the cycle is the work
        add(add(root, "work"), "work-title", sheet.subtitles[0] if sheet.subtitles else title)
    if sheet.subtitles:
        add(root, "movement-title", title)
    identification = add(root, "identification")
    if sheet.composer:
        add(identification, "creator", sheet.composer, type="composer")
    add(add(identification, "encoding"), "software", "Nokturn")
    extra = [(f"abc-{letter}", text) for letter, text in sheet.fields]
    extra += [("subtitle", text) for text in sheet.subtitles[1:]]
    extra += [("words", text) for text in sheet.words]
    if sheet.part_order:
        extra.append(("part-order", sheet.part_order))
    if sheet.unit:
        extra.append(("unit", str(sheet.unit)))
    if recipe is not None:
        extra.append(("nokturn-recipe", json.dumps(recipe, ensure_ascii=False, default=str)))
    if extra:
        holder = add(identification, "miscellaneous")
        for name, text in extra:
            add(holder, "miscellaneous-field", text, name=name)


def _part_list(root: Element, sheet: Sheet, laid_out: list[Part]) -> None:
    part_list = add(root, "part-list")
    for number, part in enumerate(laid_out, 1):
        voice = sheet.voices[part.voices[0]]
        element = add(part_list, "score-part", id=f"P{number}")
        name = SubElement(element, "part-name")
        name.text = clean(voice.name)
        if not voice.name:
            name.set("print-object", "no")
        if voice.short_name:
            add(element, "part-abbreviation", voice.short_name)
        if voice.drums:
            _drum_list(element, f"P{number}", drums.struck(sheet, part.voices))
            continue
        instrument = add(element, "score-instrument", id=f"P{number}-I1")
        add(instrument, "instrument-name", voice.name or "Instrument")
        midi = add(element, "midi-instrument", id=f"P{number}-I1")
        channel = (number - 1) % 15 + 1
        add(midi, "midi-channel", str(channel + (channel >= 10)))
        add(midi, "midi-program", str(voice.program + 1))


def _drum_list(part: Element, name: str, struck: list[int]) -> None:
    """Name each drum of a part; a part that strikes none is drums all the same."""
    kit = struck or [38]
    for midi in kit:
        instrument = add(part, "score-instrument", id=drums.identity(name, midi))
        add(instrument, "instrument-name", f"Drum {midi}")
    for midi in kit:
        element = add(part, "midi-instrument", id=drums.identity(name, midi))
        add(element, "midi-channel", "10")
        add(element, "midi-program", "1")
        add(element, "midi-unpitched", str(midi + 1))


def measure_id(bar: int) -> str:
    """Return the id of the measure that a bar of the sheet becomes.

    >>> measure_id(4)
    'm4'
    """
    return f"m{bar}"


def written_ids(sheet: Sheet) -> dict[Place, tuple[str, ...]]:
    """Return the ids of every written note: one, or more where it takes several signs.

    Rests are named like the first note of a chord.
    """
    found: dict[Place, tuple[str, ...]] = {}
    starts = [number.start for number in numbers(sheet)]
    for b, (bar, meter) in enumerate(zip(sheet.bars, sheet.meters(), strict=True)):
        for v, events in enumerate(bar.voices):
            for sign in chunks(events, meter, starts[b], bar.length):
                for k in range(max(1, len(sign.event.pitches))):
                    place = Place(b, v, sign.index, k)
                    found[place] = (*found.get(place, ()), sign_id(place, sign.nth))
                for g, grace in enumerate(sign.event.graces if sign.first else ()):
                    for k in range(len(grace.pitches)):
                        place = Place(b, v, sign.index, k, g)
                        found[place] = (sign_id(place),)
    return found


class PartWriter:
    """Writes the measures of one part."""

    def __init__(
        self, sheet: Sheet, part: Part, name: str, *, first: bool, timed: Timed, ids: bool = False
    ) -> None:
        self.sheet, self.part, self.first, self.timed = sheet, part, first, timed
        self.lines = Lines(sheet, part, timed, name, ids=ids)
        self.named = ids and first  # a measure has one id in all parts
        self.keyed = first or not self.lines.drums  # readers take the key from the first part
        self.meters, self.keys = list(sheet.meters()), list(sheet.keys())
        self.numbers = numbers(sheet)
        self.open_ending: tuple[int, ...] = ()

    def write(self, element: Element, bars: range) -> None:
        """Add the measures of some bars, of a row without gaps."""
        for index in bars:
            bar, first = self.sheet.bars[index], index == bars.start
            if first and index:
                keys = {0: self.keys[index], **bar.keys}
                bar = replace(bar, meter=self.meters[index], keys=keys)
            self._measure(element, index, bar, self.numbers[index], first)

    def _measure(self, part: Element, index: int, bar: Bar, number: Number, first: bool) -> None:
        measure = add(part, "measure", number=number.text)
        if number.implicit:
            measure.set("implicit", "yes")
        if self.named:
            measure.set("id", measure_id(index))
        if not first and self.sheet.bars[index - 1].break_after:
            add(measure, "print", new_system="yes")
        self._ending(measure, bar)
        attributes(measure, self._clefs() if first else [], bar, first=first, keyed=self.keyed)
        if self.first:
            if bar.label:
                directions.label(measure, bar.label, self._staff(1))
            if 0 in bar.tempos:
                directions.tempo(measure, bar.tempos[0], self._staff(1))
        self._voices(measure, index, bar, self.meters[index], number.start)
        following = self.sheet.bars[index + 1] if index + 1 < len(self.sheet.bars) else None
        stops = bool(self.open_ending) and (
            bar.ending_stop or following is None or bool(following.ending)
        )
        right_barline(measure, bar, self.open_ending if stops else (), last=following is None)
        if stops:
            self.open_ending = ()

    def _ending(self, measure: Element, bar: Bar) -> None:
        self.open_ending = bar.ending or self.open_ending
        left_barline(measure, bar)

    def _staff(self, staff: int) -> int:
        return staff if self.part.staff_count > 1 else 0

    def _clefs(self) -> list[str]:
        found = []
        for staff in range(1, self.part.staff_count + 1):
            voices = zip(self.part.voices, self.part.staves, strict=True)
            found.append(clef(self.sheet, [v for v, s in voices if s == staff]))
        return found

    def _voices(self, measure: Element, index: int, bar: Bar, meter: Meter, start: Ticks) -> None:
        length = Fraction(bar.length)
        lanes = {v: chunks(bar.voices[v], meter, start, bar.length) for v in self.part.voices}
        shown = self._shown(index, bar, lanes)
        marks = self._marks(bar)
        position = Fraction(0)
        for v, staff in zip(self.part.voices, self.part.staves, strict=True):
            if not lanes[v]:
                continue
            self._move(measure, -position)
            line = self.lines.line(v, index, self._staff(staff), shown)
            position = Fraction(0)
            for sign in lanes[v]:
                while marks and marks[0][0] <= sign.onset:
                    self._mark(measure, marks.pop(0)[1])
                if sign.first:
                    directions.write_before(measure, sign.event, self._staff(staff))
                write_sign(measure, sign, line)
                position += sign.duration
            if position < length:
                self._move(measure, length - position)
                position = length
        if position < length:
            self._move(measure, length - position)
        for _, mark in marks:
            self._mark(measure, mark)

    def _move(self, measure: Element, ticks: Fraction) -> None:
        if ticks:
            element = add(measure, "forward" if ticks > 0 else "backup")
            self.timed.append((add(element, "duration"), abs(ticks)))

    def _marks(self, bar: Bar) -> list[tuple[Ticks, Any]]:
        """Return the keys and tempos within the measure, in order."""
        keys = bar.keys.items() if self.keyed else ()
        marks: list[tuple[Ticks, Any]] = [(at, key) for at, key in keys if at > 0]
        if self.first:
            marks += [(at, tempo) for at, tempo in bar.tempos.items() if at > 0]
        return sorted(marks, key=lambda mark: mark[0])

    def _mark(self, measure: Element, mark: Any) -> None:
        if hasattr(mark, "bpm"):
            directions.tempo(measure, mark, self._staff(1))
        else:
            attributes(measure, [], Bar([], keys={0: mark}), first=False)

    def _shown(
        self, index: int, bar: Bar, lanes: dict[int, list[Chunk]]
    ) -> set[tuple[int, int, int, int]]:
        keys: list[tuple[Ticks, tuple[int, ...]]] = [(0, self.keys[index].alters)]
        keys += [(at, key.alters) for at, key in sorted(bar.keys.items()) if at > 0]
        shown: set[tuple[int, int, int, int]] = set()
        for staff in range(1, self.part.staff_count + 1):
            order: list[tuple[Ticks, tuple[int, int, int, int], Pitch, bool]] = []
            for v, s in zip(self.part.voices, self.part.staves, strict=True):
                if s == staff:
                    order += self.lines.sounding(v, index, lanes[v])
            order.sort(key=lambda item: item[0])
            shown |= accidentals(order, keys)
        return shown
