"""Speed, share of tunes read, and stability of the canonical text, over six collections.

    python benchmarks/abc_reading.py

Speed is processor time of one core for reading alone. Stable means: what we write is read again and
written the same, and plays the same as the tune first read. Then how many tunes are plain, and how
many are checked in a second (``nokturn data check``) where plain ones are only glanced at, and how
many where all are read; the second time, when the words are known. Both must tell the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import music21
import numpy as np

from nokturn.corpora import _ingest
from nokturn.formats._abc_glance import Glance, each_glance
from nokturn.formats._abc_reader import each_tune, read_tune, read_tunes
from nokturn.formats._abc_writer import write_tune
from nokturn.music.perform import perform
from nokturn.music.piece import Piece
from nokturn.workflows.check_data import Checked, check_shares

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


def checked(folder: Path) -> tuple[list[list[Checked]], float]:
    """Return the rows of a collection, and how many tunes are checked in a second."""
    shares = [(path, 0, 1) for path in sorted(folder.rglob("*.abc"))]
    check_shares(shares)
    start = time.process_time()
    rows = check_shares(shares)
    return rows, sum(map(len, rows)) / (time.process_time() - start)


def look() -> None:
    """Print one line a collection: plain tunes, and checking with a glance and without."""
    print(f"\n{'':12}{'plain':>8}{'glanced':>9}{'read':>8}{'ratio':>7}")
    for name, folder in COLLECTIONS.items():
        seen = [one for data in files_of(folder) for one in each_glance(data)]
        plain = sum(isinstance(one, Glance) for one in seen) / len(seen)
        rows, quick = checked(folder)
        _ingest._abc_glance.each_glance = each_tune
        same, slow = checked(folder)
        _ingest._abc_glance.each_glance = each_glance
        assert rows == same
        print(f"{name:12}{plain:8.1%}{quick:9,.0f}{slow:8,.0f}{quick / slow:7.1f}")


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
    look()
