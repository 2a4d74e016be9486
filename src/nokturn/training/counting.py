"""Training by counting: one reading of the corpus, one report, done."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from nokturn.corpora._store import TokenStore
from nokturn.models._file import ModelFile
from nokturn.models.base import Counted
from nokturn.training import judging, metrics
from nokturn.training.engine import Threads
from nokturn.training.events import Done, Epoch, Event
from nokturn.training.runs import Run
from nokturn.training.settings import TrainingSettings
from nokturn.training.trainer import Sample


def count(
    store: TokenStore,
    run: Run,
    untaught: Counted,
    settings: TrainingSettings,
    card: Mapping[str, Any],
    sample: Sample | None,
) -> Iterator[Event]:
    """Teach a model that counts, score it on the held-out pieces and keep it as epoch 1.

    Yields
    ------
    Event
        An `Epoch` and `Done`.
    """
    began = time.perf_counter()
    chosen = store.originals(valid=False).tolist()
    pieces = [(store.piece(k), store.channels(k).astype("int64")) for k in chosen]
    model = untaught.learn(untaught.inputs, untaught.settings, pieces, settings.seed)
    found, notes = _held_out(store, model, settings)
    elapsed = time.perf_counter() - began
    row = {
        "epoch": 1,
        "step": 1,
        "train_nats": None,
        "valid_nats": found.nats_per_symbol if found else None,
        "bits_per_character": found.bits_per_character if found else None,
        "accuracy": found.accuracy if found else None,
        "seconds": round(elapsed, 3),
        "elapsed_s": round(elapsed, 3),
        **notes,
    }
    told = {
        **row,
        "pieces": len(chosen),
        "held_out": int(store.pieces["valid"].sum()),
        "settings": settings.model_dump(mode="json"),
    }
    file = ModelFile(
        model=model,
        encoding=store.encoding,
        encoding_settings=store.settings,
        vocabulary=store.vocabulary,
        channels=store.channel_sizes,
        hints=store.hints,
        card={**card, "training": told},
    )
    if sample:
        row |= sample(1, file) or {}
        file.card["training"] |= row
    path = run.model(1)
    file.save(path)
    run.metrics.unlink(missing_ok=True)
    metrics.add_row(run.metrics, row)
    nats, bits, accuracy = row["valid_nats"], row["bits_per_character"], row["accuracy"]
    yield Epoch(
        epoch=1,
        epochs=1,
        train_nats=None,
        valid_nats=nats,
        bits_per_character=bits,
        accuracy=accuracy,
        seconds=elapsed,
        elapsed_s=elapsed,
        left_s=0.0,
        best_epoch=1,
        best_bits_per_character=bits,
        model=path,
        notes=notes,
        valid_bars=row.get("valid_bars"),
        copied=row.get("copied"),
    )
    yield Done("all pieces are counted", 1, 1, elapsed, 1, nats, bits, accuracy, path)


def _held_out(
    store: TokenStore, model: Counted, settings: TrainingSettings
) -> tuple[metrics.Likelihood | None, dict[str, float]]:
    segments = store.originals(valid=True)
    if not len(segments):
        return None, {}
    threads = Threads(settings.threads or 1)
    try:
        weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
        found = metrics.likelihood(model, weights, store, segments, threads)
        return found, judging.of_report(model, weights, store)[1]
    finally:
        threads.close()
