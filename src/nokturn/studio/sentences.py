"""Sentences: the English of the program, recognised, so that the page can say it otherwise.

    recognised("There is no such piece.")   ->   [{"code": "library.noPiece", "params": {}}]
    coded({"what": "There is no such piece.", ...}, "what")   ->   the same, with ``said`` added

The core knows no page: it raises errors and gives advice in plain English, on the command line as
here. All its sentences that reach the page stand in the table ``said`` of ``locales/en.json``, each
under a code, with {names} for what is filled in; other languages have the same codes. A sentence is
compared with the table, so nothing but the table has to know of languages, and tests hold the table
to the very sentences of the code. What is not in it is shown in English, as a quotation.

In the table ``{n}`` and the other `NUMBERS` stand for digits, ``{inner}`` for another sentence, any
other name for any words. Sentences are the same with a small letter in front or no full stop.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

LOCALES = Path(__file__).parent / "static" / "locales"
NUMBERS = frozenset({
    "n", "of", "most", "least", "before", "share", "bar", "first", "last", "line", "column",
    "epoch", "step", "minutes", "size",
})  # fmt: skip
LONGEST, MOST_SENTENCES = 500, 8  # of a text that is looked at: it may hold words of a stranger's
DEEPEST = 5  # sentences within sentences
DIGITS = r"-?[0-9][0-9,]{0,17}(?:\.[0-9]{1,17})?(?: ?%)?"
KINDS = {"file": r"(?:(?!: |\. [A-Z]).)+?"} | dict.fromkeys(NUMBERS, DIGITS)  # of what is filled in
NAME = re.compile(r"\{([a-z]\w*)\}")
ANY = "*"  # of sentences that begin with something filled in
Part = dict[str, Any]


def coded(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return plain data with ``said``: what some of its texts say in codes, by their names.

    >>> coded({"what": "The disk is full.", "why": ""}, "what", "why")["said"]
    {'what': [{'code': 'studio.diskFull', 'params': {}}]}
    """
    said = {name: found for name in names if (found := recognised(str(told[name])))}
    return {**told, "said": said}


@lru_cache(maxsize=4096)
def recognised(text: str) -> list[Part]:
    """Return the sentences of a text by codes, what is not known as ``text``; [] = nothing is.

    >>> recognised("Only 3 notes. So what?")
    [{'code': 'files.fewNotes', 'params': {'n': 3}}, {'text': 'So what?'}]
    """
    if len(text) > LONGEST:
        return []
    rest = re.split(r"(?<=[.!?]) +", text.strip(), maxsplit=MOST_SENTENCES - 1)
    parts: list[Part] = []
    while rest:  # a name within a sentence may hold a full stop: the longest that is known counts
        for many in range(len(rest), 0, -1):
            found = _sentence(" ".join(rest[:many]))
            if found or many == 1:
                parts.append(found or {"text": rest[0]})
                del rest[:many]
                break
    return parts if any("code" in part for part in parts) else []


def translated(text: str, language: str) -> str:
    """Return sentences of ours in a language, where it has them all and nothing is filled in.

    For the one page that is made without the page's scripts.

    >>> translated("There is nothing here.", "pl"), translated("Hm.", "pl")
    ('Nic tu nie ma.', 'Hm.')
    """
    found = [table(language).get(part.get("code", "")) for part in recognised(text)]
    whole = all(isinstance(said, str) and said and not NAME.search(said) for said in found)
    return " ".join(map(str, found)) if found and whole else text


def preferred(accepted: str) -> str:
    """Return the language of a header ``Accept-Language``: the first that we have.

    >>> preferred("de-AT, pl;q=0.8, en;q=0.5"), preferred("")
    ('pl', 'en')
    """
    known = {path.stem for path in LOCALES.glob("*.json")}
    asked = (one.strip()[:2].lower() for one in accepted[:LONGEST].split(","))
    return next((language for language in asked if language in known), "en")


@cache
def table(language: str) -> dict[str, str | dict[str, str]]:
    """Return what the table has in a language, by code: a text, or its plural forms."""
    told = json.loads((LOCALES / f"{language}.json").read_text("utf-8"))["said"]
    return {f"{group}.{name}": said for group, row in told.items() for name, said in row.items()}


def forms(said: str | dict[str, str]) -> list[str]:
    """Return all forms of a text."""
    return [said] if isinstance(said, str) else list(said.values())


@lru_cache(maxsize=4096)  # what is tried within one sentence is tried within the next, too
def _sentence(text: str, deep: int = DEEPEST) -> Part | None:
    """Return the code of a sentence and what is filled in; None where it is not in the table."""
    if not deep:
        return None
    for code, pattern in chain(_patterns(_first_word(text)), _patterns(ANY)):
        match = pattern.fullmatch(text)
        if not match:
            continue
        params = {name: _value(name, said, deep) for name, said in match.groupdict().items()}
        if params.get("inner", True):
            return {"code": code, "params": params}
    return None


def _value(name: str, words: str, deep: int) -> Any:
    """Return what is filled in: a sentence (None where it is not known), a number, words."""
    if name == "inner":
        return _sentence(words, deep - 1)
    if name not in NUMBERS:
        return words
    if words.endswith("%"):
        return words.replace(" ", "")
    number = float(words.replace(",", ""))
    return int(number) if number.is_integer() else number


def _patterns(first: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield codes and patterns of sentences that begin with a word, or with `ANY`."""
    for code, text in _texts().get(first, ()):
        yield code, _pattern(text)


@cache
def _texts() -> dict[str, list[tuple[str, str]]]:
    """Return codes and texts by the word that they begin with, or `ANY`.

    Those that tell a place come first, then those with the most words of their own.
    """
    rows = [(code, text) for code, said in table("en").items() for text in forms(said)]
    rows.sort(key=lambda row: ("{line}" in row[1], len(NAME.sub("", row[1]))), reverse=True)
    found: dict[str, list[tuple[str, str]]] = {}
    for code, text in rows:
        found.setdefault(_first_word(text), []).append((code, text))
    return found


def _first_word(text: str) -> str:
    word = re.match(r"[A-Za-z]+(?=[ .:]|$)", text)
    return word[0].lower() if word else ANY


@cache  # made when it is first wanted: all at once take 60 ms
def _pattern(text: str) -> re.Pattern[str]:
    words, seen = "", set[str]()
    for k, piece in enumerate(NAME.split(text.removesuffix("."))):  # words, name, words, name, ...
        if k % 2 == 0:
            words += re.escape(piece)
        elif piece in seen:
            words += f"(?P={piece})"
        else:
            seen.add(piece)
            words += f"(?P<{piece}>{KINDS.get(piece, '.+?')})"
    if words[0].isalpha():
        words = f"[{words[0].upper()}{words[0].lower()}]{words[1:]}"
    return re.compile(words + r"\.?", re.DOTALL)
