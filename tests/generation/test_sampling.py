"""What the sampling filters keep, and that draws follow the distribution."""

import numpy as np
import pytest
from pydantic import ValidationError

from nokturn.generation.sampling import Sampling, draw, probabilities

LOGITS = np.log(np.array([0.5, 0.25, 0.15, 0.1], dtype=np.float32))


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        pytest.param({"temperature": 1}, [0.5, 0.25, 0.15, 0.1], id="all of it"),
        pytest.param({"temperature": 1, "top_k": 2}, [2 / 3, 1 / 3, 0, 0], id="top-k 2"),
        pytest.param({"temperature": 1, "top_p": 0.6}, [2 / 3, 1 / 3, 0, 0], id="top-p 0.6"),
        pytest.param({"temperature": 1, "top_p": 0.01}, [1, 0, 0, 0], id="top-p keeps one"),
        pytest.param({"temperature": 1, "min_p": 0.45}, [2 / 3, 1 / 3, 0, 0], id="min-p 0.45"),
        pytest.param({"temperature": 0.05}, [1, 0, 0, 0], id="nearly greedy"),
        pytest.param(
            {"temperature": 0.5}, np.square([0.5, 0.25, 0.15, 0.1]) / 0.345, id="temperature 1/2"
        ),
    ],
)
def test_filters(settings: dict[str, float], kept: list[float]) -> None:
    assert probabilities(LOGITS, Sampling(**settings)) == pytest.approx(kept, abs=1e-5)


def test_banned_symbols_leave_room_for_others() -> None:
    p = probabilities(LOGITS, Sampling(temperature=1, top_k=1), banned={0})
    assert p == pytest.approx([0, 1, 0, 0])


def test_nothing_is_left_when_all_is_banned() -> None:
    assert probabilities(LOGITS, Sampling(), banned=range(4)).sum() == 0


def test_draws_follow_the_distribution() -> None:
    generator = np.random.default_rng(1)
    p = probabilities(LOGITS, Sampling(temperature=1))
    counts = np.bincount([draw(p, generator) for _ in range(20_000)], minlength=4)
    assert counts / 20_000 == pytest.approx(p, abs=0.015)


def test_a_symbol_of_probability_zero_is_never_drawn() -> None:
    class Last:
        def random(self) -> float:
            return np.nextafter(1.0, 0.0)

    assert draw(np.array([0.5, 0.5, 0.0]), Last()) == 1


@pytest.mark.parametrize("settings", [{"temperature": float("nan")}, {"top_p": 0}, {"top_k": -1}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Sampling(**settings)
