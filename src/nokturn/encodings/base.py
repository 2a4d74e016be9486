"""What every encoding keeps: pieces -> ids and back, and the side inputs that go with the ids.

    encoding = find("encodings", "abc_text")(chords=False).fit(pieces)
    ids = encoding.encode(piece)           # int32, without the boundary symbol 0
    rows = encoding.channels_of(ids)       # uint8 (T + 1, C): the boundary's row first
    piece = encoding.decode(ids)

An encoding *is* its settings: a recipe fills the fields, the model file stores them beside the
vocabulary, and `restore` makes it anew from both. It declares in `Encoding.keeps` what survives
encode and decode, and a contract test holds it to exactly that. To add an encoding, write one
module with one class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import PrivateAttr

from nokturn import registry
from nokturn.errors import ModelError
from nokturn.music.perform import perform
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.settings import Settings, build

BOUNDARY = 0  # id of the symbol before and after every piece
BOUNDARY_NAME = "<piece>"
KEEPS = frozenset(  # what an encoding may promise to keep
    {
        "onset",
        "pitch",
        "duration",
        "velocity",
        "spelling",
        "key",
        "meter",
        "bars",
        "text",
        "tracks",
        "program",
        "drums",
        "tempo",
    }
)


Contexts = tuple[tuple[tuple[int, ...], ...], ...]  # see `Encoding.contexts`


def written(piece: Piece) -> Score:
    """Return what sounds as it is written, 480 ticks a quarter: repeats played, nothing swung."""
    if isinstance(piece.sheet_or_score, Score):
        return piece.sheet_or_score.resampled(TICKS_PER_QUARTER)  # files have grids of their own
    return perform(piece.sheet_or_score, as_written=True)


class Tracker(ABC):
    """Follows a piece symbol by symbol and says the side inputs that are fed along."""

    @abstractmethod
    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol; return the channel values that are fed with it.

        The first symbol is always the boundary. A value depends on what was read so far (and on
        hints given at the start), never on what comes.
        """

    @abstractmethod
    def copy(self) -> Tracker:
        """Return a tracker that has read the same and goes its own way from here."""


class NoChannels(Tracker):
    """The tracker of an encoding without side inputs."""

    def step(self, symbol: int) -> tuple[int, ...]:
        """Return no values."""
        return ()

    def copy(self) -> Tracker:
        """Return itself: there is no state."""
        return self


class Together(Tracker):
    """Several trackers side by side."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._trackers = trackers

    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol; return the values of all."""
        return tuple(value for tracker in self._trackers for value in tracker.step(symbol))

    def copy(self) -> Together:
        """Return trackers that go their own way from here."""
        return Together([tracker.copy() for tracker in self._trackers])


class Encoding(registry.Component, Settings):
    """Music <-> ids. The fields of a subclass are its settings.

    Attributes
    ----------
    keeps
        What survives encode and decode, out of `KEEPS`.
    source
        Paper or program that it comes from.
    hints
        Channels that are known only where somebody says so (bars to go).
    unit
        What `characters` counts, and bits are stated of: "character" of text, else "symbol".
    """

    keeps: ClassVar[frozenset[str]]
    source: ClassVar[str]
    hints: ClassVar[tuple[str, ...]] = ()
    unit: ClassVar[str] = "symbol"

    _vocabulary: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def name(cls) -> str:
        """Return the component's name: that of its module."""
        return cls.__module__.rpartition(".")[2]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The symbols by id; number 0 is the boundary. Empty before `fit`."""
        return self._vocabulary

    @property
    def channels(self) -> dict[str, int]:
        """Name of each side input -> how many values it has; value 0 means unknown."""
        return {}

    @property
    def layout(self) -> dict[str, int]:
        """How symbols make frames, for networks that read frames; empty where they make none.

        ``first`` symbol that is a pitch, how many ``pitches`` rise from it, in how many ``kinds``
        (held, struck); the ``separator`` that ends a frame or the number of ``voices`` in each;
        the ``beat`` after which the meter repeats, in frames.
        """
        return {}

    @property
    def contexts(self) -> Contexts:
        """What besides the last symbols makes good contexts for models that count; mostly nothing.

        Families of contexts, each from short to long: how many of the last symbols, then the
        numbers of side inputs.
        """
        return ()

    def numbered(self, named: Iterable[Iterable[tuple[int, Iterable[str]]]]) -> Contexts:
        """Return contexts whose side inputs are named as such of their numbers."""
        names = list(self.channels)
        return tuple(
            tuple((last, *map(names.index, sides)) for last, sides in family) for family in named
        )

    @property
    def by_second(self) -> bool:
        """Whether time goes by the second: what is decoded has 120 quarters a minute then."""
        return False

    @property
    def fits_copies(self) -> bool:
        """Whether `fit` must meet the copies of pieces in other keys, too."""
        return False

    def with_vocabulary(self, symbols: Iterable[str]) -> Self:
        """Return the same encoding with these symbols (the boundary first)."""
        twin = self.model_copy()
        twin._vocabulary = tuple(symbols)
        twin._prepare()
        return twin

    def _prepare(self) -> None:
        """Make the tables that follow from the vocabulary; called when it changes."""

    @abstractmethod
    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the same encoding with the vocabulary that these pieces need."""

    @abstractmethod
    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids (T,), each in 1 .. V-1.

        Raises `InputError` where the piece holds nothing that the encoding can keep.
        """

    @abstractmethod
    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece. Any ids give something playable; boundaries are passed over."""

    def characters(self, piece: Piece, ids: NDArray[np.int32]) -> int:
        """Return how long the piece is in the unit that likelihoods are stated in."""
        return len(ids)

    def tracker(self, **hints: int) -> Tracker:
        """Return a tracker that has read nothing yet.

        Parameters
        ----------
        hints
            What is known beforehand, by the names in `hints`; one left out is hidden.
        """
        return NoChannels()

    def known_hints(self, ids: ArrayLike) -> dict[str, int]:
        """Return the hints that would have been true of a piece, for training with them."""
        return {}

    def channels_of(self, ids: ArrayLike, **hints: int) -> NDArray[np.uint8]:
        """Return the side inputs of boundary + ids, shape (T + 1, C)."""
        symbols: Sequence[int] = np.asarray(ids, dtype=np.int64).tolist()
        if not self.channels:
            return np.zeros((len(symbols) + 1, 0), dtype=np.uint8)
        step = self.tracker(**hints).step
        rows = [step(BOUNDARY), *map(step, symbols)]
        return np.array(rows, dtype=np.uint8)


def restore(
    name: str,
    settings: Mapping[str, Any],
    vocabulary: Sequence[str],
    channels: Mapping[str, int] | None = None,
) -> Encoding:
    """Return the encoding that a token store or a model file tells of.

    Raises
    ------
    UsageError
        There is no encoding of that name, or it has no such settings.
    ModelError
        The vocabulary is none, or ``channels`` are not the side inputs that the encoding has now.
    """
    if len(vocabulary) < 2 or len(set(vocabulary)) != len(vocabulary):
        raise ModelError("the model's vocabulary is empty or says a symbol twice.")
    kind: type[Encoding] = registry.find("encodings", name)
    try:
        encoding = build(kind, settings, "encoding").with_vocabulary(vocabulary)
    except (ValueError, KeyError, IndexError) as error:
        raise ModelError(f"the model's vocabulary is none of the encoding {name}.") from error
    if channels is not None and list(channels.items()) != list(encoding.channels.items()):
        differ = dict(channels.items() ^ encoding.channels.items())
        raise ModelError(
            f"the model was made by another version of nokturn: the side inputs of its encoding "
            f"{name} differ ({', '.join(sorted(differ))}).",
            "Train it again, or use the version that its card names.",
        )
    return encoding
