"""How much new tunes share with the tunes that a model learned from, beside what people share.

    python benchmarks/originality.py --count 200            needs: pip install 'nokturn[corpora]'

The corpus is that of the built-in model, divided as its training divided it. Human tunes are the
held-out ones. A run counts as shared where intervals and durations are the same, in any key.
"""

from __future__ import annotations

import argparse

import numpy as np

from nokturn.corpora.base import _divided
from nokturn.corpora.oneill_ryan import ONeillRyan
from nokturn.evaluation.originality import Shared, TuneIndex
from nokturn.generation.compose import compose
from nokturn.models._file import ModelFile
from nokturn.training import runs


def told(name: str, found: list[Shared]) -> None:
    """Print the figures of some tunes."""
    runs_of_eight = sum(one.runs for one in found)
    share = sum(one.share * one.runs for one in found) / max(1, runs_of_eight)
    longest = np.array([one.longest for one in found])
    print(
        f"{name:28s} {len(found):4d} tunes, {share:6.1%} of runs of eight notes occur; longest "
        f"shared run: median {np.median(longest):.0f}, 90th percentile "
        f"{np.quantile(longest, 0.9):.0f}, longest {longest.max()}"
    )


def main() -> None:
    """Compare new tunes and held-out tunes with those learned from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="folk")
    parser.add_argument("--count", type=int, default=200)
    chosen = parser.parse_args()
    corpus = ONeillRyan().load()
    items, held = _divided(corpus, None, 0.1, 0, False, False)
    index = TuneIndex(item.piece for item, out in zip(items, held, strict=True) if not out)
    human = [item.piece for item, out in zip(items, held, strict=True) if out]
    told("held-out tunes of people", [index.compare(piece) for piece in human])
    file = ModelFile.load(runs.resolve(chosen.model))
    new = [made.piece for made in compose(file, n=chosen.count, seed=1)]
    found = [index.compare(piece) for piece in new]
    told(f"new tunes of {chosen.model}", found)
    worst = max(found, key=lambda one: one.longest)
    print(f"the longest comes from {worst.name!r}, bar {worst.bar}")


if __name__ == "__main__":
    main()
