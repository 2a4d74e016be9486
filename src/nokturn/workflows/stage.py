"""Stage: a piece made ready for a screen, as plain data: which note sounds when, and where it is.

    staged = stage(piece)
    staged.notes["name"][7], staged.notes["onset_s"][7]      'F#4', 2.5
    staged.notes["ids"][7]                                   ['n3-0-2-0']: in `engrave_for_screen`
    json.dumps(staged.plain())

Everything is as played: repeats are unrolled, so one written note may sound, and be listed, several
times. Bars count on through repeats; a pickup is bar 0. Seconds are those of `piece_stems` at the
same tempo. A performance keeps its own times; its score shows the nearest that can be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.formats._abc_writer import located_tune
from nokturn.formats._musicxml_writer import measure_id, written_ids
from nokturn.music._quantise import is_quantised
from nokturn.music.alignment import Alignment, PlayedBar
from nokturn.music.instruments import NAMES, track_names
from nokturn.music.perform import performed
from nokturn.music.piece import Piece
from nokturn.music.pitch import Pitch, usual_name
from nokturn.music.score import DEFAULT_QPM, Score, Track
from nokturn.music.sheet import Place, Sheet
from nokturn.music.time import TICKS_PER_QUARTER, Meter
from nokturn.music.transcribe import transcribed
from nokturn.rendering.audio.drums import drum_of

ABC_VOICES = 8  # beyond these nobody reads ABC
Row = dict[str, Any]


@dataclass(frozen=True)
class Staged:
    """A piece as a screen needs it; all of it can be written as JSON.

    Attributes
    ----------
    title, key, meter
        In words, at the beginning: ``"A dorian"``, ``"6/8"``.
    tempo
        Quarter notes a minute at the beginning.
    seconds, quarters
        Length as played.
    summary
        A sentence for those who listen to the screen.
    tracks
        ``name`` (unique), ``program`` 0-127, ``instrument``, ``drums``, ``notes``, ``lowest`` and
        ``highest`` (note names, empty for drums or without notes).
    notes
        Columns of equal length, in order of onset: ``track``, ``onset_quarters``,
        ``duration_quarters``, ``onset_s``, ``duration_s``, ``pitch``, ``name`` (spelled; drums by
        theirs), ``velocity``, ``bar``, ``beat`` (from 1, in beats of the meter), ``ids`` (of the
        note signs that it stands for, in the engraved score) and ``events`` (keys of
        ``abc_places``).
    bars
        As played: ``number``, ``start_s``, ``end_s``, ``start_quarters``, ``end_quarters``,
        ``meter`` and the ``ids`` of its measures.
    tempos, keys, meters
        Changes: ``quarters``, ``seconds``, and ``qpm`` or ``name``.
    abc
        The piece as ABC; empty where ABC does not hold it: drums, many voices, free playing. The
        notes are the text then.
    abc_places
        Where events stand in it, from and to, as browsers count.
    """

    title: str
    key: str
    meter: str
    tempo: float
    seconds: float
    quarters: float
    summary: str
    tracks: list[Row]
    notes: dict[str, list[Any]]
    bars: list[Row]
    tempos: list[Row]
    keys: list[Row]
    meters: list[Row]
    abc: str
    abc_places: dict[str, list[int]]

    def plain(self) -> dict[str, Any]:
        """Return it as dictionaries, lists, texts and numbers."""
        return asdict(self)


def stage(piece: Piece) -> Staged:
    """Return what a screen needs of a piece.

    Raises
    ------
    LimitError
        It cannot be written down or played out: too many bars or notes.
    """
    score = piece.score
    alignment = aligned(piece)
    bars = alignment.bars()
    names = track_names(score.tracks)
    abc, places = _text(piece, alignment.sheet)
    meter = next((bar.meter for bar in bars if bar.number), alignment.sheet.meter)
    return Staged(
        title=piece.title or score.title,
        key=alignment.sheet.key.name,
        meter=_meter_name(meter),
        tempo=score.tempos[0][1] if score.tempos else DEFAULT_QPM,
        seconds=score.seconds(score.end),
        quarters=score.end / score.ticks_per_quarter,
        summary=summary(alignment),
        tracks=[_track(track, name) for track, name in zip(score.tracks, names, strict=True)],
        notes=_notes(alignment, bars),
        bars=[_bar(bar, score) for bar in bars],
        tempos=_changes(score, "qpm", score.tempos),
        keys=_changes(score, "name", [(tick, key.name) for tick, key in score.keys]),
        meters=_changes(score, "name", [(tick, _meter_name(m)) for tick, m in score.meters]),
        abc=abc,
        abc_places=places,
    )


def aligned(piece: Piece) -> Alignment:
    """Return how what is written and what sounds of a piece belong together."""
    music = piece.sheet_or_score
    return performed(music) if isinstance(music, Sheet) else transcribed(music)


def summary(alignment: Alignment) -> str:
    """Return what a piece is like in a sentence: ``32 bars, A dorian, 4/4, range E4 to B5, 43 s``.

    Bars, as seconds, are those played; pickups do not count.
    """
    score, sheet = alignment.score, alignment.sheet
    bars = alignment.bars()
    count = sum(bar.number > 0 for bar in bars)
    parts = [f"{count} bar" + "s" * (count != 1)]
    meter = next((bar.meter for bar in bars if bar.number), sheet.meter)
    heard = [t.notes["pitch"] for t in score.tracks if len(t.notes) and not t.drums]
    parts += [sheet.key.name] * bool(heard)
    parts.append(_meter_name(replace(meter, symbol="")))  # "C|" is hard to say
    if heard:
        low, high = (min(int(p.min()) for p in heard), max(int(p.max()) for p in heard))
        parts.append(f"range {usual_name(low)} to {usual_name(high)}")
    playing = sum(len(track.notes) > 0 for track in score.tracks)
    if playing > 1:
        parts.append(f"{playing} instruments")
    minutes, seconds = divmod(round(score.seconds(score.end)), 60)
    parts.append((f"{minutes} min " if minutes else "") + f"{seconds} s")
    return ", ".join(parts)


def _meter_name(meter: Meter) -> str:
    return "free meter" if meter.free else str(meter)


def _track(track: Track, name: str) -> Row:
    pitched = track.notes["pitch"] if not track.drums else track.notes["pitch"][:0]
    return {
        "name": name,
        "program": track.program,
        "instrument": "Drums" if track.drums else NAMES[track.program],
        "drums": track.drums,
        "notes": len(track.notes),
        "lowest": usual_name(int(pitched.min())) if len(pitched) else "",
        "highest": usual_name(int(pitched.max())) if len(pitched) else "",
    }


def _notes(alignment: Alignment, bars: list[PlayedBar]) -> dict[str, list[Any]]:
    """Return the columns of all notes in order of onset."""
    score = alignment.score
    ids = written_ids(alignment.sheet)
    tpq = score.ticks_per_quarter
    notes = np.concatenate([track.notes for track in score.tracks] or [Track.of([]).notes])
    track = np.repeat(np.arange(len(score.tracks)), [len(t.notes) for t in score.tracks])
    places = [note for sources in alignment.sources() for note in sources]
    order = np.lexsort((notes["pitch"], track, notes["onset"]))
    notes, track = notes[order], track[order]
    places = [places[k] for k in order.tolist()]
    start_s = score.seconds_at(notes["onset"])
    end_s = score.seconds_at(notes["onset"] + notes["duration"])
    numbers, beats = _counted(notes["onset"], bars, tpq)
    drums = [t.drums for t in score.tracks]
    pitches, parts = notes["pitch"].tolist(), track.tolist()
    return {
        "track": parts,
        "onset_quarters": (notes["onset"] / tpq).round(5).tolist(),
        "duration_quarters": (notes["duration"] / tpq).round(5).tolist(),
        "onset_s": start_s.round(5).tolist(),
        "duration_s": (end_s - start_s).round(5).tolist(),
        "pitch": pitches,
        "name": [
            _name(pitch, drums[part], written, alignment.sheet)
            for pitch, part, written in zip(pitches, parts, places, strict=True)
        ],
        "velocity": notes["velocity"].tolist(),
        "bar": numbers,
        "beat": beats,
        "ids": [[name for place in note for name in ids.get(place, ())] for note in places],
        "events": [list(dict.fromkeys(_event(*place[:3]) for place in note)) for note in places],
    }


def _name(pitch: int, drums: bool, places: tuple[Place, ...], sheet: Sheet) -> str:
    """Return a note's name as it is spelled, a drum's by what is struck."""
    if drums:
        return drum_of(pitch).name.capitalize()
    if not places:
        return usual_name(pitch)
    event = sheet.bars[places[0].bar].voices[places[0].voice][places[0].event]
    spelled: tuple[Pitch, ...] = event.pitches
    if places[0].grace >= 0:
        spelled = event.graces[places[0].grace].pitches
    return str(spelled[places[0].pitch])


def _counted(
    onsets: NDArray[np.int64], bars: list[PlayedBar], tpq: int
) -> tuple[list[int], list[float]]:
    """Return the number of the bar that each onset is in, and on which beat, from 1."""
    if not bars:
        return [1] * len(onsets), [1.0] * len(onsets)
    at = np.searchsorted([bar.start for bar in bars], onsets, side="right") - 1
    numbers, beats = [], []
    for onset, b in zip(onsets.tolist(), np.maximum(at, 0).tolist(), strict=True):
        bar = bars[b]
        numbers.append(bar.number)
        beats.append(_beat(onset - bar.start, bar, tpq))
    return numbers, beats


def _beat(offset: int, bar: PlayedBar, tpq: int) -> float:
    """Return the beat at so many ticks after the beginning of a bar; a pickup ends its bar."""
    ticks = offset * TICKS_PER_QUARTER / tpq
    if bar.meter.free:
        return round(1 + ticks / TICKS_PER_QUARTER, 3)
    if not bar.number:
        held = (bar.stop - bar.start) * TICKS_PER_QUARTER / tpq
        ticks += float(bar.meter.bar_ticks) - held
    edges = [float(edge) for edge in accumulate(bar.meter.beats, initial=0)]
    beat = min(int(np.searchsorted(edges, ticks + 1e-6, side="right")), len(edges) - 1)
    within = (ticks - edges[beat - 1]) / (edges[beat] - edges[beat - 1])
    return round(beat + within, 3)


def _bar(bar: PlayedBar, score: Score) -> Row:
    return {
        "number": bar.number,
        "start_s": round(score.seconds(bar.start), 5),
        "end_s": round(score.seconds(bar.stop), 5),
        "start_quarters": bar.start / score.ticks_per_quarter,
        "end_quarters": bar.stop / score.ticks_per_quarter,
        "meter": _meter_name(bar.meter),
        "ids": [measure_id(b) for b in bar.written],
    }


def _changes(score: Score, what: str, changes: Sequence[tuple[int, Any]]) -> list[Row]:
    return [
        {
            "quarters": tick / score.ticks_per_quarter,
            "seconds": round(score.seconds(tick), 5),
            what: value,
        }
        for tick, value in changes
    ]


def _text(piece: Piece, sheet: Sheet) -> tuple[str, dict[str, list[int]]]:
    """Return a piece as ABC with the places of its events; nothing where ABC does not hold it."""
    drums = any(voice.drums for voice in sheet.voices)
    if drums or len(sheet.voices) > ABC_VOICES:
        return "", {}
    if not piece.written and not is_quantised(piece.score):
        return "", {}
    text, places = located_tune(Piece(sheet, title=piece.title))
    return text, {_event(*event): list(place) for event, place in places.items()}


def _event(bar: int, voice: int, event: int) -> str:
    """Return the name of an event of the sheet: how the ids of its notes begin."""
    return f"n{bar}-{voice}-{event}"
