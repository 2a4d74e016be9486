"""Pieces to be taken away: one in any kind of file, or many in an archive."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from nokturn.errors import Error, LimitError, UsageError
from nokturn.studio._uploads import attachment
from nokturn.studio.library import Item
from nokturn.studio.routes import lofi
from nokturn.studio.routes.bin import Ids
from nokturn.studio.routes.renderings import TOLD, key_of, rendered

router = APIRouter(tags=["exports"])
Kind = Literal["abc", "mid", "musicxml", "mxl", "wav", "flac", "ogg", "mp3", "svg", "png",
               "roll.png", "loop", "stems", "recipe"]  # fmt: skip
SOUNDS = frozenset({"wav", "flac", "ogg", "mp3", "loop", "stems"})
AT_ONCE_S = 2 * 60 * 60  # of sound in one archive: 1.3 GB as WAV
CHUNK = 1 << 18
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same pieces make the same archive
Bars = Annotated[str, Query(pattern=r"^(\d{1,6}-\d{1,6})?$", description="5-8; empty = all")]
Bpm = Annotated[float | None, Query(ge=10, le=400, description="quarters a minute")]


class Chosen(BaseModel):
    """Pieces of the library, and what they are to become."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids = Field(max_length=2000)
    kind: Kind


@router.get("/pieces/{piece}/exports")
async def listed(
    request: Request, piece: str, bars: Bars = "", bpm: Bpm = None
) -> list[dict[str, Any]]:
    """List what a piece can be taken away as.

    ``bytes`` is null where the file has not been made yet; ``about`` is how many to expect then,
    and ``seconds_to_make`` how long it may take.
    """
    item = request.app.state.library.get(piece)
    wanted = _wanted(bars, bpm)
    told = json.loads((await rendered(request, "export", item, **wanted) / TOLD).read_bytes())
    found = []
    for one in told["exports"]:
        made = request.app.state.made.there(
            key_of(request, "export", item, kind=one["kind"], **wanted)
        )
        size = json.loads((made / TOLD).read_bytes())["bytes"] if made else one["bytes"]
        takes = item.seconds / 25 if one["kind"] in SOUNDS and not made else 0.0
        found.append(one | {"bytes": size, "ready": bool(made), "seconds_to_make": round(takes, 1)})
    return found


@router.get("/pieces/{piece}/exports/{kind}", response_class=FileResponse)
async def one(
    request: Request, piece: str, kind: Kind, bars: Bars = "", bpm: Bpm = None
) -> FileResponse:
    """Send a piece as a file to be saved: all of it, or some bars, or at another tempo."""
    item = request.app.state.library.get(piece)
    path, name = await _made(request, item, kind, **_wanted(bars, bpm))
    return FileResponse(path, headers=attachment(name))


@router.post("/export", response_class=Response)
async def many(request: Request, chosen: Chosen) -> StreamingResponse:
    """Send many pieces as an archive, packed while it is sent.

    What could not be made is told in ``problems.txt``.
    """
    items = [request.app.state.library.get(number) for number in dict.fromkeys(chosen.ids)]
    seconds = sum(item.seconds for item in items)
    if chosen.kind in SOUNDS and seconds > AT_ONCE_S:
        raise LimitError(
            f"This is {seconds / 3600:.1f} hours of sound, and 2 are the limit at once.",
            "Choose fewer pieces.",
        )
    headers = attachment(f"nokturn-{len(items)}-{chosen.kind}.zip")
    return StreamingResponse(_archive(request, items, chosen.kind), headers=headers)


async def _archive(request: Request, items: list[Item], kind: str) -> AsyncIterator[bytes]:
    """Yield an archive bit by bit; nobody holds all of it."""
    out = _Pipe()
    packed = zipfile.ZIP_STORED if kind in SOUNDS | {"png", "mxl"} else zipfile.ZIP_DEFLATED
    problems, names = [], set[str]()
    with zipfile.ZipFile(out, "w") as archive:
        for item in items:
            try:
                path, name = await _made(request, item, kind)
            except Error as error:
                problems.append(f"{item.title}: {error}")
                continue
            info = zipfile.ZipInfo(_free(name, names), EPOCH)
            info.compress_type = packed
            with archive.open(info, "w") as entry, path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    entry.write(chunk)
                    yield out.taken()
        if problems:
            archive.writestr(zipfile.ZipInfo("problems.txt", EPOCH), "\n".join(problems) + "\n")
    yield out.taken()


class _Pipe(io.RawIOBase):
    """What is written into it can be taken out again; there is no way back."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        held, self._held = bytes(self._held), bytearray()
        return held


async def _made(request: Request, item: Item, kind: str, **wanted: Any) -> tuple[Path, str]:
    """Return the file of an export, made if it is not there, and its name.

    The sound of a lo-fi track is its mix, not what its notes sound like on a piano.
    """
    if item.kind == "lofi" and kind in SOUNDS and not wanted:
        found = await lofi.taken(request, item.id, kind)
        return Path(found["path"]), found["name"]
    folder = await rendered(request, "export", item, kind=kind, **wanted)
    return folder / "file", json.loads((folder / TOLD).read_bytes())["name"]


def _wanted(bars: str, bpm: float | None) -> dict[str, Any]:
    """Return what is asked of the verb."""
    wanted: dict[str, Any] = {}
    if bars:
        first, last = (int(number) for number in bars.split("-"))
        if first > last:
            raise UsageError(f"There are no bars {bars}.", "Write the lower number first.")
        wanted["bars"] = [first, last]
    if bpm is not None:
        wanted["qpm"] = bpm
    return wanted


def _free(name: str, taken: set[str]) -> str:
    """Return a name that nothing in the archive has."""
    stem = re.sub(r"((_loop|_stems|_recipe)?\.[a-z0-9.]+)$", "", name)
    ending = name[len(stem) :]
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{stem}-{number}{ending}"
    taken.add(free)
    return free
