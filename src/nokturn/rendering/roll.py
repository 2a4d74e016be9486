"""Piano roll: time to the right, pitch upwards, one colour and outline a track.

    roll_svg(piece)            SVG
    roll_png(piece)            the same as PNG

Long pieces are broken into systems of eight bars. Black keys are shaded, the rows of the tonic are
tinted, every C, E and G is named, bar lines carry numbers and beats have thin lines; louder notes
are fuller. Drums have lanes with their names. All systems show the whole range of the piece, so
that music of seven octaves is tall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np

from nokturn.errors import LimitError
from nokturn.music.piece import Piece
from nokturn.music.pitch import MODES
from nokturn.music.score import DEFAULT_QPM, Score, Track
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.rendering.pictures import png

WIDTH = 1120.0
LEFT, RIGHT, HEAD = 62.0, 20.0, 56.0
ROW = 7.0  # height of a semitone
LANE = 13.0  # height of a drum's lane
GAP = 40.0  # between systems
BARS = 8  # in a system
MAX_NOTES = 20_000  # drawn; a note that goes on into another system counts there again
MAX_BARS = 2_000
MAX_PIXELS = 40_000_000
ZOOM, SMALLEST_ZOOM = 1.5, 0.5
COLOURS = ("#0b5fa5", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0f766e", "#be123c", "#475569")
PATTERNS = ("", "4 2", "1.5 1.5", "7 2 1.5 2")  # of outlines, beside the colours
BLACK = {1, 3, 6, 8, 10}
SHADE, TONIC = "#eef1f5", "#fdf0cf"
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
FAMILIES = (
    "Piano", "Mallets", "Organ", "Guitar", "Bass", "Strings", "Ensemble", "Brass",
    "Reed", "Pipe", "Lead", "Pad", "Effects", "World", "Percussion", "Effects",
)  # fmt: skip
DRUMS = {
    35: "Kick", 36: "Kick", 37: "Rim", 38: "Snare", 39: "Clap", 40: "Snare", 41: "Low tom",
    42: "Closed hat", 43: "Low tom", 44: "Pedal hat", 45: "Mid tom", 46: "Open hat",
    47: "Mid tom", 48: "High tom", 49: "Crash", 50: "High tom", 51: "Ride", 53: "Ride bell",
    54: "Tambourine", 56: "Cowbell", 57: "Crash", 59: "Ride", 70: "Maracas", 82: "Shaker",
}  # fmt: skip
TEXT = 'font-family="\'DejaVu Sans\', Helvetica, Arial, sans-serif" fill="#1f2937"'


class Bar(NamedTuple):
    """A bar: its ticks and what it is counted in."""

    start: int
    stop: int
    meter: Meter


@dataclass(frozen=True)
class _Grid:
    """Where things are in a system."""

    bars: tuple[Bar, ...]
    first: int  # number of its first bar
    room: int  # ticks that the full width holds
    top: float
    low: int  # pitch of the lowest row
    high: int
    lanes: tuple[int, ...]

    @property
    def start(self) -> int:
        return self.bars[0].start

    @property
    def stop(self) -> int:
        return self.bars[-1].stop

    @property
    def width(self) -> float:
        return self.x(self.stop) - LEFT

    @property
    def rows(self) -> float:
        return (self.high - self.low + 1) * ROW if self.high >= self.low else 0.0

    @property
    def height(self) -> float:
        return self.rows + len(self.lanes) * LANE + (8 if self.rows and self.lanes else 0)

    def x(self, tick: float) -> float:
        return LEFT + (tick - self.start) / self.room * (WIDTH - LEFT - RIGHT)

    def y(self, pitch: int) -> float:
        return self.top + (self.high - pitch) * ROW

    def lane(self, pitch: int) -> float:
        gap = 8 if self.rows else 0
        return self.top + self.rows + gap + self.lanes.index(pitch) * LANE


def roll_png(piece: Piece) -> bytes:
    """Return the piano roll of a piece as PNG; long ones with fewer pixels.

    Raises
    ------
    LimitError
        It is too large for `roll_svg`, or so large that nothing could be seen.
    """
    svg, height = _drawn(piece)
    zoom = min(ZOOM, (MAX_PIXELS / (WIDTH * height)) ** 0.5)
    if zoom < SMALLEST_ZOOM:
        raise LimitError(
            "the piano roll is too large for one PNG.", "Save it as .roll.svg, or take a part."
        )
    return png(svg, zoom=zoom)


def roll_svg(piece: Piece) -> str:
    """Return the piano roll of a piece as SVG.

    Raises
    ------
    LimitError
        It has more than 20,000 notes or 2,000 bars.
    """
    return _drawn(piece)[0]


def _drawn(piece: Piece) -> tuple[str, float]:
    """Return the picture and its height."""
    score = piece.score
    if score.note_count > MAX_NOTES:
        raise _too_many_notes(score.note_count)
    legend = list(_legend(score))
    head = HEAD + (max(y for _, y, _, _ in legend) + 42 if legend else 20)
    grids = list(_grids(score, bars(score), head))
    pieces_drawn = sum(int(_seen(grid, track).sum()) for grid in grids for track in score.tracks)
    if pieces_drawn > 2 * MAX_NOTES:
        raise _too_many_notes(pieces_drawn)
    height = grids[-1].top + grids[-1].height + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH:g} {height:g}">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_title(piece, score),
        *_swatches(legend),
    ]
    for grid in grids:
        parts += _ground(grid, score)
        parts += _lines(grid, score)
        for number, track in enumerate(score.tracks):
            parts += _notes(grid, track, number)
    return "\n".join([*parts, "</svg>\n"]), height


def _too_many_notes(count: int) -> LimitError:
    return LimitError(
        f"{count:,} notes are too many for a picture; {MAX_NOTES:,} is the limit.",
        "Take a part of it.",
    )


def bars(score: Score) -> list[Bar]:
    """Return the bars of a score through its changes of meter; the last one is whole."""
    changes = sorted(score.meters, key=lambda pair: pair[0])
    if not changes or changes[0][0] > 0:
        changes.insert(0, (0, COMMON_TIME))
    end = max(score.end, 1)
    untils = [min(tick, end) for tick, _ in changes[1:]] + [end]
    found: list[Bar] = []
    for k, (begin, meter) in enumerate(changes):
        start, step = found[-1].stop if found else begin, _bar_ticks(meter, score)
        while start < untils[k]:
            if len(found) >= MAX_BARS:
                raise LimitError(
                    f"more than {MAX_BARS:,} bars are too many for a picture.",
                    "Take a part of it.",
                )
            cut = start + step if k + 1 == len(changes) else min(start + step, changes[k + 1][0])
            found.append(Bar(start, cut, meter))
            start = cut
    return found


def _bar_ticks(meter: Meter, score: Score) -> int:
    return max(1, round(float(meter.bar_ticks or 1920) * score.ticks_per_quarter / 480))


def _grids(score: Score, found: list[Bar], top: float) -> Iterator[_Grid]:
    tuned = [track.notes["pitch"] for track in score.tracks if not track.drums]
    pitches = np.concatenate(tuned) if tuned else np.zeros(0)
    low, high = (int(pitches.min()) - 2, int(pitches.max()) + 2) if len(pitches) else (1, 0)
    drums = {int(p) for track in score.tracks if track.drums for p in track.notes["pitch"]}
    lanes = tuple(sorted(drums, reverse=True))
    pickup = len(found) > 1 and found[0].stop - found[0].start < found[1].stop - found[1].start
    starts = [0, *range(BARS + pickup, len(found), BARS)]  # a pickup stands before eight full bars
    for first, last in pairwise([*starts, len(found)]):
        system = tuple(found[first:last])
        room = system[-1].stop - system[0].start
        if len(system) < BARS:
            room = max(room * BARS // len(system), 1)
        grid = _Grid(system, first + (not pickup), room, top, low, high, lanes)
        yield grid
        top += grid.height + GAP


def _title(piece: Piece, score: Score) -> Iterator[str]:
    title = piece.title or score.title or "Untitled"
    meter = main_meter(score)
    words = [str(meter) if not meter.free else "free meter", _tempo(score, meter)]
    if score.keys:
        words.insert(0, score.keys[0][1].name)
    yield f'<text x="{LEFT:g}" y="30" font-size="19" {TEXT}>{escape(title[:90])}</text>'
    about = escape(" · ".join(words))
    yield f'<text x="{LEFT:g}" y="50" font-size="12" {TEXT}>{about}</text>'


def main_meter(score: Score) -> Meter:
    """Return the meter that holds longest; pickups and cut bars have their own."""
    ends = [*(tick for tick, _ in score.meters[1:]), max(score.end, 1)]
    held: dict[Meter, int] = {}
    for (start, meter), end in zip(score.meters, ends, strict=False):
        held[meter] = held.get(meter, 0) + max(0, end - start)
    return max(held, key=lambda meter: held[meter], default=COMMON_TIME)


def _tempo(score: Score, meter: Meter) -> str:
    """Return the first tempo in words: in beats too where a beat is no quarter."""
    qpm = score.tempos[0][1] if score.tempos else DEFAULT_QPM
    quarters = f"♩={qpm:.4g}"
    return f"♩.={qpm / 1.5:.4g} ({quarters})" if meter.compound else quarters


def _legend(score: Score) -> Iterator[tuple[float, float, int, str]]:
    """Yield where each track with notes is named: x, y, its number (-1: the tonic), the name."""
    entries = [(k, _track_name(track)) for k, track in enumerate(score.tracks) if len(track.notes)]
    if score.keys and score.keys[0][1].mode in MODES:
        tonic = score.keys[0][1].name.split()[0].replace("#", "♯").replace("b", "♭")
        entries.append((-1, f"rows of {tonic}"))
    x, y = LEFT, 0.0
    for number, name in entries:
        wide = 7.4 * len(name) + 44
        if x > LEFT and x + wide > WIDTH - RIGHT:
            x, y = LEFT, y + 18
        yield x, y, number, name
        x += wide


def _track_name(track: Track) -> str:
    return track.name[:32] or ("Drums" if track.drums else FAMILIES[track.program // 8])


def _swatches(legend: list[tuple[float, float, int, str]]) -> Iterator[str]:
    for x, y, number, name in legend:
        look = _style(number, 100) if number >= 0 else f'fill="{TONIC}" stroke="#d6b25e"'
        yield f'<rect x="{x:g}" y="{HEAD + y + 5:g}" width="16" height="9" rx="2" {look}/>'
        yield (
            f'<text x="{x + 22:g}" y="{HEAD + y + 13.5:g}" font-size="12" {TEXT}>'
            f"{escape(name)}</text>"
        )


def _style(track: int, velocity: int, *, drums: bool = False) -> str:
    colour, dash = COLOURS[track % len(COLOURS)], PATTERNS[track % len(PATTERNS)]
    dashed = f' stroke-dasharray="{dash}"' if dash and not drums else ""  # a hit is too small
    opacity = 0.35 + 0.6 * velocity / 127
    return f'fill="{colour}" fill-opacity="{opacity:.2f}" stroke="{colour}"{dashed}'


def _ground(grid: _Grid, score: Score) -> Iterator[str]:
    """Yield the rows: black keys shaded, the tonic tinted, the chord of C named."""
    for pitch in range(grid.low, grid.high + 1):
        y = grid.y(pitch)
        if pitch % 12 in BLACK:
            yield _band(LEFT, y, grid.width, SHADE)
        for left, right, tonic in _tonics(grid, score):
            if pitch % 12 == tonic:
                yield _band(left, y, right - left, TONIC)
        if pitch % 12 in (0, 5):
            yield (
                f'<path d="M{LEFT:g} {y + ROW:g}h{grid.width:.1f}" stroke="#c9d1dc" '
                'stroke-width="0.7"/>'
            )
        if pitch % 12 in (0, 4, 7):
            name = f"{NAMES[pitch % 12]}{pitch // 12 - 1}"
            weight = ' font-weight="bold"' if pitch % 12 == 0 else ""
            yield (
                f'<text x="{LEFT - 8:g}" y="{y + ROW - 0.5:g}" font-size="9" text-anchor="end"'
                f"{weight} {TEXT}>{name}</text>"
            )
    for pitch in grid.lanes:
        y = grid.lane(pitch)
        yield f'<path d="M{LEFT:g} {y + LANE:g}h{grid.width:.1f}" stroke="#d7dde5"/>'
        name = DRUMS.get(pitch, f"Drum {pitch}")
        yield (
            f'<text x="{LEFT - 6:g}" y="{y + 9.5:g}" font-size="8.5" text-anchor="end" '
            f"{TEXT}>{name}</text>"
        )


def _band(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{ROW:g}" fill="{colour}"/>'


def _tonics(grid: _Grid, score: Score) -> Iterator[tuple[float, float, int]]:
    """Yield from where to where each key holds in a system, and its tonic's pitch class."""
    ends = [*(tick for tick, _ in score.keys[1:]), grid.stop]
    for (start, key), end in zip(score.keys, ends, strict=False):  # no keys: nothing to pair
        left, right = max(start, grid.start), min(end, grid.stop)
        if left < right and key.mode in MODES:
            yield grid.x(left), grid.x(right), key.tonic_class


def _lines(grid: _Grid, score: Score) -> Iterator[str]:
    """Yield bar lines with numbers, and thin lines at the beats."""
    bottom = grid.top + grid.height
    scale = score.ticks_per_quarter / 480
    for number, bar in enumerate(grid.bars, grid.first):
        for beat in np.cumsum([float(beat) * scale for beat in _beats(bar)])[:-1]:
            if bar.start + beat < bar.stop:
                x = grid.x(bar.start + beat)
                yield (
                    f'<path d="M{x:.1f} {grid.top:g}V{bottom:g}" stroke="#d7dde5" '
                    'stroke-width="0.8"/>'
                )
        x = grid.x(bar.start)
        yield f'<path d="M{x:.1f} {grid.top:g}V{bottom:g}" stroke="#6b7a8f"/>'
        yield (f'<text x="{x + 3:.1f}" y="{grid.top - 4:g}" font-size="10" {TEXT}>{number}</text>')
    yield f'<path d="M{grid.x(grid.stop):.1f} {grid.top:g}V{bottom:g}" stroke="#6b7a8f"/>'


def _beats(bar: Bar) -> tuple[float, ...]:
    return tuple(map(float, bar.meter.beats)) or (480.0,) * 4


def _seen(grid: _Grid, track: Track) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which notes of a track sound within a system."""
    notes = track.notes
    seen: np.ndarray[tuple[int], np.dtype[np.bool_]] = (notes["onset"] < grid.stop) & (
        notes["onset"] + notes["duration"] > grid.start
    )
    return seen


def _notes(grid: _Grid, track: Track, number: int) -> Iterator[str]:
    for onset, duration, pitch, velocity in track.notes[_seen(grid, track)].tolist():
        x = grid.x(max(onset, grid.start))
        if track.drums:
            if onset < grid.start:
                continue
            y, height, width = grid.lane(pitch) + 2, LANE - 4, 6.0
        else:
            y, height = grid.y(pitch) + 0.6, ROW - 1.2
            width = max(2.0, grid.x(min(onset + duration, grid.stop)) - x - 1.2)
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.8" '
            f"{_style(number, velocity, drums=track.drums)}/>"
        )
