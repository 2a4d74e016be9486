"""Compare: several recipes on one corpus, with one split and one budget, in one honest table.

    for event in compare("a.toml", "b.toml", corpus=["my-tunes/"], time="2m"):
        ...
    event.rows                   the last event is the `Comparison`

All recipes get the same table ``[corpus]`` (that of the first), so the same pieces are held out.
Every figure of foretelling is held-out. Bits a note may only be compared between encodings that
keep the same things; each row says what its encoding keeps. What is written is judged by the same
statistics, whatever wrote it.
"""

from __future__ import annotations

import csv
import html
import io
import math
import shutil
import threading
import time as clock
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nokturn import registry
from nokturn.corpora._ingest import Corpus, ingest
from nokturn.corpora._store import TokenStore
from nokturn.encodings.base import Encoding, written
from nokturn.errors import ConstraintError, UsageError
from nokturn.evaluation.likelihood import likelihood
from nokturn.evaluation.originality import TuneIndex
from nokturn.evaluation.statistics import distances, statistics, variety
from nokturn.evaluation.validity import check_sheet
from nokturn.generation.free import compose_freely
from nokturn.models._file import ModelFile
from nokturn.models.base import Adversarial
from nokturn.music.piece import Piece
from nokturn.settings import build, override, read_recipe, recipe_name
from nokturn.training.events import Event, Interrupted
from nokturn.training.runs import Run, checked
from nokturn.workflows.corpus import CorpusSettings, lay_down, source_of
from nokturn.workflows.evaluate import note_count
from nokturn.workflows.learn import Published, learn
from nokturn.workflows.likeness import RUNS
from nokturn.workflows.save import save
from nokturn.writing import write_whole

SEED = 1  # of the samples
BASELINE = "random-chords"  # what every table begins with: clean chords over the corpus's rhythm
CLEAN_CHORDS = {"encoding": {"name": "piano_roll"}, "model": {"name": "random_chords"}}


@dataclass(frozen=True)
class Row:
    """One recipe's figures.

    Attributes
    ----------
    keeps
        What its encoding keeps; only rows that keep the same may be compared in bits.
    bits_per_note, accuracy, nats_per_symbol
        Held out; what the encoding writes, the ends of the pieces too. None for a model without
        likelihood.
    parameters, train_s
        Numbers learned, and seconds that it took.
    notes_per_s
        Written, one core.
    valid
        Share of samples that are right throughout, for models that write ABC; else None.
    silence, longest_repeat
        Of the samples: share of time in which nothing sounds, most equal pitches in a row.
    copied
        Longest run of notes of any sample that occurs in the pieces learned from, in any key.
    variety, notes_a_quarter
        Of the samples: share of runs of eight pitches in the top lines that differ from each
        other, and mean number of notes.
    pitch_class, interval, duration, onset, texture
        Jensen-Shannon divergence of the samples' histograms from the held-out pieces', in bits;
        None where the model wrote nothing.
    sample
        A file to hear; empty where the model wrote nothing.
    """

    recipe: str
    encoding: str
    model: str
    keeps: str
    bits_per_note: float | None
    accuracy: float | None
    nats_per_symbol: float | None
    parameters: int
    train_s: float
    notes_per_s: float
    valid: float | None
    silence: float
    longest_repeat: int
    copied: int
    variety: float
    notes_a_quarter: float
    pitch_class: float | None
    interval: float | None
    duration: float | None
    onset: float | None
    texture: float | None
    sample: str


@dataclass(frozen=True)
class Comparison:
    """The table, and where it was written."""

    rows: list[Row]
    files: list[Path]


def compare(
    *recipes: str | Path,
    corpus: Sequence[str | Path],
    valid: Sequence[str | Path] = (),
    time: str = "2m",
    samples: int = 8,
    out: str | Path = "comparison",
    set: Sequence[str] = (),
    stop: threading.Event | None = None,
) -> Iterator[Event | Published | Comparison]:
    """Train every recipe and compare what comes out, beside random chords.

    Parameters
    ----------
    recipes
        TOML files; their names are the names of the rows.
    corpus, valid
        Files and folders to learn from and to hold out (none: a tenth of the pieces).
    time
        Budget of each training.
    samples
        Pieces that each model writes.
    out
        Folder for ``comparison.csv``, ``comparison.html`` and the samples.
    set
        Single settings for all recipes, ``"training.threads=2"``.

    Yields
    ------
    Event, Published
        What the trainings tell; last the `Comparison`.

    Raises
    ------
    UsageError
        No recipe, or two of one name.
    InputError
        Nothing in the files can be used.
    """
    titles = [BASELINE, *(recipe_name(recipe) for recipe in recipes)]
    names = [checked(f"compare-{title}") for title in titles]
    if not recipes or len(names) != len(dict.fromkeys(names)):
        raise UsageError("Compare what?", "Name recipes (.toml), each with a name of its own.")
    told = [override(read_recipe(recipe), set) for recipe in recipes]
    settings: list[dict[str, Any]] = [CLEAN_CHORDS, *told]
    common = told[0].get("corpus", {})
    source = source_of(corpus, build(CorpusSettings, common, "corpus"))
    held_out = ingest(valid) if valid else None
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for title, name, recipe in zip(titles, names, settings, strict=True):
        run = Run.named(name)
        shutil.rmtree(run.folder, ignore_errors=True)  # an earlier comparison of this recipe
        budget = {k: v for k, v in recipe.get("training", {}).items() if k != "epochs"}
        whole = {**recipe, "corpus": common, "training": {**budget, "time": time}}
        pieces = lay_down(run, source, valid, whole)
        began = clock.perf_counter()
        for event in learn(run, name, whole, stop=stop):
            yield event
            if isinstance(event, Interrupted):
                return
            if isinstance(event, Published):
                took = clock.perf_counter() - began
                learned, held = _sides(TokenStore(run.store), pieces, held_out)
                rows.append(_row(title, event.path, run, learned, held, took, samples, folder))
    yield Comparison(rows, _write(folder, rows, time))


def _sides(
    store: TokenStore, corpus: Corpus, held_out: Corpus | None
) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces that were learned from, and those held out."""
    every = [*corpus.items, *(held_out.items if held_out else ())]
    known = {item.name: item.piece for item in every}
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    for name, valid in zip(store.names, store.pieces["valid"].tolist(), strict=True):
        sides[valid].append(known[name])
    return sides


def _row(
    title: str,
    model: Path,
    run: Run,
    learned: list[Piece],
    held: list[Piece],
    took: float,
    samples: int,
    folder: Path,
) -> Row:
    file = ModelFile.load(model)
    kind: type[Encoding] = registry.find("encodings", file.encoding)
    store = TokenStore(run.store)
    foretells = not isinstance(file.model, Adversarial)
    chosen = store.originals(valid=bool(held))
    found = likelihood(file, store, chosen, threads=1) if foretells else None
    count = note_count if "text" in kind.keeps else lambda piece: written(piece).note_count
    notes = sum(count(piece) for piece in held or learned)
    began = clock.perf_counter()
    try:
        new = [made.piece for made in compose_freely(file, n=samples, seed=SEED)]
    except ConstraintError:  # a model that has learned too little writes nothing
        new = []
    per_s = sum(piece.score.note_count for piece in new) / (clock.perf_counter() - began)
    for ending in (".mid", ".mp3") if new else ():
        save(new[0], folder / f"{title}{ending}", force=True)
    mine = statistics(new)
    apart = distances(mine, statistics(held or learned)) if new else {}
    index = TuneIndex(learned)
    is_text = "text" in kind.keeps and bool(new)
    return Row(
        recipe=title,
        encoding=file.encoding,
        model=type(file.model).__module__.rpartition(".")[2],
        keeps=" ".join(sorted(kind.keeps)),
        bits_per_note=float(found.nats.sum()) / math.log(2) / max(1, notes) if found else None,
        accuracy=found.accuracy if found else None,
        nats_per_symbol=found.nats_per_symbol if found else None,
        parameters=file.model.parameters,
        train_s=round(took, 1),
        notes_per_s=round(per_s, 1),
        valid=float(np.mean([_right(piece) for piece in new])) if is_text else None,
        silence=mine.silence,
        longest_repeat=mine.longest_repeat,
        copied=max((index.compare(piece).longest for piece in new), default=0),
        variety=variety(new, RUNS),
        notes_a_quarter=mine.notes_a_quarter,
        pitch_class=apart.get("pitch class"),
        interval=apart.get("interval"),
        duration=apart.get("duration"),
        onset=apart.get("onset"),
        texture=apart.get("texture"),
        sample=f"{title}.mp3" if new else "",
    )


def _right(piece: Piece) -> bool:
    return check_sheet(piece.sheet, mistake="; ".join(piece.repairs)).valid


def _write(folder: Path, rows: list[Row], time: str) -> list[Path]:
    """Write the table as CSV and HTML; return the files."""
    table = [asdict(row) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    paths = [(folder / f"comparison.{ending}").absolute() for ending in ("csv", "html")]
    write_whole(paths[0], text.getvalue().encode())
    write_whole(paths[1], _page(table, time).encode())
    return paths


def _page(table: list[dict[str, Any]], time: str) -> str:
    """Return the table as a page, with bars behind the numbers and a player for each sample."""
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in table[0])
    most = {
        name: max((abs(row[name]) for row in table if _is_number(row[name])), default=1) or 1
        for name in table[0]
    }
    body = "".join(
        "<tr>" + "".join(_cell(name, value, most[name]) for name, value in row.items()) + "</tr>"
        for row in table
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Comparison</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff }}
table {{ border-collapse: collapse }}
th, td {{ padding: .35rem .6rem; text-align: right; border-bottom: 1px solid #ddd }}
th {{ vertical-align: bottom; font-weight: 600 }}
th:first-child, td:first-child {{ text-align: left; font-weight: 600 }}
.bar {{ background: linear-gradient(to left, #cfe3f5 var(--share), transparent var(--share)) }}
</style>
<h1>Comparison</h1>
<p>One corpus, one split, {html.escape(time)} of training each. Figures of foretelling are held out;
bits a note may be compared between rows whose encodings keep the same things. Distances are
Jensen-Shannon divergences in bits from the held-out pieces.</p>
<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>
</html>
"""


def _cell(name: str, value: Any, most: float) -> str:
    if name == "sample" and value:
        return f'<td><audio controls preload="none" src="{html.escape(value)}"></audio></td>'
    if not _is_number(value):
        return f"<td>{html.escape('' if value is None else str(value))}</td>"
    share = f"{abs(value) / most:.0%}"
    shown = f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
    return f'<td class="bar" style="--share:{share}">{shown}</td>'


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
