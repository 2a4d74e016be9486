"""Master: what happens to the whole mix, down to its loudness.

    sound = mastered(sum(stems.values()), 44100, Master(warmth_hz=6500, drive=1.2, wow_cents=8))

In order: the deepest bass away, glue (a slow compressor), saturation, a low-pass that moves, the
coarse steps of a sampler, the tape's wow and flutter, width, loudness and the limiter. What is
given should be at the level of stems, -23 LUFS: glue and saturation are set for that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nokturn.rendering.audio.dynamics import compressed, follow, limiting
from nokturn.rendering.audio.effects import Controls, Signal, convolve, locked
from nokturn.rendering.audio.filters import high_pass, sweep_times, swept
from nokturn.rendering.audio.loudness import integrated, sample_peak, true_peak
from nokturn.rendering.audio.space import widened
from nokturn.rendering.audio.tape import crushed, held, saturated, wobbled

LUFS = -16.0
CEILING_DB = -1.0
MAKE_UP_DB = 6.0  # that a round of limiting may win back
NEAR = 0.5  # LU below the loudness asked for that are near enough
RUMBLE_HZ = 25.0  # below which nothing is music
GLUE_DB = -24.0  # from which the glue works
LEAD_IN_S = 4.0  # of a loop's end that is heard before its beginning, and thrown away
LEAD_OUT_S = 1.0
JOIN_S = 0.05


class Master(BaseModel):
    """Settings of the master chain; as they stand here they only make it loud enough."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lufs: float = Field(default=LUFS, ge=-40, le=-6, description="loudness of the whole")
    glue: float = Field(default=1.0, ge=1, le=6, description="ratio of the compressor, 1 = off")
    drive: float = Field(default=0.0, ge=0, le=8, description="saturation, 0 = off, 2 = warm")
    warmth_hz: float = Field(default=0.0, ge=0, le=20_000, description="low-pass, 0 = off")
    movement: float = Field(
        default=0.0, ge=0, le=1, description="octaves by which the low-pass moves"
    )
    movement_hz: float = Field(default=0.06, gt=0, le=0.3, description="how fast it moves")
    bits: float = Field(default=16.0, ge=4, le=16, description="bit depth, 16 = off")
    hold_hz: float = Field(default=0.0, ge=0, le=48_000, description="coarse sample rate, 0 = off")
    wow_cents: float = Field(default=0.0, ge=0, le=50, description="slow waves of the pitch")
    flutter_cents: float = Field(default=0.0, ge=0, le=20, description="fast waves of the pitch")
    width: float = Field(default=1.0, ge=0, le=2, description="0 mono, 1 as it is")


def mastered(
    mix: Signal, sample_rate: int, master: Master, *, seed: int = 0, loop: bool = False
) -> Signal:
    """Return a mix through the master chain, at its loudness, true peaks below -1 dBFS.

    Parameters
    ----------
    mix
        Shape (2, samples), at -23 LUFS or so; it is not changed.
    seed
        Of the tape's waves.
    loop
        Whether the end is followed by the beginning: everything that moves then fits the length,
        and what sounds over the end is heard at the beginning.

    Returns
    -------
    Shape (2, samples), of the same length.
    """
    if not loop:
        return levelled(coloured(mix, sample_rate, master, seed=seed), sample_rate, master.lufs)
    length, before = mix.shape[1], int(LEAD_IN_S * sample_rate)
    around = np.arange(-before, length + int(LEAD_OUT_S * sample_rate)) % length
    whole = coloured(
        mix[:, around], sample_rate, master, seed=seed, period_s=length / sample_rate, start=-before
    )
    loud = levelled(whole, sample_rate, master.lufs)
    out = np.ascontiguousarray(loud[:, before : before + length])
    # what comes after the end is the beginning, but for the grid of what moves: join them softly
    join = min(length, int(JOIN_S * sample_rate))
    slope = np.linspace(0, 1, join, dtype=np.float32)
    out[:, :join] += (1 - slope) * (loud[:, before + length :][:, :join] - out[:, :join])
    return out


def coloured(
    mix: Signal,
    sample_rate: int,
    master: Master,
    *,
    seed: int = 0,
    period_s: float | None = None,
    start: int = 0,
) -> Signal:
    """Return a mix through all of the chain but its loudness.

    ``start`` is the number of the first sample in the whole, ``period_s`` a loop's length.
    """
    out = convolve(mix, high_pass(sample_rate, RUMBLE_HZ))
    out = compressed(out, sample_rate, threshold_db=GLUE_DB, ratio=master.glue)
    out = saturated(out, master.drive)
    if master.warmth_hz:
        turns = 2 * np.pi * locked(master.movement_hz, period_s)
        wave = np.sin(turns * sweep_times(out.shape[1], sample_rate, start))
        out = swept(out, sample_rate, master.warmth_hz * 2 ** (master.movement * wave / 2))
    if master.hold_hz:
        out = held(out, sample_rate, master.hold_hz, period_s=period_s, start=start)
    out = crushed(out, master.bits)
    out = wobbled(
        out,
        sample_rate,
        wow_cents=master.wow_cents,
        flutter_cents=master.flutter_cents,
        seed=seed,
        period_s=period_s,
        start=start,
    )
    return widened(out, master.width)


@dataclass(frozen=True)
class Levelling:
    """What brought a sound to its loudness: a gain, then a limiter's gains where peaks were high.

    Both only multiply, so what a sound is the sum of can be turned by them piece by piece, and
    still sums to it.
    """

    gain: float = 1.0
    limiter: Controls | None = None

    def of(self, part: Signal) -> Signal:
        """Return a part of the sound as it stands in the levelled whole."""
        return follow(part * np.float32(self.gain), self.limiter)


def levelled(mix: Signal, sample_rate: int, lufs: float) -> Signal:
    """Return sound at a loudness with its true peaks below -1 dBFS; silence stays silence.

    A single short blow cannot be as loud as that, and stays as loud as its peak allows.

    Shape: (channels, samples). The sound given is used up: minutes of it are large.
    """
    return levelling(mix, sample_rate, lufs)[0]


def levelling(mix: Signal, sample_rate: int, lufs: float) -> tuple[Signal, Levelling]:
    """Return sound at a loudness as `levelled` does, and what was done to it."""
    peak = sample_peak(mix)
    if peak == 0:
        return mix, Levelling()
    # measured at half of full scale, so that what is played softly is not taken for silence
    half = 0.5 / peak
    gain = half * 10 ** ((lufs - integrated(mix, sample_rate, half)) / 20)
    mix *= np.float32(gain)
    ceiling = 10 ** (CEILING_DB / 20)
    reached = true_peak(mix)
    if reached <= ceiling:
        return mix, Levelling(gain)
    loud = mix
    for _ in range(8):
        between = max(1.0, reached / sample_peak(loud))
        limiter = limiting(mix, 0.99 * ceiling / between)
        loud = follow(mix, limiter)
        reached = true_peak(loud)
        missing = lufs - integrated(loud, sample_rate)
        if reached <= ceiling and missing < NEAR:
            return loud, Levelling(gain, limiter)
        before, more = gain, 10 ** (min(missing, MAKE_UP_DB) / 20)
        mix *= np.float32(more)
        gain *= more
    over = max(1.0, true_peak(loud) / ceiling)
    return loud / np.float32(over), Levelling(before / over, limiter)
