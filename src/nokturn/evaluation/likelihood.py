"""How well a model foretells music: nats a symbol, bits a character, first guesses that were right.

    found = likelihood(ModelFile.load("folk.safetensors"), TokenStore(tokens))
    found.bits_per_character

The state is forgotten before every piece, hints are hidden, the boundary at the end counts. Bits a
character may be compared between encodings that keep the same things; nats a symbol may not.
This is the one module of `evaluation` that needs torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora._store import TokenStore
from nokturn.errors import InputError, ModelError
from nokturn.models._file import ModelFile
from nokturn.models.base import Adversarial

if TYPE_CHECKING:
    import torch

    from nokturn.training.engine import Threads
    from nokturn.training.metrics import Likelihood


def likelihood(
    file: ModelFile,
    store: TokenStore,
    segments: NDArray[np.int64] | None = None,
    *,
    threads: int = 1,
    ends: bool = True,
) -> Likelihood:
    """Return what a model makes of pieces, the same for any number of threads.

    Parameters
    ----------
    file
        The model.
    store
        The pieces, made with the vocabulary and channels of the model.
    segments
        Which of its segments; None = every piece as it stands.
    threads
        How many pieces at once.
    ends
        Whether the end of each piece is predicted, too; without, its length counts as known.

    Raises
    ------
    InputError
        The store was made for another vocabulary or other side inputs.
    ModelError
        The model has no likelihood.
    """
    from nokturn.training.metrics import likelihood as score

    weights, segments, workers = _ready(file, store, segments, threads)
    try:
        return score(file.model, weights, store, segments, workers, ends=ends)
    finally:
        workers.close()


def adaptive(
    file: ModelFile,
    store: TokenStore,
    *,
    threads: int = 1,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Likelihood, Likelihood]:
    """Return what a model makes of pieces from which it learns while it reads them.

    The second is what it makes of them where their lengths count as known. See
    `nokturn.training.adapting`; parameters and errors as for `likelihood`, and ``watch`` is told
    how many symbols of how many are read.
    """
    from nokturn.training.adapting import adaptive as score

    weights, segments, workers = _ready(file, store, None, threads)
    try:
        return score(file.model, weights, store, segments, workers, watch)
    finally:
        workers.close()


def _ready(
    file: ModelFile, store: TokenStore, segments: NDArray[np.int64] | None, threads: int
) -> tuple[dict[str, torch.Tensor], NDArray[np.int64], Threads]:
    """Return the weights, the segments to read, and who reads, or refuse; see `likelihood`."""
    import torch

    from nokturn.training.engine import Threads

    if isinstance(file.model, Adversarial):
        raise ModelError(
            f"A {type(file.model).__name__.lower()} has no likelihood: it writes and foretells "
            "nothing.",
            "Judge what it writes: nokturn evaluate, nokturn compare.",
        )
    if (store.vocabulary, store.channel_sizes) != (file.vocabulary, file.channels):
        raise InputError(
            "The pieces were encoded with another vocabulary than the model's.",
            "Encode them with the model's own.",
        )
    if segments is None:
        segments = np.flatnonzero(store.segments["variant"] == 0)
    weights = {name: torch.from_numpy(array) for name, array in file.model.weights.items()}
    return weights, segments, Threads(threads)
