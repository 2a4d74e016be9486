"""Drums from a network: so many bars of a style at a tempo, drawn step by step.

    track = drum_bars(ModelFile.load(path), 8, style="hiphop", qpm=84, rng=rng)

The model is one over `drum_steps`. All is on the straight grid: a groove of the same style gives
the timing back. Its weakness: it was taught 4/4 and knows no other meter.
"""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from nokturn.encodings.base import BOUNDARY, restore
from nokturn.encodings.drum_steps import KINDS, REST, STYLES, DrumSteps
from nokturn.errors import ModelError, UsageError, did_you_mean
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.music.score import Track

MOST_BARS = 2000
MOST_QUIET = 7  # steps without a stroke: drummers who keep a beat are hardly ever silent longer,
# and a network that has been silent by chance stays so
SAMPLING = Sampling(temperature=0.75, min_p=0.03)


def drum_bars(
    file: ModelFile,
    bars: int,
    *,
    style: str = "hiphop",
    qpm: float = 90.0,
    kind: str = "beat",
    rng: np.random.Generator,
    sampling: Sampling = SAMPLING,
) -> Track:
    """Return bars of drums.

    Parameters
    ----------
    bars
        How many, 1-2000.
    style
        Of `STYLES`; empty = the model chooses.
    qpm
        Tempo, quarter notes a minute; slow beats are other beats than fast ones.
    kind
        ``beat`` or ``fill``.

    Raises
    ------
    UsageError
        The style or the kind is not known, or so many bars are not possible.
    ModelError
        The model knows no drums.
    """
    _check(bars, style, kind)
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    if not isinstance(encoding, DrumSteps):
        raise ModelError(
            f"This model writes {file.encoding}, no drum steps.",
            "Take the model drums, or train one:  nokturn train --recipe recipes/drums.toml",
        )
    told = encoding.told(style, qpm, kind)
    steps = encoding.steps
    told_only = [symbol for symbol in range(len(encoding.vocabulary)) if symbol not in steps]
    rest = encoding.vocabulary.index(REST)
    stream, tracker = file.model.begin(rng), encoding.tracker()
    ids: list[int] = []
    with threadpool_limits(limits=1):  # many threads only slow such small products down
        for symbol in [BOUNDARY, *told]:
            logits = stream.step(symbol, tracker.step(symbol))
        quiet = MOST_QUIET  # steps since the last stroke; the first step is one
        for _ in range(bars * encoding.bar):
            barred = [*told_only, rest] if quiet >= MOST_QUIET else told_only
            symbol = draw(probabilities(logits, sampling, barred), rng)
            quiet = quiet + 1 if symbol == rest else 0
            ids.append(symbol)
            logits = stream.step(symbol, tracker.step(symbol))
    return encoding.decode(ids).score.tracks[0]


def _check(bars: int, style: str, kind: str) -> None:
    if not 1 <= bars <= MOST_BARS:
        raise UsageError(f"{bars} bars of drums are not possible.", f"Choose 1 to {MOST_BARS}.")
    if style and style not in STYLES:
        raise UsageError(f"The drums know no style {style!r}.", did_you_mean(style, STYLES))
    if kind not in KINDS:
        raise UsageError(f"Drums are a beat or a fill, not {kind!r}.", did_you_mean(kind, KINDS))
