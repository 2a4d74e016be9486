"""True peaks where they can be, and Ogg pages that are the same each time."""

import io

import numpy as np
import pytest
import soundfile

from nokturn.rendering.audio._cores import at_once
from nokturn.rendering.audio._ogg import checksum, numbered
from nokturn.rendering.audio.loudness import TAPS, _phases, true_peak


def slowly(signal):
    """Return the true peak by working out every value between samples."""
    peak = np.abs(signal).max()
    for channel in signal:
        padded = np.pad(channel, TAPS - 1)
        for taps in _phases():
            peak = max(peak, np.abs(np.convolve(padded, taps, "valid")).max())
    return peak


def sine(phase, count=999):
    return np.sin(np.arange(count) * np.pi / 2 + phase)[None]


@pytest.mark.parametrize(
    "signal",
    [
        pytest.param(np.random.default_rng(1).standard_normal((2, 70_001)), id="noise"),
        pytest.param(sine(np.pi / 4), id="a sine whose peaks lie between samples"),
        pytest.param(np.tile([1.0, 1, -1, -1], 9)[None], id="a few samples"),
        pytest.param(np.eye(2, 40, 39), id="a click at the end"),
        pytest.param(np.concatenate([0.2 * sine(1.0), sine(2.0, 64)], axis=1), id="loud at last"),
        pytest.param(np.zeros((2, 100)), id="silence"),
    ],
)
def test_true_peaks_are_those_of_working_out_everything(signal):
    signal = signal.astype(np.float32)
    assert true_peak(signal) == pytest.approx(slowly(signal), rel=1e-5)


def ogg(seconds=3):
    rng, buffer = np.random.default_rng(2), io.BytesIO()
    sound = 0.1 * rng.standard_normal((44_100 * seconds, 2))
    soundfile.write(buffer, sound, 44_100, format="OGG", subtype="VORBIS")
    return buffer.getvalue()


def test_the_checksum_is_the_one_that_pages_have():
    data = ogg(1)
    end = 27 + data[26] + sum(data[27 : 27 + data[26]])
    page = data[:22] + bytes(4) + data[26:end]
    assert checksum(page) == int.from_bytes(data[22:26], "little")


def test_an_ogg_file_with_another_number_is_whole_and_sounds_the_same():
    data = ogg()
    again = numbered(data)
    assert len(again) == len(data)
    assert numbered(again) == again
    heard, before = (soundfile.read(io.BytesIO(one))[0] for one in (again, data))
    assert np.array_equal(heard, before)


def test_jobs_keep_their_order_and_the_first_error_is_raised():
    assert list(at_once(lambda n: n * n, [3, 1, 2])) == [9, 1, 4]
    with pytest.raises(ZeroDivisionError):
        list(at_once(lambda n: 1 // n, [1, 0, 2]))
