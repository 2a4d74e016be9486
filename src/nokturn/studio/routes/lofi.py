"""Lo-fi tracks: made, mixed again, taken away, and played without end.

A track is a piece of the library. Its sound lies in the cache, is made again where it has gone from
there, and is addressed through the piece.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InAddress
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from nokturn.errors import UsageError
from nokturn.studio._uploads import attachment
from nokturn.studio.arguments import MAX_SEED, Lofi, Name, Preset
from nokturn.studio.library import Item
from nokturn.studio.problems import MissingError

router = APIRouter(tags=["lo-fi"])
SECONDS = 600.0  # that an export or a mix of half an hour may take where others are at work, too
Id = Annotated[str, InAddress(max_length=16)]
Key = Annotated[str, Query(pattern=r"^[0-9a-f]{0,12}$", description="of a mix; empty = the first")]
Kind = Literal["wav", "mp3", "flac", "ogg", "stems", "loop", "mid", "toml"]


class Asked(BaseModel):
    """What requests have in common."""

    model_config = ConfigDict(extra="forbid")


class Circle(Asked):
    """A Euclidean rhythm."""

    pulses: int = Field(ge=0, le=64)
    steps: int = Field(ge=1, le=64)
    rotate: int = Field(default=0, ge=-64, le=64, description="steps to the left")


class Kept(Asked):
    """A preset of one's own: from settings, or from a text in TOML."""

    title: str = Field(min_length=1, max_length=60)
    settings: dict[str, Any] = Field(default_factory=dict)
    text: str = Field(default="", max_length=20_000)


class Mix(Asked):
    """Settings of the mixer; what is left out is as the track was made."""

    strips: dict[str, dict[str, Any]] | None = Field(default=None, max_length=16)
    tone_hz: float | None = None
    wow: float | None = None
    saturation: float | None = None
    width: float | None = None


class Section(Asked):
    """The next section of an endless track."""

    stream: str = Field(pattern=r"^[0-9a-f]{12}$", description="any number, one for each track")
    number: int = Field(ge=0, le=1_000_000)
    seed: int = Field(ge=0, le=MAX_SEED)
    preset: Preset = "dusty"
    settings: dict[str, Any] = Field(default_factory=dict)


@router.post("/jobs/lofi", status_code=202, tags=["jobs"])
async def make(request: Request, wanted: Lofi) -> dict[str, Any]:
    """Make a lo-fi track, or with ``piece`` the sound of one that is in the library.

    A read-only studio makes sound alone.
    """
    state = request.app.state
    if not wanted.piece:
        state.library.check_open()
    arguments = wanted.model_dump(exclude={"piece"})
    arguments |= {"cache": str(state.settings.cache), "recipe": None, "parent": wanted.source}
    title: str = wanted.preset
    if wanted.piece:
        item = _item(request, wanted.piece)
        title, arguments["recipe"] = item.title, item.recipe
        arguments["source"] = _source(request, item)
    else:
        arguments["preset"] = _preset(request, wanted.preset)
        arguments["source"] = str(state.library.path(wanted.source)) if wanted.source else ""
        await _ask(request, "check", preset=arguments["preset"], settings=wanted.settings)
    job: dict[str, Any] = state.jobs.submit("lofi", arguments, title=title).told()
    return job


@router.get("/lofi/schema")
async def schema(request: Request) -> dict[str, Any]:
    """Tell every setting: kind, range or choices, what is usual; strips; drums for layers."""
    found: dict[str, Any] = await _ask(request, "choices")
    return found


@router.post("/lofi/euclid")
async def euclid(request: Request, circle: Circle) -> dict[str, Any]:
    """Return the steps of a Euclidean rhythm."""
    pattern = await _ask(request, "euclid", **circle.model_dump())
    return {"pattern": pattern}


@router.get("/lofi/drums/{kit}/{pitch}", response_class=Response)
async def drum(
    request: Request, kit: Name, pitch: Annotated[int, InAddress(ge=35, le=81)]
) -> Response:
    """Send one stroke of a drum."""
    sound = await _ask(request, "drum", kit=kit, pitch=pitch)
    return Response(sound, media_type="audio/wav")


@router.get("/lofi/presets")
async def presets(request: Request) -> list[dict[str, Any]]:
    """List presets, the built-in ones first."""
    found: list[dict[str, Any]] = await _ask(request, "presets", folder=str(_own(request)))
    return found


@router.post("/lofi/presets", status_code=201)
async def keep_preset(request: Request, kept: Kept) -> dict[str, Any]:
    """Keep a preset of one's own; one of the same title is written over."""
    found: dict[str, Any] = await _ask(
        request, "keep_preset", folder=str(_own(request)), **kept.model_dump()
    )
    return found


@router.get("/lofi/presets/{name}/file", response_class=FileResponse)
async def preset_file(request: Request, name: Preset) -> FileResponse:
    """Send a preset of one's own, to be shared."""
    return FileResponse(_own_file(request, name), headers=attachment(f"{name}.toml"))


@router.delete("/lofi/presets/{name}")
async def forget_preset(request: Request, name: Preset) -> dict[str, Any]:
    """Delete a preset of one's own."""
    _own_file(request, name).unlink()
    return {"removed": name}


@router.get("/lofi/tracks/{piece}")
async def track(request: Request, piece: Id) -> dict[str, Any]:
    """Tell what a mixer needs to know of a track; ``ready`` is false where it has no sound."""
    item = _item(request, piece)
    told: dict[str, Any] = await _ask(request, "track", **_of(request, item))
    base = f"/api/lofi/tracks/{piece}"
    for stem in told.get("stems", ()):
        stem["url"] = f"{base}/stems/{stem['name']}"
        del stem["file"]
    if told["ready"]:
        told["mix"]["url"] = f"{base}/mixes/{told['mix']['key']}"
    return told | {"id": piece, "title": item.title, "parent": item.parent, "starred": item.starred}


@router.get("/lofi/tracks/{piece}/opening", response_class=FileResponse)
async def opening(request: Request, piece: Id) -> FileResponse:
    """Send the first bars of a track, which can be heard before the rest is made."""
    return await _file(request, piece, "opening")


@router.get("/lofi/tracks/{piece}/stems/{name}", response_class=FileResponse)
async def stem(request: Request, piece: Id, name: Name) -> FileResponse:
    """Send a stem, as if no fader had been moved."""
    return await _file(request, piece, name)


@router.post("/lofi/tracks/{piece}/mixes", status_code=201)
async def mix(request: Request, piece: Id, wanted: Mix) -> dict[str, Any]:
    """Mix a track again, with other faders or another master."""
    changes = wanted.model_dump(exclude_unset=True)
    of = _of(request, _item(request, piece))
    told: dict[str, Any] = await _ask(request, "mix", changes=changes, **of)
    return told | {"url": f"/api/lofi/tracks/{piece}/mixes/{told['key']}"}


@router.get("/lofi/tracks/{piece}/mixes/{key}", response_class=FileResponse)
async def mix_file(
    request: Request, piece: Id, key: Annotated[str, InAddress(pattern="^[0-9a-f]{12}$")]
) -> FileResponse:
    """Send a mix as WAV: the very bytes that its export has."""
    found = await taken(request, piece, "wav", key, 8)
    return FileResponse(found["path"], media_type="audio/wav")


@router.get("/lofi/tracks/{piece}/exports")
async def exports(request: Request, piece: Id, mix: Key = "") -> list[dict[str, Any]]:
    """List what can be taken: kind, name, bytes (null = not made yet), seconds to make it."""
    of = _of(request, _item(request, piece))
    found: list[dict[str, Any]] = await _ask(request, "sizes", key=mix, **of)
    return found


@router.get("/lofi/tracks/{piece}/exports/{kind}", response_class=FileResponse)
async def export(
    request: Request,
    piece: Id,
    kind: Kind,
    mix: Key = "",
    bars: Annotated[int, Query(ge=1, le=64, description="of a loop")] = 8,
) -> FileResponse:
    """Send an export of a mix: sound, stems in an archive, a loop, MIDI, the preset."""
    found = await taken(request, piece, kind, mix, bars)
    return FileResponse(found["path"], headers=attachment(found["name"]))


@router.post("/lofi/section", response_class=Response)
async def section(request: Request, wanted: Section) -> Response:
    """Send the next section of an endless track: joined without a gap they are one track.

    Settings may change from section to section.
    """
    asked = wanted.model_dump() | {"preset": _preset(request, wanted.preset)}
    cache = str(request.app.state.settings.cache)
    found = await _ask(request, "section", cache=cache, **asked)
    headers = {"X-Section": found["name"].replace("♭", "b").replace("♯", "#")}
    return Response(found["wav"], media_type="audio/wav", headers=headers)


async def _ask(request: Request, action: str, **arguments: Any) -> Any:
    return await request.app.state.desk.ask(
        "lofi_desk", seconds=SECONDS, action=action, **arguments
    )


async def _file(request: Request, piece: str, name: str) -> FileResponse:
    of = _of(request, _item(request, piece))
    found = await _ask(request, "file", name=name, **of)
    return FileResponse(found["path"], media_type="audio/wav")


async def taken(
    request: Request, piece: str, kind: str, key: str = "", bars: int = 8
) -> dict[str, Any]:
    """Return path and name of an export of a track, which is made if it is not there."""
    item = _item(request, piece)
    found: dict[str, Any] = await _ask(
        request, "taken", kind=kind, key=key, bars=bars, source=_source(request, item),
        **_of(request, item),
    )  # fmt: skip
    return found


def _of(request: Request, item: Item) -> dict[str, Any]:
    """Return what finds the sound of a track."""
    return {"cache": str(request.app.state.settings.cache), "recipe": item.recipe}


def _item(request: Request, piece: str) -> Item:
    """Return a track of the library; raises `MissingError`, `UsageError`."""
    item: Item = request.app.state.library.get(piece)
    if item.kind != "lofi" or not item.recipe:
        raise UsageError("This piece is no lo-fi track.", "Take it as the sample of one.")
    return item


def _source(request: Request, item: Item) -> str:
    """Return the file that a track was made from; empty = from nothing."""
    made_from = (item.recipe or {}).get("source")
    return str(request.app.state.library.path(item.parent)) if made_from and item.parent else ""


def _own(request: Request) -> Path:
    folder: Path = request.app.state.settings.library
    return folder / "presets"


def _own_file(request: Request, name: str) -> Path:
    path = _own(request) / f"{name}.toml"
    if not path.is_file():
        raise MissingError("There is no such preset of your own.", "It may have been deleted.")
    return path


def _preset(request: Request, name: str) -> str:
    """Return a preset's name, or the file of one's own."""
    path = _own(request) / f"{name}.toml"
    return str(path) if path.is_file() else name
