"""Random chords over a rhythm: the baseline that every piece of music should beat.

    random_chords(load("chorale.mid")[0], seed=7)

Onsets, durations and tracks stay; at every onset one of 60 clean chords is drawn, all alike, and
each note gets one of its pitches within the range that its track has in the piece. Drums stay as
they are. Two notes of a track share a pitch only where the chord has too few.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nokturn.encodings.base import written
from nokturn.models._clean_chords import clean_chords
from nokturn.music.piece import Piece
from nokturn.music.score import Notes, Score, Track, in_order


def random_chords(rhythm: Piece, seed: int = 0) -> Piece:
    """Return the rhythm of a piece with pitches from chords drawn at random.

    Parameters
    ----------
    rhythm
        What keeps its onsets and durations; repeats are played out.
    seed
        The same gives the same piece.
    """
    score = written(rhythm)
    random = np.random.default_rng(seed)
    chords = clean_chords(128)
    onsets = [track.notes["onset"] for track in score.tracks if not track.drums]
    known = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *onsets]))
    drawn = chords[random.integers(0, len(chords), len(known))]  # (onsets, 128)
    tracks = [
        track if track.drums else _over(track, known, drawn, random) for track in score.tracks
    ]
    made = Score(tracks, score.tempos, score.meters, [], score.title, length=score.end)
    return Piece(made, title=rhythm.title)


def _over(
    track: Track, onsets: NDArray[np.int64], chords: NDArray[np.bool_], random: np.random.Generator
) -> Track:
    """Return a track with new pitches from the chord of each onset."""
    notes = track.notes.copy()
    if len(notes):
        low, high = int(notes["pitch"].min()), int(notes["pitch"].max())
        if high - low < 11:  # so that every chord has a pitch in it
            low = max(0, min(low, 116))
            high = low + 11
        cuts = np.flatnonzero(np.diff(notes["onset"])) + 1
        for part in np.split(notes, cuts):
            chord = chords[np.searchsorted(onsets, part["onset"][0])]
            _draw(part, low + np.flatnonzero(chord[low : high + 1]), random)
    return Track(in_order(notes), track.name, track.program, pedal=track.pedal)


def _draw(notes: Notes, pitches: NDArray[np.int64], random: np.random.Generator) -> None:
    few = len(pitches) < len(notes)
    notes["pitch"] = random.choice(pitches, len(notes), replace=few)
