"""What the instruments and the drum kits sound like, in numbers that a musician would check."""

import numpy as np
import pytest

from nokturn.errors import UsageError
from nokturn.music.score import Score, Track
from nokturn.rendering.audio.drums import (
    KITS,
    VARIATIONS,
    drum_of,
    hit,
    kit_named,
    sounding,
    turns,
)
from nokturn.rendering.audio.loudness import integrated
from nokturn.rendering.audio.mix import SAMPLE_RATE, render
from nokturn.rendering.audio.synth import INSTRUMENTS, instrument_named
from nokturn.rendering.audio.tones import frequency

# name, lowest and highest pitch, and where the centre of its spectrum may lie over the
# fundamental of its middle pitch, softly played to loudly played
SET = [
    ("piano", 24, 96, 1.1, 4.0),
    ("felt piano", 24, 96, 1.0, 2.2),
    ("electric piano", 28, 96, 1.0, 2.8),
    ("fm piano", 28, 96, 1.0, 2.8),
    ("nylon guitar", 40, 84, 1.0, 2.8),
    ("vibraphone", 53, 89, 0.98, 1.5),
    ("flute", 60, 93, 1.0, 2.2),
    ("strings pad", 36, 88, 1.1, 3.5),
    ("electric bass", 28, 55, 1.0, 3.5),
    ("sub bass", 24, 48, 0.98, 1.3),
]
NAMES = [row[0] for row in SET]
CORE = [36, 37, 38, 39, 42, 44, 46, 45, 49, 51, 70]  # kick ... shaker


def sound(name, pitch, velocity, seconds):
    """Return the middle of an instrument's stereo picture."""
    tone = instrument_named(name).tone(pitch, velocity, seconds, SAMPLE_RATE)
    return np.atleast_2d(tone).mean(axis=0).astype(float)


def centroid(tone):
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)))) ** 2
    return (power * np.fft.rfftfreq(len(tone), 1 / SAMPLE_RATE)).sum() / power.sum()


@pytest.mark.parametrize(("name", "low", "high"), [row[:3] for row in SET])
def test_an_instrument_is_in_tune_over_its_range(name, low, high):
    """By the phase that a tone gains against a sine of its pitch."""
    for pitch in range(low, high + 1, 6):
        tone = sound(name, pitch, 70, 2.2)[int(0.15 * SAMPLE_RATE) :]
        turning = tone * np.exp(-2j * np.pi * frequency(pitch) * np.arange(len(tone)) / SAMPLE_RATE)
        windows = np.lib.stride_tricks.sliding_window_view(turning, 8192)[::512]
        near = windows @ np.hanning(8192)
        weights = np.abs(near[1:] * near[:-1])
        drift = (weights * np.angle(near[1:] / near[:-1])).sum() / weights.sum()
        hertz = drift / (2 * np.pi) * SAMPLE_RATE / 512
        assert abs(1200 * np.log2(1 + hertz / frequency(pitch))) < 3, pitch


@pytest.mark.parametrize(("name", "low", "high"), [row[:3] for row in SET])
@pytest.mark.parametrize("velocity", [1, 64, 127])
def test_a_tone_is_clean(name, low, high, velocity):
    for pitch in (low, (low + high) // 2, high):
        tone = instrument_named(name).tone(pitch, velocity, 1.0, SAMPLE_RATE)
        assert tone.dtype == np.float32
        assert np.isfinite(tone).all()
        assert 0.05 < np.abs(tone).max() < 1
        assert np.abs(tone.mean(axis=-1)).max() < 2e-3
        assert np.abs(tone[..., 0]).max() < 0.02  # it begins without a click


@pytest.mark.parametrize(("name", "low", "high", "darkest", "brightest"), SET)
def test_an_instrument_has_its_colour(name, low, high, darkest, brightest):
    pitch = (low + high) // 2
    soft, loud = (
        centroid(sound(name, pitch, velocity, 0.5)) / frequency(pitch) for velocity in (30, 120)
    )
    assert darkest <= soft < loud <= brightest


def test_instruments_are_equally_loud():
    loud = {}
    for name, low, high, *_ in SET:
        tone = instrument_named(name).tone((low + high) // 2, 80, 1.0, SAMPLE_RATE)
        sides = np.broadcast_to(np.atleast_2d(tone), (2, tone.shape[-1]))
        loud[name] = integrated(np.ascontiguousarray(sides), SAMPLE_RATE)
    assert max(loud.values()) - min(loud.values()) < 4, loud


@pytest.mark.parametrize("name", NAMES)
def test_a_short_note_is_as_loud_as_the_beginning_of_a_long_one(name):
    count = int(0.05 * SAMPLE_RATE)
    short, long = (sound(name, 48, 80, seconds)[:count] for seconds in (0.05, 1.5))
    ratio = np.sqrt((short**2).sum() / (long**2).sum())
    assert 20 * np.log10(ratio) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("name", ["electric piano", "fm piano", "nylon guitar", "vibraphone"])
def test_what_is_struck_dies_away_and_loses_its_treble(name):
    tone = sound(name, 60, 110, 12.0)
    head, tail = tone[: SAMPLE_RATE // 4], tone[-SAMPLE_RATE // 4 :]
    assert np.sqrt((tail**2).mean()) < 0.01 * np.sqrt((head**2).mean())
    later = tone[SAMPLE_RATE * 3 // 2 : SAMPLE_RATE * 7 // 4]
    assert centroid(later) < centroid(head)


def test_a_hard_touch_makes_the_electric_piano_bark():
    """The second harmonic over the first, in dB."""

    def bark(velocity):
        tone = sound("electric piano", 48, velocity, 0.5)
        spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
        f = np.fft.rfftfreq(len(tone), 1 / SAMPLE_RATE)
        first, second = (spectrum[np.abs(f - n * frequency(48)) < 20].max() for n in (1, 2))
        return 20 * np.log10(second / first)

    assert bark(120) > bark(40) + 6


def test_the_motor_of_a_vibraphone_turns_on_beneath_the_notes():
    """A quarter of a turn after its beginning one note is loudest; half a turn later, softest."""
    half_turn = round(960 * 0.5 / INSTRUMENTS["vibraphone"].motor_hz)  # ticks at 120

    def heard(onset):
        score = Score([Track.of([(onset, 960, 69, 80)], "Vibes", 11)], tempos=[(0, 120.0)])
        begins = round(onset / 960 * SAMPLE_RATE)
        near = render(score, reverb=0, lufs=None)[begins + 2200 : begins + 2600]
        return np.sqrt((near**2).mean())

    assert heard(0) / heard(half_turn) == pytest.approx(1 / (1 - 0.45), rel=0.05)


def test_a_section_of_strings_is_wide_and_whole_in_mono():
    left, right = instrument_named("strings pad").tone(57, 80, 6.0, SAMPLE_RATE).astype(float)
    likeness = np.corrcoef(left, right)[0, 1]
    assert 0.4 < likeness < 0.95
    steady = ((left + right) / 2)[SAMPLE_RATE:]
    power = (steady[: len(steady) // 2205 * 2205].reshape(-1, 2205) ** 2).mean(axis=1)
    assert 10 * np.log10(power.max() / power.min()) < 6


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_the_same_tone_is_the_same_bytes(name):
    first, second = (INSTRUMENTS[name].tone(61, 77, 0.6, SAMPLE_RATE) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("written", ["felt piano", "Felt Piano", "felt_piano", " felt-piano "])
def test_an_instrument_is_found_by_its_name(written):
    assert instrument_named(written).name == "felt piano"


def test_a_misspelt_instrument_gets_a_hint():
    with pytest.raises(UsageError, match=r"no instrument named 'fleet'.*Did you mean flute\?"):
        instrument_named("fleet")


def test_a_misspelt_kit_gets_a_hint():
    with pytest.raises(UsageError, match=r"no drum kit named 'lo-fi'\..*Did you mean lofi\?"):
        hit(36, 100, SAMPLE_RATE, "lo-fi")


@pytest.mark.parametrize("kit", sorted(KITS))
@pytest.mark.parametrize("pitch", CORE)
def test_a_drum_of_any_kit_is_clean_and_dies(kit, pitch):
    for velocity in (1, 127):
        tone = hit(pitch, velocity, SAMPLE_RATE, kit)
        assert np.isfinite(tone).all()
        assert 0.02 < np.abs(tone).max() < 1.2
        assert np.abs(tone[-20:]).max() < 0.01 * np.abs(tone).max()
        assert abs(tone.mean()) < 1e-4


@pytest.mark.parametrize("kit", sorted(KITS))
def test_a_kit_is_in_balance(kit):
    """A kick above a snare above a hat, and none of them lost."""
    loud = {}
    for name, pitch in (("kick", 36), ("snare", 38), ("hat", 42)):
        tone = hit(pitch, 110, SAMPLE_RATE, kit)
        block = np.zeros(SAMPLE_RATE // 10, dtype=np.float32)
        block[: min(len(tone), len(block))] = tone[: len(block)]
        loud[name] = integrated(block[None], SAMPLE_RATE)
    assert loud["kick"] > loud["snare"] > loud["hat"] > loud["kick"] - 20


@pytest.mark.parametrize("kit", sorted(KITS))
@pytest.mark.parametrize("pitch", [36, 38, 42, 46, 49, 70])
def test_a_harder_hit_is_brighter(kit, pitch):
    soft, hard = (centroid(hit(pitch, velocity, SAMPLE_RATE, kit)) for velocity in (25, 120))
    assert hard > soft


@pytest.mark.parametrize("kit", sorted(KITS))
def test_a_kick_has_its_body_between_45_and_65_hertz(kit):
    tone = hit(36, 100, SAMPLE_RATE, kit)[SAMPLE_RATE // 20 :]
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 1 << 17))
    assert 45 < spectrum.argmax() * SAMPLE_RATE / (1 << 17) < 65


def test_the_kit_off_a_record_has_no_treble():
    for pitch in CORE:
        tone = hit(pitch, 120, SAMPLE_RATE, "lofi")
        power = np.abs(np.fft.rfft(tone)) ** 2
        f = np.fft.rfftfreq(len(tone), 1 / SAMPLE_RATE)
        assert power[f > 10_500].sum() < 0.01 * power.sum()


@pytest.mark.parametrize("kit", sorted(KITS))
def test_the_same_drum_differs_a_little_from_hit_to_hit(kit):
    tones = [hit(42, 100, SAMPLE_RATE, kit, nth) for nth in range(VARIATIONS + 1)]
    assert tones[0].tobytes() == tones[VARIATIONS].tobytes()
    assert tones[0].tobytes() == hit(42, 100, SAMPLE_RATE, kit).tobytes()
    centres = [centroid(tone) for tone in tones[:VARIATIONS]]
    assert len({tone.tobytes() for tone in tones}) == VARIATIONS
    assert max(centres) < 1.25 * min(centres)


def test_variations_are_played_in_turn():
    assert turns(np.array([42, 36, 42, 42, 36, 42, 42])).tolist() == [0, 0, 1, 2, 1, 3, 0]


@pytest.mark.parametrize("kit", sorted(KITS))
@pytest.mark.parametrize(
    ("starts", "pitches", "seconds"),
    [
        pytest.param([0, 1], [46, 42], [1, np.inf], id="closed-chokes-open"),
        pytest.param([0, 1], [46, 44], [1, np.inf], id="pedal-chokes-open"),
        pytest.param([0, 1], [46, 36], [np.inf, np.inf], id="kick-does-not"),
        pytest.param([0, 0], [46, 42], [np.inf, np.inf], id="both-at-once"),
        pytest.param([0, 1, 2], [46, 36, 46], [2, np.inf, np.inf], id="open-again"),
        pytest.param([], [], [], id="nothing"),
    ],
)
def test_hats_choke_one_another(kit, starts, pitches, seconds):
    free = sounding(np.array(starts, dtype=float), np.array(pitches, dtype=np.int64), kit)
    assert free.tolist() == seconds


def test_a_closed_hat_silences_the_open_one_in_the_mix():
    rows = [(0, 120, 46, 120), (240, 120, 42, 1)]
    alone, choked = (
        render(Score([Track.of(rows[:n], drums=True)]), lufs=None, reverb=0)[:, 0] for n in (1, 2)
    )
    after = slice(int(0.3 * SAMPLE_RATE), int(0.5 * SAMPLE_RATE))  # it is closed at 0.25 s
    assert np.abs(choked[after]).max() < 0.05 * np.abs(alone[after]).max()


def test_pitches_beyond_the_kit_are_its_nearest_drums():
    assert drum_of(0, "lofi").name == "kick"
    assert len(kit_named("lofi").drums) >= 47
