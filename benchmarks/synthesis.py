"""How many times faster than real time is music rendered, for each kind of instrument?

    python benchmarks/synthesis.py

Counts the processor time of this process on one core, for a reel of 32 bars (64 s) in one track,
and for four tracks with drums. The first rendering of a process is left out: it makes the room.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from nokturn.music.score import Score, Track
from nokturn.rendering.audio.files import FORMS, audio_bytes
from nokturn.rendering.audio.mix import SAMPLE_RATE, render

TURNS = (62, 66, 69, 74, 71, 69, 67, 66, 64, 67, 71, 76, 74, 71, 69, 67)
PROGRAMS = {
    "piano": 0,
    "plucked": 25,
    "bass": 33,
    "fiddle": 40,
    "flute": 73,
    "reed": 109,
    "pad": 89,
}


def reel(program: int) -> Track:
    """Return 32 bars of eighth notes, accented on the beat."""
    rows = [(i * 240, 240, TURNS[i * 7 % 16], 80 + 10 * (i % 4 == 0)) for i in range(256)]
    return Track.of(rows, program=program)


def measured(score: Score) -> float:
    """Return the best of three: seconds of music for each second of processor time."""
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        samples = render(score)
        seconds.append(time.process_time() - begun)
    return len(samples) / SAMPLE_RATE / min(seconds)


def main() -> None:
    """Print one line an instrument, then the file formats."""
    render(Score([reel(0)]))
    for name, program in PROGRAMS.items():
        print(f"{name:10} {measured(Score([reel(program)])):6.0f} x real time")
    drums = [(i * 240, 120, (36, 42, 38, 42)[i % 4], 90) for i in range(256)]
    band = [reel(73), reel(25), reel(33), Track.of(drums, drums=True)]
    print(f"{'four tracks':10} {measured(Score(band)):6.0f} x real time")
    samples = render(Score([reel(73)]))
    for form in FORMS:
        begun = time.process_time()
        size = len(audio_bytes(samples, form))
        spent = time.process_time() - begun
        ratio = len(samples) / SAMPLE_RATE / spent
        print(f"{form:10} {ratio:6.0f} x real time, {size / 1e6:.2f} MB for 64 s")


if __name__ == "__main__":
    main()
