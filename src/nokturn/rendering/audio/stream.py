"""Stream: section after section as sound, without a gap, for as long as there are any.

    for sound in streamed(sections, master=Master(warmth_hz=6500)):
        player.write(sound.T)

Each section is made with its tail, which is laid over the beginning of the next. The master hears
some seconds of what was before, and half a second of what comes, so that no seam is heard; only
that much is ever held. The loudness follows the mean of what has been, since nobody knows the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.music.score import Score
from nokturn.rendering.audio.ambience import Ambience
from nokturn.rendering.audio.dynamics import limited
from nokturn.rendering.audio.effects import Signal
from nokturn.rendering.audio.filters import HOP
from nokturn.rendering.audio.loudness import SILENCE, integrated
from nokturn.rendering.audio.master import CEILING_DB, LUFS, Master, coloured
from nokturn.rendering.audio.mix import SAMPLE_RATE, end_softly
from nokturn.rendering.audio.stems import STAGE_LUFS, Channel, Fader, faded, mixed, raw_stems

BEFORE = 8 * HOP  # samples (4.5 s) that the master hears again
AHEAD_S = 0.5  # seconds held back until what follows is known
TURN_S = 2.0  # in which a section's loudness takes over
PEAKS = 0.93  # of the ceiling for samples, so that the sound between them stays below it


def streamed(sections: Iterable[Score], **how: Any) -> Iterator[Signal]:
    """Yield the sound of scores that follow each other, (2, samples) for each, and the rest.

    Each score is as long as its ``length`` (its last note where it has none). The same sections
    give the same samples. ``how`` is what `Stream` takes.

    Raises
    ------
    LimitError, UsageError
        As in `stems.stems`, when the section's turn comes.
    """
    stream = Stream(**how)
    for score in sections:
        yield stream.add(score)
    yield stream.end()


class Stream:
    """Sound that goes on, section by section; it can be put down and taken up again.

    Parameters
    ----------
    faders
        By the names of tracks and ambiences.
    """

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel] | None = None,
        instruments: Mapping[str, str] | None = None,
        kit: str = "acoustic",
        ambiences: Mapping[str, Ambience] | None = None,
        faders: Mapping[str, Fader] | None = None,
        master: Master | None = None,
        seed: int = 0,
        sample_rate: int = SAMPLE_RATE,
    ) -> None:
        self.sample_rate = sample_rate
        self._channels, self._instruments, self._kit = channels or {}, instruments or {}, kit
        self._ambiences, self._faders = dict(ambiences or {}), dict(faders or {})
        self._stage = _Stage(sample_rate)
        self._tape = _Tape(master or Master(), sample_rate, seed)
        self._carried: Signal = np.zeros((2, 0), dtype=np.float32)
        self._start = 0

    def add(self, score: Score) -> Signal:
        """Return the sound up to half a second before the end of another section."""
        parts = raw_stems(
            score,
            channels=self._channels,
            instruments=self._instruments,
            kit=self._kit,
            sample_rate=self.sample_rate,
            start=self._start,
        )
        parts = faded(parts, self._faders)
        end = round(score.seconds(score.length or score.end) * self.sample_rate)
        plain = mixed(parts) if parts else np.zeros((2, end), np.float32)
        whole = _over(plain, self._carried)
        length = min(end, whole.shape[1])
        head, self._carried = self._stage.brought(whole[:, :length]), whole[:, length:]
        sound = self._tape.played(self._with_ambience(head))
        self._start += length
        return sound

    def end(self) -> Signal:
        """Return what is left, rung out."""
        rest = self._with_ambience(self._stage.brought(self._carried))
        end_softly(rest, self.sample_rate)
        return self._tape.played(rest, last=True)

    def kept(self) -> dict[str, NDArray[Any]]:
        """Return all that a stream must know to go on, as arrays by name."""
        stage, tape = self._stage, self._tape
        return {
            "start": np.array(self._start), "carried": self._carried,
            "stage": np.array([stage.energy, stage.seconds, stage.gain]),
            "held": tape.held, "tape": np.array([tape.start, tape.done]),
            "loud": np.array(tape.gain),
        }  # fmt: skip

    def go_on(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Go on from where a stream was that has kept this."""
        stage, tape = self._stage, self._tape
        self._start, self._carried = int(kept["start"]), kept["carried"]
        stage.energy, stage.seconds, stage.gain = map(float, kept["stage"])
        tape.held, tape.gain = kept["held"], float(kept["loud"])
        tape.start, tape.done = map(int, kept["tape"])

    def _with_ambience(self, sound: Signal) -> Signal:
        """Return a sound with what is heard beside it."""
        blocks = {
            name: ambience.block(self._start, sound.shape[1])
            for name, ambience in self._ambiences.items()
        }
        for block in faded(blocks, self._faders).values():
            sound += block * np.float32(10 ** ((STAGE_LUFS - LUFS) / 20))
        return sound


class _Stage:
    """Brings what is played to the level of the stage, by the loudness of all that has been."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.energy = 0.0  # times seconds
        self.seconds = 0.0
        self.gain = 0.0  # 0 = nothing has been heard

    def brought(self, sound: Signal) -> Signal:
        """Return the next sound at the stage's level; the gain turns in the first seconds."""
        loud = integrated(sound, self.sample_rate)
        if loud > SILENCE:
            seconds = sound.shape[1] / self.sample_rate
            self.energy += seconds * 10 ** (loud / 10)
            self.seconds += seconds
        if not self.seconds:
            return sound.copy()
        wanted = 10 ** (STAGE_LUFS / 20) / np.sqrt(self.energy / self.seconds)
        turn = min(sound.shape[1], int(TURN_S * self.sample_rate))
        out = sound * np.float32(wanted)
        if self.gain:
            slope = np.linspace(self.gain, wanted, turn, dtype=np.float32)
            out[:, :turn] = sound[:, :turn] * slope
        self.gain = wanted
        return out


class _Tape:
    """The master chain on a sound that comes in pieces."""

    def __init__(self, master: Master, sample_rate: int, seed: int) -> None:
        self.master, self.sample_rate, self.seed = master, sample_rate, seed
        self.held = np.zeros((2, 0), dtype=np.float32)
        self.start = 0  # number of the first sample held
        self.done = 0  # number of the first sample not yet given away
        self.gain = 0.0  # 0 = nothing has been heard

    def played(self, sound: Signal, last: bool = False) -> Signal:
        """Return what can be said for sure after another piece; all that is left at the last."""
        self.held = np.concatenate([self.held, sound], axis=1)
        end = self.start + self.held.shape[1]
        until = end if last else max(self.done, end - int(AHEAD_S * self.sample_rate))
        out = coloured(self.held, self.sample_rate, self.master, seed=self.seed, start=self.start)
        loud = SILENCE if self.gain else integrated(out, self.sample_rate)
        if loud > SILENCE:
            self.gain = 10 ** ((self.master.lufs - loud) / 20)
        out = limited(out * np.float32(self.gain or 1), PEAKS * 10 ** (CEILING_DB / 20))
        given = np.ascontiguousarray(out[:, self.done - self.start : until - self.start])
        keep = max(self.start, (until - BEFORE) // HOP * HOP)
        self.held = self.held[:, keep - self.start :]
        self.start, self.done = keep, until
        return given


def _over(sound: Signal, carried: Signal) -> Signal:
    """Return a sound with another one laid over its beginning; as long as the longer one."""
    whole = np.zeros((2, max(sound.shape[1], carried.shape[1])), dtype=np.float32)
    whole[:, : sound.shape[1]] = sound
    whole[:, : carried.shape[1]] += carried
    return whole
