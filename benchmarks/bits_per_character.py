"""Bits per held-out character: compressors, the old recipe and ours, on the same text and split.

    python benchmarks/bits_per_character.py nottingham --data ../shared/data/nottingham_abc \
        --out /tmp/bits --minutes 8 --ppmd /tmp/ppmd-env/bin/python
    python benchmarks/bits_per_character.py oneill --out /tmp/bits --minutes 8

Plain text with its headers. A network reads each held-out tune with its state reset; a compressor
gets the training text first and pays for the rest: 8 (size(train + held out) - size(train)) /
characters. PPMd runs in an environment of its own that has pyppmd. ``ours`` also learns from the
other folk books that ``--more`` names.
"""

from __future__ import annotations

import argparse
import json
import lzma
import subprocess
import time
from pathlib import Path

from nokturn import registry
from nokturn.corpora._ingest import Corpus, Item, ingest
from nokturn.corpora._split import held_out
from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.music.piece import Piece
from nokturn.settings import build
from nokturn.training.events import Done, Epoch, Forecast
from nokturn.training.loop import train
from nokturn.training.settings import TrainingSettings

RECIPES = {
    "old": {
        "model": {"layers": 3, "width": 256, "embedding": 256, "dropout": 0.2, "weight_drop": 0.0,
                  "residual": False},
        "training": {"lanes": 16, "shards": 1, "chunk": 64, "learning_rate": 1e-3, "warm_up": 0,
                     "beta2": 0.999, "weight_decay": 0.0, "ema": 0.0, "clip": 100.0},
        "clock": False,
    },
    "ours": {
        "model": {"layers": 1, "width": 512, "embedding": 128, "dropout": 0.3, "weight_drop": 0.3},
        "training": {"lanes": 8, "shards": 4},
        "clock": True,
    },
    "echo": {
        "model": {"layers": 1, "width": 512, "embedding": 128, "dropout": 0.3, "weight_drop": 0.3},
        "training": {"lanes": 8, "shards": 4},
        "clock": True,
        "echo": True,
    },
    "hybrid": {
        "kind": "hybrid_tokens",
        "model": {"settings": {"layers": 1, "width": 512, "embedding": 128, "dropout": 0.3,
                               "weight_drop": 0.3}},
        "training": {"lanes": 4, "shards": 1},
        "clock": True,
        "echo": True,
    },
}  # fmt: skip

PPMD = """
import sys, pyppmd
train, both = (open(name, "rb").read() for name in sys.argv[1:3])
size = lambda data: len(pyppmd.compress(data, max_order=16, mem_size=256 << 20))
print(size(both) - size(train))
"""


def text_of(pieces: list[Piece]) -> bytes:
    """Return the tunes as one text, an empty line between them."""
    return "\n".join(piece.text.strip() + "\n" for piece in pieces).encode()


def compressed(train: bytes, valid: bytes, ppmd: str, folder: Path) -> dict[str, float]:
    """Return the bits per character of each compressor."""

    def xz(data: bytes) -> int:
        return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))

    bits = {"xz": 8 * (xz(train + valid) - xz(train)) / len(valid.decode())}
    if ppmd:
        (folder / "train").write_bytes(train)
        (folder / "both").write_bytes(train + valid)
        command = [ppmd, "-c", PPMD, str(folder / "train"), str(folder / "both")]
        extra = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        bits["PPMd"] = 8 * extra / len(valid.decode())
    return bits


def learned(
    name: str, train_on: list[tuple[Piece, int]], valid: list[Piece], folder: Path, minutes: float
) -> None:
    """Train a recipe and print its held-out bits per character and the CPU-minutes it took."""
    recipe = RECIPES[name]
    encoding = registry.find("encodings", "abc_text")(
        plain=True, clock=recipe["clock"], echo=recipe.get("echo", False)
    )
    encoding = encoding.fit([*(piece for piece, _ in train_on), *valid])
    with StoreWriter(
        folder / f"{name}-tokens",
        encoding="abc_text",
        settings=encoding.model_dump(mode="json"),
        vocabulary=encoding.vocabulary,
        channels=encoding.channels,
        hints=encoding.hints if encoding.channels else (),
    ) as store:
        for pieces, out in ((train_on, False), ([(piece, 1) for piece in valid], True)):
            for piece, times in pieces:
                ids = encoding.encode(piece)
                rows = encoding.channels_of(ids, **encoding.known_hints(ids))
                store.add([(ids, rows)], characters=len(ids), valid=out, repeats=times)
    settings = {**recipe["training"], "time": f"{minutes * 60:.0f}s", "transpose_share": 0.0}
    began, cpu = time.perf_counter(), time.process_time()
    for event in train(
        TokenStore(folder / f"{name}-tokens"),
        folder / f"{name}-run",
        recipe.get("kind", "recurrent"),
        recipe["model"],
        build(TrainingSettings, settings, "training"),
    ):
        if isinstance(event, Forecast | Epoch):
            print(f"  {name}: {event}", flush=True)
        if isinstance(event, Done):
            row = {"recipe": name, "bits_per_character": event.bits_per_character,
                   "epoch": event.best_epoch, "cpu_minutes": (time.process_time() - cpu) / 60,
                   "minutes": (time.perf_counter() - began) / 60}  # fmt: skip
            print(json.dumps(row), flush=True)


def corpora(
    args: argparse.Namespace,
) -> tuple[list[tuple[Piece, int]], list[Piece], list[Piece]]:
    """Return the tunes to learn from with their weights, the corpus alone, and the held out."""
    others = ingest(args.more).items if args.more else []
    if args.corpus == "nottingham":
        own = [item.piece for item in ingest([args.data / "train.abc"]).items]
        valid = [item.piece for item in ingest([args.data / "valid.abc"]).items]
    else:
        corpus: Corpus = registry.find("corpora", "oneill_ryan")().load()
        items: list[Item] = [item for item in corpus.items if not item.duplicate]
        held = held_out_items(items)
        own = [item.piece for item, out in zip(items, held, strict=True) if not out]
        valid = [
            item.piece
            for item, out in zip(items, held, strict=True)
            if out and "oneills1850" in item.source
        ] or [item.piece for item, out in zip(items, held, strict=True) if out]
    weighted = [(piece, args.weight if others else 1) for piece in own]
    return weighted + [(item.piece, 1) for item in others], own, valid


def held_out_items(items: list[Item]) -> list[bool]:
    """Return the split that the built-in model has."""
    import numpy as np

    from nokturn.corpora.base import _content

    groups = np.array([item.group for item in items], dtype=np.int64)
    return [bool(out) for out in held_out([_content(item) for item in items], groups, seed=0)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", choices=["nottingham", "oneill"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/nottingham_abc"))
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--weight", type=int, default=4, help="of the corpus among the others")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--recipes", nargs="*", default=["old", "ours"])
    parser.add_argument("--ppmd", default="")
    args = parser.parse_args()
    folder = args.out / args.corpus
    folder.mkdir(parents=True, exist_ok=True)
    train_on, own, valid = corpora(args)
    held = text_of(valid)
    print(f"{args.corpus}: {len(own)} tunes to train on, {len(valid)} held out, "
          f"{len(held.decode()):,} characters held out")  # fmt: skip
    for name, bits in compressed(text_of(own), held, args.ppmd, folder).items():
        print(json.dumps({"recipe": name, "bits_per_character": bits}), flush=True)
    for name in args.recipes:
        mine = train_on if name != "old" else [(piece, 1) for piece in own]
        learned(name, mine, valid, folder, args.minutes)


if __name__ == "__main__":
    main()
