"""The bin: what was deleted, for 30 days.

Here and in `pieces` what touches the disk runs on a thread, so that the server goes on answering.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from nokturn.studio.library import BIN_DAYS, ID, Library
from nokturn.studio.routes.pieces import told

router = APIRouter(tags=["bin"])
Ids = Annotated[
    list[Annotated[str, Field(pattern=f"^{ID.pattern}$")]], Field(min_length=1, max_length=10_000)
]


class Chosen(BaseModel):
    """Pieces of the library."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids


@router.get("/bin")
def listed(request: Request) -> dict[str, Any]:
    """List what is in the bin, the last first."""
    items = [told(item) | {"deleted": item.deleted} for item in _library(request).binned()]
    return {"total": len(items), "items": items, "days": BIN_DAYS}


@router.post("/bin")
def put(request: Request, chosen: Chosen) -> dict[str, Any]:
    """Put many pieces into the bin, but for those with a star: they stay."""
    gone, stayed = _library(request).delete_many(chosen.ids)
    return {"deleted": gone, "kept": stayed}


@router.post("/bin/{piece}/restore")
def restore(request: Request, piece: str) -> dict[str, Any]:
    """Take a piece out of the bin."""
    return told(_library(request).restore(piece))


@router.delete("/bin/{piece}")
def purge(request: Request, piece: str) -> dict[str, Any]:
    """Delete a piece for good."""
    _library(request).purge(piece)
    return {"deleted": [piece]}


@router.delete("/bin")
def empty(request: Request) -> dict[str, Any]:
    """Delete all that is in the bin for good."""
    return {"deleted": _library(request).empty_bin()}


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library
