"""Compose: tunes that are right, from a model and wishes.

    for tune in compose(ModelFile.load(path), key=Key.parse("Ador"), bars=32, seed=7):
        tune.piece, tune.attempts, tune.redrawn

What is drawn under the guide is read by the strict reader; every bar must add up, repeats must
pair, key, meter and number of bars must be those asked for. What is not so is drawn again with the
same generator. Variation *i* has the seed *seed + i* and a generator of its own, so that it can be
made again alone. `tunes` also tells of every bar while it is written, and can be stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from nokturn.encodings._abc_clock import BarClock
from nokturn.encodings._abc_learned import AbcLearned, learned_text, tune
from nokturn.encodings.base import restore
from nokturn.errors import ConstraintError, InputError, ModelError, UsageError
from nokturn.evaluation.validity import check_sheet
from nokturn.formats._abc_reader import read_tune
from nokturn.generation.constraints import AbcGuide, Wishes
from nokturn.generation.decoding import Drawn, decode
from nokturn.generation.growing import Growing, by_one_thread, ended
from nokturn.generation.sampling import Sampling, draw
from nokturn.models._file import ModelFile
from nokturn.music.bars import bar_faults
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.sheet import Bar, Sheet
from nokturn.music.time import Meter

MAX_ATTEMPTS = 25
FOUR_FOUR = {(4, 4): "C", (2, 2): "C|"}  # what most tunes in books have for it
MIN_BARS = 4


@dataclass
class Composed:
    """A tune that is right, and how it came about.

    ``stopped_at`` is how many bars it has, as played, where it was stopped; 0 = it was not.
    """

    piece: Piece
    seed: int
    attempts: int = 1  # whole tunes drawn
    bars: int = 0  # bars drawn in all attempts
    redrawn: int = 0  # bars among them that were thrown away
    replaced: dict[str, str] = field(default_factory=dict)  # unknown characters of the primer
    stopped_at: int = 0


def compose(file: ModelFile, **wishes: Any) -> Iterator[Composed]:
    """Yield tunes that are finished; for what can be asked, and what is raised, see `tunes`."""
    return (event for event in tunes(file, **wishes) if isinstance(event, Composed))


def tunes(
    file: ModelFile,
    *,
    meter: Meter | None = None,
    key: Key | None = None,
    bars: int = 0,
    n: int = 1,
    seed: int = 0,
    sampling: Sampling | None = None,
    primer: str = "",
    stop: threading.Event | None = None,
) -> Iterator[Growing | Composed]:
    """Yield tunes, and before each what stands of it whenever that is a bar more or less.

    Parameters
    ----------
    meter, key, bars
        What is asked for; ``bars`` as played. None or 0 = the model chooses.
    n, seed
        How many, and the seed of the first.
    primer
        ABC that each begins with: a tune or a part of one.
    stop
        Once it is set, the tune that is being written ends with the whole bars it has, if it has
        any, and no other follows.

    Raises
    ------
    ModelError
        The model does not write ABC.
    InputError
        The primer cannot be read.
    ConstraintError
        In 25 attempts no tune came out right.
    UsageError
        The primer has as many bars as are asked for, or more.
    """
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    if not isinstance(encoding, AbcLearned) or encoding.plain:
        raise ModelError(
            "this model does not write canonical ABC, so its tunes cannot be held to be right.",
            "Choose another model: nokturn models list",
        )
    begin = primer_text(primer, encoding, meter, key)
    has = played_bars(begin)
    if bars and has >= bars:
        raise UsageError(
            f"The beginning has {has} bars already, and the tune is to have {bars}.",
            "Ask for more bars, or begin with fewer.",
        )
    ids, replaced = encoding.encode_text(begin)
    if begin.startswith("M:") and "\nK:" in begin:
        meter, key = None, None  # the primer has its own
    wishes = Wishes(_meter_word(meter, begin, encoding.vocabulary), _key_word(key), bars)
    for i in range(n):
        writer = Writer(file, encoding, wishes, seed + i, sampling or Sampling(), stop, meter)
        made = yield from by_one_thread(writer.write(ids.tolist()))
        if made is not None:
            made.replaced = replaced
            yield made
        if stop and stop.is_set():
            return


def _meter_word(meter: Meter | None, begin: str, symbols: Sequence[str]) -> str:
    """Return how the meter is asked of the model: ``C`` for 4/4, unless it knows the word 4/4."""
    if meter is None or begin.startswith("M:"):
        return ""
    in_numbers = f"{meter.numerator}/{meter.denominator}"
    if f"M:{in_numbers}\n" in symbols:
        return in_numbers
    return FOUR_FOUR.get((meter.numerator, meter.denominator), str(meter))


def _key_word(key: Key | None) -> str:
    if key is None:
        return ""
    mode = {"ionian": "major", "aeolian": "minor"}.get(key.mode, key.mode)
    return str(replace(key, mode=mode))


@dataclass
class Writer:
    """Writes one tune.

    Parameters
    ----------
    meter
        What the tune says its meter is, where that was asked for: 4/4 where the model writes C.
    """

    file: ModelFile
    encoding: AbcLearned
    wishes: Wishes
    seed: int
    sampling: Sampling
    stop: threading.Event | None = None
    meter: Meter | None = None

    def write(self, primer: list[int]) -> Generator[Growing, None, Composed | None]:
        """Yield what stands, bar by bar; return the tune, None where it was stopped too early."""
        generator = np.random.default_rng(self.seed)
        if not (self.wishes.key or primer):
            usual = _usual_key(self.file.card, generator)
            self.wishes = replace(self.wishes, key=usual)
        made = Composed(Piece(Sheet()), self.seed, attempts=0)
        reason = ""
        while made.attempts < MAX_ATTEMPTS:
            made.attempts += 1
            drawn = yield from self._draw(primer, generator)
            if drawn.stopped:
                return self._stopped(made, drawn, len(primer))
            piece, reason = _judged(self.encoding, drawn, self.wishes)
            made.bars += drawn.bars + drawn.redrawn
            made.redrawn += drawn.redrawn if piece else drawn.bars + drawn.redrawn
            if piece is not None:
                made.piece = self._in_meter(piece)
                return made
        raise ConstraintError(
            f"No tune came out right in {MAX_ATTEMPTS} attempts: {reason}.",
            "Lower the temperature, or ask for less: another key, meter or number of bars.",
        )

    def _draw(
        self, primer: list[int], generator: np.random.Generator
    ) -> Generator[Growing, None, Drawn]:
        encoding, bars = self.encoding, self.wishes.bars
        return decode(
            self.file.model.begin(generator),
            encoding.tracker(**({"bars": bars} if bars and encoding.clock else {})),
            AbcGuide(encoding, self.wishes),
            self.sampling,
            generator,
            primer=primer,
            encode=lambda text: encoding.encode_text(text)[0].tolist(),
            bar_is_right=bar_is_right,
            show=self._growing,
            stop=self.stop,
        )

    def _growing(self, guide: AbcGuide) -> Growing:
        text = tune(guide.text)
        return Growing(self.seed, guide.clock.total, partial(self._so_far, text), text)

    def _so_far(self, text: str) -> Piece:
        """Return a text that ends with any bar line as a piece."""
        return self._in_meter(read_tune(text.rstrip(":")))

    def _in_meter(self, piece: Piece) -> Piece:
        if self.meter is not None:
            piece.sheet.bars[0].meter = self.meter
        return piece

    def _stopped(self, made: Composed, drawn: Drawn, begun: int) -> Composed | None:
        """Return what is kept of a tune that was stopped: its whole bars, if it has its own."""
        if len(drawn.ids) <= begun:
            return None
        piece = self._so_far(tune(self.encoding.decode_text(drawn.ids)))
        sheet = ended(piece.sheet)
        if sheet is None:
            return None
        made.bars += drawn.bars + drawn.redrawn
        made.redrawn += drawn.redrawn
        made.piece = Piece(sheet)
        made.stopped_at = played_bars(learned_text(sheet, chords=False))
        return made if made.stopped_at else None


def _usual_key(card: dict[str, Any], generator: np.random.Generator) -> str:
    """Return a key as often as the tunes that the model learned from have it; empty = any.

    It has learned them in every key, and would write as many tunes in Db as in D.
    """
    told = card.get("keys")
    if not isinstance(told, dict):
        return ""
    known = {k: n for k, n in told.items() if isinstance(n, int) and 0 < n < 1e9 and len(k) < 12}
    if not known:
        return ""
    shares = np.array(list(known.values()), dtype=np.float64)
    return str(list(known)[draw(shares / shares.sum(), generator)])


def _judged(encoding: AbcLearned, drawn: Drawn, wishes: Wishes) -> tuple[Piece | None, str]:
    """Return the tune, or None and what is wrong with it."""
    if not drawn.ended:
        return None, "no way on was found"
    text = encoding.decode_text(drawn.ids)
    try:
        piece = read_tune(tune(text), strict=True)
    except InputError as error:
        return None, error.message.rstrip(".")
    sheet = piece.sheet
    if sheet.bars and not sheet.bars[-1].repeat_end:
        sheet.bars[-1].line = "final"
    check = check_sheet(sheet, mistake="; ".join(piece.repairs))
    if not check.valid:
        return None, check.mistake or "a bar or repeat is not right"
    if len(sheet.bars) < MIN_BARS and not wishes.bars:
        return None, f"it has only {len(sheet.bars)} bars"
    if wishes.key and str(sheet.key) != wishes.key:
        return None, f"its key is {sheet.key}"
    if wishes.meter and str(sheet.meter) != wishes.meter:
        return None, f"its meter is {sheet.meter}"
    if wishes.bars and played_bars(text) != wishes.bars:
        return None, f"it has {played_bars(text)} bars"
    piece.text = ""
    return piece, ""


def played_bars(text: str) -> int:
    """Return how many bars a text has as played, repeats and all; a pickup counts as none."""
    clock = BarClock()
    for character in text:
        clock.step(character)
    return clock.total


def bar_is_right(text: str) -> bool:
    """Return whether a text that ends with a bar line reads without a mistake so far.

    A bar that is still too short counts as right where it may be a pickup or its completion.
    """
    try:
        sheet = read_tune(tune(text.rstrip(":") if not text.endswith(":|") else text)).sheet
    except InputError:
        return False
    faults = bar_faults(sheet)
    return not faults or (faults[0].bar == len(sheet.bars) - 1 and _may_complete(sheet.bars))


def _may_complete(bars: list[Bar]) -> bool:
    """Whether the last bar is short, as one is that a pickup fills up."""
    return len(bars) > 1 and bool(bars[-1].repeat_end or bars[-1].line != "single")


def primer_text(primer: str, encoding: AbcLearned, meter: Meter | None, key: Key | None) -> str:
    """Return how a tune begins, as the model has learned it, from a primer as people write it.

    A primer with a key is read as a tune; one without is notes, which stand after the meter and
    key asked for (4/4 and C where none is).
    """
    text = primer.strip()
    if not text:
        return ""
    if not any(line.startswith("K:") for line in text.split("\n")):
        text = f"X:1\nM:{meter or 'C'}\nL:1/8\nK:{key or 'C'}\n{text}"
    sheet = read_tune(text if "X:" in text else f"X:1\n{text}", source="primer").sheet
    if meter is not None:
        sheet.bars[0].meter = meter
    try:
        begin = learned_text(sheet, chords=encoding.chords).rstrip("\n")
    except InputError as error:
        raise InputError(error.message, "Write some ABC.", source="primer") from error
    ended = text.rstrip().endswith(("|", "]", ":"))
    begin = begin.removesuffix("]") if begin.endswith("|]") else begin
    return begin if ended else begin.rstrip("|")
