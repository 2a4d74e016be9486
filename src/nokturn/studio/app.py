"""The studio's application: its parts put together.

    app = create_app(Settings(library=Path("my-pieces")))      # for uvicorn, or for tests

Every answer below ``/api`` is JSON, every error there looks as `problems` tells it. All other
addresses of screens give the same page, which finds out itself what to show.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from nokturn.errors import Error, UsageError
from nokturn.studio._cache import Cache
from nokturn.studio._newcomers import Newcomers
from nokturn.studio._uploads import sweep
from nokturn.studio.corpora import Corpora
from nokturn.studio.desk import Desk, ProblemError
from nokturn.studio.jobs import Job, Jobs
from nokturn.studio.library import Library
from nokturn.studio.problems import RETRY_AFTER_S, MissingError, problem
from nokturn.studio.routes import (
    about,
    bin,
    corpora,
    engraving,
    exports,
    jobs,
    lofi,
    models,
    pieces,
    renderings,
    trainings,
)
from nokturn.studio.safety import protect
from nokturn.studio.settings import Settings
from nokturn.workflows.places import FONTS

STATIC = Path(__file__).parent / "static"
ROUTES = (
    about, bin, corpora, engraving, exports, jobs, lofi, models, pieces, renderings, trainings,
)  # fmt: skip
SCREENS = ("/", "/p/{_:path}", "/library", "/train", "/train/{_}", "/lofi", "/lofi/{_}",
           "/models", "/models/{_}", "/help")  # fmt: skip


def create_app(settings: Settings) -> FastAPI:
    """Return the application of a studio."""
    app = FastAPI(
        title="Nokturn",
        version=importlib.metadata.version("nokturn"),
        summary="Composes, plays, trains and produces; the verbs are those of the command line.",
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan,
    )
    app.state.settings = settings
    for module in ROUTES:
        app.include_router(module.router, prefix="/api")
    for path in SCREENS:
        app.add_api_route(path, _page, include_in_schema=False)
    app.mount("/static/fonts", StaticFiles(directory=FONTS), name="fonts")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(Exception, _answer)
    for kind in (HTTPException, RequestValidationError, Error):
        app.add_exception_handler(kind, _answer)
    protect(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start and end the parts that work beside the server."""
    settings: Settings = app.state.settings
    if settings.read_only:
        with TemporaryDirectory(prefix="nokturn-", ignore_cleanup_errors=True) as scratch:
            app.state.settings = replace(settings, scratch=Path(scratch))
            async with _parts(app):
                yield
        return
    settings.library.mkdir(parents=True, exist_ok=True)
    sweep(settings.cache)
    async with _parts(app):
        yield


@asynccontextmanager
async def _parts(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    app.state.desk = Desk()
    app.state.library = Library(settings.library, read_only=settings.read_only)
    app.state.newcomers = Newcomers(app.state.library, app.state.desk)
    app.state.corpora = Corpora(
        settings.library / ".corpora", app.state.desk, lambda: trainings.awaited(app.state.jobs)
    )
    app.state.made = Cache(settings.cache / "made")
    app.state.jobs = Jobs(
        settings.jobs,
        running=settings.workers,
        keepers={"made": lambda job, made: _kept(app.state.library, job, made)},
    )
    await app.state.desk.start()
    await app.state.jobs.start()
    try:
        yield
    finally:
        await app.state.jobs.close()
        await app.state.newcomers.close()
        await app.state.corpora.close()
        await app.state.desk.close()


def _kept(library: Library, job: Job, made: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Put what a job has made into the library; what is told is where it is."""
    item = library.add(made)
    job.pieces.append(item.id)
    told = {"id": item.id, "title": item.title, "seed": item.seed}
    return "piece", {"variation": made.get("variation", 0), **told}


async def _page() -> Response:
    return FileResponse(STATIC / "index.html")


async def _answer(request: Request, error: Exception) -> Response:
    """Return any error as the page shows it."""
    told = error.told if isinstance(error, ProblemError) else problem(_explained(error))
    if told["status"] == 404 and not request.url.path.startswith(("/api", "/static")):
        return FileResponse(STATIC / "index.html", status_code=404)  # it says so in the language
    headers = {"Retry-After": str(RETRY_AFTER_S)} if told["status"] == 503 else {}
    body = {"error": {key: value for key, value in told.items() if key != "status"}}
    return JSONResponse(body, status_code=told["status"], headers=headers)


def _explained(error: Exception) -> Exception:
    """Return an error of the framework as one of ours."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the request"
        return UsageError(f"{place}: {first['msg'].lower()}.", "See /api/openapi.json.")
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            return MissingError("There is nothing here.", "Go back to the first page.")
        return UsageError(f"{error.detail}.")
    return error
