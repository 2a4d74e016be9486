"""How often are the chords found for a melody those that somebody wrote?

    python benchmarks/harmonising.py --train tunes/train.abc --valid tunes/valid.abc

The chord symbols of the held-out tunes are taken away, chords are found, and what share of the time
has the written root, root and third (a seventh counts as major), and root and quality (major,
minor, seventh, diminished) is printed. Beside it what is reached by always playing the tonic, by
the best template in each half bar alone, by the built-in table, and by what the training tunes
teach. People do not agree on the chords of a tune either: 100 % is nobody's figure.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from nokturn.corpora._ingest import ingest
from nokturn.generation import _chord_tables as tables
from nokturn.generation._chord_slots import Slot, slots, written_states
from nokturn.generation._chord_states import STATES, state_of
from nokturn.generation.harmonise import Harmoniser
from nokturn.music.sheet import Sheet
from nokturn.music.time import Ticks

Finder = Callable[[Sheet, list[Slot]], list[int]]


def sheets(path: Path) -> list[Sheet]:
    """Return the tunes of a file that can be read."""
    return [item.piece.sheet for item in ingest([path], workers=0).items]


def home(sheet: Sheet, row: list[Slot]) -> list[int]:
    """Return the tonic's chord everywhere."""
    return [4 * s.key.tonic_class + int(s.key.minor) for s in row]


def template(sheet: Sheet, row: list[Slot]) -> list[int]:
    """Return the chord in each stretch whose notes fit best, whatever stands beside it."""
    found = []
    for slot in row:
        fits = np.log(tables.notes(tables.mode_of(slot.key))) @ np.roll(
            slot.notes, -slot.key.tonic_class
        )
        found.append((int(fits.argmax()) + 4 * slot.key.tonic_class) % STATES)
    return found


def chain(harmoniser: Harmoniser) -> Finder:
    """Return what finds chords by transitions, too."""
    return lambda sheet, _: [state_of(chord) for _, chord in harmoniser.chords(sheet)]


def bare(sheet: Sheet) -> Sheet:
    """Return a tune without its chord symbols."""
    bars = [replace(bar, voices=[[event._replace(chord="") for event in voice]
                                 for voice in bar.voices]) for bar in sheet.bars]  # fmt: skip
    return replace(sheet, bars=bars)


def compared(sheet: Sheet, finder: Finder) -> Iterator[tuple[Ticks, int, int]]:
    """Yield lengths with the chord that was written and the one that was found."""
    row = slots(sheet)
    written = written_changes(sheet)
    naked = bare(sheet)
    found = finder(naked, slots(naked))
    starts = [(slot.bar, slot.at) for slot in row]
    for (start, state), following in zip(
        zip(starts, found, strict=True), [*starts[1:], (len(sheet.bars), 0)], strict=True
    ):
        bar = start[0]
        end = following[1] if following[0] == bar else sheet.bars[bar].length
        cuts = [at for b, at, _ in written if b == bar and start[1] < at < end]
        for at, stop in pairwise([start[1], *cuts, end]):
            holding = [chord for b, a, chord in written if (b, a) <= (bar, at)]
            if holding:
                yield stop - at, holding[-1], state


def written_changes(sheet: Sheet) -> list[tuple[int, Ticks, int]]:
    """Return bar, ticks and state of each chord symbol."""
    every = [
        Slot(b, at, 0, sheet.key, np.zeros(12))
        for b, bar in enumerate(sheet.bars)
        for at in range(0, int(bar.length), 120)
    ]
    states = written_states(sheet, every)
    return [
        (slot.bar, slot.at, state)
        for slot, state, before in zip(every, states, [None, *states], strict=False)
        if state is not None and state != before
    ]


def agreement(valid: list[Sheet], finder: Finder) -> tuple[float, float, float]:
    """Return the shares of time with the written root; root and third; root and quality."""
    rows = np.array([
        (float(length), written, found)
        for sheet in valid for length, written, found in compared(sheet, finder)
    ])  # fmt: skip
    length, written, found = rows[:, 0], rows[:, 1].astype(int), rows[:, 2].astype(int)
    root = written // 4 == found // 4
    thirds = np.array([0, 1, 0, 1])
    third = root & (thirds[written % 4] == thirds[found % 4])
    return tuple(float(length[ok].sum() / length.sum()) for ok in (root, third, written == found))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    folder = Path("../shared/data/nottingham_abc")
    parser.add_argument("--train", type=Path, default=folder / "train.abc")
    parser.add_argument("--valid", type=Path, default=folder / "valid.abc")
    args = parser.parse_args()
    train, valid = sheets(args.train), sheets(args.valid)
    marked = [s for s in valid if any(e.chord for b in s.bars for v in b.voices for e in v)]
    print(f"{len(train)} tunes to learn from, {len(marked)} of {len(valid)} held out have chords")
    finders: dict[str, Finder] = {
        "always the tonic": home,
        "best template, no transitions": template,
        "built-in table": chain(Harmoniser()),
        "learned": chain(Harmoniser.learned(train)),
    }
    print(f"{'':32} root  +third  +quality")
    for name, finder in finders.items():
        root, third, whole = agreement(marked, finder)
        print(f"{name:30} {root:6.1%} {third:6.1%} {whole:6.1%}", flush=True)


if __name__ == "__main__":
    main()
