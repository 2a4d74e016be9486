"""The systems of docs/systems.md: every recipe as its authors wrote it, and right, measured.

    python benchmarks/systems.py run ogan-cello gromko-gru --data ../shared/data --out /tmp/systems
    python benchmarks/systems.py table --out /tmp/systems

``run`` trains both variants of each recipe, one thread each, and keeps a line of JSON a variant;
``table`` prints what was measured as Markdown, beside what the authors printed. Figures of training
are those with dropout, as theirs; held-out figures are of pieces that were not learned from.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nokturn.corpora._store import TokenStore
from nokturn.models._file import ModelFile
from nokturn.training import judging, shards
from nokturn.training.events import Done, Epoch, Event
from nokturn.training.metrics import read_rows
from nokturn.training.runs import Run
from nokturn.training.settings import WHOLE
from nokturn.workflows.cut import cut
from nokturn.workflows.generate import generate
from nokturn.workflows.save import save
from nokturn.workflows.stage import aligned
from nokturn.workflows.train import train
from nokturn.workflows.wishes import Composed

CORPORA = {  # recipe -> what it learns from, and what is held out where the split is published
    "ogan-irish-abc": (["irish_abc/irish.abc"], []),
    "ogan-preludes": (["piano_midi_de/Chopin"], []),
    "ogan-cello": (["bach_cello_suites"], []),
    "ogan-nottingham": (["nottingham_abc/train.abc"], ["nottingham_abc/valid.abc"]),
    "ogan-classical": (["piano_midi_de/Mozart", "piano_midi_de/Clementi"], []),
    "gromko-notes": (["piano_midi_de/Chopin"], []),
    "gromko-gru": (["piano_midi_de/Chopin"], []),
    "gromko-intervals": (["piano_midi_de/Chopin"], []),
    "kazana-roll": (["piano_midi_de/Chopin"], []),
    "giba-abc": (["nottingham_abc/train.abc"], ["nottingham_abc/valid.abc"]),
    "antic-lstm": (["lofi_loops"], []),
    "antic-gru": (["lofi_loops"], []),
    "antic-rnn": (["lofi_loops"], []),
    "antic-cnn": (["lofi_loops"], []),
    "jazz-hmm": (["jazz_chords"], []),
    "phrases-vae": (["nottingham_abc/train.abc"], ["nottingham_abc/valid.abc"]),
    "rolls-gan": (
        ["piano_rolls/jsb_chorales_train.npz"],
        ["piano_rolls/jsb_chorales_valid.npz"],
    ),
}
PARTS = {  # of a corpus, where as many notes as the author had are learned from
    ("kazana-roll", "as-written"): ["chpn-p*", "chpn_op10*", "chpn_op25*"],
}
THEIRS = {
    "ogan-irish-abc": "103,664 characters, 79 of a kind; no figure",
    "ogan-preludes": "130,511 notes, 190 symbols; no figure",
    "ogan-cello": "38 pieces, 57,626 notes, 461 symbols; loss .25, 94 %",
    "ogan-nottingham": "1,038 pieces, 597,546 notes, 1,028 symbols; loss .20, 90 %",
    "ogan-classical": "29 pieces, 377,504 notes, 32,923 symbols; loss 1.4, 60 %",
    "kazana-roll": "loss .0535 after epoch 1, .0231 after 5, .0065 after 10, .0027 after 20",
    "giba-abc": "90 epochs, 90 %",
}
VARIANTS = ("as-written", "right")
BARS = 4  # of a sample that are shown


def measure(
    recipe: str, variant: str, data: Path, out: Path, changes: list[str], budget: str
) -> None:
    """Train one variant, write a sample of it, and keep what was found."""
    out.mkdir(parents=True, exist_ok=True)
    paths, valid = CORPORA[recipe]
    parts = PARTS.get((recipe, variant), [""])
    files = [
        file
        for path in paths
        for part in parts
        for file in sorted(data.glob(f"{path}/{part}".rstrip("/")))
    ]
    name = f"systems-{recipe}-{variant}"
    file = f"recipes/{recipe}.toml" + ("" if variant == "right" else f"@{variant}")
    shutil.rmtree(Run.named(name).folder, ignore_errors=True)  # an earlier measurement
    began, cpu = time.perf_counter(), time.process_time()
    done: Event | None = None
    for event in train(
        *files,
        name=name,
        recipe=file,
        valid=[data / path for path in valid],
        set=["training.threads=1", *changes],
        time=budget,
    ):
        if isinstance(event, Epoch | Done):
            print(name, event, flush=True)
        done = event if isinstance(event, Done) else done
    run = Run.named(name)
    rows, store = read_rows(run.metrics), TokenStore(run.store)
    learned = store.segments[store.originals(valid=False)]
    measured = {
        "recipe": recipe,
        "variant": variant,
        "encoding": store.encoding,
        "pieces": len(learned),
        "held_out": int(store.pieces["valid"].sum()),
        "symbols": int((learned["stop"] - learned["start"]).sum()),
        "with_copies": int((store.segments["stop"] - store.segments["start"]).sum()),
        "vocabulary": len(store.vocabulary),
        "minutes": (time.perf_counter() - began) / 60,
        "cpu_minutes": (time.process_time() - cpu) / 60,
        "reason": getattr(done, "reason", ""),
        "rows": rows,
        "best_epoch": getattr(done, "best_epoch", None),
        "cells": cells_of(run, store),
        "sample": sample(name, out),
    }
    (out / f"{recipe}-{variant}.json").write_text(json.dumps(measured, indent=1))


def cells_of(run: Run, store: TokenStore) -> list[dict[str, float]]:
    """Return what each kept model over independent keys makes of excerpts that it learned from.

    25,600 frames in excerpts as the recipe has them, each foretold from those before it in its
    excerpt; the loss is the binary cross-entropy of a cell. "_later" figures are of the second half
    of each excerpt: the author's network had a whole window before every frame that it foretold.
    Nothing of other models.
    """
    excerpt = json.loads((run.folder / "run.json").read_text())["recipe"]["training"].get("excerpt")
    rows: list[dict[str, float]] = []
    for epoch in run.epochs() if excerpt and store.encoding == "piano_roll" else []:
        file = ModelFile.load(run.model(epoch))
        layout = file.model.settings.layout
        weights = {name: torch.from_numpy(array) for name, array in file.model.weights.items()}
        plan = shards.plan(store, 0, seed=0, shards=1, lanes=1, chunk=WHOLE, transpose_share=0.0,
                           hide_hints=0.0, excerpt=excerpt)  # fmt: skip
        halves = {"": 0, "_later": excerpt // 2}  # frames of each excerpt that are left out
        found = dict.fromkeys(halves, judging.Figures())
        nats = dict.fromkeys(halves, 0.0)
        for group in plan[0][: 25_600 // excerpt]:
            symbols = store.targets(int(group.segments[0]))[slice(*group.spans[0])]
            ids = np.concatenate([[0], symbols[symbols > 0]]).astype(np.int64)
            with torch.no_grad():
                odds = file.model.key_probabilities(weights, torch.from_numpy(ids))
            there = judging.cells(ids, layout)
            likely = odds[: len(there)].clamp(1e-7, 1 - 1e-7).double().numpy()
            for name, first in halves.items():
                sounds, chances = there[first:], likely[first:]
                nats[name] -= float(np.log(np.where(sounds, chances, 1 - chances)).sum())
                found[name] += judging.Figures.of(chances > 0.5, sounds)
        row: dict[str, float] = {"epoch": epoch}
        for name, figures in found.items():
            row[f"loss{name}"] = nats[name] / figures.cells
            row |= {f"{key}{name}": value for key, value in figures.row().items()}
        rows.append(row)
    return rows


def sample(name: str, out: Path) -> str:
    """Write a piece with the model, its beginning as score and roll; return why it cannot."""
    try:
        piece = next(e.piece for e in generate(name, seed=1) if isinstance(e, Composed))
        save(piece, out / f"{name}.mid", force=True)
        last = aligned(piece).bars()[-1].number
        for ending in (".png", ".roll.png"):
            save(cut(piece, 1, min(BARS, last)), out / f"{name}{ending}", force=True)
    except Exception as error:  # the table says what went wrong, and the others go on
        return f"{type(error).__name__}: {error}"
    return ""


def line(found: dict[str, Any]) -> str:
    """Return a row of the table."""
    rows = [row for row in found["rows"] if row["epoch"]] or found["rows"]
    last = rows[-1]
    best = next((row for row in rows if row["epoch"] == found["best_epoch"]), last)

    def cell(row: dict[str, Any], name: str, form: str) -> str:
        if name == "valid_nats" and row.get("distance") is not None:
            return f"{row['distance']:.3f} bits apart"  # without likelihood
        return format(row[name], form) if row.get(name) is not None else "-"

    return (
        f"| {found['recipe']} | {found['variant']} | {found['encoding']} | {found['pieces']} | "
        f"{found['symbols']:,} | {found['vocabulary']:,} | {last['epoch']} | "
        f"{cell(last, 'train_nats', '.3f')} | {cell(last, 'train_accuracy', '.0%')} | "
        f"{cell(last, 'valid_nats', '.3f')} | {cell(best, 'valid_nats', '.3f')} | "
        f"{cell(best, 'accuracy', '.0%')} | {found['cpu_minutes']:.1f} |"
    )


def main() -> None:
    """Measure, or print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("recipes", nargs="*", default=[])
    parser.add_argument("--variant", choices=VARIANTS, action="append")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], dest="changes")
    parser.add_argument("--time", default="", help="budget of each, in place of the recipe's")
    args = parser.parse_args()
    os.environ.setdefault("NOKTURN_HOME", str(args.out / "home"))
    if args.verb == "run":
        for recipe in args.recipes or CORPORA:
            for variant in args.variant or VARIANTS:
                measure(recipe, variant, args.data, args.out, args.changes, args.time)
        return
    print("| recipe | variant | encoding | pieces | symbols | kinds | epochs | loss in training | "
          "right in training | held out, at the end | at its best | right | CPU-min |")  # fmt: skip
    print("|---" * 13 + "|")
    for recipe in CORPORA:
        for variant in VARIANTS:
            path = args.out / f"{recipe}-{variant}.json"
            if path.exists():
                print(line(json.loads(path.read_text())))


if __name__ == "__main__":
    main()
