"""The text of an ABC file: its encoding, what holds for all tunes, and where each tune stands."""

from __future__ import annotations

import re

COMMENT = re.compile(r"(?<!\\)%.*")


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


def split_tunes(text: str) -> list[tuple[int, str]]:
    """Return the tunes of a text, each with the number of its first line, counted from 1.

    A tune begins with ``X:`` and ends before the next one, or at an empty line after its ``K:``.
    A text without any ``X:`` is one tune if it has a ``K:``.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("X:")]
    if not starts:
        first = next((i for i, line in enumerate(lines) if re.match(r"[A-Z]:", line)), None)
        if first is None or not any(line.startswith("K:") for line in lines):
            return []
        starts = [first]
    tunes = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        end = start
        seen_key = False
        while end < stop and (not seen_key or lines[end].strip()):
            seen_key = seen_key or lines[end].startswith("K:")
            end += 1
        tunes.append((start + 1, "\n".join(lines[start:end]).rstrip() + "\n"))
    return tunes


def file_header(text: str) -> list[tuple[str, str]]:
    """Return the fields that stand before the first tune and hold for all."""
    before = re.split(r"^X:", text, maxsplit=1, flags=re.MULTILINE)
    if len(before) == 1 or not before[0].strip():
        return []
    kept = (re.match(r"([MLQRCOABDFGHINSZUm]):(.*)", line) for line in before[0].split("\n"))
    return [(match[1], COMMENT.sub("", match[2]).strip()) for match in kept if match]
