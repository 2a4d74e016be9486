"""Forms as long as asked for."""

import numpy as np
import pytest

from nokturn.errors import UsageError
from nokturn.music.time import FREE_METER, Meter
from nokturn.production.form import PARTS, Section, bars_of, form_of, loop_of


@pytest.mark.parametrize(
    ("bars", "names"),
    [
        (8, "A"),
        (12, "intro A outro"),
        (24, "intro A A outro"),
        (32, "intro A B A outro"),
        (40, "intro A A B A outro"),
        (56, "intro A A B A break A outro"),
        (80, "intro A A B A break A A B A outro"),
    ],
    ids=lambda value: f"{value} bars" if isinstance(value, int) else "",
)
def test_sections_in_order(bars: int, names: str) -> None:
    found = form_of(bars, np.random.default_rng(1))
    assert " ".join(section.name for section in found) == names


@pytest.mark.parametrize("phrase", [1, 2, 3, 4, 5, 8, 12])
def test_length_within_half_a_section(phrase: int) -> None:
    for bars in range(1, 200):
        found = form_of(bars, np.random.default_rng(bars), phrase=phrase)
        main = next(section for section in found if section.name == "A")
        assert abs(sum(section.bars for section in found) - bars) <= main.bars / 2
        assert len(found) == 1 or all(
            section.bars % phrase == 0 for section in found if section.name in ("A", "B", "break")
        )
        assert all(section.bars > 0 and section.parts <= set(PARTS) for section in found)


def test_minutes_are_bars() -> None:
    assert bars_of(2, 80) == 40
    assert bars_of(1, 90, Meter(6, 8)) == 30
    assert bars_of(0.001, 60) == 1
    assert bars_of(1, 75, Meter(5, 4)) == 15


def test_a_loop_is_one_section() -> None:
    assert loop_of(8) == Section("A", 8, 0.6)


def test_impossible_forms_are_refused() -> None:
    for bars in (0, -1, 10_001):
        with pytest.raises(UsageError, match=f"A form of {bars} bars cannot be made"):
            form_of(bars, np.random.default_rng(0))
    with pytest.raises(UsageError, match="Free meter has no bars"):
        bars_of(1, 80, FREE_METER)


def test_same_seed_same_form() -> None:
    one, two = (form_of(64, np.random.default_rng(5)) for _ in range(2))
    assert one == two
