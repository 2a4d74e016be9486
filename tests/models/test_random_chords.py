"""The baseline: its likelihoods add up to one, its chords are clean, its rhythm is the corpus's."""

import itertools

import numpy as np
import pytest

from nokturn.generation.random_chords import random_chords
from nokturn.models._clean_chords import clean_chords
from nokturn.models.base import Inputs
from nokturn.models.random_chords import RandomChords, RandomChordsSettings
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track

ROLL = {"first": 2, "pitches": 5, "separator": 1, "beat": 4}
VOICES = {"first": 2, "pitches": 5, "voices": 2, "beat": 4}
CHORDS = [{p % 12 for p in np.flatnonzero(row)} for row in clean_chords(128)]


def taught(texts, symbols, **settings):
    pieces = [
        (np.array([0, *text, 0]), np.zeros((len(text) + 1, 0), dtype=np.int64)) for text in texts
    ]
    return RandomChords.learn(Inputs(symbols), RandomChordsSettings(**settings), pieces, 1)


def chance(model, begin, symbols):
    """Return how likely these symbols are after the beginning."""
    stream = model.stream()
    rows = [stream.step(symbol) for symbol in [*begin, *symbols]]
    told = rows[len(begin) - 1 : -1]
    return float(np.exp(sum(row[symbol] for row, symbol in zip(told, symbols, strict=True))))


def rolls(kinds):
    """Yield every frame that a roll of five pitches can have."""
    for count in range(6):
        for pitches in itertools.combinations(range(4, -1, -1), count):
            for signs in itertools.product(range(kinds), repeat=count):
                yield [2 + p + 5 * k for p, k in zip(pitches, signs, strict=True)] + [1]


def grids(kinds):
    return ([a, b] for a in range(1, 2 + 5 * kinds) for b in range(1, 2 + 5 * kinds))


@pytest.mark.parametrize(
    ("layout", "frames", "begin"),
    [(ROLL, rolls, [0, 4, 2, 1]), (VOICES, grids, [0, 4, 2])],
    ids=["roll", "voices"],
)
@pytest.mark.parametrize("kinds", [1, 2], ids=["sounding", "struck"])
def test_all_frames_and_the_end_of_the_piece_add_up_to_one(layout, frames, begin, kinds):
    model = taught([begin[1:]], 2 + 5 * kinds, **layout, kinds=kinds)
    total = sum(chance(model, begin, frame) for frame in frames(kinds))
    assert total + chance(model, begin, [0]) == pytest.approx(1, abs=1e-3)


def test_a_held_frame_is_as_likely_as_it_was_in_the_corpus():
    held = [20, 16, 1] * 20
    moving = [s for k in range(20) for s in (20 + 2 * (k % 2), 13 + k % 2, 1)]
    settings = ROLL | {"pitches": 24}
    after = [
        chance(taught([t], 26, **settings), [0, 20, 16, 1], [20, 16, 1]) for t in (held, moving)
    ]
    assert after[0] > 0.7
    assert after[1] < 0.2


def test_a_clean_chord_is_likelier_than_a_cluster_of_as_many_notes():
    model = taught([[20, 16, 13, 1, 21, 17, 14, 1]], 26, **ROLL | {"pitches": 24})
    major, cluster = ([20, 16, 13, 1], [15, 14, 13, 1])
    assert chance(model, [0], major) > 20 * chance(model, [0], cluster)


def test_what_it_writes_are_clean_chords_in_the_range_of_the_corpus():
    settings = ROLL | {"pitches": 60, "stray": 1e-6}
    model = taught([[40, 36, 33, 21, 1, 42, 38, 35, 23, 1] * 40], 62, **settings)
    random = np.random.default_rng(3)
    stream, symbol, frame, seen = model.stream(), 0, [], set()
    while len(seen) < 20:
        p = np.exp(stream.step(symbol).astype(float))
        symbol = int(random.choice(len(p), p=p / p.sum()))
        if symbol > 1:
            frame.append(symbol)
        elif symbol == 1:
            assert any({(s - 2) % 12 for s in frame} <= chord for chord in CHORDS)
            assert all(21 <= s <= 42 for s in frame)
            seen.add(tuple(frame))
            frame = []


def test_without_pitches_it_knows_how_frequent_symbols_are():
    model = taught([[1, 1, 1, 2]], 4)
    p = np.exp(model.stream().step(3))
    np.testing.assert_allclose(p, np.array([2, 4, 2, 1]) / 9, rtol=1e-5)


@pytest.fixture
def duet():
    flute = [(0, 480, 72, 80), (480, 240, 79, 80), (720, 240, 76, 80)]
    piano = [(0, 960, 48, 70), (0, 960, 52, 70), (0, 960, 55, 70)]
    drums = Track.of([(0, 120, 36, 90)], drums=True)
    return Piece(Score([Track.of(flute, program=73), Track.of(piano), drums]), title="Duet")


def test_a_rhythm_is_kept_and_its_pitches_come_from_clean_chords(duet):
    made = random_chords(duet, seed=4).score
    for old, new in zip(duet.score.tracks, made.tracks, strict=True):
        assert old.program == new.program
        for name in ("onset", "duration"):
            assert sorted(old.notes[name]) == sorted(new.notes[name])
    together = [n["pitch"] for t in made.tracks[:2] for n in t.notes if n["onset"] == 0]
    assert any({p % 12 for p in together} <= chord for chord in CHORDS)
    assert len(set(made.tracks[1].notes["pitch"].tolist())) == 3
    assert made.tracks[2].notes["pitch"].tolist() == [36]


def test_a_seed_gives_the_same_chords_again(duet):
    one, same, other = (
        random_chords(duet, seed).score.tracks[1].notes["pitch"].tolist() for seed in (1, 1, 2)
    )
    assert one == same != other


def test_a_frame_of_four_notes_ends_as_surely_as_it_was_counted():
    settings = ROLL | {"pitches": 88}
    model = taught([[60, 50, 40, 30, 1, 59, 49, 39, 29, 1] * 50], 90, **settings)
    assert chance(model, [0, 57, 52, 46, 37], [1]) > 0.97  # any such chord is unlikely as a whole
