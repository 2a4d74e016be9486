"""Drums: a style played section by section, on the straight grid.

    track = drum_track(FORM, "dusty", meter=COMMON_TIME, rng=rng)

Bars come round every four with a little changed, and sections of one name are alike. Energy thins
and thickens them, fills lead to what follows, and accents of other parts draw the kick along. Swing
and feel come later, over all tracks together, see `feel`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError
from nokturn.music.rhythm import Rhythm
from nokturn.music.score import NOTE, Notes, Score, Track
from nokturn.music.time import COMMON_TIME, SIXTEENTH, TICKS_PER_QUARTER, Meter
from nokturn.production.drum_styles import (
    KICK,
    RIM,
    SNARE,
    Stroke,
    Style,
    cell_starts,
    find_style,
    strokes_of,
)
from nokturn.production.form import Section

Hits = dict[tuple[int, int], int]  # velocity by (tick in the bar, drum)

SIGNS = {  # velocity of a sign, and the energy below which it is left out
    "X": (110, 0.0),
    "x": (86, 0.15),
    "o": (58, 0.25),
    "?": (68, 0.35),
    "g": (30, 0.4),
}
NOW_AND_THEN = 0.4  # how often "?" is played at full energy
ROUND = 4  # bars after which the same comes again
CHANGED = 0.15  # part of the chances that are drawn anew then
GENTLE = 0.35  # energy below which the snare is a stick on its rim
CRASHING = 0.4  # energy from which a section begins with a cymbal
LOUDER = 1.2  # times the velocity, where a drum meets an accent
DRAWN_KICKS = 2  # added to a bar for its accents, at most
FILLS = ("x.xx", "xxx.", "x.x.", "..xx", "xx.x", "x..x")  # of one beat
SOFTEST, LOUDEST = 60, 112  # velocities between which a fill rises
SOFTEST_KEPT = 72  # velocity of what is copied where there is no energy
RINGING = TICKS_PER_QUARTER  # ticks that a cymbal is written


def drum_track(
    sections: Sequence[Section],
    style: str = "dusty",
    *,
    meter: Meter = COMMON_TIME,
    rng: np.random.Generator,
    ghost: float = 0.5,
    fills: int = 8,
    density: float = 0.5,
    accents: Rhythm | None = None,
    layers: Mapping[int, Rhythm] | None = None,
    played: Track | None = None,
) -> Track:
    """Return the drums of a form.

    Parameters
    ----------
    style
        Of `drum_styles.STYLES`; ``none`` plays the layers alone.
    ghost
        How many of the ghost notes are played, 0-1.
    fills
        Bars from fill to fill, with one before each new section; 0 = none at all.
    density
        How busy the drum is that keeps the time, 0-1; 0.5 = as written.
    accents
        Where other parts are accented (see `accents_of`), round and round: what meets an accent is
        louder, and the kick goes there.
    layers
        Rhythms of more drums by General MIDI pitch, Euclidean ones for example, round and round.
    played
        Drums of the same meter in place of the style's table, from a model or a file: each section
        takes its bars from there, sections of one name the same; the style gives fills and cymbals.

    Raises
    ------
    UsageError
        The style is not known, a number is out of range, or the meter is free.
    """
    _check(ghost, fills, density, meter)
    drummer = Drummer(find_style(style), meter, rng, ghost, density)
    length = int(meter.bar_ticks)
    copied = None if played is None else Copied(played, length)
    total = length * sum(section.bars for section in sections)
    wanted = _velocities(accents, total)
    parts = {drum: _velocities(rhythm, total) for drum, rhythm in (layers or {}).items()}
    rows: Hits = {}
    number = 0
    for place, section in enumerate(sections):
        after = sections[place + 1] if place + 1 < len(sections) else None
        for bar in range(section.bars):
            start = number * length
            number += 1
            if "drums" not in section.parts:
                continue
            hits = drummer.bar(section, bar) if copied is None else copied.bar(section, bar)
            hits = _to_accents(hits, wanted[start : start + length], section.energy)
            hits |= _layered(parts, start, length, section.energy)
            if _ends(section, bar, after):
                hits = {key: velocity for key, velocity in hits.items() if key[0] == 0}
            elif fills and _leads_on(section, bar, fills, after):
                hits = drummer.filled(hits, section.energy)
            if bar == 0 and place and section.energy >= CRASHING:
                hits = drummer.crashed(hits)
            rows |= {(start + tick, drum): velocity for (tick, drum), velocity in hits.items()}
    return Track(_notes(rows, total), name="Drums", drums=True)


def _check(ghost: float, fills: int, density: float, meter: Meter) -> None:
    for what, value in (("ghost", ghost), ("density", density)):
        if not 0 <= value <= 1:
            raise UsageError(f"{what} = {value:g} is not possible.", "Choose 0 to 1.")
    if fills < 0:
        raise UsageError(f"fills = {fills} is not possible.", "Choose 0 (none), 4 or 8 bars.")
    if meter.free:
        raise UsageError("Drums need a meter, and this one is free.", "Choose one, such as 4/4.")


def _ends(section: Section, bar: int, after: Section | None) -> bool:
    """Whether a bar is the very last, of which one stroke is left."""
    return section.name == "outro" and after is None and bar == section.bars - 1


def _leads_on(section: Section, bar: int, fills: int, after: Section | None) -> bool:
    last = bar == section.bars - 1
    return (bar + 1) % fills == 0 if not last else after is not None


def _velocities(rhythm: Rhythm | None, length: int) -> NDArray[np.int64]:
    """Return a rhythm, round and round, as a velocity for each tick, 0 where nothing begins."""
    ticks = np.zeros(length, dtype=np.int64)
    if rhythm is not None and len(rhythm):
        played = rhythm.over(length)
        ticks[played.onsets] = played.velocities
    return ticks


def _layered(
    parts: Mapping[int, NDArray[np.int64]], start: int, length: int, energy: float
) -> Hits:
    """Return what the layers play in a bar, softer where there is little energy."""
    hits: Hits = {}
    for drum, velocities in parts.items():
        bar = velocities[start : start + length]
        for tick in np.flatnonzero(bar).tolist():
            hits[tick, drum] = _loud(int(bar[tick]), energy)
    return hits


def _loud(velocity: float, energy: float) -> int:
    return int(np.clip(round(velocity * (0.8 + 0.4 * energy)), 1, 127))


def _gentle(drum: int, energy: float) -> int:
    """Return the drum, or a stick on the rim for the snare where there is little energy."""
    return RIM if drum == SNARE and energy < GENTLE else drum


def _notes(rows: Hits, total: int) -> Notes:
    """Return strokes as notes in order, none longer than the form."""
    notes = np.zeros(len(rows), dtype=NOTE)
    for k, (tick, drum) in enumerate(sorted(rows)):
        ringing = RINGING if 49 <= drum < 60 else SIXTEENTH
        notes[k] = (tick, min(ringing, total - tick), drum, rows[tick, drum])
    return notes


class Drummer:
    """Somebody who plays a style in a meter, and remembers how each section went.

    Parameters
    ----------
    ghost, density
        As for `drum_track`.
    """

    def __init__(
        self,
        style: Style,
        meter: Meter,
        rng: np.random.Generator,
        ghost: float = 0.5,
        density: float = 0.5,
    ) -> None:
        self.style, self.rng, self.ghost, self.density = style, rng, ghost, density
        self.length, self.cells = int(meter.bar_ticks), cell_starts(meter)
        self.tables = [strokes_of(style, meter, bar) for bar in range(ROUND)]
        self.chances: dict[tuple[str, int], NDArray[np.float64]] = {}

    def bar(self, section: Section, bar: int) -> Hits:
        """Return the strokes of a bar of a section; bars count from 0."""
        chances = self._chances(section.name, bar % ROUND)
        hits: Hits = {}
        for stroke, chance in zip(self.tables[bar % ROUND], chances, strict=False):
            velocity, least = SIGNS[stroke.sign]
            if section.energy < least or chance[0] >= self._likely(stroke, section.energy):
                continue
            hits[stroke.tick, _gentle(stroke.drum, section.energy)] = _loud(
                velocity + 8 * (chance[1] - 0.5), section.energy
            )
        return self._thickened(hits, section.energy, chances[::-1])

    def _chances(self, name: str, bar: int) -> NDArray[np.float64]:
        """Return numbers 0-1 (N, 2) that decide a bar: nearly the same whenever it comes."""
        shape = (len(self.tables[bar]) + self.length // SIXTEENTH + 1, 2)
        drawn, anew = self.rng.random(shape), self.rng.random(shape) < CHANGED
        before = self.chances.get((name, bar), drawn)
        self.chances[name, bar] = np.where(anew, drawn, before)
        return self.chances[name, bar]

    def _likely(self, stroke: Stroke, energy: float) -> float:
        """Return how likely a stroke is played."""
        if stroke.sign == "g":
            return self.ghost * (0.4 + 0.6 * energy)
        if stroke.sign == "?":
            return NOW_AND_THEN * (0.5 + 0.5 * energy)
        off_beat = stroke.tick not in self.cells
        if stroke.drum == self.style.keeper and off_beat and self.density < 0.5:
            return 2 * self.density
        return 1.0

    def _thickened(self, hits: Hits, energy: float, chances: NDArray[np.float64]) -> Hits:
        """Return strokes with soft ones of the time-keeper between, as density and energy ask."""
        share = max(0.0, 2 * self.density - 1) * energy
        if not self.style.lines:
            return hits
        for step, chance in zip(range(0, self.length, SIXTEENTH), chances, strict=False):
            free = (step, self.style.keeper) not in hits and step + SIXTEENTH <= self.length
            if free and chance[0] < share:
                hits[step, self.style.keeper] = _loud(SIGNS["o"][0] - 14, energy)
        return hits

    def filled(self, hits: Hits, energy: float) -> Hits:
        """Return a bar with a fill at its end: one beat of little energy, else two."""
        beats = 1 if energy < 0.5 or len(self.cells) < 3 else 2
        if not hits:
            return hits
        begin = self.cells[-beats]
        kept = {key: velocity for key, velocity in hits.items() if key[0] < begin or key[1] == KICK}
        steps: list[int] = []
        for start, stop in pairwise([*self.cells[-beats:], self.length]):
            signs = FILLS[int(self.rng.integers(len(FILLS)))]
            ticks = range(start, stop, SIXTEENTH)
            steps += [tick for k, tick in enumerate(ticks) if signs[k % len(signs)] == "x"]
        drums = self.style.fill
        for k, tick in enumerate(steps):
            part = (k + 1) / len(steps)
            drum = drums[min(int(k * len(drums) / len(steps)), len(drums) - 1)]
            kept[tick, _gentle(drum, energy)] = _loud(SOFTEST + part * (LOUDEST - SOFTEST), energy)
        return kept

    def crashed(self, hits: Hits) -> Hits:
        """Return a bar that begins with the style's cymbal and the kick."""
        if not self.style.crash or not hits:
            return hits
        keeper = (0, self.style.keeper)
        kept = {key: velocity for key, velocity in hits.items() if key != keeper}
        return kept | {(0, self.style.crash): 92, (0, KICK): max(96, hits.get((0, KICK), 0))}


class Copied:
    """Bars of a track that was drummed before, of a section so many, thinned by energy.

    Parameters
    ----------
    length
        Ticks of a bar.
    """

    def __init__(self, track: Track, length: int) -> None:
        bars = max(1, -(-int(track.notes["onset"].max(initial=-1) + 1) // length))
        self.bars: list[Hits] = [{} for _ in range(bars)]
        self.begin: dict[str, int] = {}  # first bar of each section's material
        self.taken = 0
        for note in track.notes:
            bar, tick = divmod(int(note["onset"]), length)
            self.bars[bar][tick, int(note["pitch"])] = int(note["velocity"])

    def bar(self, section: Section, bar: int) -> Hits:
        """Return the strokes of a bar of a section; bars count from 0."""
        if section.name not in self.begin:
            self.begin[section.name] = self.taken
            self.taken += section.bars
        found = self.bars[(self.begin[section.name] + bar) % len(self.bars)]
        softest = SOFTEST_KEPT * max(0.0, 1 - 2 * section.energy)
        return {
            (tick, _gentle(drum, section.energy)): _loud(velocity, section.energy)
            for (tick, drum), velocity in found.items()
            if velocity >= softest
        }


def _to_accents(hits: Hits, accents: NDArray[np.int64], energy: float) -> Hits:
    """Return a bar bent to the accents of other parts, (ticks,) velocities, 0 = none.

    A drum that meets an accent is louder. A kick beside one moves onto it, and where neither kick
    nor snare is near, a kick joins in; the first beat keeps its kick.
    """
    at = np.flatnonzero(accents).tolist()
    if not at or not hits:
        return hits
    bent: Hits = {}
    for (tick, drum), velocity in hits.items():
        near = [accent for accent in at if abs(accent - tick) <= SIXTEENTH]
        if drum == KICK and tick and near and tick not in near:
            tick = min(near, key=lambda accent: abs(accent - tick))
        louder = LOUDER if tick in near else 1.0
        bent[tick, drum] = max(min(127, round(velocity * louder)), bent.get((tick, drum), 0))
    strong = [tick for tick, drum in bent if drum in (KICK, SNARE, RIM)]
    lonely = [a for a in at if all(abs(a - tick) > SIXTEENTH for tick in strong)]
    for tick in sorted(lonely, key=lambda a: -accents[a])[: DRAWN_KICKS if energy > GENTLE else 0]:
        bent[tick, KICK] = _loud(SIGNS["x"][0], energy)
    return bent


def accents_of(score: Score, meter: Meter | None = None) -> Rhythm:
    """Return where a score is accented in its bar, on sixteenths, as a rhythm of one bar.

    A place is accented where more, louder and longer notes begin than elsewhere in the bar; its
    velocity is how much, 127 the most. Drums do not count. Without notes there are no accents.

    Parameters
    ----------
    meter
        None = the score's first, 4/4 where there is none.
    """
    score = score.resampled(TICKS_PER_QUARTER)
    meter = meter or (score.meters[0][1] if score.meters else COMMON_TIME)
    length = int(meter.bar_ticks) or 4 * TICKS_PER_QUARTER
    steps = -(-length // SIXTEENTH)
    weight = np.zeros(steps)
    for track in score.tracks:
        if not track.drums:
            nearest = (track.notes["onset"] + SIXTEENTH // 2) // SIXTEENTH
            place = nearest * SIXTEENTH % length // SIXTEENTH
            long = np.minimum(track.notes["duration"], 4 * TICKS_PER_QUARTER)
            np.add.at(weight, place, track.notes["velocity"] * np.sqrt(long / TICKS_PER_QUARTER))
    starts = SIXTEENTH * np.flatnonzero(weight > weight.mean() + 0.5 * weight.std())
    most = max(1.0, float(weight.max()))
    rows = [
        (at, min(SIXTEENTH, length - at), max(1, round(127 * weight[at // SIXTEENTH] / most)))
        for at in starts.tolist()
    ]
    return Rhythm.of(rows, length)
