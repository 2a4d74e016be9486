"""Charts: how a training went, as a small line chart.

    loss_svg(read_rows(run.metrics), title="my-tunes")         SVG
    loss_png(rows)                                             the same as PNG

Train and held-out loss in nats a symbol over the epochs, with the best held-out epoch marked. The
untrained network of epoch 0 is told in words as soon as two epochs are known: drawn, it would press
everything that was learned into the lowest tenth of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from nokturn.rendering.pictures import png

WIDTH, HEIGHT = 640.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 86.0, 62.0, 44.0
TICKS = 6  # about so many on each axis
TRAIN, HELD_OUT = "#b45309", "#0b5fa5"
TEXT = 'font-family="\'DejaVu Sans\', Helvetica, Arial, sans-serif" fill="#1f2937"'

Rows = Sequence[Mapping[str, Any]]


class _Point(NamedTuple):
    epoch: float
    nats: float


class _Frame(NamedTuple):
    """The values at the edges of the plot."""

    first: float
    last: float
    low: float
    high: float

    def x(self, epoch: float) -> float:
        width = WIDTH - LEFT - RIGHT
        return LEFT + (epoch - self.first) / (self.last - self.first) * width

    def y(self, nats: float) -> float:
        height = HEIGHT - TOP - BOTTOM
        return TOP + (self.high - nats) / (self.high - self.low) * height


def loss_png(rows: Rows, *, title: str = "") -> bytes:
    """Return the chart of a training as PNG."""
    return png(loss_svg(rows, title=title), zoom=2.0)


def loss_svg(rows: Rows, *, title: str = "", unit: str = "character") -> str:
    """Return the chart of a training as SVG.

    Parameters
    ----------
    rows
        What ``metrics.jsonl`` holds: ``epoch``, ``train_nats`` and ``valid_nats``, each of these
        two a number or None; ``bits_per_character`` is told where it is there. Losses that are
        not finite are left out.
    title
        What was trained.
    unit
        What the bits are of: text has characters, other encodings symbols.
    """
    untrained = [point for point in _points(rows, "valid_nats") if point.epoch == 0]
    trained = [row for row in rows if row["epoch"] > 0]
    drawn = trained if len(trained) > 1 else rows
    train, held_out = _points(drawn, "train_nats"), _points(drawn, "valid_nats")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{HEIGHT:g}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(LEFT, 26, title[:60] or "Loss", size=16),
    ]
    if not train and not held_out:
        return "\n".join([*parts, _text(LEFT, 46, "No epoch is finished yet."), "</svg>\n"])
    best = min(held_out, key=lambda point: point.nats, default=None)
    parts.append(_text(LEFT, 46, _summary(rows, best, untrained if drawn is trained else [], unit)))
    frame = _frame([*train, *held_out])
    parts += _axes(frame)
    parts += _lines(frame, train, held_out)
    if best:
        parts += _mark(frame, best)
    return "\n".join([*parts, "</svg>\n"])


def _points(rows: Rows, name: str) -> list[_Point]:
    points = [_Point(row["epoch"], row[name]) for row in rows if row.get(name) is not None]
    return sorted(point for point in points if math.isfinite(point.nats))


def _summary(rows: Rows, best: _Point | None, untrained: list[_Point], unit: str) -> str:
    words = []
    if best:
        words.append(f"best held out: epoch {best.epoch:g}, {best.nats:.3f} nats a symbol")
        bits = next(row.get("bits_per_character") for row in rows if row["epoch"] == best.epoch)
        if bits is not None:
            words.append(f"{bits:.3f} bits a {unit}")
    if untrained:
        words.append(f"untrained {untrained[0].nats:.2f}")
    return " · ".join(words)


def _frame(points: list[_Point]) -> _Frame:
    epochs, nats = [point.epoch for point in points], [point.nats for point in points]
    room = 0.06 * (max(nats) - min(nats)) or 0.05
    first, last = min(epochs), max(epochs)
    return _Frame(
        first, last if last > first else first + 1, max(0.0, min(nats) - room), max(nats) + room
    )


def ticks(low: float, high: float, step: float = 0.0) -> list[float]:
    """Return about six round numbers between two others.

    >>> ticks(0.9, 2.6)
    [1.0, 1.5, 2.0, 2.5]
    >>> ticks(1, 26, step=1)
    [5, 10, 15, 20, 25]
    """
    rough = max((high - low) / TICKS, step, 1e-9)
    power = 10.0 ** math.floor(math.log10(rough))
    size = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= 0.999 * rough)
    if step:
        size = max(step, math.ceil(size / step) * step)
    first, last = math.ceil(low / size - 1e-9), math.floor(high / size + 1e-9)
    return [round(n * size, 9) for n in range(first, last + 1)]


def _axes(frame: _Frame) -> Iterator[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for nats in ticks(frame.low, frame.high):
        y = frame.y(nats)
        yield f'<path d="M{LEFT:g} {y:.1f}H{right:g}" stroke="#e2e7ee"/>'
        yield _text(LEFT - 8, y + 4, f"{nats:g}", anchor="end")
    for epoch in ticks(frame.first, frame.last, step=1):
        x = frame.x(epoch)
        yield f'<path d="M{x:.1f} {bottom:g}v5" stroke="#6b7a8f"/>'
        yield _text(x, bottom + 18, f"{epoch:g}", anchor="middle")
    yield f'<path d="M{LEFT:g} {TOP:g}V{bottom:g}H{right:g}" stroke="#6b7a8f" fill="none"/>'
    yield _text((LEFT + right) / 2, HEIGHT - 8, "epoch", anchor="middle")
    middle = (TOP + bottom) / 2
    label = _text(0, 0, "nats a symbol", anchor="middle")
    yield f'<g transform="translate(14 {middle:g}) rotate(-90)">{label}</g>'


def _lines(frame: _Frame, train: list[_Point], held_out: list[_Point]) -> Iterator[str]:
    """Yield the two curves, each named at its end; names that would touch are moved apart."""
    named: list[tuple[float, str, str]] = []
    for points, colour, dash, name in (
        (train, TRAIN, "6 4", "training"),
        (held_out, HELD_OUT, "", "held out"),
    ):
        if not points:
            continue
        places = " ".join(f"{frame.x(epoch):.1f},{frame.y(nats):.1f}" for epoch, nats in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        yield (
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>'
        )
        if len(points) == 1:
            left, height = places.split(",")
            yield f'<circle cx="{left}" cy="{height}" r="3" fill="{colour}"/>'
        named.append((frame.y(points[-1].nats), colour, name))
    named.sort()
    close = len(named) == 2 and named[1][0] - named[0][0] < 14
    middle = sum(y for y, _, _ in named) / max(1, len(named))
    for place, (end, colour, name) in enumerate(named):
        y = middle - 7 + 14 * place if close else end
        yield _text(WIDTH - RIGHT + 8, y + 4, name).replace("#1f2937", colour)


def _mark(frame: _Frame, best: _Point) -> Iterator[str]:
    x, y = frame.x(best.epoch), frame.y(best.nats)
    yield (
        f'<path d="M{x:.1f} {y:.1f}V{HEIGHT - BOTTOM:g}" stroke="{HELD_OUT}" '
        'stroke-dasharray="2 3"/>'
    )
    yield (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#ffffff" stroke="{HELD_OUT}" '
        'stroke-width="2"/>'
    )


def _text(x: float, y: float, words: str, *, size: float = 11, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" {TEXT}>'
        f"{escape(words)}</text>"
    )
