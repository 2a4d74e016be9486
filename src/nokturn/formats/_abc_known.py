"""What ABC notes were read as before: bars come again in a tune, beamed notes in every book.

    known = known_notes(240, key.alters, 0, True)
    known.events('"D"A2A ABd')   ->   what it is, where that or each part of it was read before

Nothing else than what is named here may decide what such a text means, and nothing of it may reach
beyond its end. A table that is full is begun anew, so that no book fills the memory.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

from nokturn.music.sheet import Event
from nokturn.music.time import Ticks

MOST = 2048
LONGEST = 80  # characters of a text that is kept
Events = tuple[Event, ...]


class Texts(dict[str, Events]):
    """Texts, and the events that each of them is."""

    def keep(self, text: str, events: Events) -> None:
        """Take in a text."""
        if len(text) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[text] = events


class KnownNotes:
    """Bars, and what stands in them between spaces."""

    def __init__(self) -> None:
        self.measures, self.groups = Texts(), Texts()

    def events(self, measure: str) -> Events:
        """Return the events of a bar; none where they are not known."""
        events = self.measures.get(measure)
        if events is None:
            parts = [self.groups.get(group, ()) for group in measure.split()]
            if not all(parts):  # a text with a space in it, too
                return ()
            events = tuple(chain.from_iterable(parts))
            self.measures.keep(measure, events)
        return events


@lru_cache(maxsize=64)
def known_notes(unit: Ticks, alters: tuple[int, ...], octave: int, compound: bool) -> KnownNotes:
    """Return what is known of notes in a unit note length, a key, an octave and a kind of meter."""
    return KnownNotes()
