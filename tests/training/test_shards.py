"""An epoch reads every symbol of every piece once, and no piece runs into another."""

from collections import Counter

import numpy as np
import pytest

from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.encodings.midi_like import MidiLike
from nokturn.encodings.piano_roll import PianoRoll
from nokturn.training import shards

PLAN = {"seed": 1, "lanes": 3, "chunk": 7, "transpose_share": 0.5, "hide_hints": 0.5}


def pieces_read(store, hands):
    """Return every piece as the shards read it, symbol by symbol."""
    read = []
    for hand in hands:
        lanes, step = {}, 0
        while (where := shards.at(hand, step)) is not None:
            chunk = shards.read(store, *where)
            step += 1
            if chunk.first:
                lanes = {lane: [] for lane in range(len(chunk.ids))}
            for lane, part in lanes.items():
                part += chunk.targets[lane][chunk.targets[lane] != shards.IGNORED].tolist()
            if chunk.last:
                read += [tuple(part) for part in lanes.values()]
    return read


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_piece_is_read_once_from_start_to_boundary(store, count):
    hands = shards.plan(store, 0, shards=count, **PLAN)
    every = [tuple(store.targets(s).tolist()) for s in range(len(store))]
    read = pieces_read(store, hands)
    assert len(read) == 35
    assert set(read) <= set(every)
    assert all(piece[-1] == 0 and 0 not in piece[:-1] for piece in read)


def test_without_transposition_each_original_is_read(store):
    hands = shards.plan(store, 3, shards=2, **PLAN | {"transpose_share": 0.0})
    originals = [tuple(store.targets(s).tolist()) for s in store.originals(valid=False)]
    assert Counter(pieces_read(store, hands)) == Counter(originals)


def test_the_order_follows_from_seed_and_epoch(store):
    first, again, later = (
        [g.segments.tolist() for g in shards.plan(store, e, shards=1, **PLAN)[0]] for e in (0, 0, 1)
    )
    assert first == again != later


def test_chunks_are_equal_and_short_enough():
    assert shards.cut(100, 96).tolist() == [0, 50, 100]
    assert shards.cut(96, 96).tolist() == [0, 96]
    assert np.diff(shards.cut(1000, 96)).max() <= 96


def test_hints_are_hidden_where_the_plan_says_so(store):
    hands = shards.plan(store, 0, shards=1, **PLAN)
    seen = set()
    for group in hands[0]:
        chunk = shards.read(store, group, 0)
        real = chunk.targets != shards.IGNORED
        for lane, hidden in enumerate(group.hidden):
            values = set(chunk.channels[lane][real[lane]][:, 1].tolist())
            assert values == ({0} if hidden else {2})
            seen.add(bool(hidden))
    assert seen == {True, False}


def test_repeated_pieces_are_met_as_often_as_they_say(store):
    store.pieces["repeats"][0] = 4
    hands = shards.plan(store, 0, shards=1, **PLAN)
    assert len(pieces_read(store, hands)) == 38


@pytest.fixture
def rolls(tmp_path):
    """Two pieces of 23 and 9 frames of one note each."""
    encoding = PianoRoll(per_quarter=2, struck=False).fit([])
    first, separator = encoding.layout["first"], encoding.layout["separator"]
    with StoreWriter(
        tmp_path / "rolls",
        encoding=encoding.name(),
        settings=encoding.model_dump(mode="json"),
        vocabulary=encoding.vocabulary,
    ) as writer:
        for frames in (23, 9):
            notes = [symbol for k in range(frames) for symbol in (first + k, separator)]
            writer.add([(notes, None)], characters=len(notes))
    return TokenStore(tmp_path / "rolls")


EXCERPTS = PLAN | {"lanes": 1, "chunk": 10_000, "transpose_share": 0.0, "excerpt": 5}


def test_excerpts_of_an_epoch_are_the_pieces_cut_between_frames(rolls):
    """They begin like pieces, and their ends are not said to be those of the piece."""
    chunks = [shards.read(rolls, g, 0) for g in shards.plan(rolls, 0, shards=1, **EXCERPTS)[0]]
    assert all(chunk.ids[0, 0] == 0 for chunk in chunks)
    assert all((chunk.ids[0, 1:] == chunk.targets[0, :-1]).all() for chunk in chunks)
    assert max(chunk.ids.shape[1] for chunk in chunks) == 11  # five frames, and the end of a piece
    read = Counter(symbol for chunk in chunks for symbol in chunk.targets[0].tolist())
    assert read == Counter(symbol for k in range(2) for symbol in rolls.targets(k).tolist())
    assert sum(chunk.targets[0, -1] == 0 for chunk in chunks) == 2


def test_excerpts_begin_elsewhere_in_another_epoch(rolls):
    first, again, later = (
        sorted(tuple(g.spans[0]) for g in shards.plan(rolls, epoch, shards=1, **EXCERPTS)[0])
        for epoch in (0, 0, 1)
    )
    assert first == again != later


def test_without_frames_excerpts_are_of_symbols(tmp_path):
    encoding = MidiLike().fit([])
    with StoreWriter(
        tmp_path, encoding=encoding.name(), settings={}, vocabulary=encoding.vocabulary
    ) as writer:
        writer.add([(np.arange(1, 18), None)], characters=17)
    groups = shards.plan(TokenStore(tmp_path), 0, shards=1, **EXCERPTS)[0]
    starts, stops = zip(*sorted(tuple(group.spans[0].tolist()) for group in groups), strict=True)
    assert (starts[0], *stops) == (*starts, 18)  # each goes on where the one before ends
    first, *inner, last = np.subtract(stops, starts).tolist()
    assert 1 <= first <= 5
    assert 1 <= last <= 5
    assert set(inner) == {5}


def test_a_piece_alone_is_whole_and_without_its_hints(store):
    chunk = shards.alone(store, 3)
    np.testing.assert_array_equal(chunk.targets[0], store.targets(3))
    np.testing.assert_array_equal(chunk.ids[0], store.inputs(3))
    assert store.channels(3)[:, 1].any()
    assert not chunk.channels[0, :, 1].any()
    assert chunk.first
    assert chunk.last
