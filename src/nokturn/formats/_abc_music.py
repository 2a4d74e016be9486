"""The music lines of an ABC tune, read word by word.

Each word of a line (`_abc_lexer.WORD`) has one method here, which tells it to the voice that is
being read (`_abc_voice`); bar lines are read in `_abc_bars`. What stands between two of them is
read at once where it was read before. A lenient reading mends what it can and says where; a strict
one raises.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nokturn.errors import LimitError
from nokturn.formats import _abc_fields as fields
from nokturn.formats._abc_bars import MAX_BARS, BarReader
from nokturn.formats._abc_known import KnownNotes, known_notes
from nokturn.formats._abc_lexer import (
    GROUP,
    MEASURES,
    NOTE,
    ODD_LENGTH,
    RUN_OR_WORD,
    SHORTHANDS,
    SYNONYMS,
    factor,
    note_word,
    times,
)
from nokturn.music.harmony import parse
from nokturn.music.sheet import Grace
from nokturn.music.time import COMMON_TIME

MAX_EVENTS = 100_000
MAX_GRACES = 64

_OF_NOTES = frozenset({  # words that mean nothing but notes and rests, and what belongs to them
    "run", "rest", "tuplet", "broken", "quoted", "grace", "chord", "slur", "decoration",
    "shorthand", "tie", "spacer",
})  # fmt: skip
_CHORD_END = re.compile(r"\](\d*(?:/+\d*)?)(-?)$")
_ORDER = ("slurs", "grace notes", "chord symbols", "annotations and decorations")  # before a note


@dataclass
class MusicReader(BarReader, ABC):
    """Reads music lines; what fields mean is left to the reader of the tune."""

    @abstractmethod
    def body_field(self, letter: str, value: str) -> None:
        """Read a field of the body, on a line of its own or inline."""

    def music(self, line: str) -> None:
        """Read a line of music."""
        place = 0
        while place < len(line):
            place = self._words(line, self._measures(line, place))
        if self.events > MAX_EVENTS:
            raise LimitError(
                f"more than {MAX_EVENTS:,} notes and rests.", source=self.source, line=self.line
            )

    def _measures(self, line: str, place: int) -> int:
        """Read bars of nothing but notes, and bar lines; return where something else stands."""
        now, usual = self.now, not (self.strict or self.user)  # a sign of one's own means anything
        known = known_notes(now.unit_ticks(), now.key.alters, now.octave, now.meter.compound)
        for measure, sign, rest in MEASURES.findall(line, place):
            if rest:
                return len(line) - len(rest)
            if measure:
                events = known.events(measure) if usual and not now.waits else ()
                if events:
                    now.take(events)
                    self.events += len(events)
                else:
                    self._measure(line, place, place + len(measure), known if usual else None)
            place += len(measure)
            self.column = place + 1
            self._bar(sign)
            place += len(sign)
        return place

    def _measure(self, line: str, start: int, stop: int, known: KnownNotes | None) -> None:
        """Read a bar, and keep what it is if nothing else has a part in that."""
        now, alone = self.now, True
        begun, mark = len(now.lane_events), self._mark()
        for group in GROUP.finditer(line, start, stop):
            events = known.groups.get(group[0]) if known and not now.waits else None
            if events:
                now.take(events)
                self.events += len(events)
            else:
                alone &= self._group(line, *group.span(), known)
        if known and alone and self._is_alone(mark):
            known.measures.keep(line[start:stop], tuple(now.lane_events[begun:]))

    def _group(self, line: str, start: int, stop: int, known: KnownNotes | None) -> bool:
        """Read a part of a bar word by word, and keep it; return whether it is notes alone."""
        now = self.now
        begun, mark = len(now.lane_events), self._mark()
        kinds = {self._word(word) for word in RUN_OR_WORD.finditer(line, start, stop)}
        if known and kinds <= _OF_NOTES and not now.alters and self._is_alone(mark):
            known.groups.keep(line[start:stop], tuple(now.lane_events[begun:]))
        return kinds <= _OF_NOTES

    def _mark(self) -> tuple[Any, ...]:
        """Return what `_is_alone` compares: what goes on, the last event, and the repairs."""
        last = self.now.last or None
        at = len(last) - 1 if last else 0
        repairs = len(self.repairs) + self.silent_repairs
        return self.now.waits, last, at, last and last[at], repairs

    def _is_alone(self, mark: tuple[Any, ...]) -> bool:
        """Return whether what was read since then hangs together with nothing before or after."""
        waited, last, at, event, repairs = mark
        mended = len(self.repairs) + self.silent_repairs > repairs
        changed = last is not None and last[at] is not event
        return not (waited or changed or mended or self.now.goes_on)

    def _words(self, line: str, place: int) -> int:
        """Read word by word to the next bar line; return where that ends."""
        for word in RUN_OR_WORD.finditer(line, place):
            if self._word(word) == "bar":
                return word.end()
        return len(line)

    def _word(self, word: re.Match[str]) -> str:
        """Read a word; return its kind."""
        kind, text = str(word.lastgroup), word[0]
        if kind == "run":
            self._run(text, word.start())
        else:
            self.column = word.start() + 1
            _READERS[kind](self, text)
        return kind

    def _run(self, text: str, start: int) -> None:
        """Read notes that stand side by side."""
        now, unit = self.now, self.now.unit_ticks()
        for word in NOTE.finditer(text):
            self.events += 1
            if self.strict and ODD_LENGTH.search(word[0]):
                self.column = start + word.start() + 1
                self.repair(f"{word[0]!r} has a length of two slashes and a number")
            try:
                now.note(word[0], unit)
            except ValueError as error:
                self.column = start + word.start() + 1
                self.repair(f"{error}; left out")

    def _await(self, what: str) -> None:
        """Note that something waits for the next note; a strict reading minds the order (4.20)."""
        now, place = self.now, _ORDER.index(what)
        if self.strict and place < now.placed:
            self.repair(f"{what} stand before {_ORDER[now.placed]}")
        now.placed, now.pending = place, True

    # words of a music line

    def _field(self, word: str) -> None:
        letter, value = word[1], word[3:].removesuffix("]")
        if not word.endswith("]"):
            self.repair("this field has no closing ]")
        self.body_field(letter, value.strip())

    def _rest(self, word: str) -> None:
        self.events += 1
        if self.strict and ODD_LENGTH.search(word):
            self.repair(f"{word!r} has a length of two slashes and a number")
        try:
            duration = times(self.now.unit_ticks(), factor(word[1:]))
        except ValueError as error:
            self.repair(f"{error}; left out")
            return
        self.now.rest(duration, word[0] == "x")

    def _bars(self, word: str) -> None:
        now = self.now
        count = int(word[1:5] or 1)
        full = now.meter.bar_ticks
        if not 1 <= count <= 999 or len(now.bars) + count > MAX_BARS:
            raise LimitError(
                f"{word} asks for {count} bars of rest; 999 is the limit.",
                source=self.source,
                line=self.line,
                column=self.column,
            )
        if not full:
            self.repair(f"{word} is a rest of bars in free meter; read as 4/4")
            full = COMMON_TIME.bar_ticks
        for i in range(count):
            if i:
                self.close("single")
            now.tied = {}
            now.add(full, hidden=word[0] == "X", whole_bar=True)

    def _tuplet(self, word: str) -> None:
        numbers = word[1:].split(":")
        p = int(numbers[0][:3])
        if not 2 <= p <= 99:
            self.repair(f"{word} is not a tuplet of 2 to 99 notes; left out")
            return
        compound = self.now.meter.compound
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
        q = int((numbers[1] if len(numbers) > 1 else "")[:3] or usual) or usual
        r = int((numbers[2] if len(numbers) > 2 else "")[:3] or p) or p
        if self.now.tuplet:
            self.repair("a tuplet begins before the last one is complete")
        self.now.tuplet, self.now.tuplet_opens = (p, q, r), r

    def _broken(self, word: str) -> None:
        if "<" in word and ">" in word:
            self.repair(f"{word} makes a note longer and shorter at once; left out")
            return
        if not self.now.break_rhythm(word):
            self.repair(f"{word} has no note before it; left out")

    def _quoted(self, word: str) -> None:
        text = fields.plain_text(word.strip('"'))
        if len(word) < 2 or not word.endswith('"'):
            self.repair("this text has no closing quotation mark")
        if not text:
            return
        symbol = text in ("N.C.", "NC") or parse(text.strip("()")) is not None
        self._await("chord symbols" if symbol else "annotations and decorations")
        if not symbol:
            self.now.texts.append(text[:200])
        elif self.now.chord:
            self.now.texts.append(f"^{text[:200]}")
        else:
            self.now.chord = text[:60]

    def _grace(self, word: str) -> None:
        if not word.endswith("}"):
            self.repair("these grace notes have no closing brace")
        self._await("grace notes")
        body = word[1:].removesuffix("}")
        slash = body.startswith("/")
        unit = 120
        chords = re.finditer(rf"\[[^\]]*\]\d*/*\d*|{NOTE.pattern}", body)
        for k, match in enumerate(chords):
            if k == MAX_GRACES:
                self.repair(f"more than {MAX_GRACES} grace notes; the rest left out")
                return
            try:
                words = [note_word(m[0]) for m in NOTE.finditer(match[0])]
            except ValueError as error:
                self.repair(f"{error}; left out")
                continue
            if words:
                pitches = tuple(self.now.spelled(word) for word in words)
                self.now.graces.append(Grace(pitches, times(unit, words[0].factor), slash))

    def _chord(self, word: str) -> None:
        self.events += 1
        end = _CHORD_END.search(word)
        inner = word[1 : end.start()] if end else word[1:]
        for mark in re.findall(r"!([^!]+)!", inner):
            self._decorate(mark)
        bare = re.sub(r'![^!]*!|"[^"]*"', "", inner)
        try:
            words = [note_word(match[0]) for match in NOTE.finditer(bare)]
            left = re.sub(r"[\s.~uvTHMPLOSJR()<>]|" + NOTE.pattern, "", bare)
            if not words:
                self.repair(f"{word!r} is a chord without notes; left out")
                return
            if left:
                self.repair(f"{left[:20]!r} stands in a chord; left out")
            length, tie = (end[1], end[2]) if end else ("", "")
            self.now.chord_of(words, length, bool(tie), self.now.unit_ticks())
        except ValueError as error:
            self.repair(f"{error}; left out")

    def _slur(self, word: str) -> None:
        if word.endswith("("):
            self._await("slurs")
            self.now.slurs += 1
        elif not self.now.end_slur():
            self.repair("a slur ends that did not begin; left out")

    def _decoration(self, word: str) -> None:
        self._decorate(word[1:-1])

    def _decorate(self, name: str) -> None:
        self._await("annotations and decorations")
        self.now.decorations.append(SYNONYMS.get(name, name))

    def _shorthand(self, word: str) -> None:
        name = self.user.get(word) or SHORTHANDS.get(word)
        if name is None:
            self.repair(f"{word!r} means nothing here; left out")
        elif name.startswith('"'):
            self._quoted(name)
        elif name not in ("nil", "none"):
            self._decorate(name)

    def _tie(self, word: str) -> None:
        if not self.now.tie():
            self.repair("a tie without a note before it; left out")

    def _overlay(self, word: str) -> None:
        if self.now.empty:
            self.repair("an overlay at the start of a bar; left out")
            return
        self.now.overlay(len(word), self.repair)

    def _spacer(self, word: str) -> None:
        return

    def _ignored(self, word: str) -> None:
        if word in ("*", ";", "?", "@") or word.startswith("\\") or word < " ":
            self.repair(f"{word!r} means nothing here; left out")

    def _unknown(self, word: str) -> None:
        self.repair(f"{word!r} means nothing here; left out")


_READERS: dict[str, Callable[[MusicReader, str], None]] = {
    kind: getattr(MusicReader, f"_{kind}")
    for kind in RUN_OR_WORD.groupindex
    if kind not in ("run", "note", "space")  # of which runs are made
}
