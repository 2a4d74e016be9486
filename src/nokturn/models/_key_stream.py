"""Independent keys, in NumPy: what every key does in a frame, told symbol after symbol.

A frame is written from high to low: the next symbol is the next lower key that sounds, or the end
of the frame. What the keys do is known once a frame, so most steps cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nokturn.models._frame_model import Floats, FrameStream, gelu
from nokturn.models.base import Weights

if TYPE_CHECKING:
    from nokturn.models._key_model import KeyModel, KeySettings

SURE = 40.0  # a logit that nothing is drawn against
NEVER = -1e4


class KeyStream(FrameStream):
    """Independent keys that are read symbol after symbol."""

    model: KeyModel
    keys: Floats  # logits of the present frame, (V,)
    ended = True  # whether a frame has ended since the keys were asked

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Floats:
        """Read a symbol; return the logits (V,) of what comes next."""
        self.symbols.append(symbol)
        settings = self.model.settings
        if self.ended or symbol == settings.separator:
            self.ended = False
            self.keys = self._next_frame()
            if settings.writes == "threshold":
                self.keys = certain(self.keys, settings, self.model.threshold)
        return in_order(self.keys, symbol, settings)

    def follow(self, symbol: int, channels: Sequence[int] = ()) -> None:
        """Read a symbol; see `FrameStream.follow`."""
        self.ended |= symbol == self.model.settings.separator
        super().follow(symbol, channels)

    def _next_frame(self) -> Floats:
        model, w = self.model, self.model.weights
        symbols = np.array(self.symbols, dtype=np.int64)
        here = model.hear(symbols)
        self._catch_up(here)
        z = w["head.state"] @ self.said + w["head.places"] @ here.places[-1] + w["head.bias"]
        return model.key_logits(gelu(z), here, symbols)


def near(weights: Weights, z: Floats, rolls: Floats) -> Floats:
    """Return what the rolls (rolls, keys) around each key say about it, (keys,)."""
    kernel = weights["near"]
    padded = np.pad(rolls, ((0, 0), (kernel.shape[-1] // 2, kernel.shape[-1] // 2)))
    around = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[-1], axis=1)
    told = weights["near_state"] @ z + weights["near_bias"]
    flat = np.tensordot(kernel, around, axes=((1, 2), (0, 2))) + told[:, None]
    words = gelu(flat.astype(np.float32).ravel()).reshape(flat.shape)
    return np.asarray(weights["near_out"] @ words)


def certain(keys: Floats, settings: KeySettings, threshold: float) -> Floats:
    """Return logits of keys that are sure: above the threshold or not; struck above one half.

    Where the piece ends is still drawn.
    """
    s = settings
    sounds = slice(s.first, s.first + s.pitches)
    struck = slice(sounds.stop, s.first + s.kinds * s.pitches)
    sure = keys.copy()
    sure[sounds] = np.where(keys[sounds] > np.log(threshold / (1 - threshold)), SURE, -SURE)
    sure[struck] = np.where(keys[struck] > 0, SURE, -SURE)
    return sure


def in_order(keys: Floats, symbol: int, settings: KeySettings) -> Floats:
    """Return the logits (V,) after a symbol of a frame, from those of its keys (V,)."""
    s = settings
    pitch = int(s.layout.pitch_of(np.array([symbol]))[0])
    last = pitch if pitch >= 0 else s.pitches
    sound = keys[s.first : s.first + s.pitches].astype(np.float64)
    below = np.append(0, np.cumsum(_log_sigmoid(-sound)))
    note = _log_sigmoid(sound) + below[last] - below[1:]
    note[last:] = NEVER
    found = np.full(len(keys), NEVER)
    found[s.separator] = below[last]
    struck = keys[s.first + s.pitches : s.first + 2 * s.pitches]
    kinds = (0.0,) if s.kinds == 1 else (_log_sigmoid(-struck), _log_sigmoid(struck))
    found[s.first : s.first + s.kinds * s.pitches] = np.concatenate([note + k for k in kinds])
    if last == s.pitches:  # only there the piece may end
        found += _log_sigmoid(-keys[:1])
        found[0] = _log_sigmoid(keys[:1])[0]
    return np.asarray(found, dtype=np.float32)


def _log_sigmoid(x: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.asarray(-np.logaddexp(0, -x))
