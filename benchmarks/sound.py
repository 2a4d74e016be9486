"""How do the instruments and drum kits measure, and how do they look beside a SoundFont?

    python benchmarks/sound.py [--soundfont FILE.sf2] [--pictures FOLDER]

For every instrument over its range and at three velocities: the worst mistuning in cents, the
centre of the spectrum over the fundamental (softly, loudly), how far one second apart the tone has
fallen in dB, loudness in LUFS, highest peak and DC. For every drum of every kit: centre of the
spectrum in Hz, when nine tenths of its energy have been heard, and loudness. With a SoundFont (and
FluidSynth installed) the same of its instrument of that program, whose energy is heard for longer
as FluidSynth adds a room; with a folder, spectrograms.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from nokturn.music.score import Score, Track
from nokturn.rendering.audio.drums import KITS, drum_of, hit
from nokturn.rendering.audio.fluidsynth import render_with
from nokturn.rendering.audio.loudness import integrated
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.synth import instrument_named
from nokturn.rendering.audio.tones import frequency

Samples = NDArray[np.float64]

# name, General MIDI program to compare with, lowest and highest pitch
INSTRUMENTS = (
    ("piano", 0, 24, 96), ("felt piano", 0, 24, 96), ("electric piano", 4, 28, 96),
    ("fm piano", 5, 28, 96), ("nylon guitar", 24, 40, 84), ("vibraphone", 11, 53, 89),
    ("flute", 73, 60, 93), ("strings pad", 48, 36, 88), ("electric bass", 33, 28, 55),
    ("sub bass", 38, 24, 48),
)  # fmt: skip
DRUMS = (36, 38, 37, 39, 42, 46, 45, 49, 51, 70)
VELOCITIES = (30, 75, 120)


def tone(name: str, pitch: int, velocity: int, seconds: float = 2.5) -> Samples:
    """Return an instrument's tone, both sides together, with silence where it has ended."""
    made = instrument_named(name).tone(pitch, velocity, seconds, SAMPLE_RATE)
    whole = np.zeros(int(seconds * SAMPLE_RATE) + 1)
    whole[: made.shape[-1]] = np.atleast_2d(made).mean(axis=0)
    return whole


def recorded(soundfont: Path, program: int, pitch: int, velocity: int, drums: bool) -> Samples:
    """Return a SoundFont's tone from its beginning on."""
    track = Track.of([(0, 2400, pitch, velocity)], program=program, drums=drums)
    samples = render_with(Score([track]), soundfont).mean(axis=1).astype(float)
    begun = np.flatnonzero(np.abs(samples) > 1e-3 * np.abs(samples).max())
    return samples[begun[0] :] if len(begun) else samples


def mistuning(samples: Samples, pitch: int) -> float:
    """Return cents between a tone and its pitch, by the phase that it gains against a sine."""
    steady = samples[int(0.15 * SAMPLE_RATE) :]
    turning = steady * np.exp(-2j * np.pi * frequency(pitch) / SAMPLE_RATE * np.arange(len(steady)))
    near = np.lib.stride_tricks.sliding_window_view(turning, 8192)[::512] @ np.hanning(8192)
    weights = np.abs(near[1:] * near[:-1])
    drift = (weights * np.angle(near[1:] / near[:-1])).sum() / max(weights.sum(), 1e-12)
    return float(1200 * np.log2(1 + drift / (2 * np.pi) * SAMPLE_RATE / 512 / frequency(pitch)))


def centre(samples: Samples) -> float:
    """Return the centre of the first half second's spectrum in Hz."""
    head = samples[: SAMPLE_RATE // 2]
    power = np.abs(np.fft.rfft(head * np.hanning(len(head)))) ** 2
    return float((power * np.fft.rfftfreq(len(head), 1 / SAMPLE_RATE)).sum() / power.sum())


def fallen(samples: Samples) -> float:
    """Return by how many dB a tone falls in a second."""
    early, late = (
        samples[int(at * SAMPLE_RATE) : int((at + 0.2) * SAMPLE_RATE)] for at in (0.1, 1.1)
    )
    return float(10 * np.log10((late**2).mean() / (early**2).mean() + 1e-12))


def heard(samples: Samples) -> float:
    """Return in how many milliseconds nine tenths of the energy have been heard."""
    energy = np.cumsum(samples**2)
    return float(np.searchsorted(energy, 0.9 * energy[-1]) / SAMPLE_RATE * 1000)


def loudness(samples: Samples) -> float:
    """Return LUFS, both sides alike."""
    return integrated(np.stack([samples, samples]).astype(np.float32), SAMPLE_RATE)


def instruments(soundfont: Path | None) -> None:
    """Print a line for every instrument."""
    for name, program, low, high in INSTRUMENTS:
        made = {
            (pitch, velocity): tone(name, pitch, velocity)
            for pitch in range(low, high + 1, 4)
            for velocity in VELOCITIES
        }
        cents = max(abs(mistuning(samples, pitch)) for (pitch, _), samples in made.items())
        middle = (low + high) // 2
        soft, loud = (tone(name, middle, velocity) for velocity in (30, 120))
        line = (
            f"{name:15} {cents:5.2f} cents  centre {centre(soft) / frequency(middle):4.2f}-"
            f"{centre(loud) / frequency(middle):4.2f}  {fallen(loud):6.1f} dB/s  "
            f"{loudness(tone(name, middle, 75, 1.0)):6.1f} LUFS  "
            f"peak {max(np.abs(samples).max() for samples in made.values()):4.2f}  "
            f"DC {max(abs(samples.mean()) for samples in made.values()):.0e}"
        )
        if soundfont:
            theirs = recorded(soundfont, program, middle, 120, drums=False)
            ratio = centre(theirs) / frequency(middle)
            line += f"  | SoundFont: centre {ratio:4.2f}  {fallen(theirs):6.1f} dB/s"
        print(line)


def kits(soundfont: Path | None) -> None:
    """Print a line for every drum, a column for every kit."""
    for pitch in DRUMS:
        columns = []
        for kit in KITS:
            samples = hit(pitch, 100, SAMPLE_RATE, kit).astype(float)
            columns.append(
                f"{kit} {centre(samples):5.0f} Hz {heard(samples):4.0f} ms "
                f"{loudness(samples):6.1f} LUFS"
            )
        if soundfont:
            samples = recorded(soundfont, 0, pitch, 100, drums=True)
            columns.append(f"SoundFont {centre(samples):5.0f} Hz {heard(samples):4.0f} ms")
        print(f"{drum_of(pitch).name:14} {'  '.join(columns)}")


def pictures(folder: Path) -> None:
    """Write spectrograms: a file of all instruments and one of all drums."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    rows = {
        "instruments": [
            (f"{name} {velocity}", tone(name, (low + high) // 2, velocity))
            for velocity in (40, 110)
            for name, _, low, high in INSTRUMENTS
        ],
        "drums": [
            (f"{drum_of(pitch, kit).name} {kit}", hit(pitch, 100, SAMPLE_RATE, kit).astype(float))
            for kit in KITS
            for pitch in DRUMS
        ],
    }
    for title, sounds in rows.items():
        figure, axes = plt.subplots(-(-len(sounds) // 10), 10, figsize=(30, 8), squeeze=False)
        for axis, (name, samples) in zip(axes.flat, sounds, strict=True):
            loud = samples / np.abs(samples).max() + 1e-9 * np.cos(np.arange(len(samples)))
            axis.specgram(loud, NFFT=1024, Fs=SAMPLE_RATE, noverlap=768, vmin=-140, vmax=-20)
            axis.set_title(name)
            axis.set_ylim(0, 10_000)
        figure.tight_layout()
        figure.savefig(folder / f"{title}.png", dpi=50)
        plt.close(figure)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--pictures", type=Path)
    chosen = parser.parse_args()
    instruments(chosen.soundfont)
    kits(chosen.soundfont)
    if chosen.pictures:
        pictures(chosen.pictures)


if __name__ == "__main__":
    main()
