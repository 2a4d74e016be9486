"""Which notes of the next frame are foretold: counted by hand on pieces of three keys."""

import numpy as np
import pytest
import torch

from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.models._frames import Layout
from nokturn.models.base import Inputs
from nokturn.models.ngram import Ngram
from nokturn.models.roll import Roll, RollSettings
from nokturn.training.judging import (
    THRESHOLDS,
    Figures,
    baselines,
    best_threshold,
    cells,
    judged,
    of_report,
)

KEYS = Layout(first=2, pitches=3, separator=1, beat=2)
STRUCK = Layout(first=2, pitches=3, kinds=2, separator=1)
VOICES = Layout(first=2, pitches=3, voices=2)
C, D, E, END = 2, 3, 4, 1
LOOP = [E, C, END, D, END] * 8  # C and E together, then D


@pytest.fixture
def store(tmp_path):
    with StoreWriter(tmp_path, encoding="piano_roll", vocabulary=["", "|", *"CDE"]) as writer:
        for number in range(6):
            writer.add([(LOOP, None)], characters=40, valid=number > 3)
    return TokenStore(tmp_path)


def tensors(model):
    return {name: torch.from_numpy(array) for name, array in model.weights.items()}


@pytest.mark.parametrize(
    ("layout", "symbols", "expected"),
    [
        pytest.param(KEYS, [E, C, END, END, D, END], ["x.x", "...", ".x."], id="chord, rest, note"),
        pytest.param(KEYS, [C, END, D], ["x.."], id="an unfinished frame is no frame"),
        pytest.param(STRUCK, [E + 3, C, END], ["x.x..x"], id="C held, E struck"),
        pytest.param(VOICES, [E, C, 1, D], ["x.x", ".x."], id="two voices, one with a rest"),
    ],
)
def test_cells_of_frames(layout, symbols, expected):
    found = cells(np.array([0, *symbols]), layout)
    assert ["".join(".x"[int(cell)] for cell in row) for row in found] == expected


def test_figures_of_a_frame_by_hand():
    there = np.array([[1, 1, 1, 0, 0, 0, 0, 0]], dtype=bool)
    foretold = np.array([[1, 1, 0, 1, 0, 0, 0, 0]], dtype=bool)
    found = Figures.of(foretold, there)
    assert (found.hits, found.false, found.missed, found.cells, found.frames) == (2, 1, 1, 8, 1)
    assert found.precision == found.recall == found.f1 == pytest.approx(2 / 3)
    assert found.accuracy == 0.75
    assert (found + found).row()["false_positives"] == 2


def test_silence_is_mostly_right_and_foretells_nothing(store):
    silence, again = baselines(store, store.originals(valid=True), KEYS)
    assert (silence.f1, silence.accuracy) == (0, 0.5)
    assert again.hits == 0  # nothing is held from frame to frame
    assert again.frames == silence.frames == 32


def test_the_best_threshold_parts_notes_from_silence():
    likely = np.array([[0.62, 0.71, 0.3, 0.58]])
    assert best_threshold(likely, np.array([[True, True, False, False]])) == 0.6
    assert len(THRESHOLDS) == 19


def test_notes_one_after_the_other_are_written_greedily_after_the_true_frames(store):
    settings = {name: getattr(KEYS, name) for name in ("first", "pitches", "separator", "beat")}
    kind = Ngram.settings_class(**settings)
    pieces = [(store.piece(k), store.channels(k).astype(np.int64)) for k in range(4)]
    model = Ngram.learn(Inputs(5), kind, pieces, 1)
    _, row = of_report(model, tensors(model), store)
    assert row["judged_frames"] == 2 * 16  # of each held-out piece
    assert row["f1"] > 0.9  # it has seen the loop, and only the first frame is a guess


def test_independent_keys_are_judged_at_the_threshold_that_suits_them(store):
    settings = RollSettings(
        first=2, pitches=3, separator=1, beat=2, width=8, output="sigmoid", recall=False
    )
    model = Roll.untrained(Inputs(5), settings, 1)
    model.weights["absolute_bias"][2:5] = -1.4  # an untrained network that hardly expects notes
    segments = store.originals(valid=True)
    calibrated, found = judged(model, tensors(model), store, segments, KEYS)
    _, plain = judged(model, tensors(model), store, segments, KEYS, calibrate=False)
    assert plain.f1 == 0
    assert calibrated.threshold < 0.25
    assert found.f1 > 0.5  # all keys sound: half of the cells are notes
    assert judged(model, tensors(model), store, segments, KEYS, most=5)[1].frames == 5


def test_a_model_over_symbols_has_no_frames_to_judge(store):
    model = Ngram.learn(Inputs(5), Ngram.settings_class(), [(store.piece(0), None)], 1)
    assert of_report(model, tensors(model), store)[1] == {}
