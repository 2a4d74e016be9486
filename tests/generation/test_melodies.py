"""Melodies and progressions drawn from the built-in models of lo-fi."""

import numpy as np
import pytest

from nokturn.errors import InputError, UsageError
from nokturn.generation.melody import drawn_melody
from nokturn.generation.progression import drawn_progression
from nokturn.models._file import ModelFile
from nokturn.music.chord_tones import tones
from nokturn.music.harmony import parse, pitch_class
from nokturn.music.pitch import Key
from nokturn.music.rhythm import Rhythm
from nokturn.music.time import FREE_METER, Meter
from nokturn.music.voicing import Played
from nokturn.training import runs

METERS = [Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 4)]


@pytest.fixture(scope="module")
def melodist():
    return ModelFile.load(runs.BUILT_IN / "lofi-melody.safetensors")


@pytest.fixture(scope="module")
def harmonist():
    return ModelFile.load(runs.BUILT_IN / "lofi-chords.safetensors")


def chords(text, meter):
    return [Played(parse(word), int(meter.bar_ticks)) for word in text.split()]


def sung(file, seed=1, text="Fm9 Bbm9 Eb13 Abmaj9", key="Fm", meter=METERS[0], bars=8, **wishes):
    return drawn_melody(
        file, chords(text, meter), key=Key.parse(key), bars=bars, meter=meter,
        rng=np.random.default_rng(seed), **wishes,
    )  # fmt: skip


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_a_melody_fits_its_chords_and_its_range(melodist, meter):
    for seed in range(3):
        notes = sung(melodist, seed, meter=meter)
        assert len(notes) > 8
        assert notes["pitch"].min() >= 60
        assert notes["pitch"].max() <= 84
        assert (notes["onset"][1:] >= notes["onset"][:-1] + notes["duration"][:-1]).all()
        assert (notes["onset"] + notes["duration"]).max() <= 8 * int(meter.bar_ticks)
        assert (notes["onset"] % 120 == 0).all()
        row = chords("Fm9 Bbm9 Eb13 Abmaj9", meter)
        for onset, _, pitch, _ in notes[notes["onset"] % int(meter.bar_ticks) == 0].tolist():
            chord = row[onset // int(meter.bar_ticks) % 4].harmony
            inside = {(pitch_class(chord.root) + size) % 12 for _, size in tones(chord.quality)}
            assert pitch % 12 in inside


def test_a_phrase_comes_back(melodist):
    notes = sung(melodist, 4)
    bars = [(notes["onset"][notes["onset"] // 1920 == bar] % 1920).tolist() for bar in (0, 2, 6)]
    assert bars[0] == bars[1] == bars[2]


def test_a_rhythm_is_kept(melodist):
    rhythm = Rhythm.of([(0, 720, 80), (720, 240, 80), (1440, 480, 80)], 1920)
    notes = sung(melodist, rhythm=rhythm)
    assert (notes["onset"] % 1920).tolist() == [0, 720, 1440] * 8
    assert notes["duration"].tolist() == [720, 240, 480] * 8


def test_a_theme_is_varied(melodist):
    theme = sung(melodist, 5)
    varied = sung(melodist, 6, theme=theme)
    first = [notes["onset"][notes["onset"] < 1920].tolist() for notes in (theme, varied)]
    assert first[0] == first[1]
    assert theme.tolist() != varied.tolist()


def test_the_same_seed_sings_the_same(melodist):
    assert sung(melodist, 7).tolist() == sung(melodist, 7).tolist()
    assert sung(melodist, 7).tolist() != sung(melodist, 8).tolist()


@pytest.mark.parametrize(
    ("wishes", "error", "match"),
    [
        ({"meter": Meter(17, 8)}, UsageError, "knows no 17/8"),
        ({"bars": 65}, UsageError, "melody of 65 bars"),
        ({"text": ""}, InputError, "no chords to sing over"),
    ],
    ids=["a meter without a sign", "too long", "no chords"],
)
def test_what_cannot_be_sung(melodist, wishes, error, match):
    with pytest.raises(error, match=match):
        sung(melodist, **wishes)


def test_another_model_is_refused(melodist, harmonist):
    with pytest.raises(UsageError, match="writes chords, not melodies"):
        sung(harmonist)
    with pytest.raises(UsageError, match="writes melody_over_chords, not chords"):
        drawn_progression(melodist, key=Key(), rng=np.random.default_rng(1))


@pytest.mark.parametrize("meter", METERS, ids=str)
@pytest.mark.parametrize("key", ["C", "Fm"])
def test_a_progression_is_a_circle_of_whole_bars(harmonist, key, meter):
    for seed in range(2):
        rng = np.random.default_rng(seed)
        found = drawn_progression(harmonist, key=Key.parse(key), rng=rng, meter=meter)
        assert sum(chord.duration for chord in found) == 4 * int(meter.bar_ticks)
        assert max(chord.duration for chord in found) <= 2 * int(meter.bar_ticks)
        assert found[0].harmony != found[-1].harmony
        assert len({chord.harmony for chord in found}) >= 3


def test_in_minor_no_chord_has_the_major_third(harmonist):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        for chord, _ in drawn_progression(harmonist, key=Key.parse("Am"), rng=rng):
            sizes = {size for _, size in tones(chord.quality)}
            assert 1 not in {(pitch_class(chord.root) + size) % 12 for size in sizes}


def test_the_same_seed_draws_the_same_chords(harmonist):
    made = [drawn_progression(harmonist, key=Key(), rng=np.random.default_rng(3)) for _ in "ab"]
    assert made[0] == made[1]


def test_free_meter_has_no_bars(harmonist):
    rng = np.random.default_rng(1)
    with pytest.raises(UsageError, match="4 bars in meter none cannot"):
        drawn_progression(harmonist, key=Key(), rng=rng, meter=FREE_METER)
