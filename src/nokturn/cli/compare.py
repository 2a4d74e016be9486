"""``nokturn compare``: recipes side by side."""

from __future__ import annotations

from dataclasses import asdict

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn compare recipes/a.toml recipes/b.toml --corpus my-tunes/ --time 5m",
    "nokturn compare *.toml --corpus train.abc --valid valid.abc -o table/",
)
SHOWN = (
    "recipe", "bits_per_note", "accuracy", "parameters", "train_s", "notes_per_s", "valid",
    "silence", "longest_repeat", "copied", "variety", "notes_a_quarter", "pitch_class", "interval",
    "duration", "onset", "texture",
)  # fmt: skip


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("recipes", metavar="RECIPE...", nargs=-1, required=True)
@click.option("--corpus", multiple=True, required=True, metavar="PATH", help="To learn from.")
@click.option("--valid", multiple=True, metavar="PATH", help="To hold out; else a tenth.")
@click.option("--time", default="2m", show_default=True, help="Budget of each training.")
@click.option(
    "-n",
    "--samples",
    type=click.IntRange(1, 1000),
    default=8,
    show_default=True,
    help="Pieces that each model writes.",
)
@click.option(
    "-o", "--out", default="comparison", show_default=True, metavar="FOLDER", help="For the table."
)
@click.option("--set", "set", multiple=True, metavar="KEY=VALUE", help="A setting for all recipes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a recipe.")
@click.pass_obj
def compare(
    terminal: Terminal,
    recipes: tuple[str, ...],
    corpus: tuple[str, ...],
    valid: tuple[str, ...],
    time: str,
    samples: int,
    out: str,
    set: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train several recipes on one corpus and set them side by side.

    One split and one budget for all; the table is printed and written as CSV and as a page with
    players.
    """  # fmt: skip
    from nokturn.workflows.compare import Comparison
    from nokturn.workflows.compare import compare as workflow
    from nokturn.workflows.learn import stopping, words

    with stopping() as stop:
        for event in workflow(
            *recipes,
            corpus=corpus,
            valid=valid,
            time=time,
            samples=samples,
            out=out,
            set=set,
            stop=stop,
        ):
            if not isinstance(event, Comparison):
                if text := words(event):
                    terminal.say(text)
                continue
            for row in event.rows:
                if as_json:
                    terminal.record(**asdict(row))
            if not as_json:
                for line in table([asdict(row) for row in event.rows]):
                    terminal.data(line)
            for path in event.files:
                terminal.say(str(path))


def table(rows: list[dict[str, object]]) -> list[str]:
    """Return rows as lines of columns."""
    cells = [[name.replace("_", " ") for name in SHOWN]]
    cells += [[_shown(row[name]) for name in SHOWN] for row in rows]
    widths = [max(len(line[k]) for line in cells) for k in range(len(SHOWN))]
    return [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    ]


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
