"""Every effect against the obvious slow loop, and what all effects promise."""

from itertools import pairwise

import numpy as np
import pytest

from nokturn.errors import UsageError
from nokturn.rendering.audio.dynamics import compressed, ducked
from nokturn.rendering.audio.effects import CONTROL, convolve, delayed, drawn, turned
from nokturn.rendering.audio.filters import (
    HOP,
    high_pass,
    low_pass,
    sweep_times,
    swept,
)
from nokturn.rendering.audio.modulation import chorused, tremolo
from nokturn.rendering.audio.space import echoes, plate, room, widened
from nokturn.rendering.audio.tape import crushed, held, saturated, wobbled

RATE = 44_100
NOISE = (0.2 * np.random.default_rng(3).standard_normal((2, 70_001))).astype(np.float32)
KICKS = np.array([100, 20_000, 21_000, 60_000])


def sine(hz, seconds=1.0, level=0.5):
    wave = level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    return np.stack([wave, wave]).astype(np.float32)


def level_db(signal, hz):
    """Return how strong a frequency is in the middle of a signal, 0 = a sine of amplitude 1."""
    middle = signal[0, len(signal[0]) // 4 : -len(signal[0]) // 4].astype(float)
    t = np.arange(len(middle)) / RATE
    window = np.hanning(len(middle))
    turn = (middle * window * np.exp(-2j * np.pi * hz * t)).sum()
    return 20 * np.log10(2 * np.abs(turn) / window.sum() + 1e-12)


EFFECTS = {
    "low-pass": lambda x: convolve(x, low_pass(RATE, 3000)),
    "high-pass": lambda x: convolve(x, high_pass(RATE, 100)),
    "moving low-pass": lambda x: swept(x, RATE, 3000 + 900 * sweep_times(x.shape[1], RATE)),
    "wow": lambda x: wobbled(x, RATE, seed=1),
    "saturation": lambda x: saturated(x, 2.0),
    "crush": lambda x: crushed(x, 8),
    "hold": lambda x: held(x, RATE, 11_025),
    "chorus": lambda x: chorused(x, RATE),
    "tremolo": lambda x: tremolo(x, RATE, pan=True),
    "room": lambda x: convolve(x, room(RATE)),
    "plate": lambda x: convolve(x, plate(RATE)),
    "echoes": lambda x: convolve(x, echoes(RATE, 0.3)),
    "compressor": lambda x: compressed(x, RATE),
    "ducking": lambda x: ducked(x, RATE, KICKS),
    "width": lambda x: widened(x, 1.4),
}
OFF = {
    "low-pass": lambda x: convolve(x, low_pass(RATE, 22_000)),
    "high-pass": lambda x: convolve(x, high_pass(RATE, 0)),
    "wow": lambda x: wobbled(x, RATE, wow_cents=0, flutter_cents=0),
    "saturation": lambda x: saturated(x, 0),
    "crush": lambda x: crushed(x, 16),
    "hold": lambda x: held(x, RATE, RATE),
    "chorus": lambda x: chorused(x, RATE, mix=0),
    "tremolo": lambda x: tremolo(x, RATE, depth=0),
    "compressor": lambda x: compressed(x, RATE, ratio=1),
    "ducking": lambda x: ducked(x, RATE, KICKS, depth_db=0),
    "ducking by nothing": lambda x: ducked(x, RATE, KICKS[:0]),
    "width": lambda x: widened(x, 1),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_keeps_shape_type_and_what_it_is_given(name):
    given = NOISE.copy()
    once, again = EFFECTS[name](given), EFFECTS[name](given)
    assert np.array_equal(given, NOISE)
    assert np.array_equal(once, again)
    assert (once.shape, once.dtype) == (NOISE.shape, np.float32)
    assert np.isfinite(once).all()
    assert np.abs(once.mean(axis=1)).max() < 3e-3
    assert 0.1 < once.std() / NOISE.std() < 3
    assert not np.array_equal(once[0], once[1])


@pytest.mark.parametrize("name", EFFECTS)
def test_silence_stays_silent(name):
    assert not EFFECTS[name](np.zeros((2, 30_000), dtype=np.float32)).any()


@pytest.mark.parametrize("name", OFF)
def test_an_effect_that_is_off_changes_nothing(name):
    assert OFF[name](NOISE) == pytest.approx(NOISE, abs=1e-6)


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("length", [0, 1, 63, 5000])
def test_short_signals_are_no_trouble(name, length):
    assert EFFECTS[name](NOISE[:, :length]).shape == (2, length)


# a second-order filter as a loop, with the cookbook's coefficients written out
def biquad(b, a, x):
    y = np.zeros(len(x))
    for n in range(len(x)):
        y[n] = b[0] * x[n]
        for k in (1, 2):
            if n >= k:
                y[n] += b[k] * x[n - k] - a[k] * y[n - k]
        y[n] /= a[0]
    return y


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        pytest.param(low_pass(RATE, 1200), "low", id="low-pass"),
        pytest.param(high_pass(RATE, 1200), "high", id="high-pass"),
    ],
)
def test_a_filter_is_the_recursion_of_the_cookbook(kernel, kind):
    turn = 2 * np.pi * 1200 / RATE
    c, alpha = np.cos(turn), np.sin(turn) / 2**0.5
    coefficients = {
        "low": ([(1 - c) / 2, 1 - c, (1 - c) / 2], [1 + alpha, -2 * c, 1 - alpha]),
        "high": ([(1 + c) / 2, -1 - c, (1 + c) / 2], [1 + alpha, -2 * c, 1 - alpha]),
    }
    x = NOISE[0, :3000].astype(float)
    expected = biquad(*coefficients[kind], x)
    assert convolve(NOISE[:1, :3000], kernel)[0] == pytest.approx(expected, abs=1e-4)


def test_a_low_pass_that_stands_still_is_a_low_pass():
    still = swept(NOISE, RATE, np.full(NOISE.shape[1] // HOP + 2, 2000.0))
    assert still == pytest.approx(convolve(NOISE, low_pass(RATE, 2000)), abs=1e-5)


def test_a_low_pass_opens():
    length = 6 * HOP
    tone = sine(6000, length / RATE)
    opening = swept(tone, RATE, np.geomspace(500, 16_000, length // HOP + 2))
    early, late = opening[:, : 2 * HOP], opening[:, 4 * HOP :]
    assert late.std() > 10 * early.std()


def test_lines_between_control_values():
    line = drawn(np.array([0.0, 64.0, 0.0]), 0, 129)
    assert line.tolist() == [*range(64), *range(64, -1, -1)]


def test_a_moving_gain_is_a_product():
    gains = np.linspace(0, 1, 70_001 // CONTROL + 2)
    expected = NOISE * np.interp(np.arange(70_001), CONTROL * np.arange(len(gains)), gains)
    assert turned(NOISE, gains) == pytest.approx(expected, abs=1e-6)


def test_a_whole_delay_moves_samples():
    late = delayed(NOISE, np.full(70_001 // CONTROL + 2, 7.0))
    assert late[:, 7:] == pytest.approx(NOISE[:, :-7], abs=1e-6)
    assert not late[:, :7].any()


def test_a_delay_between_samples_is_a_shifted_sine():
    tone = sine(440)
    late = delayed(tone, np.full(RATE // CONTROL + 2, 10.3))
    t = (np.arange(RATE) - 10.3) / RATE
    expected = 0.5 * np.sin(2 * np.pi * 440 * t)
    assert late[0, 20:-20] == pytest.approx(expected[20:-20], abs=1e-5)


def test_wow_bends_the_pitch_as_far_as_it_says_and_keeps_the_beat():
    hz = 1000
    tone = sine(hz, 6.0)
    bent = wobbled(tone, RATE, wow_cents=30, flutter_cents=0, seed=5)[0].astype(float)
    spectrum = np.fft.fft(bent)
    spectrum[len(spectrum) // 2 :] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))[2000:-2000]
    late_s = (2 * np.pi * hz * np.arange(2000, len(bent) - 2000) / RATE - phase) / (2 * np.pi * hz)
    late_s -= np.round(late_s.mean() * hz) / hz
    cents = 1200 * np.log2(np.diff(phase[::100]) * RATE / 100 / (2 * np.pi * hz))
    assert 15 < np.abs(cents).max() < 31
    assert np.abs(late_s - late_s.mean()).max() < 0.005  # no beat is 5 ms off


def test_saturation_is_a_curve_with_little_folding():
    soft = saturated(sine(440, level=0.01), 2.0)
    assert level_db(soft, 440) == pytest.approx(-40, abs=0.05)
    loud = saturated(sine(5000, level=0.9), 4.0)
    assert np.abs(loud).max() < 0.29
    plain = np.tanh(4 * sine(5000, level=0.9)) / 4
    folded = RATE - 7 * 5000  # where the seventh harmonic comes back
    assert level_db(plain, folded) - level_db(loud, folded) > 20
    assert level_db(loud, 15_000) == pytest.approx(level_db(plain, 15_000), abs=1)


def test_crushed_sound_has_few_values():
    assert len(np.unique(crushed(np.clip(NOISE, -1, 1), 4))) <= 17


def test_held_samples_stand_until_the_next():
    steps = held(np.arange(12, dtype=np.float32)[None], 40, 10)
    assert steps.tolist() == [[0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8]]


def test_held_samples_of_a_loop_come_round():
    around = np.tile(NOISE[:, :1000], 2)
    steps = held(around, RATE, 7000, period_s=1000 / RATE)
    assert np.array_equal(steps[:, :1000], steps[:, 1000:])


def test_held_samples_of_a_piece_are_those_of_the_whole():
    whole, piece = held(NOISE, RATE, 7000), held(NOISE[:, 500:], RATE, 7000, start=500)
    assert np.array_equal(whole[:, 510:], piece[:, 10:])


def test_the_compressor_is_its_recursion():
    x = (NOISE[:, :20_000] * np.linspace(0, 3, 20_000)).astype(np.float32)
    settings = {"threshold_db": -20, "ratio": 4, "attack_s": 0.02, "release_s": 0.2}
    blocks = [x[:, k : k + CONTROL] for k in range(0, 20_000, CONTROL)]
    level, gain, gains = -300.0, 0.0, []
    keep = np.exp(-CONTROL / (0.02 * RATE))
    for block in blocks:
        now = 10 * np.log10((block.astype(float) ** 2).mean() + 1e-12)
        level = max(now, level - 10 * CONTROL / (0.2 * RATE))
        over = np.clip(level + 20 + 3, 0, None)
        over = over**2 / 12 if over < 6 else over - 3
        gain = keep * gain - (1 - keep) * over * 0.75
        gains.append(10 ** (gain / 20))
    whole = 300 * CONTROL
    expected = x[:, :whole] * np.interp(np.arange(whole), CONTROL * np.arange(len(gains)), gains)
    assert compressed(x, RATE, **settings)[:, :whole] == pytest.approx(expected, abs=2e-4)


def test_the_loud_is_turned_down_by_the_ratio():
    loud = compressed(sine(440, 2.0, 0.5), RATE, threshold_db=-29, ratio=2)
    assert level_db(loud, 440) == pytest.approx(-6 - 10, abs=0.5)  # 20 dB over: 10 remain


def test_music_dips_at_the_kick_and_comes_back():
    ones = np.ones((2, RATE), dtype=np.float32)
    dip = ducked(ones, RATE, np.array([10_000]), depth_db=6, attack_s=0.008, release_s=0.2)[0]
    assert dip[:9_900].min() == 1
    assert dip.min() == pytest.approx(10 ** (-6 / 20), abs=0.02)
    assert 10_000 < dip.argmin() < 10_000 + 0.02 * RATE
    assert dip[10_000 + int(0.22 * RATE) :].min() > 0.999


@pytest.mark.parametrize("make", [room, plate])
def test_a_reverb_dies_away_and_its_sides_differ(make):
    kernel = make(RATE).astype(float)
    assert (kernel**2).sum(axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert abs((kernel[0] * kernel[1]).sum()) < 0.1
    tail = kernel[:, -RATE // 10 :]
    assert (tail**2).sum() < 1e-5
    assert np.abs(kernel.sum(axis=1)).max() < 0.2  # hardly any bass below hearing


def test_echoes_come_in_time_from_both_sides_ever_softer():
    kernel = np.abs(echoes(RATE, 0.25, feedback=0.5))
    step = round(0.25 * RATE)
    peaks = [kernel[:, k * step : (k + 1) * step].max(axis=1) for k in range(1, 5)]
    sides = [int(peak.argmax()) for peak in peaks]
    assert sides == [0, 1, 0, 1]
    assert not kernel[:, :step].any()
    assert all(later.max() < 0.6 * sooner.max() for sooner, later in pairwise(peaks))
    early = kernel[:, step : 2 * step].max(axis=0)
    assert early.argmax() < 40


def test_echoes_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"echoes every 9 s .* Ask for 0\.02 to 2 s"):
        echoes(RATE, 9)


def test_width_zero_is_mono_and_width_keeps_the_middle():
    mono = widened(NOISE, 0)
    assert np.array_equal(mono[0], mono[1])
    assert widened(NOISE, 2).sum(axis=0) == pytest.approx(NOISE.sum(axis=0), abs=1e-5)


@pytest.mark.parametrize("move", [chorused, tremolo, wobbled])
def test_a_period_makes_the_movement_come_round(move):
    count = 2 * RATE
    loop = np.tile(sine(440, 2.0), 3)
    moved = move(loop, RATE, period_s=2.0)
    assert moved[:, count : 2 * count - 3000] == pytest.approx(
        moved[:, 2 * count : 3 * count - 3000], abs=2e-3
    )


@pytest.mark.parametrize("move", [chorused, tremolo, wobbled])
def test_a_piece_moves_as_the_whole_does(move):
    start = 320 * CONTROL
    whole, piece = move(NOISE, RATE), move(NOISE[:, start:], RATE, start=start)
    assert piece[:, 3000:] == pytest.approx(whole[:, start + 3000 :], abs=1e-5)
