"""Models: what there is to compose with, taking them in, giving them away, deleting them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as InAddress
from fastapi.responses import FileResponse

from nokturn.errors import UsageError
from nokturn.studio._uploads import DOCUMENTED, received
from nokturn.studio.arguments import MODEL
from nokturn.studio.routes.trainings import check_not_awaited

router = APIRouter(tags=["models"])
Name = Annotated[str, InAddress(pattern=MODEL, description="my-tunes, my-tunes@30")]
MAX_BYTES = 200 << 20


@router.get("/models")
async def every(request: Request) -> list[dict[str, Any]]:
    """List all models with their cards and what they can be asked for."""
    found: list[dict[str, Any]] = await request.app.state.desk.ask("models", action="every")
    return found


@router.get("/models/{name}")
async def one(request: Request, name: Name) -> dict[str, Any]:
    """Say what is known of a model."""
    found: dict[str, Any] = await request.app.state.desk.ask("models", action="one", name=name)
    return found


@router.get("/models/{name}/file", response_class=FileResponse)
async def file(request: Request, name: Name) -> FileResponse:
    """Send a model's file."""
    found = await request.app.state.desk.ask("models", action="file", name=name)
    return FileResponse(
        found["path"],
        media_type="application/octet-stream",
        filename=f"{name.replace('@', '-')}.safetensors",
    )


@router.post("/models", status_code=201, openapi_extra=DOCUMENTED)
async def take_in(request: Request) -> dict[str, Any]:
    """Take in a model file; it is checked before it is kept."""
    async with received(request, request.app.state.settings.cache, limit=MAX_BYTES) as form:
        file = form.files[0]
        name = form.texts.get("name", "") or Path(file.name).stem
        found: dict[str, Any] = await request.app.state.desk.ask(
            "models", action="import", path=str(file.path), name=name
        )
    return found


@router.delete("/models/{name}")
async def remove(request: Request, name: Name) -> dict[str, Any]:
    """Delete a model; built-in ones stay, and so does the training."""
    if "@" in name:
        raise UsageError("An epoch is not deleted alone.", "Thin the training out.")
    check_not_awaited(request.app.state.jobs, name)
    found: dict[str, Any] = await request.app.state.desk.ask("models", action="remove", name=name)
    return found
