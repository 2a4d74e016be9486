"""How many times faster than real time is each effect, each ambience, and the whole chain?

    python benchmarks/effects.py

Counts the processor time of this process on one core for two minutes of stereo noise, then for a
two-minute track with four stems, rain and vinyl, whose synthesis is given apart. Prints the memory
at its highest. The first run of each is left out: it makes rooms and filters.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from nokturn.music.score import Score, Track
from nokturn.rendering.audio.ambience import Hiss, Rain, Vinyl
from nokturn.rendering.audio.dynamics import compressed, ducked, limited
from nokturn.rendering.audio.effects import Signal, convolve
from nokturn.rendering.audio.filters import low_pass, sweep_times, swept
from nokturn.rendering.audio.loudness import integrated, true_peak
from nokturn.rendering.audio.master import Master, mastered
from nokturn.rendering.audio.mix import SAMPLE_RATE, render
from nokturn.rendering.audio.modulation import chorused, tremolo
from nokturn.rendering.audio.space import echoes, plate, room, widened
from nokturn.rendering.audio.stems import Channel, mixed, stems
from nokturn.rendering.audio.tape import crushed, held, saturated, wobbled

SECONDS = 120
CHANNELS = {
    "Chords": Channel(plate=0.2, duck_db=4, chorus=0.4, tremolo=0.3, high_cut_hz=5000),
    "Bass": Channel(room=0, high_cut_hz=2500),
    "Melody": Channel(echo=0.25, plate=0.2, low_cut_hz=200),
    "Drums": Channel(drive=1.5, bits=12, room=0.08),
}
MASTER = Master(
    glue=2, drive=1.5, warmth_hz=7000, movement=0.5, wow_cents=8, flutter_cents=2, width=1.1
)
KICKS = np.arange(0, SECONDS * SAMPLE_RATE, SAMPLE_RATE)
EFFECTS: dict[str, Callable[[Signal], Signal]] = {
    "low-pass": lambda x: convolve(x, low_pass(SAMPLE_RATE, 3000)),
    "moving low-pass": lambda x: swept(
        x, SAMPLE_RATE, 3000 + 5 * sweep_times(x.shape[1], SAMPLE_RATE)
    ),
    "wow and flutter": lambda x: wobbled(x, SAMPLE_RATE),
    "saturation": lambda x: saturated(x, 2.0),
    "bit-crush": lambda x: crushed(x, 8),
    "down-sampling": lambda x: held(x, SAMPLE_RATE, 11_025),
    "chorus": lambda x: chorused(x, SAMPLE_RATE),
    "tremolo": lambda x: tremolo(x, SAMPLE_RATE),
    "room": lambda x: convolve(x, room(SAMPLE_RATE)),
    "plate": lambda x: convolve(x, plate(SAMPLE_RATE)),
    "echoes": lambda x: convolve(x, echoes(SAMPLE_RATE, 0.5)),
    "compressor": lambda x: compressed(x, SAMPLE_RATE),
    "side-chain": lambda x: ducked(x, SAMPLE_RATE, KICKS),
    "limiter": lambda x: limited(x, 0.3),
    "width": lambda x: widened(x, 1.4),
    "light rain": lambda x: Rain(1, 0.4).block(0, x.shape[1]),
    "rain, thunder": lambda x: Rain(1, 0.4, kind="thunder").block(0, x.shape[1]),
    "vinyl": lambda x: Vinyl(1, 0.4).block(0, x.shape[1]),
    "hiss": lambda x: Hiss(1, 0.4).block(0, x.shape[1]),
    "master chain": lambda x: mastered(x, SAMPLE_RATE, MASTER),
}


def band() -> Score:
    """Return 39 bars at 78 quarter notes a minute, two minutes."""
    bars, rng = range(39), np.random.default_rng(1)
    roots = (53, 58, 51, 56)
    chords = [
        (1920 * k + at, length, roots[k % 4] + step, 65)
        for k in bars
        for at, length in ((0, 900), (1080, 700))
        for step in (0, 7, 10, 14)
    ]
    bass = [(480 * k, 400, roots[k // 4 % 4] - 12, 85) for k in range(4 * len(bars))]
    steps = rng.integers(0, 8, 8 * len(bars))
    melody = [(240 * k, 200, 72 + int(step), 75) for k, step in enumerate(steps)]
    drums = [(240 * k, 60, (36, 42, 38, 46)[k % 4], 90) for k in range(8 * len(bars))]
    return Score(
        [
            Track.of(chords, name="Chords", program=4),
            Track.of(bass, name="Bass", program=33),
            Track.of(melody, name="Melody", program=11),
            Track.of(drums, name="Drums", drums=True),
        ],
        tempos=[(0, 78.0)],
        length=1920 * len(bars),
    )


def seconds_for(work: Callable[[], object]) -> float:
    """Return the best of three in seconds of processor time, after one run that does not count."""
    work()
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def main() -> None:
    """Print a line for each effect, then the track."""
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.standard_normal((2, SECONDS * SAMPLE_RATE), dtype=np.float32)
    for name, effect in EFFECTS.items():
        spent = seconds_for(partial(effect, noise))
        print(f"{name:16} {spent:5.2f} s, {SECONDS / spent:6.0f} x real time")
    score = band()
    ambiences = {"Rain": Rain(7, 0.4), "Vinyl": Vinyl(7, 0.3)}
    notes = seconds_for(lambda: render(score, reverb=0, lufs=None))
    parts = stems(score, channels=CHANNELS, kit="lofi", ambiences=ambiences)
    made = seconds_for(lambda: stems(score, channels=CHANNELS, kit="lofi", ambiences=ambiences))
    master = seconds_for(lambda: mastered(mixed(parts), SAMPLE_RATE, MASTER))
    sound = mastered(mixed(parts), SAMPLE_RATE, MASTER)
    print(f"two-minute track: notes {notes:.2f} s, stems with them {made:.2f} s, "
          f"master {master:.2f} s")  # fmt: skip
    peak_db = 20 * np.log10(true_peak(sound))
    print(f"{integrated(sound, SAMPLE_RATE):.2f} LUFS, true peak {peak_db:.2f} dBFS")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
