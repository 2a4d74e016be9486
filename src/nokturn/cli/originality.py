"""``nokturn originality``: is it a copy?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn originality new.abc --against my-tunes/",
    "nokturn originality out/ --against a.abc --against b/ --json | jq 'select(.copy) | .file'",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--against", multiple=True, required=True, metavar="PATH",
    help="Pieces that it may be taken from, such as those that a model learned from.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a piece.")
@click.pass_obj
def originality(
    terminal: Terminal, paths: tuple[str, ...], against: tuple[str, ...], as_json: bool
) -> None:
    """Tell whether pieces are copies.

    Looks for the longest run of notes that each piece shares with the others, in any key, and says
    where that stands. Folk tunes of one collection share 8 notes in the median, and no more than
    13 in nine of ten. Only melodies are looked at, and one changed note ends a run.
    """
    from nokturn.workflows.originality import originality as workflow

    rows = workflow(*paths, against=against)
    for row in rows:
        if as_json:
            terminal.record(**asdict(row), copy=row.copy)
        else:
            name = f"{Path(row.file).name}:{row.number} {row.title}".strip()
            terminal.data(f"{name}: {row.words}")
    copies = sum(row.copy for row in rows)
    terminal.say(f"{len(rows)} {'piece' if len(rows) == 1 else 'pieces'}, {copies} copied.")
