"""How many tunes are right: drawn freely, and as written under the guide.

    python benchmarks/tunes_right.py [MODEL] --count 200

*Free* draws symbol after symbol at temperature 0.9 with nothing held back; *written* is what
`nokturn generate` gives. A tune parses where the reader mends nothing; a bar is exact where
`bar_faults` finds nothing (pickups and endings understood).
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from nokturn.encodings._abc_learned import tune
from nokturn.encodings.base import BOUNDARY, restore
from nokturn.evaluation.validity import Validity, validity
from nokturn.formats._abc_writer import write_tune
from nokturn.generation.compose import compose
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.training import runs

LONGEST = 3000  # symbols


def free(file: ModelFile, seed: int) -> tuple[str, int]:
    """Return a tune as the network writes it by itself, and how many symbols were drawn."""
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    generator, sampling = np.random.default_rng(seed), Sampling(temperature=0.9)
    stream, tracker = file.model.stream(), encoding.tracker()
    ids: list[int] = []
    symbol = BOUNDARY
    while len(ids) < LONGEST:
        logits = stream.step(symbol, tracker.step(symbol))
        symbol = draw(probabilities(logits, sampling), generator)
        if symbol == BOUNDARY:
            break
        ids.append(symbol)
    return tune(encoding.decode_text(ids)), len(ids)  # type: ignore[attr-defined]


def told(found: Validity) -> str:
    """Return the shares in words."""
    return (
        f"{found.parse_share:.1%} parse, {found.exact_bars:.1%} of bars exact, "
        f"{found.valid_share:.1%} right throughout"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="folk")
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    file = ModelFile.load(runs.resolve(args.model))
    with threadpool_limits(limits=1):
        began = time.perf_counter()
        drawn = [free(file, seed) for seed in range(args.count)]
        seconds = time.perf_counter() - began
    found = validity(text for text, _ in drawn)
    symbols = sum(count for _, count in drawn)
    print(f"free: {told(found)}; {symbols / seconds:,.0f} symbols/s")
    for check in [check for check in found.checks if check.mistake][:5]:
        print("         ", check.mistake)
    for name, wishes in (("written", {}), ("written, 32 bars", {"bars": 32})):
        made = list(compose(file, n=args.count, seed=0, sampling=Sampling(), **wishes))
        found = validity(write_tune(one.piece) for one in made)
        bars, again = sum(one.bars for one in made), sum(one.redrawn for one in made)
        print(f"{name}: {told(found)}; {again / bars:.1%} of bars redrawn")


if __name__ == "__main__":
    main()
