"""Interpretation: what styles do to notes, and that bars stay bars."""

import numpy as np
import pytest

from nokturn.errors import InputError, UsageError
from nokturn.music.instruments import RANGES, program_of
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.production.instrumentation import instrumented
from nokturn.production.interpretation import STYLES, Profile, Style, interpreted, style_named


def scale(program=0, *, beats=32, low=60, name="Melody"):
    """Return even quarters on the notes of a scale, eight bars of 4/4."""
    notes = [(k * 480, 480, low + (0, 2, 4, 5, 7, 9, 11, 12)[k % 8], 80) for k in range(beats)]
    return Track.of(notes, name, program)


def score(*tracks, meter=None):
    return Score(list(tracks) or [scale()], tempos=[(0, 100.0)], meters=[(0, meter or Meter(4, 4))])


def played(style, given=None, *, seed=1, profile=None):
    return interpreted(given or score(), style, np.random.default_rng(seed), profile=profile)


def test_mechanical_is_what_stands_there():
    given = score()
    after = played(STYLES["mechanical"], given)
    assert after.tracks[0].notes.tolist() == given.tracks[0].notes.tolist()
    assert after.tempos == given.tempos


def test_a_phrase_swells_towards_its_middle():
    velocity = played(Style(phrase=4, dynamics=40)).tracks[0].notes["velocity"][:16]
    assert velocity.argmax() in (7, 8)
    assert velocity.max() - velocity[0] == 40


@pytest.mark.parametrize(("meter", "loud"), [(Meter(4, 4), [0, 2]), (Meter(3, 4), [0])], ids=str)
def test_strong_beats_are_louder(meter, loud):
    velocity = played(Style(accents=20), score(meter=meter)).tracks[0].notes["velocity"]
    bar = velocity[: meter.numerator].tolist()
    assert sorted(range(len(bar)), key=lambda k: -bar[k])[: len(loud)] == loud


def test_rubato_gives_and_takes_but_the_whole_lasts_as_long():
    given = score()
    after = played(Style(rubato=0.2, phrase=4), given)
    tempos = [qpm for _, qpm in after.tempos]
    assert max(tempos) > 110
    assert min(tempos) < 85
    assert after.seconds(after.end) == pytest.approx(given.seconds(given.end), rel=0.05)
    assert after.tracks[0].notes["onset"].tolist() == given.tracks[0].notes["onset"].tolist()


def test_the_last_bar_slows_down():
    tempos = dict(played(Style(ending=0.5)).tempos)
    assert tempos[0] == 100
    assert tempos[31 * 480] < 65


def test_a_longer_articulation_never_runs_into_the_same_pitch():
    same = Track.of([(k * 480, 480, 60, 80) for k in range(4)])
    assert played(Style(articulation=1.3), score(same)).tracks[0].notes["duration"][:3].max() == 480
    assert played(Style(articulation=0.5), score(same)).tracks[0].notes["duration"].max() == 240


def test_the_pedal_is_changed_with_the_bar_and_only_on_pianos():
    after = played(Style(pedal="bar"), score(scale(0), scale(73)))
    assert after.tracks[0].pedal[:3] == [(60, True), (1920, False), (1980, True)]
    assert after.tracks[0].pedal[-1] == (8 * 1920, False)
    assert after.tracks[1].pedal == []


def test_an_ensemble_is_not_quite_together():
    after = played(Style(spread=30), score(scale(), scale(), scale()))
    late = [track.notes["onset"][0] for track in after.tracks]
    assert late[0] == 0
    assert 0 < late[1] != late[2]
    assert max(late) <= 30 / 600 * 480 + 1


def test_a_performance_teaches_its_tempo_and_loudness():
    slow_end = score()
    slow_end.tempos = [(0, 120.0), (24 * 480, 60.0)]
    slow_end.tracks[0].notes["velocity"][24:] = 40
    after = played(Style(), profile=Profile.of(slow_end))
    assert after.seconds(16 * 480) < 0.45 * after.seconds(32 * 480)
    assert after.tracks[0].notes["velocity"][-1] < after.tracks[0].notes["velocity"][0] - 20
    with pytest.raises(InputError, match="no notes"):
        Profile.of(Score())


@pytest.mark.parametrize("name", STYLES)
def test_every_style_plays_every_note_the_same_way_each_time(name):
    given = score(scale(), scale(48), meter=Meter(6, 8))
    first, again = (played(style_named(name), given, seed=5) for _ in range(2))
    assert [len(track.notes) for track in first.tracks] == [32, 32]
    for one, two in zip(first.tracks, again.tracks, strict=True):
        assert one.notes.tolist() == two.notes.tolist()


def test_a_style_that_is_none():
    with pytest.raises(UsageError, match=r"no style 'romantic'.*Did you mean romantic-piano"):
        style_named("romantic")


@pytest.mark.parametrize("instrument", ["flute", "tuba", "cello", "piccolo", "Synth Bass 1"])
def test_instruments_keep_to_their_ranges(instrument):
    program = program_of(instrument)
    low, high = RANGES[program]
    after = instrumented(score(scale(low=20), scale(low=100)), {"all": program})
    for track in after.tracks:
        assert track.program == program
        assert low <= track.notes["pitch"].min() <= track.notes["pitch"].max() <= high


def test_a_track_moves_as_a_whole_where_it_fits():
    after = instrumented(score(scale(low=36)), {"melody": program_of("flute")})
    assert (after.tracks[0].notes["pitch"] - scale(low=36).notes["pitch"]).tolist() == [24] * 32


def test_one_track_of_several_by_number():
    after = instrumented(score(scale(), scale(name="Bass")), {2: 33, "all": 4})
    assert [track.program for track in after.tracks] == [4, 33]


@pytest.mark.parametrize("which", [3, "flute"])
def test_a_track_that_is_not_there(which):
    with pytest.raises(UsageError, match="no pitched track"):
        instrumented(score(), {which: 4})


@pytest.mark.parametrize(
    ("name", "message"), [("flut", "Did you mean flute"), ("200", "1 to 128")], ids=["typo", "big"]
)
def test_an_instrument_that_is_none(name, message):
    with pytest.raises(UsageError, match=message):
        program_of(name)
