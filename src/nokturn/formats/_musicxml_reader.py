"""MusicXML -> a Piece: the parts become voices, their measures bars.

What all voices share comes from the first part that says it. A voice that is silent between two
notes gets a hidden rest; a voice that says nothing in a measure is absent from the bar. Sheets hold
no change of clef, no cue notes and no nested tuplets: those are left out or flattened.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from nokturn.errors import InputError, LimitError
from nokturn.formats import _musicxml_drums as drums
from nokturn.formats import _musicxml_package as package
from nokturn.formats import _musicxml_signs as signs
from nokturn.formats._musicxml_part import Measure, PartReader
from nokturn.formats._musicxml_values import single
from nokturn.music.bars import bar_faults
from nokturn.music.piece import Piece, recipe_of
from nokturn.music.sheet import Bar, Event, Sheet, Tuplet, Voice
from nokturn.music.time import COMMON_TIME, Ticks, exact

MAX_PARTS = 200
MAX_MEASURES = 20_000
MAX_CELLS = 1_000_000  # bars times voices
MAX_REPAIRS = 50


def read(data: bytes, *, source: str, strict: bool) -> Piece:
    """Read a piece; see `nokturn.formats.base.Format.loads`."""
    root = package.tree(data, source)
    return ScoreReader(source, strict).read(root)


class ScoreReader:
    """Reads one score."""

    def __init__(self, source: str, strict: bool) -> None:
        self.source, self.strict = source, strict
        self.repairs: list[str] = []
        self.recipe: dict[str, Any] | None = None

    def read(self, root: Element) -> Piece:
        """Return the piece in a tree."""
        parts = self._parts(root)
        readers = []
        for entry, part in parts:
            reader = PartReader(self.source, self._repair, drums.pitches(entry))
            reader.read(part)
            readers.append(reader)
        if not any(reader.lanes for reader in readers):
            raise InputError("there are no notes in it.", source=self.source)
        sheet = Sheet()
        self._credits(root, sheet)
        order = self._voices(sheet, [name for name, _ in parts], readers)
        self._bars(sheet, readers, order)
        for fault in bar_faults(sheet):
            number = (
                readers[0].measures[fault.bar] if fault.bar < len(readers[0].measures) else None
            )
            self._repair(f"measure {number.number if number else fault.bar + 1} {fault.text}", 0)
        return Piece(sheet, source=self.source, recipe=self.recipe, repairs=self.repairs)

    def _repair(self, what: str, line: int) -> None:
        if self.strict:
            raise InputError(f"{what.rstrip('.')}.", source=self.source, line=line)
        if len(self.repairs) < MAX_REPAIRS:
            self.repairs.append(f"line {line}: {what}" if line else what)

    def _parts(self, root: Element) -> list[tuple[Element | None, Element]]:
        """Return each part with its entry in the part list; timewise scores are turned around."""
        if root.tag == "score-timewise":
            root = _partwise(root)
        elif root.tag != "score-partwise":
            raise InputError(
                f"its root is <{root.tag[:40]}>, not <score-partwise>: this is XML, but no score.",
                source=self.source,
            )
        entries = {entry.get("id"): entry for entry in root.iterfind("part-list/score-part")}
        parts = [(entries.get(part.get("id")), part) for part in root.iterfind("part")]
        if len(parts) > MAX_PARTS:
            raise LimitError(f"more than {MAX_PARTS} parts.", source=self.source)
        longest = max((len(part.findall("measure")) for _, part in parts), default=0)
        if longest > MAX_MEASURES:
            raise LimitError(f"more than {MAX_MEASURES:,} measures.", source=self.source)
        return parts

    # who plays

    def _voices(
        self, sheet: Sheet, entries: list[Element | None], readers: list[PartReader]
    ) -> list[list[int]]:
        """Fill in the sheet's voices; return for each part which of them each lane is."""
        sheet.voices, order = [], []
        for part, (entry, reader) in enumerate(zip(entries, readers, strict=True)):
            name, short, program, is_drums = _instrument(entry)
            ranked = sorted(range(len(reader.lanes)), key=lambda i: _rank(reader, i))
            index = [0] * len(ranked)
            staves = sorted({lane.staff for lane in reader.lanes})
            for lane in ranked:
                index[lane] = len(sheet.voices)
                staff = reader.lanes[lane].staff
                clef = reader.clefs.get(staff, "")
                sheet.voices.append(
                    Voice(name, part, staves.index(staff), clef, program, "", short, is_drums)
                )
            order.append(index)
        return order

    # bars

    def _bars(self, sheet: Sheet, readers: list[PartReader], order: list[list[int]]) -> None:
        count = max(len(reader.measures) for reader in readers)
        if count * len(sheet.voices) > MAX_CELLS:
            raise LimitError("too many voices in too many measures.", source=self.source)
        key = None
        for b in range(count):
            here = [reader.measures[b] for reader in readers if b < len(reader.measures)]
            bar = Bar([[] for _ in sheet.voices])
            self._shared(bar, here, sheet.bars[-1] if sheet.bars else None)
            for reader, index in zip(readers, order, strict=True):
                if b < len(reader.measures):
                    for lane, (events, marks) in reader.measures[b].lanes.items():
                        _group_tuplets(events, marks)
                        bar.voices[index[lane]] = events
            _fit(bar, here)
            sheet.bars.append(bar)
            if key is None and 0 in bar.keys:
                key = bar.keys[0]
        if sheet.bars and sheet.bars[0].meter is None:
            sheet.bars[0].meter = COMMON_TIME
        self._tidy(sheet)

    def _shared(self, bar: Bar, here: list[Measure], before: Bar | None) -> None:
        for measure in here:
            bar.meter = bar.meter or measure.meter
            bar.keys = bar.keys or measure.keys
            bar.tempos = bar.tempos or measure.tempos
            bar.label = bar.label or measure.label
            bar.repeat_start |= measure.repeat_start
            bar.repeat_end = max(bar.repeat_end, measure.repeat_end)
            bar.ending = bar.ending or measure.ending
            bar.ending_stop |= measure.ending_stop
            if bar.line == "single" and measure.line_style:
                bar.line = measure.line_style
        if before is not None and any(measure.new_system for measure in here):
            before.break_after = True

    def _tidy(self, sheet: Sheet) -> None:
        """Leave out what repeats what holds already: keys and meters stated anew."""
        key, meter = None, None
        for bar in sheet.bars:
            bar.keys = dict(sorted(bar.keys.items()))
            for at, found in list(bar.keys.items()):
                if found == key:
                    del bar.keys[at]
                key = found
            if bar.meter == meter:
                bar.meter = None
            meter = bar.meter or meter

    # credits

    def _credits(self, root: Element, sheet: Sheet) -> None:
        work = _words(root.findtext("work/work-title"))
        movement = _words(root.findtext("movement-title"))
        sheet.title = movement or work
        if movement and work and movement != work:
            sheet.subtitles = (work,)
        for creator in root.iterfind("identification/creator"):
            if creator.get("type", "composer") == "composer" and not sheet.composer:
                sheet.composer = _words(creator.text)
        for field in root.iterfind("identification/miscellaneous/miscellaneous-field"):
            self._field(sheet, field.get("name", ""), (field.text or "").strip())

    def _field(self, sheet: Sheet, name: str, text: str) -> None:
        if name.startswith("abc-") and len(name) == 5:
            sheet.fields.append((name[4], text))
        elif name == "subtitle":
            sheet.subtitles += (text,)
        elif name == "words":
            sheet.words += (text,)
        elif name == "part-order":
            sheet.part_order = text
        elif name == "unit":
            ticks = signs.number(text)
            sheet.unit = exact(ticks) if ticks and 0 < ticks <= 1920 else 0
        elif name == "nokturn-recipe" and len(text) < 100_000:
            self.recipe = recipe_of(text)


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


def _rank(reader: PartReader, lane: int) -> tuple[int, int, int]:
    """Order the lanes of a part: by staff, then by voice number, then as they came."""
    found = reader.lanes[lane]
    return found.staff, signs.whole(found.voice, 999), lane


def _instrument(entry: Element | None) -> tuple[str, str, int, bool]:
    """Return name, short name, General MIDI program and whether it is drums."""
    if entry is None:
        return "", "", 0, False
    program = signs.whole(entry.findtext("midi-instrument/midi-program"), 1) - 1
    channel = signs.whole(entry.findtext("midi-instrument/midi-channel"))
    name, short = _words(entry.findtext("part-name")), _words(entry.findtext("part-abbreviation"))
    return name, short, max(0, min(127, program)), channel == 10


def _partwise(root: Element) -> Element:
    """Turn a timewise score, measures of parts, into parts of measures."""
    score = Element("score-partwise")
    parts: dict[str, Element] = {}
    for child in root:
        if child.tag != "measure":
            score.append(child)
            continue
        for part in child.iterfind("part"):
            name = part.get("id", "")
            if name not in parts:
                parts[name] = Element("part", id=name)
            measure = Element("measure", dict(child.attrib))
            measure.extend(list(part))
            parts[name].append(measure)
    score.extend(parts.values())
    return score


def _fit(bar: Bar, here: list[Measure]) -> None:
    """Give every voice that plays in a bar the length of the bar, and whole-bar rests too."""
    lasting = [voice for voice in bar.voices if voice and not _only_rest(voice)]
    pickup = any(measure.implicit for measure in here)
    counted = lasting if lasting and pickup else [voice for voice in bar.voices if voice]
    length: Ticks = max((_sum(voice) for voice in counted), default=0)
    for voice in bar.voices:
        if not voice:
            continue
        if _only_rest(voice):
            voice[0] = voice[0]._replace(duration=length)
            continue
        missing = exact(length - _sum(voice))
        if missing > 0:
            voice.append(Event(missing, hidden=True))
    if not length and bar.voices:
        end = max((measure.end for measure in here), default=0)
        bar.voices[0] = [Event(end, hidden=True)] if end else []


def _only_rest(voice: list[Event]) -> bool:
    return len(voice) == 1 and voice[0].whole_bar


def _sum(voice: list[Event]) -> Ticks:
    return exact(sum((event.duration for event in voice), Fraction(0)))


def _group_tuplets(events: list[Event], marks: list[tuple[int, int]]) -> None:
    """Say at the first event of each tuplet how many belong to it.

    The brackets of the file decide; where it has none, the length at which a group is whole.
    """
    place = 0
    while place < len(events):
        tuplet = events[place].tuplet
        if tuplet is None:
            place += 1
            continue
        end, depth, total = place, 0, Fraction(0)
        bracketed = marks[place][0] > 0
        for end in range(place, len(events)):
            total += events[end].duration
            depth += marks[end][0] - marks[end][1]
            following = events[end + 1] if end + 1 < len(events) else None
            if following is None or following.tuplet is None or following.tuplet[:2] != tuplet[:2]:
                break
            if depth <= 0 and (bracketed or marks[end + 1][0] or _complete(total)):
                break
        opening = Tuplet(tuplet.actual, tuplet.normal, end - place + 1)
        events[place] = events[place]._replace(tuplet=opening)
        place = end + 1


def _complete(total: Fraction) -> bool:
    return total >= 960 or (total >= 240 and single(exact(total)) is not None)
