"""The ABC writer: a Sheet -> canonical ABC, the same text for the same music.

    X:1
    T:Jig
    M:6/8
    L:1/8
    K:G
    D|:GAB cde|g3 d2B|...          four bars a line, beats apart, accidentals where needed

Lengths are written out (no ``>``), repeats and endings in their short forms, changes as inline
fields. What the text means does not hang on whether a reader lets an accidental hold in other
octaves: where that matters the sign is written. Reading and writing it again gives the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate

from nokturn.formats._abc_fields import default_unit
from nokturn.formats._abc_lexer import SHORTHANDS
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Bar, Event, Sheet, Tuplet, Voice
from nokturn.music.time import TICKS_PER_QUARTER, WHOLE, Meter, Tempo, Ticks

FIELD_ORDER = "ORBDFGHNSZA"
BARS_A_LINE = 4
_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_SHORT = {name: sign for sign, name in SHORTHANDS.items() if sign in ".~HTuvPM"}
_LINES = {"single": "|", "double": "||", "final": "|]", "heavy-light": "[|", "dotted": ".|"}
_USUAL = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


_MARK = "\ue000"  # of the private use area: around events while their places are counted
Events = dict[tuple[int, int, int], tuple[int, int]]  # bar, voice, event -> start, stop


def located_tune(music: Piece | Sheet) -> tuple[str, Events]:
    """Return a piece as an ABC tune, and where in the text each event stands.

    Places are counted as browsers do, in units of UTF-16. None is known where the texts of the
    piece hold the mark that is used for counting.

    >>> from nokturn.music.sheet import Bar, Event, Sheet
    >>> text, places = located_tune(Sheet([Bar([[Event(960, (Pitch(0),)), Event(960)]])]))
    >>> [text[slice(*place)] for place in places.values()]
    ['C4', 'z4']
    """
    marked: list[tuple[int, int, int]] = []
    parts = write_tune(music, marked=marked).split(_MARK)
    if len(parts) != 2 * len(marked) + 1:
        return "".join(parts), {}
    ends = list(accumulate(len(part.encode("utf-16-le")) // 2 for part in parts))
    places = {event: (ends[2 * k], ends[2 * k + 1]) for k, event in enumerate(marked)}
    return "".join(parts), places


def write_tune(
    music: Piece | Sheet, number: int = 1, *, marked: list[tuple[int, int, int]] | None = None
) -> str:
    """Return a piece as an ABC tune, with a line end after its last line and no empty line.

    Where a list is given, every event stands between two marks, and the list gets their bars,
    voices and indices in the order written; see `located_tune`.
    """
    sheet = music if isinstance(music, Sheet) else music.sheet
    recipe = None if isinstance(music, Sheet) else music.recipe
    title = sheet.title if isinstance(music, Sheet) else (music.title or sheet.title)
    unit = sheet.unit or default_unit(sheet.meter)
    lines = [f"X:{number}"]
    if recipe:
        lines.append("%nokturn " + json.dumps(recipe, sort_keys=True, separators=(",", ":")))
    lines += [f"T:{_line(text)}" for text in (title, *sheet.subtitles) if text]
    if sheet.composer:
        lines.append(f"C:{_line(sheet.composer)}")
    order = {letter: place for place, letter in enumerate(FIELD_ORDER)}
    fields = sorted(sheet.fields, key=lambda pair: order.get(pair[0], 99))
    lines += [f"{letter}:{_line(text)}" for letter, text in fields]
    if sheet.part_order:
        lines.append(f"P:{sheet.part_order}")
    lines += [f"M:{sheet.meter}", f"L:{Fraction(unit) / WHOLE}"]
    if sheet.tempo:
        lines.append(f"Q:{tempo_text(sheet.tempo)}")
    lines += _voice_lines(sheet)
    only = sheet.voices[0].clef if len(sheet.voices) == 1 else ""
    lines.append(f"K:{sheet.key}" + (f" clef={only}" if only else ""))
    lines += _body(sheet, unit, marked)
    lines += [f"W:{_line(text)}" for text in sheet.words]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Return a text that stays on its line and is no comment."""
    return " ".join(text.replace("\\", "").split()).replace("%", "\\%")


def tempo_text(tempo: Tempo) -> str:
    """Return a tempo as in ``Q:``: ``"Allegro" 3/8=120``."""
    words = '"' + _line(tempo.text.replace('"', "'")) + '"' if tempo.text else ""
    if not tempo.bpm:
        return words
    beat = Fraction(tempo.beat) / WHOLE
    return f"{words} {beat.numerator}/{beat.denominator}={tempo.bpm:g}".strip()


def _voice_lines(sheet: Sheet) -> list[str]:
    """Return the header lines that say who plays."""
    lines = []
    if len(sheet.voices) > 1:
        lines.append(f"%%score {_grouping(sheet.voices)}")
    for number, voice in enumerate(sheet.voices, 1):
        if len(sheet.voices) > 1:
            name = voice.name.replace('"', "'")
            short = voice.short_name.replace('"', "'")
            clef = "perc" if voice.drums else voice.clef
            lines.append(
                f"V:{number}"
                + (f" clef={clef}" if clef else "")
                + (f' name="{_line(name)}"' if name else "")
                + (f' subname="{_line(short)}"' if short else "")
            )
        if voice.program:
            lines.append(f"%%MIDI program {voice.program}")
    return lines


def _grouping(voices: list[Voice]) -> str:
    """Return ``{(1 2) 3} 4``: braces around a part of several staves, brackets around a staff."""
    words = []
    for part in dict.fromkeys(voice.part for voice in voices):
        staves: dict[int, list[str]] = {}
        for number, voice in enumerate(voices, 1):
            if voice.part == part:
                staves.setdefault(voice.staff, []).append(str(number))
        groups = [f"({' '.join(s)})" if len(s) > 1 else s[0] for _, s in sorted(staves.items())]
        words.append("{" + " ".join(groups) + "}" if len(groups) > 1 else groups[0])
    return " ".join(words)


def _body(sheet: Sheet, unit: Ticks, marked: list[tuple[int, int, int]] | None) -> Iterator[str]:
    """Yield the music lines, each followed by its lyrics."""
    writers = [_VoiceWriter(sheet, v, unit, marked) for v in range(len(sheet.voices))]
    for first, stop in _systems(sheet):
        for v, writer in enumerate(writers):
            music = "".join(writer.bar(b, b == first, b + 1 == stop) for b in range(first, stop))
            yield (f"[V:{v + 1}] " if len(writers) > 1 else "") + music
            yield from _lyrics(
                [e for b in range(first, stop) for e in _voice(sheet.bars[b], v) if e.pitches]
            )


def _voice(bar: Bar, v: int) -> list[Event]:
    return bar.voices[v] if v < len(bar.voices) else []


def _systems(sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Yield the bars of each line, first and stop: four bars, or up to the end of a section.

    A short bar at the start of a line does not count, and a further ending stays on its line.
    """
    first, count = 0, 0
    meters = list(sheet.meters())
    bars = sheet.bars
    for b, bar in enumerate(bars):
        count += b > first or bar.length >= meters[b].bar_ticks
        if b + 1 == len(bars):
            yield first, b + 1
            return
        after = bars[b + 1]
        if after.ending and min(after.ending) > 1:
            continue
        if count >= BARS_A_LINE or after.repeat_start or _ends_section(bar):
            yield first, b + 1
            first, count = b + 1, 0


def _ends_section(bar: Bar) -> bool:
    return bool(bar.repeat_end) or bar.line in ("double", "final", "heavy-light")


def _lyrics(notes: list[Event]) -> Iterator[str]:
    for verse in range(max((len(note.lyrics) for note in notes), default=0)):
        words = [note.lyrics[verse] if verse < len(note.lyrics) else "" for note in notes]
        while words and not words[-1]:
            words.pop()
        if words:
            yield "w:" + " ".join(_syllable(word) for word in words)


def _syllable(word: str) -> str:
    if not word or word == "_":
        return word or "*"
    joined = word.endswith("-")
    text = _line(word.removesuffix("-")).replace(" ", "~")
    for sign in "*_|":
        text = text.replace(sign, "")
    return (text.replace("‑", "\\-").replace("-", "\\-") or "*") + ("-" if joined else "")


@dataclass
class _VoiceWriter:
    """Writes the bars of one voice, with the accidentals that hold in each."""

    sheet: Sheet
    voice: int
    unit: Ticks
    marked: list[tuple[int, int, int]] | None = None
    in_bar: dict[int, int] = field(default_factory=dict)  # step -> alter, whatever the octave
    at_octave: dict[tuple[int, int], int] = field(default_factory=dict)
    tied: dict[tuple[int, int], int] = field(default_factory=dict)
    left: int = 0  # events still to come in the tuplet
    ratio: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        self.key = self.sheet.key
        self.meters = list(self.sheet.meters())

    def bar(self, b: int, first: bool, last: bool) -> str:
        """Return a bar with the bar line after it; ``first`` and ``last`` in its line of text."""
        bar = self.sheet.bars[b]
        self.in_bar, self.at_octave = {}, {}
        text = self._opening(b, bar, first)
        events = _voice(bar, self.voice)
        if not events and bar.length:
            events = [_absent(bar, self.meters[b])]
        text += self._events(events, bar, b)
        return text + self._closing(b, bar, last)

    def _opening(self, b: int, bar: Bar, first: bool) -> str:
        text = "|:" if bar.repeat_start and first else ""
        if bar.ending:
            text += ("[" if first else "") + ",".join(map(str, bar.ending)) + " "
        if bar.label and self.voice == 0:
            text += f"[P:{bar.label}]"
        if b and bar.meter:
            text += f"[M:{bar.meter}]"
        return text

    def _closing(self, b: int, bar: Bar, last: bool) -> str:
        after = self.sheet.bars[b + 1] if b + 1 < len(self.sheet.bars) else None
        colons = ":" * (bar.repeat_end - 1) if bar.repeat_end else ""
        if bar.line == "none" and not colons:
            splits = after is None or after.meter or (after.label and self.voice == 0)
            return "" if splits and not (after is None and b == 0) else "[|]"
        sign = "|" if colons and bar.line != "final" else _LINES.get(bar.line, "|")
        silent = bar.ending_stop and not colons and sign in ("|", ".|")
        if silent and after is not None and not after.ending and not after.repeat_start:
            sign = "||"  # nothing else in ABC ends a bracket
        return (
            colons + sign + (":" if after is not None and after.repeat_start and not last else "")
        )

    def _events(self, events: list[Event], bar: Bar, b: int) -> str:
        changes = self._changes(bar)
        meter = self.meters[b]
        groups = _group_starts(meter)
        offset: Ticks = 0
        self.left = 0
        words: list[str] = []
        for i, event in enumerate(events):
            while changes and changes[0][0] <= offset:
                words.append(self._change(changes.pop(0)[1]))
            if i and offset in groups:
                words.append(" ")
            word = self._event(event, events, i, meter)
            if self.marked is not None:
                self.marked.append((b, self.voice, i))
                word = f"{_MARK}{word}{_MARK}"
            words.append(word)
            offset += event.duration
        words += [self._change(change) for _, change in changes]
        return "".join(words)

    def _changes(self, bar: Bar) -> list[tuple[Ticks, Key | Tempo]]:
        """Return the changes of key and tempo in a bar; the header says those at the start."""
        start = bar is self.sheet.bars[0]
        found: list[tuple[Ticks, Key | Tempo]] = [
            (at, key) for at, key in bar.keys.items() if at or not start
        ]
        if self.voice == 0:
            found += [(at, tempo) for at, tempo in bar.tempos.items() if at or not start]
        return sorted(found, key=lambda pair: pair[0])

    def _change(self, change: Key | Tempo) -> str:
        if isinstance(change, Tempo):
            return f"[Q:{tempo_text(change)}]"
        self.key = change
        return f"[K:{change}]"

    def _event(self, event: Event, events: list[Event], i: int, meter: Meter) -> str:
        text = self._tuplet(event, events, i, meter) + self._ornaments(event)
        length = Fraction(event.duration) / self.unit
        if event.tuplet:
            length = length * self.ratio[0] / self.ratio[1]
        if event.pitches:
            text += self._pitches(event.pitches, event.ties, length)
        elif event.whole_bar and event.duration == meter.bar_ticks:
            text += "X" if event.hidden else "Z"
        else:
            text += ("x" if event.hidden else "z") + length_text(length)
        self.tied = {
            (pitch.step, pitch.octave): pitch.alter
            for pitch, tie in zip(event.pitches, event.ties, strict=False)
            if tie
        }
        return text + ")" * event.slurs[1]

    def _ornaments(self, event: Event) -> str:
        """Return what stands before a note, in the order of the standard (4.20)."""
        text = "(" * event.slurs[0]
        if event.graces:
            text += "{" + ("/" if event.graces[0].slash else "")
            text += "".join(
                self._pitches(grace.pitches, (), grace.duration / Fraction(120))
                for grace in event.graces
            )
            text += "}"
        if event.chord:
            text += '"' + _line(event.chord.replace('"', "'")) + '"'
        for words in event.texts:
            text += '"' + _line(words.replace('"', "'")) + '"'
        for name in event.decorations:
            text += _SHORT.get(name) or f"!{name}!"
        return text

    def _tuplet(self, event: Event, events: list[Event], i: int, meter: Meter) -> str:
        """Return the opening of a tuplet where one begins, and remember its ratio."""
        if event.tuplet is None:
            self.left = 0
            return ""
        p, q, _ = event.tuplet
        opens = self.left == 0 or event.tuplet.notes or self.ratio != (p, q)
        self.left -= 1
        if not opens:
            return ""
        notes = _tuplet_notes(events, i)
        self.ratio, self.left = (p, q), notes - 1
        usual = _USUAL.get(p, 3 if meter.compound else 2)
        if q == usual:
            return f"({p}" if notes == p else f"({p}::{notes}"
        return f"({p}:{q}" if notes == p else f"({p}:{q}:{notes}"

    def _pitches(self, pitches: tuple[Pitch, ...], ties: tuple[bool, ...], length: Fraction) -> str:
        size = length_text(length)
        if len(pitches) == 1:
            return self._note(pitches[0]) + size + ("-" if any(ties) else "")
        every = bool(ties) and all(ties)
        notes = [
            self._note(pitch) + ("-" if not every and k < len(ties) and ties[k] else "")
            for k, pitch in enumerate(pitches)
        ]
        return f"[{''.join(notes)}]{size}" + ("-" if every else "")

    def _note(self, spelled: Pitch) -> str:
        pitch = _writable(spelled)
        step, alter, octave = pitch
        place = (step, octave)
        natural = self.key.alters[step]
        implied = {
            self.in_bar.get(step, natural),
            self.at_octave.get(place, natural),
            self.tied.get(place, alter),
        }
        sign = ""
        if implied != {alter}:
            sign = _SIGNS[alter]
            self.in_bar[step] = self.at_octave[place] = alter
        letter = "CDEFGAB"[step]
        if octave >= 5:
            return sign + letter.lower() + "'" * (octave - 5)
        return sign + letter + "," * (4 - octave)


def _writable(pitch: Pitch) -> Pitch:
    """Return the pitch respelled where it has more than two sharps or flats."""
    if abs(pitch.alter) <= 2:
        return pitch
    octave, within = divmod(pitch.midi, 12)
    step = (0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6)[within]
    return Pitch(step, within - (0, 2, 4, 5, 7, 9, 11)[step], octave - 1)


def length_text(length: Fraction) -> str:
    """Return a length as ABC has it: nothing for 1, ``/`` for a half, ``3/2``, ``/4``.

    >>> [length_text(Fraction(n)) for n in ("1", "2", "1/2", "3/2", "1/4")]
    ['', '2', '/', '3/2', '/4']
    """
    top = "" if length.numerator == 1 else str(length.numerator)
    if length.denominator == 1:
        return top
    return f"{top}/" if not top and length.denominator == 2 else f"{top}/{length.denominator}"


def _tuplet_notes(events: list[Event], i: int) -> int:
    """Return how many events belong to the tuplet that opens here."""
    opener = events[i].tuplet
    assert opener is not None
    notes = 1
    for event in events[i + 1 : i + 99]:
        same = event.tuplet is not None and event.tuplet[:2] == opener[:2]
        if not same or (event.tuplet or Tuplet(1, 1)).notes or notes == opener.notes:
            break
        notes += 1
    return notes


def _absent(bar: Bar, meter: Meter) -> Event:
    """Return what stands in a bar from which the voice is absent: a hidden rest."""
    return Event(bar.length, hidden=True, whole_bar=bar.length == meter.bar_ticks)


def _group_starts(meter: Meter) -> set[Ticks]:
    """Return where in a bar a space stands: between beats, between halves in 4/4 and 2/2."""
    if meter.free:
        return {k * TICKS_PER_QUARTER for k in range(64)}
    beats = meter.beats
    if (meter.numerator, meter.denominator) in ((4, 4), (2, 2)):
        beats = (2 * TICKS_PER_QUARTER,) * 2
    return set(accumulate(beats))
