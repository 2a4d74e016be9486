"""MIDI files: what sounds, as notes in ticks.

    piece = Midi.loads(data)[0]        a Piece of a Score
    data = Midi.dumps(piece)           type 1, 480 ticks a quarter, tempo, meter and key on track 0

Read by symusic, which is fast, and where it refuses a damaged file by mido, which is patient; what
a reader returns is checked before anything else sees it. What is not kept: controllers other than
the sustain pedal, pitch bend, lyrics.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.formats import _midi_reader, _midi_writer
from nokturn.formats.base import Format
from nokturn.music.piece import Piece

MAX_BYTES = 16 * 1024 * 1024


class Midi(Format):
    """Standard MIDI files; one piece each."""

    extensions: ClassVar[tuple[str, ...]] = (".mid", ".midi")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether it begins with a MIDI header, in a RIFF container or not."""
        return data.startswith(b"MThd") or (data.startswith(b"RIFF") and data[8:12] == b"RMID")

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read the piece; see `Format.loads`. With ``strict`` a damaged file is refused."""
        if len(data) > MAX_BYTES:
            raise LimitError(
                f"a MIDI file of {len(data) >> 20} MB; 16 is the limit.", source=source
            )
        if not cls.recognises(data):
            raise InputError("it does not begin with MThd, so it is not MIDI.", source=source)
        start = data.find(b"MThd")
        return [_midi_reader.read(data[start:], source, strict)]

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece]) -> bytes:
        """Write the piece. Raises `UsageError` for several."""
        several = [pieces] if isinstance(pieces, Piece) else list(pieces)
        if len(several) != 1:
            raise UsageError(
                f"A MIDI file holds one piece, not {len(several)}.", "Write each alone."
            )
        return _midi_writer.write(several[0])
