"""What is said of a corpus before anything is learned from it."""

import pytest

from nokturn.corpora._findings import findings
from nokturn.encodings.midi_like import MidiLike
from nokturn.encodings.note_chord import NoteChord
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track, notes_of


def piece(*onsets):
    notes = notes_of([(onset, 240, 60 + k % 12, 80) for k, onset in enumerate(onsets)])
    return Piece(Score([Track(notes)]))


PLAYED = piece(*(240 * k + (k % 3) for k in range(300)))


def test_jitter_is_snapped_and_said():
    (said,) = findings([PLAYED], NoteChord())
    assert said.startswith("67% of all notes are moved to the grid of 12 steps a quarter, by 0.003")


@pytest.mark.parametrize(
    "encoding", [NoteChord(), MidiLike(steps_per_quarter=0, steps_per_second=100)]
)
def test_nothing_is_said_of_notes_on_the_grid_or_of_time_in_seconds(encoding):
    music = PLAYED if encoding.by_second else piece(*(240 * k for k in range(300)))
    assert findings([music], encoding) == []
