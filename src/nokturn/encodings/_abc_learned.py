r"""What encodings of ABC share: the text that is learned of a piece, its reading, the bar clock.

    learned_text(sheet)   ->   "M:6/8\nL:1/8\nK:G\n|:GAB cde|g3 d3:|\n"

`AbcLearned` holds their settings. A subclass says how a text becomes symbols (`encode_text`); these
are pieces of text, so joined they are the text again.
"""

from __future__ import annotations

import unicodedata
from abc import abstractmethod
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import PrivateAttr, model_validator

from nokturn.encodings import _abc_look_back, _echo
from nokturn.encodings._abc_clock import CHANNELS, BarClock
from nokturn.encodings.base import (
    BOUNDARY,
    Contexts,
    Encoding,
    NoChannels,
    Together,
    Tracker,
)
from nokturn.errors import InputError
from nokturn.formats import _abc_reader, _abc_writer
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.sheet import Bar, Event, Sheet, Voice
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter

HEADERS = ("M", "L", "K")  # in this order; several voices keep their V: lines, too
ALIKE = {"|": "¦ǀ", '"': "“”„", "'": "’‘´`", "-": "–—", "#": "♯", "b": "♭", " ": "\t\xa0"}
_LIKE = {other: known for known, others in ALIKE.items() for other in others}


class AbcLearned(Encoding):
    """ABC as text, in symbols that are pieces of it.

    Parameters
    ----------
    plain
        Learn each tune's text as it stands in its file.
    chords
        Keep chord symbols (not with ``plain``, where everything is kept).
    clock
        Give the bar clock beside the symbols.
    echo
        Also tell what followed in the piece when it last went as it goes now.
    look_back
        Also tell the last notes and chord symbols, and what stood there bars before (needs the
        clock).
    """

    plain: bool = False
    chords: bool = True
    clock: bool = True
    echo: bool = False
    look_back: bool = False

    keeps = frozenset({"onset", "pitch", "duration", "spelling", "key", "meter", "bars", "text"})
    hints = ("bars",)
    unit = "character"

    _ids: dict[str, int] = PrivateAttr(default_factory=dict)

    @property
    def channels(self) -> dict[str, int]:
        """The channels of the bar clock, of the echo and of the look back, if they are on."""
        symbols = len(self._vocabulary)
        return (
            (dict(CHANNELS) if self.clock else {})
            | (_echo.channels(symbols) if self.echo else {})
            | (_abc_look_back.channels(symbols) if self.look_back else {})
        )

    @property
    def contexts(self) -> Contexts:
        """What the look back makes good contexts of, if it is on."""
        return self.numbered(_abc_look_back.CONTEXTS) if self.look_back else ()

    @model_validator(mode="after")
    def _clocked(self) -> Self:
        if self.look_back and not self.clock:
            raise ValueError("look_back needs the clock")
        return self

    def _prepare(self) -> None:
        self._ids = {symbol: k for k, symbol in enumerate(self._vocabulary) if k != BOUNDARY}

    def text(self, piece: Piece) -> str:
        """Return what is learned of a piece.

        Raises `InputError` for a piece without notes, or where ``plain`` asks for a text that the
        piece does not have.
        """
        if not self.plain:
            return learned_text(piece.sheet, chords=self.chords)
        if not piece.text.strip():
            raise InputError(
                f"{piece.title or 'the piece'} was not read from ABC, it has no text to learn.",
                "Train without plain = true.",
                source=piece.source,
            )
        return piece.text.replace("\r\n", "\n").strip() + "\n"

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return the ids of a piece's symbols (T,); unknown characters become their like."""
        return self.encode_text(self.text(piece))[0]

    @abstractmethod
    def encode_text(self, text: str) -> tuple[NDArray[np.int32], dict[str, str]]:
        """Return the ids of a text, and what each unknown character in it was replaced by.

        A character without a like in the vocabulary is left out: it is replaced by ``""``.
        """

    def _characters(self, text: str, replaced: dict[str, str]) -> list[int]:
        """Return the ids of a text's characters; ``replaced`` takes in what was not known."""
        ids: list[int] = []
        for character in text:
            known = self._ids.get(character)
            if known is None:
                if character not in replaced:
                    replaced[character] = self._nearest(character)
                ids += [self._ids[c] for c in replaced[character]]
            else:
                ids.append(known)
        return ids

    def _nearest(self, character: str) -> str:
        """Return a known character that looks or means the same; empty for none."""
        letter = unicodedata.normalize("NFKD", character)[0]
        for like in (_LIKE.get(character, ""), letter, letter.swapcase()):
            if like in self._ids:
                return like
        return ""

    def decode_text(self, ids: ArrayLike) -> str:
        """Return ids as text; boundaries and ids out of range are passed over."""
        symbols, size = self._vocabulary, len(self._vocabulary)
        return "".join(symbols[k] for k in np.asarray(ids).tolist() if BOUNDARY < k < size)

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece; what cannot be read is mended, and a bar of rest at the worst."""
        text = self.decode_text(ids)
        try:
            piece: Piece = _abc_reader.read_tune(tune(text), source="<ids>")
            return piece
        except InputError as error:
            rest = Bar([[Event(4 * TICKS_PER_QUARTER)]], COMMON_TIME, {0: Key()})
            return Piece(Sheet([rest]), source="<ids>", repairs=[str(error)])

    def tracker(self, **hints: int) -> Tracker:
        """Return the bar clock; ``bars`` is how many the piece will have, repeats played."""
        told: list[Tracker] = [ClockTracker(self, BarClock(**hints))] if self.clock else []
        told += [_echo.Echo()] if self.echo else []
        told += [_abc_look_back.LookBack(self._vocabulary)] if self.look_back else []
        return Together(told) if len(told) > 1 else told[0] if told else NoChannels()

    def known_hints(self, ids: ArrayLike) -> dict[str, int]:
        """Return how many bars a piece has, played with its repeats."""
        clock = BarClock()
        for character in self.decode_text(ids):
            clock.step(character)
        return {"bars": clock.total}


class ClockTracker(Tracker):
    """The bar clock, by ids."""

    def __init__(self, encoding: AbcLearned, clock: BarClock) -> None:
        self._symbols = encoding.vocabulary
        self._clock = clock

    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol, character by character; the boundary begins anew."""
        if symbol == BOUNDARY:
            self._clock = BarClock(self._clock.goal)
            return self._clock.values
        values: tuple[int, ...] = self._clock.values
        for character in self._symbols[symbol]:
            values = self._clock.step(character)
        return values

    def copy(self) -> ClockTracker:
        """Return a tracker that goes its own way from here."""
        twin = ClockTracker.__new__(ClockTracker)
        twin._symbols, twin._clock = self._symbols, self._clock.copy()
        return twin


def controls(meter: Meter | None = None, key: Key | None = None, unit: str = "1/8") -> str:
    r"""Return the text that asks for a meter and a key; a key needs a meter before it.

    >>> controls(Meter(6, 8), Key.parse("Ador"))
    'M:6/8\nL:1/8\nK:Ador\n'
    >>> controls(Meter(6, 8))
    'M:6/8\n'
    """
    if meter is None:
        return ""
    return f"M:{meter}\n" + (f"L:{unit}\nK:{key}\n" if key is not None else "")


def learned_text(sheet: Sheet, *, chords: bool = True) -> str:
    """Return the canonical text of a sheet with its controls, without words of any kind."""
    if not any(event.pitches for bar in sheet.bars for voice in bar.voices for event in voice):
        raise InputError("there are no notes in it.")
    header, body = _split(_abc_writer.write_tune(bare(sheet, chords=chords)))
    fields = [line for letter in HEADERS[:-1] for line in header if line.startswith(letter + ":")]
    voices = [line for line in header if line.startswith("V:")] if len(sheet.voices) > 1 else []
    key = next(line for line in header if line.startswith("K:"))
    return "\n".join([*fields, *voices, key, *body]) + "\n"


def _split(text: str) -> tuple[list[str], list[str]]:
    """Return the header lines of a tune, up to its key, and those of its body."""
    lines = [line for line in text.strip().split("\n") if line and not line.startswith("%")]
    key = next(k for k, line in enumerate(lines) if line.startswith("K:"))
    return lines[: key + 1], lines[key + 1 :]


def tune(text: str) -> str:
    """Return a learned text as a tune that any ABC program reads: with the number it needs."""
    return text if text.startswith("X:") else f"X:1\n{text}"


def bare(sheet: Sheet, *, chords: bool = True) -> Sheet:
    """Return a sheet without title, names, other headers, tempo, words, and chords if so asked."""
    voices = [
        Voice("", v.part, v.staff, v.clef, 0, str(k + 1), "", v.drums) if len(sheet.voices) > 1
        else Voice(clef="")
        for k, v in enumerate(sheet.voices)
    ]  # fmt: skip
    bars = [
        replace(
            bar,
            voices=[[_wordless(event, chords) for event in voice] for voice in bar.voices],
            tempos={},
            label="",
        )
        for bar in sheet.bars
    ]
    return Sheet(bars, voices, unit=sheet.unit)


def _wordless(event: Event, chords: bool) -> Event:
    if not (event.texts or event.lyrics or (event.chord and not chords)):
        return event
    return event._replace(texts=(), lyrics=(), chord=event.chord if chords else "")
