"""How well the built-in drummer foretells drums, beside counting and the style's commonest bar.

    python benchmarks/drum_models.py ../shared/data/groove [MODEL]

Bits a step on the beats of the validation split of the Groove MIDI Dataset, all of a performance;
its style and tempo are told and not counted. The n-gram counts what followed the last steps in the
training split, the commonest bar is the set most often struck by that style at that sixteenth.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora._ingest import ingest
from nokturn.corpora.groove import Groove
from nokturn.encodings.base import BOUNDARY, restore
from nokturn.encodings.drum_steps import DrumSteps
from nokturn.generation.drums import drum_bars
from nokturn.models._file import ModelFile
from nokturn.models.base import Model
from nokturn.models.ngram import Ngram, NgramSettings
from nokturn.training import runs

ORDERS = (1, 2, 4, 8, 16)
Piece = tuple[NDArray[np.int64], NDArray[np.int64]]  # boundary and symbols, channels


def pieces_of(encoding: DrumSteps, files: list[Path]) -> list[Piece]:
    """Return what files hold, as the model reads it."""
    found = []
    for item in ingest(files, workers=0).items:
        ids = encoding.encode(item.piece)
        channels = encoding.channels_of(ids).astype(np.int64)
        found.append((np.concatenate([[BOUNDARY], ids]).astype(np.int64), channels))
    return found


def bits(model: Model, pieces: list[Piece], steps: frozenset[int]) -> tuple[float, float]:
    """Return bits a step, and the share of steps that were the first guess."""
    import torch

    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    cost, count, right = 0.0, 0, 0
    for ids, channels in pieces:
        with torch.no_grad():
            fed, beside = torch.from_numpy(ids[None, :-1]), torch.from_numpy(channels[None, :-1])
            rows = model.forward(weights, fed, beside)[0][0].double().log_softmax(-1).numpy()
        kept = np.isin(ids[1:], list(steps))
        after = ids[1:][kept]
        cost -= float(rows[kept, after].sum()) / np.log(2)
        right += int((rows[kept].argmax(1) == after).sum())
        count += len(after)
    return cost / count, right / count


def commonest(train: list[Piece], valid: list[Piece], steps: frozenset[int]) -> tuple[float, float]:
    """Return the same of the set most often struck there, with a probability that suits best."""
    met: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    overall: Counter[int] = Counter()
    for ids, channels in train:
        for symbol, (place, _, style, *_) in zip(ids[1:], channels[:-1], strict=True):
            if symbol in steps:
                met[int(style), int(place)][int(symbol)] += 1
                overall[int(symbol)] += 1
    total = sum(overall.values()) + len(steps)
    count, misses = 0, []
    for ids, channels in valid:
        for symbol, (place, _, style, *_) in zip(ids[1:], channels[:-1], strict=True):
            if symbol in steps:
                count += 1
                known = met[int(style), int(place)] or overall
                if known.most_common(1)[0][0] != symbol:
                    misses.append(np.log2((overall[int(symbol)] + 1) / total))
    share = 1 - len(misses) / count
    hits = count - len(misses)
    cost = -(hits * np.log2(share) + len(misses) * np.log2(1 - share)) - float(np.sum(misses))
    return cost / count, share


def say(who: str, found: tuple[float, float]) -> None:
    """Print a line."""
    print(f"{who}: {found[0]:.3f} bits a step, {found[1]:.1%} right")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("model", nargs="?", default="drums")
    args = parser.parse_args()
    file = ModelFile.load(runs.resolve(args.model))
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    assert isinstance(encoding, DrumSteps)
    corpus = Groove(path=args.folder, fills=False)
    train, valid = (pieces_of(encoding, list(f)) for f in (corpus.files(), corpus.valid_files()))
    print(f"{len(train)} performances to learn from, {len(valid)} held out")
    say(args.model, bits(file.model, valid, encoding.steps))
    for order, inside in [*((k, 0.0) for k in ORDERS), (ORDERS[-1], 2.5)]:
        told = NgramSettings(order=order, inside=inside)
        ngram = Ngram.learn(file.model.inputs, told, train, 0)
        also = ", and what came earlier in the piece" if inside else ""
        say(f"{order + 1}-gram{also}", bits(ngram, valid, encoding.steps))
    say("commonest bar", commonest(train, valid, encoding.steps))
    began = time.process_time()
    drum_bars(file, 39, qpm=78, rng=np.random.default_rng(0))
    print(f"two minutes at 78: {time.process_time() - began:.2f} s of one core")


if __name__ == "__main__":
    main()
