"""What is made of a piece to be seen and heard."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from nokturn.studio.library import Item
from nokturn.studio.problems import MissingError
from nokturn.writing import write_whole

router = APIRouter(tags=["pieces"])
Width = Annotated[int, Query(ge=200, le=4000, description="of the page, in pixels")]
Tempo = Annotated[float, Query(ge=0.5, le=2, description="times as fast")]
TOLD = "told.json"  # beside the files in the cache: what lies there


@router.get("/pieces/{piece}/stage", response_model=None)
async def stage(request: Request, piece: str) -> Response | dict[str, Any]:
    """Say where each note of a piece is in time, on the roll, in the score and in the text."""
    item = request.app.state.library.get(piece)
    return {"id": item.id, **await ask(request, "stage", item)}


@router.get("/pieces/{piece}/score.svg", response_class=Response)
async def score(request: Request, piece: str, width: Width = 960) -> Response:
    """Engrave a piece for the page: its notes have the ids that the stage names."""
    item = request.app.state.library.get(piece)
    svg = await ask(request, "score", item, width=width)
    return Response(svg, media_type="image/svg+xml")


@router.get("/pieces/{piece}/stems")
async def stems(request: Request, piece: str, tempo: Tempo = 1.0) -> dict[str, Any]:
    """Render each track as sound; together they are what is exported.

    ``click`` is the metronome, ``count_in`` a bar of it before the first; both are no part of the
    mix.
    """
    item = request.app.state.library.get(piece)
    told: dict[str, Any] = json.loads((await _stems(request, item, tempo) / TOLD).read_bytes())
    parts = []
    for file in told.pop("files"):
        url = f"/api/pieces/{item.id}/stems/{file.pop('file')}?tempo={tempo:g}"
        parts.append(file | {"url": url})
    stems = [part for part in parts if part["part"] or part["name"] == "click"]
    count_in = next((part for part in parts if part["name"] == "count-in"), None)
    return told | {"gain_db": 0.0, "stems": stems, "count_in": count_in}


@router.get("/pieces/{piece}/stems/{file}", response_class=FileResponse)
async def stem(request: Request, piece: str, file: str, tempo: Tempo = 1.0) -> FileResponse:
    """Send one stem."""
    item = request.app.state.library.get(piece)
    folder = await _stems(request, item, tempo)
    told = json.loads((folder / TOLD).read_bytes())
    found = next((known for known in told["files"] if known["file"] == file), None)
    if found is None:
        raise MissingError("There is no such stem.", "Ask for the list of stems again.")
    return FileResponse(folder / found["file"], media_type=found["type"])


async def _stems(request: Request, item: Item, tempo: float) -> Path:
    """Return the folder of a piece's stems at a tempo, rendered where they are not there yet."""
    return await rendered(request, "stems", item, tempo=tempo)


async def ask(request: Request, verb: str, item: Item, **wanted: Any) -> Any:
    """Have the desk do something with a piece."""
    path = str(request.app.state.library.path(item.id))
    return await request.app.state.desk.ask(verb, path=path, title=item.title, **wanted)


async def rendered(request: Request, verb: str, item: Item, **wanted: Any) -> Path:
    """Return the folder in which a verb has written what it makes of a piece, made once."""

    async def make(folder: Path) -> None:
        told = await ask(request, verb, item, folder=str(folder), **wanted)
        write_whole(folder / TOLD, json.dumps(told).encode(), lasting=False)

    folder: Path = await request.app.state.made.get(key_of(request, verb, item, **wanted), make)
    return folder


def key_of(request: Request, verb: str, item: Item, **wanted: Any) -> str:
    """Return under which key the cache has what a verb makes of a piece."""
    asked = json.dumps([item.digest, item.title, request.app.version, wanted], sort_keys=True)
    return f"{verb}-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"
