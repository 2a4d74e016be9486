"""Save: a piece into a file whose ending says what it becomes.

    save(piece, "tune.abc")             text
    save(piece, "tune.svg")             the engraved score; tune.png is its picture
    save(piece, "tune.roll.png")        the piano roll
    save(piece, "tune.wav")             sound

A file appears under its name when all of it is written, and one that exists is never written over
unless ``force`` says so. ABC holds any number of pieces; every other kind holds one, so several
pieces become ``tune-1.mid``, ``tune-2.mid`` ...
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nokturn import registry
from nokturn.errors import UsageError, did_you_mean
from nokturn.music.piece import Piece
from nokturn.music.score import DEFAULT_QPM
from nokturn.rendering.pictures import with_recipe
from nokturn.writing import write_whole


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes
    ----------
    ending
        The ending of its names, with the dot.
    binary
        Not to be written on a screen.
    many
        Holds any number of pieces.
    dumps
        Pieces -> bytes; one piece unless ``many``.
    """

    ending: str
    binary: bool
    many: bool
    dumps: Callable[[Sequence[Piece]], bytes]

    @property
    def name(self) -> str:
        """The ending without its dot: what ``-f`` takes."""
        return self.ending[1:]


def _abc(pieces: Sequence[Piece]) -> bytes:
    data: bytes = registry.find("formats", "abc").dumps(pieces)
    return data


def _midi(pieces: Sequence[Piece]) -> bytes:
    data: bytes = registry.find("formats", "midi").dumps(pieces[0])
    return data


def _musicxml(pieces: Sequence[Piece]) -> bytes:
    data: bytes = registry.find("formats", "musicxml").dumps(pieces[0])
    return data


def _mxl(pieces: Sequence[Piece]) -> bytes:
    data: bytes = registry.find("formats", "musicxml").dumps(pieces[0], compressed=True)
    return data


def _svg(pieces: Sequence[Piece]) -> bytes:
    from nokturn.rendering.engrave import engrave

    return with_recipe(engrave(pieces[0])[0].encode(), pieces[0].recipe)


def _png(pieces: Sequence[Piece]) -> bytes:
    from nokturn.rendering.engrave import engrave_png

    return with_recipe(engrave_png(pieces[0]), pieces[0].recipe)


def _roll_svg(pieces: Sequence[Piece]) -> bytes:
    from nokturn.rendering.roll import roll_svg

    return with_recipe(roll_svg(pieces[0]).encode(), pieces[0].recipe)


def _roll_png(pieces: Sequence[Piece]) -> bytes:
    from nokturn.rendering.roll import roll_png

    return with_recipe(roll_png(pieces[0]), pieces[0].recipe)


def _audio(form: str) -> Callable[[Sequence[Piece]], bytes]:
    def dumps(pieces: Sequence[Piece]) -> bytes:
        from nokturn.rendering.audio.files import audio_bytes
        from nokturn.workflows.sound import sound

        piece = pieces[0]
        tempos = piece.score.tempos
        return audio_bytes(
            sound(piece),
            form,
            title=piece.title,
            tempo_qpm=tempos[0][1] if tempos else DEFAULT_QPM,
            recipe=json.dumps(piece.recipe, sort_keys=True) if piece.recipe else "",
        )

    return dumps


KINDS = {
    kind.ending: kind
    for kind in (
        Kind(".abc", binary=False, many=True, dumps=_abc),
        Kind(".mid", binary=True, many=False, dumps=_midi),
        Kind(".midi", binary=True, many=False, dumps=_midi),
        Kind(".musicxml", binary=False, many=False, dumps=_musicxml),
        Kind(".xml", binary=False, many=False, dumps=_musicxml),
        Kind(".mxl", binary=True, many=False, dumps=_mxl),
        Kind(".svg", binary=False, many=False, dumps=_svg),
        Kind(".png", binary=True, many=False, dumps=_png),
        Kind(".roll.svg", binary=False, many=False, dumps=_roll_svg),
        Kind(".roll.png", binary=True, many=False, dumps=_roll_png),
        *(Kind(f".{form}", True, False, _audio(form)) for form in ("wav", "flac", "ogg", "mp3")),
    )
}


def kind_named(name: str) -> Kind:
    """Return the kind that a format's name means: ``"mid"``, ``"roll.png"``.

    Raises `UsageError` with a suggestion where there is none.
    """
    kind = KINDS.get("." + name.lower().lstrip("."))
    if kind is None:
        known = [kind.name for kind in KINDS.values()]
        raise UsageError(f"There is no format named {name!r}.", did_you_mean(name.lower(), known))
    return kind


def kind_of(path: str | Path) -> Kind:
    """Return the kind that a file name's ending means, the longest one that fits.

    Raises `UsageError` where there is none.
    """
    name = Path(path).name.lower()
    fitting = [kind for kind in KINDS.values() if name.endswith(kind.ending)]
    if not fitting:
        ending = Path(name).suffix
        what = f"I cannot write files ending in {ending!r}" if ending else "its name has no ending"
        raise UsageError(f"{path}: {what}.", f"Known: {', '.join(KINDS)}.")
    return max(fitting, key=lambda kind: len(kind.ending))


def save(
    pieces: Piece | Iterable[Piece],
    *paths: str | Path,
    force: bool = False,
) -> list[Path]:
    """Write pieces into each of the files named.

    Parameters
    ----------
    pieces
        A piece, or several.
    paths
        File names; the endings say what each becomes (`KINDS`).
    force
        Write over files that exist.

    Returns
    -------
    The absolute paths written.

    Raises
    ------
    UsageError
        A name's ending means nothing, a file exists already or its folder does not.
    ResourceError
        It cannot be written.
    """
    several = [pieces] if isinstance(pieces, Piece) else list(pieces)
    if not several:
        raise UsageError("There is no piece to save.")
    plan = [job for path in paths for job in _jobs(several, Path(path))]
    for path, _, _ in plan:  # before the first is written, so that it is all or nothing
        check_free(path, force=force)
    for path, kind, chosen in plan:
        write_whole(path, kind.dumps(chosen))
    return [path.absolute() for path, _, _ in plan]


def _jobs(pieces: list[Piece], path: Path) -> list[tuple[Path, Kind, list[Piece]]]:
    """Return which file gets which pieces: all of them, or one each under numbered names."""
    kind = kind_of(path)
    if kind.many or len(pieces) == 1:
        return [(path, kind, pieces)]
    stem = path.name[: -len(kind.ending)]
    ending = path.name[len(stem) :]
    return [
        (path.with_name(f"{stem}-{number}{ending}"), kind, [piece])
        for number, piece in enumerate(pieces, 1)
    ]


def check_free(path: Path, *, force: bool) -> None:
    """Raise `UsageError` where a file cannot be written under this name."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", f"Name a file in it: {path / 'tune.abc'}")
    if path.exists() and not force:
        raise UsageError(
            f"{path} exists already.", "Choose another name, or write over it with --force."
        )
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist.", "Make it first.")


def free_stem(folder: Path, stem: str, endings: Iterable[str]) -> str:
    """Return the first of ``stem-1``, ``stem-2`` ... with which no file of these endings exists."""
    wanted = list(endings)
    taken = {entry.name for entry in folder.iterdir()}
    number = 1
    while any(f"{stem}-{number}{ending}" in taken for ending in wanted):
        number += 1
    return f"{stem}-{number}"
