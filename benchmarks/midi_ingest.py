"""How many MIDI files a second one core reads to Scores, and what memory that takes.

    python benchmarks/midi_ingest.py FOLDER [--files 20000] [--others] [--corpus midi_like]

Every file is read from disk, decoded and checked, and its Score is let go again. A folder with
fewer files than asked is read over and over. Processor time is taken, so that neighbours on the
machine count for little. ``--others`` reads with symusic alone, pretty_midi and mido, too, where
they are installed; those two read the first 200 files only. ``--corpus`` makes a token store of the
folder as well, in one process: read, compared for versions of one tune, divided and encoded.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nokturn import registry
from nokturn.corpora._ingest import ingest, music_files
from nokturn.corpora.base import build_store
from nokturn.errors import InputError
from nokturn.formats.midi import Midi

SLOW = 200  # files that the slow readers get


def by_nokturn(path: Path) -> int:
    """Return how many notes there are."""
    return sum(piece.score.note_count for piece in Midi.loads(path.read_bytes()))


def by_symusic(path: Path) -> int:
    """Read and decode, nothing checked, no array made."""
    symusic: Any = importlib.import_module("symusic")
    return int(symusic.Score.from_midi(path.read_bytes()).note_num())


def by_pretty_midi(path: Path) -> int:
    """Read to pretty_midi's notes."""
    pretty_midi: Any = importlib.import_module("pretty_midi")
    instruments = pretty_midi.PrettyMIDI(str(path)).instruments
    return sum(len(instrument.notes) for instrument in instruments)


def by_mido(path: Path) -> int:
    """Read to mido's messages; note-ons are counted."""
    mido: Any = importlib.import_module("mido")
    tracks = mido.MidiFile(path).tracks
    return sum(m.type == "note_on" and m.velocity > 0 for track in tracks for m in track)


def measure(name: str, reader: Callable[[Path], int], files: Sequence[Path]) -> None:
    """Print what a reader does in a second, and the most memory so far."""
    try:
        reader(files[0])
    except ImportError:
        print(f"{name:12} not installed")
        return
    except Exception:  # whatever another reader raises: it is counted below
        pass
    notes = refused = 0
    begin = time.process_time()
    for path in files:
        try:
            notes += reader(path)
        except Exception as error:
            if name == "nokturn" and not isinstance(error, InputError):
                raise
            refused += 1
    seconds = time.process_time() - begin
    print(
        f"{name:12} {len(files):6} files, {refused} refused, {notes:,} notes: "
        f"{len(files) / seconds:,.0f} files/s, {notes / seconds:,.0f} notes/s, "
        f"peak {peak():,.0f} MB"
    )


def build(folder: Path, encoding: str) -> None:
    """Make a token store of a folder, print the time and the most memory."""
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as target:
        kind = registry.find("encodings", encoding)
        store = build_store(ingest([folder], workers=0), kind(), Path(target) / "tokens")
        print(
            f"{'corpus':12} {len(store.pieces):6} pieces, {len(store.ids):,} symbols in "
            f"{time.process_time() - begin:,.0f} s, peak {peak():,.0f} MB, {store.digest[:12]}"
        )


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the speed of each reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=0, help="how many; else as many as there are")
    parser.add_argument("--others", action="store_true", help="other readers, too")
    parser.add_argument("--corpus", metavar="ENCODING", help="make a token store, too")
    chosen = parser.parse_args()
    found = [path for path in music_files([chosen.folder]) if path.suffix in Midi.extensions]
    files = list(itertools.islice(itertools.cycle(found), chosen.files or len(found)))
    measure("nokturn", by_nokturn, files)
    if chosen.others:
        measure("symusic", by_symusic, files)
        measure("pretty_midi", by_pretty_midi, files[:SLOW])
        measure("mido", by_mido, files[:SLOW])
    if chosen.corpus:
        build(chosen.folder, chosen.corpus)


if __name__ == "__main__":
    main()
