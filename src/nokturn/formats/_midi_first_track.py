r"""What symusic does not tell of a healthy MIDI file: title, end mark, modes and recipe.

    FF 03 "The Rose" ... 90 3C 40 ... FF 2F 00 at tick 61440   ->   title and length

All of it stands in the first track, between hundreds of notes where the file has only one track.
A regular expression steps over those as fast as C does, and the times in between are added up as an
array. Whatever the expression does not know (a running program change, junk) is read from the
beginning by `Mender`, a hundred times slower.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from nokturn.errors import UsageError
from nokturn.formats import _midi_values as values
from nokturn.formats._midi_events import END_OF_TRACK, META, Event, Mender, number
from nokturn.music.pitch import Key
from nokturn.music.score import Score

TEXT, TITLE = 0x01, 0x03
READ = (TEXT, TITLE, END_OF_TRACK)
LOOKED = 1 << 18  # bytes of the track looked at; most first tracks hold a hundred
WALKED = 20_000  # events of it, where they must be walked

_TIME = rb"[\x80-\xff]{0,3}+[\x00-\x7f]"
# Meta events of fixed length that other readers take care of: tempo, meter, key, SMPTE offset,
# channel and port. They end running status, as all meta events do.
_SHORT_META = rb"\xff(?:\x51\x03...|\x58\x04....|\x59\x02..|\x54\x05.....|[\x20\x21]\x01.)"


class _UnknownError(Exception):
    """Something that the regular expression does not know."""


def look_at_first_track(data: bytes, score: Score, type_1: bool) -> dict[str, Any] | None:
    """Take title, modes and length from the first track; return the recipe in it, if any.

    Parameters
    ----------
    type_1
        Whether the first track holds what is common to all: where it plays notes instead, what
        comes after the first of them tells nothing of the whole.
    """
    mender = Mender(data, "")
    _, tracks = mender.chunks()
    track = tracks[0]
    try:
        texts = list(_stepped(track[:LOOKED], type_1))
    except _UnknownError:
        texts = list(_walked(mender, track, type_1))
    recipe = None
    for event in texts:
        if event.kind == TITLE and not score.title:
            score.title = values.title(values.text(event.data))
        elif event.kind == TEXT:
            recipe = recipe or values.recipe(event.data)
            _read_mode(event.tick, event.data, score)
        elif event.kind == END_OF_TRACK:
            _read_length(event.tick, score)
    return recipe


def _stepped(track: bytes, before_notes: bool) -> Iterator[Event]:
    """Yield the meta events of a track that are `READ`, other events stepped over."""
    run, time_of_each = _patterns(before_notes)
    at, tick = 0, 0
    times: list[bytes] = []
    while at < len(track):
        passed = run.match(track, at)
        stop = passed.end() if passed else at
        times += time_of_each.findall(track, at, stop)
        delta, at = number(track, stop)
        if at + 1 >= len(track):
            return
        if before_notes and 0x80 <= track[at] < 0xA0:
            return
        if track[at] < 0xF0 or 0xF0 < track[at] < 0xF7:
            raise _UnknownError
        tick += delta
        kind = track[at + 1] if track[at] == META else 0
        length, begin = number(track, at + 1 + (track[at] == META))
        at = begin + length
        if at > len(track):
            return
        if kind in READ:
            tick += _sum_of(times)
            times.clear()
            yield Event(tick, META, kind, track[begin:at])
        if kind == END_OF_TRACK:
            return


@lru_cache(maxsize=2)
def _patterns(before_notes: bool) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return what steps over a run of events, and what finds the time before each of them."""
    two = rb"[\xa0-\xbf\xe0-\xef]" if before_notes else rb"[\x80-\xbf\xe0-\xef]"
    pair = rb"[\x00-\x7f]{2}"
    one = rb"[\xc0-\xdf][\x00-\x7f]"
    run = rb"(?:%b(?:%b%b(?:%b%b)*+|%b|%b))*+" % (_TIME, two, pair, _TIME, pair, one, _SHORT_META)
    event = rb"(%b)(?:%b?+%b|%b|%b)" % (_TIME, two, pair, one, _SHORT_META)
    return re.compile(run, re.DOTALL), re.compile(event, re.DOTALL)


def _sum_of(times: list[bytes]) -> int:
    r"""Return the sum of numbers of one to four digits of seven bits.

    >>> _sum_of([b"\x05", b"\x81\x00"])
    133
    """
    if not times:
        return 0
    digits = np.frombuffer(b"".join(times), dtype=np.uint8)
    more = digits >> 7
    follow = more.copy()  # how many digits follow each
    for _ in range(2):
        follow[:-1] = more[:-1] * (1 + follow[1:])
    sums = np.bincount(follow, weights=digits & 0x7F)
    return sum(int(digit) << 7 * place for place, digit in enumerate(sums.tolist()))


def _walked(mender: Mender, track: bytes, before_notes: bool) -> Iterator[Event]:
    """Yield the meta events of a track, event by event."""
    for count, event in enumerate(mender.walk(track)):
        if count > WALKED or (before_notes and event.status < 0xA0):
            return
        if event.status == META and event.kind in READ:
            yield event


def _read_length(tick: int, score: Score) -> None:
    """Take the end mark as the music's end, if it stands within a bar or so of the last note."""
    last = score.end
    if last < tick <= last + 8 * score.ticks_per_quarter:
        score.length = tick


def _read_mode(tick: int, data: bytes, score: Score) -> None:
    words = values.text(data)
    if not words.startswith(values.KEY):
        return
    try:
        named = Key.parse(words[len(values.KEY) :])
    except UsageError:  # somebody else's remark about keys
        return
    score.keys = [
        (at, named if at == tick and key.fifths == named.fifths else key) for at, key in score.keys
    ]
