"""The pieces of the library: listed, brought, renamed, starred, changed, put into the bin."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from nokturn.errors import Error, UsageError
from nokturn.studio._uploads import DOCUMENTED, File, received
from nokturn.studio.desk import Desk, ProblemError
from nokturn.studio.library import Item, Library, Wanted
from nokturn.studio.problems import problem

router = APIRouter(tags=["pieces"])
UPLOAD_S = 20.0  # to read one file
REMAKE_S = 60.0  # to make again what a recipe tells
AT_ONCE = 2  # files of one request that are read: others want the desk, too
_LISTED = (
    "id", "title", "key", "meter", "tempo_qpm", "bars", "seconds", "model", "seed", "starred",
    "created", "kind", "parent", "bytes", "ending", "incipit", "more",
)  # fmt: skip
_EDITS = {"transpose": "semitones", "tempo": "qpm", "bars": "bars"}  # what the verb calls them
Bar = Annotated[int, Field(ge=0, le=100_000)]
Word = Annotated[str, Query(max_length=200)]


class Change(BaseModel):
    """What may be changed in place."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(default=None, min_length=1, max_length=300)
    starred: bool | None = None


class Text(BaseModel):
    """Tunes in ABC."""

    model_config = ConfigDict(extra="forbid")

    abc: str = Field(min_length=1, max_length=1_000_000)


class Edit(BaseModel):
    """One change, of which a new piece comes."""

    model_config = ConfigDict(extra="forbid")

    transpose: int | None = Field(default=None, ge=-48, le=48, description="semitones")
    bars: tuple[Bar, Bar] | None = Field(default=None, description="the first and the last")
    tempo: FiniteFloat | None = Field(default=None, ge=10, le=400, description="quarters a minute")


@router.get("/pieces")
async def listed(
    request: Request,
    q: Word = "",
    key: Word = "",
    meter: Word = "",
    model: Word = "",
    kind: Word = "",
    starred: bool | None = None,
    sort: Word = "-created",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """List pieces: those that are wanted, and which keys, meters, models there are to choose from.

    ``reading`` files that somebody put into the folder are still being read; ``problems`` says
    which cannot be, ``books`` which hold more tunes than the one that is shown.
    """
    newcomers = request.app.state.newcomers
    await newcomers.look()
    wanted = Wanted(q, key, meter, model, kind, starred)
    find = partial(_library(request).find, wanted, sort=sort, offset=offset, limit=limit)
    found = await asyncio.to_thread(find)
    return {
        "total": found.total, "items": [told(item) for item in found.items],
        "facets": found.facets, "reading": newcomers.left, "problems": newcomers.problems,
        "books": [_book(item) for item in _library(request).books()],
    }  # fmt: skip


@router.post("/pieces", openapi_extra=DOCUMENTED)
async def bring(request: Request) -> dict[str, Any]:
    """Take in files of music (a form with fields ``file``), or ABC as JSON: ``{"abc": ...}``.

    A book of tunes becomes a piece for each; what cannot be read is told in ``problems``, and how
    many of the files were in the library before in ``known``.
    """
    if request.headers.get("content-type", "").startswith("application/json"):
        read = await _desk(request).ask("read", text=await _text(request), seconds=UPLOAD_S)
        return await asyncio.to_thread(_taken, _library(request), [("", read)], again=True)
    async with received(request, request.app.state.settings.cache) as form:
        turns = asyncio.Semaphore(AT_ONCE)
        read = await asyncio.gather(*(_read(request, file, turns) for file in form.files))
        names = [file.name for file in form.files]
    found = list(zip(names, read, strict=True))
    return await asyncio.to_thread(_taken, _library(request), found, again=False)


@router.get("/pieces/{piece}")
def one(request: Request, piece: str) -> dict[str, Any]:
    """Say what is known of a piece, and how it was made."""
    item = _library(request).get(piece)
    return told(item) | {"recipe": item.recipe}


@router.patch("/pieces/{piece}")
def change(request: Request, piece: str, wanted: Change) -> dict[str, Any]:
    """Rename a piece, put a star on it or take it off."""
    library = _library(request)
    return told(library.change(piece, title=wanted.title, starred=wanted.starred))


@router.delete("/pieces/{piece}")
def delete(request: Request, piece: str) -> dict[str, Any]:
    """Put a piece into the bin, from which it can be restored for 30 days."""
    return told(_library(request).delete(piece))


@router.post("/pieces/{piece}/tunes", status_code=201)
async def open_book(request: Request, piece: str) -> dict[str, Any]:
    """Make a piece of each other tune of a piece's file, where that is a book of tunes."""
    library = _library(request)
    name = library.get(piece).file
    path = str(library.path(piece))
    read = await _desk(request).ask("read", path=path, name=name, seconds=UPLOAD_S)
    new = await asyncio.to_thread(library.open_book, piece, read["pieces"][1:])
    problems = [{"file": name, **wrong} for wrong in read["problems"]]
    return {"items": [item.id for item in new], "problems": problems}


@router.post("/pieces/{piece}/edits", status_code=201)
async def edit(request: Request, piece: str, wanted: Edit) -> dict[str, Any]:
    """Make a changed piece of a piece, which stays as it is."""
    if len(wanted.model_fields_set) != 1:
        raise UsageError("One change at a time.", f"Send one of {', '.join(_EDITS)}.")
    library = _library(request)
    item = library.get(piece)
    made = await _desk(request).ask(
        "edit", path=str(library.path(piece)), title=item.title, parent=item.id, kind=item.kind,
        **{_EDITS[name]: getattr(wanted, name) for name in wanted.model_fields_set},
    )  # fmt: skip
    return told(library.add(made))


def told(item: Item) -> dict[str, Any]:
    """Return what lists tell of a piece."""
    return {name: getattr(item, name) for name in _LISTED}


def _book(item: Item) -> dict[str, Any]:
    """Return what is told of a file that holds more tunes than the one that is shown."""
    return {"id": item.id, "file": item.file, "title": item.title, "more": item.more}


async def _text(request: Request) -> str:
    try:
        return Text.model_validate_json(await request.body()).abc
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"abc: {first['msg'].lower()}.", 'Send {"abc": "X:1 ..."}.') from error


async def _read(request: Request, file: File, turns: asyncio.Semaphore) -> dict[str, Any]:
    """Return the pieces in a file that came, or what is wrong with it."""
    try:
        async with turns:
            read: dict[str, Any] = await _desk(request).ask(
                "read", path=str(file.path), name=file.name, seconds=UPLOAD_S
            )
            if "recipe" in read:
                read |= await _remade(request, read["recipe"])
        return read
    except Error as error:
        told = error.told if isinstance(error, ProblemError) else problem(error)
        return {"pieces": [], "problems": [told]}


async def _remade(request: Request, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the piece of a recipe: the one that is here, else one made again."""
    item = _library(request).made_by(recipe)
    if item is not None:
        return {"known": [item]}
    return {"pieces": [await _desk(request).ask("remake", recipe=recipe, seconds=REMAKE_S)]}


def _taken(
    library: Library, read: list[tuple[str, dict[str, Any]]], *, again: bool
) -> dict[str, Any]:
    """Put what was read into the library, and tell what became of it.

    What is there already comes in only where it is meant to be there ``again``: a file that was
    saved and is dropped back leads to its piece.
    """
    pieces, problems = [], []
    known = 0
    for name, file in read:
        found = [*file.get("known", ()), *file["pieces"]]
        for one in found:
            item = one if isinstance(one, Item) else None if again else library.same(one["data"])
            known += item is not None
            pieces.append(told(item or library.add(one)))
        problems += [{"file": name, **wrong} for wrong in file["problems"]]
    ids = [piece["id"] for piece in pieces]
    return {"items": ids, "pieces": pieces, "known": known, "problems": problems}


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
