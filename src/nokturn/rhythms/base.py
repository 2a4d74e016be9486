"""What every way to make a rhythm promises."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.registry import Component
from nokturn.settings import Settings


class RhythmSettings(Settings):
    """Settings of a rhythm."""


class RhythmSource(Component):
    """Makes rhythms.

    The same settings, meter, bars and generator give the same rhythm. It has at least one onset
    and is exactly ``bars`` bars long.
    """

    settings_class: ClassVar[type[RhythmSettings]] = RhythmSettings
    source: ClassVar[str] = ""

    def __init__(self, settings: RhythmSettings) -> None:
        self.settings = settings

    @abstractmethod
    def make(self, bars: int, rng: np.random.Generator, *, meter: Meter = COMMON_TIME) -> Rhythm:
        """Return a rhythm of so many bars (1 or more) of a meter that is not free."""
