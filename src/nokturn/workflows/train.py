"""Train: from files and folders to a model of one's own.

    for event in train("my-tunes/", name="my-tunes", time="10m"): print(words(event))

The files are read and reported on, split by tune, laid down as tokens, and learned from; every
report of the training leaves a model and a sample tune in the run's folder, and the best model goes
under its name. It can be stopped at any time and resumed, with the same bits as the result.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nokturn.corpora._ingest import Corpus
from nokturn.corpora._report import IngestReport
from nokturn.corpora.base import Source
from nokturn.errors import UsageError, did_you_mean
from nokturn.settings import build, override, read_recipe, recipe_name
from nokturn.training import checkpoint
from nokturn.training.events import Event
from nokturn.training.runs import Run, checked
from nokturn.workflows.corpus import CorpusSettings, lay_down, source_of
from nokturn.workflows.info import key_of
from nokturn.workflows.learn import Published, learn, remember, remembered
from nokturn.workflows.tuning import Base

QUICK_TIME = "60s"
TABLES = ("card", "corpus", "encoding", "model", "training")  # of a recipe


@dataclass(frozen=True)
class Read:
    """The corpus was read; this is what became of each file."""

    report: IngestReport
    folder: Path


def train(
    *paths: str | Path,
    name: str = "",
    recipe: str | Path | None = None,
    set: Sequence[str] = (),
    base: str = "",
    valid: Sequence[str | Path] = (),
    time: str = "",
    quick: bool = False,
    resume: bool = False,
    stop: threading.Event | None = None,
) -> Iterator[Read | Event | Published]:
    """Learn from files and folders.

    Parameters
    ----------
    paths
        ABC, MIDI, MusicXML, or folders of them; none when resuming, or where the recipe names a
        collection.
    name
        Of the run and the model; empty = that of the first path.
    recipe
        TOML file with settings: tables ``encoding``, ``corpus``, ``model``, ``training``; a
        variant of it is named like ``ogan-cello.toml@as-written``.
    set
        Single settings, ``"model.width=512"``; they count more than the recipe.
    base
        A model to begin with, built in or one's own, ``"folk"`` or ``"my-tunes@30"``: its encoding,
        symbols, network and weights; it learns on more slowly. Empty = from scratch.
    valid
        Files to hold out; none = a tenth of the pieces, versions of a tune on one side.
    time
        Budget: ``"10m"``, ``"1h30m"``.
    quick
        Only see that all works: a tiny model, no transposition, a minute.
    resume
        Go on with the run of that name.
    stop
        Set it to end after the present step, saved.

    Raises
    ------
    UsageError
        The name is taken, a setting is not possible, or the base cannot learn on.
    ModelError
        There is no such base.
    InputError
        Nothing in the files can be used.
    """
    name = checked(name or _named_after(paths, recipe))
    run = Run.named(name)
    if resume:
        told = remembered(name)
        yield from learn(run, name, told["recipe"], resume=True, stop=stop)
        return
    if checkpoint.exists(run.folder):
        raise UsageError(
            f"There is a training named {name} already.",
            f"Resume it:  nokturn train --name {name} --resume   or choose another --name.",
        )
    settings = settings_of(recipe, set, time, quick=quick, based=bool(base))
    begun = Base.named(base) if base else None
    if begun:
        settings = begun.settled(settings)
    source = source_of(paths, build(CorpusSettings, settings.get("corpus", {}), "corpus"))
    source.files()  # says what is missing before a folder is made
    corpus = lay_down(run, source, valid, settings, begun)
    card = _card(source, paths) | {"keys": _keys(corpus)} | settings.get("card", {})
    told = {"paths": [str(Path(path).absolute()) for path in paths], "recipe": settings}
    if begun:
        card = begun.told_in(card)
        told["base"] = card["base"]
    remember(run, told)
    yield Read(corpus.report, run.folder)
    first = begun.file.model if begun else None
    yield from learn(run, name, settings, card=card, base=first, stop=stop)


def _card(source: Source, paths: Sequence[str | Path]) -> dict[str, Any]:
    """Return what a model's card says of where it learned."""
    names = ", ".join(Path(path).name for path in paths)
    return {
        "corpus": names or source.title,
        "licence": source.licence,
        "citation": source.citation,
        "may_be_shipped": source.ship,
    }


def _keys(corpus: Corpus) -> dict[str, int]:
    """Return how many tunes stand in each key, the frequent ones: what to write in unasked."""
    counts = Counter(str(key_of(item.piece)) for item in corpus.items)
    least = max(2, len(corpus.items) // 500)
    return {key: n for key, n in counts.most_common(40) if n >= least and key != "none"}


def settings_of(
    recipe: str | Path | None = None,
    changes: Sequence[str] = (),
    time: str = "",
    *,
    quick: bool = False,
    based: bool = False,
) -> dict[str, Any]:
    """Return a recipe with single settings and a time budget put in their places.

    A training that is ``based`` on a model has that model's size, however quick.

    Raises `UsageError` for a table that no recipe has.
    """
    told = read_recipe(recipe) if recipe else {}
    _check_tables(told)
    if quick:
        model = told.get("model", {})
        told = _quickened(told) | ({"model": model} if based else {})
    settings = override(told, changes)
    _check_tables(settings)
    if time:
        training = settings.setdefault("training", {})
        training.pop("epochs", None)
        training["time"] = time
    return settings


def _check_tables(recipe: Mapping[str, Any]) -> None:
    for table, value in recipe.items():
        if table not in TABLES:
            raise UsageError(f"There is no table [{table}].", did_you_mean(table, TABLES))
        if not isinstance(value, dict):
            raise UsageError(f"{table} = {value!r} sets nothing.", f"Write a table: [{table}].")


def _quickened(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe whose model is tiny and learns for a minute."""
    model = {"name": recipe.get("model", {}).get("name", "recurrent"), "size": "tiny"}
    corpus = dict(recipe.get("corpus", {})) | {"transpositions": 0}
    kept = {k: v for k, v in recipe.get("training", {}).items() if k not in ("epochs", "lanes")}
    training = kept | {"time": QUICK_TIME}
    return dict(recipe) | {"model": model, "corpus": corpus, "training": training}


def _named_after(paths: Sequence[str | Path], recipe: str | Path | None) -> str:
    """Return a name for a run after the first path or the recipe: ``My tunes/`` -> ``My-tunes``."""
    if not paths and recipe is None:
        raise UsageError(
            "Learn from what, or resume which training?",
            "Name files or folders, or a training:  nokturn train --name my-tunes --resume",
        )
    stem = Path(paths[0]).absolute().stem if paths else recipe_name(str(recipe))
    return "-".join(stem.split()) or "tunes"
