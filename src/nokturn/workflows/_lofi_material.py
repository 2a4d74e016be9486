"""What a lo-fi track is made of, from what the user has: nothing, chords, a file or a model.

A melody keeps its line and gets chords; music of several voices becomes a sample, which is played
round and round as it is, with drums and bass beneath it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

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
from nokturn.music.score import Notes, Score, in_order
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.music.transposition import transpose_score
from nokturn.music.voicing import Played
from nokturn.production import progressions
from nokturn.production.grooves import STEADY, gathered
from nokturn.production.lofi import METERS, Lofi, Material, meter_of
from nokturn.workflows.load import load

SECTION_BARS = 8  # of a part that is taken, at most
CHORD_SHEETS = (".chords", ".csv")
GRID = TICKS_PER_QUARTER // 4
ALONE = 0.85  # share of onsets with one note from which music is a melody
HEARD, ENOUGH = 400, 64  # onsets that are heard for a beat: at most, and at least
UNITS = (GRID, GRID // 2, TICKS_PER_QUARTER // 3, TICKS_PER_QUARTER // 6)  # ticks, of which beats
COUNTED = {  # meters that are counted as another one: two bars as one, or one as two
    "C": "4/4", "C|": "4/4", "2/2": "4/4", "2/4": "4/4", "4/8": "4/4", "1/4": "4/4", "8/4": "4/4",
    "8/8": "4/4", "4/2": "4/4", "3/2": "3/4", "6/4": "3/4", "3/8": "6/8", "12/8": "6/8",
}  # fmt: skip
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
    if Path(name).suffix in CHORD_SHEETS:
        return _of_sheet(piece, lofi, name)
    score = written(piece)
    if score.seconds(score.end) > LONGEST_SECONDS:
        raise InputError("it lasts for more than three hours.", "Take a part of it.", source=name)
    if score.tracks and all(track.drums for track in score.tracks if len(track.notes)):
        raise InputError(
            "it holds drums and nothing else.", "Give a file with chords or a melody.", source=name
        )
    score = pick(score, "no-drums", name)
    if isinstance(piece.sheet_or_score, Score):  # what is written down is on a beat
        _check_beat(score, name)
    begins, own = score.main_meter()
    if "meter" in asked and lofi.meter != _meter(str(own), name):
        raise UsageError(
            f"{name} is in {own}, not in {lofi.meter}.", "Leave --meter out: it keeps its own."
        )
    lofi = lofi.model_copy(update={"meter": _meter(str(own), name)})
    meter = meter_of(lofi)
    bar = int(meter.bar_ticks)
    key = score.keys[0][1] if score.keys else find_key(score)
    parts = dict(zip("AB", _parts(score, begins, bar), strict=False))
    if _is_melody(score):
        chords = {name: _under(piece, part) for name, part in parts.items()}
        lines = {name: part.score.tracks[0].notes for name, part in parts.items()}
        material = Material(chords, key, lines=lines)
    else:
        samples = {name: replace(part.score, meters=[(0, meter)]) for name, part in parts.items()}
        chords = {name: find_chords(sample) for name, sample in samples.items()}
        material = Material(chords, key, samples=samples)
    if not all(any(chord.harmony for chord in row) for row in material.chords.values()):
        raise InputError("no chords were found in it.", "Name some: --progression", source=name)
    material = _in_key(material, Key.parse(lofi.key)) if lofi.key else material
    return lofi, replace(material, chords=_chords(material, lofi))


def _of_sheet(piece: Piece, lofi: Lofi, name: str) -> tuple[Lofi, Material]:
    """Return the chords of a chord sheet: its first bars, and later ones that differ."""
    lofi = lofi.model_copy(update={"meter": _meter(str(piece.sheet.meter), name)})
    chords = progressions.divided(written_chords(piece.sheet), meter_of(lofi))
    material = Material(chords, piece.sheet.key)
    material = _in_key(material, Key.parse(lofi.key)) if lofi.key else material
    return lofi, replace(material, chords=_chords(material, lofi))


def _chords(material: Material, lofi: Lofi) -> dict[str, list[Played]]:
    """Return the chords that were found or named, as rich as the preset has them."""
    found = dict(material.chords)
    if lofi.progression:
        found = {"A": progressions.read(lofi.progression, material.key).played(meter_of(lofi))}
    return {
        name: progressions.richer(row, material.key, lofi.richness) for name, row in found.items()
    }


def _check_beat(score: Score, name: str) -> None:
    """Raise `InputError` where notes lie anywhere between the sixteenths and the triplets.

    So they do in recordings without a click: their files tell a tempo that nobody played.
    """
    onsets = np.unique(np.concatenate([track.notes["onset"] for track in score.tracks]))[:HEARD]
    if len(onsets) >= ENOUGH and max(gathered(onsets, unit) for unit in UNITS) < STEADY:
        raise InputError(
            "its notes keep no beat: they lie anywhere between the sixteenths.",
            "Give a file that was written, or played to a click with its tempo in the file.",
            source=name,
        )


def _meter(text: str, name: str) -> str:
    """Return the meter that drums play to a meter: one whose bars are whole ones of it."""
    text = COUNTED.get(text, text)
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


class _Part(NamedTuple):
    """Some bars of a piece: where they stand in it, and their notes counted from there."""

    start: int
    score: Score


def _parts(score: Score, begins: int, bar: int) -> list[_Part]:
    """Return the first bars from the first note on, and as many after them where there are.

    A power of two of them, so that sections hold them without a rest.
    """
    first = min(int(track.notes["onset"][0]) for track in score.tracks if len(track.notes))
    start = begins + (max(0, first - begins) // bar) * bar
    whole = max(1, min(SECTION_BARS, -(-(score.end - start) // bar)))
    length = 2 ** int(np.log2(whole)) * bar
    parts = [_excerpt(score, at, length) for at in (start, start + length)]
    few = parts[0].score.note_count // 4
    return [part for part in parts if part.score.note_count > few]


def _excerpt(score: Score, start: int, length: int) -> _Part:
    """Return some bars of a score, on a grid of sixteenths."""
    tracks = []
    for track in score.tracks:
        onset = track.notes["onset"]
        notes = track.notes[(onset >= start) & (onset < start + length)].copy()
        stops = np.minimum(notes["onset"] + notes["duration"] - start, length)
        onsets = (notes["onset"] - start + GRID // 2) // GRID * GRID
        notes["onset"] = np.minimum(onsets, length - GRID)
        notes["duration"] = np.maximum(stops - notes["onset"], GRID)
        if len(notes):
            tracks.append(replace(track, notes=in_order(notes), pedal=[]))
    return _Part(start, Score(tracks, length=length))


def _under(piece: Piece, part: _Part) -> list[Played]:
    """Return the chords under a part of a melody: as written, else found."""
    chords = written_chords(piece.sheet) or chords_of(Piece(harmonised(piece.sheet)))
    cut: list[Played] = []
    at = 0
    for chord, duration in chords:
        start, stop = max(at, part.start), min(at + int(duration), part.start + part.score.end)
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
    lines = material.lines and {name: _higher(row, by) for name, row in material.lines.items()}
    samples = material.samples and {
        name: transpose_score(sample, by) for name, sample in material.samples.items()
    }
    return replace(material, chords=chords, key=key, lines=lines, samples=samples)


def _higher(notes: Notes | list[Notes], by: int) -> Notes | list[Notes]:
    if isinstance(notes, list):
        return [_moved(one, by) for one in notes]
    return _moved(notes, by)


def _moved(notes: Notes, by: int) -> Notes:
    moved = notes.copy()
    moved["pitch"] += by
    return moved
