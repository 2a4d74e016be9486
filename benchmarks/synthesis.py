"""How many times faster than real time is music rendered, for each kind of instrument?

    python benchmarks/synthesis.py

Counts the processor time of this process on one core, for a reel of 32 bars (64 s) in one track,
for four tracks with drums, and for two minutes of lo-fi in four parts; then without room and
loudness, the making of the tones alone. The first rendering of a process is left out.
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
    "electric piano": 4,
    "fm piano": 5,
    "vibraphone": 11,
    "nylon guitar": 24,
    "plucked": 25,
    "electric bass": 33,
    "sub bass": 38,
    "fiddle": 40,
    "strings pad": 48,
    "flute": 73,
    "pad": 90,
    "reed": 109,
}
CHORDS = ((53, 60, 63, 67, 70), (50, 58, 62, 65, 69), (48, 58, 62, 63, 67), (51, 60, 65, 67, 70))
HATS = (36, 42, 42, 38, 42, 46, 36, 42, 36, 42, 38, 42, 42, 42)


def reel(program: int) -> Track:
    """Return 32 bars of eighth notes, accented on the beat."""
    rows = [(i * 240, 240, TURNS[i * 7 % 16], 80 + 10 * (i % 4 == 0)) for i in range(256)]
    return Track.of(rows, program=program)


def lofi() -> Score:
    """Return two minutes in four parts at 80 quarters a minute: 40 bars."""
    keys, bass, lead, drums = [], [], [], []
    for bar in range(40):
        at, chord = bar * 1920, CHORDS[bar % 4]
        loud = 60 + 3 * (bar % 5)
        keys += [(at + half, 900, pitch, loud) for half in (0, 960) for pitch in chord]
        bass += [(at, 1400, chord[0] - 24, 90), (at + 1440, 400, chord[0] - 12, 80)]
        lead += [(at + 240 * i, 220, chord[i % 5] + 12, 60 + 5 * i) for i in range(8)]
        drums += [
            (at + 1920 * i // len(HATS), 100, pitch, 60 + 7 * (i % 5))
            for i, pitch in enumerate(HATS)
        ]
    parts = [Track.of(keys, program=4), Track.of(bass, program=33), Track.of(lead, program=24)]
    return Score([*parts, Track.of(drums, drums=True)], tempos=[(0, 80.0)])


def measured(score: Score, **options: float | None) -> float:
    """Return the best of three: seconds of music for each second of processor time."""
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        samples = render(score, **options)
        seconds.append(time.process_time() - begun)
    return len(samples) / SAMPLE_RATE / min(seconds)


def main() -> None:
    """Print one line an instrument, then the file formats."""
    render(Score([reel(0)]))
    for name, program in PROGRAMS.items():
        wet = measured(Score([reel(program)]))
        dry = measured(Score([reel(program)]), reverb=0, lufs=None)
        print(f"{name:14} {wet:6.0f} x real time, its tones alone {dry:6.0f}")
    drums = [(i * 240, 120, (36, 42, 38, 42)[i % 4], 90) for i in range(256)]
    band = [reel(73), reel(25), reel(33), Track.of(drums, drums=True)]
    print(f"{'four tracks':14} {measured(Score(band)):6.0f} x real time")
    print(f"{'lo-fi':14} {measured(lofi()):6.0f} x real time")
    dry = measured(lofi(), reverb=0, lufs=None)
    print(f"{'its tones':14} {dry:6.0f} x real time")
    samples = render(Score([reel(73)]))
    for form in FORMS:
        begun = time.process_time()
        size = len(audio_bytes(samples, form))
        spent = time.process_time() - begun
        ratio = len(samples) / SAMPLE_RATE / spent
        print(f"{form:14} {ratio:6.0f} x real time, {size / 1e6:.2f} MB for 64 s")


if __name__ == "__main__":
    main()
