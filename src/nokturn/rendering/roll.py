"""Piano roll: time to the right, pitch upwards, one colour and pattern a track.

    roll_svg(piece)            SVG
    roll_png(piece)            the same as PNG

Long pieces are broken into systems of eight bars. Black keys are shaded, every C is named, bar
lines carry numbers; louder notes are fuller. Drums have lanes with their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from nokturn.errors import LimitError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.rendering.pictures import png

WIDTH = 1120.0
LEFT, RIGHT, TOP = 62.0, 20.0, 76.0
ROW = 7.0  # height of a semitone
LANE = 13.0  # height of a drum's lane
GAP = 40.0  # between systems
BARS = 8  # in a system
MAX_NOTES = 20_000
COLOURS = ("#0b5fa5", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0f766e", "#be123c", "#475569")
PATTERNS = ("", "4 2", "1.5 1.5", "7 2 1.5 2")  # of outlines, beside the colours
BLACK = {1, 3, 6, 8, 10}
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
DRUMS = {
    35: "Kick", 36: "Kick", 37: "Rim", 38: "Snare", 39: "Clap", 40: "Snare", 41: "Low tom",
    42: "Closed hat", 43: "Low tom", 44: "Pedal hat", 45: "Mid tom", 46: "Open hat",
    47: "Mid tom", 48: "High tom", 49: "Crash", 50: "High tom", 51: "Ride", 53: "Ride bell",
    54: "Tambourine", 56: "Cowbell", 57: "Crash", 59: "Ride", 70: "Maracas", 82: "Shaker",
}  # fmt: skip
TEXT = 'font-family="\'DejaVu Sans\', Helvetica, Arial, sans-serif" fill="#1f2937"'


@dataclass(frozen=True)
class _Grid:
    """Where things are in a system."""

    start: int  # ticks
    stop: int
    top: float
    low: int  # pitch of the lowest row
    high: int
    lanes: tuple[int, ...]

    @property
    def rows(self) -> float:
        return (self.high - self.low + 1) * ROW if self.high >= self.low else 0.0

    @property
    def height(self) -> float:
        return self.rows + len(self.lanes) * LANE + (8 if self.rows and self.lanes else 0)

    def x(self, tick: float) -> float:
        return LEFT + (tick - self.start) / (self.stop - self.start) * (WIDTH - LEFT - RIGHT)

    def y(self, pitch: int) -> float:
        return self.top + (self.high - pitch) * ROW

    def lane(self, pitch: int) -> float:
        gap = 8 if self.rows else 0
        return self.top + self.rows + gap + self.lanes.index(pitch) * LANE


def roll_png(piece: Piece) -> bytes:
    """Return the piano roll of a piece as PNG."""
    return png(roll_svg(piece), zoom=1.5)


def roll_svg(piece: Piece) -> str:
    """Return the piano roll of a piece as SVG.

    Raises
    ------
    LimitError
        It has more than 20,000 notes.
    """
    score = piece.score
    if score.note_count > MAX_NOTES:
        raise LimitError(
            f"{score.note_count:,} notes are too many for a picture; {MAX_NOTES:,} is the limit."
        )
    lines = bar_lines(score)
    grids = list(_grids(score, lines))
    height = grids[-1].top + grids[-1].height + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH:g} {height:g}">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_head(piece, score),
    ]
    for grid in grids:
        parts += _ground(grid)
        parts += _lines(grid, score, lines)
        for number, track in enumerate(score.tracks):
            parts += _notes(grid, track, number)
    return "\n".join([*parts, "</svg>\n"])


def bar_lines(score: Score) -> list[int]:
    """Return the ticks of the bar lines, the last one at or after the end of the music."""
    changes = sorted(score.meters, key=lambda pair: pair[0]) or [(0, COMMON_TIME)]
    if changes[0][0] > 0:
        changes.insert(0, (0, COMMON_TIME))
    end = max(score.end, 1)
    lines = [0]
    for k, (_, meter) in enumerate(changes):
        stop = changes[k + 1][0] if k + 1 < len(changes) else None
        step = _bar_ticks(meter, score.ticks_per_quarter)
        while lines[-1] < (end if stop is None else min(stop, end)) and len(lines) < 20_000:
            following = lines[-1] + step
            lines.append(following if stop is None else min(following, stop))
    return lines


def _bar_ticks(meter: Meter, ticks_per_quarter: int) -> int:
    return max(1, round(float(meter.bar_ticks or 1920) * ticks_per_quarter / 480))


def _grids(score: Score, lines: list[int]) -> Iterator[_Grid]:
    tuned = [track.notes["pitch"] for track in score.tracks if not track.drums]
    pitches = np.concatenate(tuned) if tuned else np.zeros(0)
    low, high = (int(pitches.min()) - 2, int(pitches.max()) + 2) if len(pitches) else (1, 0)
    drums = {int(p) for track in score.tracks if track.drums for p in track.notes["pitch"]}
    lanes = tuple(sorted(drums, reverse=True))
    top = TOP
    for first in range(0, max(1, len(lines) - 1), BARS):
        last = min(first + BARS, len(lines) - 1)
        full = lines[first] + (lines[last] - lines[first]) * BARS // max(1, last - first)
        grid = _Grid(lines[first], max(full, lines[first] + 1), top, low, high, lanes)
        yield grid
        top += grid.height + GAP


def _head(piece: Piece, score: Score) -> Iterator[str]:
    title = piece.title or score.title or "Untitled"
    meter = score.meters[-1][1] if score.meters else COMMON_TIME
    words = [f"{score.tempos[0][1]:g} quarters a minute" if score.tempos else "", str(meter)]
    if score.keys:
        words.insert(0, score.keys[0][1].name)
    yield f'<text x="{LEFT:g}" y="30" font-size="19" {TEXT}>{escape(title[:90])}</text>'
    about = escape(" · ".join(word for word in words if word))
    yield f'<text x="{LEFT:g}" y="50" font-size="12" {TEXT}>{about}</text>'
    x = WIDTH - RIGHT
    for number, track in reversed(list(enumerate(score.tracks))[:8]):
        name = (track.name or ("Drums" if track.drums else f"Track {number + 1}"))[:24]
        x -= 7.2 * len(name) + 4
        yield f'<text x="{x:g}" y="50" font-size="12" {TEXT}>{escape(name)}</text>'
        x -= 22
        yield f'<rect x="{x:g}" y="41" width="16" height="9" rx="2" {_style(number, 100)}/>'
        x -= 12


def _style(track: int, velocity: int) -> str:
    colour, dash = COLOURS[track % len(COLOURS)], PATTERNS[track % len(PATTERNS)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    opacity = 0.35 + 0.6 * velocity / 127
    return f'fill="{colour}" fill-opacity="{opacity:.2f}" stroke="{colour}"{dashed}'


def _ground(grid: _Grid) -> Iterator[str]:
    """Yield the rows: black keys shaded, each C named."""
    width = WIDTH - LEFT - RIGHT
    for pitch in range(grid.low, grid.high + 1):
        y = grid.y(pitch)
        if pitch % 12 in BLACK:
            yield (
                f'<rect x="{LEFT:g}" y="{y:g}" width="{width:g}" height="{ROW:g}" fill="#eef1f5"/>'
            )
        if pitch % 12 in (0, 5):
            yield (
                f'<path d="M{LEFT:g} {y + ROW:g}h{width:g}" stroke="#c9d1dc" stroke-width="0.7"/>'
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
        yield f'<path d="M{LEFT:g} {y + LANE:g}h{width:g}" stroke="#d7dde5"/>'
        name = DRUMS.get(pitch, f"Drum {pitch}")
        yield (
            f'<text x="{LEFT - 6:g}" y="{y + 9.5:g}" font-size="8.5" text-anchor="end" '
            f"{TEXT}>{name}</text>"
        )


def _lines(grid: _Grid, score: Score, lines: list[int]) -> Iterator[str]:
    """Yield bar lines with numbers, and thin lines at the beats."""
    bottom = grid.top + grid.height
    pickup = len(lines) > 2 and lines[1] - lines[0] < lines[2] - lines[1]
    for number, (tick, following) in enumerate(zip(lines, [*lines[1:], lines[-1]], strict=True)):
        if not grid.start <= tick <= grid.stop:
            continue
        x = grid.x(tick)
        yield f'<path d="M{x:.1f} {grid.top:g}V{bottom:g}" stroke="#6b7a8f"/>'
        if tick < min(grid.stop, lines[-1]):
            yield (
                f'<text x="{x + 3:.1f}" y="{grid.top - 4:g}" font-size="10" {TEXT}>'
                f"{number + (not pickup)}</text>"
            )
        for beat in range(tick + score.ticks_per_quarter, following, score.ticks_per_quarter):
            if beat < grid.stop:
                at = grid.x(beat)
                yield (
                    f'<path d="M{at:.1f} {grid.top:g}V{bottom:g}" stroke="#d7dde5" '
                    'stroke-width="0.8"/>'
                )


def _notes(grid: _Grid, track: Track, number: int) -> Iterator[str]:
    notes = track.notes
    ends = notes["onset"] + notes["duration"]
    seen = (notes["onset"] < grid.stop) & (ends > grid.start)
    for onset, duration, pitch, velocity in notes[seen].tolist():
        x = grid.x(max(onset, grid.start))
        if track.drums:
            y, height, width = grid.lane(pitch) + 2, LANE - 4, 6.0
        else:
            y, height = grid.y(pitch) + 0.6, ROW - 1.2
            width = max(2.0, grid.x(min(onset + duration, grid.stop)) - x - 1.2)
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.8" '
            f"{_style(number, velocity)}/>"
        )
