"""What every instrument and every mix must be: in tune, in bounds, dying to silence."""

import numpy as np
import pytest

from nokturn.errors import LimitError
from nokturn.music.score import Score, Track
from nokturn.rendering.audio.blown import Blown
from nokturn.rendering.audio.drums import hit, kit_named
from nokturn.rendering.audio.dynamics import limited
from nokturn.rendering.audio.effects import convolve
from nokturn.rendering.audio.loudness import integrated, true_peak
from nokturn.rendering.audio.mix import SAMPLE_RATE, TAIL, render
from nokturn.rendering.audio.struck import Struck
from nokturn.rendering.audio.synth import INSTRUMENTS, instrument_of
from nokturn.rendering.audio.tones import frequency

REEL = [(i * 240, 240, [62, 66, 69, 74, 71, 69, 67, 66][i % 8], 80) for i in range(64)]


def score_of(rows, program=0, drums=False, **rest):
    return Score([Track.of(rows, program=program, drums=drums)], **rest)


def cents_off(tone, pitch):
    """Return how far the first partial lies from a pitch, by the peak of a long spectrum."""
    size = 1 << 20
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), size))
    f = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    expected = frequency(pitch)
    near = (f > expected * 0.94) & (f < expected * 1.06)
    found = f[near][spectrum[near].argmax()]
    return 1200 * np.log2(found / expected)


@pytest.mark.parametrize("name", sorted(set(INSTRUMENTS) - {"pad"}))
@pytest.mark.parametrize("pitch", [40, 57, 69, 84])
def test_an_instrument_is_in_tune(name, pitch):
    tone = np.atleast_2d(INSTRUMENTS[name].tone(pitch, 90, 2.0, SAMPLE_RATE))[0]
    assert abs(cents_off(tone.astype(float), pitch)) < 3


def test_a_pad_is_in_tune_as_a_whole():
    pad = INSTRUMENTS["pad"]
    assert sum(pad.layers) == 0
    tone = type(pad)(**{**vars(pad), "layers": (0.0,)}).tone(69, 90, 2.0, SAMPLE_RATE)
    assert abs(cents_off(tone.astype(float), 69)) < 3


@pytest.mark.parametrize("program", range(128))
def test_every_program_sounds_and_ends_in_silence(program):
    samples = render(score_of([(0, 480, 60, 90), (480, 480, 67, 40)], program), lufs=None)
    assert samples.dtype == np.float32
    assert samples.shape == (int((1.0 + TAIL) * SAMPLE_RATE), 2)
    assert np.isfinite(samples).all()
    assert 0.01 < np.abs(samples).max() < 1
    assert np.abs(samples[-100:]).max() < 1e-5
    assert np.abs(samples.mean(axis=0)).max() < 1e-3


@pytest.mark.parametrize("pitch", sorted(kit_named("acoustic").drums))
def test_every_drum_sounds_and_dies(pitch):
    tone = hit(pitch, 100, SAMPLE_RATE)
    assert np.isfinite(tone).all()
    assert 0.02 < np.abs(tone).max() < 1.5
    assert np.abs(tone[-20:]).max() < 0.01 * np.abs(tone).max()
    assert abs(tone.mean()) < 1e-4


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_a_harder_touch_is_brighter(name):
    def centroid(velocity):
        tone = np.atleast_2d(INSTRUMENTS[name].tone(55, velocity, 0.5, SAMPLE_RATE))[0]
        power = np.abs(np.fft.rfft(tone)) ** 2
        return (power * np.arange(len(power))).sum() / power.sum()

    assert centroid(120) > centroid(20)


@pytest.mark.parametrize("program", [0, 25, 33, 73, 40, 88, 11])
def test_louder_notes_are_louder(program):
    soft, loud = (
        np.abs(render(score_of([(0, 480, 60, velocity)], program), lufs=None)).max()
        for velocity in (40, 110)
    )
    assert loud > 2 * soft


@pytest.mark.parametrize(
    "name", [name for name, made in sorted(INSTRUMENTS.items()) if isinstance(made, Struck)]
)
def test_a_struck_tone_dies_away(name):
    tone = INSTRUMENTS[name].tone(60, 90, 20.0, SAMPLE_RATE)
    head, tail = tone[:4410], tone[-4410:]
    assert np.sqrt((tail**2).mean()) < 0.01 * np.sqrt((head**2).mean())


@pytest.mark.parametrize("pitch", [40, 57, 69, 81])
@pytest.mark.parametrize(
    "name", [name for name, made in sorted(INSTRUMENTS.items()) if isinstance(made, Blown)]
)
def test_a_held_tone_keeps_its_loudness(name, pitch):
    """Detuned layers beat; they must not cancel one another."""
    tone = INSTRUMENTS[name].tone(pitch, 80, 12.0, SAMPLE_RATE).astype(float)
    swelled = tone[SAMPLE_RATE // 2 :]
    parts = swelled[: len(swelled) // 2205 * 2205].reshape(-1, 2205)
    power = (parts**2).mean(axis=1)
    assert 10 * np.log10(power.max() / power.min()) < 5


@pytest.mark.parametrize("program", [0, 24, 33, 73, 110, 21, 56, 19, 89])
def test_no_click_where_a_note_ends(program):
    samples = render(score_of([(0, 960, 50, 100)], program), lufs=None, reverb=0)[:, 0]
    end = SAMPLE_RATE  # the note ends at one second
    steps = np.abs(np.diff(samples, n=2))
    playing = steps[end - 8000 : end - 200].max()
    assert steps[end - 50 : end + 20000].max() <= 1.2 * playing


@pytest.mark.parametrize(
    "score",
    [
        pytest.param(score_of(REEL, 73), id="flute"),
        pytest.param(score_of(REEL, 110), id="fiddle"),
        pytest.param(score_of(REEL, 0), id="piano"),
        pytest.param(score_of([(0, 480, 60, 1)], 0), id="one-soft-note"),
        pytest.param(score_of([(0, 10, 60, 127), (9600, 10, 60, 127)]), id="two-short-blows"),
        pytest.param(
            score_of([(i * 480, 60, (36, 42, 38, 42)[i % 4], 110) for i in range(32)], drums=True),
            id="drums",
        ),
        pytest.param(
            Score(
                [Track.of([(0, 9600, 40 + k, 127) for k in range(40)], program=p) for p in (0, 88)]
            ),
            id="clusters",
        ),
    ],
)
def test_the_mix_has_its_loudness_and_keeps_below_its_ceiling(score):
    samples = render(score).T
    assert integrated(samples, SAMPLE_RATE) == pytest.approx(-16, abs=1)
    assert 20 * np.log10(true_peak(samples)) <= -1 + 1e-3


def test_a_single_blow_is_as_loud_as_its_peak_allows():
    samples = render(score_of([(0, 120, 76, 127)], drums=True)).T
    assert -30 < integrated(samples, SAMPLE_RATE) <= -16
    assert -1.5 < 20 * np.log10(true_peak(samples)) <= -1 + 1e-3


def test_the_same_score_gives_the_same_samples():
    score = score_of(REEL, 73)
    assert np.array_equal(render(score), render(score))


def test_a_piece_without_notes_is_silence():
    samples = render(Score([Track.of([])], length=1920))
    assert len(samples) == int((2.0 + TAIL) * SAMPLE_RATE)
    assert not samples.any()


def test_the_two_sides_differ_a_little():
    left, right = render(score_of(REEL, 0)).T.astype(float)
    likeness = (left * right).sum() / np.sqrt((left**2).sum() * (right**2).sum())
    assert 0.3 < likeness < 0.99


def test_the_pedal_holds_notes():
    rows = [(0, 240, 60, 90)]
    dry = render(score_of(rows), reverb=0, lufs=None)
    held = Score([Track.of(rows)])
    held.tracks[0].pedal = [(0, True), (1920, False)]
    wet = render(held, reverb=0, lufs=None)
    at = int(1.5 * SAMPLE_RATE)  # the note ends at 0.25 s, the pedal goes up at 2 s
    assert np.abs(dry[at : at + 4410]).max() < 1e-4
    assert np.abs(wet[at : at + 4410]).max() > 1e-2


def test_a_drone_of_a_minute_does_not_stop():
    samples = render(score_of([(0, 480 * 120, 50, 90)], 109), lufs=None)
    seconds = samples[: 60 * SAMPLE_RATE, 0].reshape(60, -1)
    assert np.sqrt((seconds**2).mean(axis=1)).min() > 0.02


def test_years_of_sound_are_refused_before_they_are_made():
    with pytest.raises(LimitError, match=r"lasts 1,000,000 minutes, the limit for sound is 30\."):
        render(score_of([(480 * 120_000_000 - 1, 1, 60, 90)]))


def test_notes_that_never_end_are_refused():
    rows = [(k, 480 * 2000, 60, 90) for k in range(1000)]
    with pytest.raises(LimitError, match="all notes together last 278 hours"):
        render(score_of(rows))


@pytest.mark.parametrize(
    ("program", "name"),
    [(0, "piano"), (4, "electric piano"), (5, "fm piano"), (6, "plucked"),
     (11, "vibraphone"), (24, "nylon guitar"), (25, "plucked"), (32, "bass"),
     (33, "electric bass"), (38, "sub bass"), (40, "fiddle"), (48, "strings pad"), (73, "flute"),
     (78, "flute"), (89, "strings pad"), (90, "pad"), (109, "reed"), (110, "fiddle")],
)  # fmt: skip
def test_programs_play_as_their_families(program, name):
    assert instrument_of(program).name == name


# EBU Tech 3341: a 1 kHz sine in both channels reads its level in dBFS
@pytest.mark.parametrize("rate", [44100, 48000, 22050])
@pytest.mark.parametrize("level", [-23.0, -33.0, -6.0])
def test_a_sine_reads_its_level(rate, level):
    t = np.arange(10 * rate) / rate
    sine = (10 ** (level / 20) * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    assert integrated(np.stack([sine, sine]), rate) == pytest.approx(level, abs=0.1)
    one_side = np.stack([sine, np.zeros_like(sine)])
    assert integrated(one_side, rate) == pytest.approx(level - 3.01, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param([(10, -36), (60, -23), (10, -36)], -23.0, id="3341-case-3"),
        pytest.param([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0, id="case-4"),
        pytest.param([(20, -26), (20.1, -20), (20, -26)], -23.0, id="case-5"),
        pytest.param([(3, -120)], -70.0, id="silence"),
    ],
)
def test_quiet_parts_do_not_count(levels, expected):
    gains = np.concatenate([np.full(int(s * 48000), 10 ** (level / 20)) for s, level in levels])
    t = np.arange(len(gains)) / 48000
    sine = (gains * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    assert integrated(np.stack([sine, sine]), 48000) == pytest.approx(expected, abs=0.1)


def test_k_weighting_is_that_of_the_standard():
    signal = pytest.importorskip("scipy.signal")
    noise = np.random.default_rng(1).standard_normal(48000 * 3).astype(np.float32) * 0.1
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285],
             [1.0, -1.69065929318241, 0.73248077421585])  # fmt: skip
    high = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    weighted = signal.lfilter(*high, signal.lfilter(*shelf, noise))
    expected = -0.691 + 10 * np.log10(np.mean(weighted**2))
    assert integrated(noise[None], 48000) == pytest.approx(expected, abs=0.02)


def test_a_gain_counts_as_if_it_were_applied():
    t = np.arange(48000) / 48000
    sine = (0.1 * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)[None]
    assert integrated(sine, 48000, 4.0) == pytest.approx(integrated(4 * sine, 48000), abs=0.01)


def test_a_peak_between_samples_is_seen():
    t = np.arange(4800)
    sine = np.sin(2 * np.pi * t / 4 + np.pi / 4).astype(np.float32)  # samples at 0.707 only
    assert np.abs(sine).max() < 0.71
    assert true_peak(sine[None]) == pytest.approx(1.0, abs=0.04)


def test_convolution_is_exact():
    rng = np.random.default_rng(2)
    signal = rng.standard_normal((2, 70_001)).astype(np.float32)
    kernel = rng.standard_normal(3000)
    expected = np.stack([np.convolve(row, kernel)[:70_001] for row in signal])
    assert convolve(signal, kernel) == pytest.approx(expected, abs=2e-3)


def test_the_limiter_leaves_no_peak_and_keeps_the_rest():
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    wave = (0.4 * np.sin(2 * np.pi * 220 * t)).astype(np.float32)[None]
    wave[0, 22050:22100] *= 5
    calm = limited(wave, 0.8)
    assert np.abs(calm).max() <= 0.8
    assert np.array_equal(calm[0, :18000], wave[0, :18000])
    assert np.array_equal(calm[0, -18000:], wave[0, -18000:])
