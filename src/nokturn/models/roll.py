"""Roll: a network over the frames of a piano roll.

    output = "ordered"    the notes of a frame one after the other, from high to low: each knows
                          those above it
    output = "sigmoid"    every key by itself, as the first networks of this kind had it

What the two mean, and how their figures can be compared, is told in `_key_model`. Three settings
bend the loss of independent keys towards notes, which are rare among silent keys; the figures stay
what they are. Its weakness: pieces are read whole, so a step of writing grows slowly with the
length of the piece.
"""

from __future__ import annotations

from typing import ClassVar

from nokturn.models._key_model import KeyModel, KeySettings


class RollSettings(KeySettings):
    """Settings of the roll."""


class Roll(KeyModel):
    """A network over the frames of a roll."""

    settings_class = RollSettings
    settings: RollSettings
    excerpts: ClassVar[bool] = True
    source: ClassVar[str] = (
        "Boulanger-Lewandowski et al. 2012, arXiv:1206.6392, and Larochelle and Murray, 'The "
        "Neural Autoregressive Distribution Estimator', 2011; here with one recurrent network"
    )
