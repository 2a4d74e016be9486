"""Events by the bar: one musical case a row, what comes back of several instruments, any ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nokturn.encodings.events import MAX_STEPS, Events
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter

Q = 480
QUIET = {"velocities": 0}  # most cases are not about velocities


def names(encoding, score):
    encoding = encoding.fit([Piece(score)])
    return " ".join(encoding.vocabulary[i] for i in encoding.encode(Piece(score)))


def back(encoding, score):
    encoding = encoding.fit([Piece(score)])
    return encoding.decode(encoding.encode(Piece(score))).score


def heard(text):
    marches = Score([FLUTE], meters=[(0, Meter(3, 4)), (3 * Q, Meter(2, 4))])
    encoding = Events().fit([Piece(marches)])
    return encoding.decode([encoding.vocabulary.index(name) for name in text.split()]).score


def rows(score):
    """Return (program, onset, duration, pitch, velocity) of every note; drums have program -1."""
    return sorted(
        (-1 if track.drums else track.program, *note)
        for track in score.tracks
        for note in track.notes.tolist()
    )


FLUTE = Track.of([(0, Q, 72, 80), (Q, Q, 74, 80)], program=73)
BASS = Track.of([(0, 2 * Q, 36, 80)], program=32)
KIT = Track.of([(0, Q // 2, 36, 80), (Q, Q // 2, 38, 80)], drums=True)


@pytest.mark.parametrize(
    ("score", "symbols"),
    [
        (
            Score([Track.of([(Q, Q, 60, 80)], program=73)]),
            "bar meter_4/4 position_12 program_73 pitch_60 duration_12",
        ),
        (
            Score([Track.of([(0, Q, 60, 80), (0, Q, 64, 80)])]),
            "bar meter_4/4 position_0 program_0 pitch_60 duration_12 pitch_64 duration_12",
        ),
        (
            Score([FLUTE, BASS]),
            "bar meter_4/4 position_0 program_32 pitch_36 duration_24 program_73 pitch_72 "
            "duration_12 position_12 pitch_74 duration_12",
        ),
        (
            Score([KIT]),
            "bar meter_4/4 position_0 drum_36 duration_6 position_12 drum_38 duration_6",
        ),
        (
            Score([Track.of([(3 * Q, 2 * Q, 60, 80), (5 * Q, Q, 62, 80)])]),
            "bar meter_4/4 position_36 program_0 pitch_60 duration_24 bar position_12 pitch_62 "
            "duration_12",
        ),
        (
            Score([Track.of([(0, 100, 60, 80), (3 * Q, Q, 62, 80)])], meters=[(0, Meter(3, 4))]),
            "bar meter_3/4 position_0 program_0 pitch_60 duration_3 bar position_0 pitch_62 "
            "duration_12",
        ),
        (
            Score(
                [Track.of([(k * 3 * Q, Q, 60, 80) for k in range(2)])],
                meters=[(0, Meter(3, 4)), (3 * Q, Meter(6, 8))],
            ),
            "bar meter_3/4 position_0 program_0 pitch_60 duration_12 bar meter_6/8 position_0 "
            "pitch_60 duration_12",
        ),
        (
            Score([Track.of([(Q, Q, 60, 80)])], meters=[(0, Meter(4, 4)), (Q, Meter(3, 4))]),
            "bar meter_4/4 position_12 meter_3/4 position_0 program_0 pitch_60 duration_12",
        ),
        (
            Score([Track.of([(0, 3 * Q, 60, 80)])], tempos=[(0, 60.0), (2 * Q, 121.0)]),
            "bar meter_4/4 position_0 tempo_60 program_0 pitch_60 duration_36 position_24 "
            "tempo_120",
        ),
        (
            Score([Track.of([(0, 100 * Q // 12, 60, 80)])]),
            "bar meter_4/4 position_0 program_0 pitch_60 duration_96 duration_4",
        ),
        (
            Score([Track.of([(8 * Q, Q, 60, 80)])]),
            "bar meter_4/4 bar bar position_0 program_0 pitch_60 duration_12",
        ),
        (
            Score([Track.of([(0, 1, 60, 80)])]),
            "bar meter_4/4 position_0 program_0 pitch_60 duration_1",
        ),
        (
            Score([Track.of([(0, 384, 60, 80), (384, 384, 62, 80)])], ticks_per_quarter=384),
            "bar meter_4/4 position_0 program_0 pitch_60 duration_12 position_12 pitch_62 "
            "duration_12",
        ),
    ],
    ids=[
        "a note on the second beat",
        "a chord",
        "two instruments",
        "drums",
        "tied over the bar line",
        "a waltz",
        "the meter changes",
        "a bar that the meter cuts short",
        "the tempo changes under a held note",
        "a note longer than the longest duration",
        "two bars of rest",
        "a note too short for the grid",
        "a file with a grid of its own",
    ],
)
def test_music_as_symbols(score, symbols):
    assert names(Events(**QUIET), score) == symbols


def test_a_band_comes_back_whole():
    band = Score(
        [FLUTE, BASS, KIT],
        tempos=[(0, 120.0), (Q, 60.0)],
        meters=[(0, Meter(3, 4)), (Q, Meter(5, 8))],
    )
    again = back(Events(), band)
    assert rows(again) == rows(band)
    assert [(t.program, t.drums) for t in again.tracks] == [(32, False), (73, False), (0, True)]
    assert (again.tempos, again.meters) == (band.tempos, band.meters)


def test_bars_after_a_pickup_begin_where_they_did():
    pickup = [(0, Meter(1, 4)), (Q, Meter(4, 4))]
    score = Score([Track.of([(k * Q, Q, 60, 80) for k in range(9)])], meters=pickup)
    encoding = Events(**QUIET)
    assert names(encoding, score).count("bar") == 3
    again = back(encoding, score)
    assert (again.meters, rows(again)) == (pickup, rows(score))


@pytest.mark.parametrize(
    ("qpm", "kept"), [(120, 120), (60, 60), (123, 120), (10, 30), (999, 320), (66.5, 67)]
)
def test_tempos_are_rounded_to_a_scale_around_120(qpm, kept):
    score = Score([FLUTE], tempos=[(0, float(qpm))])
    assert back(Events(), score).tempos == [(0, float(kept))]


@pytest.mark.parametrize(
    ("count", "velocity", "kept"),
    [
        (32, 80, 80),
        (32, 1, 4),
        (32, 127, 127),
        (8, 70, 64),
        (127, 33, 33),
        (1, 20, 127),
        (0, 33, 80),
    ],
)
def test_velocities_are_rounded(count, velocity, kept):
    score = Score([Track.of([(0, Q, 60, velocity)])])
    assert rows(back(Events(velocities=count), score)) == [(0, 0, Q, 60, kept)]


def test_a_velocity_is_written_where_it_changes():
    loud = [80, 81, 127, 127]
    score = Score([Track.of([(k * Q, Q, 60, v) for k, v in enumerate(loud)])])
    written = names(Events(), score).split()
    assert [name for name in written if "velocity" in name] == ["velocity_80", "velocity_127"]


def test_what_the_settings_leave_out_is_not_written():
    score = Score([FLUTE, KIT], tempos=[(0, 90.0)], meters=[(0, Meter(3, 4))])
    plain = Events(velocities=0, tempos=0, programs=False, meters=False).fit([])
    families = {name.partition("_")[0] for name in plain.vocabulary}
    assert families == {"<piece>", "bar", "position", "pitch", "drum", "duration"}
    again = back(plain, score)
    assert [(t.program, t.drums) for t in again.tracks] == [(0, False), (0, True)]
    assert (again.tempos, again.meters) == ([], [])


def test_only_meters_that_are_met_have_symbols():
    jig = Score([FLUTE], meters=[(0, Meter(6, 8))])
    met = [name for name in Events().fit([Piece(jig)]).vocabulary if "meter" in name]
    assert met == ["meter_4/4", "meter_6/8"]


def test_bars_without_meters_are_of_four_quarters():
    score = Score([Track.of([(4 * Q, Q, 60, 80)])], meters=[(0, Meter(3, 4))])
    plain = Events(velocities=0, meters=False)
    assert names(plain, score) == "bar bar position_0 program_0 pitch_60 duration_12"
    assert rows(back(plain, score)) == rows(score)


@pytest.mark.parametrize(
    ("meter", "met"),
    [(Meter(19, 4), Meter(19, 4)), (Meter(7, 8), Meter(3, 4)), (Meter(0), Meter(0))],
    ids=["too long", "never met", "free"],
)
def test_a_meter_without_a_symbol_moves_no_note(meter, met):
    score = Score([Track.of([(k * Q, Q, 60, 80) for k in range(40)])], meters=[(0, meter)])
    encoding = Events().fit([Piece(Score([FLUTE], meters=[(0, met)]))])
    again = encoding.decode(encoding.encode(Piece(score))).score
    assert rows(again) == rows(score)
    assert again.meters == [(0, Meter(4, 4))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pitch_60", [(0, 0, Q, 60, 80)]),
        ("duration_6 program_5 bar position_12 pitch_60", [(5, Q, Q, 60, 80)]),
        ("bar bar pitch_60 duration_12 duration_12", [(0, 4 * Q, 2 * Q, 60, 80)]),
        ("meter_3/4 bar bar pitch_60", [(0, 3 * Q, Q, 60, 80)]),
        ("bar position_24 pitch_60 position_0 pitch_62",
         [(0, 0, Q, 62, 80), (0, 2 * Q, Q, 60, 80)]),
        ("program_9 drum_36 duration_3 pitch_60", [(-1, 0, Q // 4, 36, 80), (9, 0, Q, 60, 80)]),
        ("meter_2/4 meter_3/4 tempo_60", []),
    ],
    ids=[
        "a pitch alone",
        "a duration of nothing",
        "a rest of a bar, two durations",
        "no first bar",
        "backwards",
        "a program for drums",
        "no note",
    ],
)  # fmt: skip
def test_symbols_in_any_order_are_music(text, found):
    assert rows(heard(text)) == found


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 500), st.integers(0, 127), st.integers(1, 3)),
        min_size=1,
        max_size=30,
    ),
    st.lists(
        st.tuples(st.integers(1, 70), st.integers(1, 13), st.sampled_from([2, 4, 8, 16, 32, 64])),
        max_size=5,
    ),
    st.sampled_from([4, 12, 24]),
)
def test_any_notes_on_the_grid_come_back_under_any_meters(notes, meters, steps):
    tick = Q // steps
    score = Score(
        [
            Track.of([(on * tick, n * tick, p, 80) for on, n, p, who in notes if who == i],
                     program=i, drums=i == 3)
            for i in (1, 2, 3)
        ],
        meters=sorted({at * tick: Meter(top, unit) for at, top, unit in meters}.items()),
    )  # fmt: skip
    score.tracks[2].program = 0
    again = back(Events(steps_per_quarter=steps), score)
    assert rows(again) == rows(score)


def test_a_note_years_away_does_not_fill_the_memory():
    score = Score([Track.of([(0, 2**40, 60, 80), (2**40, Q, 62, 80)])], meters=[(0, Meter(1, 32))])
    ids = Events().fit([Piece(score)]).encode(Piece(score))
    assert len(ids) < MAX_STEPS


def test_no_notes_are_refused():
    with pytest.raises(InputError, match="there are no notes"):
        Events().fit([]).encode(Piece(Score([Track.of([])])))
