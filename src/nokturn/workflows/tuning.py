"""Tuning: a training that begins with a model and not with random weights.

    base = Base.named("folk")
    settings = base.settled(settings)            # slower, as it knows much already
    card = base.told_in(card)                    # names it, and both licences

The encoding with its symbols and the network are those of the base. Signs of the new pieces that it
does not know are replaced by their like, or the piece is left out, and that is said: encodings
other than ABC have symbols for every piece. Its weakness: what is not in the new pieces is
forgotten little by little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nokturn.corpora._ingest import Corpus, Item
from nokturn.encodings._abc_learned import AbcLearned
from nokturn.encodings.base import Encoding, restore
from nokturn.errors import InputError, UsageError
from nokturn.models._file import ModelFile
from nokturn.models.base import Adversarial, Counted
from nokturn.models.mixture import Mixture
from nokturn.music.piece import Piece
from nokturn.training import runs

LEARNING_RATE = 5e-4  # a fifth of what random weights begin with
MOST_SIGNS = 8  # that are named
# What may lose a sign: chord symbols, the ] of a final bar line, single letters of ornaments.
HARMLESS = re.compile(r'"[^"\n]*"|\|\]|[~.HOPRSTuv]')


@dataclass(frozen=True)
class Base:
    """A model to begin with."""

    name: str
    file: ModelFile
    encoding: Encoding

    @classmethod
    def named(cls, name: str) -> Base:
        """Return the model of that name.

        Raises
        ------
        ModelError
            There is none, or it belongs to another version.
        UsageError
            It has no weights that could go on learning.
        """
        file = ModelFile.load(runs.resolve(name))
        if isinstance(file.model, Counted | Adversarial | Mixture):
            kind = type(file.model).__name__.lower()
            raise UsageError(
                f"{name} cannot learn on: a {kind} has no weights that go on from where they are.",
                "Choose a network, such as folk, or leave --base out.",
            )
        encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
        return cls(name, file, chordless(encoding))

    def settled(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings that go with the base: a lower learning rate unless one is given.

        Raises `UsageError` where they ask for another encoding or network.
        """
        for table in ("encoding", "model"):
            if settings.get(table):
                raise UsageError(
                    f"{self.name} brings its own {table}, so [{table}] cannot be set.",
                    f"Leave the table {table} out, or --base.",
                )
        training = {"learning_rate": LEARNING_RATE, **settings.get("training", {})}
        return {**settings, "training": training}

    def told_in(self, card: Mapping[str, Any]) -> dict[str, Any]:
        """Return a card that names the base, and what may be done with what came of both."""
        mine = self.file.card
        told = {"model": self.name, "sha256": self.file.sha256}
        told |= {name: mine[name] for name in ("corpus", "licence") if mine.get(name)}
        return {
            **card,
            "licence": _both(str(card.get("licence", "")), str(mine.get("licence", ""))),
            "citation": _both(str(card.get("citation", "")), str(mine.get("citation", ""))),
            "may_be_shipped": bool(card.get("may_be_shipped") and mine.get("may_be_shipped")),
            "base": told,
        }

    def sifted(self, corpus: Corpus) -> Corpus:
        """Return the pieces whose signs the base can say; what it cannot is noted in the report.

        A sign is replaced by its like. Without one it is left out where that is harmless; where it
        would make wrong notes of what it stands by, the tune is left out.

        Raises `InputError` where nothing remains.
        """
        encoding = self.encoding
        if not isinstance(encoding, AbcLearned):  # others have symbols for every piece
            return corpus
        kept: list[Item] = []
        replaced: dict[str, str] = {}
        lacking: Counter[str] = Counter()
        for item in corpus.items:
            missing = _missing(encoding, item.piece, replaced)
            lacking.update(missing[:1])
            kept += [] if missing else [item]
        if lacking:
            signs = ", ".join(repr(sign) for sign, _ in lacking.most_common(MOST_SIGNS))
            reason = f"{self.name} knows no sign like {signs}"
            if not kept:
                raise InputError(f"Nothing is left to train on: {reason}.", "Leave --base out.")
            corpus.report.notes.append(
                f"{lacking.total():,} of {len(corpus.items):,} tunes are left out: {reason}."
            )
        corpus.report.notes += self._said(replaced)
        return replace(corpus, items=kept)

    def _said(self, replaced: Mapping[str, str]) -> list[str]:
        """Return how signs are read that the base does not know."""
        named = [
            f"{old!r} is read as {new!r}" if new else f"{old!r} is left out"
            for old, new in sorted(replaced.items())[:MOST_SIGNS]
        ]
        more = f", and {len(replaced) - MOST_SIGNS} more" if len(replaced) > MOST_SIGNS else ""
        return [f"Signs that {self.name} does not know: {', '.join(named)}{more}."] if named else []


def chordless(encoding: Encoding) -> Encoding:
    """Return an encoding that leaves chord symbols out, where it has no sign to write them with."""
    if not isinstance(encoding, AbcLearned) or '"' in encoding.vocabulary or encoding.plain:
        return encoding
    twin = encoding.model_copy(update={"chords": False})
    return twin.with_vocabulary(encoding.vocabulary)


def _missing(encoding: AbcLearned, piece: Piece, replaced: dict[str, str]) -> list[str]:
    """Return the signs of a tune that cannot be done without; note those that can."""
    try:
        text = encoding.text(piece)
    except InputError:  # it is left out, and that is said where it is encoded
        return []
    found = encoding.encode_text(text)[1]
    outside = HARMLESS.sub("", text)
    missing = [sign for sign, like in found.items() if not like and sign in outside]
    replaced |= {} if missing else found
    return missing


def _both(one: str, other: str) -> str:
    """Return two texts as one, neither said twice.

    >>> _both("CC0", "MIT"), _both("", "MIT"), _both("MIT", "MIT")
    ('CC0; MIT', 'MIT', 'MIT')
    """
    return "; ".join(dict.fromkeys(filter(None, (one, other))))
