"""Lyrics of ABC: the syllables of a ``w:`` line under the notes of the music line before it.

|: C D E F | G4 :|
w: hap-py are_ we        hap- py are(held) we
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from nokturn.formats._abc_fields import plain_text
from nokturn.formats._abc_voice import VoiceReader
from nokturn.music.sheet import Event

_SYLLABLE = re.compile(r"\s*(\||\*|_|-|(?:\\-|[^\s|*_-])+-?)")
MAX_VERSES = 32


def sing(reader: VoiceReader, text: str, verse: int) -> int:
    """Put a line of syllables under the notes that the voice has just played.

    Returns the number of the next verse. Syllables beyond the last note are left out.
    """
    if verse >= MAX_VERSES:
        return verse
    notes = _Notes(reader.line_notes())
    at = 0
    for word in _SYLLABLE.findall(text):
        if word == "|":
            at = notes.next_bar(at)
            continue
        if not notes.has(at):
            break
        if word == "-":
            if at:
                notes.join(at - 1, verse)
            continue
        syllable = "" if word == "*" else plain_text(word.replace("~", " ").replace("\\-", "‑"))
        if syllable:
            notes.put(at, verse, syllable)
        at += 1
    return verse + 1


class _Notes:
    """The notes of a line, looked for only as far as there are syllables."""

    def __init__(self, coming: Iterator[tuple[int, list[Event], int]]) -> None:
        self._coming = coming
        self._found: list[tuple[int, list[Event], int]] = []

    def has(self, at: int) -> bool:
        self._found += islice(self._coming, max(0, at + 1 - len(self._found)))
        return at < len(self._found)

    def put(self, at: int, verse: int, syllable: str) -> None:
        """Write a syllable under a note."""
        _, events, k = self._found[at]
        have = events[k].lyrics + ("",) * (verse - len(events[k].lyrics))
        events[k] = events[k]._replace(lyrics=(*have[:verse], syllable))

    def join(self, at: int, verse: int) -> None:
        """Join the syllable at a note to the next one by a hyphen."""
        _, events, k = self._found[at]
        lyrics = list(events[k].lyrics)
        if len(lyrics) > verse and not lyrics[verse].endswith("-"):
            lyrics[verse] += "-"
            events[k] = events[k]._replace(lyrics=tuple(lyrics))

    def next_bar(self, at: int) -> int:
        """Return the first note of the bar after the one of the note just sung."""
        if at == 0:
            return at
        bar = self._found[at - 1][0]
        while self.has(at) and self._found[at][0] == bar:
            at += 1
        return at
