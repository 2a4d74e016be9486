"""Vary: phrases near a phrase, and phrases between two, from a variational autoencoder.

    for one in vary("reel.abc", "tunes-vae", amount=0.3, n=4, seed=7): one.piece, one.apart
    for one in interpolate("reel.abc", "jig.abc", "tunes-vae", steps=5): ...

Each file's first piece is read, and of it as much as a phrase of the model holds. The same version,
model, settings and seed give the same phrases.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from nokturn.errors import InputError, UsageError
from nokturn.generation.phrases import Phrase, Phrases, apart, turned, varied
from nokturn.generation.sampling import Sampling
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece
from nokturn.training import runs
from nokturn.workflows.load import load
from nokturn.workflows.wishes import Said, first_seed


@dataclass(frozen=True)
class Written:
    """A phrase that was written.

    Attributes
    ----------
    piece
        The music; its recipe says how it was made.
    apart
        How much of it differs from each phrase that was read, by symbols changed; 0-1.
    """

    piece: Piece
    apart: tuple[float, ...]


def vary(
    file: str | Path,
    model: str,
    *,
    amount: float = 0.3,
    n: int = 1,
    seed: int | None = None,
    temperature: float = 0.0,
) -> Iterator[Written | Said]:
    """Write phrases that are more or less like the beginning of a piece.

    Parameters
    ----------
    file
        ABC, MIDI, MusicXML ...
    model
        Name, ``name@epoch`` or path of a vae.
    amount
        0 = as the model remembers it, 1 = any phrase at all.
    n
        How many. Variation *i* (from 0) has the seed *seed + i*.
    seed
        0 to 2147483647; None = a random one.
    temperature
        0 = the likeliest symbol each time; else 0.05-3, drawn.

    Raises
    ------
    UsageError, ModelError, InputError, ConstraintError
        An amount out of range, no such model or no vae, a file that the model cannot read, a
        phrase without a note.
    """
    if not 0 <= amount <= 1:
        raise UsageError(f"--amount {amount:g} is out of range.", "It is 0 to 1.")
    first = _first_seed(seed, n)
    sampling = _sampling(temperature)
    phrases, recipe = _opened(model)
    source, said = _read(phrases, file)
    if said:
        yield Said(said)
    for number in range(first, first + n):
        generator = np.random.default_rng(number)
        z = varied(source.z, amount, generator)
        ids = phrases.write(z, sampling=sampling, generator=generator)
        title = f"{Path(file).stem}, varied by {amount:g}, no. {number}"
        more = {"varied": str(file), "amount": amount, "temperature": temperature, "seed": number}
        yield _written(phrases, ids, [source], title, recipe | more)


def interpolate(
    one: str | Path,
    other: str | Path,
    model: str,
    *,
    steps: int = 5,
    seed: int | None = None,
    temperature: float = 0.0,
) -> Iterator[Written | Said]:
    """Write phrases on the way from the beginning of one piece to that of another.

    Parameters
    ----------
    one, other
        Files; the first and the last phrase are these two as the model remembers them.
    steps
        How many phrases in all; 2-64.
    model, seed, temperature
        See `vary`; one seed serves all.

    Raises
    ------
    As `vary`.
    """
    if not 2 <= steps <= 64:
        raise UsageError(f"--steps {steps} is out of range.", "It is 2 to 64, both ends included.")
    number = _first_seed(seed, 1)
    sampling = _sampling(temperature)
    phrases, recipe = _opened(model)
    ends = []
    for file in (one, other):
        source, said = _read(phrases, file)
        ends.append(source)
        if said:
            yield Said(said)
    for step in range(steps):
        z = turned(ends[0].z, ends[1].z, step / (steps - 1))
        generator = np.random.default_rng(number)
        ids = phrases.write(z, sampling=sampling, generator=generator)
        title = f"{Path(one).stem} to {Path(other).stem}, {step + 1} of {steps}"
        more = {"from": str(one), "to": str(other), "step": step + 1, "steps": steps}
        more |= {"temperature": temperature, "seed": number}
        yield _written(phrases, ids, ends, title, recipe | more)


def _opened(model: str) -> tuple[Phrases, dict[str, Any]]:
    """Return the model and how the recipe of what it writes begins."""
    file = ModelFile.load(runs.resolve(model))
    name = Path(model).stem if model.endswith(runs.ENDING) else model
    version = importlib.metadata.version("nokturn")
    return Phrases(file), {"nokturn": version, "model": name, "sha256": file.sha256}


def _read(phrases: Phrases, file: str | Path) -> tuple[Phrase, str]:
    """Return the beginning of a file's first piece, and what is to be said about it."""
    pieces = load(file)
    if not pieces:
        raise InputError("there is no piece in it.", "Name a file with music.", source=str(file))
    phrase = phrases.read(pieces[0])
    if not phrase.left_out:
        return phrase, ""
    return phrase, (
        f"{file} is longer than a phrase of the model: its first {len(phrase.ids)} symbols are "
        f"used, {phrase.left_out:,} are left out."
    )


def _written(
    phrases: Phrases, ids: list[int], sources: list[Phrase], title: str, recipe: dict[str, Any]
) -> Written:
    piece = phrases.piece(ids)
    piece.title = piece.sheet_or_score.title = title
    piece.source, piece.recipe = recipe["model"], recipe
    return Written(piece, tuple(apart(ids, source.ids) for source in sources))


def _first_seed(seed: int | None, n: int) -> int:
    if n < 1:
        raise UsageError(f"-n {n} is out of range.", "Ask for at least one phrase.")
    return first_seed(seed, n)


def _sampling(temperature: float) -> Sampling | None:
    if not temperature:
        return None
    try:
        return Sampling(temperature=temperature)
    except ValidationError as error:
        raise UsageError(
            f"--temperature {temperature:g} is out of range.", "It is 0, or 0.05 to 3."
        ) from error
