"""``nokturn data``: look at what is to be learned from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from nokturn.cli._frame import Command, Group
from nokturn.cli._terminal import Terminal, table

EXAMPLES = (
    "nokturn data check my-tunes/",
    "nokturn data check my-tunes/ --problems",
    "nokturn data check songs/ --json | jq 'select(.usable | not) | .file'",
)
COLUMNS = {
    "file": "FILE",
    "title": "TITLE",
    "notes": "NOTES",
    "bars": "BARS",
    "key": "KEY",
    "meter": "METER",
    "use": "USE",
    "problem": "PROBLEM",
}
LONGEST = 32  # of a title


@click.group(cls=Group, examples=EXAMPLES)
def data() -> None:
    """Check files before learning from them."""


@data.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--problems", is_flag=True, help="Only what has a problem.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a piece.")
@click.pass_obj
def check(terminal: Terminal, paths: tuple[str, ...], problems: bool, as_json: bool) -> None:
    """Tell what is in files and what is wrong with them, piece by piece."""
    from nokturn.errors import InputError
    from nokturn.workflows.check_data import check_data, summary

    rows = check_data(*paths)
    shown = [row for row in rows if row.problem or not problems]
    if as_json:
        for row in shown:
            terminal.record(**asdict(row))
    elif shown:
        cells = [
            asdict(row)
            | {
                "file": Path(row.file).name + (f":{row.number}" if row.number else ""),
                "title": row.title if len(row.title) <= LONGEST else row.title[:LONGEST] + "…",
                "use": "yes" if row.usable else "no",
            }
            for row in shown
        ]
        for line in table(cells, COLUMNS):
            terminal.data(line)
    terminal.say(summary(rows))
    if not any(row.usable for row in rows):
        raise InputError(
            "There is no piece to learn from.",
            "Give ABC, MIDI or MusicXML files, or a folder with some.",
        )
