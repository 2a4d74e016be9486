"""Feel: swing, groove and the small unevenness of hands, put over all tracks together at the end.

    straight = arrange(...)                                everything on the grid
    swing = swung(straight, 58)                            off-beats late, in every track alike
    played = humanised(grooved(swing, groove), 0.5, rng)

Each takes a score and returns another one; nothing is added or lost, and no track's notes change
places. Swing and groove bend time itself, so that what was together stays together. The weakness:
a groove knows sixteenths of the bar, not what is played there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError
from nokturn.music.score import Notes, Score, Track, in_order
from nokturn.music.time import COMMON_TIME, EIGHTH, SIXTEENTH, TICKS_PER_QUARTER, Meter
from nokturn.production.grooves import ROLES, Groove, role_of

Ticks = NDArray[np.int64]

STRAIGHT, DOTTED = 50.0, 75.0
LATEST_MS = 20.0  # how far a hand is off the beat at most, humanised in full
LATEST_DRUMS_MS = 8.0  # a drummer keeps the time that the others hear
SPREAD_MS = 3.0  # between the fingers of one chord
UNEVEN = 12.0  # standard deviation of velocities, humanised in full
ACCENT = 0.5  # part of a groove's accents: what is played has accents of its own
SPREAD = 0.25  # part of a groove's spread that chance draws: the rest is between drummers
LATEST_DRAWN = 45  # ticks that a groove with chance may be off at most: below half a sixteenth


def swung(score: Score, percent: float = 58.0, unit: int = EIGHTH) -> Score:
    """Return a score in which every second unit comes late, in all tracks alike.

    Time is stretched in the first half of each pair and pressed together in the second, so what
    lies between the units moves along and nothing changes places.

    Parameters
    ----------
    percent
        Where in its pair the second unit falls: 50 straight, 66.67 triplets, 75 dotted; 50-75.
    unit
        Ticks of a unit: `EIGHTH` or `SIXTEENTH`. Where a pair does not fill the meter's beats (the
        eighths of 6/8) the next shorter one is swung.

    Raises
    ------
    UsageError
        The percentage is outside 50-75, or the unit is neither an eighth nor a sixteenth.

    Examples
    --------
    >>> score = Score([Track.of([(0, 240, 60, 80), (240, 240, 62, 80)])])
    >>> swung(score, 66.67).tracks[0].notes["onset"].tolist()
    [0, 320]
    """
    if not STRAIGHT <= percent <= DOTTED:
        raise UsageError(
            f"A swing of {percent:g} % is not possible.", "Choose 50 (straight) to 75 (dotted)."
        )
    if unit not in (EIGHTH, SIXTEENTH):
        raise UsageError(
            f"Units of {unit} ticks cannot be swung.", f"Choose {EIGHTH} or {SIXTEENTH}."
        )
    if percent == STRAIGHT:
        return score
    stretches = _stretches(score)
    units = [_swung_unit(meter, unit) for _, _, meter in stretches]
    starts = np.array([start for start, _, _ in stretches], dtype=np.int64)
    stops = np.array([stop for _, stop, _ in stretches], dtype=np.int64)

    def late(ticks: Ticks) -> Ticks:
        where = np.maximum(np.searchsorted(starts, ticks, side="right") - 1, 0)
        half = np.array(units, dtype=np.int64)[where]
        place = (ticks - starts[where]) % np.maximum(2 * half, 1)
        pair = ticks - place
        whole = (half > 0) & (pair + 2 * half <= stops[where])  # a pair cut by a meter is straight
        half = np.where(whole, half, 1)
        first = 2 * half * percent / 100
        bent = np.where(
            place < half,
            place * first / half,
            first + (place - half) * (2 * half - first) / half,
        )
        return np.where(whole, pair + np.rint(bent).astype(np.int64), ticks)

    return _bent(score, late)


def _stretches(score: Score) -> list[tuple[int, int, Meter]]:
    """Return where each meter begins and ends, from tick 0 on."""
    meters = list(score.meters)
    if not meters or meters[0][0] > 0:
        meters = [(0, COMMON_TIME), *meters]
    ends = [*(tick for tick, _ in meters[1:]), 2**60]
    return [(tick, end, meter) for (tick, meter), end in zip(meters, ends, strict=True)]


def _swung_unit(meter: Meter, unit: int) -> int:
    """Return the longest unit, up to that, whose pairs fill every beat; 0 where none does."""
    for half in (unit, unit // 2):
        if half >= SIXTEENTH and all(beat % (2 * half) == 0 for beat in meter.beats):
            return half
    return 0


def _bent(score: Score, bend: Callable[[Ticks], Ticks]) -> Score:
    """Return a score in another time; ``bend`` must never turn two moments round."""
    factor = score.ticks_per_quarter / TICKS_PER_QUARTER
    if factor != 1:
        return _bent(score.resampled(TICKS_PER_QUARTER), bend)

    def at(tick: int) -> int:
        return int(bend(np.array([tick], dtype=np.int64))[0])

    tracks = [_bent_track(track, bend) for track in score.tracks]
    tempos = [(at(tick), qpm) for tick, qpm in score.tempos]
    keys = [(at(tick), key) for tick, key in score.keys]
    return replace(score, tracks=tracks, tempos=tempos, keys=keys)


def _bent_track(track: Track, bend: Callable[[Ticks], Ticks]) -> Track:
    notes = track.notes.copy()
    onsets, ends = bend(track.notes["onset"]), bend(track.notes["onset"] + track.notes["duration"])
    notes["onset"], notes["duration"] = onsets, np.maximum(ends - onsets, 1)
    at = bend(np.array([tick for tick, _ in track.pedal], dtype=np.int64)).tolist()
    pedal = [(tick, down) for tick, (_, down) in zip(at, track.pedal, strict=True)]
    return replace(track, notes=in_order(notes), pedal=pedal)


def grooved(
    score: Score, groove: Groove, amount: float = 1.0, rng: np.random.Generator | None = None
) -> Score:
    """Return a score played with the timing and the accents of a groove.

    Drums take the deviations of the drum that they are, a track named ``Bass`` those of the kick,
    all others those of all drums together.

    Parameters
    ----------
    amount
        0 leaves all as it is, 1 plays as the drummers did; 0-2.
    rng
        Draws around the mean as the drummers varied; None = the mean itself.

    Raises
    ------
    UsageError
        The amount is outside 0-2.
    """
    _check("The amount of groove", amount, 2.0)
    if amount == 0:
        return score
    score = score.resampled(TICKS_PER_QUARTER)
    tracks = [_grooved_track(score, track, groove, amount, rng) for track in score.tracks]
    return replace(score, tracks=tracks)


def _grooved_track(
    score: Score, track: Track, groove: Groove, amount: float, rng: np.random.Generator | None
) -> Track:
    notes = track.notes.copy()
    role = role_of(notes["pitch"]) if track.drums else np.full(len(notes), ROLES.index("all"))
    if not track.drums and track.name.lower() == "bass":
        role[:] = ROLES.index("kick")
    onsets = notes["onset"]
    place = _in_bar(score, onsets) / SIXTEENTH
    late = amount * _between(groove.late, role, place)
    loud = 1 + ACCENT * amount * (_between(groove.loud, role, place) - 1)
    if rng is not None:
        # Notes struck together are struck by one player: one draw for each onset.
        _, which = np.unique(onsets, return_inverse=True)
        draws = rng.standard_normal((2, int(which.max()) + 1 if len(which) else 0))[:, which]
        late += SPREAD * amount * draws[0] * _between(groove.spread, role, place)
        loud *= np.exp(0.08 * amount * draws[1])
        late = np.clip(late, -LATEST_DRAWN, LATEST_DRAWN)
    notes["velocity"] = np.clip(np.rint(notes["velocity"] * loud), 1, 127)
    return replace(track, notes=_moved(notes, late))


def _in_bar(score: Score, ticks: Ticks) -> Ticks:
    """Return how far each tick is from the beginning of its bar."""
    stretches = _stretches(score)
    starts = np.array([start for start, _, _ in stretches], dtype=np.int64)
    bars = np.array([max(1, round(m.bar_ticks)) if not m.free else 4 * TICKS_PER_QUARTER
                     for _, _, m in stretches])  # fmt: skip
    where = np.maximum(np.searchsorted(starts, ticks, side="right") - 1, 0)
    place: Ticks = (ticks - starts[where]) % bars[where]
    return place


def _between(
    table: NDArray[np.float64], role: NDArray[np.int64], place: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a table's (R, S) values at places in steps, those between two steps in proportion."""
    steps = table.shape[1]
    before = np.floor(place).astype(np.int64)
    part = place - before
    low, high = table[role, before % steps], table[role, (before + 1) % steps]
    values: NDArray[np.float64] = low + part * (high - low)
    return values


def humanised(score: Score, amount: float, rng: np.random.Generator) -> Score:
    """Return a score as hands play it: a little early, a little late, no two notes alike loud.

    At most 20 ms off, drums 8, times ``amount``; notes struck together stay together within 3 ms
    (a chord is rolled from below). Notes of a track keep their order.

    Parameters
    ----------
    amount
        0 leaves all as it is; 0-1.

    Raises
    ------
    UsageError
        The amount is outside 0-1.
    """
    _check("The amount of humanising", amount, 1.0)
    if amount == 0:
        return score
    score = score.resampled(TICKS_PER_QUARTER)
    tracks = [_humanised_track(score, track, amount, rng) for track in score.tracks]
    return replace(score, tracks=tracks)


def _humanised_track(score: Score, track: Track, amount: float, rng: np.random.Generator) -> Track:
    notes = track.notes.copy()
    if not len(notes):
        return track
    onsets, which = np.unique(notes["onset"], return_inverse=True)
    seconds = score.seconds_at(np.stack([onsets, onsets + SIXTEENTH]))
    per_ms = SIXTEENTH / (1000 * (seconds[1] - seconds[0]))  # ticks
    most = LATEST_DRUMS_MS if track.drums else LATEST_MS - SPREAD_MS
    drift = _drift(len(onsets), rng)
    late = np.clip(0.5 * drift, -1, 1) * most * amount * per_ms
    rolled = np.zeros(len(notes))
    if not track.drums:
        first = np.searchsorted(notes["onset"], onsets)
        within = np.arange(len(notes)) - first[which]  # 0 = the lowest of its chord
        count = np.bincount(which)[which]
        rolled = within / np.maximum(count - 1, 1) * SPREAD_MS * amount * per_ms[which]
    loud = notes["velocity"] + UNEVEN * amount * (
        0.6 * _drift(len(onsets), rng)[which] + 0.4 * rng.standard_normal(len(notes))
    )
    notes["velocity"] = np.clip(np.rint(loud), 1, 127)
    return replace(track, notes=_moved(notes, late[which] + rolled))


def _drift(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return deviations (count,) of variance 1 of which each is half like the one before.

    What people tap drifts: an early note seldom follows a late one at once.
    """
    white = rng.standard_normal(count + 3)
    weights = np.array([1.0, 0.6, 0.36, 0.2])
    drift: NDArray[np.float64] = np.convolve(white, weights / np.linalg.norm(weights), "valid")
    return drift


def _moved(notes: Notes, late: NDArray[np.float64]) -> Notes:
    """Return notes so many ticks later, in their order, none before 0.

    No note runs into the next of its pitch that did not before.
    """
    moved = notes.copy()
    wanted = np.maximum(notes["onset"] + np.rint(late).astype(np.int64), 0)
    moved["onset"] = _kept_in_order(notes["onset"], wanted)
    order = np.lexsort((notes["onset"], notes["pitch"]))
    same = notes["pitch"][order][1:] == notes["pitch"][order][:-1]
    ends = (notes["onset"] + notes["duration"])[order][:-1]
    free = same & (ends <= notes["onset"][order][1:])
    room = np.full(len(notes), 2**60)
    room[order[:-1][free]] = (moved["onset"][order][1:] - moved["onset"][order][:-1])[free]
    moved["duration"] = np.maximum(np.minimum(notes["duration"], room), 1)
    return in_order(moved)


def _kept_in_order(onsets: Ticks, wanted: Ticks) -> Ticks:
    """Return new onsets, none before one of an earlier note."""
    if not len(onsets):
        return wanted
    _, first = np.unique(onsets, return_index=True)
    latest = np.maximum.accumulate(np.maximum.reduceat(wanted, first))
    floor = np.concatenate([[0], latest[:-1]])  # the latest of all notes that began before
    group = np.searchsorted(onsets[first], onsets)
    kept: Ticks = np.maximum(wanted, floor[group])
    return kept


def _check(what: str, amount: float, most: float) -> None:
    if not 0 <= amount <= most:
        raise UsageError(f"{what} is {amount:g}.", f"Choose 0 (none) to {most:g}.")
