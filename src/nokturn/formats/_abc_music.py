"""The music lines of an ABC tune, read word by word.

Each word of a line (`_abc_lexer.WORD`) has one method here, which tells it to the voice that is
being read (`_abc_voice`). A lenient reading mends what it can and says where; a strict one raises.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nokturn.errors import InputError, LimitError, position
from nokturn.formats import _abc_fields as fields
from nokturn.formats._abc_lexer import (
    NOTE,
    ODD_LENGTH,
    RUN_OR_WORD,
    SHORTHANDS,
    SYNONYMS,
    factor,
    note_word,
    times,
)
from nokturn.formats._abc_voice import VoiceReader
from nokturn.music.harmony import parse
from nokturn.music.pitch import Key
from nokturn.music.sheet import Bar, Grace
from nokturn.music.time import COMMON_TIME, Meter, Tempo

MAX_EVENTS = 100_000
MAX_BARS = 20_000
MAX_REPAIRS = 200  # that are told one by one
MAX_GRACES = 64

_CHORD_END = re.compile(r"\](\d*(?:/+\d*)?)(-?)$")
_ORDER = ("slurs", "grace notes", "chord symbols", "annotations and decorations")  # before a note
_LINES = ("none", "single", "dotted", "double", "heavy-light", "final")
_STRENGTH = {line: strength for strength, line in enumerate(_LINES)}


@dataclass
class MusicReader(ABC):
    """Reads music lines; what fields mean is left to the reader of the tune.

    Parameters
    ----------
    source, line
        Where the tune stands, for messages; ``line`` and ``column`` move on with the reading.
    strict
        Whether to raise at what would be mended otherwise.
    """

    source: str
    line: int
    strict: bool
    column: int = 1
    repairs: list[str] = field(default_factory=list)
    silent_repairs: int = 0
    voices: dict[str, VoiceReader] = field(default_factory=dict)
    now: VoiceReader = field(init=False)  # the voice that is being read
    meter: Meter = COMMON_TIME  # meter, key and tempo of the header
    key: Key | None = None
    tempo: Tempo | None = None
    user: dict[str, str] = field(default_factory=dict)  # redefined signs (U:)
    events: int = 0
    bar_lines: list[int] = field(default_factory=list)  # line of each bar of the first voice

    @abstractmethod
    def body_field(self, letter: str, value: str) -> None:
        """Read a field of the body, on a line of its own or inline."""

    def repair(self, what: str) -> None:
        """Note what was mended here; raise it where the reading is strict."""
        if self.strict:
            raise InputError(f"{what}.", source=self.source, line=self.line, column=self.column)
        if len(self.repairs) < MAX_REPAIRS:
            self.repairs.append(f"{position(self.source, self.line, self.column)}: {what}.")
        else:
            self.silent_repairs += 1

    def _try(self, read: Callable[[], Any]) -> Any:
        """Return what a field means, or None with a repair where it means nothing."""
        try:
            return read()
        except ValueError as error:
            self.repair(f"{error}; left out")
            return None

    def music(self, line: str) -> None:
        """Read a line of music."""
        for word in RUN_OR_WORD.finditer(line):
            kind, text = word.lastgroup, word[0]
            if kind == "run":
                count = self.now.plain_run(text)
                self.events += self._run(text, word.start()) if count is None else count
            else:
                self.column = word.start() + 1
                _READERS[kind](self, text)  # type: ignore[index]
        if self.events > MAX_EVENTS:
            raise LimitError(
                f"more than {MAX_EVENTS:,} notes and rests.", source=self.source, line=self.line
            )

    def _run(self, text: str, start: int) -> int:
        """Read notes that stand side by side, one by one; return how many there are."""
        notes = list(NOTE.finditer(text))
        now, unit = self.now, self.now.unit_ticks()
        for word in notes:
            if self.strict and ODD_LENGTH.search(word[0]):
                self.column = start + word.start() + 1
                self.repair(f"{word[0]!r} has a length of two slashes and a number")
            try:
                now.note(word[0], unit)
            except ValueError as error:
                self.column = start + word.start() + 1
                self.repair(f"{error}; left out")
        return len(notes)

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

    # bar lines

    def _bar(self, word: str) -> None:
        now = self.now
        before, after, line = (0, 0, "single") if word == "|" else _bar_sign(word)
        if not now.empty:
            self.close(line)
        if now.bars:
            self._mark_end(now.bars[-1], before, line)
        elif before:
            self.repair("a repeat ends before it began; left out")
        if after:
            now.bar.repeat_start = True
            self._stop_ending()

    def _mark_end(self, bar: Bar, before: int, line: str) -> None:
        """Give the last bar the bar line that was just read."""
        if before:
            bar.repeat_end = max(bar.repeat_end, min(before, 8) + 1)
        if bar.line != line and _STRENGTH[line] > _STRENGTH[bar.line]:
            bar.line = line
        if before or line in ("double", "final", "heavy-light"):
            self._stop_ending()

    def _stop_ending(self) -> None:
        now = self.now
        if now.in_ending and now.bars:
            now.bars[-1].ending_stop = True
            now.in_ending = False

    def close(self, line: str) -> None:
        """End the bar that is being read, with a bar line of this style."""
        now = self.now
        if len(now.bars) >= MAX_BARS:
            raise LimitError(f"more than {MAX_BARS:,} bars.", source=self.source, line=self.line)
        now.bar.line = line
        if now is next(iter(self.voices.values())):
            self.bar_lines.append(self.line)
        if not now.bars:
            now.bar.meter = now.bar.meter or self.meter
            now.bar.keys.setdefault(0, self.key or Key(mode="none"))
            if self.tempo:
                now.bar.tempos.setdefault(0, self.tempo)
        now.close_bar()

    def _ending(self, word: str) -> None:
        now = self.now
        numbers: list[int] = []
        for low, high in re.findall(r"(\d{1,2})(?:-(\d{1,2}))?", word):
            numbers += range(int(low), min(int(high or low), int(low) + 16) + 1)
        if not now.empty:
            self.repair(f"{word} opens an ending within a bar; a bar line is put before it")
            self.close("single")
        self._stop_ending()
        now.bar.ending = tuple(n for n in dict.fromkeys(numbers) if n) or (1,)
        now.in_ending = True


_READERS: dict[str, Callable[[MusicReader, str], None]] = {
    kind: getattr(MusicReader, f"_{kind}")
    for kind in RUN_OR_WORD.groupindex
    if kind not in ("run", "note", "space")  # of which runs are made
}


def _bar_sign(word: str) -> tuple[int, int, str]:
    """Return how many colons stand before and after a bar line, and its style."""
    core = word.strip(":.")
    before = len(word) - len(word.lstrip(":"))
    after = len(word) - len(word.rstrip(":")) if core else 0
    if not core:  # only colons: the end and the beginning of a repeat
        before = after = max(1, before // 2)
    return before, after, _line_style(core, dotted="." in word)


def _line_style(core: str, dotted: bool) -> str:
    bars = core.replace(":", "")
    if bars.endswith("]") and "|" in bars:
        return "none" if bars == "[|]" else "final"
    if bars.startswith("["):
        return "heavy-light"
    if bars.count("|") > 1:
        return "double"
    return "dotted" if dotted else "single"
