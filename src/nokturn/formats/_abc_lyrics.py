"""Lyrics of ABC: the syllables of a ``w:`` line under the notes of the music line before it.

|: C D E F | G4 :|
w: hap-py are_ we        hap- py are(held) we
"""

from __future__ import annotations

import re

from nokturn.formats._abc_fields import plain_text
from nokturn.formats._abc_voice import VoiceReader

_SYLLABLE = re.compile(r"\s*(\||\*|_|-|(?:\\-|[^\s|*_-])+-?)")
MAX_VERSES = 32


def sing(reader: VoiceReader, text: str, verse: int) -> int:
    """Put a line of syllables under the notes that the voice has just played.

    Returns the number of the next verse. Syllables beyond the last note are left out.
    """
    notes = reader.to_sing
    if verse >= MAX_VERSES:
        return verse
    at = 0
    for word in _SYLLABLE.findall(text):
        if word == "|":
            at = _next_bar(reader, at)
            continue
        if at >= len(notes):
            break
        event = notes[at][1]
        if word == "-":
            if at:
                _join(reader, at - 1, verse)
            continue
        syllable = "" if word == "*" else plain_text(word.replace("~", " ").replace("\\-", "‑"))
        have = event.lyrics + ("",) * (verse - len(event.lyrics))
        if syllable:
            event.lyrics = (*have[:verse], syllable)
        at += 1
    return verse + 1


def _next_bar(reader: VoiceReader, at: int) -> int:
    """Return the first note of the bar after the one of the note just sung."""
    notes = reader.to_sing
    if at == 0 or at >= len(notes):
        return at
    bar = notes[at - 1][0]
    while at < len(notes) and notes[at][0] == bar:
        at += 1
    return at


def _join(reader: VoiceReader, at: int, verse: int) -> None:
    """Join the syllable at a note to the next one by a hyphen."""
    event = reader.to_sing[at][1]
    if len(event.lyrics) > verse and not event.lyrics[verse].endswith("-"):
        lyrics = list(event.lyrics)
        lyrics[verse] += "-"
        event.lyrics = tuple(lyrics)
