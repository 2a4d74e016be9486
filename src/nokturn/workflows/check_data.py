"""Check data: what is in files that are to be learned from, piece by piece, and what is wrong.

    for row in check_data("my-tunes/"): print(row.file, row.title, row.bars, row.problem)

Nothing is learned and nothing written. A piece may have a problem and still be of use; what cannot
be used is what a training would leave out, too. Whether a file is unquantised, has its drums in the
wrong channel or all parts on one track is judged by its notes, and may be judged wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora._duplicates import digest
from nokturn.corpora._ingest import (
    FEW,
    Share,
    collector_at_rest,
    crew,
    each_glance,
    music_files,
    shares,
)
from nokturn.corpora._workers import read_in_workers
from nokturn.formats._abc_glance import Glance
from nokturn.music.bars import bar_faults, numbered_bars
from nokturn.music.melody import melody
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.workflows.info import key_of, score_bars

FEW_NOTES = 8
SOON = 24  # notes, after which most tunes have shown more than two pitches
GRID = np.array([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])  # of a quarter: sixteenths, triplets
NEAR = 0.02  # of a quarter
ON_GRID = 0.6  # of the onsets; of random ones a quarter is near
WIDE = 30  # semitones between melody and bass
DRUM_NAME = re.compile(r"\b(drums?|percussion|perc|drum ?kit)\b", re.IGNORECASE)
DRUM_KEYS = (35, 36, 38, 40, 42, 44, 46, 49, 51)  # of General MIDI: kick, snare, hi-hat, cymbals


@dataclass(frozen=True)
class Checked:
    """A piece in a file, or a file of which a piece or everything was refused.

    Attributes
    ----------
    file
        Its path.
    number
        Of the piece in the file, from 1; 0 = it was refused.
    title, key, meter
        As written; the key of what only sounds is heard. Empty = refused.
    notes, bars
        As written, without repeats.
    problem
        What is wrong, in sentences; empty = nothing.
    usable
        Whether a training would use it.
    melody
        What pieces with the same melody share, in any key; empty = no melody.
    """

    file: str
    number: int = 0
    title: str = ""
    notes: int = 0
    bars: int = 0
    key: str = ""
    meter: str = ""
    problem: str = ""
    usable: bool = False
    melody: str = field(default="", repr=False)


def check_data(*paths: str | Path, workers: int | None = None) -> list[Checked]:
    """Return a row for every piece in files and folders, and for everything refused.

    Parameters
    ----------
    paths
        Files, and folders with all that is in them.
    workers
        Processes that read; see `nokturn.corpora._ingest.ingest`.

    Raises
    ------
    InputError
        There is no such file or folder.
    """
    files = music_files(paths)
    every = [share for path in files for share in shares(path)]
    found: dict[Path, list[list[Checked]]] = {path: [] for path in files}
    lost: dict[Path, str] = {}
    if workers is None:
        workers = crew(len(files) if len(files) == len(every) else FEW)
    if not workers:
        for share in every:
            found[share.path].append(check_share(share))
    else:
        for k, rows, reason in sorted(read_in_workers(check_share, every, workers)):
            found[every[k].path].append(rows)
            lost |= {every[k].path: reason} if reason else {}
    return without_copies(
        row
        for path, parts in found.items()
        for row in (refused(path, lost[path]) if path in lost else joined(path, parts))
    )


def check_file(path: Path) -> list[Checked]:
    """Return a row for every piece in a file, and for everything refused; copies are not told."""
    return joined(path, [check_share(share) for share in shares(path)])


def check_share(share: tuple[Path, int, int]) -> list[Checked]:
    """Return what `check_file` does, of a `Share` of it, and nothing for nothing."""
    path = share[0]
    pieces: list[Checked] = []
    others: list[Checked] = []
    with collector_at_rest():
        for seen in each_glance(Share(*share)):  # one at a time: a book's notes fill much memory
            if isinstance(seen, str):
                others += refused(path, _without(seen, path))
            else:
                pieces.append(_checked(seen, path, len(pieces) + 1))
    return pieces + others


def check_shares(shares: Iterable[tuple[Path, int, int]]) -> list[list[Checked]]:
    """Return what `check_share` does, of each."""
    with collector_at_rest():  # not only within each: it would look through all after every one
        return [check_share(share) for share in shares]


def joined(path: Path, parts: Sequence[Sequence[Checked]]) -> list[Checked]:
    """Return the rows of a file from those of its shares, in order."""
    rows = [row for part in parts for row in part]
    pieces = [row for row in rows if row.number]
    if len(parts) > 1:
        pieces = [replace(row, number=number) for number, row in enumerate(pieces, 1)]
    others = [row for row in rows if not row.number]
    return pieces + others or refused(path, "There is no piece in it")


def refused(path: Path, reason: str) -> list[Checked]:
    """Return the row of what was refused."""
    return [Checked(str(path), problem=_sentence(reason))]


def without_copies(rows: Iterable[Checked]) -> list[Checked]:
    """Return rows of which those are of no use that repeat the melody of an earlier one."""
    first: dict[str, Checked] = {}
    kept = []
    for row in rows:
        other = first.setdefault(row.melody, row) if row.melody else row
        kept.append(row if other is row else _left_out(row, other))
    return kept


def _left_out(row: Checked, other: Checked) -> Checked:
    name = f"{Path(other.file).name}:{other.number} {other.title}".strip()
    said = f"The same melody as {name}: left out. {row.problem}".strip()
    return replace(row, problem=said, usable=False)


def _checked(seen: Glance | Piece, path: Path, number: int) -> Checked:
    holds = _glance(seen) if isinstance(seen, Piece) else seen
    return Checked(
        file=str(path),
        number=number,
        title=holds.title,
        notes=holds.notes,
        bars=holds.bars,
        key=str(holds.key),
        meter=str(holds.meter),
        problem=" ".join(_problems(seen, holds, path)),
        usable=True,
        melody=digest(holds.melody).hex(),
    )


def _glance(piece: Piece) -> Glance:
    """Return what a piece holds; of what only sounds no bar is written, and none wrong."""
    music, key, line = piece.sheet_or_score, key_of(piece), melody(piece)
    if isinstance(music, Score):
        meter, bars = music.main_meter()[1], score_bars(music)
        return Glance(piece.title, key, meter, music.note_count, bars, 0, 0, line)
    events = (event for bar in music.bars for voice in bar.voices for event in voice)
    notes, wrong = sum(len(event.pitches) for event in events), len(bar_faults(music))
    bars = numbered_bars(music)
    return Glance(piece.title, key, music.meter, notes, bars, len(music.bars), wrong, line)


def _problems(seen: Glance | Piece, holds: Glance, path: Path) -> Iterator[str]:
    """Yield what is wrong with a piece that holds so much, in sentences."""
    line = holds.melody.pitches
    pitches = len(set(line[:SOON].tolist()))
    if pitches <= 2:
        pitches = len(np.unique(line))
    if holds.notes < FEW_NOTES:
        yield f"Only {holds.notes} notes." if holds.notes > 1 else "Only one note."
    elif pitches <= 2:
        yield "Two pitches only." if pitches == 2 else "One pitch only."
    if holds.wrong:
        yield f"{holds.wrong} of {holds.written} bars do not add up."
    if isinstance(seen, Glance):
        return
    if isinstance(seen.sheet_or_score, Score):
        yield from _sounding(seen.sheet_or_score)
    if seen.repairs:
        more = f", and {len(seen.repairs) - 1} more" if len(seen.repairs) > 1 else ""
        first = _sentence(_without(seen.repairs[0], path)).rstrip(".")
        yield f"Mended: {first[:1].lower()}{first[1:]}{more}."


def _sounding(score: Score) -> Iterator[str]:
    """Yield what is wrong with notes that only sound."""
    pitched = [track for track in score.tracks if len(track.notes) and not track.drums]
    onsets = np.concatenate([track.notes["onset"] for track in score.tracks] or [np.zeros(0)])
    if len(onsets) and _on_grid(onsets, score.ticks_per_quarter) < ON_GRID:
        yield "Unquantised: the notes do not lie on the beat's grid."
    drums = [track for track in pitched if _plays_drums(track)]
    if drums:
        yield "Its drums are not on channel 10, so they are taken for notes."
    if len(pitched) == 1 and not drums and _parts(pitched[0]):
        yield "All parts are on one track, so melody and accompaniment can only be guessed."


def _on_grid(onsets: NDArray[np.int64], ticks_per_quarter: int) -> float:
    """Return the share of onsets near a sixteenth or a triplet eighth."""
    place = (onsets / ticks_per_quarter) % 1
    return float((np.abs(place[:, None] - GRID).min(axis=1) <= NEAR).mean())


def _plays_drums(track: Track) -> bool:
    """Return whether a pitched track looks like drums: by its name, or by the keys it strikes."""
    if DRUM_NAME.search(track.name):
        return True
    keys = np.unique(track.notes["pitch"])
    drums = np.isin(track.notes["pitch"], DRUM_KEYS).mean()
    return bool(drums > 0.9 and np.isin(keys, (35, 36)).any() and np.isin(keys, (38, 40)).any())


def _parts(track: Track) -> bool:
    """Return whether a track holds more than a voice: notes that sound together, far apart."""
    notes = track.notes
    if len(notes) < 2:
        return False
    over = notes["onset"][1:] < np.maximum.accumulate(notes["onset"] + notes["duration"])[:-1]
    wide = int(notes["pitch"].max()) - int(notes["pitch"].min())
    return bool(over.mean() > 0.3 and wide >= WIDE)


def _without(text: str, path: Path) -> str:
    """Return a reason without the file that it begins with: that stands beside it."""
    return text.removeprefix(path.name).lstrip(":, ")


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def summary(rows: Sequence[Checked]) -> str:
    """Return in a line how much of the data can be used.

    >>> summary([Checked("a.abc", 1, usable=True), Checked("b.mid", problem="No notes.")])
    '2 files, 1 piece to learn from; 1 with a problem, 1 left out.'
    """
    files, usable = len({row.file for row in rows}), sum(row.usable for row in rows)
    problems, out = sum(bool(row.problem) for row in rows), sum(not row.usable for row in rows)
    return (
        f"{files} {'file' if files == 1 else 'files'}, {usable} "
        f"{'piece' if usable == 1 else 'pieces'} to learn from; {problems} with a problem, "
        f"{out} left out."
    )
