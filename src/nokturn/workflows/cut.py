"""Cut: some bars of a piece as a piece of its own.

    cut(piece, 5, 8)          bars 5 to 8 as they are played

Bars are numbered as `stage` numbers them: from 1, both ends included, on through repeats, a pickup
is 0. What is written stays written, repeats written out; what is played stays as it was played.
Key, meter, tempo and tracks are those that hold there. A note that is held over the cut is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from nokturn.errors import UsageError
from nokturn.music.alignment import PlayedBar
from nokturn.music.piece import Piece
from nokturn.music.score import NOTE, Score, Track, in_order
from nokturn.music.sheet import Bar, Event, Sheet
from nokturn.music.time import Tempo, exact
from nokturn.workflows.stage import aligned

T = TypeVar("T")
JUMPS = {
    "D.C.", "D.S.", "dacapo", "D.C.alfine", "D.C.alcoda", "D.S.alfine", "D.S.alcoda", "dacoda",
    "tocoda", "coda", "segno", "fine",
}  # fmt: skip


def cut(piece: Piece, first: int, last: int) -> Piece:
    """Return the bars from the first to the last of a piece, both included.

    Raises
    ------
    UsageError
        There are no such bars.
    """
    alignment = aligned(piece)
    bars = alignment.bars()
    chosen = [bar for bar in bars if first <= bar.number <= last]
    if not chosen or chosen[0].number != first or chosen[-1].number != last:
        has = f"{bars[0].number} to {bars[-1].number}" if bars else "none"
        raise UsageError(
            f"Bars {first} to {last} cannot be cut: the piece has bars {has}.",
            "Name the first and the last bar, as they are played.",
        )
    recipe = {**piece.recipe, "cut": [first, last]} if piece.recipe else None
    whole = piece.sheet_or_score
    music: Sheet | Score
    if isinstance(whole, Sheet):
        music = _written(whole, chosen, bars)
    else:
        music = _played(whole, chosen[0].start, chosen[-1].stop)
    return Piece(music, piece.title, piece.source, recipe)


def _written(sheet: Sheet, chosen: list[PlayedBar], bars: list[PlayedBar]) -> Sheet:
    """Return a sheet of the bars chosen, without repeats; what holds in them is written."""
    meters, keys = list(sheet.meters()), list(sheet.keys())
    qpm = _tempos(sheet)
    made: list[Bar] = []
    key, meter, tempo = None, None, 0.0
    for played in chosen:
        bar = _joined([sheet.bars[i] for i in played.written])
        at = played.written[0]
        if meters[at] != meter:
            bar.meter = meter = meters[at]
        if keys[at] != key:
            bar.keys[0] = keys[at]
        key = bar.keys[max(bar.keys)] if bar.keys else keys[at]
        if qpm[at] and 0 not in bar.tempos and qpm[at] != tempo:
            bar.tempos[0] = Tempo(qpm[at])
        tempo = next((t.qpm for _, t in sorted(bar.tempos.items())[::-1] if t.qpm), tempo)
        made.append(bar)
    made[-1].line = "final"
    for voice in made[-1].voices:
        if voice:
            voice[-1] = voice[-1]._replace(ties=())
    return replace(sheet, bars=made, part_order="", words=())


def _tempos(sheet: Sheet) -> list[float]:
    """Return the tempo in quarters a minute that holds at the beginning of each bar; 0 = none."""
    found: list[float] = []
    qpm = next((t.qpm for bar in sheet.bars for t in bar.tempos.values() if t.qpm), 0.0)
    for bar in sheet.bars:
        start = bar.tempos.get(0)
        found.append(start.qpm if start and start.qpm else qpm)
        qpm = next((t.qpm for _, t in sorted(bar.tempos.items())[::-1] if t.qpm), qpm)
    return found


def _joined(parts: list[Bar]) -> Bar:
    """Return the parts of a bar (two where a repeat sign stood in it) as one, played once."""
    joined = Bar([[] for _ in parts[0].voices], line=parts[-1].line)
    joined.break_after = parts[-1].break_after
    offset = exact(0)
    for part in parts:
        length = part.length
        for v, events in enumerate(part.voices):
            silent = [Event(length, hidden=True)] if len(parts) > 1 else []
            joined.voices[v] += [_plain(event) for event in events] or silent
        joined.keys |= {exact(offset + at): key for at, key in part.keys.items()}
        joined.tempos |= {exact(offset + at): tempo for at, tempo in part.tempos.items()}
        offset = exact(offset + length)
    if joined.line not in ("single", "dotted", "none"):
        joined.line = "single"
    return joined


def _plain(event: Event) -> Event:
    """Return an event without signs that send the player elsewhere."""
    kept = tuple(name for name in event.decorations if name not in JUMPS)
    return event._replace(decorations=kept)


def _played(score: Score, start: int, stop: int) -> Score:
    """Return what sounds from one tick to another, moved to the beginning."""
    return Score(
        [_track(track, start, stop) for track in score.tracks],
        _held(score.tempos, start, stop),
        _held(score.meters, start, stop),
        _held(score.keys, start, stop),
        score.title,
        score.ticks_per_quarter,
        stop - start,
    )


def _track(track: Track, start: int, stop: int) -> Track:
    onset = np.maximum(track.notes["onset"], start)
    end = np.minimum(track.notes["onset"] + track.notes["duration"], stop)
    heard = end > onset
    if track.drums:  # a hit is no held note
        heard &= track.notes["onset"] >= start
    notes = np.empty(int(heard.sum()), dtype=NOTE)
    notes["onset"], notes["duration"] = onset[heard] - start, (end - onset)[heard]
    notes["pitch"], notes["velocity"] = track.notes["pitch"][heard], track.notes["velocity"][heard]
    pedal = _held(track.pedal, start, stop)
    pedal = pedal[1:] if pedal and not pedal[0][1] else pedal  # it is up at the beginning anyway
    return Track(in_order(notes), track.name, track.program, track.drums, pedal)


def _held(changes: Sequence[tuple[int, T]], start: int, stop: int) -> list[tuple[int, T]]:
    """Return the changes between two ticks, and first what held at the beginning."""
    before = [(0, what) for tick, what in changes if tick <= start][-1:]
    return before + [(tick - start, what) for tick, what in changes if start < tick < stop]
