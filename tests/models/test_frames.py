"""Networks over frames: rolls and grids of voices, experts, and independent keys."""

import numpy as np
import pytest
import torch

from nokturn.errors import ModelError, UsageError
from nokturn.models import _key_net as key_net
from nokturn.models._experts import Experts
from nokturn.models._frames import Frames, Layout
from nokturn.models._heard import heard, key_sizes, keys_heard, sizes
from nokturn.models._key_experts import KeyExperts
from nokturn.models.base import Inputs
from nokturn.models.hybrid import Hybrid, HybridSettings, _moved
from nokturn.models.roll import Roll, RollSettings

ROLL = Layout(first=2, pitches=30, separator=1, beat=4)
STRUCK = Layout(first=2, pitches=30, kinds=2, separator=1, beat=4)
GRID = Layout(first=2, pitches=30, voices=3, beat=4)
LAYOUTS = pytest.mark.parametrize("layout", [ROLL, STRUCK, GRID], ids=["roll", "struck", "grid"])
TONAL = pytest.mark.parametrize("tonal", [False, True], ids=["by intervals", "by key too"])
KEYED = pytest.mark.parametrize("keyed", [False, True], ids=["by pitch", "by degree too"])


def piece(layout, frames=12, seed=0):
    """Return a piece of random frames, the boundary first and last."""
    random = np.random.default_rng(seed)
    ids = [0]
    for _ in range(frames):
        if layout.separator:
            notes = np.sort(random.choice(20, random.integers(0, 4), replace=False) + 5)[::-1]
            kinds = random.integers(0, layout.kinds, len(notes))
            ids += [*(layout.first + notes + kinds * layout.pitches).tolist(), layout.separator]
        else:
            ids += random.integers(1, 2 + layout.pitches, layout.voices).tolist()
    return np.array([*ids, 0])


def symbols(layout):
    return layout.first + layout.kinds * layout.pitches


def model_of(kind, layout, **settings):
    base = {name: getattr(layout, name) for name in ("first", "pitches", "kinds", "separator")}
    made = kind.settings_class(**base, voices=layout.voices, beat=layout.beat, width=16, **settings)
    return kind.untrained(Inputs(symbols(layout)), made, 1)


def test_frames_notes_and_references_of_a_roll():
    found = Frames.of(np.array([0, 12, 8, 1, 13, 1, 1, 20]), ROLL)
    assert found.frame.tolist() == [0, 0, 0, 1, 1, 2, 3, 3]
    assert found.note.tolist() == [0, 1, 2, 0, 1, 0, 0, 1]
    assert found.base.tolist() == [15, 15, 15, 10, 10, 11, 11, 11]  # the last top note


def test_each_voice_of_a_grid_is_measured_from_its_own_last_pitch():
    found = Frames.of(np.array([0, 12, 7, 1, 13, 1, 3, 14]), GRID)
    assert found.frame.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert found.base.tolist() == [15, 15, 15, 10, 5, 15, 11, 5]


def held(layout, times=3):
    """Return a piece of which each frame stands some frames long."""
    ids, width = piece(layout, 6, seed=3)[1:-1], layout.voices
    ends = (
        np.flatnonzero(ids == 1) + 1 if layout.separator else np.arange(width, 6 * width + 1, width)
    )
    frames = np.split(ids, ends[:-1])
    return np.concatenate([[0], *(frame for f in frames for frame in [f] * times), [0]])


@LAYOUTS
def test_frames_that_stand_are_one_change(layout):
    found = Frames.of(held(layout)[:-1], layout).changes
    assert len(found.row.starts) == 6 + 1
    at_begin = np.flatnonzero(Frames.of(held(layout)[:-1], layout).note == 0)
    assert found.age[at_begin].tolist()[1:7] == [1, 2, 3, 1, 2, 3]


@TONAL
@LAYOUTS
def test_experts_look_back_only_where_frames_stand(layout, tonal):
    experts = Experts(layout, [held(layout)], symbols(layout), tonal=tonal)
    fed = held(layout)[:-1]
    whole = experts.predict(fed)
    for stop in range(1, len(fed) + 1, 4):
        np.testing.assert_allclose(experts.predict(fed[:stop]), whole[:stop], atol=1e-6)
        np.testing.assert_allclose(experts.predict_last(fed[:stop]), whole[stop - 1], atol=1e-6)


def test_a_voice_s_notes_are_the_same_in_another_key_and_not_in_another_rhythm():
    def told(first, lengths, count=3):
        line = np.repeat(np.array([0, 4, 7, 5]) + first, lengths)
        ids = np.column_stack([line, np.full((len(line), 2), 1)]).ravel()
        found = Frames.of(np.array([0, *ids]), GRID)
        return found.events(0 * found.note, count)[-1]

    here = told(10, [2, 1, 1, 4])
    assert told(13, [2, 1, 1, 4]) == here
    assert told(10, [2, 1, 2, 4]) != here
    assert told(10, [2, 1, 1, 3]) != here  # the last one lasts still
    assert told(10, [5, 1, 1, 4]) == here  # three notes only


@KEYED
@LAYOUTS
def test_what_is_heard_does_not_depend_on_what_comes(layout, keyed):
    whole, size = piece(layout)[:-1], symbols(layout)
    all_of_it = heard(whole, layout, size, keyed=keyed)
    widths = (all_of_it.frames.shape[1], all_of_it.places.shape[1])
    assert widths == sizes(layout, size, keyed=keyed)
    for stop in range(1, len(whole), 5):
        part = heard(whole[:stop], layout, size, keyed=keyed)
        np.testing.assert_array_equal(part.places, all_of_it.places[:stop])
        np.testing.assert_array_equal(part.allowed, all_of_it.allowed[:stop])
        known = part.frame[-1] + 1
        np.testing.assert_array_equal(part.frames[:known], all_of_it.frames[:known])


@TONAL
@LAYOUTS
def test_experts_look_back_only_and_say_the_same_one_by_one(layout, tonal):
    experts = Experts(layout, [piece(layout, seed=s) for s in (1, 2)], symbols(layout), tonal=tonal)
    fed = piece(layout, 8, seed=3)[:-1]
    whole = experts.predict(fed)
    np.testing.assert_allclose(whole.sum(-1), 1, atol=1e-5)
    for stop in range(1, len(fed) + 1, 3):
        np.testing.assert_allclose(experts.predict(fed[:stop]), whole[:stop], atol=1e-6)
        np.testing.assert_allclose(experts.predict_last(fed[:stop]), whole[stop - 1], atol=1e-6)


@TONAL
@LAYOUTS
def test_a_piece_that_was_learned_from_is_foretold_as_if_it_had_not_been(layout, tonal):
    mine, others = piece(layout, seed=1), [piece(layout, seed=s) for s in (2, 3)]
    with_it = Experts(layout, [mine, *others], symbols(layout), tonal=tonal)
    without = Experts(layout, others, symbols(layout), tonal=tonal)
    np.testing.assert_allclose(
        with_it.predict(mine[:-1], own=mine[1:]), without.predict(mine[:-1]), atol=1e-5
    )


@TONAL
def test_what_came_earlier_in_the_piece_weighs_as_much_as_is_set(tonal):
    tune = np.tile(piece(ROLL, 6, seed=1)[1:-1], 3)
    fed = np.append(0, tune)
    others = [piece(ROLL, 20, seed=s) for s in (2, 3)]
    sure = [
        Experts(ROLL, others, symbols(ROLL), tonal=tonal, again=weight).predict(fed)[:-1, 0]
        for weight in (0, 2, 8)
    ]
    last = np.arange(2 * len(tune) // 3, len(tune))
    never, double, more = (p[last, tune[last]].mean() for p in sure)
    assert never < double < more


@TONAL
def test_experts_know_music_in_every_key(tonal):
    tune = piece(ROLL, 30, seed=1)
    higher = np.where(tune >= 2, tune + 3, tune)
    experts = Experts(ROLL, [piece(ROLL, 30, seed=2)], symbols(ROLL), tonal=tonal)
    moved = _moved(experts.predict(tune[:-1]), 3, 2, 30, 1)
    there = experts.predict(higher[:-1])
    first = int((tune == 1).argmax()) + 1  # the first frame has nothing to be measured from
    assert np.abs(moved[first:] - there[first:])[..., 8:28].mean() < 0.004
    assert np.abs(experts.predict(tune[:-1]) - there)[first:, :, 8:28].mean() > 0.01


@KEYED
@LAYOUTS
@pytest.mark.parametrize("kind", [Roll, Hybrid], ids=["roll", "hybrid"])
def test_it_streams_as_it_batches(kind, layout, keyed):
    check_stream(model_of(kind, layout, keyed=keyed).primed([piece(layout, seed=9)]), layout)


@LAYOUTS
def test_a_hybrid_that_knows_the_key_streams_as_it_batches(layout):
    model = model_of(Hybrid, layout, tonal=True)
    assert model.weights["gate_bias"].shape == (7,)
    check_stream(model.primed([piece(layout, seed=9)]), layout)


ROLLS = pytest.mark.parametrize("layout", [ROLL, STRUCK], ids=["roll", "struck"])


@ROLLS
@pytest.mark.parametrize("kind", [Roll, Hybrid], ids=["roll", "hybrid"])
def test_independent_keys_stream_as_they_batch(kind, layout):
    model = model_of(kind, layout, output="sigmoid")
    check_stream(model.primed([piece(layout, seed=9)]), layout)


@ROLLS
def test_experts_of_keys_look_back_only_and_say_the_same_frame_by_frame(layout):
    experts = KeyExperts(layout, [piece(layout, seed=s) for s in (1, 2)], symbols(layout))
    fed = piece(layout, 8, seed=3)[:-1]
    whole = experts.log_odds(fed)
    for stop in range(1, len(fed) + 1, 3):
        part = experts.log_odds(fed[:stop])
        np.testing.assert_allclose(part, whole[: len(part)], atol=1e-4)
        np.testing.assert_allclose(experts.log_odds(fed[:stop], last=True)[0], part[-1], atol=1e-4)


@ROLLS
def test_experts_of_keys_foretell_a_piece_of_the_corpus_as_if_they_had_not_read_it(layout):
    mine, others = piece(layout, seed=1), [piece(layout, seed=s) for s in (2, 3)]
    with_it = KeyExperts(layout, [mine, *others], symbols(layout))
    without = KeyExperts(layout, others, symbols(layout))
    np.testing.assert_allclose(
        with_it.log_odds(mine[:-1], own=True), without.log_odds(mine[:-1]), atol=1e-4
    )


def test_experts_of_keys_know_what_came_back():
    tune = np.array([0, *[14, 10, 1, 13, 1, 16, 1] * 6, 0])
    odds = KeyExperts(ROLL, [tune], symbols(ROLL)).log_odds(tune[:-1]).mean(1)
    later = odds[9]  # the fourth time round: C and E flat are next
    assert set(np.argsort(later)[-2:]) == {12, 8}
    assert later[[12, 8]].min() > 2
    assert odds[10, 11] > 2 > odds[10, 12]


@pytest.mark.parametrize("output", ["ordered", "sigmoid"])
def test_a_stream_that_is_not_asked_reads_the_same(output):
    model, fed = model_of(Roll, ROLL, output=output), piece(ROLL)[:-1].tolist()
    asked, silent = model.stream(), model.stream()
    for symbol in fed[:-1]:
        asked.step(symbol)
        silent.follow(symbol)
    np.testing.assert_allclose(silent.step(fed[-1]), asked.step(fed[-1]), atol=1e-5)


def check_stream(model, layout):
    fed = piece(layout)[:-1]
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    with torch.no_grad():
        whole = model.forward(weights, torch.from_numpy(fed)[None], torch.zeros(1, len(fed), 0))[0]
    stream = model.stream()
    for t, symbol in enumerate(fed.tolist()):
        here = torch.from_numpy(stream.step(symbol))
        torch.testing.assert_close(here.softmax(-1), whole[0, t].softmax(-1), atol=1e-5, rtol=1e-3)


@ROLLS
def test_independent_keys_one_after_the_other_are_as_likely_as_all_at_once(layout):
    found = torch.randn((1, 1, symbols(layout)), dtype=torch.float64)
    frame = key_net.Frames.of(found, layout)
    last = torch.tensor([[30], [20], [7], [0]])
    places = key_net.Places(torch.zeros_like(last), last)
    scores = key_net.in_order(frame, places, layout, symbols(layout))
    torch.testing.assert_close(scores.exp().sum(-1), torch.ones((4, 1), dtype=torch.float64))
    keys = found[0, 0, 2:32]
    notes = torch.zeros(30, dtype=torch.float64)
    notes[[20, 7]] = 1
    at_once = -torch.nn.functional.binary_cross_entropy_with_logits(keys, notes, reduction="sum")
    if layout.kinds > 1:
        struck = found[0, 0, 32:]
        at_once += torch.nn.functional.logsigmoid(-struck[[20, 7]]).sum()
    at_once += torch.nn.functional.logsigmoid(-found[0, 0, 0])
    steps = scores[0, 0, 2 + 20] + scores[1, 0, 2 + 7] + scores[2, 0, 1]
    torch.testing.assert_close(steps, at_once)


@ROLLS
def test_the_cost_of_independent_keys_is_that_of_all_their_symbols(layout):
    model = model_of(Roll, layout, output="sigmoid")
    tune = piece(layout)
    ids, targets = torch.from_numpy(tune[:-1])[None], torch.from_numpy(tune[1:])[None]
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    none = torch.zeros(1, len(tune) - 1, 0)
    with torch.no_grad():
        mine = model.cost(weights, ids, none, targets)
        plain = model.cost_of(model.forward(weights, ids, none)[0], targets)
    torch.testing.assert_close(mine.nats, plain.nats)
    assert mine.correct == plain.correct


def test_a_bent_loss_makes_missed_notes_dearer():
    found = torch.zeros((1, 1, symbols(ROLL)))

    def said(**bend):
        frame = key_net.Frames.of(found, ROLL, key_net.Bend(**bend))
        return frame.note[0, 0, 20] + frame.below[0, 0, -1]

    assert said(positive_weight=3) < said()
    assert said(miss_penalty=3) < said()
    assert said(focal=2) > said()


def test_ages_and_repeats_of_a_roll():
    tune = np.array([0, 12, 1, 13, 1, 12, 1, 13, 1])  # D C D C, an octave above the lowest
    found = keys_heard(tune, ROLL, recall=True)
    ages, follower = found.frames[:, 60:90], found.frames[:, 90:120]
    assert (ages[:4, 10] * 16).tolist() == [0, 1, -1, 1]
    assert follower[:, [10, 11]].tolist() == [[0, 0], [0, 0], [0, 0], [0, 1], [1, 0]]


def test_what_independent_keys_hear_does_not_depend_on_what_comes():
    whole = piece(STRUCK)[:-1]
    all_of_it = keys_heard(whole, STRUCK, recall=True).frames
    assert all_of_it.shape[1] == key_sizes(STRUCK, recall=True)
    for stop in range(1, len(whole), 3):
        part = keys_heard(whole[:stop], STRUCK, recall=True).frames
        np.testing.assert_array_equal(part, all_of_it[: len(part)])


def test_a_window_forgets_what_was_before_it():
    settings = {"output": "sigmoid", "recall": False, "dropout": 0, "input_dropout": 0}
    fed = torch.tensor([[0, *[12, 1, 14, 1] * 4]])
    changed = fed.clone()
    changed[0, 1] = 20  # another note in the first frame of the first window
    none = torch.zeros(1, fed.shape[1], 0)

    def differ(window):
        model = model_of(Roll, ROLL, window=window, **settings)
        weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
        with torch.no_grad():
            one, other = (
                model.forward(weights, x, none, noise=torch.Generator())[0] for x in (fed, changed)
            )
        frame = Frames.of(fed[0].numpy(), ROLL).frame
        return [bool((one != other)[0, frame == f].any()) for f in (1, 3, 4, 7)]

    assert differ(window=4) == [True, True, False, False]
    assert differ(window=0) == [True, True, True, True]


def test_keys_above_the_threshold_all_sound_and_no_other():
    model = model_of(Roll, ROLL, output="sigmoid").calibrated(0.4)
    writing = model.writing_above(None)
    assert (writing.threshold, model.writing_above(0.7).threshold) == (0.4, 0.7)
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    fed = torch.tensor([0, 12, 1, 12, 9, 1])
    with torch.no_grad():
        likely = model.key_probabilities(weights, fed)
    assert likely.shape == (2, 30)  # of the two whole frames
    threshold = float(likely[1].median())
    stream = model.writing_above(threshold).stream()
    written = [0, 12, 1]
    for symbol in written:
        logits = stream.step(symbol)
    while written[-1] != 1 or len(written) == 3:
        written.append(int(logits[1:].argmax()) + 1)
        logits = stream.step(written[-1])
    above = np.flatnonzero(likely[1].numpy() > threshold) + 2
    assert written[3:-1] == above[::-1].tolist()


def test_a_grid_of_voices_has_no_independent_keys():
    with pytest.raises(ModelError, match="is for rolls"):
        model_of(Roll, GRID, output="sigmoid")


def test_notes_one_after_the_other_have_no_threshold():
    with pytest.raises(UsageError, match="it has no threshold"):
        model_of(Roll, ROLL).writing_above(0.5)


def test_a_layout_that_is_larger_than_the_vocabulary_is_refused():
    with pytest.raises(ModelError, match="40 pitches from symbol 1 on are more than the 12"):
        Roll.shapes(Inputs(12), RollSettings(pitches=40))


def test_a_hybrid_carries_its_corpus():
    model = model_of(Hybrid, ROLL).primed([piece(ROLL, seed=1), piece(ROLL, seed=2)])
    assert isinstance(model.settings, HybridSettings)
    assert model.settings.corpus == len(piece(ROLL, seed=1)) + len(piece(ROLL, seed=2)) - 2
    assert (model.weights["corpus"] == 0).sum() == 2
    assert model.parameters < sum(a.size for a in model.weights.values())
