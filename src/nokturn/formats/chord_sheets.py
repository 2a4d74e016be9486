"""Chord sheets (``.csv``, ``.chords``): a tune as its chord symbols.

    1;1;2;3            bar of each chord               Dm7 G7 | Cmaj7 | %        the same as text,
    1.0;3.0;1.0;1.0    beat in the bar, 1 = first                                bars between |
    Dm7;G7;C^7;C^7     symbol; rows below are passed over (analyses)

The chords sound as a pianist lays them. A table names neither meter nor key: the meter is 3/4 where
chords fall on beat 2 1/2 or on 1 2 3, else 4/4; the key is the one that the chords fit best. ``C^``
in a table is the plain triad, as in the published set. A bar without a chord holds the last one.
Weaknesses: a waltz of one chord a bar is taken for 4/4; a bar of eight beats becomes two.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import ClassVar, NamedTuple

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.formats.base import Format
from nokturn.music.chord_finding import chords_of
from nokturn.music.harmony import Harmony, kind_of, parse, progression, quality_of
from nokturn.music.key_finding import find_key
from nokturn.music.perform import perform
from nokturn.music.piece import Piece
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter, Ticks, exact
from nokturn.music.voicing import Played, lead_sheet

MAX_BYTES = 1_000_000
MAX_CHORDS = 20_000
MAX_BAR = 5_000
MAX_BEAT = 64
WALTZ = Meter(3, 4)
ROWS = ("bars", "beats", "chords")
_FIRST_ROW = re.compile(rb"\d{1,4}(?:(?:;\d{0,4})+[ \t]*(?:[\r\n]|\Z)|\r?\n\d)")


class ChordSheets(Format):
    """Chord symbols in bars."""

    extensions: ClassVar[tuple[str, ...]] = (".csv", ".chords")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether it begins with a row of bar numbers, or is a line of chords with bar lines."""
        return bool(_FIRST_ROW.match(data.removeprefix(b"\xef\xbb\xbf"))) or _is_text(data)

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read the tune; see `Format.loads`."""
        if len(data) > MAX_BYTES:
            raise LimitError(f"more than {MAX_BYTES:,} bytes of chords.", source=source)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError("this is no text in UTF-8.", source=source) from error
        if _is_text(data):
            chords, meter = _of_text(text, source), COMMON_TIME
        else:
            chords, meter = _of_table(text, source)
        sheet = lead_sheet(chords, meter=meter, title=PurePath(source).stem)
        sheet.bars[0].keys = {0: find_key(perform(sheet, as_written=True))}
        return [Piece(sheet, source=source)]

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece]) -> bytes:
        """Write the chords of one piece as a table; see `Format.dumps`."""
        several = [pieces] if isinstance(pieces, Piece) else list(pieces)
        if len(several) != 1:
            raise UsageError(f"A chord sheet holds one piece, not {len(several)}.")
        bar_ticks = several[0].sheet.meter.bar_ticks or COMMON_TIME.bar_ticks
        rows: list[tuple[str, str, str]] = []
        at: Ticks = 0
        for harmony, duration in chords_of(several[0]):
            bar, offset = divmod(at, bar_ticks)
            if harmony:
                rows.append((str(bar + 1), f"{offset / TICKS_PER_QUARTER + 1:.6g}", str(harmony)))
            at += duration
        if not rows:
            raise UsageError("There are no chords in the piece, and no notes to find them in.")
        return "".join(";".join(row) + "\n" for row in zip(*rows, strict=True)).encode()


def _is_text(data: bytes) -> bool:
    """Whether the first line with something in it has bar lines and chord symbols alone."""
    lines = data.decode("utf-8-sig", "ignore").splitlines()
    line = next((line for line in lines if line.strip()), "")
    words = re.split(r"[\s|:\[\]]+", line.strip("|:[] \t"))
    return "|" in line and all(word == "%" or parse(word) for word in words)


def _of_text(text: str, source: str) -> list[Played]:
    """Return the chords of a text; those of a bar share it, of three the first has half."""
    bars = progression(text, source)
    if sum(map(len, bars)) > MAX_CHORDS:
        raise LimitError(f"more than {MAX_CHORDS:,} chords.", source=source)
    return [chord for bar in bars for chord in _shared(bar)]


def _shared(bar: Sequence[Harmony]) -> list[Played]:
    whole = COMMON_TIME.bar_ticks
    beats = [whole / len(bar)] * len(bar) if len(bar) != 3 else [whole / 2, whole / 4, whole / 4]
    edges = [round(sum(beats[:k])) for k in range(len(bar) + 1)]
    return [Played(chord, edges[k + 1] - edges[k]) for k, chord in enumerate(bar)]


class _Placed(NamedTuple):
    """A chord in its place: bar from 1, ticks after the bar line."""

    bar: int
    offset: int
    harmony: Harmony


def _of_table(text: str, source: str) -> tuple[list[Played], Meter]:
    rows = [(number, line.strip().split(";")) for number, line in enumerate(text.splitlines(), 1)
            if line.strip()][:3]  # fmt: skip
    if len(rows) < 3:
        raise InputError(
            f"a chord table has three rows, {', '.join(ROWS)}; this has {len(rows)}.", source=source
        )
    sizes = [len(cells) for _, cells in rows]
    if sizes[0] > MAX_CHORDS:
        raise LimitError(f"more than {MAX_CHORDS:,} chords.", source=source)
    for (number, cells), name in zip(rows, ROWS, strict=True):
        if len(cells) != sizes[0]:
            raise InputError(
                f"this row has {len(cells)} {name}, expected {sizes[0]} as in the row of bars.",
                source=source, line=number,
            )  # fmt: skip
    placed: list[_Placed] = []
    for k in range(sizes[0]):
        _place([_Cell(cells, k, number, source) for number, cells in rows], placed)
    if not placed:
        raise InputError("there is no chord in it.", source=source, line=rows[2][0])
    meter = _meter(placed)
    return _in_time(placed, meter), meter


class _Cell(NamedTuple):
    """A cell of the table, and where it stands."""

    cells: list[str]
    k: int
    line: int
    source: str

    @property
    def text(self) -> str:
        return self.cells[self.k].strip()

    def wrong(self, expected: str) -> InputError:
        """Return the error that says what was expected here."""
        column = sum(len(cell) + 1 for cell in self.cells[: self.k]) + 1
        return InputError(
            f"{self.text[:40]!r} is no {expected}.",
            source=self.source, line=self.line, column=column,
        )  # fmt: skip


def _place(column: Sequence[_Cell], placed: list[_Placed]) -> None:
    """Add a chord to those placed; an empty one lets the last one sound on."""
    bar, beat, symbol = column
    if not symbol.text:
        return
    if not (bar.text.isdecimal() and 1 <= int(bar.text[:9]) <= MAX_BAR):
        raise bar.wrong(f"bar; expected a number from 1 to {MAX_BAR}")
    try:
        beats = float(beat.text)
    except ValueError:
        beats = math.nan
    if not 1 <= beats <= MAX_BEAT:
        raise beat.wrong(f"beat; expected a number from 1 to {MAX_BEAT}, 1 = the first")
    harmony = parse(symbol.text)
    if harmony is None:
        raise symbol.wrong("chord symbol; expected one like Dm7, Bb^7 or G7/B")
    here = _Placed(int(bar.text), round((beats - 1) * TICKS_PER_QUARTER), _usual(harmony))
    if placed and here[:2] <= placed[-1][:2]:
        raise bar.wrong("bar for this beat; expected a later place than the chord before has")
    placed.append(here)


def _usual(harmony: Harmony) -> Harmony:
    """Return a chord of the table in the usual spelling: C^7 is Cmaj7, C^ is C."""
    if harmony.quality == "^":
        return harmony._replace(quality="")
    kind = kind_of(harmony.quality)
    return harmony if kind == "other" else harmony._replace(quality=quality_of(kind))


def _meter(placed: Sequence[_Placed]) -> Meter:
    """Return 3/4 where more bars look like it than like 4/4."""
    bars: dict[int, set[float]] = defaultdict(set)
    for chord in placed:
        bars[chord.bar].add(1 + chord.offset / TICKS_PER_QUARTER)
    three = sum(beats in ({1, 2.5}, {1, 2, 3}, {1, 2.5, 4}, {1, 4}) for beats in bars.values())
    four = sum(beats in ({1, 3}, {1, 3, 4}, {1, 2, 3, 4}) for beats in bars.values())
    return WALTZ if three > four else COMMON_TIME


def _in_time(placed: Sequence[_Placed], meter: Meter) -> list[Played]:
    """Return the chords one after another; a bar takes as many bars of the meter as it needs."""
    needed: dict[int, int] = {}
    for chord in placed:
        needed[chord.bar] = chord.offset // int(meter.bar_ticks) + 1
    starts, at = {}, 0
    for bar in range(1, placed[-1].bar + 2):
        starts[bar] = at
        at += needed.get(bar, 1) * int(meter.bar_ticks)
    edges = [starts[c.bar] + c.offset for c in placed] + [starts[placed[-1].bar + 1]]
    silence = [Played(None, edges[0])] if edges[0] else []
    return silence + [
        Played(c.harmony, exact(stop - start))
        for c, start, stop in zip(placed, edges[:-1], edges[1:], strict=True)
    ]
