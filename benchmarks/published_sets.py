"""The published polyphonic sets: compressors and n-grams on the symbols that our networks read.

    python benchmarks/published_sets.py --data ../shared/data --ppmd /tmp/ppmd-env/bin/python

Each piece is its symbols, a byte each: notes from high to low and the end of the frame for rolls,
four voices a sixteenth for the chorales. A compressor gets the training pieces first and pays for
the rest; an order-k model is our `ngram` with contexts of at most k frames (notes, for k = 1: the
frame before). Nats a frame (a note on sixteenths), ends of pieces left out for the n-grams, the
whole cost for compressors. PPMd runs in an environment of its own that has pyppmd.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from bits_per_character import PPMD

from nokturn import registry
from nokturn.corpora._ingest import ingest
from nokturn.corpora._store import TokenStore
from nokturn.corpora.base import build_store
from nokturn.encodings.base import Encoding
from nokturn.models.base import Inputs
from nokturn.settings import read_recipe
from nokturn.training import metrics
from nokturn.training.engine import Threads
from nokturn.workflows.corpus import new_encoding

SETS = {
    "jsb": ("piano_rolls/jsb_chorales_{}.npz", "rolls-jsb"),
    "nottingham": ("piano_rolls/nottingham_{}.npz", "rolls-nottingham"),
    "musedata": ("piano_rolls/musedata_{}.npz", "rolls-musedata"),
    "piano-midi": ("piano_rolls/piano_midi_{}.npz", "rolls-piano-midi"),
    "16ths": ("jsb_16th/{}.json", "chorales-16th"),
}


def stored(data: Path, name: str, folder: Path) -> tuple[TokenStore, Encoding]:
    """Return the published split as tokens, as the set's recipe lays them down."""
    path, recipe = SETS[name]
    encoding = new_encoding(read_recipe(f"recipes/{recipe}.toml")["encoding"])
    train, valid = (ingest([data / path.format(part)]) for part in ("train", "valid"))
    store = build_store(
        train, encoding, folder, valid_corpus=valid, keep_duplicates=True, keep_versions=True
    )
    encoding = new_encoding(read_recipe(f"recipes/{recipe}.toml")["encoding"])
    return store, encoding.with_vocabulary(store.vocabulary)


def compressed(store: TokenStore, ppmd: str) -> dict[str, float]:
    """Return the nats that each compressor pays for the held-out pieces."""

    def octets(valid: bool) -> bytes:
        pieces = [store.piece(k)[:-1] for k in store.originals(valid=valid)]
        return np.concatenate(pieces).astype(np.uint8).tobytes()

    train, held = octets(False), octets(True)

    def xz(data: bytes) -> int:
        return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))

    bits = {"xz": 8.0 * (xz(train + held) - xz(train))}
    if ppmd:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / "train", Path(folder) / "both"]
            paths[0].write_bytes(train)
            paths[1].write_bytes(train + held)
            command = [ppmd, "-c", PPMD, *map(str, paths)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            bits["PPMd, order 16"] = 8.0 * int(said)
    return {name: found * math.log(2) for name, found in bits.items()}


def order(store: TokenStore, encoding: Encoding, k: int) -> float:
    """Return the nats that an n-gram of order k pays."""
    kind = registry.find("models", "ngram")
    layout = {n: v for n, v in encoding.layout.items() if n in kind.settings_class.model_fields}
    settings = kind.settings_class(order=k, **layout)
    pieces = [(store.piece(s), store.channels(s)) for s in store.originals(valid=False)]
    model = kind.learn(Inputs(len(store.vocabulary)), settings, pieces, 1)
    threads = Threads(1)
    try:
        import torch

        weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
        held = store.originals(valid=True)
        found = metrics.likelihood(model, weights, store, held, threads, ends=False)
    finally:
        threads.close()
    return float(found.nats.sum())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--orders", type=int, nargs="*", default=[1, 4, 24])
    parser.add_argument("--ppmd", default="")
    args = parser.parse_args()
    for name in args.sets:
        with tempfile.TemporaryDirectory() as folder:
            store, encoding = stored(args.data, name, Path(folder) / "tokens")
            held = [store.piece(k)[1:-1] for k in store.originals(valid=True)]
            separator = encoding.layout.get("separator")
            units = sum(
                int((piece == separator).sum()) if separator else len(piece) for piece in held
            )
            row: dict[str, object] = {"set": name, "frames_or_notes": units}
            row |= {k: round(n / units, 4) for k, n in compressed(store, args.ppmd).items()}
            for k in args.orders:
                row[f"order {k}"] = round(order(store, encoding, k) / units, 4)
            print(json.dumps(row), flush=True)
            del store


if __name__ == "__main__":
    main()
