"""Sound is the same on any number of cores."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nokturn.rendering.audio import _cores

# One sound made by the main thread, then two at once.
TRACK = """
import hashlib
from nokturn.music.score import Score, Track
from nokturn.rendering.audio.mix import render
from nokturn.rendering.audio.stems import stems
chords = [(960 * beat, 900, pitch, 90) for beat in range(2) for pitch in (41, 57, 60, 64)]
names = {"Rhodes": 4, "Piano": 0, "Bass": 33}
tracks = [Track.of(chords, name, program) for name, program in names.items()]
score = Score(tracks, [(0, 80.0)])
for sound in (render(score), *stems(score).values()):
    print(hashlib.sha256(sound.tobytes()).hexdigest())
"""


def sound_by(threads: int) -> str:
    """Return the digests of a short track, made by a process of its own."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    told = subprocess.run(
        [sys.executable, "-c", TRACK],
        env=os.environ | dict.fromkeys(names, str(threads)),
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


@pytest.mark.skipif(_cores.cores() < 2, reason="one core has one thread")
def test_one_thread_and_four_make_the_same_sound():
    assert sound_by(1) == sound_by(4)


def test_products_made_at_once_take_one_thread_each_and_give_the_others_back():
    libraries = _cores._libraries()
    rng = np.random.default_rng(1)
    left = rng.random((84, 160), dtype=np.float32)
    right = rng.random((160, 256), dtype=np.float32)
    before = libraries.info()
    with libraries.limit(limits=1):
        expected = left @ right
    _cores.on_one_core(left, right)
    with ThreadPoolExecutor(2) as pool:
        for product in pool.map(lambda _: _cores.on_one_core(left, right), range(200)):
            assert np.array_equal(product, expected)
    assert libraries.info() == before


def test_a_product_of_wrong_shapes_gives_the_threads_back_too():
    before = _cores._libraries().info()
    with pytest.raises(ValueError, match="matmul"):
        _cores.on_one_core(np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32))
    assert _cores._libraries().info() == before
    assert not _cores._TURN.locked()
