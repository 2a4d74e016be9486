"""What the built-in models give to a lo-fi track: its tune and its chords."""

from pathlib import Path

import numpy as np
import pytest

from nokturn.errors import UsageError
from nokturn.formats.abc import Abc
from nokturn.music.chord_finding import written_chords
from nokturn.music.pitch import Key
from nokturn.production import progressions
from nokturn.workflows.lofi import lofi

SHEET = Path(__file__).parents[2] / "recipes" / "lofi-chords.abc"


def melody_of(track):
    return next(t.notes for t in track.piece.score.tracks if t.name == "Melody")


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8", "5/4"])
def test_the_network_has_a_tune_for_every_meter(meter):
    track = lofi(seed=2, meter=meter, minutes=1)
    notes = melody_of(track)
    assert len(notes) > 20
    assert notes["pitch"].min() >= 60
    assert notes["pitch"].max() <= 90
    assert notes.tolist() == melody_of(lofi(seed=2, meter=meter, minutes=1)).tolist()


def test_motifs_make_another_tune_over_the_same_chords():
    tracks = [lofi(seed=2, minutes=1, melody=way) for way in ("network", "motifs")]
    assert melody_of(tracks[0]).tolist() != melody_of(tracks[1]).tolist()
    chords = [next(t.notes for t in one.piece.score.tracks if t.name == "Chords") for one in tracks]
    assert np.array_equal(chords[0]["pitch"], chords[1]["pitch"])


def test_drawn_chords():
    names = {
        tuple(sorted(track.piece.score.tracks[0].notes["pitch"][:12].tolist()))
        for track in (lofi(seed=s, key="Am", minutes=1, progression="network") for s in range(4))
    }
    assert len(names) > 1


def test_drawn_chords_are_for_tracks_from_nothing():
    with pytest.raises(UsageError, match="Chords are drawn for tracks from nothing"):
        lofi("tune.abc", progression="network")


def test_the_recipe_learns_from_the_written_progressions():
    written = [*progressions.MAJOR, *progressions.MINOR]
    pieces = Abc.loads(SHEET.read_bytes())
    assert len(pieces) == len(written)
    for number, (piece, text) in enumerate(zip(pieces, written, strict=True)):
        key = Key.parse("C" if number < len(progressions.MAJOR) else "Am")
        said = [c.harmony for c in progressions.read(text, key).played()]
        assert [chord.harmony for chord in written_chords(piece.sheet)] == said * 2
