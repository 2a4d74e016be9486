"""Files to learn from: brought, looked through, chosen from; how long learning would take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InAddress
from pydantic import BaseModel, ConfigDict, Field

from nokturn.studio._uploads import DOCUMENTED, received
from nokturn.studio.arguments import Model
from nokturn.studio.corpora import Corpora, Corpus, Row

router = APIRouter(tags=["training"])
WAIT_S = 0.7  # for the rows, before an answer with those there are
MEASURE_S = 120.0
MEASURED = 300  # pieces of which an epoch is measured; more take longer in proportion
Id = Annotated[str, InAddress(max_length=16)]
Shown = Literal["all", "used", "problems"]
ROWS = 200
WANTED: dict[Shown, Callable[[Row], bool]] = {
    "all": lambda row: True,
    "used": lambda row: bool(row["use"]),
    "problems": lambda row: bool(row["problem"]),
}


class Choice(BaseModel):
    """Which pieces are to be learned from."""

    model_config = ConfigDict(extra="forbid")

    use: dict[str, bool] = Field(max_length=5000, description="by the ids of rows")


class Wish(BaseModel):
    """A training that might be."""

    model_config = ConfigDict(extra="forbid")

    base: Model | Literal[""] = ""


@router.post("/corpora", status_code=201, openapi_extra=DOCUMENTED)
async def bring(request: Request) -> dict[str, Any]:
    """Take in files to learn from; with a field ``corpus`` they are added to others.

    The answer has the rows that are there after a moment; ``summary.left`` says how many files are
    still being looked through.
    """
    corpora = _corpora(request)
    async with received(request, request.app.state.settings.cache) as form:
        corpus = corpora.take(form.files, form.texts.get("corpus", ""))
    await corpora.settled(corpus, WAIT_S)
    return _told(corpus)


@router.get("/corpora/{corpus}")
async def one(
    request: Request,
    corpus: Id,
    show: Shown = "all",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=2000)] = ROWS,
) -> dict[str, Any]:
    """Tell what is in files that were brought."""
    return _told(_corpora(request).get(corpus), show, offset, limit)


@router.patch("/corpora/{corpus}")
async def choose(request: Request, corpus: Id, wanted: Choice) -> dict[str, Any]:
    """Choose which pieces are learned from."""
    found = _corpora(request).get(corpus)
    _corpora(request).use(found, wanted.use)
    return {"id": found.id, "summary": found.summary(list(found.rows()))}


@router.delete("/corpora/{corpus}")
async def remove(request: Request, corpus: Id) -> dict[str, Any]:
    """Delete files that were brought; trainings that began with them go on."""
    _corpora(request).remove(corpus)
    return {"removed": corpus}


@router.post("/corpora/{corpus}/estimate")
async def measure(request: Request, corpus: Id, wanted: Wish) -> dict[str, Any]:
    """Measure on this machine how long learning from the files once would take: ``epoch_s``."""
    corpora = _corpora(request)
    paths, out, times = corpora.chosen(corpora.get(corpus), MEASURED)
    async with corpora.measuring:  # one at a time, since the desk has little room
        told: dict[str, Any] = await request.app.state.desk.ask(
            "corpus", action="measure", seconds=MEASURE_S, paths=paths, leave_out=out,
            base=wanted.base, times=times,
        )  # fmt: skip
    return told


def _told(
    corpus: Corpus, show: Shown = "all", offset: int = 0, limit: int = ROWS
) -> dict[str, Any]:
    wanted = WANTED[show]
    every = list(corpus.rows())
    rows = [row for row in every if wanted(row)]
    return {
        "id": corpus.id, "created": corpus.created, "summary": corpus.summary(every),
        "total": len(rows), "rows": rows[offset : offset + limit],
    }  # fmt: skip


def _corpora(request: Request) -> Corpora:
    corpora: Corpora = request.app.state.corpora
    return corpora
