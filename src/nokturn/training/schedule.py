"""How fast to learn at each step: warm-up, then a cosine down to nothing; and the budget.

>>> [round(rate(step, 100, peak=1.0, warm_up=10), 3) for step in (0, 9, 10, 55, 99)]
[0.1, 1.0, 1.0, 0.5, 0.0]

Older systems stay at the peak. Then the last updates shake the weights as much as the first, and
what is learned by heart has a limit; a trapezoid stays for four fifths of the run, and falls:

>>> [rate(step, 100, peak=1.0, warm_up=10, shape="constant") for step in (0, 9, 55, 99)]
[0.1, 1.0, 1.0, 1.0]
>>> [rate(step, 100, peak=1.0, warm_up=10, shape="trapezoid") for step in (0, 9, 55, 80, 90, 100)]
[0.1, 1.0, 1.0, 1.0, 0.5, 0.0]

Source: Haegele et al., 'Scaling Laws and Compute-Optimal Training Beyond Fixed Training
Durations', 2024, arXiv:2405.18392, for the trapezoid.
"""

from __future__ import annotations

import math
from typing import Literal

FALL = 0.2  # of the run, in which a trapezoid falls
Shape = Literal["cosine", "constant", "trapezoid"]


def rate(step: int, steps: int, *, peak: float, warm_up: int, shape: Shape = "cosine") -> float:
    """Return the learning rate at a step, counted from 0, of so many steps."""
    warm_up = min(warm_up, max(1, steps // 10))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    if shape == "constant":
        return peak
    if shape == "trapezoid":
        return peak * min(1.0, max(0, steps - step) / (FALL * max(1, steps)))
    done = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return peak * 0.5 * (1 + math.cos(math.pi * done))


def memory(step: int, steps: int, longest: float) -> float:
    """Return how much the average of the weights keeps at a step: less while all is new.

    A short run averages over a twentieth of its length at most.
    """
    return min(longest, max(0.0, 1 - 20 / max(1, steps)), (1 + step) / (10 + step))
