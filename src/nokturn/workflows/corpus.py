"""Corpus: files, folders or a known collection, read, reported on, and laid down as tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from nokturn import registry
from nokturn.corpora._ingest import Corpus, ingest
from nokturn.corpora._picking import Tracks, picked
from nokturn.corpora._variants import Augment, Transpositions
from nokturn.corpora.base import Source, build_store
from nokturn.encodings.base import Encoding
from nokturn.settings import Settings, build
from nokturn.training.runs import Run
from nokturn.workflows.tuning import Base
from nokturn.writing import write_whole


class CorpusSettings(Settings):
    """How a corpus is laid down; the table ``[corpus]`` of a recipe."""

    name: str = "folder"  # of the collection; folder = the paths named in the command
    settings: dict[str, Any] = Field(default_factory=dict)  # of that collection
    tracks: Tracks = "all"  # or melody, accompaniment, no-drums, drums, [1, "bass", "program 33"]
    transpositions: Transpositions = 11  # other keys that each piece is learned in, or semitones
    augment: Augment = Augment()  # copies of each piece in other tempos and loudnesses
    valid: float = Field(default=0.1, ge=0, lt=1)  # share held out
    seed: int = Field(default=0, ge=0)  # of the choice what is held out
    keep_duplicates: bool = False  # keep tunes that are there twice, note for note
    keep_versions: bool = False  # learn from versions of held-out files, too (published splits)


def source_of(paths: Sequence[str | Path], settings: CorpusSettings) -> Source:
    """Return the collection to learn from: the paths, or where there are none, the recipe's."""
    name = "folder" if paths else settings.name
    given = settings.settings if name == settings.name else {}
    given = {**given, "paths": tuple(paths)} if paths else given
    kind: type[Source] = registry.find("corpora", name)
    return build(kind, given, "corpus.settings")


def new_encoding(table: Mapping[str, Any]) -> Encoding:
    """Return the encoding that a recipe's table asks for: ``name`` and its settings."""
    settings = dict(table)
    kind: type[Encoding] = registry.find("encodings", settings.pop("name", "abc_text"))
    return build(kind, settings, "encoding")


def lay_down(
    run: Run,
    source: Source,
    valid: Sequence[str | Path],
    recipe: Mapping[str, Any],
    base: Base | None = None,
) -> Corpus:
    """Read a collection and write it as the tokens of a run, with the report beside them.

    Parameters
    ----------
    valid
        Held-out files; none = those that the collection holds out, or a share of the pieces.
    recipe
        Tables ``encoding`` and ``corpus``.
    base
        The model to begin with, whose symbols are used; None = those that the pieces need.

    Raises
    ------
    InputError
        Nothing in the files can be used; the message sums up why.
    """
    settings = build(CorpusSettings, recipe.get("corpus", {}), "corpus")
    encoding = base.encoding if base else new_encoding(recipe.get("encoding", {}))
    valid = valid or source.valid_files()
    held_out = picked(ingest(valid), settings.tracks) if valid else None
    corpus = picked(source.load(), settings.tracks)
    if base:
        corpus = base.sifted(corpus)
        held_out = held_out and base.sifted(held_out)
    run.folder.mkdir(parents=True, exist_ok=True)
    keep_report(run, corpus)
    build_store(
        corpus,
        encoding,
        run.store,
        transpositions=settings.transpositions,
        augment=settings.augment,
        valid=settings.valid,
        valid_corpus=held_out,
        seed=settings.seed,
        keep_duplicates=settings.keep_duplicates,
        keep_versions=settings.keep_versions,
    )
    keep_report(run, corpus)  # once more: what was noted while dividing is in it now
    return corpus


def keep_report(run: Run, corpus: Corpus) -> None:
    """Write the report into the run's folder: for people, and for programs."""
    write_whole(run.folder / "report.txt", f"{corpus.report}\n".encode())
    data = json.dumps(corpus.report.to_json(), indent=1, ensure_ascii=False)
    write_whole(run.folder / "report.json", data.encode())
