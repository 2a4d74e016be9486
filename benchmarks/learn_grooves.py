"""Learn the built-in grooves from the Groove MIDI Dataset, and say what is in them.

    python benchmarks/learn_grooves.py ../shared/data/groove -o src/nokturn/pretrained/grooves.json

Beats of the training split, by style; styles with fewer than four performances are left out.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from nokturn.corpora._ingest import ingest
from nokturn.corpora.groove import Groove as Dataset
from nokturn.music.score import Score
from nokturn.production.grooves import ROLES, learn_groove, to_json
from nokturn.writing import write_whole

FEWEST = 4  # performances of a style


def main() -> None:
    """Write the table, and print a line for each style."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    dataset = Dataset(path=given.folder, fills=False)
    styles: dict[str, list[Score]] = defaultdict(list)
    for item in ingest(dataset.files(), workers=0).items:
        style = Path(item.source).name.split("_")[1].partition("-")[0]
        styles[style].append(item.piece.score)
    grooves = {}
    for style, scores in sorted(styles.items()):
        if len(scores) < FEWEST:
            continue
        groove = learn_groove(scores, style)
        grooves[style] = {"performances": len(scores)} | to_json(groove)
        late = groove.late[ROLES.index("all")]
        print(
            f"{style:12} {len(scores):4} performances {groove.notes:7,} notes   late "
            f"{late.min():6.1f} to {late.max():5.1f} ticks, spread {np.mean(groove.spread):5.1f}"
        )
    told = {"credit": dataset.citation, "licence": dataset.licence, "grooves": grooves}
    write_whole(given.output, (json.dumps(told) + "\n").encode())
    print(f"{given.output}: {given.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
