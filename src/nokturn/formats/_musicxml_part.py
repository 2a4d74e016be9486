"""One part of a MusicXML score, measure by measure: notes into lanes, marks onto notes.

A **lane** becomes a voice of the sheet. A MusicXML voice usually is one; where a file uses one
number for notes that sound together on two staves, it is several. A lane keeps the staff on which
it begins, so notes that cross to the other staff stay in their voice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from nokturn.errors import InputError, LimitError
from nokturn.formats import _musicxml_signs as signs
from nokturn.formats._musicxml_hanging import Hanging, decorations, lyrics, slurs
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Event, Grace, Tuplet
from nokturn.music.time import Meter, Tempo, Ticks, exact

MAX_LANES = 32
MAX_EVENTS = 400_000
MAX_LENGTH = 480 * 4 * 64  # of a note, in ticks
MAX_DIVISIONS = 1_000_000
ROUNDED = Fraction(10)  # ticks that a rounded tuplet duration may be off
FINEST = 10**9  # denominator


@dataclass
class Lane:
    """A voice while it is read; ``end`` is where its last note of the measure ends."""

    voice: str
    staff: int
    events: list[Event] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)  # tuplet brackets: opened, closed
    end: Ticks = 0
    graces: list[Grace] = field(default_factory=list)


@dataclass
class Measure:
    """What a part says in a measure."""

    number: str
    implicit: bool
    line: int
    lanes: dict[int, tuple[list[Event], list[tuple[int, int]]]] = field(default_factory=dict)
    keys: dict[Ticks, Key] = field(default_factory=dict)
    meter: Meter | None = None
    tempos: dict[Ticks, Tempo] = field(default_factory=dict)
    end: Ticks = 0  # how far the cursor went
    repeat_start: bool = False
    repeat_end: int = 0
    ending: tuple[int, ...] = ()
    ending_stop: bool = False
    line_style: str = ""
    label: str = ""
    new_system: bool = False


class PartReader:
    """Reads the measures of one part into lanes."""

    def __init__(
        self,
        source: str,
        repair: Callable[[str, int], None],
        drums: Mapping[str, Pitch] | None = None,
    ) -> None:
        self.source, self.repair, self.drums = source, repair, drums or {}
        self.lanes: list[Lane] = []
        self.measures: list[Measure] = []
        self.clefs: dict[int, str] = {}
        self.divisions = Fraction(1)
        self.transposed = (0, 0)
        self.count = 0
        self.hanging = Hanging()
        self.now = Measure("", False, 0)
        self.cursor: Ticks = 0
        self.onset: Ticks = 0
        self.last: tuple[Lane, bool] | None = None  # where a <chord/> joins: its grace notes?

    def read(self, part: Element) -> None:
        """Read every measure."""
        for element in part.iterfind("measure"):
            self._measure(element)

    def _measure(self, element: Element) -> None:
        self.now = Measure(
            element.get("number", ""),
            element.get("implicit") == "yes",
            signs.whole(element.get("line")),
        )
        self.measures.append(self.now)
        self.cursor, self.last = 0, None
        for lane in self.lanes:
            lane.events, lane.marks, lane.end = [], [], 0
        for child in element:
            self._child(child)
        self.hanging.leave([lane.events for lane in self.lanes])
        for index, lane in enumerate(self.lanes):
            if lane.events:
                self.now.lanes[index] = (lane.events, lane.marks)

    def _child(self, child: Element) -> None:
        match child.tag:
            case "note":
                self._note(child)
            case "backup":
                self._move(-self._ticks(child))
            case "forward":
                self._move(self._ticks(child))
            case "attributes":
                self._attributes(child)
            case "direction":
                tempo = self.hanging.direction(child)
                if tempo is not None:
                    self.now.tempos.setdefault(self.cursor, tempo)
                label = child.findtext("direction-type/rehearsal")
                self.now.label = self.now.label or (label or "").strip()[:40]
            case "harmony":
                self.hanging.chord = signs.chord_symbol(child) or self.hanging.chord
            case "barline":
                self._barline(child)
            case "print":
                self.now.new_system |= "yes" in (child.get("new-system"), child.get("new-page"))
            case "sound":
                tempo = self.hanging.sound(child)
                if tempo is not None:
                    self.now.tempos.setdefault(self.cursor, tempo)

    # time

    def _ticks(self, element: Element) -> Ticks:
        """Return the duration that an element states."""
        value = signs.number(element.findtext("duration"))
        if value is None or value < 0:
            return 0
        ticks = exact(value * 480 / self.divisions)
        if ticks > MAX_LENGTH:
            raise LimitError(
                "a note or pause of more than 64 whole notes.",
                source=self.source,
                line=self.now.line,
            )
        return ticks

    def _move(self, ticks: Ticks) -> None:
        self.cursor = max(0, exact(self.cursor + ticks))
        if isinstance(self.cursor, Fraction) and self.cursor.denominator > FINEST:
            raise InputError(
                "its divisions change too often.", source=self.source, line=self.now.line
            )
        if self.cursor > 16 * MAX_LENGTH:
            raise LimitError("a measure without end.", source=self.source, line=self.now.line)
        self.now.end = max(self.now.end, self.cursor)

    def _length(self, note: Element) -> Ticks:
        """Return how long a note lasts: as stated, or exactly where that was rounded."""
        stated = self._ticks(note)
        written = signs.written_length(note)
        if written is None:
            return stated
        if stated == 0 and note.find("duration") is None:
            return written
        step = min(ROUNDED, Fraction(480) / self.divisions)
        rounded = stated != written and abs(Fraction(stated) - written) < step
        return written if rounded else stated

    # notes

    def _note(self, note: Element) -> None:
        if note.find("cue") is not None:
            if note.find("chord") is None and note.find("grace") is None:
                self._move(self._ticks(note))
            self.last = None
            return
        if note.find("grace") is not None:
            self._grace(note)
            return
        if note.find("chord") is not None:
            self._join(note)
            return
        length = self._length(note)
        self.onset = self.cursor
        self._move(length)
        if length <= 0:
            self.last = None
            return
        staff = signs.whole(note.findtext("staff"), 1)
        lane = self._lane((note.findtext("voice") or "1").strip(), staff, self.onset)
        event = self._event(note, length, tuple(lane.graces))
        lane.graces = []
        self._fill(lane, self.onset)
        lane.events.append(self.hanging.onto(event, staff))
        lane.marks.append(_brackets(note))
        lane.end = self.cursor
        self.last = (lane, False)
        self._count()

    def _event(self, note: Element, length: Ticks, graces: tuple[Grace, ...]) -> Event:
        pitch = signs.pitch(note, self.transposed, self.drums)
        rest = note.find("rest")
        whole_bar = (
            pitch is None
            and rest is not None
            and rest.get("measure") == "yes"
            and note.find("type") is None
        )
        ratio = signs.ratio(note)
        return Event(
            length,
            (pitch,) if pitch else (),
            (True,) if pitch and _tied(note) else (),
            Tuplet(*ratio) if ratio and not whole_bar else None,
            graces,
            decorations(note),
            slurs(note),
            lyrics=lyrics(note, self.hanging.verses),
            hidden=note.get("print-object") == "no",
            whole_bar=whole_bar,
        )

    def _join(self, note: Element) -> None:
        """Add a note to the chord before it."""
        pitch = signs.pitch(note, self.transposed, self.drums)
        if self.last is None or pitch is None:
            return
        lane, grace = self.last
        if grace:
            graces = lane.graces
            if graces and pitch not in graces[-1].pitches:
                graces[-1] = graces[-1]._replace(pitches=(*graces[-1].pitches, pitch))
            return
        event = lane.events[-1]
        if pitch in event.pitches or event.rest:
            return
        ties = (*(event.ties or (False,) * len(event.pitches)), _tied(note))
        begin, end = slurs(note)
        more = tuple(name for name in decorations(note) if name not in event.decorations)
        lane.events[-1] = event._replace(
            pitches=(*event.pitches, pitch),
            ties=ties if any(ties) else (),
            slurs=(event.slurs[0] + begin, event.slurs[1] + end),
            decorations=event.decorations + more,
        )
        self._count()

    def _grace(self, note: Element) -> None:
        pitch = signs.pitch(note, self.transposed, self.drums)
        if note.find("chord") is not None:
            self._join(note)
            return
        staff = signs.whole(note.findtext("staff"), 1)
        lane = self._lane((note.findtext("voice") or "1").strip(), staff, self.cursor)
        self.last = (lane, True)
        if pitch is None or len(lane.graces) >= 64:
            return
        element = note.find("grace")
        slash = element is not None and element.get("slash") == "yes"
        lane.graces.append(Grace((pitch,), signs.written_length(note) or 240, slash))
        self._count()

    def _lane(self, voice: str, staff: int, onset: Ticks) -> Lane:
        """Return where a note belongs: a lane of its voice that is free, best on its staff."""
        own = [lane for lane in self.lanes if lane.voice == voice]
        free = [lane for lane in own if lane.end <= onset + self._slack()]
        best = next((lane for lane in free if lane.staff == staff), free[0] if free else None)
        if best is None:
            if len(self.lanes) >= MAX_LANES:
                raise LimitError(
                    f"more than {MAX_LANES} voices in a part.",
                    source=self.source,
                    line=self.now.line,
                )
            best = Lane(voice, staff)
            self.lanes.append(best)
        return best

    def _slack(self) -> Fraction:
        """How far rounded durations may make notes seem to overlap, in ticks."""
        if self.divisions <= 16:
            return Fraction(0)
        return min(ROUNDED, 2 * Fraction(480) / self.divisions)

    def _fill(self, lane: Lane, onset: Ticks) -> None:
        """Fill the gap before a note with a hidden rest."""
        gap = exact(onset - lane.end)
        if gap > self._slack() or (gap > 0 and not self._slack()):
            lane.events.append(Event(gap, hidden=True))
            lane.marks.append((0, 0))

    def _count(self) -> None:
        self.count += 1
        if self.count > MAX_EVENTS:
            raise LimitError(
                f"more than {MAX_EVENTS:,} notes.", source=self.source, line=self.now.line
            )

    # what holds for the measure

    def _attributes(self, element: Element) -> None:
        divisions = signs.number(element.findtext("divisions"))
        if divisions is not None:
            if 0 < divisions <= MAX_DIVISIONS:
                self.divisions = divisions
            else:
                self.repair(f"divisions of {divisions} are impossible", self.now.line)
        transpose = element.find("transpose")
        if transpose is not None:
            self.transposed = signs.transposition(transpose)
        key = element.find("key")
        if key is not None:
            found, mended = signs.key(key)
            if mended:
                self.repair("a key of more than seven signs", self.now.line)
            letters, semitones = self.transposed
            if (letters, semitones) != (0, 0) and not found.explicit and found.mode != "none":
                fifths = found.fifths + 7 * semitones - 12 * letters
                fifths -= 12 * round(fifths / 12) if abs(fifths) > 7 else 0
                found = signs.key_of(fifths, found.mode)
            self.now.keys[self.cursor] = found
        time = element.find("time")
        if time is not None:
            meter = signs.meter(time)
            if meter is None:
                self.repair("a time signature that cannot be", self.now.line)
            self.now.meter = meter or self.now.meter
        if len(self.measures) == 1:
            for clef in element.iterfind("clef"):
                self.clefs.setdefault(signs.whole(clef.get("number"), 1), signs.clef(clef))

    def _barline(self, element: Element) -> None:
        style = (element.findtext("bar-style") or "").strip()
        left = element.get("location") == "left"
        if element.get("location") == "middle":
            return
        repeat, ending = element.find("repeat"), element.find("ending")
        if left:
            self.now.repeat_start |= repeat is not None and repeat.get("direction") == "forward"
        else:
            self.now.line_style = signs.LINE_OF.get(style, "single") if style else ""
            if repeat is not None and repeat.get("direction") == "backward":
                self.now.repeat_end = max(2, min(99, signs.whole(repeat.get("times"), 2)))
                self.now.line_style = ""
        if ending is not None:
            if ending.get("type") == "start":
                self.now.ending = signs.ending_numbers(ending.get("number", ""))
            else:
                self.now.ending_stop = True


def _tied(note: Element) -> bool:
    if any(tie.get("type") == "start" for tie in note.iterfind("tie")):
        return True
    return any(tied.get("type") == "start" for tied in note.iterfind("notations/tied"))


def _brackets(note: Element) -> tuple[int, int]:
    """Return how many tuplet brackets open and close at a note."""
    kinds = [tuplet.get("type") for tuplet in note.iterfind("notations/tuplet")]
    return kinds.count("start"), kinds.count("stop")
