"""What the chart of a training shows."""

import re
from xml.etree import ElementTree as ET

import pytest

from nokturn.rendering.charts import loss_png, loss_svg, ticks


def row(epoch, train, valid, bits=None):
    return {
        "epoch": epoch, "train_nats": train, "valid_nats": valid, "bits_per_character": bits,
    }  # fmt: skip


RUN = [
    row(0, None, 4.3, 6.2),
    row(1, 2.5, 1.6, 2.3),
    row(2, 1.4, 1.2, 1.7),
    row(3, 1.1, 1.3, 1.9),
]


def texts(svg):
    return [
        element.text or "" for element in ET.fromstring(svg).iter() if element.tag[-4:] == "text"
    ]


def curves(svg):
    return [len(points.split()) for points in re.findall(r'polyline points="([^"]+)"', svg)]


def test_both_curves_are_drawn_and_named():
    svg = loss_svg(RUN, title="tunes & airs")
    assert {"tunes & airs", "training", "held out", "epoch", "nats a symbol"} <= set(texts(svg))
    assert curves(svg) == [3, 3]


def test_the_best_epoch_is_told_and_marked():
    svg = loss_svg(RUN)
    words = "best held out: epoch 2, 1.200 nats a symbol · 1.700 bits a character · untrained 4.30"
    assert words in texts(svg)
    x, y = re.search(r'circle cx="([\d.]+)" cy="([\d.]+)" r="4.5"', svg).groups()
    assert f"{x},{y}" in svg


def test_curves_differ_in_more_than_colour():
    drawn = re.findall(r"<polyline[^>]+>", loss_svg(RUN))
    assert sum("dasharray" in line for line in drawn) == 1


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], [], id="nothing-yet"),
        pytest.param(RUN[:1], [1], id="untrained"),
        pytest.param(RUN[:2], [1, 2], id="one-epoch"),
        pytest.param([row(k, 2 - k / 9, None) for k in range(1, 9)], [8], id="nothing-held-out"),
        pytest.param([*RUN, row(4, float("nan"), float("inf"))], [3, 3], id="diverged"),
        pytest.param([row(1, 1.0, 1.0), row(2, 1.0, 1.0)], [2, 2], id="flat"),
    ],
)
def test_every_state_of_a_run_has_a_picture(rows, expected):
    svg = loss_svg(rows)
    assert curves(svg) == expected
    assert not re.search(r"nan|inf\b", svg)
    assert loss_png(rows).startswith(b"\x89PNG")


def test_names_at_the_ends_of_curves_do_not_touch():
    svg = loss_svg([row(1, 2.0, 2.0), row(2, 1.001, 1.0)])
    heights = [float(y) for y in re.findall(r'x="562.0" y="([\d.]+)"', svg)]
    assert len(heights) == 2
    assert abs(heights[0] - heights[1]) >= 14


@pytest.mark.parametrize(
    ("low", "high", "step"), [(0, 1, 0), (0.94, 2.61, 0), (1, 2, 1), (1, 500, 1), (3, 3.001, 0)]
)
def test_ticks_are_few_and_inside(low, high, step):
    found = ticks(low, high, step)
    assert 1 <= len(found) <= 8
    assert low - 1e-6 <= found[0] <= found[-1] <= high + 1e-6
