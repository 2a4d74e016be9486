"""Bars that add up, and those that do not."""

from __future__ import annotations

import pytest

from nokturn.formats._abc_reader import read_tune
from nokturn.music.bars import bar_faults, numbered_bars


@pytest.mark.parametrize(
    ("body", "faults", "bars"),
    [
        pytest.param("c6|d6|", [], 2, id="full bars"),
        pytest.param("c|d6|e5|", [], 2, id="pickup and the bar it completes"),
        pytest.param("c|d6|e5:|f|g6|a5:|", [], 4, id="each section with its pickup"),
        pytest.param("c6|d3:|e3|f6|", [], 3, id="a repeat sign in mid-bar"),
        pytest.param("c|d6|1e5:|2e5|]", [], 3, id="endings"),
        pytest.param("c6|d7|e6|", [1], 3, id="too long"),
        pytest.param("c6|d5|e6|", [1], 3, id="too short"),
        pytest.param("c6|[M:9/8]d9|", [], 2, id="meter change"),
        pytest.param("c6|[M:none]d9|e|", [], 3, id="free meter"),
        pytest.param("", [], 0, id="headers alone"),
    ],
)
def test_faults(body: str, faults: list[int], bars: int) -> None:
    sheet = read_tune(f"X:1\nM:6/8\nL:1/8\nK:C\n{body}\n").sheet
    assert [fault.bar for fault in bar_faults(sheet)] == faults
    assert numbered_bars(sheet) == bars


def test_a_fault_in_words() -> None:
    sheet = read_tune("X:1\nM:6/8\nL:1/8\nK:C\nc6|d7|\n").sheet
    assert bar_faults(sheet)[0].text == "holds 7/8 but the meter is 6/8."
