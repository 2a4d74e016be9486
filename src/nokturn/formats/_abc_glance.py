"""Plain ABC tunes at a glance: what a book's tunes hold, many at once and none written out.

    for seen in each_glance(data): ...      a Glance, a Piece where a tune is not plain, a refusal

A tune is plain where every word of its body means the same wherever it stands: a note, a triplet,
or a whole bar where signs make its notes hang together. What a word means the reader is asked, and
once only; its length and pitches are then looked up and added, in arrays that hold many tunes. What
else may stand in a body, such as another voice, a change of key or something to mend, leaves the
tune to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError
from nokturn.formats._abc_bars import bar_sign
from nokturn.formats._abc_fields import plain_text
from nokturn.formats._abc_files import COMMENT, decode, file_header, split_tunes
from nokturn.formats._abc_lexer import BAR, LENGTH, NOTE
from nokturn.formats._abc_reader import TuneReader, tune_or_refusal
from nokturn.music.bars import SECTION_LINES, BarFault, not_completed, numbered
from nokturn.music.melody import Melody, joined, top_is_tied
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.sheet import Event
from nokturn.music.time import Meter

AT_ONCE = 64  # tunes
LONGEST = 10_000  # characters of a plain tune, far below what the reader's limits allow
MOST_WORDS = 1 << 16  # that are known, before all are forgotten
MOST_TOPS = 1 << 19  # notes in them
MOST_TEXTS = 1 << 18
MOST_KEYS = 1 << 8  # with units and kinds of meter
NUMBER = np.int32  # of a word
OTHER, NOTHING, END = range(3)  # words: what leaves the tune to the reader; spaces; a tune's end

_KEY_LINE = re.compile(r"^[^\S\n]*K:.*\n?", re.MULTILINE)
_TITLE = re.compile(r"^T:(.*)", re.MULTILINE)
_TEXT_LINES = re.compile(r"^[ABCDFGHINORSTWXZsw]:.*\n", re.MULTILINE)  # they change no note
_END_OF_LINE = r"!?\\?\n"
_TEXT = r"\n[HNORSWZsw]:(?![|:])[^\n]*"  # a line that changes no note
_LABEL = r"\nP:(?![|:])[^|\n]*(?![^\n])"  # of a part
_FIELD = r"\n[A-Za-z+]:(?![|:])[^\n]*"
_ENDING = r"\[?\d[\d,\-.x]*"
_NOTES = rf"""{NOTE.pattern}(?:[<>]+{NOTE.pattern})*\)* | \(3(?:{NOTE.pattern}){{3}}\)*
    | \[(?:{NOTE.pattern})+\]{LENGTH}-?\)* | [zx]{LENGTH}"""
_ON_NOTES = rf"""[~H-Wh-w] | y{LENGTH} | "[^"\n]{{0,80}}" | \{{[^}}\n]{{0,80}}\}} | \((?!\d)
    | \.[()] | ![^!\s|]{{1,40}}! | ![a-zA-Z][a-zA-Z.\ ]{{0,38}}!"""
_WORDS = rf"""{_NOTES} | {BAR} | {_ENDING} | {_ON_NOTES} | {_TEXT} | {_LABEL} | {_FIELD}
    | {_END_OF_LINE} | \(\d | ."""
_GROUP = r"[A-Ga-gz^=_][A-Ga-gz\d/,'<>)^=_~-]*+ (?:\|(?![:|[\]]))?+"  # words, and a bar line
_WORD = re.compile(rf"[ \t`$]*+({_WORDS})", re.VERBOSE | re.DOTALL)
_GROUP_OR_WORD = re.compile(rf"[ \t`$]*+({_GROUP} | {_WORDS})", re.VERBOSE | re.DOTALL)
_SIGN = re.compile(f"({BAR})")
_BEYOND = re.compile(r"\[[A-Za-z]:|[ZX]")  # a field; rests as long as the meter says
_LEAD = re.compile(rf"(?:[ \t]|{_LABEL}|{_END_OF_LINE}|{_ENDING})*")
_SAYS = (
    "closes",  # it ends a bar
    "repeats",  # what ends here is repeated
    "parts",  # a section begins after it
    "ends",  # it is the number of an ending
    "apart",  # it must stand between two bars
)
_HOLDS = ("events", "notes", "length", "tops", "start")  # start: where its tops stand in the table


class Glance(NamedTuple):
    """What a sheet holds, as written and without repeats.

    ``bars`` are counted as musicians do, ``written`` as they stand; ``wrong`` do not add up.
    """

    title: str
    key: Key
    meter: Meter
    notes: int
    bars: int
    written: int
    wrong: int
    melody: Melody


def each_glance(
    data: bytes, *, source: str = "<data>", part: int = 0, of: int = 1
) -> Iterator[Glance | Piece | InputError]:
    """Yield what each tune of a file or of a part of it holds (`split_tunes`).

    That is a `Piece` where the tune is not plain, and an error where it cannot be read.
    """
    text = decode(data)
    header = file_header(text)
    tunes = split_tunes(text, part, of)
    for k in range(0, len(tunes), AT_ONCE):
        some = tunes[k : k + AT_ONCE]
        seen = _glances([tune for _, tune in some], tuple(header))
        for (line, tune), found in zip(some, seen, strict=True):
            yield found or tune_or_refusal(tune, source=source, first_line=line, header=header)


class _Words:
    """What words mean: a column for each thing that one may say or hold, a row for each word."""

    def __init__(self) -> None:
        self.columns: dict[str, NDArray[Any]] = {
            **{name: np.zeros(MOST_WORDS, np.bool_) for name in _SAYS},
            **{name: np.zeros(MOST_WORDS, np.int64) for name in _HOLDS},
        }
        self.pitches = np.zeros(MOST_TOPS, np.int64)  # of their tops, and so on
        self.durations = np.zeros(MOST_TOPS, np.int64)
        self.tied = np.zeros(MOST_TOPS, np.bool_)
        self.count = self.tops_count = 0
        self.texts: dict[tuple[object, ...], _Texts] = {}
        for closes in (False, False, True):  # OTHER, NOTHING, END
            self.add(closes=closes)

    @property
    def full(self) -> bool:
        """Whether it is time to forget all."""
        many = self.count == MOST_WORDS or len(self.texts) > MOST_KEYS
        return many or sum(texts.size for texts in self.texts.values()) > MOST_TEXTS

    def add(self, **meaning: int) -> int:
        """Take in a word; return its number, or `OTHER` where there is no room."""
        if self.count == MOST_WORDS:
            return OTHER
        for name, value in meaning.items():
            self.columns[name][self.count] = value
        self.count += 1
        return self.count - 1

    def sign(self, text: str) -> int:
        """Take in a bar line."""
        before, after, line = bar_sign(text)
        if line == "none":  # what stands before it, and after, decides what it is
            return OTHER
        parts = bool(before or after or line in SECTION_LINES)
        return self.add(closes=True, repeats=bool(before), parts=parts)

    def notes(self, events: Sequence[Event]) -> int:
        """Take in notes and rests."""
        if not all(isinstance(event.duration, int) for event in events):
            return OTHER
        sounding = [event for event in events if event.pitches]
        start, self.tops_count = self.tops_count, self.tops_count + len(sounding)
        if self.tops_count > MOST_TOPS:
            self.count = MOST_WORDS
            return OTHER
        stretch = slice(start, self.tops_count)
        self.pitches[stretch] = [max(pitch.midi for pitch in event.pitches) for event in sounding]
        self.durations[stretch] = [int(event.duration) for event in sounding]
        self.tied[stretch] = [top_is_tied(event) for event in sounding]
        return self.add(
            events=len(events),
            notes=sum(len(event.pitches) for event in events),
            length=sum(int(event.duration) for event in events),
            tops=len(sounding),
            start=start,
        )


class _Texts(dict[str, bytes]):
    """The numbers of the words of groups, in one unit note length, key and kind of meter.

    Numbers are `NUMBER` side by side, so that those of a tune are but put together.
    """

    def __init__(self, words: _Words, reader: TuneReader) -> None:
        self._words, self._reader = words, reader
        self._numbers: dict[str, int] = {}
        self._bars: dict[str, int] = {}

    @property
    def size(self) -> int:
        """How many texts are known."""
        return len(self) + len(self._numbers) + len(self._bars)

    def __missing__(self, group: str) -> bytes:
        self[group] = found = _bytes(map(self._number, _WORD.findall(group)))
        return found

    def _number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = self._learn(text)
        return self._numbers[text]

    def _learn(self, text: str) -> int:
        if re.fullmatch(rf"{_END_OF_LINE}|{_TEXT}", text):
            return NOTHING
        if _SIGN.fullmatch(text):
            return self._words.sign(text)
        if re.fullmatch(_ENDING, text):
            return self._words.add(parts=True, ends=True, apart=True)
        if re.fullmatch(_LABEL, text):
            return self._words.add(apart=True)
        events = self._read(text)
        if events and not self._reader.now.alters:
            return self._words.notes(events)
        rest = self._read(f"{text}z")  # perhaps it is about what follows, and not its time or pitch
        return NOTHING if len(rest) == 1 and not self._reader.now.alters else OTHER

    def _read(self, text: str) -> list[Event]:
        """Return what the reader makes of a text that hangs together with nothing; else none."""
        if _BEYOND.search(text):
            return []
        reader = self._reader
        reader.begin_again()
        for line in text.replace("\\\n", "\n").split("\n"):
            reader.music(line)
        now = reader.now
        one_bar = not now.bars and len(now.bar.voices) == 1 and not now.in_ending
        waiting = now.pending or now.tuplet or now.broken != 1
        signed = any(now.key.alters[step] != alter for (step, _), alter in now.tied.items())
        return now.lane_events if one_bar and not (waiting or signed or reader.repairs) else []

    def numbers(self, body: str) -> bytes:
        """Return the words of a body and `END`; nothing where it is not plain."""
        numbers = self._words_of(body)
        if _has_other(numbers):
            body = re.sub(_TEXT, "", body)
            if re.search(_FIELD, re.sub(_LABEL, "", body)):
                return b""
            numbers = b"".join(map(self._in_bars, _SIGN.split(body)))
            if _has_other(numbers):
                return b""
        return numbers + _bytes([END])

    def _words_of(self, text: str) -> bytes:
        return b"".join(map(self.__getitem__, _GROUP_OR_WORD.findall(text)))

    def _in_bars(self, text: str) -> bytes:
        """Return the words of a bar line, or of a bar: one where there is more to it than words."""
        numbers = self._words_of(text)
        if not _has_other(numbers):
            return numbers
        lead = _LEAD.match(text)
        start = lead.end() if lead else 0
        return self._words_of(text[:start]) + _bytes([self._bar(text[start:])])

    def _bar(self, text: str) -> int:
        """Return the number of a whole bar."""
        if text not in self._bars:
            events = self._read(text)
            self._bars[text] = self._words.notes(events) if events else OTHER
        return self._bars[text]


def _bytes(numbers: Iterable[int]) -> bytes:
    return np.fromiter(numbers, NUMBER).tobytes()


def _has_other(numbers: bytes) -> bool:
    return not np.frombuffer(numbers, NUMBER).all()  # OTHER is 0


class _Head(NamedTuple):
    """What a header means for the notes below it."""

    key: Key
    meter: Meter
    texts: _Texts


_words = _Words()
_lock = Lock()  # of the words, and of the reader that reads them


@lru_cache(maxsize=512)
def _head(text: str, preamble: tuple[tuple[str, str], ...]) -> _Head | None:
    """Return what a header without texts means; None where that is not plain."""
    reader = TuneReader("", 1, strict=False)
    if "V:" in text or not reader.plain_header(text, preamble):
        return None
    now = reader.now
    told = (now.unit_ticks(), now.key.alters, now.octave, now.meter.compound)
    if told not in _words.texts:
        _words.texts[told] = _Texts(_words, reader)
    return _Head(now.key, now.meter, _words.texts[told])


def _split(tune: str, preamble: tuple[tuple[str, str], ...]) -> tuple[str, _Head, str] | None:
    """Return the title of a tune, what its header means, and its body; None = not plain."""
    key = _KEY_LINE.search(tune)
    if key is None or len(tune) > LONGEST:
        return None
    text, body = tune[: key.end()], "\n" + tune[key.end() :]
    if "%" in body:  # a directive, or a comment: the reader knows where it ends
        return None
    head = _head(_TEXT_LINES.sub("", text), preamble)
    if head is None:
        return None
    titles = (plain_text(COMMENT.sub("", title)) for title in _TITLE.findall(text))
    return next(filter(None, titles), ""), head, body


def _glances(tunes: Sequence[str], preamble: tuple[tuple[str, str], ...]) -> list[Glance | None]:
    """Return what each tune holds; None where it is not plain."""
    global _words
    with _lock:
        if _words.full:
            _words = _Words()
            _head.cache_clear()
        heads: list[tuple[str, _Head] | None] = []
        bodies: list[bytes] = []
        for tune in tunes:
            split = _split(tune, preamble)
            body = split[1].texts.numbers(split[2]) if split else b""
            heads.append(split[:2] if split and body else None)
            if body:
                bodies.append(body)
        held = iter(_held([head for head in heads if head], bodies) if bodies else ())
        return [next(held) if head else None for head in heads]


def _held(heads: Sequence[tuple[str, _Head]], bodies: Sequence[bytes]) -> Iterator[Glance | None]:
    """Yield what tunes hold, by the numbers of their words; None where the reader must mend."""
    numbers = np.frombuffer(b"".join(bodies), NUMBER)
    sizes = np.array([len(body) for body in bodies]) // numbers.itemsize
    word = {name: column[numbers] for name, column in _words.columns.items()}
    starts = np.cumsum(sizes) - sizes  # of tunes
    events = np.append(0, np.cumsum(word["events"]))  # before each word

    # Stretches end with a sign, each tune with its last; those that hold anything are bars.
    signs = np.flatnonzero(word["closes"])
    begins = np.append(0, signs[:-1] + 1)
    tune = np.searchsorted(starts, signs, side="right") - 1
    bars = np.flatnonzero(events[signs] > events[begins])
    owner = tune[bars]
    first = np.diff(owner, prepend=-1) > 0
    lengths = np.add.reduceat(word["length"], begins)[bars]

    # A section begins where a sign since the bar before says so, or the number of an ending.
    ends = np.flatnonzero(word["ends"])
    ending = np.bincount(np.searchsorted(signs, ends), minlength=len(signs))
    endings = np.cumsum(ending)
    outset = np.searchsorted(tune, owner)  # the first stretch of its tune
    earlier = np.where(first, (endings - ending)[outset], endings[np.roll(bars, 1)])
    volta = endings[bars] > earlier
    parts = word["parts"][signs]
    parted = (np.cumsum(parts) - parts)[bars]
    opens = first | volta | (parted > np.roll(parted, 1))
    meters = [head.meter for _, head in heads]
    full = np.array([0 if meter.free else int(meter.bar_ticks) for meter in meters])[owner]
    odd = (lengths != full) & (full > 0)

    mended = np.zeros(len(sizes), dtype=bool)
    apart = np.flatnonzero(word["apart"])
    stretch = np.searchsorted(signs, apart)
    mended[tune[stretch[events[apart] > events[begins[stretch]]]]] = True  # within a bar
    vain = word["repeats"][signs] & (events[signs] == events[starts[tune]])  # repeats nothing
    mended[tune[vain]] = True

    notes = np.add.reduceat(word["notes"], starts)
    counts = word["tops"]
    past = np.cumsum(counts)
    places = np.arange(past[-1]) + np.repeat(word["start"] - past + counts, counts)
    pitches, durations, tied = (
        column[places] for column in (_words.pitches, _words.durations, _words.tied)
    )
    nowhere = np.full(len(places), -1)
    line_ends = np.append(0, past[starts + sizes - 1])
    bar_ends = np.append(0, np.searchsorted(owner, np.arange(len(sizes)), side="right"))
    for k, (title, head) in enumerate(heads):
        mine, line = slice(*bar_ends[k : k + 2]), slice(*line_ends[k : k + 2])
        if mended[k] or not notes[k]:
            yield None
            continue
        yield Glance(
            title, head.key, head.meter, int(notes[k]),
            *_counted(head.meter, lengths[mine], odd[mine], opens[mine], volta[mine]),
            joined(pitches[line], durations[line], nowhere[line], tied[line]),
        )  # fmt: skip


def _counted(
    meter: Meter,
    held: NDArray[np.int64],
    odd: NDArray[np.bool_],
    opens: NDArray[np.bool_],
    endings: NDArray[np.bool_],
) -> tuple[int, int, int]:
    """Return how many bars a tune has, how many are written, and how many do not add up."""
    if not odd.any():
        return len(held), len(held), 0
    lengths, full = held.tolist(), meter.bar_ticks
    faults = [BarFault(b, lengths[b], full, meter) for b in np.flatnonzero(odd).tolist()]
    wrong = not_completed(faults, lengths, opens.tolist(), endings.tolist())
    return numbered(lengths, [full] * len(lengths)), len(lengths), len(wrong)
