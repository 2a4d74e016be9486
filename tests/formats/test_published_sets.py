"""Rolls (.npz) and chorales (.json), as published sets have them: read, and distrusted."""

import io
import json

import numpy as np
import pytest

from nokturn.encodings.piano_roll import PianoRoll
from nokturn.encodings.voices import Voices
from nokturn.errors import InputError, UsageError
from nokturn.formats import base
from nokturn.formats.chorales import Chorales
from nokturn.formats.rolls import Rolls


def roll_file(pieces, **more):
    """Return pieces, each a list of frames of keys, as the bytes of a file."""
    frames = np.zeros((sum(map(len, pieces)), 88), dtype=np.uint8)
    for row, keys in enumerate(keys for piece in pieces for keys in piece):
        frames[row, keys] = 1
    arrays = {
        "rolls": np.packbits(frames, axis=1),
        "lengths": np.array([len(piece) for piece in pieces]),
    }
    file = io.BytesIO()
    np.savez_compressed(file, **(arrays | more))
    return file.getvalue()


TWO = [[[39, 43], [39, 43], [39], [], [46]], [[30], []]]


def test_a_key_that_sounds_on_is_one_note():
    first, second = base.loads(roll_file(TWO), source="set.npz")
    notes = first.score.tracks[0].notes
    assert notes[["onset", "duration", "pitch"]].tolist() == [
        (0, 720, 60), (0, 480, 64), (960, 240, 67),
    ]  # fmt: skip
    assert second.score.end == 480
    assert second.source == "set.npz:2"


def test_a_roll_comes_back_frame_by_frame():
    encoding = PianoRoll(per_quarter=2, struck=False).fit([])
    ids = encoding.encode(Rolls.loads(roll_file(TWO))[0])
    keys = [encoding.vocabulary[i] for i in ids]
    assert keys == ["E4", "C4", "|", "E4", "C4", "|", "C4", "|", "|", "G4", "|"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (roll_file(TWO)[:-60], "no file of piano rolls"),
        (roll_file(TWO, lengths=np.array([5, 1])), "lengths do not add up to 7 frames"),
        (roll_file(TWO, rolls=np.zeros((7, 88), dtype=np.uint8)), r"expected uint8 \(frames, 11\)"),
        (roll_file(TWO, lengths=np.array([object()])), "no file of piano rolls"),
    ],
    ids=["cut short", "lengths", "not packed", "a pickle"],
)
def test_damaged_rolls_are_refused(data, message):
    with pytest.raises(InputError, match=message):
        Rolls.loads(data)


CHORALE = [[72, 67, 64, 48]] * 4 + [[74, 67, 65, -1]] * 2


def test_a_chorale_has_four_tracks_of_whole_notes():
    (piece,) = base.loads(json.dumps([CHORALE]).encode(), source="jsb.json")
    assert [track.name for track in piece.score.tracks] == ["Soprano", "Alto", "Tenor", "Bass"]
    alto, bass = piece.score.tracks[1].notes, piece.score.tracks[3].notes
    assert alto["duration"].tolist() == [720]
    assert bass["duration"].tolist() == [480]
    assert piece.score.end == 720


def test_a_chorale_comes_back_cell_by_cell():
    encoding = Voices(struck=False, low=21, high=108).fit([])
    ids = encoding.encode(Chorales.loads(json.dumps([CHORALE]).encode())[0])
    cells = np.where(ids == 1, -1, ids - 2 + 21).reshape(-1, 4)
    assert cells.tolist() == CHORALE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[[1, 2, 3]]]", "four whole numbers"),
        ("[[[1, 2, 3, 200]]]", "not -1"),
        ("[[[60, 60, 60, 60]", "no JSON"),
        ("[[[60, 60, 60, 60.5]]]", "four whole numbers"),
        ("[[]]", "four whole numbers"),
    ],
)
def test_damaged_chorales_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        Chorales.loads(text.encode())


@pytest.mark.parametrize("kind", [Rolls, Chorales])
def test_published_sets_are_not_written(kind):
    with pytest.raises(UsageError, match="read only"):
        kind.dumps([])
