"""The <note> elements of one sign: head, dots, accidental, beams, notations, lyrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from nokturn.formats import _musicxml_drums as drums
from nokturn.formats._musicxml_marks import GROUPS, NOTATIONS, before_note
from nokturn.formats._musicxml_values import single
from nokturn.formats._musicxml_voice import Chunk
from nokturn.music.pitch import LETTERS, Pitch
from nokturn.music.sheet import Event, Grace, Place
from nokturn.music.time import Ticks, exact

ACCIDENTAL_NAMES = {
    -3: "triple-flat",
    -2: "flat-flat",
    -1: "flat",
    0: "natural",
    1: "sharp",
    2: "double-sharp",
    3: "triple-sharp",
}
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Timed = list[tuple[Element, Fraction]]  # <duration> elements, filled in when divisions are known


def clean(text: str) -> str:
    """Return text without what XML cannot hold; line ends become spaces."""
    return " ".join(_FORBIDDEN.sub("", text).split("\n"))


def add(parent: Element, tag: str, content: str = "", /, **attributes: str) -> Element:
    """Add an element, with text where there is some; ``_`` in attribute names means ``-``."""
    element = SubElement(
        parent, tag, {k.replace("_", "-"): clean(v) for k, v in attributes.items()}
    )
    if content:
        element.text = clean(content)
    return element


@dataclass
class Line:
    """What the notes of one voice share: its number, staff, and what is known of its notes.

    ``shown`` says whether an accidental is drawn, by (event, grace or -1, place in the chord);
    ``drums`` names the part where it is drums: each then is an instrument of its own.
    ``slurs`` gives the numbers of slurs that begin and end at an event; ``tied`` the pitches of the
    event before that are tied to this one; ``syllabic`` a verse's word position at an event,
    and ``held`` whether its syllable is held over the next note. ``where`` are the indices of bar
    and voice where notes get ids, else None.
    """

    number: int
    staff: int  # 0 = the part has one staff
    timed: Timed
    shown: Callable[[int, int, int], bool]
    slurs: Callable[[int], tuple[list[int], list[int]]]
    tied: Callable[[int], frozenset[Pitch]]
    syllabic: Callable[[int, int], str]
    held: Callable[[int, int], bool]
    drums: str = ""
    where: tuple[int, int] | None = None


def sign_id(place: Place, nth: int = 0) -> str:
    """Return the id of a written note's first sign, or of a further one that is tied to it.

    >>> sign_id(Place(4, 0, 2)), sign_id(Place(4, 0, 2), 1)
    ('n4-0-2-0', 'n4-0-2-0-1')
    """
    return f"{place.name}-{nth}" if nth else place.name


def write_sign(measure: Element, sign: Chunk, line: Line) -> None:
    """Add a sign's notes, and before its first one the grace notes."""
    event = sign.event
    if sign.first:
        _graces(measure, event.graces, sign.index, line)
    pitches: tuple[Pitch | None, ...] = event.pitches or (None,)
    for place, pitch in enumerate(pitches):
        note = add(measure, "note")
        if line.where:
            note.set("id", sign_id(Place(*line.where, sign.index, place), sign.nth))
        if event.hidden:
            note.set("print-object", "no")
        if place:
            add(note, "chord")
        _head(note, pitch, whole=_fills(sign), struck=bool(line.drums))
        line.timed.append((add(note, "duration"), Fraction(sign.duration)))
        starts, stops = _ties(sign, place, pitch, line)
        if stops:
            add(note, "tie", type="stop")
        if starts:
            add(note, "tie", type="start")
        _instrument(note, pitch, line)
        add(note, "voice", str(line.number))
        if sign.value and not event.whole_bar:
            add(note, "type", sign.value.type)
            for _ in range(sign.value.dots):
                add(note, "dot")
        if pitch and sign.first and line.shown(sign.index, -1, place):
            add(note, "accidental", ACCIDENTAL_NAMES.get(pitch.alter, "natural"))
        if sign.ratio != (1, 1):
            modified = add(note, "time-modification")
            add(modified, "actual-notes", str(sign.ratio[0]))
            add(modified, "normal-notes", str(sign.ratio[1]))
        _notehead(note, pitch, line)
        if line.staff:
            add(note, "staff", str(line.staff))
        if not place:
            for level, state in enumerate(sign.beams, 1):
                add(note, "beam", state, number=str(level))
        _notations(note, sign, starts, stops, line, main=not place)
        if not place and sign.first:
            _lyrics(note, sign, line)


def _fills(sign: Chunk) -> bool:
    """Whether a sign is a rest for the whole measure."""
    return sign.event.rest and (sign.event.whole_bar or sign.whole)


def _instrument(note: Element, pitch: Pitch | None, line: Line) -> None:
    """Say which of the part's drums a note is."""
    if line.drums and pitch:
        add(note, "instrument", id=drums.identity(line.drums, pitch.midi))


def _notehead(note: Element, pitch: Pitch | None, line: Line) -> None:
    if line.drums and pitch and (head := drums.place(pitch.midi)[2]):
        add(note, "notehead", head)


def _head(note: Element, pitch: Pitch | None, *, whole: bool, struck: bool = False) -> None:
    if pitch is None:
        rest = add(note, "rest")
        if whole:
            rest.set("measure", "yes")
        return
    if struck:
        step, octave, _ = drums.place(pitch.midi)
        head = add(note, "unpitched")
        add(head, "display-step", step)
        add(head, "display-octave", str(octave))
        return
    head = add(note, "pitch")
    add(head, "step", LETTERS[pitch.step])
    if pitch.alter:
        add(head, "alter", str(pitch.alter))
    add(head, "octave", str(pitch.octave))


def _ties(sign: Chunk, place: int, pitch: Pitch | None, line: Line) -> tuple[bool, bool]:
    if pitch is None:
        return False, False
    ties = sign.event.ties
    onward = place < len(ties) and ties[place]
    return not sign.last or onward, not sign.first or pitch in line.tied(sign.index)


def _graces(measure: Element, graces: tuple[Grace, ...], index: int, line: Line) -> None:
    short = [grace for grace in graces if grace.duration < 480]
    for number, grace in enumerate(graces):
        value = single(grace.duration)
        for place, pitch in enumerate(grace.pitches):
            note = add(measure, "note")
            if line.where:
                note.set("id", sign_id(Place(*line.where, index, place, number)))
            add(note, "grace", **({"slash": "yes"} if grace.slash else {}))
            if place:
                add(note, "chord")
            _head(note, pitch, whole=False, struck=bool(line.drums))
            _instrument(note, pitch, line)
            add(note, "voice", str(line.number))
            add(note, "type", value.type if value else "eighth")
            for _ in range(value.dots if value else 0):
                add(note, "dot")
            if line.shown(index, number, place):
                add(note, "accidental", ACCIDENTAL_NAMES.get(pitch.alter, "natural"))
            _notehead(note, pitch, line)
            if line.staff:
                add(note, "staff", str(line.staff))
            if not place and len(graces) > 1 and len(short) == len(graces):
                levels = min(_flags(each.duration) for each in graces)
                state = "begin" if not number else "continue"
                state = "end" if number + 1 == len(graces) else state
                for level in range(1, levels + 1):
                    add(note, "beam", state, number=str(level))


def _flags(duration: Ticks) -> int:
    value = single(duration)
    return value.flags if value else 1


def _notations(
    note: Element, sign: Chunk, starts: bool, stops: bool, line: Line, *, main: bool
) -> None:
    notations = Element("notations")
    if stops:
        add(notations, "tied", type="stop")
    if starts:
        add(notations, "tied", type="start")
    if main:
        begin, end = line.slurs(sign.index)
        for number in end if sign.last else ():
            add(notations, "slur", type="stop", number=str(number))
        for number in begin if sign.first else ():
            add(notations, "slur", type="start", number=str(number))
        if sign.tuplet_stop:
            add(notations, "tuplet", type="stop", number="1")
        if sign.tuplet_start:
            add(notations, "tuplet", type="start", number="1")
        if sign.first:
            _ornaments(notations, sign.event)
    if len(notations):
        note.append(notations)


def _ornaments(notations: Element, event: Event) -> None:
    groups: dict[str, list[str]] = {}
    for name in event.decorations:
        if not before_note(name):
            group = NOTATIONS.get(name, ("articulations", ""))[0]
            groups.setdefault(_special(name) or group, []).append(name)
    for group in GROUPS:
        names = groups.get(group, [])
        if group in ("fermata", "arpeggiate"):
            for name in names:
                add(notations, group, **({"type": "inverted"} if "inverted" in name else {}))
        elif names:
            holder = add(notations, group)
            for name in names:
                _ornament(holder, name)


def _special(name: str) -> str:
    if name in ("fermata", "invertedfermata"):
        return "fermata"
    if name == "roll":
        return "ornaments"
    return "technical" if name in tuple("012345") else ""


def _ornament(holder: Element, name: str) -> None:
    if name == "roll":  # drawn as a turn, its nearest sign in print; the name follows
        add(holder, "turn")
        add(holder, "other-ornament", "roll")
    elif holder.tag == "technical" and name.isdigit():
        add(holder, "fingering", name)
    elif name in NOTATIONS:
        add(holder, NOTATIONS[name][1])
    else:
        add(holder, "other-articulation", name)


def _lyrics(note: Element, sign: Chunk, line: Line) -> None:
    for verse, syllable in enumerate(sign.event.lyrics):
        if not syllable:
            continue
        lyric = add(note, "lyric", number=str(verse + 1))
        if syllable == "_":
            add(lyric, "extend", type="continue")
            continue
        add(lyric, "syllabic", line.syllabic(sign.index, verse))
        joined = len(syllable) > 1 and syllable.endswith("-")
        add(lyric, "text", syllable[:-1] if joined else syllable)
        if line.held(sign.index, verse):
            add(lyric, "extend", type="start")


def accidentals(
    order: list[tuple[Ticks, tuple[int, int, int, int], Pitch, bool]],
    keys: list[tuple[Ticks, tuple[int, ...]]],
) -> set[tuple[int, int, int, int]]:
    """Return which notes of a staff's measure show their accidental.

    Parameters
    ----------
    order
        Onset, identity, pitch and whether it is tied from the note before, in the order read.
    keys
        Onset and the seven alterations of each key of the measure.
    """
    shown = set()
    alters: dict[tuple[int, int], int] = {}
    latest: dict[int, int] = {}
    waiting = list(keys)
    signature: tuple[int, ...] = (0,) * 7
    for onset, identity, pitch, tied in order:
        while waiting and waiting[0][0] <= onset:
            signature = waiting.pop(0)[1]
            alters, latest = {}, {}
        here = (pitch.step, pitch.octave)
        known = alters.get(here, signature[pitch.step])
        elsewhere = latest.get(pitch.step, signature[pitch.step])
        if not tied:
            if pitch.alter != known or pitch.alter != elsewhere:
                shown.add(identity)
            alters[here] = pitch.alter
        latest[pitch.step] = pitch.alter  # after a tie over the bar line too: a courtesy then
    return shown


def ticks_text(divisions: int, ticks: Fraction) -> str:
    """Return a duration in divisions of a quarter."""
    return str(exact(ticks * divisions / 480))
