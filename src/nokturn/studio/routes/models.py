"""Models: what there is to compose with, taking them in, giving them away, deleting them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi import Path as InAddress
from fastapi.responses import FileResponse

from nokturn.errors import LimitError, UsageError
from nokturn.studio.arguments import MODEL

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


@router.post("/models", status_code=201)
async def take_in(
    request: Request, file: UploadFile, name: Annotated[str, Form(max_length=64)] = ""
) -> dict[str, Any]:
    """Take in a model file; it is checked before it is kept."""
    wanted = name or Path(file.filename or "").stem
    if (file.size or 0) > MAX_BYTES:
        raise LimitError(f"A model file has {MAX_BYTES >> 20} MB at most.", "Use nokturn models.")
    with tempfile.TemporaryDirectory(prefix="nokturn-") as folder:
        kept = Path(folder) / "sent.safetensors"
        with kept.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        found: dict[str, Any] = await request.app.state.desk.ask(
            "models", action="import", path=str(kept), name=wanted
        )
    return found


@router.delete("/models/{name}")
async def remove(request: Request, name: Name) -> dict[str, Any]:
    """Delete a model; built-in ones stay, and so does the training."""
    if "@" in name:
        raise UsageError("An epoch is not deleted alone.", "Thin the training out.")
    found: dict[str, Any] = await request.app.state.desk.ask("models", action="remove", name=name)
    return found
