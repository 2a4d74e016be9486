"""SoundFonts: the program is called rightly, and its absence is said plainly.

A small script stands in for the program; no SoundFont comes with the project.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from nokturn.errors import InputError, LimitError, ResourceError
from nokturn.music.score import Score, Track
from nokturn.rendering.audio.fluidsynth import render_with

SCORE = Score([Track.of([(0, 480, 62, 90)])])
FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")  # of Debian's timgm6mb-soundfont
SCRIPT = """#!{python}
import sys, wave, math, struct
if {fails}:
    sys.exit("no preset")
out, font, midi = sys.argv[-3:]
assert open(midi, "rb").read(4) == b"MThd" and open(font, "rb").read(4) == b"RIFF"
with wave.open(out, "wb") as file:
    file.setparams((2, 2, 44100, 0, "NONE", ""))
    for n in range(44100):
        v = int(3000 * math.sin(n / 20))
        file.writeframesraw(struct.pack("<hh", v, v))
"""


@pytest.fixture
def font(tmp_path):
    path = tmp_path / "small font.sf2"
    path.write_bytes(b"RIFF\0\0\0\0sfbk")
    return path


@pytest.fixture
def program(tmp_path, monkeypatch):
    def make(fails=False):
        path = tmp_path / "fluidsynth"
        path.write_text(SCRIPT.format(python=sys.executable, fails=fails))
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return make


def test_the_sound_of_the_program_is_levelled(font, program):
    program()
    samples = render_with(SCORE, font)
    assert samples.shape == (44100, 2)
    assert samples.dtype == np.float32
    assert 0.1 < np.abs(samples).max() < 0.9


def test_a_failing_program_is_quoted(font, program):
    program(fails=True)
    with pytest.raises(ResourceError, match="fluidsynth failed: no preset"):
        render_with(SCORE, font)


def test_without_program_and_library_it_is_said(font, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    with pytest.raises(ResourceError, match="FluidSynth, which is not installed"):
        render_with(SCORE, font)


@pytest.mark.skipif(
    not FONT.exists() or shutil.which("fluidsynth") is None,
    reason="FluidSynth or a SoundFont of the system's is not here",
)
def test_program_and_library_sound_the_same(monkeypatch, tmp_path):
    pytest.importorskip("fluidsynth", exc_type=ImportError)
    by_program = render_with(SCORE, FONT)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert np.array_equal(render_with(SCORE, FONT), by_program)


def test_a_file_that_is_no_soundfont(tmp_path):
    (tmp_path / "a.sf2").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"a\.sf2: this is no SoundFont"):
        render_with(SCORE, tmp_path / "a.sf2")
    with pytest.raises(InputError, match="cannot read the SoundFont: No such file"):
        render_with(SCORE, tmp_path / "none.sf2")


def test_years_of_sound_are_refused(font):
    with pytest.raises(LimitError, match="the limit for sound is 30"):
        render_with(Score([Track.of([(10**12, 480, 60, 90)])]), font)
