"""The GAN: what it reads of pieces, what it writes, and what its critic hears."""

import numpy as np
import pytest
import torch

from nokturn.encodings.piano_roll import PianoRoll
from nokturn.encodings.voices import Voices
from nokturn.errors import ModelError
from nokturn.evaluation.likelihood import likelihood
from nokturn.models import _critic
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.gan import Gan, GanSettings
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track

CHORALE = Piece(
    Score(
        [
            Track.of([(0, 480, 72, 80), (480, 480, 74, 80)]),
            Track.of([(0, 960, 52, 80)]),
        ]
    )
)
ENCODINGS = [
    PianoRoll(per_quarter=2, struck=False, low=36, high=83),
    PianoRoll(per_quarter=2, struck=True, low=36, high=83),
    Voices(voices=2, per_quarter=2, struck=False, low=36, high=83),
    Voices(voices=2, per_quarter=2, struck=True, low=36, high=83),
]
NAMES = ["roll", "struck roll", "voices", "struck voices"]


def untrained(encoding, seed=1, **more):
    layout = {k: v for k, v in encoding.layout.items() if k in GanSettings.model_fields}
    settings = GanSettings(**{"width": 16, "critic": 8, **layout, **more})
    return Gan.untrained(Inputs(len(encoding.fit([]).vocabulary)), settings, seed)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=NAMES)
def test_cells_are_written_as_the_piece_that_they_were_read_from(encoding):
    model, ids = untrained(encoding), encoding.encode(CHORALE)
    cells = model.cells(ids.astype(np.int64))
    assert cells.shape[0] == 4
    assert cells.sum() == 8  # two notes in each of four frames
    said = 2 * cells - 1
    if not encoding.layout.get("separator"):  # the sign of a rest goes before the cells of a voice
        said = np.insert(said.reshape(4, 2, -1), 0, 0, axis=2).reshape(4, -1)
    assert [s for frame in said for s in model.symbols(frame)] == ids.tolist()


@pytest.mark.parametrize("encoding", ENCODINGS, ids=NAMES)
def test_what_is_imagined_is_on_or_off_and_has_a_gradient(encoding):
    model = untrained(encoding)
    weights = {n: torch.from_numpy(a) for n, a in model.weights.items()}
    weights["output"].requires_grad_()
    noise = torch.from_numpy(model.noise(3, np.random.default_rng(1)))
    windows = model.imagine(weights, noise)
    assert windows.shape == (3, 32, model.cells(np.zeros(0, dtype=np.int64)).shape[1])
    near = windows.detach().round()
    torch.testing.assert_close(windows.detach(), near, atol=1e-6, rtol=0)
    assert set(near.unique().tolist()) <= {0.0, 1.0}
    (gradient,) = torch.autograd.grad(windows.square().sum(), weights["output"])
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("encoding", ENCODINGS, ids=NAMES)
def test_a_seed_writes_the_same_piece_again_and_another_seed_another(encoding):
    model = untrained(encoding, width=32)

    def written(seed):
        stream, ids, symbol = model.begin(np.random.default_rng(seed)), [], 0
        while len(ids) < 2000:
            symbol = int(stream.step(symbol).argmax())
            if symbol == 0:
                return ids
            ids.append(symbol)
        raise AssertionError("it never ends")

    one, same, other = written(1), written(1), written(2)
    assert one == same != other
    score = encoding.decode(one).score
    assert score.note_count > 0
    assert score.end == 32 * 240  # as long as the pieces it learned from: 32 frames by default


def test_a_piece_that_may_not_end_goes_on():
    model = untrained(ENCODINGS[0])
    model.weights["lengths"][:] = 1
    stream = model.stream()
    symbol = int(stream.step(0).argmax())
    while symbol != 1:
        symbol = int(stream.step(symbol).argmax())
    logits = stream.step(symbol)
    assert logits.argmax() == 0
    logits[0] = -np.inf
    assert logits.argmax() > 0
    assert logits.max() > np.sort(logits)[-2] + 30  # as certain as before, at any temperature


def test_lengths_and_loudness_follow_the_corpus():
    encoding = ENCODINGS[0]
    ids = encoding.encode(CHORALE).astype(np.int64)
    model = untrained(encoding).primed([np.concatenate([[0], ids, [0]])])
    assert set(model.weights["lengths"].tolist()) == {4}
    bias = model.weights["output_bias"]
    assert bias[52 - 36] == bias.max() > 0 > bias[0]


def test_the_critic_hears_intervals_in_every_key():
    cells = np.zeros((2, 8, 1, 40), dtype=np.float32)
    cells[0, :, 0, [10, 14, 17]] = 1
    cells[1, :, 0, [15, 19, 22]] = 1
    heard = _critic.heard(torch.from_numpy(cells))
    first = 2 * 40 + 12 + 1
    torch.testing.assert_close(heard[0, :, first:], heard[1, :, first:])
    assert heard[0, 0, first : first + 8].tolist() == [0, 0, 1, 1, 0, 0, 1, 0]  # thirds, a fifth
    assert heard[:, 1:, 40:80].sum() == 0  # nothing begins after the first frame


def test_it_comes_back_from_its_file_and_has_no_likelihood(tmp_path):
    encoding = ENCODINGS[0].fit([])
    model = untrained(encoding)
    settings = encoding.model_dump(mode="json")
    file = ModelFile(model, "piano_roll", list(encoding.vocabulary), settings)
    file.save(tmp_path / "gan.safetensors", "float32")
    again = ModelFile.load(tmp_path / "gan.safetensors")
    np.testing.assert_array_equal(again.model.stream().step(0), model.stream().step(0))
    with pytest.raises(ModelError, match="A gan has no likelihood: it writes and foretells"):
        likelihood(again, None)
