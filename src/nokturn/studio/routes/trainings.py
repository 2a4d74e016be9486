"""Trainings: begun, listed from the disk, paused, heard epoch by epoch, published, thinned out.

How one runs is told by the events of its job; everything else is read from its folder, so that a
training of yesterday, or one that the command line began, is here, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InAddress
from pydantic import BaseModel, ConfigDict, Field

from nokturn.errors import UsageError
from nokturn.studio.arguments import RUN, Card, Train
from nokturn.studio.corpora import Corpora
from nokturn.studio.desk import ProblemError
from nokturn.studio.jobs import Job, Jobs
from nokturn.studio.library import Wanted

router = APIRouter(tags=["training"])
CHECK_S = 120.0  # for files that are still looked through when the training is begun
Name = Annotated[str, InAddress(pattern=RUN, max_length=64)]
Epoch = Annotated[int, InAddress(ge=0, le=999_999)]


class Published(BaseModel):
    """Which epoch becomes the model; null = the best."""

    model_config = ConfigDict(extra="forbid")

    epoch: int | None = Field(default=None, ge=0, le=999_999)


@router.post("/jobs/train", status_code=202, tags=["jobs"])
async def begin(request: Request, wanted: Train) -> dict[str, Any]:
    """Train a model on files that were brought, or with ``resume`` go on with a training."""
    _not_running(request, wanted.name)
    arguments: dict[str, Any] = {
        "name": wanted.name, "base": wanted.base, "seconds": wanted.seconds,
        "learning_rate": wanted.learning_rate, "resume": wanted.resume, "chosen": "",
        "card": {}, "pause": str(_pause(request, wanted.name)),
    }  # fmt: skip
    _pause(request, wanted.name).unlink(missing_ok=True)  # of a studio that was ended
    if wanted.resume:
        await _ask(request, "one", name=wanted.name)
    else:
        await _check_free(request, wanted.name)
        arguments |= await _from_files(request, wanted)
    _not_running(request, wanted.name)  # somebody may have begun it meanwhile
    job = _jobs(request).submit("train", arguments, title=wanted.name)
    return job.told()


@router.get("/trainings")
async def every(request: Request) -> list[dict[str, Any]]:
    """List trainings, the newest first; ``state`` as of jobs, or done or interrupted."""
    found = await _ask(request, "every")
    told = [_with_state(request, one) for one in found]
    known = {one["name"] for one in told}
    new = [job for job in _active(request).values() if job.title not in known]
    return [_not_yet(job) for job in new] + told


@router.get("/trainings/{name}")
async def one(request: Request, name: Name) -> dict[str, Any]:
    """Tell all reports of a training, and what they mean."""
    try:
        return await _told(request, "one", name=name)
    except ProblemError:
        job = _active(request).get(name)
        if job is None:
            raise
        return _not_yet(job) | {"epochs": [], "advice": [], "card": {}}


@router.post("/trainings/{name}/pause")
async def pause(request: Request, name: Name) -> dict[str, Any]:
    """Save a training and let it rest, to be resumed; stopping its job also publishes the best."""
    job = _active(request).get(name)
    if job is None:
        raise UsageError(f"{name} is not running.", "Resume it, or begin another.")
    if job.state == "running":
        _pause(request, name).touch()
    _jobs(request).stop(job)
    return job.told()


@router.post("/trainings/{name}/epochs/{epoch}/sample", status_code=201)
async def sample(request: Request, name: Name, epoch: Epoch) -> dict[str, Any]:
    """Put what was written after an epoch into the library, once; the seed is always the same."""
    made = await _ask(request, "sample", name=name, epoch=epoch)
    library = request.app.state.library
    there = library.find(Wanted(model=made["model"]), limit=50).items
    for item in there:
        if (item.incipit, item.bars) == (made["incipit"], made["bars"]) and item.recipe is None:
            return {"id": item.id, "title": item.title}
    item = library.add(made)
    return {"id": item.id, "title": item.title}


@router.post("/trainings/{name}/publish")
async def publish(request: Request, name: Name, wanted: Published) -> dict[str, Any]:
    """Make an epoch the model of the training's name."""
    _not_running(request, name)
    return await _told(request, "publish", name=name, epoch=wanted.epoch)


@router.post("/trainings/{name}/thin")
async def thin(request: Request, name: Name) -> dict[str, Any]:
    """Delete the models of most epochs; the first, the best, the newest and some others stay."""
    _not_running(request, name)
    check_not_awaited(_jobs(request), name, model=False, epochs=True)
    return await _told(request, "thin", name=name)


@router.patch("/trainings/{name}")
async def write_card(request: Request, name: Name, card: Card) -> dict[str, Any]:
    """Write title, corpus or licence on the card of the model that came of a training."""
    lines = card.model_dump(exclude_unset=True)
    return await _told(request, "card", name=name, card=lines)


@router.delete("/trainings/{name}")
async def remove(
    request: Request,
    name: Name,
    model: Annotated[bool, Query(description="its finished model, too")] = False,
) -> dict[str, Any]:
    """Delete a training with all its epochs."""
    _not_running(request, name)
    check_not_awaited(_jobs(request), name, model=model, epochs=True)
    found: dict[str, Any] = await _ask(request, "remove", name=name, model=model)
    return found


def awaited(jobs: Jobs) -> dict[str, str]:
    """Return the corpora that trainings have still to read, each with the training's name."""
    return {_corpus_of(job): job.title for job in _waiting(jobs)}


def check_not_awaited(jobs: Jobs, name: str, *, model: bool = True, epochs: bool = False) -> None:
    """Raise `UsageError` where a training has still to read a model, or one of its epochs."""
    for job in _waiting(jobs):
        base, _, epoch = job.arguments["base"].partition("@")
        if base == name and (epochs if epoch else model):
            raise UsageError(
                f"{job.title} has still to read this model.",
                "Wait until it learns, or cancel it first.",
            )


def _waiting(jobs: Jobs) -> list[Job]:
    """Return the trainings that have read nothing yet."""
    todo = [job for job in jobs.all() if job.verb == "train" and not job.ended]
    return [job for job in todo if not job.progress]


async def _ask(request: Request, action: str, **arguments: Any) -> Any:
    return await request.app.state.desk.ask("trainings", action=action, **arguments)


async def _told(request: Request, action: str, **arguments: Any) -> dict[str, Any]:
    return _with_state(request, await _ask(request, action, **arguments))


async def _from_files(request: Request, wanted: Train) -> dict[str, Any]:
    """Return what the verb is given of the files that were brought."""
    corpora: Corpora = request.app.state.corpora
    corpus = corpora.get(wanted.corpus)
    await corpora.settled(corpus, CHECK_S)
    corpus = corpora.get(wanted.corpus)  # somebody may have deleted it meanwhile
    card = {line: text for line, text in wanted.card.model_dump().items() if text}
    card.setdefault("corpus", f"{len(corpus.files)} files of one's own")
    return {"chosen": str(corpora.write_chosen(corpus, wanted.name)), "card": card}


async def _check_free(request: Request, name: str) -> None:
    """Raise `UsageError` where something has the name."""
    what = await _ask(request, "taken", name=name)
    if what:
        raise UsageError(f"There is a {what} named {name} already.", "Choose another name.")


def _not_running(request: Request, name: str) -> None:
    if name in _active(request):
        raise UsageError(f"{name} is being trained.", "Pause or stop it first.")


def _with_state(request: Request, told: dict[str, Any]) -> dict[str, Any]:
    """Add how a training stands, and which job runs it or ran it last."""
    jobs = [job for job in _jobs(request).all() if job.verb == "train"]
    last = next((job for job in jobs if job.arguments.get("name") == told["name"]), None)
    state = "done" if told["published"] else "interrupted"
    if last and not last.ended:
        state = last.state
    elif last and last.state == "failed":
        state = "failed"
    corpus = _corpus_of(last) if last else ""
    return told | {"state": state, "corpus": corpus, "job": last.told() if last else None}


def _corpus_of(job: Job) -> str:
    """Return which files a training was begun with; empty where it goes on with what it has."""
    chosen = job.arguments.get("chosen", "")
    return Path(chosen).parent.name if chosen else ""


def _not_yet(job: Job) -> dict[str, Any]:
    """Return what is known of a training that has made nothing yet."""
    return {
        "name": job.title, "modified": job.created, "kept": [], "best_epoch": None, "bytes": 0,
        "can_resume": False, "published": False, "base": job.arguments["base"], "pieces": 0,
        "held_out": 0, "epoch": None, "corpus": "", "state": job.state, "job": job.told(),
    }  # fmt: skip


def _active(request: Request) -> dict[str, Job]:
    jobs = _jobs(request).all()
    return {job.arguments["name"]: job for job in jobs if job.verb == "train" and not job.ended}


def _pause(request: Request, name: str) -> Path:
    """Return the file that tells a training to rest."""
    folder: Path = request.app.state.settings.jobs
    return folder / f"{name}.pause"


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs
