"""Phrases: a piece as the numbers z that describe its beginning, and a piece from any z again.

    phrases = Phrases(ModelFile.load("tunes-vae.safetensors"))
    one, other = phrases.read(reel), phrases.read(jig)
    phrases.write(turned(one.z, other.z, 0.5))          half way between them

Only the first phrase of a piece is read: as many symbols as the model's phrases have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nokturn.encodings.base import BOUNDARY, restore
from nokturn.errors import ConstraintError, ModelError
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.models.vae import Vae
from nokturn.music.piece import Piece

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Phrase:
    """The beginning of a piece.

    Attributes
    ----------
    ids
        Its symbols.
    left_out
        How many symbols of the piece come after it.
    z
        Mean of what the model thinks it is described by, (Z,).
    """

    ids: list[int]
    left_out: int
    z: Floats


class Phrases:
    """Reads and writes phrases with a variational autoencoder.

    Raises
    ------
    ModelError
        The model is no variational autoencoder, or belongs to another version.
    """

    def __init__(self, file: ModelFile) -> None:
        if not isinstance(file.model, Vae):
            raise ModelError(
                f"the model is a {type(file.model).__name__.lower()}; only a vae knows what lies "
                f"near or between phrases.",
                "Train one (nokturn train PATH --set model.name=vae) and name it: --model NAME.",
            )
        self.model = file.model
        self.encoding = restore(
            file.encoding, file.encoding_settings, file.vocabulary, file.channels
        )

    def read(self, piece: Piece) -> Phrase:
        """Return the beginning of a piece.

        Raises `InputError` where it holds nothing that the model's encoding keeps.
        """
        ids = self.encoding.encode(piece).tolist()
        most = self.model.settings.phrase
        heard = [*ids, BOUNDARY][:most]  # where the piece ends, that is part of the phrase
        mean, _ = self.model.latents(np.array(heard))
        return Phrase(ids[:most], max(0, len(ids) - most), mean[0])

    def write(
        self,
        z: Floats,
        *,
        sampling: Sampling | None = None,
        generator: np.random.Generator | None = None,
    ) -> list[int]:
        """Return the symbols of the phrase that z (Z,) describes.

        Without ``sampling`` each symbol is the likeliest; with it, drawn by the generator.
        """
        stream, tracker = self.model.with_latent(z), self.encoding.tracker()
        generator = generator or np.random.default_rng(0)
        ids, symbol = [], BOUNDARY
        with threadpool_limits(limits=1):  # many threads only slow such small products down
            for _ in range(self.model.settings.phrase):
                logits = stream.step(symbol, tracker.step(symbol))
                symbol = int(logits.argmax())
                if sampling:
                    symbol = draw(probabilities(logits, sampling), generator)
                if symbol == BOUNDARY:
                    break
                ids.append(symbol)
        return ids

    def piece(self, ids: list[int]) -> Piece:
        """Return symbols as a piece. Raises `ConstraintError` where no note is in them."""
        piece = self.encoding.decode(ids)
        if not piece.score.note_count:
            raise ConstraintError(
                "The phrase came out without a note.",
                "Train the model longer, or take a smaller step from what it knows.",
            )
        return piece


def turned(one: Floats, other: Floats, share: float) -> Floats:
    """Return what lies between two descriptions (Z,): turned from one to the other (slerp).

    The way runs around the middle and not through it, so that what lies between is as long, and so
    as definite, as the ends; 0 is the one, 1 the other.

    >>> turned(np.array([2.0, 0.0]), np.array([0.0, 2.0]), 0.5).round(3).tolist()
    [1.414, 1.414]
    """
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    cosine = np.clip(one @ other / max(1e-12, float(lengths[0] * lengths[1])), -1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-6:  # they point the same way, or opposite ones
        return np.asarray((1 - share) * one + share * other)
    weights = np.sin(np.array([1 - share, share]) * angle) / np.sin(angle)
    return np.asarray(weights[0] * one + weights[1] * other)


def varied(z: Floats, amount: float, generator: np.random.Generator) -> Floats:
    """Return a draw of what lies so far from z (Z,): 0 is z itself, 1 any phrase at all."""
    chance = generator.standard_normal(len(z))
    angle = amount * np.pi / 2
    return np.asarray(np.cos(angle) * z + np.sin(angle) * chance)


def apart(one: list[int], other: list[int]) -> float:
    """Return how different two phrases are, 0-1: changes of symbols by the longer one's length.

    >>> apart([1, 2, 3, 4], [1, 3, 4]), apart([1, 2], [3, 4])
    (0.25, 1.0)
    """
    row = np.arange(len(other) + 1)
    for i, symbol in enumerate(one, 1):
        changed = row[:-1] + (np.array(other, dtype=np.int64) != symbol)
        best = np.concatenate([[i], np.minimum(changed, row[1:] + 1)])
        places = np.arange(len(best))
        row = np.minimum.accumulate(best - places) + places  # or a symbol more after the best
    return float(row[-1]) / max(1, len(one), len(other))
