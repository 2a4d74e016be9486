"""Token store: a corpus as ids on disk, memory-mapped, with the boundaries of its pieces.

    with StoreWriter(folder, encoding="abc_text", vocabulary=symbols, channels=sizes) as store:
        store.add([(ids, channels)], characters=312, name="oneill:17")
    store = TokenStore(folder)
    store.inputs(0), store.targets(0), store.channels(0)

Symbol 0 is the boundary: fed first, predicted last. A piece may be there in several *variants*
(transpositions); variant 0 is the piece as it stands. Each variant is one *segment* and nothing
ever crosses from one segment into the next. On disk a segment is ``0 id id id``, so the rows of
``channels.bin`` (one for every symbol that is fed, the boundary too) stand beside ``ids.bin``, and
the boundary of the next segment is the last target of this one. Its weakness: ids are 16 bits, so
a vocabulary ends at 65,536, and channels are 8.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nokturn.errors import InputError

VERSION = 1
MAX_VOCABULARY = 65_536
SEGMENT = np.dtype([("start", "<i8"), ("stop", "<i8"), ("piece", "<i4"), ("variant", "<i4")])
PIECE = np.dtype([("characters", "<i8"), ("valid", "?"), ("repeats", "<i4")])


class TokenStore:
    """A token store, opened for reading.

    Attributes
    ----------
    vocabulary
        The symbols; number 0 is the boundary.
    channel_sizes
        Name of each side input -> how many values it has; value 0 means unknown.
    hints
        The channels that are known only where somebody says so (bars to go): hidden in part of the
        training and in every likelihood.
    encoding, settings
        Name of the encoding and its settings, as the model file will store them.
    segments
        Structured array (S,): start, stop (rows of ids, boundary first), piece, variant.
    pieces
        Structured array (P,): characters (to state bits per character), valid (held out?), repeats
        (how often the piece is met in an epoch).
    names
        Where each piece comes from.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        index = _read_index(self.folder)
        self.encoding: str = index["encoding"]
        self.settings: dict[str, Any] = index["settings"]
        self.vocabulary: list[str] = index["vocabulary"]
        self.channel_sizes: dict[str, int] = index["channels"]
        self.hints: list[str] = index["hints"]
        self.names: list[str] = index["names"]
        self.digest: str = index["digest"]
        self.segments = np.load(self.folder / "segments.npy", allow_pickle=False)
        self.pieces = np.load(self.folder / "pieces.npy", allow_pickle=False)
        self.ids = _mapped(self.folder / "ids.bin", "<u2", (index["rows"],))
        shape = (index["rows"], len(self.channel_sizes))
        self._channels = _mapped(self.folder / "channels.bin", "u1", shape)

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.segments)

    def inputs(self, segment: int) -> NDArray[np.uint16]:
        """Return what is fed: the boundary, then every symbol. Shape (T,)."""
        row = self.segments[segment]
        return self.ids[row["start"] : row["stop"]]

    def targets(self, segment: int) -> NDArray[np.uint16]:
        """Return what must be predicted: every symbol, then the boundary. Shape (T,)."""
        row = self.segments[segment]
        return self.ids[row["start"] + 1 : row["stop"] + 1]

    def piece(self, segment: int) -> NDArray[np.int64]:
        """Return a segment with the boundary first and last. Shape (T + 1,)."""
        row = self.segments[segment]
        return self.ids[row["start"] : row["stop"] + 1].astype(np.int64)

    def channels(self, segment: int) -> NDArray[np.uint8]:
        """Return the side inputs fed beside `inputs`. Shape (T, C)."""
        row = self.segments[segment]
        return self._channels[row["start"] : row["stop"]]

    def originals(self, *, valid: bool) -> NDArray[np.int64]:
        """Return the segments of the pieces as they stand: held out, or to train on."""
        mine = self.pieces["valid"][self.segments["piece"]] == valid
        return np.flatnonzero(mine & (self.segments["variant"] == 0))

    def variants(self) -> list[NDArray[np.int64]]:
        """Return the segments of each piece, variant 0 first."""
        order = np.lexsort((self.segments["variant"], self.segments["piece"]))
        cuts = np.searchsorted(self.segments["piece"][order], np.arange(1, len(self.pieces)))
        return np.split(order, cuts)


class StoreWriter:
    """Writes a token store piece by piece; it appears under its name when all is written.

    Parameters
    ----------
    folder
        Where the store will be; one that is there already is replaced at the end.
    encoding, settings, vocabulary, channels, hints
        As the attributes of `TokenStore`.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        encoding: str,
        vocabulary: Sequence[str],
        channels: Mapping[str, int] | None = None,
        hints: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if not 2 <= len(vocabulary) <= MAX_VOCABULARY:
            raise InputError(f"A vocabulary holds 2 to 65536 symbols, not {len(vocabulary)}.")
        self.folder = Path(folder)
        self._index: dict[str, Any] = {
            "version": VERSION,
            "encoding": encoding,
            "settings": dict(settings or {}),
            "vocabulary": list(vocabulary),
            "channels": dict(channels or {}),
            "hints": list(hints),
        }
        self._sizes = np.array(list((channels or {}).values()), dtype=np.int64)
        self._segments: list[tuple[int, int, int, int]] = []
        self._pieces: list[tuple[int, bool, int]] = []
        self._names: list[str] = []
        self._rows = 0
        self._hash = hashlib.sha256()

    def __enter__(self) -> StoreWriter:
        self._new = self.folder.with_name(f".{self.folder.name}.{os.getpid()}.tmp")
        shutil.rmtree(self._new, ignore_errors=True)
        self._new.mkdir(parents=True)
        with ExitStack() as stack:
            self._ids: BinaryIO = stack.enter_context((self._new / "ids.bin").open("wb"))
            self._channels: BinaryIO = stack.enter_context((self._new / "channels.bin").open("wb"))
            self._open = stack.pop_all()
        return self

    def add(
        self,
        variants: Sequence[tuple[ArrayLike, ArrayLike | None]],
        *,
        characters: int,
        valid: bool = False,
        repeats: int = 1,
        name: str = "",
    ) -> None:
        """Add a piece.

        Parameters
        ----------
        variants
            The piece as it stands, then its transpositions, each as ids (T,) without the boundary
            and channels (T + 1, C) with a row for the boundary before them; None = no channels.
        characters
            Length of the piece's text, for bits per character.
        valid
            Held out: never trained on.
        repeats
            How often it is met in an epoch.
        name
            Where it comes from.
        """
        for variant, (ids, channels) in enumerate(variants):
            self._add_segment(variant, np.asarray(ids, dtype=np.int64), channels)
        self._pieces.append((characters, valid, repeats))
        self._names.append(name)

    def _add_segment(
        self, variant: int, ids: NDArray[np.int64], channels: ArrayLike | None
    ) -> None:
        size = len(self._index["vocabulary"])
        assert ids.ndim == 1, "ids of a piece are one row of numbers"
        assert not len(ids) or (ids.min() > 0 and ids.max() < size), "ids lie in 1 .. V-1"
        rows = np.zeros((len(ids) + 1, len(self._sizes)), dtype=np.uint8)
        if channels is not None:
            given = np.asarray(channels)
            assert given.shape == rows.shape, f"channels are {given.shape}, expected {rows.shape}"
            assert not given.size or (given < self._sizes).all(), "a channel is out of its range"
            rows[:] = given
        data = np.concatenate(([0], ids)).astype("<u2").tobytes()
        self._ids.write(data)
        self._channels.write(rows.tobytes())
        self._hash.update(data + rows.tobytes())
        stop = self._rows + len(ids) + 1
        self._segments.append((self._rows, stop, len(self._pieces), variant))
        self._rows = stop

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._open:
            if kind is None:
                self._ids.write(b"\0\0")  # the last segment's last target
                self._channels.write(bytes(len(self._sizes)))
        if kind is not None:
            shutil.rmtree(self._new, ignore_errors=True)
            return
        np.save(self._new / "segments.npy", np.array(self._segments, dtype=SEGMENT))
        np.save(self._new / "pieces.npy", np.array(self._pieces, dtype=PIECE))
        self._index |= {"names": self._names, "rows": self._rows + 1}
        self._hash.update(json.dumps([self._index, self._pieces], sort_keys=True).encode())
        self._index["digest"] = self._hash.hexdigest()
        (self._new / "index.json").write_text(json.dumps(self._index), encoding="utf-8")
        _replace_folder(self._new, self.folder)


def _replace_folder(new: Path, folder: Path) -> None:
    """Put a finished folder in the place of another; os.replace does that only for files."""
    old = new.with_suffix(".old")
    if folder.exists():
        os.replace(folder, old)
    os.replace(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} holds no token store that can be read: {error}.",
            "Read the corpus again; the store is made anew.",
        ) from error
    if index.get("version") != VERSION:
        raise InputError(
            f"{folder} is a token store of version {index.get('version')}, expected {VERSION}.",
            "Read the corpus again; the store is made anew.",
        )
    return index


def _mapped(path: Path, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Map a file of numbers, after a look at whether it has the length it should."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    if path.stat().st_size != size:
        raise InputError(
            f"{path} has {path.stat().st_size} bytes, expected {size}: it is damaged.",
            "Read the corpus again; the store is made anew.",
        )
    if size == 0:  # an empty file cannot be mapped
        return np.zeros(shape, dtype=kind)
    return np.memmap(path, dtype=kind, mode="r", shape=shape)
