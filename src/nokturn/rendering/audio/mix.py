"""Mix: a score becomes stereo sound at a set loudness.

    samples = render(score)        # float32, (samples, 2), 44.1 kHz, -16 LUFS, peaks below -1 dBFS
    parts = render_parts(score)    # each track as it stands in it: their sum is that sound

Every distinct tone (instrument, pitch, colour) is made once and laid down wherever it is played;
then comes a light room, the loudness, and a limiter for the peaks. The same score gives the same
samples. One room for all instruments, and none of them is placed behind another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import LimitError
from nokturn.music.score import Score, Track
from nokturn.rendering.audio.drums import VARIATIONS, drum_of, hit, sounding, turns
from nokturn.rendering.audio.effects import Signal, convolve
from nokturn.rendering.audio.master import LUFS, levelled, levelling
from nokturn.rendering.audio.space import room
from nokturn.rendering.audio.synth import VELOCITY_BANDS, instrument_of
from nokturn.rendering.audio.tones import Instrument, Tone

SAMPLE_RATE = 44_100
REVERB = 0.16
TAIL = 2.2  # seconds after the last note's end: releases and the room
MAX_SECONDS = 30 * 60.0
MAX_NOTE_SECONDS = 200_000.0  # of all notes together: about a minute of work
STRETCH = 18.0  # a note that lasts longer is played in several bows or breaths
CHOKE = 0.03  # seconds until a hi-hat that was open is silent


@dataclass(frozen=True)
class Sounds:
    """The notes of one track in seconds, as NumPy columns in order."""

    start: NDArray[np.float64]
    length: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]


def render(
    score: Score,
    *,
    sample_rate: int = SAMPLE_RATE,
    reverb: float = REVERB,
    lufs: float | None = LUFS,
    max_seconds: float = MAX_SECONDS,
) -> NDArray[np.float32]:
    """Return a score as stereo sound.

    Parameters
    ----------
    sample_rate
        Samples a second.
    reverb
        How much of the room is heard, 0 (none) to 1.
    lufs
        Loudness of the whole; None leaves it as it is played, for mixing on.
    max_seconds
        Longer music is refused before anything is made.

    Returns
    -------
    Samples, float32 within -1 and 1, shape (samples, 2): left, right.

    Raises
    ------
    LimitError
        The music is longer than ``max_seconds``, or has notes enough for hours of work.
    """
    tracks, seconds = checked_sounds(score, max_seconds)
    places = zip(score.tracks, tracks, pans(score.tracks), strict=True)
    mix = _placed(list(places), seconds, sample_rate, reverb)
    if lufs is not None:
        mix = levelled(mix, sample_rate, lufs)
    return np.ascontiguousarray(mix.T)


def render_parts(
    score: Score,
    *,
    sample_rate: int = SAMPLE_RATE,
    reverb: float = REVERB,
    lufs: float = LUFS,
    max_seconds: float = MAX_SECONDS,
) -> list[Signal]:
    """Return each track of a score as it stands in the mix: their sum is what `render` gives.

    The limiter's gain, where there is one, follows the whole mix, and every part is turned by it.

    Returns
    -------
    Signals of shape (2, samples), all of one length, in the order of the tracks.

    Raises
    ------
    LimitError
        As in `render`.
    """
    tracks, seconds = checked_sounds(score, max_seconds)
    places = zip(score.tracks, tracks, pans(score.tracks), strict=True)
    parts = [_placed([place], seconds, sample_rate, reverb) for place in places]
    if not parts:
        return []
    mix = parts[0].copy()
    for part in parts[1:]:
        mix += part
    level = levelling(mix, sample_rate, lufs)[1]
    return [level.of(part) for part in parts]


def _placed(
    places: Sequence[tuple[Track, Sounds, float]], seconds: float, rate: int, reverb: float
) -> Signal:
    """Return tracks that are played so, each at its pan, in the room."""
    mix = np.zeros((2, int((seconds + TAIL) * rate)), dtype=np.float32)
    for track, played, pan in places:
        lay_track(mix, track, played, rate, instrument_of(track.program), pan)
    if reverb > 0:
        wet = convolve(mix, room(rate))
        wet *= np.float32(reverb)
        mix += wet
        del wet  # minutes of sound are large
    end_softly(mix, rate)
    return mix


def sounds(score: Score, track: Track) -> Sounds:
    """Return when a track's notes sound, in seconds; the pedal holds them until it is lifted."""
    notes = track.notes
    end = _held(notes["onset"] + notes["duration"], track)
    start_s = score.seconds_at(notes["onset"])
    length = score.seconds_at(end) - start_s
    return Sounds(
        start_s, length, notes["pitch"].astype(np.int64), notes["velocity"].astype(np.int64)
    )


def _held(ends: NDArray[np.int64], track: Track) -> NDArray[np.int64]:
    """Return the ticks at which notes end, moved to where the pedal goes up if it is down."""
    if not track.pedal or not len(ends):
        return ends
    ticks = np.array([tick for tick, _ in track.pedal], dtype=np.int64)
    down = np.array([state for _, state in track.pedal])
    # for each pedal event, the tick of the next "up" at or after it; never lifted = the track's end
    last = max(int(ends.max()), int(ticks.max()))
    lifts = np.where(down, last, ticks)
    next_up = np.minimum.accumulate(lifts[::-1])[::-1]
    at = np.searchsorted(ticks, ends, side="right") - 1
    held = (at >= 0) & down[np.maximum(at, 0)]
    return np.where(held, np.maximum(ends, next_up[np.maximum(at, 0)]), ends)


def check_length(score: Score, max_seconds: float = MAX_SECONDS) -> float:
    """Return how many seconds a score lasts; `LimitError` where that is beyond the limits."""
    return checked_sounds(score, max_seconds)[1]


def checked_sounds(score: Score, max_seconds: float) -> tuple[list[Sounds], float]:
    """Return each track's notes in seconds, and how long the music is.

    Raises
    ------
    LimitError
        That or the work is beyond the limits.
    """
    tracks = [sounds(score, track) for track in score.tracks]
    ends = [float((s.start + s.length).max()) for s in tracks if len(s.start)]
    seconds = max([score.seconds(score.end), *ends])
    if not seconds <= max_seconds:
        raise LimitError(
            f"the music lasts {seconds / 60:,.0f} minutes, the limit for sound is "
            f"{max_seconds / 60:g}.",
            "Check its tempo and its last notes, or render a part of it.",
        )
    total = sum(float(s.length.sum()) + 0.1 * len(s.length) for s in tracks)
    if total > MAX_NOTE_SECONDS:
        raise LimitError(
            f"all notes together last {total / 3600:,.0f} hours, "
            f"the limit for sound is {MAX_NOTE_SECONDS / 3600:.0f}.",
            "Check for notes that never end, or render a part of it.",
        )
    return tracks, seconds


def pans(tracks: list[Track]) -> list[float]:
    """Return where tracks stand, -1 left to 1 right: the first in the middle, others around it."""
    places = (0.0, 0.35, -0.35, 0.18, -0.18, 0.5, -0.5)
    return [places[i % len(places)] for i in range(len(tracks))]


@dataclass(frozen=True)
class Voice:
    """One distinct tone and the notes that play it.

    ``starts`` and ``lengths`` are in samples, ``gains`` factors; ``release`` is how many samples
    the tone needs to fade after a note's end; ``motor`` is one turn of what makes all notes wave
    together, None without.
    """

    tone: Tone
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    gains: NDArray[np.float32]
    release: int
    pan: float
    motor: NDArray[np.float32] | None = None


def lay_track(
    mix: Signal,
    track: Track,
    played: Sounds,
    sample_rate: int,
    instrument: Instrument,
    pan: float = 0.0,
    kit: str = "acoustic",
) -> None:
    """Add a track to a mix, (2, samples), played by an instrument or on a drum kit."""
    for voice in _voices(track, played, sample_rate, instrument, pan, kit):
        _lay(mix, voice)


def _voices(
    track: Track, played: Sounds, rate: int, instrument: Instrument, pan: float, kit: str
) -> Iterator[Voice]:
    """Yield the distinct tones of a track."""
    if not track.drums:
        played = _in_breaths(played, min(STRETCH, instrument.longest))
    bands = np.minimum(played.velocity * VELOCITY_BANDS // 128, VELOCITY_BANDS - 1)
    nth = turns(played.pitch) if track.drums else np.zeros_like(played.pitch)
    kinds = (played.pitch * VELOCITY_BANDS + bands) * VARIATIONS + nth
    motor = _turn(instrument, rate) if instrument.motor and not track.drums else None
    lengths = sounding(played.start, played.pitch, kit) if track.drums else played.length
    order = np.argsort(kinds, kind="stable")
    for chosen in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1):
        if not len(chosen):
            continue
        pitch = int(played.pitch[chosen[0]])
        velocity = (int(bands[chosen[0]]) * 128 + 64) // VELOCITY_BANDS
        if track.drums:
            tone = hit(pitch, velocity, rate, kit, int(nth[chosen[0]]))
            release, place = int(CHOKE * rate), drum_of(pitch, kit).pan
        else:
            seconds = float(played.length[chosen].max()) + instrument.release
            tone = instrument.tone(pitch, velocity, seconds, rate)
            release = int(instrument.release * rate)
            place = pan + instrument.width * (pitch - 62) / 50
        yield Voice(
            tone,
            np.round(played.start[chosen] * rate).astype(np.int64),
            np.round(np.minimum(lengths[chosen], MAX_SECONDS) * rate).astype(np.int64),
            ((played.velocity[chosen] / 127) ** 1.6).astype(np.float32),
            release,
            max(-0.8, min(0.8, place)),
            motor,
        )


def _in_breaths(played: Sounds, longest: float) -> Sounds:
    """Return the notes with those that last too long cut into several of equal length."""
    times = np.maximum(np.ceil(played.length / longest), 1).astype(np.int64)
    if (times == 1).all():
        return played
    rows = np.repeat(np.arange(len(times)), times)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    length = (played.length / times)[rows]
    return Sounds(
        played.start[rows] + nth * length, length, played.pitch[rows], played.velocity[rows]
    )


def _lay(mix: Signal, voice: Voice) -> None:
    """Add a tone to the mix wherever it is played, fading after each note's end."""
    angle = (voice.pan + 1) * np.pi / 4
    sides = np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)
    x = np.linspace(0, 1, voice.release, dtype=np.float32)
    fade = 10 ** (-3 * x) * (1 - x)
    if voice.motor is not None:
        turning = np.resize(voice.motor, len(voice.motor) + voice.tone.shape[-1])
    for start, length, gain in zip(voice.starts, voice.lengths, voice.gains, strict=True):
        count = min(length + voice.release, voice.tone.shape[-1])
        count = max(0, min(count, mix.shape[1] - start))
        note = voice.tone[..., :count] * gain
        if count > length:
            note[..., length:] *= fade[: count - length]
        if voice.motor is not None:
            note *= turning[start % len(voice.motor) :][:count]
        mix[:, start : start + count] += sides[:, None] * note


def _turn(instrument: Instrument, rate: int) -> NDArray[np.float32]:
    """Return the gain of a motor for one turn; as loud as without it."""
    depth, count = instrument.motor, round(rate / instrument.motor_hz)
    wave = 1 - depth / 2 + depth / 2 * np.sin(2 * np.pi * np.arange(count) / count)
    turn: NDArray[np.float32] = (wave / np.sqrt((wave**2).mean())).astype(np.float32)
    return turn


def end_softly(mix: Signal, sample_rate: int) -> None:
    """Fade the last half second out, in place, so that the file ends in silence."""
    count = min(mix.shape[1], sample_rate // 2)
    mix[:, mix.shape[1] - count :] *= np.linspace(1, 0, count, dtype=np.float32) ** 2
