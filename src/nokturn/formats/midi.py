"""MIDI files (``.mid``): what sounds, as every other music program knows it.

    MThd, MTrk ...  ->  Piece with a Score;  Piece  ->  type 1, 480 ticks to the quarter

Read by symusic and checked at once; what it refuses or what cannot be true is read a second time by
a tolerant reader, and `Piece.repairs` says what that mended. A MIDI file knows neither spelling nor
voices nor rests: `Piece.sheet` finds them again. Pitch bends, controllers other than the sustain
pedal, lyrics and markers are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.formats.base import Format
from nokturn.music.piece import Piece
from nokturn.music.score import Score

MAX_BYTES = 16 * 1024 * 1024  # ten times what the notes allowed take; 200 MB when read
SMPTE = 0x80  # in the first byte of the division


class Midi(Format):
    """Standard MIDI files, types 0, 1 and 2."""

    extensions: ClassVar[tuple[str, ...]] = (".mid", ".midi", ".smf", ".kar", ".rmi")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether the data begin with a MIDI header or track."""
        return data[:4] in (b"MThd", b"MTrk") or (data[:4] == b"RIFF" and data[8:12] == b"RMID")

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read the piece in a MIDI file; of type 2, a piece for each pattern.

        Raises
        ------
        InputError
            Where it is no MIDI file or holds no notes; with ``strict``, where it is damaged.
        LimitError
            For more than 200,000 notes, 1,024 tracks or four hours.
        """
        from nokturn.formats import _midi_reader as reader
        from nokturn.formats._midi_tolerant import read_tolerantly

        if len(data) > MAX_BYTES:
            raise LimitError(
                f"{len(data) >> 20} MB is too large for MIDI; 16 MB is the limit.", source=source
            )
        if b"MTrk" not in data:
            raise InputError(_not_midi(data), "Choose a .mid file.", source=source)
        begin = data.find(b"MThd")
        body = data[begin:] if data[:4] == b"RIFF" and begin > 0 else data
        reason = ""
        if _plain(body):
            try:
                score, recipe = reader.read(body, source)
            except reader.UntrustedError as error:
                reason = str(error)
            else:
                reader.check_sound(score, source)
                return [Piece(score, source=source, recipe=recipe)]
        scores, recipe, repairs = read_tolerantly(body, source)
        if strict and (reason or repairs):
            raise InputError(f"it is damaged: {reason or repairs[0]}.", source=source)
        for score in scores:
            reader.check_sound(score, source)
        return [Piece(s, source=source, recipe=recipe, repairs=list(repairs)) for s in scores]

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece]) -> bytes:
        """Write one piece as type 1, 480 ticks to the quarter."""
        from nokturn.formats._midi_writer import write

        several = [pieces] if isinstance(pieces, Piece) else list(pieces)
        if len(several) != 1:
            raise UsageError(
                f"A MIDI file holds one piece, not {len(several)}.", "Write a file for each."
            )
        piece = several[0]
        score: Score = piece.score
        recipe: dict[str, Any] | None = piece.recipe
        return write(score, recipe, piece.title)


def _plain(data: bytes) -> bool:
    """Whether symusic can be asked: a whole header, not of type 2, not in SMPTE time."""
    return (
        data[:4] == b"MThd"
        and len(data) >= 14
        and data[8:10] in (b"\0\0", b"\0\1")
        and not data[12] & SMPTE
    )


def _not_midi(data: bytes) -> str:
    if not data:
        return "the file is empty."
    if data[:4] == b"SMF2":
        return "this is a MIDI 2.0 clip file, which is not supported yet."
    return "this is not a MIDI file, or one without any track."
