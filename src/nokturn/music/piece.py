"""Piece: a Sheet or a Score, each made from the other on demand, with what is known about it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from nokturn.music.score import Score
from nokturn.music.sheet import Sheet

RECIPE_DEPTH = 16  # of lists and tables within each other


@dataclass
class Piece:
    """A piece of music: written, sounding, or both.

    Parameters
    ----------
    sheet_or_score
        What it was made or read as; the other one is made when first asked for.
    title
        Its title; empty = that of the sheet or score.
    source
        Where it comes from: a file name, a model.
    recipe
        How it was made (model, seed, settings, version), so that it can be made again; or None.
    repairs
        What a lenient reader mended, in words with positions.
    text
        The text it was read from, as it stood there; empty = it was not read from text.
    """

    sheet_or_score: Sheet | Score
    title: str = ""
    source: str = ""
    recipe: dict[str, Any] | None = None
    repairs: list[str] = field(default_factory=list)
    text: str = field(default="", repr=False, compare=False)
    _other: Sheet | Score | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.title = self.title or self.sheet_or_score.title

    @property
    def written(self) -> bool:
        """Whether the piece was made or read as a Sheet."""
        return isinstance(self.sheet_or_score, Sheet)

    @property
    def sheet(self) -> Sheet:
        """What is written; transcribed from the score at the first call."""
        if isinstance(self.sheet_or_score, Sheet):
            return self.sheet_or_score
        if self._other is None:
            from nokturn.music.transcribe import transcribe

            self._other = transcribe(self.sheet_or_score)
        assert isinstance(self._other, Sheet)
        return self._other

    @property
    def score(self) -> Score:
        """What sounds; performed from the sheet at the first call."""
        if isinstance(self.sheet_or_score, Score):
            return self.sheet_or_score
        if self._other is None:
            from nokturn.music.perform import perform

            self._other = perform(self.sheet_or_score)
        assert isinstance(self._other, Score)
        return self._other


def recipe_of(text: str) -> dict[str, Any] | None:
    """Return the recipe that a text holds as JSON; None where it is none that can be passed on.

    The text may come from anybody: NaN, halves of letters and endless nesting are refused.

    >>> recipe_of('{"model": "folk", "seed": 7}')
    {'model': 'folk', 'seed': 7}
    >>> recipe_of('{"seed": NaN}'), recipe_of(r'{"model": "\\ud800"}'), recipe_of("[7]")
    (None, None, None)
    """
    try:
        recipe = json.loads(text)
        json.dumps(recipe, allow_nan=False, ensure_ascii=False).encode()
        plain = isinstance(recipe, dict) and _depth(recipe) <= RECIPE_DEPTH
    except (ValueError, RecursionError):
        return None
    return recipe if plain else None


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)
