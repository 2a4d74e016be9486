"""Stems: each track of a score as sound of its own, as it stands in the mix.

    parts = stems(score, channels={"Chords": Channel(plate=0.2, duck_db=4)}, kit="lofi",
                  ambiences={"Rain": Rain(seed=7, amount=0.4)})
    mix = mastered(sum(parts.values()), SAMPLE_RATE, Master())

All are of one length, and their sum is the mix before the master, at -23 LUFS. Everything linear
that a channel does (filters, room, plate, echoes) is one convolution. Effects of one track hear
nothing of the others, but for the kick that they may make room for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nokturn.errors import InputError
from nokturn.music.score import Score
from nokturn.rendering.audio._cores import at_once
from nokturn.rendering.audio.ambience import Ambience
from nokturn.rendering.audio.dynamics import ducked
from nokturn.rendering.audio.effects import Signal, convolve
from nokturn.rendering.audio.filters import high_pass, in_a_row, low_pass
from nokturn.rendering.audio.loudness import integrated, sample_peak
from nokturn.rendering.audio.master import LUFS
from nokturn.rendering.audio.mix import (
    MAX_SECONDS,
    REVERB,
    SAMPLE_RATE,
    TAIL,
    Sounds,
    checked_sounds,
    end_softly,
    lay_track,
    pans,
)
from nokturn.rendering.audio.modulation import chorused, tremolo
from nokturn.rendering.audio.space import echoes, plate, room, widened
from nokturn.rendering.audio.synth import instrument_named, instrument_of
from nokturn.rendering.audio.tape import crushed, held, saturated

STAGE_LUFS = -23.0  # of the sum of stems: their peaks stay below full scale
KICKS = (35, 36)
FULL = 0.98  # no stem goes beyond
AMBIENCE_FADE_S = 1.5
SEAM_S = 3.0  # in which a loop's ambience becomes its own beginning


class Fader(NamedTuple):
    """How a stem goes into the mix."""

    gain: float = 1.0
    pan: float = 0.0  # -1 left, 1 right


class Channel(BaseModel):
    """How a track stands in the mix; as it stands here: dry, but for a little room."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gain_db: float = Field(default=0.0, ge=-60, le=24)
    pan: float | None = Field(
        default=None, ge=-1, le=1, description="-1 left, 1 right; none: by its place"
    )
    low_cut_hz: float = Field(default=0.0, ge=0, le=2_000, description="high-pass, 0 = off")
    high_cut_hz: float = Field(default=0.0, ge=0, le=20_000, description="low-pass, 0 = off")
    drive: float = Field(default=0.0, ge=0, le=8, description="saturation, 0 = off")
    bits: float = Field(default=16.0, ge=4, le=16, description="bit depth, 16 = off")
    hold_hz: float = Field(default=0.0, ge=0, le=48_000, description="coarse sample rate, 0 = off")
    chorus: float = Field(default=0.0, ge=0, le=1)
    tremolo: float = Field(default=0.0, ge=0, le=1, description="from side to side")
    tremolo_hz: float = Field(default=4.5, gt=0, le=12)
    room: float = Field(default=REVERB, ge=0, le=1)
    plate: float = Field(default=0.0, ge=0, le=1)
    echo: float = Field(default=0.0, ge=0, le=1)
    echo_beats: float = Field(default=0.75, gt=0, le=4, description="quarter notes between echoes")
    echo_feedback: float = Field(default=0.4, ge=0, le=0.85)
    duck_db: float = Field(default=0.0, ge=0, le=24, description="dip at each kick")
    width: float = Field(default=1.0, ge=0, le=2, description="0 mono, 1 as it is")


def stems(
    score: Score,
    *,
    channels: Mapping[str, Channel] | None = None,
    instruments: Mapping[str, str] | None = None,
    kit: str = "acoustic",
    ambiences: Mapping[str, Ambience] | None = None,
    sample_rate: int = SAMPLE_RATE,
    loop: bool = False,
    max_seconds: float = MAX_SECONDS,
) -> dict[str, Signal]:
    """Return a score's tracks, and ambiences, as stems of equal length, by name.

    Parameters
    ----------
    channels
        Settings by track name; a track without any has the usual ones.
    instruments
        Names of instruments by track name; a track without one is played by its program.
    kit
        Of the drum tracks.
    ambiences
        What is heard beside the music, by name; as loud beside it as their amounts say.
    loop
        Whether the end is followed by the beginning: the stems then are exactly as long as the
        score (its ``length`` where it has one), what rings over its end sounds at its beginning,
        and all that moves comes round. Else two seconds and more follow, to ring out.
    max_seconds
        Longer music is refused before anything is made.

    Returns
    -------
    Signals of shape (2, samples). A name that tracks share is numbered: ``Flute``, ``Flute 2``.

    Raises
    ------
    LimitError
        The music is too long, or has notes enough for hours of work.
    InputError
        A loop without length.
    UsageError
        There is no such instrument or kit.
    """
    parts = raw_stems(
        score,
        channels=channels or {},
        instruments=instruments or {},
        kit=kit,
        sample_rate=sample_rate,
        loop=loop,
        max_seconds=max_seconds,
    )
    _stage(parts, sample_rate)
    length = next((part.shape[1] for part in parts.values()), _loop_length(score, sample_rate))
    named = ambiences or {}
    heard = at_once(lambda one: ambience_stem(one, length, loop=loop), [*named.values()])
    for name, signal in zip(named, heard, strict=True):
        parts[_free(name, parts)] = signal
    return parts


def raw_stems(
    score: Score,
    *,
    channels: Mapping[str, Channel],
    instruments: Mapping[str, str],
    kit: str = "acoustic",
    sample_rate: int = SAMPLE_RATE,
    loop: bool = False,
    start: int = 0,
    max_seconds: float = MAX_SECONDS,
) -> dict[str, Signal]:
    """Return the stems of the tracks as loud as they are played; see `stems`.

    ``start`` is the number of the first sample in a longer whole, for effects that move.
    """
    tracks, seconds = checked_sounds(score, max_seconds)
    count = _loop_length(score, sample_rate)
    if loop and count < sample_rate // 10:
        raise InputError("there is no music to make a loop of.", "Give it at least one bar.")
    period_s = count / sample_rate if loop else None
    kicks = _kicks(score, tracks, sample_rate)
    named = [channels.get(track.name, Channel()) for track in score.tracks]
    tempo = score.tempos[0][1] if score.tempos else 120.0
    kernels = [_kernel(channel, tempo, sample_rate) for channel in named]
    tail = max([int(TAIL * sample_rate), *(k.shape[-1] + sample_rate for k in kernels)])
    places = pans(score.tracks)

    def made(nth: int) -> Signal:
        track, channel = score.tracks[nth], named[nth]
        name = instruments.get(track.name)
        instrument = instrument_named(name) if name else instrument_of(track.program)
        signal = np.zeros((2, int(seconds * sample_rate) + tail), dtype=np.float32)
        place = places[nth] if channel.pan is None else channel.pan
        lay_track(signal, track, tracks[nth], sample_rate, instrument, place, kit)
        signal = _through(signal, channel, kernels[nth], sample_rate, period_s, start)
        if loop:
            signal = folded(signal, count)
        else:
            end_softly(signal, sample_rate)
        return (
            signal if track.drums else ducked(signal, sample_rate, kicks, depth_db=channel.duck_db)
        )

    parts: dict[str, Signal] = {}
    for track, signal in zip(score.tracks, at_once(made, range(len(score.tracks))), strict=True):
        parts[_free(track.name or "Track", parts)] = signal
    return parts


def folded(signal: Signal, count: int) -> Signal:
    """Return the first samples of a signal with what follows them laid over them, round and round.

    >>> folded(np.array([[1, 2, 3, 4, 5]], dtype=np.float32), 2).tolist()
    [[9.0, 6.0]]
    """
    times = -(-signal.shape[1] // count)
    padded = np.zeros((len(signal), times * count), dtype=np.float32)
    padded[:, : signal.shape[1]] = signal
    whole: Signal = padded.reshape(len(signal), times, count).sum(axis=1)
    return whole


def ambience_stem(ambience: Ambience, length: int, *, loop: bool = False) -> Signal:
    """Return an ambience as a stem: it comes and goes softly, or ends as it began."""
    if not loop:
        out = ambience.block(0, length)
        fade = min(length // 2, int(AMBIENCE_FADE_S * ambience.sample_rate))
        slope = np.sin(np.linspace(0, np.pi / 2, fade)).astype(np.float32) ** 2
        out[:, :fade] *= slope
        out[:, length - fade :] *= slope[::-1]
    else:
        seam = min(length, int(SEAM_S * ambience.sample_rate))
        whole = ambience.block(0, length + seam)
        out = whole[:, :length].copy()
        angle = np.linspace(0, np.pi / 2, seam, endpoint=False).astype(np.float32)
        out[:, :seam] *= np.sin(angle)  # as loud all the way: two sounds that are not alike
        out[:, :seam] += np.cos(angle) * whole[:, length:]
    out *= np.float32(10 ** ((STAGE_LUFS - LUFS) / 20))
    return out


def _through(
    signal: Signal,
    channel: Channel,
    kernel: NDArray[np.floating],
    rate: int,
    period_s: float | None,
    start: int,
) -> Signal:
    """Return a track's sound through all of its channel but the ducking."""
    out = saturated(signal, channel.drive)
    if channel.hold_hz:
        out = held(out, rate, channel.hold_hz, period_s=period_s, start=start)
    out = crushed(out, channel.bits)
    out = chorused(out, rate, mix=channel.chorus, period_s=period_s, start=start)
    out = tremolo(
        out,
        rate,
        depth=channel.tremolo,
        hz=channel.tremolo_hz,
        pan=True,
        period_s=period_s,
        start=start,
    )
    if kernel.shape[-1] > 1:
        out = convolve(out, kernel)
    out = widened(out, channel.width)
    return out if channel.gain_db == 0 else out * np.float32(10 ** (channel.gain_db / 20))


def _kernel(channel: Channel, tempo: float, rate: int) -> NDArray[np.floating]:
    """Return all that is linear in a channel as one impulse response."""
    wet: list[NDArray[np.floating]] = []
    if channel.room:
        wet.append(channel.room * room(rate))
    if channel.plate:
        wet.append(channel.plate * plate(rate))
    if channel.echo:
        seconds = _echo_s(channel, tempo)
        wet.append(channel.echo * echoes(rate, seconds, feedback=channel.echo_feedback))
    colour = in_a_row(
        low_pass(rate, channel.high_cut_hz or rate), high_pass(rate, channel.low_cut_hz)
    )
    if not wet:
        return colour
    whole = np.zeros((2, max(response.shape[1] for response in wet)))
    for response in wet:
        whole[:, : response.shape[1]] += response
    whole[:, 0] += 1  # the sound itself
    return in_a_row(whole, colour)


def _echo_s(channel: Channel, tempo: float) -> float:
    """Return the seconds between echoes: halved until they are no more than two."""
    seconds = channel.echo_beats * 60 / tempo
    while seconds > 2:
        seconds /= 2
    return max(seconds, 0.02)


def _kicks(score: Score, tracks: list[Sounds], rate: int) -> NDArray[np.int64]:
    """Return the samples at which kicks are heard, in order."""
    drums = [
        played.start[np.isin(played.pitch, KICKS)]
        for track, played in zip(score.tracks, tracks, strict=True)
        if track.drums
    ]
    return np.sort(np.round(np.concatenate([*drums, []]) * rate)).astype(np.int64)


def _stage(parts: dict[str, Signal], rate: int) -> None:
    """Bring stems to the level of the stage, in place; none beyond full scale."""
    if not parts:
        return
    total = mixed(parts)
    peak = sample_peak(total)
    if peak == 0:
        return
    half = 0.5 / peak
    gain = half * 10 ** ((STAGE_LUFS - integrated(total, rate, half)) / 20)
    gain = min(gain, FULL / max(sample_peak(part) for part in parts.values()))
    for part in parts.values():
        part *= np.float32(gain)


def faded(parts: Mapping[str, Signal], faders: Mapping[str, Fader]) -> dict[str, Signal]:
    """Return stems as the faders of their names let them through; silent ones are left out."""
    return {
        name: through(part, faders[name]) if name in faders else part
        for name, part in parts.items()
        if name not in faders or faders[name].gain
    }


def through(stem: Signal, fader: Fader) -> Signal:
    """Return a stem through a fader, (2, samples).

    Panning is that of the Web Audio API's StereoPannerNode, so that a browser that mixes stems and
    we make the same: the side that is turned away from goes over to the other one.
    """
    left, right = stem
    angle = (fader.pan if fader.pan > 0 else fader.pan + 1) * np.pi / 2
    stays, goes = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    if fader.pan > 0:
        out = np.stack([stays * left, right + goes * left])
    elif fader.pan < 0:
        out = np.stack([left + stays * right, goes * right])
    else:
        out = stem.copy()
    out *= np.float32(fader.gain)
    return out


def summed(parts: Iterable[tuple[str, Signal]], faders: Mapping[str, Fader]) -> Signal:
    """Return the sum of stems, at least one, through the faders of their names.

    Each is asked for when its turn comes, so that two are held and not all.
    """
    total: Signal | None = None
    for name, part in parts:
        total = np.zeros_like(part) if total is None else total
        if name not in faders:
            total += part
        elif faders[name].gain:
            total += through(part, faders[name])
    assert total is not None
    return total


def mixed(parts: Mapping[str, Signal]) -> Signal:
    """Return the sum of stems."""
    stacked = list(parts.values())
    total = stacked[0].copy()
    for part in stacked[1:]:
        total += part
    return total


def _loop_length(score: Score, rate: int) -> int:
    """Return the samples in a score: to its bar line where it has one, else to its last note."""
    return round(score.seconds(score.length or score.end) * rate)


def _free(name: str, taken: Mapping[str, Signal]) -> str:
    """Return a name, numbered where it is taken."""
    names = [name, *(f"{name} {k}" for k in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)
