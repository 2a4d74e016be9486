"""What the figures of a training are said to mean."""

import json
from pathlib import Path

import pytest

from nokturn.training.advice import advice
from nokturn.training.events import Epoch
from nokturn.training.runs import Run


def rows(losses=(), copied=(), bars=(), every=10):
    """Return a report for every tenth epoch, the untrained network first."""
    count = max(len(losses), len(copied), len(bars))
    known = [{"epoch": 0, "train_nats": None, "valid_nats": 4.2, "valid_bars": 0.0}]
    for k in range(count):
        known.append({"epoch": every * (k + 1), "train_nats": 1.0})
        for name, values in (("valid_nats", losses), ("copied", copied), ("valid_bars", bars)):
            known[-1][name] = values[k] if k < len(values) else None
    return known


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param(rows(), [], id="only the untrained network"),
        pytest.param(rows([2, 1.5, 1.2, 1.0]), ["learns still: give it more time"], id="learning"),
        pytest.param(
            rows([2, 1.5, 1.2, 1.0, 1.0, 1.001]),
            ["held-out loss stopped improving at epoch 40"],
            id="stopped",
        ),
        pytest.param(
            rows([1.0, 0.999, 1.0]),
            ["hardly improves since epoch 10; epoch 20 is best"],
            id="the star is named, too",
        ),
        pytest.param(
            rows([4.3, 4.4]),
            ["best at epoch 0 and rises since: it learns by heart. Use epoch 0"],
            id="a model that only becomes worse",
        ),
        pytest.param(
            rows([2, 1.2, 1.0, 1.1, 1.3]),
            ["best at epoch 30 and rises since: it learns by heart. Use epoch 30"],
            id="by heart",
        ),
        pytest.param(rows(copied=[0.1]), ["Nothing is held out"], id="nothing held out"),
        pytest.param(
            rows([2, 1.5, 1.2, 1.1, 1.0, 0.9], copied=[0, 0.01, 0.01, 0.02, 0.08, 0.09]),
            ["give it more time", "From epoch 50 on it copies more: 2 % -> 9 %"],
            id="copies more",
        ),
        pytest.param(
            rows([2, 1.5, 1.2, 1.0], copied=[0, 0.06, 0.07, 0.06]), ["more time"], id="as people"
        ),
        pytest.param(
            rows([2, 1.5, 1.2, 1.0], copied=[0.4, 0.42, 0.41, 0.42]),
            ["more time", "42 % of what it writes is copied: it needs more tunes"],
            id="copies much",
        ),
        pytest.param(
            rows([2, 1.5, 1.2, 1.0], bars=[0.1, 0.3, 0.4, 0.61]),
            ["more time", "Only 61 % of the bars"],
            id="wrong bars",
        ),
        pytest.param(rows([2.0]), [], id="one report says nothing"),
    ],
)
def test_figures_become_sentences(told, said):
    found = advice(told)
    assert len(found) == len(said), found
    assert all(part in sentence for part, sentence in zip(said, found, strict=True)), found


@pytest.mark.parametrize("losses", [[1.0, 0.999, 1.0], [1.0, 1.0, 1.0], [4.3, 4.4], [2, 1, 1.3]])
def test_advice_names_the_epoch_with_the_star(losses, tmp_path):
    run = Run(tmp_path)
    (tmp_path / "epochs").mkdir()
    told = rows(losses)
    for row in told:
        run.model(row["epoch"]).touch()
    run.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in told))
    assert f"epoch {run.best()}" in advice(told)[0]


def test_few_tunes_are_told_before_anything_is_learned():
    assert advice([], pieces=7) == [
        "Fewer than 20 tunes to learn from: expect copies, or give it more."
    ]
    assert advice([], pieces=20) == []


def test_what_is_told_while_it_trains_will_do():
    epochs = [
        Epoch(k, 3, 1.0, loss, 1.0, 0.5, 1.0, 1.0, 1.0, k, 1.0, Path("model"))
        for k, loss in enumerate((4.0, 2.0, 1.5, 1.0))
    ]
    assert advice(epochs) == ["It learns still: give it more time."]
