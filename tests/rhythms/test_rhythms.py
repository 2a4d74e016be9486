"""Ways to make a rhythm: Euclid's, random cells, rules of meter; and what all of them promise."""

import numpy as np
import pytest
from pydantic import ValidationError

from nokturn import registry
from nokturn.errors import InputError
from nokturn.music.accents import syncopation, weights
from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.rhythms.cells import Cells, CellSettings
from nokturn.rhythms.euclid import Euclid, EuclidSettings, pattern
from nokturn.rhythms.metrical import Metrical, MetricalSettings

METERS = [Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 4), Meter(7, 8), Meter(2, 2)]


def signs(hits):
    return "".join(".x"[hit] for hit in hits)


def seeded(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", registry.names("rhythms"))
@pytest.mark.parametrize("meter", METERS, ids=str)
def test_every_way_fills_its_bars_and_repeats_itself_with_its_seed(name, meter):
    kind = registry.find("rhythms", name)
    made = [kind(kind.settings_class()).make(3, seeded(7), meter=meter) for _ in range(2)]
    rhythm = made[0]
    assert rhythm.length == 3 * meter.bar_ticks
    assert len(rhythm) >= 1
    assert (np.diff(rhythm.onsets) > 0).all()
    assert (rhythm.durations >= 1).all()
    assert (rhythm.onsets + rhythm.durations <= rhythm.length).all()
    assert 1 <= rhythm.velocities.min() <= rhythm.velocities.max() <= 127
    assert made[1].onsets.tolist() == rhythm.onsets.tolist()
    assert made[1].durations.tolist() == rhythm.durations.tolist()


# The worked examples of G3, and traditional ones from Toussaint's table.
@pytest.mark.parametrize(
    ("onsets", "steps", "expected"),
    [
        pytest.param(3, 9, "x..x..x..", id="worked example 9"),
        pytest.param(5, 13, "x..x.x..x.x..", id="worked example 13"),
        pytest.param(3, 8, "x..x..x.", id="tresillo"),
        pytest.param(5, 8, "x.xx.xx.", id="cinquillo"),
        pytest.param(2, 5, "x.x..", id="khafif-e-ramal"),
        pytest.param(7, 16, "x..x.x.x..x.x.x.", id="samba"),
        pytest.param(4, 4, "xxxx", id="all"),
        pytest.param(0, 4, "....", id="none"),
    ],
)
def test_patterns_of_euclid(onsets, steps, expected):
    assert signs(pattern(onsets, steps)) == expected


def bjorklund(onsets, steps):
    """Return the pattern as Bjorklund's paper builds it, by counts and remainders."""
    counts, remainders, divisor, level = [], [onsets], steps - onsets, 0
    while True:
        counts.append(divisor // remainders[level])
        remainders.append(divisor % remainders[level])
        divisor, level = remainders[level], level + 1
        if remainders[level] <= 1:
            break
    counts.append(divisor)
    row = []

    def build(depth):
        if depth == -1:
            row.append(False)
        elif depth == -2:
            row.append(True)
        else:
            for _ in range(counts[depth]):
                build(depth - 1)
            if remainders[depth]:
                build(depth - 2)

    build(level)
    return row


def test_all_pairs_up_to_32_are_bjorklunds_up_to_rotation():
    for steps in range(1, 33):
        for onsets in range(1, steps + 1):
            ours = signs(pattern(onsets, steps))
            theirs = signs(bjorklund(onsets, steps))
            assert len(theirs) == steps
            assert theirs in ours + ours, (onsets, steps)


def test_rotation_turns_to_the_left():
    assert signs(pattern(3, 8, 3)) == "x..x.x.."
    assert pattern(3, 8, 8) == pattern(3, 8)


def test_three_against_four_divide_one_bar():
    settings = EuclidSettings(onsets=3, steps=3, layers=((4, 4, 0),), step="bar")
    three, four = Euclid(settings).layers(1, seeded())
    assert three.onsets.tolist() == [0, 640, 1280]
    assert four.onsets.tolist() == [0, 480, 960, 1440]
    assert len(Euclid(settings).make(1, seeded())) == 6  # they meet once


def test_ranges_are_drawn_within_their_bounds():
    settings = EuclidSettings(onsets=(3, 5), steps=8, rotation=(0, 7))
    counts = {len(Euclid(settings).layers(1, seeded(s))[0].over(960)) for s in range(40)}
    assert counts == {3, 4, 5}


def test_accents_are_spread_too():
    rhythm = Euclid(EuclidSettings(onsets=4, steps=16, accents=2)).make(1, seeded())
    assert (rhythm.velocities > 100).tolist() == [True, False, True, False]


def setting(kind, message, **values):
    return pytest.param(kind, values, message, id=" ".join(values))


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        setting(EuclidSettings, "5 onsets do not fit into 4 steps", layers=[(5, 4, 0)]),
        setting(EuclidSettings, "steps are 1 to 128", steps=0),
        setting(EuclidSettings, "the lower one first", onsets=(8, 3)),
        setting(EuclidSettings, "'1/0' is no note value; expected one like 1/16", step="1/0"),
        setting(EuclidSettings, "Extra inputs", beats=3),
        setting(CellSettings, "two numbers between 1 and 64, the lower one first", notes=(5, 2)),
        setting(CellSettings, "expected quarters between 1/16 and 16", offsets=(0,)),
        setting(CellSettings, "expected quarters between 0 and 16", extensions=(-1,)),
        setting(MetricalSettings, "finite number", density=float("nan")),
    ],
)
def test_settings_that_cannot_be(kind, settings, message):
    with pytest.raises(ValidationError, match=message):
        kind(**settings)


def test_cells_have_the_sizes_and_steps_of_the_table():
    settings = CellSettings(repeats=(2, 2), notes=(3, 3), extensions=(0,))
    rhythm = Cells(settings).make(64, seeded(3))
    steps = np.diff(rhythm.onsets) / 480
    assert set(steps) == {0.5, 1.0, 1.5}
    assert steps[:3].tolist() == steps[3:6].tolist()
    assert (rhythm.velocities[:6] > 90).tolist() == [True, False, False] * 2
    assert abs((steps == 0.5).mean() - 0.6) < 0.15


def test_whole_cells_begin_on_beats():
    rhythm = Cells(CellSettings(whole=True)).make(32, seeded(4))
    assert (rhythm.onsets[rhythm.velocities > 90] % 480 == 0).all()


def test_more_syncopation_is_more_syncopated():
    means = []
    for amount in (0.0, 0.5, 1.0):
        way = Metrical(MetricalSettings(syncopation=amount))
        means.append(np.mean([syncopation(way.make(8, seeded(s))) for s in range(20)]))
    assert means[0] < 0.1 < means[1] < means[2]


@pytest.mark.parametrize("density", [0.2, 0.5, 0.9])
def test_density_is_the_share_of_steps(density):
    way = Metrical(MetricalSettings(density=density, cadence=False))
    assert len(way.make(16, seeded())) / 256 == pytest.approx(density, abs=0.04)


def test_a_phrase_comes_to_rest_on_a_strong_beat():
    rhythm = Metrical(MetricalSettings(syncopation=0.8)).make(8, seeded(1))
    for end in (4 * 1920, 8 * 1920):
        last = rhythm.onsets[rhythm.onsets < end][-1]
        assert weights(COMMON_TIME)[last % 1920 // 120] >= 3


def test_the_syncopation_of_known_rhythms():
    straight = Rhythm.of([(k * 480, 480, 80) for k in range(4)], 1920)
    clave = Rhythm.of([(at * 120, 120, 80) for at in (0, 3, 6, 10, 12)], 1920)
    assert syncopation(straight) == 0
    assert syncopation(clave) > 0.5


def test_pitches_are_given_to_onsets_in_turn():
    rhythm = Rhythm.of([(0, 240, 80), (480, 240, 70), (960, 240, 60)], 1920)
    notes = rhythm.played([(60, 64), (67,)])
    assert notes["pitch"].tolist() == [60, 64, 67, 60, 64]
    assert notes["onset"].tolist() == [0, 0, 480, 960, 960]
    with pytest.raises(InputError, match="no pitches"):
        rhythm.played([()])


def test_a_rhythm_is_read_from_notes():
    notes = Rhythm.of([(0, 100, 80), (480, 240, 70)], 960).played([(60, 64), (67,)])
    again = Rhythm.of_notes(notes, 960)
    assert again.onsets.tolist() == [0, 480]
    assert again.velocities.tolist() == [80, 70]
