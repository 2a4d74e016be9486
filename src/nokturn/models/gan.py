"""GAN: two networks that chase each other. One writes frames from noise, one tells them from music.

    phrase noise (every 16 frames), frame noise, place in the bar  ->  LSTM  ->  notes of each frame
    32 frames of music, 32 frames written  ->  convolutions over time  ->  which is which?

The writer never sees a note of music: it learns what makes the critic take its frames for some. So
it has no likelihood; what it writes is judged by statistics. The loss is the logistic one with a
penalty on the critic's slope where music is (R1), which keeps the chase from running away. Notes
are on or off in what the critic reads, with the gradient of the network's chances (straight
through). The critic reads keys, onsets, pitch classes and intervals, so that what it learns of a
chord holds in every key, and how much the windows of a batch differ, so that writing one thing
again and again gives itself away.

The writer hears nothing: a primer is written before what it plays, never taken up. Drawing symbols
is certain but for the seed, which draws the noise; the temperature changes nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.models._frames import LayoutSettings
from nokturn.models._sizes import drawn, width_of
from nokturn.models._stepped import stepped
from nokturn.models.base import BOUNDARY_ID, Adversarial, Inputs, Stream, Weights

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]
SIZES = {"tiny": 48, "small": 128, "medium": 192, "large": 320}
NEXT, ELSE, NEVER = 100.0, 50.0, -100.0  # logits: what comes, what comes if that is forbidden
LENGTHS = 16  # quantiles of the lengths of pieces
LAYER = "layer.0"


class GanSettings(LayoutSettings):
    """Settings of the two networks. The encoding fills in how symbols make frames."""

    width: int = Field(default=128, ge=4, le=1024)  # of the writer's LSTM
    critic: int = Field(default=96, ge=4, le=1024)  # features of the critic
    frames: int = Field(default=32, ge=8, le=256)  # that the critic reads at once
    phrase: int = Field(default=16, ge=1, le=256)  # frames that share their phrase noise
    phrase_noise: int = Field(default=32, ge=1, le=256)  # numbers drawn for each phrase
    frame_noise: int = Field(default=16, ge=1, le=256)  # numbers drawn for each frame
    windows: int = Field(default=48, ge=2, le=1024)  # of music, and written, in each step
    penalty: float = Field(default=1.0, ge=0, le=1000)  # on the slope of the critic where music is


class Gan(Adversarial):
    """A writer of frames and, while it learns, a critic."""

    settings_class = GanSettings
    settings: GanSettings
    whole_pieces: ClassVar[bool] = True
    source: ClassVar[str] = (
        "Goodfellow et al. 2014, arXiv:1406.2661; Mescheder et al., 'Which Training Methods for "
        "GANs do actually Converge?', 2018, arXiv:1801.04406; Dong and Yang, 'Convolutional GANs "
        "with Binary Neurons for Polyphonic Music Generation', 2018, arXiv:1804.09399"
    )

    @classmethod
    def sized(cls, size: str | int, characters: int) -> GanSettings:
        """Return settings for a size; see `Model.sized`."""
        width = width_of(size, characters, SIZES)
        return GanSettings(width=width, critic=max(4, 3 * width // 4))

    @classmethod
    def shapes(cls, inputs: Inputs, settings: GanSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of the writer's weights, and of the lengths of pieces."""
        gates, s = 4 * settings.width, settings
        noise = s.phrase_noise + s.frame_noise + s.beat
        said = _columns(s) * _rows(inputs, s) + (s.voices if _rests(s) else 0)
        return {
            f"{LAYER}.input": (gates, noise),
            f"{LAYER}.recurrent": (gates, s.width),
            f"{LAYER}.input_bias": (gates,),
            f"{LAYER}.recurrent_bias": (gates,),
            "output": (said, s.width),
            "output_bias": (said,),
            "lengths": (LENGTHS,),
        }

    @classmethod
    def untrained(cls, inputs: Inputs, settings: GanSettings, seed: int) -> Gan:
        """Return a model with random weights."""
        weights: dict[str, Any] = drawn(np.random.default_rng(seed), cls.shapes(inputs, settings))
        weights["output"] *= 4  # loud enough that noise decides which notes sound
        weights["lengths"] = np.full(LENGTHS, settings.frames, dtype=np.int64)
        return cls(inputs, settings, weights)

    def primed(
        self, pieces: Iterable[NDArray[np.int64]], sides: Iterable[NDArray[np.uint8]] = ()
    ) -> Gan:
        """Return the model with the lengths of pieces, and notes about as frequent as theirs."""
        frames = [self.cells(piece) for piece in pieces]
        lengths = np.quantile([len(part) for part in frames], np.linspace(0, 1, LENGTHS))
        weights = self.weights | {"lengths": np.maximum(1, np.rint(lengths)).astype(np.int64)}
        if not self.settings.voices > 1 and self.settings.separator:
            share = np.concatenate(frames).mean(0).clip(0.02, 0.98)
            weights["output_bias"] = np.log(share / (1 - share)).astype(np.float32)
        return Gan(self.inputs, self.settings, weights)

    # -- training --------------------------------------------------------------------------------

    @classmethod
    def critic(cls, inputs: Inputs, settings: GanSettings, seed: int) -> Weights:
        """Return the first weights of the critic; see `Adversarial.critic`."""
        from nokturn.models import _critic

        shapes = _critic.shapes(
            _columns(settings), _rows(inputs, settings), settings.critic, settings.frames
        )
        return _critic.first(shapes, seed)

    def cells(self, ids: NDArray[np.int64]) -> Floats:
        """Return which notes sound in each frame of a piece; see `Adversarial.cells`."""
        s, rows = self.settings, _rows(self.inputs, self.settings)
        symbols = ids[ids != BOUNDARY_ID]
        if s.separator:
            ends = symbols == s.separator
            frame, place = np.cumsum(ends) - ends, symbols - s.first
            count, known = int(ends.sum()), ~ends
        else:
            where = np.arange(len(symbols))
            frame, count = where // s.voices, len(symbols) // s.voices
            place = (where % s.voices) * (_columns(s) // s.voices) * rows + symbols - s.first
            known = symbols >= s.first
        known = known & (frame < count)
        cells = np.zeros((count, _columns(s) * rows), dtype=np.float32)
        cells[frame[known], place[known]] = 1
        return cells

    def noise(self, count: int, random: np.random.Generator) -> Floats:
        """Return what so many windows are written from; see `Adversarial.noise`."""
        s = self.settings
        length = s.phrase + s.frames  # the first phrase only warms up
        phrases = random.standard_normal((count, -(-length // s.phrase), s.phrase_noise))
        each = random.standard_normal((count, length, s.frame_noise))
        beat = np.eye(s.beat)[(np.arange(length) - s.phrase) % s.beat]
        parts = [
            np.repeat(phrases, s.phrase, axis=1)[:, :length], each,
            np.broadcast_to(beat, (count, *beat.shape)),
        ]  # fmt: skip
        return np.concatenate(parts, axis=-1, dtype=np.float32)

    def imagine(self, weights: Mapping[str, torch.Tensor], noise: torch.Tensor) -> torch.Tensor:
        """Return the windows that noise becomes; see `Adversarial.imagine`."""
        from nokturn.models import _critic, _layers

        s = self.settings
        y, _ = _layers.recur("lstm", weights, LAYER, noise.transpose(0, 1), None)
        y = y[s.phrase :].transpose(0, 1)
        said = _layers.linear(y, weights["output"], weights["output_bias"])
        if s.separator:
            return _critic.switched(said)
        rows = said.view(*said.shape[:2], s.voices, -1)
        return _critic.chosen(rows, rests=_rests(s)).flatten(-2)

    def judge(self, critic: Mapping[str, torch.Tensor], cells: torch.Tensor) -> torch.Tensor:
        """Return how much windows seem music; see `Adversarial.judge`."""
        from nokturn.models import _critic

        columns = _columns(self.settings)
        return _critic.judge(critic, cells.view(*cells.shape[:2], columns, -1))

    # -- writing ---------------------------------------------------------------------------------

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V): certain of what it writes itself, whatever is fed."""
        return stepped(self, ids), ()

    def stream(self) -> Stream:
        """Return a stream that has written nothing yet, of noise that is always the same."""
        return Writing(self, 0)

    def begin(self, random: np.random.Generator) -> Stream:
        """Return a stream that writes from noise drawn anew; see `Model.begin`."""
        return Writing(self, int(random.integers(2**31)))

    def symbols(self, said: Floats) -> list[int]:
        """Return the symbols of a frame from what the LSTM's output says of it."""
        s = self.settings
        if not s.separator:
            first = s.first - _rests(s)
            return [first + int(place) for place in said.reshape(s.voices, -1).argmax(1)]
        sounds = (said > 0).reshape(s.kinds, s.pitches)
        pitches = np.flatnonzero(sounds.any(0))[::-1]
        kind = s.kinds - 1 - sounds[::-1, pitches].argmax(0)  # struck counts more than held
        return [*(s.first + kind * s.pitches + pitches).tolist(), s.separator]


def _columns(settings: GanSettings) -> int:
    """Return how many rows of pitches a frame has: of each voice, each kind."""
    return settings.kinds * (1 if settings.separator else settings.voices)


def _rows(inputs: Inputs, settings: GanSettings) -> int:
    """Return the pitches of a column; without pitches, all symbols but the boundary."""
    return settings.pitches or inputs.symbols - settings.first


def _rests(settings: GanSettings) -> bool:
    """Whether a voice may have none of its pitches."""
    return bool(settings.pitches) and not settings.separator


class Writing(Stream):
    """The writer, frame by frame; what is read only says where in the frame it is."""

    def __init__(self, model: Gan, seed: int) -> None:
        self.model = model
        self._seed = seed
        self._begin()

    def _begin(self) -> None:
        s = self.model.settings
        self._random = np.random.default_rng(self._seed)
        self.length = int(self._random.choice(self.model.weights["lengths"]))
        self.h = self.c = np.zeros(s.width, dtype=np.float32)
        self.number = -s.phrase  # of the frame; those before 0 warm up
        while self.number <= 0:
            self._advance()

    def _advance(self) -> None:
        """Write the next frame."""
        s, w = self.model.settings, self.model.weights
        if self.number % s.phrase == 0:
            self.phrase = self._random.standard_normal(s.phrase_noise)
        each = self._random.standard_normal(s.frame_noise)
        beat = np.eye(s.beat)[self.number % s.beat]
        x = np.concatenate([self.phrase, each, beat], dtype=np.float32)
        gates = w[f"{LAYER}.input"] @ x + w[f"{LAYER}.recurrent"] @ self.h
        gates += w[f"{LAYER}.input_bias"] + w[f"{LAYER}.recurrent_bias"]
        enter, keep, new, show = np.split(gates, 4)
        self.c = _sigmoid(keep) * self.c + _sigmoid(enter) * np.tanh(new)
        self.h = _sigmoid(show) * np.tanh(self.c)
        self.frame = self.model.symbols(w["output"] @ self.h + w["output_bias"])
        self.read = 0
        self.number += 1

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Floats:
        """Read a symbol; return logits (V,) that are certain of what comes next."""
        s = self.model.settings
        if symbol == BOUNDARY_ID:
            self._begin()
        elif symbol == s.separator:
            self._advance()
        else:
            self.read += 1
            if not s.separator and self.read == s.voices:
                self._advance()
            elif s.separator:  # of the frame, what lies below the note that was read
                pitch = (symbol - s.first) % s.pitches
                notes = self.frame[:-1]
                below = [n for n in notes if (n - s.first) % s.pitches < pitch]
                self.frame = [*below, s.separator]
        logits = np.full(self.model.inputs.symbols, NEVER, dtype=np.float32)
        logits[self.frame[0 if s.separator else self.read]] = ELSE
        ended = self.number > self.length and not self.read
        if not ended:
            logits += (NEXT - ELSE) * (logits == ELSE)
        else:
            logits[BOUNDARY_ID] = NEXT
        return logits

    def copy(self) -> Writing:
        """Return a stream that has written the same and goes its own way from here."""
        twin = Writing.__new__(Writing)
        twin.__dict__.update(self.__dict__)
        twin._random = copy.deepcopy(self._random)
        return twin


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(np.tanh(x / 2) / 2 + 0.5, dtype=np.float32)
