"""Mix: several models over the same symbols as one, weighted by what they foretell best.

    mix("both", ["my-tunes", "my-ngram"], "held-out.abc").bits_per_character

The weights are fitted on the pieces given. So that the figure is honest it is made in two halves:
each half of the pieces is scored with weights fitted on the other; the model that is kept has the
weights of all of them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora._ingest import ingest
from nokturn.corpora._store import TokenStore
from nokturn.corpora.base import build_store
from nokturn.encodings.base import restore
from nokturn.errors import ModelError, UsageError
from nokturn.models._file import ModelFile
from nokturn.models.mixture import Mixture
from nokturn.training.runs import checked, published, resolve
from nokturn.training.shards import alone

ROUNDS = 60  # of the fit; it has a single optimum
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mixed:
    """A mixture that was made.

    Attributes
    ----------
    weights
        Of each part.
    bits_per_character, nats_per_symbol
        Of each half of the pieces with the weights of the other half.
    alone
        Bits per character of each part alone.
    """

    name: str
    path: Path
    parts: list[str]
    weights: list[float]
    bits_per_character: float
    nats_per_symbol: float
    alone: list[float]
    unit: str = "character"  # what bits_per_character are of: "symbol" where symbols are no text


def mix(name: str, models: Sequence[str], *paths: str | Path) -> Mixed:
    """Make a mixture of models and put it under a name.

    Parameters
    ----------
    name
        Of the new model.
    models
        Names, ``name@epoch`` or files. Of a single one it is only fitted how sure it is of itself:
        a network that begins to learn by heart trusts itself too much, and a weight below 1 mends
        that.
    paths
        Held-out files on which the weights are fitted.

    Raises
    ------
    UsageError
        No model, or fewer than two pieces.
    ModelError
        The models do not share their vocabulary and side inputs; it is said what differs.
    InputError
        Nothing in the files can be used.
    """
    if not models:
        raise UsageError("There is nothing to mix.", "nokturn mix NAME MODEL MODEL")
    name = checked(name)
    files = [ModelFile.load(resolve(model)) for model in models]
    _agree(models, files)
    first = files[0]
    encoding = restore(first.encoding, first.encoding_settings, first.vocabulary, first.channels)
    with tempfile.TemporaryDirectory(prefix="nokturn-") as folder:
        store = build_store(
            ingest(paths), encoding, Path(folder) / "tokens", valid=0.0, keep_duplicates=True
        )
        if len(store) < 2:
            raise UsageError("The weights need two pieces or more.", "Give more held-out files.")
        told = [_log_p(files, store, segment) for segment in range(len(store))]
        characters = int(store.pieces["characters"].sum())
        del store  # Windows removes no file that is mapped
    halves = told[::2], told[1::2]
    nats = sum(_cost(fit(fitted), scored) for fitted, scored in (halves, halves[::-1]))
    alone = [_cost(one, told) for one in np.eye(len(files))]
    weights = fit(told)
    symbols = sum(len(wanted) for _, wanted in told)
    bits = nats / math.log(2) / characters
    made = ModelFile(
        model=Mixture.of([file.model for file in files], weights.tolist()),
        encoding=first.encoding,
        encoding_settings=first.encoding_settings,
        vocabulary=first.vocabulary,
        channels=first.channels,
        hints=first.hints,
        card={
            "corpus": first.card.get("corpus", ""),
            "licence": first.card.get("licence", ""),
            "may_be_shipped": all(file.card.get("may_be_shipped") for file in files),
            "mixture": {
                "parts": list(models),
                "sha256": [file.sha256 for file in files],
                "weights": [round(w, 4) for w in weights.tolist()],
                "bits_per_character_cross_fitted": bits,
            },
        },
    )
    target = published(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    made.save(target)
    in_bits = [cost / math.log(2) / characters for cost in alone]
    return Mixed(
        name, target, list(models), weights.tolist(), bits, nats / symbols, in_bits, encoding.unit
    )


def _agree(names: Sequence[str], files: Sequence[ModelFile]) -> None:
    first = files[0]
    for name, file in zip(names[1:], files[1:], strict=True):
        for what in ("encoding", "vocabulary", "channels"):
            if getattr(file, what) != getattr(first, what):
                raise ModelError(
                    f"{name} has another {what} than {names[0]}: they cannot be mixed.",
                    "Train both with the same [encoding] on the same corpus.",
                )


def _log_p(
    files: Sequence[ModelFile], store: TokenStore, segment: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Return each part's log-probabilities (P, T, V) in a piece, and what came, (T,)."""
    import torch

    piece = alone(store, segment)
    ids, channels = torch.from_numpy(piece.ids), torch.from_numpy(piece.channels)
    rows = []
    for file in files:
        weights = {n: torch.from_numpy(a) for n, a in file.model.weights.items()}
        with torch.no_grad():
            logits, _ = file.model.forward(weights, ids, channels)
        rows.append(logits[0].double().log_softmax(-1).numpy())
    return np.stack(rows), piece.targets[0]


def _cost(weights: Floats, told: Sequence[tuple[Floats, NDArray[np.int64]]]) -> float:
    return float(sum(_slope(weights, log_p, wanted)[0] for log_p, wanted in told))


def _slope(
    weights: Floats, log_p: Floats, wanted: NDArray[np.int64]
) -> tuple[float, Floats, Floats]:
    """Return the cost in nats of a piece, its slope (P,) and its curvature (P, P)."""
    mixed = np.tensordot(weights, log_p, 1)
    mixed -= mixed.max(-1, keepdims=True)
    p = np.exp(mixed)
    p /= p.sum(-1, keepdims=True)
    place = np.arange(len(wanted))
    mean = (p * log_p).sum(-1)  # (P, T)
    slope = (mean - log_p[:, place, wanted]).sum(1)
    spread = np.einsum("itv,jtv,tv->ij", log_p, log_p, p) - mean @ mean.T
    return float(-np.log(p[place, wanted]).sum()), slope, spread


def fit(told: Sequence[tuple[Floats, NDArray[np.int64]]]) -> Floats:
    """Return the weights that foretell these pieces best, by Newton's method.

    The cost is convex in the weights, so there is nothing to choose.
    """
    parts = len(told[0][0])
    weights = np.full(parts, 1.0 / parts)
    for _ in range(ROUNDS):
        found = [_slope(weights, log_p, wanted) for log_p, wanted in told]
        slope = sum(s for _, s, _ in found)
        curve = sum(c for _, _, c in found) + 1e-6 * np.eye(parts)
        step = np.linalg.solve(curve, slope)
        weights = weights - np.clip(step, -0.5, 0.5)
        if np.abs(step).max() < 1e-5:
            break
    return np.asarray(weights)
