"""How much of a MIDI file survives being written down: Score -> Sheet -> Score.

    python benchmarks/midi_round_trip.py FOLDER [--every 7] [--worst 10]

For each file and track, the notes (pitch, onset, duration) that come back from the sheet, played
exactly as written, are matched with those of the file, each once. "Exact" allows no difference;
"within a tick" allows one tick of the file's own grid, which is what programs lose on tuplets.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from nokturn.errors import InputError
from nokturn.formats.midi import Midi
from nokturn.music.bars import bar_faults
from nokturn.music.perform import perform
from nokturn.music.score import Score
from nokturn.music.transcribe import transcribe


def survivors(score: Score, again: Score) -> tuple[int, int, int]:
    """Return how many notes there are, how many come back exactly, and within a tick."""
    tracks = [track for track in score.tracks if len(track.notes)]
    exact = near = 0
    for track, back in zip(tracks, again.tracks, strict=True):
        left = Counter((o, d, p) for o, d, p, _ in back.notes.tolist())
        missed = []
        for onset, duration, pitch, _ in track.notes.tolist():
            if left[onset, duration, pitch]:
                left[onset, duration, pitch] -= 1
                exact += 1
            else:
                missed.append((onset, duration, pitch))
        for onset, duration, pitch in missed:
            around = (
                (onset + i, duration + j, pitch) for i in (0, -1, 1) for j in (0, -1, 1, -2, 2)
            )
            found = next((key for key in around if left[key] > 0), None)
            if found:
                left[found] -= 1
                near += 1
    return score.note_count, exact, exact + near


def main() -> None:
    """Print the share that survives, the worst files, and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=7, help="take every so-manieth file")
    parser.add_argument("--worst", type=int, default=10, help="list so many")
    options = parser.parse_args()
    files = sorted(options.folder.rglob("*.mid"))[:: options.every]
    rows = []
    seconds = 0.0
    refused = bars = faults = 0
    for file in files:
        try:
            score = Midi.loads(file.read_bytes(), source=file.name)[0].score
        except InputError as error:
            print(f"refused: {error}")
            refused += 1
            continue
        begin = time.process_time()
        sheet = transcribe(score)
        seconds += time.process_time() - begin
        bars += len(sheet.bars)
        faults += len(bar_faults(sheet))
        again = perform(sheet, as_written=True, ticks_per_quarter=score.ticks_per_quarter)
        rows.append((*survivors(score, again), len(sheet.voices), file))
    total, exact, near = (sum(row[i] for row in rows) for i in range(3))
    print(f"{len(rows)} files, {total:,} notes, {refused} refused")
    print(f"exact {exact / total:.4f}   within a tick {near / total:.4f}")
    print(f"files at 97 %: {sum(row[2] >= 0.97 * row[0] for row in rows)}")
    print(f"{bars:,} bars, {faults} of a length that is not their meter's")
    print(f"{len(rows) / seconds:.1f} files a second of one core, {total / seconds:,.0f} notes")
    for count, exact, near, voices, file in sorted(rows, key=lambda r: r[2] / r[0])[
        : options.worst
    ]:
        print(
            f"  {exact / count:.3f} {near / count:.3f} of {count} in {voices} voices: {file.name}"
        )


if __name__ == "__main__":
    main()
