"""The two networks of an adversarial training, and how each learns from the other, step by step.

First the critic learns to tell windows of music from windows that are written, then the model
learns to be taken for music: logistic losses, with a penalty on the critic's slope where music is.
A step follows from the seed and its number alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from nokturn.errors import InputError
from nokturn.models.base import Adversarial
from nokturn.training import schedule
from nokturn.training.optimiser import VECTORS, Pace, Vectors, update
from nokturn.training.settings import TrainingSettings

PACE = 0.1  # of training.learning_rate: two that chase each other must take small steps,
# without momentum (beta1) and decay, which would carry them past each other
PENALISED = 4  # the slope is looked at in every fourth step, and then counts four times


@dataclass(frozen=True)
class Tally:
    """What a step cost."""

    critic: float
    model: float
    slope: float


class Duel:
    """A model and its critic in training.

    Parameters
    ----------
    model
        With its first weights.
    settings
        Of the training.
    music
        The pieces to learn from, each as cells (T, K).
    """

    def __init__(
        self,
        model: Adversarial,
        settings: TrainingSettings,
        music: list[NDArray[np.float32]],
    ) -> None:
        s = model.settings
        self.model, self.settings = model, settings
        self.music = [cells for cells in music if len(cells) >= s.frames]
        if not self.music:
            raise InputError(
                f"No piece is as long as the {s.frames} frames that the critic reads at once.",
                "Give longer pieces, or read less: --set model.frames=16",
            )
        starts = np.array([(len(cells) - s.frames) // s.beat + 1 for cells in self.music])
        self._ends = np.cumsum(starts)  # windows begin with a bar
        frames = sum(len(cells) for cells in self.music)
        self.steps_a_pass: int = max(1, round(frames / (s.frames * s.windows)))
        self.vectors = Vectors(model.weights)
        self.critic = Vectors(type(model).critic(model.inputs, s, settings.seed))
        self._writes, self._reads = (
            {n: view.detach().requires_grad_() for n, view in v.layout.views(v.weights).items()}
            for v in (self.vectors, self.critic)
        )

    def step(self, number: int, steps: int) -> Tally:
        """Let the critic learn, then the model; steps are counted from 0.

        Raises `FloatingPointError` where a gradient is no number any more.
        """
        s, settings = self.model.settings, self.settings
        random = np.random.default_rng([settings.seed, number])
        rate = PACE * settings.learning_rate * min(1.0, (number + 1) / (settings.warm_up + 1))
        memory = schedule.memory(number, steps, settings.ema)
        pace = Pace(
            step=number + 1, rate=rate, beta1=0.0, beta2=settings.beta2, decay=0.0, memory=memory,
            scale=1.0,
        )  # fmt: skip
        music = torch.from_numpy(self.windows(s.windows, random))
        noise = [torch.from_numpy(self.model.noise(s.windows, random)) for _ in range(2)]
        told, slope = self._teach_critic(music, noise[0], number)
        _learn(self.critic, told + slope, self._reads, pace)
        seemed = self.model.judge(self._reads, self.model.imagine(self._writes, noise[1]))
        cost = functional.softplus(-seemed).mean()
        _learn(self.vectors, cost, self._writes, pace)
        return Tally(told.item(), cost.item(), slope.item())

    def _teach_critic(
        self, music: torch.Tensor, noise: torch.Tensor, number: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what the critic's mistakes cost, and the penalty on its slope."""
        s = self.model.settings
        with torch.no_grad():
            written = self.model.imagine(self._writes, noise)
        looked_at = bool(s.penalty) and number % PENALISED == 0
        music = music.requires_grad_(looked_at)
        real = self.model.judge(self._reads, music)
        false = self.model.judge(self._reads, written)
        cost = functional.softplus(-real).mean() + functional.softplus(false).mean()
        if not looked_at:
            return cost, torch.zeros(())
        (slope,) = torch.autograd.grad(real.sum(), music, create_graph=True)
        return cost, s.penalty / 2 * PENALISED * slope.square().sum((1, 2)).mean()

    def windows(self, count: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Draw windows of music that begin with a bar, all alike, (B, T, K)."""
        s = self.model.settings
        drawn = random.integers(0, self._ends[-1], count)
        pieces = np.searchsorted(self._ends, drawn, side="right")
        starts = (self._ends[pieces] - 1 - drawn) * s.beat
        rows = zip(pieces.tolist(), starts.tolist(), strict=True)
        return np.stack([self.music[piece][a : a + s.frames] for piece, a in rows])

    def averaged(self) -> Adversarial:
        """Return the model with the average of its weights."""
        m = self.model
        return type(m)(m.inputs, m.settings, m.weights | self.vectors.averaged())

    def arrays(self) -> dict[str, Any]:
        """Return all that a checkpoint must hold, by name."""
        both = {"model": self.vectors, "critic": self.critic}
        return {
            f"{a}.{n}": getattr(v, n).detach().numpy() for a, v in both.items() for n in VECTORS
        }

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Go to where a checkpoint was made."""
        with torch.no_grad():
            for name, vectors in ("model", self.vectors), ("critic", self.critic):
                for part in VECTORS:
                    getattr(vectors, part).copy_(torch.from_numpy(arrays[f"{name}.{part}"]))


def _learn(
    vectors: Vectors, cost: torch.Tensor, weights: Mapping[str, torch.Tensor], pace: Pace
) -> None:
    """Make a cost smaller by one update."""
    found = torch.autograd.grad(cost, list(weights.values()))
    by_name = dict(zip(weights, found, strict=True))
    gradient = torch.cat([by_name[name].reshape(-1) for name in vectors.layout.names])
    if not math.isfinite(gradient.sum().item()):
        raise FloatingPointError(f"the gradient is no number at step {pace.step - 1}")
    for block in vectors.layout.blocks():
        update(vectors, gradient, block, pace)
