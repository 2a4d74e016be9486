"""Speed, share of tunes read, and stability of the canonical text, over six collections.

    python benchmarks/abc_reading.py

Speed is processor time of one core for reading alone. Stable means: what we write is read again and
written the same, and plays the same as the tune first read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import music21
import numpy as np

from nokturn.formats._abc_reader import read_tune, read_tunes
from nokturn.formats._abc_writer import write_tune
from nokturn.music.perform import perform
from nokturn.music.piece import Piece

DATA = Path(__file__).parents[2] / "shared" / "data"
CORPUS = Path(music21.__file__).parent / "corpus"
COLLECTIONS = {
    "Nottingham": DATA / "nottingham_abc",
    "Irish": DATA / "irish_abc",
    "O'Neill": CORPUS / "oneills1850",
    "Ryan": CORPUS / "ryansMammoth",
    "Aird": CORPUS / "airdsAirs",
    "Essen": CORPUS / "essenFolksong",
}


def files_of(folder: Path) -> Iterator[bytes]:
    """Yield the ABC files of a collection."""
    for path in sorted(folder.rglob("*.abc")):
        yield path.read_bytes()


def stable(piece: Piece) -> bool:
    """Whether the canonical text is read and written the same, and plays the same."""
    text = write_tune(piece)
    again = read_tune(text)
    before, after = perform(piece.sheet), perform(again.sheet)
    return write_tune(again) == text and all(
        np.array_equal(a.notes, b.notes) for a, b in zip(before.tracks, after.tracks, strict=True)
    )


def main() -> None:
    """Print one line a collection."""
    print(f"{'':12}{'tunes':>7}{'read':>8}{'tunes/s':>9}{'stable':>8}")
    for name, folder in COLLECTIONS.items():
        pieces: list[Piece] = []
        bad, used = 0, 0.0
        for data in files_of(folder):
            start = time.process_time()
            read, errors = read_tunes(data)
            used += time.process_time() - start
            pieces += read
            bad += len(errors)
        total = len(pieces) + bad
        kept = sum(stable(piece) for piece in pieces)
        print(
            f"{name:12}{total:7}{len(pieces) / total:8.2%}{total / used:9,.0f}"
            f"{kept / len(pieces):8.2%}"
        )


if __name__ == "__main__":
    main()
