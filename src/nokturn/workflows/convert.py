"""Convert: a file of any format into any others.

    for done in convert("tunes.abc", "tunes.mid", "tunes.svg"): print(done.path)

ABC, MIDI, MusicXML are read; those, score pictures, piano rolls and sound are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nokturn.errors import InputError, UsageError
from nokturn.music.piece import Piece
from nokturn.workflows.load import load
from nokturn.workflows.save import Kind, kind_named, kind_of, save


@dataclass(frozen=True)
class Converted:
    """A file that was written, from how many pieces, and what its reader mended."""

    path: Path
    pieces: int
    repairs: tuple[str, ...] = ()


def read_tunes(source: str | Path, *, tune: int = 0, strict: bool = False) -> list[Piece]:
    """Read a file's pieces, or the one of that number (from 1; 0 = all)."""
    pieces = load(source, strict=strict)
    if tune < 0 or tune > len(pieces):
        raise UsageError(f"{source} has no tune {tune}; it holds {len(pieces)}.")
    return [pieces[tune - 1]] if tune else pieces


def convert(
    source: str | Path,
    *out: str | Path,
    tune: int = 0,
    strict: bool = False,
    force: bool = False,
) -> Iterator[Converted]:
    """Read a file and write it in other formats, one file after another.

    Parameters
    ----------
    source
        File to read; ``"-"`` is standard input.
    out
        Files to write; their endings say what they become. A folder gets a file of each format
        named there: ``"mid"`` alone is refused, a name is needed.
    tune
        Only the tune of that number, from 1; 0 = all.
    strict
        Refuse what would be mended otherwise.
    force
        Write over files that exist.
    """
    if not out:
        raise UsageError("Where to?", "Name a file with -o, for example:  -o tune.svg")
    for path in out:
        kind_of(path)  # a name that means nothing is refused before anything is read
    pieces = read_tunes(source, tune=tune, strict=strict)
    repairs = tuple(repair for piece in pieces for repair in piece.repairs)
    for path in out:
        for written in save(pieces, path, force=force):
            yield Converted(written, len(pieces), repairs)


def convert_bytes(
    source: str | Path, format: str, *, tune: int = 0, strict: bool = False
) -> tuple[Kind, bytes]:
    """Read a file and return it in another format: its kind, and the bytes of one file.

    Raises `UsageError` where the pieces do not fit into one file of that kind.
    """
    kind = kind_named(format)
    pieces = read_tunes(source, tune=tune, strict=strict)
    return kind, one_file(pieces, kind)


def one_file(pieces: Sequence[Piece], kind: Kind) -> bytes:
    """Return pieces as the bytes of one file of that kind."""
    if len(pieces) > 1 and not kind.many:
        raise UsageError(
            f"{len(pieces)} pieces do not fit into one {kind.name} file.",
            "Choose one with --tune, or name a file with -o: each gets its own.",
        )
    if not pieces:
        raise InputError("there is no piece to write.")
    return kind.dumps(pieces)
