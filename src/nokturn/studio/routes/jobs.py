"""Long work: begun, watched, stopped, cancelled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from nokturn.studio.arguments import Generate
from nokturn.studio.jobs import Job, Jobs

router = APIRouter(tags=["jobs"])


@router.post("/jobs/generate", status_code=202)
async def generate(request: Request, wanted: Generate) -> dict[str, Any]:
    """Compose pieces with a model."""
    arguments = wanted.made(request.app.state.library)
    return _jobs(request).submit("generate", arguments, title=wanted.model).told()


@router.get("/jobs")
async def every(request: Request) -> list[dict[str, Any]]:
    """List all jobs, the newest first."""
    return [job.told() for job in _jobs(request).all()]


@router.get("/jobs/{job}")
async def one(request: Request, job: str) -> dict[str, Any]:
    """Say how a job stands."""
    return _job(request, job).told()


@router.post("/jobs/{job}/stop")
async def stop(request: Request, job: str) -> dict[str, Any]:
    """Let a job come to a good end: whole bars are kept, the best model, the notes of a track."""
    found = _job(request, job)
    if found.verb == "lofi":  # its notes are in the library before its sound is begun
        _jobs(request).cancel(found)
    else:
        _jobs(request).stop(found)
    return found.told()


@router.post("/jobs/{job}/cancel")
async def cancel(request: Request, job: str) -> dict[str, Any]:
    """End a job at once."""
    found = _job(request, job)
    _jobs(request).cancel(found)
    return found.told()


@router.get("/jobs/{job}/events", response_class=StreamingResponse)
async def events(
    request: Request,
    job: str,
    after: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Send a job's events as they happen (server-sent events), from a number on."""
    found = _job(request, job)
    seen = int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 10 else after
    stream = _jobs(request).follow(found, seen)
    return StreamingResponse(stream, media_type="text/event-stream")


@router.get("/events", response_class=StreamingResponse)
async def changes(request: Request) -> StreamingResponse:
    """Send how any job stands whenever that changes (server-sent events)."""
    stream = _jobs(request).changes()
    return StreamingResponse(stream, media_type="text/event-stream")


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


def _job(request: Request, number: str) -> Job:
    return _jobs(request).get(number)
