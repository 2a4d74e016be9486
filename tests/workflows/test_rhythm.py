"""Rhythm: pitches from files and chords with rhythms from everywhere."""

import numpy as np
import pytest

from nokturn import registry
from nokturn.errors import InputError, UsageError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.workflows.generate import generate
from nokturn.workflows.rhythm import rhythm, way_of
from nokturn.workflows.save import save
from nokturn.workflows.wishes import Composed

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


@pytest.fixture
def scale(tmp_path):
    """A scale in even quarters, in a file."""
    rows = [(k * 480, 480, pitch, 80) for k, pitch in enumerate(SCALE)]
    path = tmp_path / "scale.mid"
    save(Piece(Score([Track.of(rows, "Flute", 73)], tempos=[(0, 90.0)])), path)
    return path


@pytest.fixture
def waltz(tmp_path):
    """Two bars of a waltz rhythm, in a file."""
    rows = [(0, 960, 72, 90), (960, 480, 74, 70), (1440, 1440, 76, 90)]
    path = tmp_path / "waltz.mid"
    save(Piece(Score([Track.of(rows)], meters=[(0, Meter(3, 4))])), path)
    return path


def made(*args, **kwargs):
    """Return the score of the one piece made."""
    (event,) = rhythm(*args, seed=7, **kwargs)
    return event.piece.score


@pytest.mark.parametrize("by", [*registry.names("rhythms"), "network"])
def test_every_pitch_is_heard_once_in_its_order(by, scale):
    score = made(scale, by=by)
    assert score.tracks[0].notes["pitch"].tolist() == list(SCALE)
    assert score.tracks[0].program == 73
    assert score.end % 1920 == 0
    assert score.tempos[0][1] == pytest.approx(90)


@pytest.mark.parametrize("meter", ["3/4", "6/8", "5/4"])
@pytest.mark.parametrize("by", ["metrical", "network"])
def test_bars_and_meter_are_as_asked(by, meter, scale):
    score = made(scale, by=by, meter=meter, bars=6)
    beats, unit = map(int, meter.split("/"))
    assert score.end == 6 * beats * 1920 // unit
    assert score.main_meter()[1] == Meter(beats, unit)


def test_the_rhythm_of_another_file_with_its_meter(scale, waltz):
    score = made(scale, by=str(waltz))
    assert score.main_meter()[1] == Meter(3, 4)
    assert score.tracks[0].notes["onset"][:6].tolist() == [0, 960, 1440, 2880, 3840, 4320]


def test_a_melody_stays_one_voice(scale):
    notes = made(scale, by="cells").tracks[0].notes
    assert (notes["onset"][1:] >= (notes["onset"] + notes["duration"])[:-1]).all()


def test_chords_in_words():
    score = made("Am7 D9 | Gmaj7", by="euclid", bars=2)
    chords = np.split(score.tracks[0].notes["pitch"],
                      np.flatnonzero(np.diff(score.tracks[0].notes["onset"])) + 1)  # fmt: skip
    assert [chord.min() % 12 for chord in chords[:3]] == [9, 2, 7]


def test_chords_in_numerals_are_those_in_symbols():
    written, meant = made("Gm7 C7 F", bars=2), made("ii7 V7 I in F", bars=2)
    assert meant.tracks[0].notes.tolist() == written.tracks[0].notes.tolist()


def test_tracks_by_number(scale):
    assert made(scale, tracks="1").tracks[0].notes["pitch"].tolist() == list(SCALE)
    with pytest.raises(InputError, match="nothing is left when only '2, bass'"):
        made(scale, tracks="2,bass")


def test_layers_are_drums_of_their_own():
    score = made(by="euclid", set=["layers=[[3, 8, 0], [4, 4, 0]]"], bars=4)
    assert [track.drums for track in score.tracks] == [True] * 3
    assert len({int(track.notes["pitch"][0]) for track in score.tracks}) == 3


def test_the_same_seed_gives_the_same_piece_and_another_one_another(scale):
    first, second = (event.piece for event in rhythm(scale, by="cells", n=2, seed=7))
    assert made(scale, by="cells").tracks[0].notes.tolist() == first.score.tracks[0].notes.tolist()
    assert first.score.tracks[0].notes.tolist() != second.score.tracks[0].notes.tolist()
    assert second.recipe["seed"] == 8


def test_a_network_hears_the_intervals_that_it_is_for():
    way, meter = way_of("network"), Meter(4, 4)

    def onsets(*pitches):
        return way.make(4, np.random.default_rng(3), meter, pitches).onsets.tolist()

    assert onsets(60, 62) == onsets(72, 71)  # steps both
    assert onsets(60, 62) != onsets(60, 69)


def test_a_model_in_another_rhythm():
    events = generate("folk", rhythm="euclid", bars=8, seed=3)
    (piece,) = (event.piece for event in events if isinstance(event, Composed))
    assert piece.recipe["rhythm"] == "euclid"
    assert set(np.diff(piece.score.tracks[0].notes["onset"])) <= {360, 480}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "cell"}, "There is no rhythm named 'cell'.*Did you mean cells"),
        ({"by": "cells", "set": ["repeat=3"]}, "no setting rhythm.repeat.*Did you mean repeats"),
        ({"by": "euclid", "set": ["steps=0"]}, "steps are 1 to 128"),
        ({"by": "euclid", "set": ["onsets=[8, 3]"]}, "two of them, the lower one first"),
        ({"tracks": "0"}, "--tracks '0' names no tracks: it is one of all, melody"),
        ({"by": "network", "set": ["steps=8"]}, "--set steps=8 is for rhythms that are made"),
        ({"by": "network", "meter": "13/8"}, "knows no 13/8"),
        ({"by": "folk"}, "writes abc_text, not rhythm"),
        ({"bars": 0}, "--bars 0 is out of range"),
        ({"seed": -1}, "--seed -1 is out of range"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
def test_wishes_that_cannot_be_met(arguments, message):
    with pytest.raises(UsageError, match=f"(?s){message}"):
        list(rhythm("Am7 D9", **{"seed": 7} | arguments))


@pytest.mark.parametrize(
    ("pitches", "message"),
    [("Am7 Q9", "'Q9' is no chord symbol"), ("gone.mid", "cannot read gone.mid")],
    ids=["no chord", "no file"],
)
def test_pitches_that_are_none(pitches, message):
    with pytest.raises(InputError, match=message):
        list(rhythm(pitches, seed=7))
