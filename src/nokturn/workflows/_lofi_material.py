"""What a lo-fi track is made of, from what the user has: nothing, chords, a file or a model.

A melody keeps its line and gets chords; music of several voices becomes a sample, which is played
round and round as it is, with drums and bass beneath it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nokturn.encodings.base import written
from nokturn.errors import InputError, UsageError
from nokturn.generation.harmonise import harmonised
from nokturn.music.chord_finding import chords_of, find_chords, written_chords
from nokturn.music.harmony import Harmony, pitch_class, spelled
from nokturn.music.key_finding import find_key
from nokturn.music.parts import pick
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score, in_order
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.music.transposition import transpose_score
from nokturn.music.voicing import Played
from nokturn.production import progressions
from nokturn.production.lofi import METERS, Lofi, Material, meter_of, sample_of
from nokturn.workflows.load import load

LONGEST_BARS = 16  # of a sample
GRID = TICKS_PER_QUARTER // 4
ALONE = 0.85  # share of onsets with one note from which music is a melody
LONGEST_SECONDS = 3 * 3600.0


def from_file(source: str | Path, lofi: Lofi, asked: set[str]) -> tuple[Lofi, Material]:
    """Return what a file gives, and the preset with the meter of the file.

    Parameters
    ----------
    asked
        Names of the settings that the user chose: those stay.

    Raises
    ------
    InputError
        It is no music, has no pitched notes, or is in a meter that there are no drums for.
    """
    pieces = load(source)
    return from_piece(pieces[0], lofi, asked)


def from_piece(piece: Piece, lofi: Lofi, asked: set[str]) -> tuple[Lofi, Material]:
    """Return what a piece gives; see `from_file`."""
    name = piece.source or "the music"
    score = written(piece)
    if score.seconds(score.end) > LONGEST_SECONDS:
        raise InputError("it lasts for more than three hours.", "Take a part of it.", source=name)
    score = pick(score, "no-drums", name)
    begins, own = score.main_meter()
    if "meter" in asked and lofi.meter != _meter(str(own), name):
        raise UsageError(
            f"{name} is in {own}, not in {lofi.meter}.", "Leave --meter out: it keeps its own."
        )
    lofi = lofi.model_copy(update={"meter": _meter(str(own), name)})
    meter = meter_of(lofi)
    bar = int(meter.bar_ticks)
    alone = _is_melody(score)
    excerpt = replace(_excerpt(score, begins, bar), meters=[(0, meter)])
    key = score.keys[0][1] if score.keys else find_key(score)
    if alone:
        chords = _under(piece, begins, excerpt.end)
        material = Material({"A": chords}, key, line=excerpt.tracks[0].notes)
    else:
        material = sample_of(excerpt, find_chords(excerpt), key)
    if not any(chord.harmony for chord in material.chords["A"]):
        raise InputError("no chords were found in it.", "Name some: --progression", source=name)
    material = _in_key(material, Key.parse(lofi.key)) if lofi.key else material
    chords = material.chords["A"]
    if lofi.progression:
        chords = progressions.read(lofi.progression, material.key).played(meter)
    rich = progressions.richer(chords, material.key, lofi.richness)
    return lofi, replace(material, chords={"A": rich})


def _meter(text: str, name: str) -> str:
    text = {"C": "4/4", "C|": "4/4", "2/2": "4/4", "2/4": "4/4", "12/8": "6/8"}.get(text, text)
    if text not in METERS:
        raise InputError(
            f"there are no lo-fi drums for {text}.", f"There are for {', '.join(METERS)}.",
            source=name,
        )  # fmt: skip
    return text


def _is_melody(score: Score) -> bool:
    notes = np.concatenate([track.notes for track in score.tracks])
    counts = np.unique(notes["onset"], return_counts=True)[1]
    return bool((counts == 1).mean() >= ALONE)


def _excerpt(score: Score, begins: int, bar: int) -> Score:
    """Return the first whole bars from the first note on, on a grid of sixteenths.

    A power of two of them, `LONGEST_BARS` at most, so that sections hold it without a rest.
    """
    first = min(int(track.notes["onset"][0]) for track in score.tracks if len(track.notes))
    start = begins + (max(0, first - begins) // bar) * bar
    bars = max(1, min(LONGEST_BARS, (score.end - start) // bar))
    end = start + 2 ** int(np.log2(bars)) * bar
    tracks = []
    for track in score.tracks:
        notes = track.notes[(track.notes["onset"] >= start) & (track.notes["onset"] < end)].copy()
        stops = np.minimum(notes["onset"] + notes["duration"], end) - start
        onsets = (notes["onset"] - start + GRID // 2) // GRID * GRID
        notes["onset"] = np.minimum(onsets, end - start - GRID)
        notes["duration"] = np.maximum(stops - notes["onset"], GRID)
        if len(notes):
            tracks.append(replace(track, notes=in_order(notes), pedal=[]))
    if not tracks:
        raise InputError("there are no notes from its first bar line on.", source=score.title)
    return replace(score, tracks=tracks, meters=[], keys=[], tempos=[], length=end - start)


def _under(piece: Piece, begins: int, length: int) -> list[Played]:
    """Return the chords under a melody from its first bar line on: as written, else found."""
    chords = written_chords(piece.sheet) or chords_of(Piece(harmonised(piece.sheet)))
    cut: list[Played] = []
    at = 0
    for chord, duration in chords:
        start, stop = max(at, begins), min(at + int(duration), begins + length)
        at += int(duration)
        if stop > start:
            cut.append(Played(chord, stop - start))
    return cut


def _in_key(material: Material, key: Key) -> Material:
    """Return the material moved into another key by the shortest way."""
    by = (key.tonic_class - material.key.tonic_class + 6) % 12 - 6
    if not by:
        return replace(material, key=key)

    def moved(chord: Harmony | None) -> Harmony | None:
        if chord is None:
            return None
        bass = spelled((pitch_class(chord.bass) + by) % 12, key) if chord.bass else None
        return Harmony(spelled((pitch_class(chord.root) + by) % 12, key), chord.quality, bass)

    chords = {
        name: [Played(moved(chord), ticks) for chord, ticks in row]
        for name, row in material.chords.items()
    }
    line = material.line
    if line is not None:
        line = line.copy()
        line["pitch"] += by
    sample = transpose_score(Score(list(material.sample)), by).tracks
    return replace(material, chords=chords, key=key, line=line, sample=tuple(sample))
