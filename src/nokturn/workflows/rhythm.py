"""Rhythm: pitches from anything joined with a rhythm from anything.

    for event in rhythm("scale.mid", by="euclid", set=["onsets=5", "steps=8"], seed=7): ...
    for event in rhythm("Am7 D9 Gmaj7", by="tune.abc"): ...         the rhythm of another file
    for event in rhythm(by="euclid", set=["layers=[[3, 8, 0]]"]): ...     drums alone

What stands in a file at one onset is one chord; each onset of the rhythm takes the next. The same
version, arguments and seed give the same piece.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nokturn import registry
from nokturn.encodings.base import written
from nokturn.errors import InputError, UsageError, did_you_mean
from nokturn.generation.rhythm import drawn_rhythm
from nokturn.models._file import ModelFile
from nokturn.music.parts import Choice, choice_of, pick
from nokturn.music.piece import Piece
from nokturn.music.rhythm import Rhythm
from nokturn.music.score import Score, Track
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.music.voicing import voiced
from nokturn.production import progressions
from nokturn.rhythms.euclid import Euclid
from nokturn.settings import build, override
from nokturn.training import runs
from nokturn.workflows.load import load
from nokturn.workflows.wishes import Composed, first_seed, parsed_meter, parsed_tempo

NETWORK = "network"  # the built-in model of rhythm
USUAL_QPM = 100.0
USUAL_BARS = 8
MOST_BARS = 1000
LAYERS = (36, 38, 42, 75, 63, 64, 56, 70)  # drums of the layers: kick, snare, hi-hat, claves ...
CLICK = 76  # wood block

Chords = list[tuple[int, ...]]


@dataclass(frozen=True)
class Way:
    """Where a rhythm comes from, checked: one of three is set."""

    source: Any = None  # a component of `nokturn.rhythms`
    network: ModelFile | None = None
    piece: Score | None = None  # whose rhythm is taken

    @property
    def meter(self) -> Meter | None:
        """The meter that it brings along."""
        return self.piece.main_meter()[1] if self.piece else None

    def make(
        self, bars: int, rng: np.random.Generator, meter: Meter, pitches: Sequence[int] = ()
    ) -> Rhythm:
        """Return so many bars of it; ``pitches`` are what it is for, if that is known."""
        if self.network:
            return drawn_rhythm(self.network, bars=bars, rng=rng, meter=meter, pitches=pitches)
        if self.piece is None:
            made: Rhythm = self.source.make(bars, rng, meter=meter)
            return made
        bar = int(meter.bar_ticks)
        whole = -(-self.piece.end // bar) * bar
        return Rhythm.of_notes(self.piece.tracks[0].notes, whole).over(bars * bar)


def way_of(by: str, set: Sequence[str] = ()) -> Way:
    """Return where a rhythm comes from.

    Parameters
    ----------
    by
        ``"euclid"``, ``"cells"``, ``"metrical"``, ``"network"``, the name of a model that learned
        rhythm, or a file, whose melody's rhythm is taken (of drums, all strokes).
    set
        Settings of the first three: ``"onsets=5"``.

    Raises
    ------
    UsageError, ModelError, InputError
        There is no such way, no such setting, or a file without notes.
    """
    known = registry.names("rhythms")
    if by in known:
        kind = registry.find("rhythms", by)
        table = override({}, set)
        return Way(source=kind(build(kind.settings_class, table, "rhythm")))
    if set:
        raise UsageError(
            f"--set {set[0]} is for rhythms that are made: {', '.join(known)}.", "Leave it out."
        )
    if by == NETWORK:
        return Way(network=ModelFile.load(runs.resolve("rhythm")))
    if by == "-" or Path(by).is_file() or Path(by).suffix in (".mid", ".abc", ".mxl", ".musicxml"):
        score = written(load(by)[0])
        drums = all(track.drums for track in score.tracks)
        return Way(piece=pick(score, "drums" if drums else "melody", by))
    if by in runs.models():
        return Way(network=ModelFile.load(runs.resolve(by)))
    raise UsageError(
        f"There is no rhythm named {by!r}.",
        did_you_mean(by, [*known, NETWORK]) + " A file or a model of rhythm will do, too.",
    )


def rhythm(
    pitches: str | Path = "",
    *,
    by: str = "euclid",
    set: Sequence[str] = (),
    tracks: str = "no-drums",
    bars: int | None = None,
    meter: str = "any",
    tempo: str | float = "",
    n: int = 1,
    seed: int | None = None,
) -> Iterator[Composed]:
    """Join pitches with a rhythm.

    Parameters
    ----------
    pitches
        A file, chords such as ``"Am7 D9 | Gmaj7"`` or ``"ii V I in C"``, or nothing: then drums
        play it.
    by, set
        Where the rhythm comes from, and its settings: see `way_of`.
    tracks
        Of a file: ``"melody"``, ``"1,bass"`` ..., see `nokturn.music.parts.choice_of`.
    bars
        1-1000; None = until every pitch was heard once, 8 without pitches.
    meter, tempo
        As for `generate`; ``"any"`` and empty = as in the files.
    n, seed
        How many, and the seed of the first.

    Raises
    ------
    UsageError, InputError, ModelError
        See `way_of`; a file that is no music and no progression of chords, no such tracks in it.
    """
    if bars is not None and not 1 <= bars <= MOST_BARS:
        raise UsageError(f"--bars {bars} is out of range.", f"Ask for 1 to {MOST_BARS}.")
    way = way_of(by, set)
    given = _score(str(pitches), _chosen(tracks))
    beat = parsed_meter(meter) or way.meter or (given or Score()).main_meter()[1]
    mark = parsed_tempo(tempo)
    qpm = mark.qpm if mark else _tempo_of(way.piece) or _tempo_of(given) or USUAL_QPM
    first = first_seed(seed, n)
    for number in range(first, first + n):
        rng = np.random.default_rng(number)
        if given:
            score = joined(given, way, bars, beat, rng)
        else:
            score = drummed(way, bars or USUAL_BARS, beat, rng)
        score.tempos = [(0, qpm)]
        title = given.title if given and given.title else "Rhythm"
        score.title = f"{title}, {Path(by).stem} no. {number}"
        recipe = {
            "nokturn": importlib.metadata.version("nokturn"),
            "model": f"rhythm-{Path(by).stem}", "pitches": str(pitches), "by": by,
            "set": list(set), "bars": bars, "meter": str(beat), "tempo": qpm, "seed": number,
        }  # fmt: skip
        yield Composed(Piece(score, title=score.title, source=by, recipe=recipe))


def _chosen(tracks: str) -> str | Sequence[Choice]:
    try:
        return choice_of(tracks)
    except ValueError as error:
        raise UsageError(f"--tracks {tracks!r} names no tracks: {error}.") from error


def _score(text: str, tracks: str | Sequence[Choice]) -> Score | None:
    """Return what pitches are taken from; None without any."""
    if not text:
        return None
    if text == "-" or Path(text).is_file() or not _is_progression(text):
        return pick(written(load(text)[0]), tracks, text)
    chords = [chord for bar in progressions.read(text).bars for chord in bar]
    bar = int(COMMON_TIME.bar_ticks)
    rows = [
        (nth * bar, bar, pitch.midi, 80)
        for nth, (bass, hand) in enumerate(voiced(chords))
        for pitch in (*bass, *hand)
    ]
    return Score([Track.of(rows, "Chords")], title=" ".join(text.split()))


def _is_progression(text: str) -> bool:
    try:
        return bool(progressions.read(text).bars)
    except InputError:
        if Path(text).suffix:
            return False  # a file that is not there
        raise


def _tempo_of(score: Score | None) -> float | None:
    return score.tempos[0][1] if score and score.tempos else None


def joined(
    given: Score, way: Way, bars: int | None, meter: Meter, rng: np.random.Generator
) -> Score:
    """Return a score of one track with the pitches of another and a new rhythm.

    A melody stays one voice: its notes end where the next begins.
    """
    chords = chords_of(given)
    made = rhythm_for(way, chords, bars, meter, rng)
    if all(len(chord) == 1 for chord in chords):  # a melody is one voice
        made = made.one_by_one()
    first = next(track for track in given.tracks if len(track.notes) and not track.drums)
    track = Track(made.played(chords), first.name, first.program)
    return Score([track], meters=[(0, meter)], length=made.length)


def chords_of(score: Score) -> Chords:
    """Return what begins together in all tracks but drums, one tuple of pitches an onset."""
    notes = np.concatenate([track.notes for track in score.tracks if not track.drums])
    notes = np.sort(notes, order=["onset", "pitch"])
    parts = np.split(notes["pitch"], np.flatnonzero(np.diff(notes["onset"])) + 1)
    return [tuple(np.unique(part).tolist()) for part in parts]


def rhythm_for(
    way: Way, chords: Chords, bars: int | None, meter: Meter, rng: np.random.Generator
) -> Rhythm:
    """Return a rhythm for chords: so many bars, or until each was heard once.

    In the latter case it ends with the last bar that is needed, the last note lasting on.
    """
    tops = [chord[-1] for chord in chords]
    if bars:
        return way.make(bars, rng, meter, tops)
    made, bar = way.make(USUAL_BARS, rng, meter, tops), int(meter.bar_ticks)
    while len(made) < len(chords) and made.length < MOST_BARS * bar:
        heard = len(made) % len(tops)
        made = made.then(way.make(USUAL_BARS, rng, meter, tops[heard:] + tops[:heard]))
    count = min(len(made), len(chords))
    end = -(-(int(made.onsets[count - 1]) + 1) // bar) * bar
    durations = np.minimum(made.durations[:count], end - made.onsets[:count])
    durations[-1] = end - made.onsets[count - 1]
    return replace(
        made, onsets=made.onsets[:count], durations=durations,
        velocities=made.velocities[:count], length=end,
    )  # fmt: skip


def drummed(way: Way, bars: int, meter: Meter, rng: np.random.Generator) -> Score:
    """Return the rhythm on drums; the layers of a Euclidean one on several."""
    if isinstance(way.source, Euclid) and way.source.settings.layers:
        layers = way.source.layers(bars, rng, meter=meter)
        sounds: Sequence[int] = LAYERS
    else:
        layers, sounds = [way.make(bars, rng, meter)], (CLICK,)
    tracks = [
        Track(layer.played([(sounds[i % len(sounds)],)]), f"Layer {i + 1}", drums=True)
        for i, layer in enumerate(layers)
    ]
    return Score(tracks, meters=[(0, meter)], length=layers[0].length)
