"""What hangs on a note: its own notations and lyrics, and the directions that stood before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from nokturn.formats import _musicxml_signs as signs
from nokturn.formats._musicxml_directions import HALIGN
from nokturn.formats._musicxml_marks import DECORATION_OF, DYNAMICS, JUMP_OF_WORDS, SIGNS
from nokturn.formats._musicxml_values import TYPES
from nokturn.music.sheet import Event
from nokturn.music.time import Tempo, exact

MAX_VERSES = 20
_SIGN_OF = {halign: sign for sign, halign in HALIGN.items()}
_WEDGE_NAMES = {"crescendo": "<(", "diminuendo": ">("}


@dataclass
class Hanging:
    """Directions and chord symbols that wait for the next note of their staff."""

    chord: str = ""
    waiting: list[tuple[int, str, bool]] = field(default_factory=list)  # staff, what, is it words
    verses: dict[str, int] = field(default_factory=dict)  # lyric number as written -> verse
    wedge: str = "<)"

    def direction(self, element: Element) -> Tempo | None:
        """Take a direction in; return the tempo that it sets, if it does."""
        tempo = self._tempo(element)
        staff = signs.whole(element.findtext("staff"), 0)
        for kind in element.iterfind("direction-type"):
            for sign in kind:
                if sign.tag == "words" and tempo is None:
                    self._words(sign, element, staff)
                elif sign.tag == "dynamics":
                    names = [each.tag for each in sign if each.tag in DYNAMICS]
                    self.waiting += [(staff, name, False) for name in names]
                elif sign.tag == "wedge":
                    self.waiting.append((staff, self._wedge(sign.get("type", "")), False))
                elif sign.tag in SIGNS:
                    self.waiting.append((staff, sign.tag, False))
        del self.waiting[200:]
        return tempo

    def sound(self, element: Element | None) -> Tempo | None:
        """Return the tempo that a <sound> sets, if it does."""
        value = signs.number(element.get("tempo")) if element is not None else None
        return Tempo(float(value)) if value and 1 <= value <= 2000 else None

    def _tempo(self, element: Element) -> Tempo | None:
        words = element.findall("direction-type/words")
        text = " ".join(" ".join((each.text or "").split()) for each in words).strip()
        metronome = element.find("direction-type/metronome")
        if metronome is not None:
            units = metronome.findall("beat-unit")
            base = TYPES.get((units[0].text or "").strip()) if len(units) == 1 else None
            value = signs.number(metronome.findtext("per-minute"))
            if base and value and 1 <= value <= 2000:
                dots = min(2, len(metronome.findall("beat-unit-dot")))
                beat = exact(base * (2 - Fraction(1, 2**dots)))
                return Tempo(float(value), beat, text)
        sounding = self.sound(element.find("sound"))
        if sounding is not None:
            return Tempo(sounding.bpm, sounding.beat, text)
        bold = bool(words) and all(each.get("font-weight") == "bold" for each in words)
        plain = element.find("sound") is None and element.get("placement") == "above"
        return Tempo(0, text=text) if bold and plain and text else None

    def _words(self, sign: Element, direction: Element, staff: int) -> None:
        text = " ".join((sign.text or "").split())
        if not text:
            return
        jump = JUMP_OF_WORDS.get(text.lower())
        if jump:
            self.waiting.append((staff, jump, False))
            return
        place = {"above": "^", "below": "_"}.get(direction.get("placement", ""), "")
        if place == "^":
            place = _SIGN_OF.get(sign.get("halign", ""), place)
        self.waiting.append((staff, place + text, True))

    def _wedge(self, kind: str) -> str:
        if kind in _WEDGE_NAMES:
            self.wedge = _WEDGE_NAMES[kind].replace("(", ")")
            return _WEDGE_NAMES[kind]
        return self.wedge

    def onto(self, event: Event, staff: int) -> Event:
        """Return an event with what waits for a note of this staff."""
        if self.chord:
            event, self.chord = event._replace(chord=self.chord), ""
        mine = [each for each in self.waiting if each[0] in (0, staff)]
        if mine:
            self.waiting = [each for each in self.waiting if each[0] not in (0, staff)]
            event = _with(event, mine)
        return event

    def leave(self, lanes: list[list[Event]]) -> None:
        """Hang what still waits at the end of a measure onto its last note."""
        lane = next((events for events in lanes if events), None)
        if lane is not None and self.waiting:
            lane[-1] = _with(lane[-1], self.waiting)
            self.waiting = []


def _with(event: Event, waiting: list[tuple[int, str, bool]]) -> Event:
    names = tuple(what for _, what, words in waiting if not words)
    texts = tuple(what for _, what, words in waiting if words)
    return event._replace(decorations=names + event.decorations, texts=event.texts + texts)


def decorations(note: Element) -> tuple[str, ...]:
    """Return the decorations that stand in a note's notations."""
    found: list[str] = []
    for notations in note.iterfind("notations"):
        for group in notations:
            if group.tag == "fermata":
                found.append("invertedfermata" if group.get("type") == "inverted" else "fermata")
            elif group.tag == "arpeggiate":
                found.append("arpeggio")
            elif group.tag == "dynamics":
                found += [each.tag for each in group if each.tag in DYNAMICS]
            else:
                _group(group, found)
    return tuple(dict.fromkeys(found))


def _group(group: Element, found: list[str]) -> None:
    for sign in group:
        text = (sign.text or "").strip()
        name = DECORATION_OF.get((group.tag, sign.tag))
        if sign.tag == "other-ornament" and text == "roll":
            found[-1:] = ["roll"]  # in place of the turn that it is drawn as
        elif _named(sign.tag, text):
            found.append(text)
        elif name:
            found.append(name)


def _named(tag: str, text: str) -> bool:
    """Whether a sign's text is the decoration."""
    if tag == "fingering":
        return text in tuple("012345")
    return tag == "other-articulation" and 0 < len(text) <= 40


def slurs(note: Element) -> tuple[int, int]:
    """Return how many slurs begin and end at a note."""
    kinds = [slur.get("type") for slur in note.iterfind("notations/slur")]
    return min(16, kinds.count("start")), min(16, kinds.count("stop"))


def lyrics(note: Element, verses: dict[str, int]) -> tuple[str, ...]:
    """Return the syllables of a note, one a verse."""
    found: dict[int, str] = {}
    for lyric in note.iterfind("lyric"):
        name = lyric.get("number") or lyric.get("name") or "1"
        if name not in verses:
            wanted = signs.whole(name) - 1
            taken = set(verses.values())
            free = next(n for n in range(len(taken) + 1) if n not in taken)
            verses[name] = wanted if 0 <= wanted < MAX_VERSES and wanted not in taken else free
        if verses[name] < MAX_VERSES:
            found[verses[name]] = _syllable(lyric)
    if not any(found.values()):
        return ()
    return tuple(found.get(verse, "") for verse in range(max(found) + 1))


def _syllable(lyric: Element) -> str:
    text = " ".join("".join(each.text or "" for each in lyric.iterfind("text")).split())
    if not text:
        return "_" if lyric.find("extend") is not None else ""
    syllabic = (lyric.findtext("syllabic") or "").strip()
    return text + ("-" if syllabic in ("begin", "middle") and text != "-" else "")
