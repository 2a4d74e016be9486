r"""What symusic does not tell of a healthy MIDI file: title, end mark, modes and recipe.

    FF 03 "The Rose" ... 90 3C 40 ... FF 2F 00 at tick 61440   ->   title and length

All of it stands in the first track, between hundreds of notes where the file has only one track,
between a thousand tempos where it was performed. A track of meta events only is read as an array.
In others a regular expression steps over the notes as fast as C does, and the times in between are
added up. Whatever the expression does not know (a running program change, junk) is read from the
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
OURS = (values.RECIPE.encode(), values.KEY.encode())  # the texts that we write ourselves
LOOKED = 1 << 18  # bytes of the track looked at; most first tracks hold a hundred
WALKED = 20_000  # events of it, where they must be walked
MANY = 400  # bytes of meta events from which on an array is faster

# Lengths of the meta events that other readers take care of: tempo, meter, key, SMPTE offset,
# channel and port.
_LENGTHS = {0x51: 3, 0x58: 4, 0x59: 2, 0x54: 5, 0x20: 1, 0x21: 1}
_LENGTH = np.full(256, 0xFE, dtype=np.uint8)  # 0xFE: no other kind is so long
_LENGTH[[*_LENGTHS, END_OF_TRACK]] = [*_LENGTHS.values(), 0]

_TIME = rb"[\x80-\xff]{0,3}+[\x00-\x7f]"
# They end running status, as all meta events do.
_SHORT_META = rb"\xff(?:%b)" % b"|".join(
    re.escape(bytes([kind, length])) + b"." * length for kind, length in _LENGTHS.items()
)


class _UnknownError(Exception):
    """Something that the regular expression does not know."""


def look_at_first_track(
    data: bytes, score: Score, last: int, type_1: bool
) -> dict[str, Any] | None:
    """Take title, modes and length from the first track; return the recipe in it, if any.

    Parameters
    ----------
    last
        Tick at which the last note ends.
    type_1
        Whether the first track holds what is common to all: where it plays notes instead, what
        comes after the first of them tells nothing of the whole.
    """
    mender = Mender(data, "")
    track = next(mender.tracks(), b"")
    begin = track[:LOOKED]
    try:
        texts = _only_metas(begin) if type_1 and len(begin) > MANY else None
        if texts is None:
            texts = list(_stepped(begin, type_1))
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
            _read_length(event.tick, last, score)
    return recipe


def _only_metas(track: bytes) -> list[Event] | None:
    """Return the events of a track that are `_told`; None where not all of them are meta events.

    Each begins with FF, its kind and its length. Where this is found within the data of another
    one, too, the times in between cannot be right, and None is returned as well.
    """
    digits = np.frombuffer(track, dtype=np.uint8)
    begins = np.flatnonzero(digits[:-2] == META)
    kinds, lengths = digits[begins + 1], digits[begins + 2]
    text = (kinds >= TEXT) & (kinds < 0x10) & (lengths < 0x80)
    begins = begins[text | (lengths == _LENGTH[kinds])]
    kinds, ends = digits[begins + 1], begins + 3 + digits[begins + 2]
    size = begins.copy()  # of the time before each, in digits of seven bits
    size[1:] -= ends[:-1]
    if not len(begins) or ends[-1] != len(track) or size.min() < 1 or size.max() > 4:
        return None
    times = np.zeros(len(begins), dtype=np.int64)
    for place in range(size.max()):
        digit = np.where(place < size, digits[begins - 1 - place], 0x80 * (place > 0))
        if ((digit >= 0x80) != (place > 0)).any():
            return None
        times += (digit & 0x7F).astype(np.int64) << 7 * place
    told = np.flatnonzero((kinds <= TITLE) | (kinds == END_OF_TRACK))
    columns = (times.cumsum(), kinds, begins + 3, ends)
    found = []
    for tick, kind, begin, end in zip(*(c[told].tolist() for c in columns), strict=True):
        if _told(kind, track[begin:end]):
            found.append(Event(tick, META, kind, track[begin:end]))
        if kind == END_OF_TRACK:
            break
    return found


def _stepped(track: bytes, before_notes: bool) -> Iterator[Event]:
    """Yield the meta events of a track that are `_told`, other events stepped over."""
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
        if _told(kind, track[begin:at]):
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
        if event.status == META and _told(event.kind, event.data):
            yield event


def _told(kind: int, data: bytes) -> bool:
    """Whether a meta event is one we look for; the texts of other programs are not."""
    return kind in (TITLE, END_OF_TRACK) or (kind == TEXT and data.startswith(OURS))


def _read_length(tick: int, last: int, score: Score) -> None:
    """Take the end mark as the music's end, if it stands within a bar or so of the last note."""
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
