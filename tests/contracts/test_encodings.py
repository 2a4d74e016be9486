"""Contracts over every encoding: what it keeps comes back, and any ids are playable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nokturn import registry
from nokturn.encodings.base import BOUNDARY, KEEPS, restore, written
from nokturn.errors import ModelError
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key, Pitch
from nokturn.music.score import Score, Track
from nokturn.music.sheet import Bar, Event, Sheet
from nokturn.music.time import Meter

NAMES = registry.names("encodings")


def tune() -> Piece:
    """Return two bars of 6/8 in D."""
    d, f_sharp, a = Pitch(1), Pitch(3, 1), Pitch(5)
    first = Bar([[Event(240, (p,)) for p in (d, f_sharp, a, a, f_sharp, d)]], Meter(6, 8))
    first.keys = {0: Key.parse("D")}
    return Piece(Sheet([first, Bar([[Event(720, (d,)), Event(720)]], line="final")]))


def beat() -> Piece:
    """Return a bar of drums."""
    rows = [(0, 120, 36, 100), (0, 120, 42, 60), (480, 120, 38, 110), (720, 120, 42, 30)]
    return Piece(Score([Track.of(rows, drums=True)], tempos=[(0, 90.0)]), title="funk beat")


def music(kind) -> Piece:
    """Return what an encoding of that kind can keep something of."""
    return beat() if "drums" in kind.keeps and "pitch" not in kind.keeps else tune()


@pytest.fixture(params=NAMES)
def encoding(request):
    kind = registry.find("encodings", request.param)
    return kind().fit([music(kind)])


def test_says_what_it_keeps_and_where_it_comes_from(encoding):
    assert encoding.keeps <= KEEPS
    assert encoding.source
    assert set(encoding.hints) <= set(encoding.channels)


def test_ids_leave_the_boundary_out(encoding):
    ids = encoding.encode(music(encoding))
    assert ids.dtype == np.int32
    assert ids.min() > BOUNDARY
    assert ids.max() < len(encoding.vocabulary)


def test_what_it_keeps_comes_back(encoding):
    before = written(music(encoding)).tracks[0].notes
    after = written(encoding.decode(encoding.encode(music(encoding))))
    for name in {"onset", "pitch", "duration"} & encoding.keeps:
        assert after.tracks[0].notes[name].tolist() == before[name].tolist()


@given(st.data())
@pytest.mark.parametrize("name", NAMES)
def test_any_ids_are_playable(name, data):
    kind = registry.find("encodings", name)
    encoding = kind().fit([music(kind)])
    ids = data.draw(st.lists(st.integers(0, len(encoding.vocabulary) - 1), max_size=60))
    score = encoding.decode(ids).score
    assert score.end >= 0


def test_side_inputs_are_causal_and_the_same_step_by_step(encoding):
    ids = encoding.encode(music(encoding))
    rows = encoding.channels_of(ids)
    assert rows.shape == (len(ids) + 1, len(encoding.channels))
    other = np.append(ids[: len(ids) // 2], ids[:3])
    half = len(ids) // 2 + 1
    assert encoding.channels_of(other)[:half].tolist() == rows[:half].tolist()
    assert (rows < np.array(list(encoding.channels.values()))).all()


def test_it_comes_back_from_what_is_stored(encoding):
    again = restore(encoding.name(), encoding.model_dump(mode="json"), encoding.vocabulary)
    assert again == encoding
    assert again.encode(music(encoding)).tolist() == encoding.encode(music(encoding)).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_vocabulary_of_nonsense_is_refused_or_read(name):
    settings = registry.find("encodings", name)().model_dump(mode="json")
    nonsense = ["<piece>", *(f"?{k}&x_y:" for k in range(300))]
    if made := restored(name, settings, nonsense):
        assert made.decode([1, 2, 3]).score.end >= 0


def restored(name, settings, vocabulary):
    """Return the encoding, None where its vocabulary is refused in words."""
    try:
        return restore(name, settings, vocabulary)
    except ModelError:
        return None
