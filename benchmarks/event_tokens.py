"""How fast are pieces made into tokens, beside MidiTok's REMI, and do both keep the same notes?

    pip install miditok
    python benchmarks/event_tokens.py FOLDER [--every 10]

Both read the same files first, which is not counted; then each makes tokens of its own scores and
scores of its own tokens: 12 steps to the quarter, 32 velocities, programs, tempos and meters. Best
of three, processor time of one core. MidiTok writes program and velocity at every note, ours only
where they change: so notes a second are told, too.

What comes back is compared as (program, onset, pitch, duration) on that grid, each note used once:
with the notes of the file, and the two with each other. The file's and ours have onset and end
rounded, MidiTok's onset and duration, which differs where notes lie off the grid.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from nokturn.encodings.events import Events
from nokturn.errors import InputError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece

STEPS = 12
Bag = Counter[tuple[int, ...]]  # of (program with -1 for drums, onset, pitch, duration)


def miditok_remi() -> Any:
    """Return MidiTok's tokenizer with the settings nearest to ours."""
    try:
        from miditok import REMI, TokenizerConfig
    except ImportError:
        sys.exit("MidiTok is not installed here. Install it to compare:  pip install miditok")
    meters = {4: list(range(1, 13)), 8: list(range(1, 25)), 2: list(range(1, 7)), 16: [12]}
    return REMI(
        TokenizerConfig(
            pitch_range=(0, 127),
            beat_res={(0, 32): STEPS},
            num_velocities=32,
            use_programs=True,
            use_tempos=True,
            log_tempos=True,
            use_time_signatures=True,
            time_signature_range=meters,
            drums_pitch_range=(0, 127),
        )
    )


def read(folder: Path, every: int) -> tuple[list[Piece], list[Any]]:
    """Return the pieces of every so-manieth file, and symusic's scores of the same files."""
    import symusic

    pieces, scores = [], []
    for file in sorted(folder.rglob("*.mid"))[::every]:
        data = file.read_bytes()
        try:
            pieces.append(Midi.loads(data, source=file.name)[0])
        except InputError as error:
            print(f"refused: {error}")
            continue
        scores.append(symusic.Score.from_midi(data))
    return pieces, scores


def measured(work: Callable[[Any], Any], things: Iterable[Any]) -> tuple[list[Any], float]:
    """Return what the work makes of each thing, and the least seconds of three turns."""
    seconds, made = [], []
    for _ in range(3):
        begun = time.process_time()
        made = [work(thing) for thing in things]
        seconds.append(time.process_time() - begun)
    return made, min(seconds)


def bag_of(tracks: Iterable[tuple[int, Any, Any, Any]], ticks_per_quarter: int) -> Bag:
    """Return notes on the grid; tracks are (program, onsets, durations, pitches)."""
    bag: Bag = Counter()
    for program, onset, duration, pitch in tracks:
        start, end = (
            np.floor(ticks * (STEPS / ticks_per_quarter) + 0.5).astype(int)
            for ticks in (onset, onset + duration)
        )
        length = np.maximum(end - start, 1)
        bag.update(zip([program] * len(start), start.tolist(), pitch.tolist(), length.tolist(),
                       strict=True))  # fmt: skip
    return bag


def ours(piece: Piece) -> Bag:
    """Return the notes of a piece of ours."""
    score = piece.score
    return bag_of(
        (
            (-1 if t.drums else t.program, t.notes["onset"], t.notes["duration"], t.notes["pitch"])
            for t in score.tracks
        ),
        score.ticks_per_quarter,
    )


def theirs(score: Any) -> Bag:
    """Return the notes of a score of symusic's."""
    tracks = ((t, t.notes.numpy()) for t in score.tracks if len(t.notes))
    return bag_of(
        ((-1 if t.is_drum else t.program, a["time"], a["duration"], a["pitch"]) for t, a in tracks),
        score.ticks_per_quarter,
    )


def cut(bag: Bag, count: int) -> Bag:
    """Return the same notes, of each only the first ``count`` things known."""
    fewer: Bag = Counter()
    for note, times in bag.items():
        fewer[note[:count]] += times
    return fewer


def shared(left: list[Bag], right: list[Bag]) -> float:
    """Return twice what two bags have in common over what they have in all."""
    both = sum((a & b).total() for a, b in zip(left, right, strict=True))
    return 2 * both / max(1, sum(bag.total() for bag in [*left, *right]))


def main() -> None:
    """Print tokens and notes a second of both, their ratio, and how many notes agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/mutopia_pd"))
    parser.add_argument("--every", type=int, default=10, help="take every so-manieth file")
    options = parser.parse_args()
    remi = miditok_remi()
    pieces, scores = read(options.folder, options.every)
    events = Events(steps_per_quarter=STEPS).fit(pieces)
    if not pieces:
        sys.exit(f"{options.folder} holds no MIDI files.")
    notes = sum(piece.score.note_count for piece in pieces)
    print(f"{len(pieces)} files, {notes:,} notes")
    rates = {}
    made: dict[str, list[Any]] = {}
    for name, things, encode, decode in (
        ("ours", pieces, events.encode, events.decode),
        ("MidiTok", scores, remi.encode, remi.decode),
    ):
        tokens, there = measured(encode, things)
        ids = [getattr(one, "ids", one) for one in tokens]  # what a model writes: ids, no names
        made[name], back = measured(decode, ids)
        count = sum(map(len, tokens))
        rates[name] = np.array([count / there, count / back, notes / there, notes / back])
        print(
            f"{name:8} {count:9,} tokens; encoded {rates[name][0]:10,.0f} tokens/s, "
            f"{rates[name][2]:9,.0f} notes/s; decoded {rates[name][1]:10,.0f} tokens/s, "
            f"{rates[name][3]:9,.0f} notes/s"
        )
    ratio = rates["ours"] / rates["MidiTok"]
    print(
        f"ratio: encoding {ratio[0]:.1f} x in tokens and {ratio[2]:.1f} x in notes a second, "
        f"decoding {ratio[1]:.1f} x and {ratio[3]:.1f} x"
    )
    before = [ours(piece) for piece in pieces]
    mine, other = [ours(piece) for piece in made["ours"]], [theirs(s) for s in made["MidiTok"]]
    for what, count in (("(program, onset, pitch, duration)", 4), ("(program, onset, pitch)", 3)):
        file, we, they = ([cut(bag, count) for bag in bags] for bags in (before, mine, other))
        print(
            f"notes that agree in {what}: ours with the file {shared(file, we):.4f}, MidiTok's "
            f"with the file {shared(file, they):.4f}, ours with MidiTok's {shared(we, they):.4f}"
        )


if __name__ == "__main__":
    main()
