"""How long a training would take, measured without leaving anything behind."""

import pytest

from nokturn.errors import InputError
from nokturn.workflows.estimate import estimate

SMALL = ("model.width=8", "model.embedding=4", "training.threads=1", "training.precision=float32")


@pytest.fixture
def tunes(tmp_path, monkeypatch):
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path / "home"))
    path = tmp_path / "tunes.abc"
    bars = ["GABc d2g2", "edcB A2G2", "g2fe d2cB", "c2e2 d2B2", "B2AG F2D2", "dBGB cAFA"]
    path.write_text(
        "\n".join(
            f"X:{k}\nL:1/8\nK:G\n{bars[k % 6]}|{bars[k // 6]}|{bars[-k % 6]}|]\n" for k in range(24)
        )
    )
    return path


@pytest.mark.parametrize("base", ["", "folk"])
def test_it_is_measured_and_nothing_is_kept(tunes, tmp_path, base):
    found = estimate(tunes, set=SMALL[2:] if base else SMALL, base=base)
    assert 0 < found.held_out < found.pieces <= 24
    assert found.parameters == (2_354_756 if base else found.parameters) > 100
    assert found.epoch_s > 0
    assert found.epochs_in(10 * found.epoch_s) == pytest.approx(10)
    assert not (tmp_path / "home").exists()


def test_what_counts_is_estimated_by_doing_it(tunes):
    found = estimate(tunes, set=("model.name=ngram", "training.threads=1"))
    assert found.epoch_s > 0
    assert found.pieces > 0


def test_files_that_are_not_there_are_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no .*none\.abc"):
        estimate(tmp_path / "none.abc")
