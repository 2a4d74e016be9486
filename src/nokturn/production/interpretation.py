"""Interpretation: the same notes, played as somebody would.

    interpreted(score, STYLES["romantic-piano"], rng)

Phrases of some bars swell towards their middle, hurry there and linger at their ends; strong
beats are louder; notes are shortened or overlap; the pedal is changed with the bar; players are
not quite together; off-beats swing. A `Style` says how much of each. A performance teaches its own
tempo and loudness (`Profile.of`), which then stand in for the arches. Its weakness: a phrase is a
number of bars, whatever the melody does.

Source: the parabolic arch of tempo and dynamics is Todd's, "The Dynamics of Dynamics", 1992.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.errors import InputError, UsageError, did_you_mean
from nokturn.music.accents import weights
from nokturn.music.score import DEFAULT_QPM, NOTE, Score, Track, in_order
from nokturn.music.time import EIGHTH, SIXTEENTH, TICKS_PER_QUARTER, Meter
from nokturn.production.feel import humanised, swung
from nokturn.settings import Settings

Floats = NDArray[np.float64]
POINTS = 64  # of a profile, from the first note to the last
SLOWEST, FASTEST = 0.4, 2.0  # times the tempo, whatever is learned or asked for


class Style(Settings):
    """How somebody plays."""

    phrase: int = Field(default=4, ge=1, le=32)  # bars
    dynamics: float = Field(default=0.0, ge=0, le=60)  # velocity that a phrase swells by
    accents: float = Field(default=0.0, ge=0, le=40)  # velocity from the lightest to the heaviest
    rubato: float = Field(default=0.0, ge=0, le=0.5)  # part of the tempo that is given and taken
    ending: float = Field(default=0.0, ge=0, le=0.7)  # part of the tempo lost in the last bar
    articulation: float = Field(default=1.0, ge=0.1, le=1.3)  # durations, times
    pedal: Literal["as written", "none", "bar"] = "as written"
    spread: float = Field(default=0.0, ge=0, le=60)  # ms between the ensemble's first and last
    swing: float = Field(default=50, ge=50, le=75)  # %
    swing_unit: Literal["1/8", "1/16"] = "1/8"
    human: float = Field(default=0.0, ge=0, le=1)  # unevenness of hands


STYLES = {
    "mechanical": Style(),
    "folk-dance": Style(
        phrase=8, dynamics=8, accents=22, ending=0.15, articulation=0.88, swing=55, human=0.25
    ),
    "romantic-piano": Style(
        dynamics=26, accents=8, rubato=0.14, ending=0.35, articulation=1.05, pedal="bar",
        spread=18, human=0.4,
    ),
    "lo-fi": Style(
        dynamics=8, accents=10, articulation=0.95, spread=14, swing=58, swing_unit="1/16",
        human=0.5,
    ),
}  # fmt: skip


def style_named(name: str) -> Style:
    """Return a style; `UsageError` with a suggestion where there is none of that name."""
    wanted = name.strip().lower().replace(" ", "-").replace("_", "-")
    if wanted not in STYLES:
        raise UsageError(f"There is no style {name!r}.", did_you_mean(wanted, STYLES))
    return STYLES[wanted]


@dataclass(frozen=True)
class Profile:
    """How a performance went: tempo and loudness from its beginning to its end.

    Attributes
    ----------
    tempo, loudness
        Shape (`POINTS`,): times the median tempo, times the median velocity.
    """

    tempo: Floats
    loudness: Floats

    @staticmethod
    def of(score: Score) -> Profile:
        """Learn from a performance whose bars lie on its grid, as files with a tempo map do.

        Raises `InputError` where it has no notes.
        """
        notes = np.concatenate([np.zeros(0, NOTE), *(track.notes for track in score.tracks)])
        if not len(notes):
            raise InputError("the performance has no notes to learn from.")
        end = max(1, int(notes["onset"].max()))
        ticks = np.linspace(0, end, POINTS + 1).astype(np.int64)
        seconds = np.diff(score.seconds_at(ticks))
        tempo = np.diff(ticks) / np.maximum(seconds, 1e-6)
        place = np.minimum(notes["onset"] * POINTS // end, POINTS - 1)
        counts = np.bincount(place, minlength=POINTS)
        sums = np.bincount(place, notes["velocity"], minlength=POINTS)
        heard = np.flatnonzero(counts)
        loud = np.interp(np.arange(POINTS), heard, sums[heard] / counts[heard])
        return Profile(
            np.clip(tempo / np.median(tempo), SLOWEST, FASTEST), loud / max(1.0, np.median(loud))
        )

    def at(self, share: Floats) -> tuple[Floats, Floats]:
        """Return tempo and loudness at places between 0 (the beginning) and 1 (the end)."""
        places = np.linspace(0.5 / POINTS, 1 - 0.5 / POINTS, POINTS)
        return np.interp(share, places, self.tempo), np.interp(share, places, self.loudness)


def interpreted(
    score: Score, style: Style, rng: np.random.Generator, *, profile: Profile | None = None
) -> Score:
    """Return a score as it is played.

    Parameters
    ----------
    style
        How.
    rng
        For what no two players do alike.
    profile
        Tempo and loudness of a performance, instead of the style's arches of both.

    Returns
    -------
    The score at 480 ticks a quarter. Its bars stay where they are: tempo is written as changes of
    tempo on each beat.
    """
    score = score.resampled(TICKS_PER_QUARTER)
    begins, meter = score.main_meter()
    clock = _Clock(begins, meter, style.phrase, max(1, score.end))
    played = replace(score, tracks=[_loud(track, clock, style, profile) for track in score.tracks])
    played = replace(played, tracks=[_long(track, style, clock) for track in played.tracks])
    if style.rubato or style.ending or profile:
        played = replace(played, tempos=_tempos(score, clock, style, profile))
    played = swung(played, style.swing, EIGHTH if style.swing_unit == "1/8" else SIXTEENTH)
    played = humanised(played, style.human, rng)
    return replace(played, tracks=_spread(played, style.spread, rng))


@dataclass(frozen=True)
class _Clock:
    """Where bars and phrases stand."""

    begins: int  # tick of the first whole bar
    meter: Meter
    phrase: int  # bars
    end: int

    def weight(self, ticks: NDArray[np.int64]) -> Floats:
        """Return how heavy places are, 0-1."""
        row = weights(self.meter)
        bar = int(self.meter.bar_ticks)
        place = (ticks - self.begins) % bar
        on_grid = place % SIXTEENTH == 0
        heavy: Floats = np.where(on_grid, row[place // SIXTEENTH % len(row)], 0) / row.max()
        return heavy

    def arch(self, ticks: NDArray[np.int64]) -> Floats:
        """Return -1 at the ends of phrases, 1 in their middle, a parabola between."""
        length = int(self.meter.bar_ticks) * self.phrase
        place = ((ticks - self.begins) % length) / length
        arch: Floats = 1 - 2 * (2 * place - 1) ** 2
        return arch


def _loud(track: Track, clock: _Clock, style: Style, profile: Profile | None) -> Track:
    onsets = track.notes["onset"].astype(np.int64)
    velocity = track.notes["velocity"].astype(np.float64)
    velocity += style.accents * (clock.weight(onsets) - 0.4)
    if profile:
        velocity *= profile.at(onsets / clock.end)[1]
    else:
        velocity += style.dynamics / 2 * clock.arch(onsets)
    notes = track.notes.copy()
    notes["velocity"] = np.clip(np.rint(velocity), 1, 127)
    return replace(track, notes=notes)


def _long(track: Track, style: Style, clock: _Clock) -> Track:
    """Return a track with its durations, and with its pedal."""
    if track.drums:
        return track
    notes = track.notes.copy()
    notes["duration"] = np.maximum(np.rint(notes["duration"] * style.articulation), 1)
    if style.articulation > 1:  # a note may overlap others, not its own next stroke
        order = np.lexsort((notes["onset"], notes["pitch"]))
        same = np.diff(notes["pitch"][order]) == 0
        gaps = np.diff(notes["onset"][order])
        first = order[:-1][same & (gaps > 0)]
        notes["duration"][first] = np.minimum(notes["duration"][first], gaps[same & (gaps > 0)])
    pedal = track.pedal
    if style.pedal == "none":
        pedal = []
    elif style.pedal == "bar" and track.program < 8:  # pianos
        bar, lifted = int(clock.meter.bar_ticks), TICKS_PER_QUARTER // 8
        starts = range(clock.begins, clock.end, bar)
        pedal = [
            event
            for start in starts
            for event in ((start + lifted, True), (min(start + bar, clock.end), False))
        ]
    return replace(track, notes=in_order(notes), pedal=pedal)


def _tempos(
    score: Score, clock: _Clock, style: Style, profile: Profile | None
) -> list[tuple[int, float]]:
    """Return a tempo for each beat; what the score has is what it is measured from."""
    beat = min(int(beat) for beat in clock.meter.beats)
    beats = np.arange(clock.begins % beat, clock.end, beat)
    beats = np.unique(np.concatenate([[0], beats, [tick for tick, _ in score.tempos]]))
    given = score.tempos or [(0, DEFAULT_QPM)]
    where = np.searchsorted([tick for tick, _ in given], beats, side="right") - 1
    base = np.array([qpm for _, qpm in given])[np.maximum(where, 0)]
    middle = (beats + beat / 2).astype(np.int64)
    if profile:
        factor = profile.at(middle / clock.end)[0]
    else:
        factor = 1 + style.rubato * (clock.arch(middle) - 1 / 3)  # 1/3 is the arch's mean
        bar = int(clock.meter.bar_ticks)
        late = np.clip((middle - (clock.end - bar)) / bar, 0, 1)
        factor = factor * (1 - style.ending * late)
    qpm = np.round(base * np.clip(factor, SLOWEST, FASTEST), 3)
    return list(zip(beats.tolist(), qpm.tolist(), strict=True))


def _spread(score: Score, most_ms: float, rng: np.random.Generator) -> list[Track]:
    """Return the tracks, each a little later than the first, as an ensemble plays."""
    if not most_ms or len(score.tracks) < 2:
        return score.tracks
    tracks = []
    for nth, track in enumerate(score.tracks):
        late_ms = 0.0 if nth == 0 or track.drums else float(rng.uniform(0.2, 1)) * most_ms
        qpm = score.tempos[0][1] if score.tempos else DEFAULT_QPM
        notes = track.notes.copy()
        notes["onset"] += round(late_ms / 60_000 * qpm * TICKS_PER_QUARTER)
        tracks.append(replace(track, notes=notes))
    return tracks
