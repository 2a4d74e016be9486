"""Likelihoods of a model that goes on learning from each piece while it reads it.

Dynamic evaluation (Krause, Kahembwe, Murray and Renals, 2018): a stretch of a piece is foretold and
counted first, and only then do the weights take a step towards it; at the next piece they are again
what they were. So nothing is known before it is foretold, as with a compressor, which learns while
it reads, too. Such figures are to be called adaptive.

Steps are as large for every weight, whatever its gradient (Adam without momentum). A model that
reads whole pieces reads each once for every stretch, so long pieces take their time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from nokturn.corpora._store import TokenStore
from nokturn.errors import ModelError
from nokturn.models.base import BOUNDARY_ID, IGNORED, Model
from nokturn.training.engine import Tally, Threads
from nokturn.training.metrics import Likelihood
from nokturn.training.shards import alone

STRETCH = 48  # symbols, and
RATE = 5e-4  # how far each weight goes after them: the best that was tried on piano music
MEMORY = 0.99  # of the squared gradients


def adaptive(
    model: Model,
    weights: Mapping[str, torch.Tensor],
    store: TokenStore,
    segments: NDArray[np.int64],
    threads: Threads,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Likelihood, Likelihood]:
    """Return what an adapting model makes of pieces, and what it does where lengths are known.

    Parameters
    ----------
    model, weights
        The model, and its weights as tensors; they are not changed.
    store, segments
        The pieces.
    threads
        How many pieces are read at once; the figures do not depend on it.
    watch
        Is told how many symbols of all are read.

    Raises
    ------
    ModelError
        The model only counts, so it does not learn by gradients, or it knows a bound only.
    """
    if model.bounded:
        raise ModelError(
            f"A {type(model).__name__.lower()} knows only a bound of its costs: it cannot adapt.",
            "Evaluate it without --adaptive.",
        )
    sizes = store.segments["stop"][segments] - store.segments["start"][segments]
    total, done = int(sizes.sum()), 0

    def score(segment: int) -> tuple[Tally, Tally]:
        nonlocal done
        found = _score(model, weights, store, segment)
        done += found[0].symbols
        watch(done, total)
        return found

    pairs = threads.map(score, segments.tolist())
    rows = store.segments["piece"][segments]
    characters = int(store.pieces["characters"][rows].sum())
    return (
        _likelihood([with_end for with_end, _ in pairs], characters),
        _likelihood([known for _, known in pairs], characters),
    )


def _score(
    model: Model, weights: Mapping[str, torch.Tensor], store: TokenStore, segment: int
) -> tuple[Tally, Tally]:
    """Return what one piece costs, and what it does where its length is known."""
    own = {
        name: w.detach().clone().requires_grad_() if w.is_floating_point() else w
        for name, w in weights.items()
    }
    learned = [w for w in own.values() if w.requires_grad]
    if not learned:
        raise _no_gradients(model)
    optimiser = torch.optim.Adam(learned, lr=RATE, betas=(0.0, MEMORY))
    ids, channels, targets = _piece(store, segment)
    state = None
    with_end, known = Tally(), Tally()
    for start in range(0, ids.shape[1], STRETCH):
        part = slice(start, start + STRETCH)
        if model.whole_pieces:
            logits, _ = model.forward(own, ids, channels)
            logits = logits[:, part]
        else:
            logits, after = model.forward(own, ids[:, part], channels[:, part], state)
            state = tuple(tensor.detach() for tensor in after)
        wanted = targets[:, part]
        cost = model.cost_of(logits, wanted)
        with_end += Tally(float(cost.nats.sum()), wanted.numel(), int(cost.correct))
        blind = model.cost_of(logits, wanted, ends=False)
        inner = int((wanted != BOUNDARY_ID).sum())
        known += Tally(float(blind.nats.sum()), inner, int(blind.correct))
        if not cost.loss.requires_grad:
            raise _no_gradients(model)
        if part.stop >= ids.shape[1]:
            break  # nothing is left to foretell
        optimiser.zero_grad()
        (cost.loss / wanted.numel()).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return with_end, known


def _piece(store: TokenStore, segment: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what is fed of a piece, (1, T), its side inputs without hints, and what follows."""
    chunk = alone(store, segment)
    assert (chunk.targets != IGNORED).all()
    return (
        torch.from_numpy(chunk.ids),
        torch.from_numpy(chunk.channels),
        torch.from_numpy(chunk.targets),
    )


def _no_gradients(model: Model) -> ModelError:
    return ModelError(
        f"A {type(model).__name__.lower()} does not learn by gradients: it cannot adapt.",
        "Evaluate it without --adaptive: what it counts in a piece it counts anyway.",
    )


def _likelihood(tallies: list[Tally], characters: int) -> Likelihood:
    total = sum(tallies, Tally())
    nats = np.array([tally.nats for tally in tallies])
    return Likelihood(nats, total.symbols, total.correct, characters)
