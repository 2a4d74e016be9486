"""The bar lines of an ABC tune: what they end and begin; and what is known while music is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nokturn.errors import InputError, LimitError, position
from nokturn.formats._abc_voice import VoiceReader
from nokturn.music.bars import SECTION_LINES
from nokturn.music.pitch import Key
from nokturn.music.sheet import Bar
from nokturn.music.time import COMMON_TIME, Meter, Tempo

MAX_BARS = 20_000
MAX_REPAIRS = 200  # that are told one by one

_LINES = ("none", "single", "dotted", "double", "heavy-light", "final")
_STRENGTH = {line: strength for strength, line in enumerate(_LINES)}


@dataclass
class BarReader:
    """Reads bar lines, and says what was mended.

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
    bar_lines: list[int] = field(default_factory=list)  # of the first voice, where strict

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

    def _bar(self, word: str) -> None:
        now = self.now
        if word == "|" and not now.empty:
            self.close("single")
            return
        before, after, line = bar_sign(word)
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
        if before or line in SECTION_LINES:
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
        if self.strict and now is next(iter(self.voices.values())):
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


@lru_cache(maxsize=256)
def bar_sign(word: str) -> tuple[int, int, str]:
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
