"""What bars of ABC were read as before: they come again within a tune, and from tune to tune.

    known = known_texts(240, key.alters, 0, compound=True)
    known['"D"A2A ABd']   ->   its events

Nothing else than what is named here may decide what such a text means. A table that is full is
begun anew, so that no book fills the memory.
"""

from __future__ import annotations

from functools import lru_cache

from nokturn.music.sheet import Event
from nokturn.music.time import Ticks

MOST = 1024
LONGEST = 80  # characters of a text that is kept


class Known(dict[str, tuple[Event, ...]]):
    """Texts of bars, and the events that each of them is."""

    def keep(self, text: str, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Take in what a text is, if it is anything; return it."""
        if events and len(text) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[text] = events
        return events


@lru_cache(maxsize=64)
def known_texts(unit: Ticks, alters: tuple[int, ...], octave: int, compound: bool) -> Known:
    """Return what is known of texts in a unit note length, a key, an octave and a kind of meter."""
    return Known()
