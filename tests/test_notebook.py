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


def test_a_tune_in_another_rhythm_and_played_on_a_fiddle(tune, tmp_path):
    (piece,) = nokturn.rhythm(tune, by="cells", seed=1)
    piece.save(tmp_path / "cells.mid")
    (played,) = nokturn.perform(
        tmp_path / "cells.mid", style="folk-dance", instruments=["all=fiddle"], seed=1
    )
    assert played.score.tracks[0].program == 110


def test_a_track_shows_and_saves_itself(tmp_path):
    track = nokturn.lofi(seed=3, minutes=0.1, rain=0)
    shown = track._repr_mimebundle_()
    assert "Lo-fi in" in shown["text/plain"]
    assert "<audio" in shown["text/html"]
    assert len(shown["text/html"]) < 2_000_000
    written = track.save(tmp_path / "t.mid", tmp_path / "t.flac", loop=2)
    assert {path.name for path in written} == {"t.mid", "t.flac", "t-loop.wav"}
