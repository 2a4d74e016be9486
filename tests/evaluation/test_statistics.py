"""Statistics of pieces: what is counted, and how far sets lie apart."""

import numpy as np
import pytest

from nokturn.evaluation.statistics import distances, divergence, longest_run, statistics, variety
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track

SCALE = [(k * 480, 480, 60 + p, 80) for k, p in enumerate((0, 2, 4, 5, 7, 9, 11, 12))]


def piece(rows, drums=False):
    return Piece(Score([Track.of(rows, drums=drums)]))


def test_a_scale():
    told = statistics([piece(SCALE)])
    assert (told.pieces, told.notes, told.longest_repeat, told.silence) == (1, 8, 1, 0)
    assert told.histograms["pitch class"][0] == pytest.approx(2 / 8)
    assert told.histograms["interval"][14] == pytest.approx(5 / 7)  # whole tones up
    assert told.histograms["duration"][4] == 1
    assert told.notes_a_quarter == 1


@pytest.mark.parametrize(
    ("rows", "silence"),
    [
        ([(0, 480, 60, 80), (960, 480, 60, 80)], 1 / 3),
        ([(480, 480, 60, 80)], 1 / 2),
        ([(0, 960, 48, 80), (0, 480, 60, 80), (480, 480, 62, 80)], 0),
    ],
    ids=["a rest", "a late beginning", "a held bass"],
)
def test_silence(rows, silence):
    assert statistics([piece(rows)]).silence == pytest.approx(silence)


def test_a_transposed_set_differs_in_pitch_classes_only():
    higher = [(on, length, pitch + 1, v) for on, length, pitch, v in SCALE]
    found = distances(statistics([piece(SCALE)]), statistics([piece(higher)]))
    assert found["pitch class"] > 0.3
    assert found["interval"] == found["duration"] == found["onset"] == 0


def test_nothing_and_drums_are_no_notes():
    told = statistics([piece([]), piece([(0, 10, 36, 80)], drums=True), Piece(Score())])
    assert (told.pieces, told.notes, told.longest_repeat) == (3, 0, 0)


def test_divergence_is_symmetric_and_bounded():
    random = np.random.default_rng(1)
    p, q = random.dirichlet(np.ones(12), 2)
    assert divergence(p, q) == pytest.approx(divergence(q, p))
    assert 0 < divergence(p, q) < 1
    assert divergence(p, p) == 0


def test_one_note_for_ever_is_seen():
    assert longest_run(np.array([60] * 40)) == 40
    assert statistics([piece([(k * 480, 480, 60, 80) for k in range(40)])]).longest_repeat == 40


def test_texture_is_how_many_notes_sound_at_once():
    told = statistics([piece([(0, 960, 48, 80), (0, 480, 60, 80), (480, 240, 62, 80)])])
    assert told.histograms["texture"][:4].tolist() == [0, 0.25, 0.75, 0]


def test_variety_is_small_where_the_same_comes_again():
    again = [(k * 480, 480, 60 + k % 2, 80) for k in range(17)]
    assert variety([piece(again)], 100) == pytest.approx(2 / 10)
    assert variety([piece(SCALE)], 100) == 1
    assert variety([piece(SCALE), piece(SCALE)], 100) == 1 / 2
    assert variety([piece(SCALE), piece(SCALE)], 1) == 1
    assert variety([], 100) == 0
