"""The text of an ABC file: its encoding, what holds for all tunes, and where each tune stands."""

from __future__ import annotations

import re
from bisect import bisect_left

COMMENT = re.compile(r"(?<!\\)%.*")
_FIRST_FIELD = re.compile(r"^[A-Z]:", re.MULTILINE)
_KEY = re.compile(r"^K:", re.MULTILINE)
_EMPTY = re.compile(r"\n[^\S\n]*(?:\n|\Z)")


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8 (with or without mark), UTF-16 with mark, else Latin-1."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_tunes(text: str, part: int = 0, of: int = 1) -> list[tuple[int, str]]:
    """Return the tunes of a text, each with the number of its first line, counted from 1.

    A tune begins with ``X:`` and ends before the next one, or at an empty line after its ``K:``.
    A text without any ``X:`` is one tune if it has a ``K:``. Of ``of`` stretches of equal length,
    those are returned that begin in stretch number ``part``, counted from 0.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = _starts(text)
    first, last = (bisect_left(starts, len(text) * k // of) for k in (part, part + 1))
    starts.append(len(text))
    tunes = []
    line, counted = 1, 0
    for k in range(first, last):
        line, counted = line + text.count("\n", counted, starts[k]), starts[k]
        tunes.append((line, _ended(text[starts[k] : starts[k + 1]]).rstrip() + "\n"))
    return tunes


def _starts(text: str) -> list[int]:
    """Return where tunes begin."""
    starts = [0] if text.startswith("X:") else []
    place = text.find("\nX:")
    while place >= 0:
        starts.append(place + 1)
        place = text.find("\nX:", place + 3)
    if not starts and (first := _FIRST_FIELD.search(text)) and _KEY.search(text):
        return [first.start()]
    return starts


def _ended(tune: str) -> str:
    """Return a tune without what stands after an empty line below its key."""
    key = _KEY.search(tune)
    end = _EMPTY.search(tune, key.start()) if key else None
    return tune[: end.start()] if end else tune


def file_header(text: str) -> list[tuple[str, str]]:
    """Return the fields that stand before the first tune and hold for all."""
    before = re.split(r"^X:", text, maxsplit=1, flags=re.MULTILINE)
    if len(before) == 1 or not before[0].strip():
        return []
    kept = (re.match(r"([MLQRCOABDFGHINSZUm]):(.*)", line) for line in before[0].split("\n"))
    return [(match[1], COMMENT.sub("", match[2]).strip()) for match in kept if match]
