"""The verbs in Python: the same as the commands, with pieces that show themselves."""

import pytest

import nokturn

TUNE = "X:1\nT:Arpeggios\nM:4/4\nL:1/4\nK:C\nCEGc|GBdG|cGEC|]\n"


@pytest.fixture
def tune(tmp_path):
    path = tmp_path / "tune.abc"
    path.write_text(TUNE)
    return path


def test_every_name_is_there():
    assert all(callable(getattr(nokturn, name)) for name in nokturn.__all__)


def test_a_melody_gets_its_chords(tune):
    (piece,) = nokturn.harmonise(tune)
    bars = piece.sheet.bars
    chords = [event.chord for bar in bars for voice in bar.voices for event in voice]
    assert [chord for chord in chords if chord] == ["C", "G", "C"]


def test_what_an_encoding_keeps(tune):
    made = nokturn.encode(tune, "events")
    assert made.f1 == 1
    assert made.notes == 12


def test_what_is_no_model_cannot_vary(tune):
    with pytest.raises(nokturn.Error, match="no model"):
        nokturn.vary(tune, "nobody")
