"""Swing, grooves and humanising: what moves, how far, and what never does."""

import numpy as np
import pytest

from nokturn.errors import UsageError
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.production.feel import EIGHTH, SIXTEENTH, grooved, humanised, swung
from nokturn.production.grooves import ROLES, Groove, find_groove, groove_names


def line(onsets, duration=120, name="", drums=False, pitch=60):
    return Track.of([(at, duration, pitch, 80) for at in onsets], name=name, drums=drums)


def onsets(score, track=0):
    return score.tracks[track].notes["onset"].tolist()


@pytest.mark.parametrize(
    ("percent", "unit", "meter", "before", "after"),
    [
        pytest.param(50, EIGHTH, "4/4", [0, 240, 480], [0, 240, 480], id="straight"),
        pytest.param(66.67, EIGHTH, "4/4", [0, 240, 480, 720], [0, 320, 480, 800], id="triplets"),
        pytest.param(75, EIGHTH, "4/4", [0, 240, 480], [0, 360, 480], id="dotted"),
        pytest.param(58, SIXTEENTH, "4/4", [0, 120, 240, 360], [0, 139, 240, 379], id="lo-fi"),
        pytest.param(60, EIGHTH, "4/4", [0, 120, 240, 360], [0, 144, 288, 384], id="between units"),
        pytest.param(60, EIGHTH, "3/4", [1440, 1680], [1440, 1728], id="second waltz bar"),
        pytest.param(60, EIGHTH, "6/8", [0, 240, 480], [0, 240, 480], id="jig eighths"),
        pytest.param(60, EIGHTH, "6/8", [0, 120, 240], [0, 144, 240], id="jig sixteenths"),
        pytest.param(60, EIGHTH, "5/4", [1920, 2160], [1920, 2208], id="fifth beat"),
    ],
)  # fmt: skip
def test_the_off_beat_comes_late(percent, unit, meter, before, after):
    score = Score([line(before)], meters=[(0, Meter(*map(int, meter.split("/"))))])
    assert onsets(swung(score, percent, unit)) == after


def test_all_tracks_swing_together_and_notes_end_where_the_next_begin():
    score = Score([line(range(0, 1920, 240), 240), line(range(0, 1920, 240), 240, drums=True)])
    late = swung(score, 62)
    assert onsets(late) == onsets(late, 1)
    notes = late.tracks[0].notes
    assert (notes["onset"] + notes["duration"])[:-1].tolist() == onsets(late)[1:]


def test_a_pair_that_a_new_meter_cuts_stays_straight():
    score = Score([line([0, 240, 720, 960])], meters=[(0, Meter(4, 4)), (720, Meter(3, 4))])
    assert onsets(swung(score, 60)) == [0, 288, 720, 1008]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda score: swung(score, 80), "A swing of 80 % is not possible"),
        (lambda score: swung(score, 60, 100), "Units of 100 ticks cannot be swung"),
        (lambda score: humanised(score, 2, np.random.default_rng()), "humanising is 2"),
        (lambda score: grooved(score, find_groove("funk"), -1), "groove is -1"),
        (lambda score: find_groove("hip-hop"), "Did you mean hiphop"),
    ],
    ids=["too much swing", "odd unit", "too human", "negative groove", "misspelt groove"],
)
def test_what_cannot_be_meant_is_said(call, said):
    with pytest.raises(UsageError, match=said):
        call(Score([line([0])]))


def busy(seed=1, count=300):
    """Return a chord track and drums, at random places, at 84 beats a minute."""
    random = np.random.default_rng(seed)
    rows = [
        (int(at), int(random.integers(1, 600)), int(random.integers(40, 80)), 70)
        for at in random.integers(0, 9600, count)
    ]
    drums = [(at, 60, pitch, 90) for at in range(0, 9600, 120) for pitch in (36, 42)]
    return Score([Track.of(rows), Track.of(drums, drums=True)], tempos=[(0, 84.0)])


def moved(before, after, track):
    """Return how much later each note comes, paired by pitch and order."""
    pairs = [np.sort(s.tracks[track].notes, order=("pitch", "onset")) for s in (before, after)]
    assert pairs[0]["pitch"].tolist() == pairs[1]["pitch"].tolist()
    return pairs[1]["onset"] - pairs[0]["onset"]


@pytest.mark.parametrize(("track", "most_ms"), [(0, 20), (1, 8)], ids=["hands", "drums"])
def test_hands_are_off_by_so_much_at_most(track, most_ms):
    before = busy()
    late = moved(before, humanised(before, 1.0, np.random.default_rng(2)), track)
    tick_ms = 60_000 / 84 / 480
    straight = np.abs(late * tick_ms)
    assert straight.max() <= most_ms + tick_ms
    assert straight.mean() > most_ms / 10


@pytest.mark.parametrize("seed", range(5))
def test_notes_of_a_track_keep_their_order(seed):
    before = busy(seed)
    random = np.random.default_rng(seed)
    after = humanised(grooved(before, find_groove("jazz"), 1, random), 1, random)
    for old, new in zip(before.tracks, after.tracks, strict=True):
        assert new.notes["onset"].min() >= 0
        assert new.notes["duration"].min() >= 1
        assert 1 <= new.notes["velocity"].min() <= new.notes["velocity"].max() <= 127
        assert sorted(old.notes["pitch"]) == sorted(new.notes["pitch"])


def test_a_run_faster_than_hands_are_uneven_stays_a_run():
    run = Score([Track.of([(5 * k, 5, 20 + k, 80) for k in range(80)])], tempos=[(0, 60.0)])
    played = humanised(run, 1, np.random.default_rng(4)).tracks[0].notes
    assert played["pitch"].tolist() == list(range(20, 100))
    assert (np.diff(played["onset"]) >= 0).all()


def test_a_repeated_note_does_not_run_into_the_next():
    score = Score([line(range(0, 9600, 120), 120)])
    notes = humanised(score, 1, np.random.default_rng(0)).tracks[0].notes
    assert ((notes["onset"] + notes["duration"])[:-1] <= notes["onset"][1:]).all()


def test_no_feel_changes_nothing():
    score, random = busy(), np.random.default_rng(0)
    assert humanised(grooved(swung(score, 50), find_groove("rock"), 0), 0, random) == score


def test_the_same_seed_plays_the_same():
    first, second = (
        humanised(grooved(busy(), find_groove("funk"), 1, random), 0.5, random)
        for random in (np.random.default_rng(9), np.random.default_rng(9))
    )
    assert all((a.notes == b.notes).all() for a, b in zip(first.tracks, second.tracks, strict=True))


def laid_back():
    """Return a groove in which the snare's second step of four comes 24 ticks late and loud."""
    late, loud = np.zeros((len(ROLES), 16)), np.ones((len(ROLES), 16))
    late[ROLES.index("snare"), 4::8] = 24
    late[ROLES.index("kick"), 4::8] = -12
    loud[ROLES.index("snare"), 4::8] = 1.5
    return Groove("laid back", late, np.ones_like(late), loud)


@pytest.mark.parametrize(
    ("track", "after"),
    [
        (line([0, 480, 1440], drums=True, pitch=38), [0, 504, 1464]),
        (line([0, 480, 1440], drums=True, pitch=36), [0, 468, 1428]),
        (line([0, 480, 1440], name="Bass", pitch=36), [0, 468, 1428]),
        (line([0, 480, 1440], name="Chords", pitch=36), [0, 480, 1440]),
        (line([420, 540], drums=True, pitch=38), [432, 552]),
    ],
    ids=["snare late", "kick early", "bass with the kick", "chords with all", "between the steps"],
)
def test_each_part_takes_the_deviation_of_its_drum(track, after):
    assert onsets(grooved(Score([track]), laid_back())) == after


def test_a_groove_accents():
    snare = grooved(Score([line([0, 480], drums=True, pitch=38)]), laid_back()).tracks[0].notes
    assert snare["velocity"].tolist() == [80, 100]


@pytest.mark.parametrize("name", groove_names())
def test_built_in_grooves_are_small_deviations(name):
    groove = find_groove(name)
    assert groove.late.shape == groove.loud.shape == groove.spread.shape == (len(ROLES), 16)
    assert abs(groove.late).max() <= 45
    assert (groove.loud > 0.2).all()
    assert groove.loud.max() < 2.5
