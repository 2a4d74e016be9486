"""Show: pieces as one piece of HTML, with score, piano roll and player, for notebooks.

Everything is inline: SVG for the pictures, one ``<audio>`` with its sound in the page, no script,
and nothing is fetched, so a notebook shows the same when it is opened again or sent to somebody.
All of a cell stays below 2 MB: sound goes as OGG (mono), else as WAV, and what does not fit is cut
short, which the caption says.
"""

from __future__ import annotations

import base64
import html
import itertools
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import Error
from nokturn.music.piece import Piece
from nokturn.workflows.info import describe

_SVG = "http://www.w3.org/2000/svg"
CELL_BYTES = 2_000_000
RATE = 44_100
_WAV_RATE = 22_050
_FADE_S = 1.0


def show_html(pieces: Sequence[Piece], *, budget: int = CELL_BYTES) -> str:
    """Return pieces as HTML of at most ``budget`` bytes.

    One piece has its score, piano roll and player; of several each has its piano roll and player.
    """
    share = budget // max(len(pieces), 1)
    return "\n".join(_figure(piece, share, score=len(pieces) == 1) for piece in pieces)


def show_track(piece: Piece, sound: NDArray[np.float32], *, budget: int = CELL_BYTES) -> str:
    """Return a produced piece as HTML: its piano roll, and a player of its sound (2, T)."""
    return _figure(piece, budget, score=False, sound=sound.mean(axis=0, dtype=np.float32))


def _figure(
    piece: Piece, budget: int, *, score: bool, sound: NDArray[np.float32] | None = None
) -> str:
    """Return one piece as a figure; a picture that would not fit is left out."""
    parts = []
    for picture in (*([_score_svg] if score else []), _roll_svg):
        try:
            svg = picture(piece)
        except Error as error:
            parts.append(f"<p>{html.escape(str(error))}</p>")
            continue
        if len(svg.encode()) < budget // 2:
            parts.append(svg)
            budget -= len(svg.encode())
    player, cut = _player(_sound(piece) if sound is None else sound, budget - 2_000)
    caption = html.escape(words(piece) + cut)
    body = "\n".join((*parts, player))
    return f'<figure style="margin:1em 0">\n{body}\n<figcaption>{caption}</figcaption></figure>'


def score_svg(piece: Piece, *, width: int) -> str:
    """Return the score as one SVG for a page of our own; see `engrave_for_screen`.

    What is too high for one picture of verovio's stands below it in the same SVG.
    """
    from nokturn.rendering.engrave import engrave_for_screen

    pictures = engrave_for_screen(piece, width=width)
    if len(pictures) == 1:
        return pictures[0]
    heights = [_height(picture) for picture in pictures]
    tops = itertools.accumulate(heights, initial=0.0)
    placed = [
        picture.replace("<svg ", f'<svg y="{top:g}" height="{height:g}" ', 1)
        for picture, top, height in zip(pictures, tops, heights, strict=False)
    ]
    head = f'<svg xmlns="{_SVG}" viewBox="0 0 {width} {sum(heights):g}">'
    return f"{head}{''.join(placed)}</svg>"


def _height(svg: str) -> float:
    """Return the height that an SVG's view has."""
    return float(re.search(r'viewBox="[\d.]+ [\d.]+ [\d.]+ ([\d.]+)"', svg)[1])  # type: ignore[index]


def words(piece: Piece) -> str:
    """Return a piece in a line: title, key, meter, tempo, bars, length.

    >>> from nokturn.music.sheet import Sheet
    >>> words(Piece(Sheet(title="Silence")))
    '"Silence"  C major · 4/4 · ♩=120 · 0 bars · 0:00'
    """
    told = describe(piece)
    tempo = f"♩={told.tempo:g}"
    length = f"{int(told.seconds) // 60}:{int(told.seconds) % 60:02d}"
    parts = [told.key, told.meter, tempo, f"{told.bars} bars", length]
    return f'"{told.title or "Untitled"}"  ' + " · ".join(part for part in parts if part)


def _score_svg(piece: Piece) -> str:
    from nokturn.rendering.engrave import engrave

    return _inline(engrave(piece)[0])


def _roll_svg(piece: Piece) -> str:
    from nokturn.rendering.roll import roll_svg

    return _inline(roll_svg(piece))


def _inline(svg: str) -> str:
    """Return an SVG without its XML declaration, which has no place inside HTML."""
    return svg[svg.index("<svg") :]


def _sound(piece: Piece) -> NDArray[np.float32]:
    """Return a piece as sound in mono, (T,)."""
    from nokturn.rendering.audio.mix import render

    mono: NDArray[np.float32] = render(piece.score).mean(axis=1, dtype=np.float32)
    return mono


def _player(samples: NDArray[np.float32], budget: int) -> tuple[str, str]:
    """Return a player for sound within so many bytes, and what to say if it is cut short."""
    seconds = len(samples) / RATE
    data, form, kept = _fitting(samples, budget * 3 // 4)  # base64 makes three bytes four
    if kept <= 0:
        return "", ""
    source = f"data:audio/{form};base64,{base64.b64encode(data).decode()}"
    cut = f" (the first {kept:.0f} s to be heard)" if kept < seconds - 0.5 else ""
    return f'<audio controls preload="metadata" src="{source}"></audio>', cut


def _fitting(samples: NDArray[np.float32], room: int) -> tuple[bytes, str, float]:
    """Return sound (T,) in as many bytes at most, its format, and the seconds kept."""
    from nokturn.rendering.audio.files import audio_bytes

    seconds = len(samples) / RATE
    ogg = b""
    for _ in range(4):
        try:
            ogg = audio_bytes(_cut(samples, seconds), "ogg")
        except Error:  # no library for it on this machine
            break
        if len(ogg) <= room:
            return ogg, "ogg", seconds
        seconds *= 0.9 * room / len(ogg)
    seconds = min(len(samples) / RATE, (room - 100) / (2 * _WAV_RATE))
    pairs = _cut(samples, seconds)
    halved = pairs[: len(pairs) // 2 * 2].reshape(-1, 2).mean(axis=1)
    return audio_bytes(halved, "wav", sample_rate=_WAV_RATE), "wav", seconds


def _cut(samples: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """Return the beginning of a sound, faded out where it is cut."""
    count = int(seconds * RATE)
    if count >= len(samples):
        return samples
    kept = samples[:count].copy()
    fade = min(int(_FADE_S * RATE), count)
    kept[count - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return kept
