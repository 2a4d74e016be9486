"""Form: the sections of a track, and who plays in them.

    >>> [section.name for section in FORM]
    ['intro', 'A', 'A', 'B', 'A', 'outro']

A section is a number of whole bars. Arranging, drums and mixing all read the same list, so that
everybody comes in and stops together.
"""

from __future__ import annotations

from dataclasses import dataclass

PARTS = ("chords", "bass", "melody", "drums")


@dataclass(frozen=True)
class Section:
    """A stretch of music.

    Attributes
    ----------
    name
        ``intro``, ``A``, ``B``, ``break`` or ``outro``; sections of one name have the same
        material, varied.
    bars
        Its length.
    energy
        0 (hardly anything happens) to 1 (everything does).
    parts
        Who plays: of `PARTS`.
    """

    name: str
    bars: int
    energy: float = 0.5
    parts: frozenset[str] = frozenset(PARTS)


FORM = (
    Section("intro", 4, 0.2, frozenset({"chords"})),
    Section("A", 8, 0.5),
    Section("A", 8, 0.6),
    Section("B", 8, 0.8),
    Section("A", 8, 0.6),
    Section("outro", 4, 0.2, frozenset({"chords", "bass", "melody"})),
)
