"""Validity: whether generated ABC is music without mistakes.

    report = validity([tune_text, ...])
    report.parse_share, report.exact_bars     ->   1.0, 0.97

A text parses where the strict reader takes it, apart from bars that do not add up, which are
counted on their own. Pickups, endings and the halves of a bar around a repeat are understood, as
`bar_faults` has it. Weakness: a tune can be valid and dull.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nokturn.errors import InputError
from nokturn.formats import _abc_reader
from nokturn.music.bars import bar_faults
from nokturn.music.sheet import Bar, Sheet


@dataclass(frozen=True)
class TuneCheck:
    """What one tune is like.

    ``mistake`` says why it does not parse (``""`` = it does), ``bars`` and ``exact`` count its bars
    and those of right length; the rest says whether repeats pair and whether it ends as it should.
    """

    mistake: str = ""
    bars: int = 0
    exact: int = 0
    repeats_pair: bool = False
    ends: bool = False
    key: str = ""
    meter: str = ""

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        whole = self.bars > 0 and self.exact == self.bars
        return not self.mistake and whole and self.repeats_pair and self.ends


@dataclass(frozen=True)
class Validity:
    """Many tunes: shares of 0-1."""

    checks: tuple[TuneCheck, ...]

    @property
    def parse_share(self) -> float:
        """Share of the tunes that parse."""
        return _share(not check.mistake for check in self.checks)

    @property
    def exact_bars(self) -> float:
        """Share of the bars, of all tunes together, that have the right length."""
        bars = sum(check.bars for check in self.checks)
        return sum(check.exact for check in self.checks) / bars if bars else 0.0


def _share(truths: Iterable[bool]) -> float:
    values = list(truths)
    return sum(values) / len(values) if values else 0.0


def validity(texts: Iterable[str]) -> Validity:
    """Return what is wrong and right with ABC texts, one tune each."""
    return Validity(tuple(check_text(text) for text in texts))


def check_text(text: str) -> TuneCheck:
    """Check one tune in ABC."""
    try:
        piece = _abc_reader.read_tune(text)
    except InputError as error:
        return TuneCheck(mistake=str(error))
    mistake = piece.repairs[0] if piece.repairs else ""
    return check_sheet(piece.sheet, mistake=mistake)


def check_sheet(sheet: Sheet, *, mistake: str = "") -> TuneCheck:
    """Check what is written; ``mistake`` is what its reader had to mend."""
    bars = [bar for bar in sheet.bars if bar.length]
    return TuneCheck(
        mistake,
        len(bars),
        len(bars) - min(len(bars), len(bar_faults(sheet))),
        repeats_pair(sheet.bars),
        bool(bars) and _ends(bars[-1]),
        str(sheet.key),
        str(sheet.meter),
    )


def repeats_pair(bars: Iterable[Bar]) -> bool:
    """Return whether each repeat that is opened is closed, and each first ending has a second.

    A repeat may be closed without having been opened: it then goes back to the beginning, or to
    the last repeat.
    """
    opened = in_first = waiting = False  # a repeat; a first ending, and one for its second
    for bar in bars:
        later = bool(bar.ending) and 1 not in bar.ending
        if waiting != later or (bar.repeat_start and opened):
            return False
        opened = opened or bar.repeat_start
        in_first = (in_first or 1 in bar.ending) and not later
        waiting = in_first and bool(bar.repeat_end)
        if bar.repeat_end:
            opened = in_first = False
    return not opened and not waiting


def _ends(bar: Bar) -> bool:
    """Return whether the last bar is closed as an end: by a repeat, a final or a double line."""
    return bool(bar.repeat_end) or bar.line in ("final", "double")
