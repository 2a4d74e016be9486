"""Whether the studio is well, and what it is."""

from __future__ import annotations

import importlib.metadata
import os
from typing import Any

from fastapi import APIRouter, Request

from nokturn.music.instruments import NAMES
from nokturn.studio._uploads import FILE_BYTES
from nokturn.studio.safety import UPLOAD_BYTES

router = APIRouter(tags=["about"])
LIMITS = {
    "file_bytes": FILE_BYTES, "request_bytes": UPLOAD_BYTES, "bars": 256, "variations": 16,
    "seconds": 1800,
}  # fmt: skip


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """Say that the studio answers, and how much it has to do."""
    version = importlib.metadata.version("nokturn")
    return {"ok": True, "version": version, **request.app.state.jobs.counts}


@router.get("/about")
async def about(request: Request) -> dict[str, Any]:
    """Say what this studio is: version, library, limits, instruments."""
    settings = request.app.state.settings
    return {
        "version": importlib.metadata.version("nokturn"),
        "library": str(settings.library),
        "read_only": settings.read_only,
        "limits": LIMITS,
        "instruments": NAMES,
        "cores": os.cpu_count(),
    }
