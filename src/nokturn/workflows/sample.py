"""Sample: what a network writes by itself, unchecked, to hear how a training comes along.

    text = sample(ModelFile.load("runs/my-tunes/epochs/0012.safetensors"), seed=1)

The same seed each time, so that the tunes of a training differ by what was learned and nothing
else. Bars may be wrong here; `generate` is what writes tunes that are right.
"""

from __future__ import annotations

import numpy as np

from nokturn.encodings.base import BOUNDARY, restore
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece

MAX_SYMBOLS = 1500


def sample(file: ModelFile, *, seed: int, sampling: Sampling | None = None) -> Piece:
    """Return a piece as the network writes it, from its beginning until it ends it."""
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    sampling = sampling or Sampling()
    generator = np.random.default_rng(seed)
    stream, tracker = file.model.begin(generator), encoding.tracker()
    ids, symbol = [], BOUNDARY
    for _ in range(MAX_SYMBOLS):
        logits = stream.step(symbol, tracker.step(symbol))
        symbol = draw(probabilities(logits, sampling), generator)
        if symbol == BOUNDARY:
            break
        ids.append(symbol)
    return encoding.decode(ids)
