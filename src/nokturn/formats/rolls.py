"""Piano rolls (``.npz``): many pieces as frames of sounding keys, as published sets have them.

    rolls     uint8 (frames of all pieces, 11): the 88 keys of a piano as packed bits, A0 first
    lengths   frames of each piece

A frame is read as an eighth note (the sets do not say; JSB's are quarters, so it sounds twice as
fast). A key that sounds on is one long note, as a roll cannot tell. Reading only.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.formats.base import Format
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import TICKS_PER_QUARTER

KEYS, LOWEST = 88, 21
FRAME = TICKS_PER_QUARTER // 2
MAX_BYTES = 256 * 1024 * 1024  # unpacked
MAX_FRAMES = 2_000_000
VELOCITY = 80


class Rolls(Format):
    """Piano rolls of a published set."""

    extensions: ClassVar[tuple[str, ...]] = (".npz",)

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether it is a zip whose first member is an array of a roll."""
        return data.startswith(b"PK\x03\x04") and data[30:50].startswith(
            (b"rolls.npy", b"lengths.npy")
        )

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read every piece; see `Format.loads`."""
        rolls, lengths = _arrays(data, source)
        frames = np.unpackbits(rolls, axis=1)[:, :KEYS]
        cuts = np.cumsum(lengths)[:-1]
        return [
            Piece(_score(part), title=f"{source} {number}", source=f"{source}:{number}")
            for number, part in enumerate(np.split(frames, cuts), 1)
        ]

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece]) -> bytes:
        """Refuse: rolls are read only."""
        raise UsageError("Piano rolls (.npz) are read only.", "Write MIDI: -o tune.mid")


def _arrays(data: bytes, source: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise LimitError("unpacked it is larger than 256 MB.", source=source)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            rolls, lengths = arrays["rolls"], arrays["lengths"]
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"this is no file of piano rolls: {error}.", "It must hold rolls and lengths.",
            source=source,
        ) from error  # fmt: skip
    if rolls.dtype != np.uint8 or rolls.ndim != 2 or rolls.shape[1] != KEYS // 8:
        raise InputError(
            f"rolls is {rolls.dtype} {rolls.shape}; expected uint8 (frames, 11).", source=source
        )
    whole = lengths.ndim == 1 and lengths.dtype.kind in "iu" and len(lengths) > 0
    if not whole or lengths.min() < 1 or int(lengths.sum()) != len(rolls):
        raise InputError(f"lengths do not add up to {len(rolls)} frames.", source=source)
    if len(rolls) > MAX_FRAMES:
        raise LimitError(f"more than {MAX_FRAMES:,} frames.", source=source)
    return rolls, lengths.astype(np.int64)


def _score(frames: NDArray[np.uint8]) -> Score:
    edges = np.diff(np.pad(frames.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    keys, starts = np.nonzero(edges.T == 1)
    _, stops = np.nonzero(edges.T == -1)
    rows = np.stack([starts, stops - starts, keys, keys], axis=1) * [FRAME, FRAME, 1, 0]
    rows += [0, 0, LOWEST, VELOCITY]
    return Score([Track.of(rows.tolist())], length=len(frames) * FRAME)
