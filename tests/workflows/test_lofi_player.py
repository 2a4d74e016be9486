"""Endless lo-fi through somebody else's program."""

import sys

import numpy as np
import pytest

from nokturn.errors import ResourceError
from nokturn.workflows import lofi_stream


@pytest.mark.parametrize("frames", [1000, 200_000], ids=["less than the pipe holds", "more"])
def test_a_player_that_stops_is_named(frames, monkeypatch):
    monkeypatch.setattr(lofi_stream, "PLAYERS", ((sys.executable, "-c", "pass"),))
    blocks = iter([np.zeros((frames, 2), dtype=np.int16)] * 50)
    with pytest.raises(ResourceError, match="stopped playing"):
        lofi_stream.play(blocks)
