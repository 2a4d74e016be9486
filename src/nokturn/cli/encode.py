"""``nokturn encode``: a piece as symbols."""

from __future__ import annotations

from dataclasses import fields

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn encode tune.mid --encoding note_chord",
    "nokturn encode tune.abc --encoding piano_roll --set per_quarter=2 -o back.mid -o back.svg",
)
SHOWN = 200


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("file", metavar="FILE")
@click.option("--encoding", default="abc_text", show_default=True, metavar="NAME")
@click.option("--set", "set", multiple=True, metavar="KEY=VALUE", help="A setting of the encoding.")
@click.option("--all", "every", is_flag=True, help=f"All symbols, not the first {SHOWN}.")
@click.option("-o", "--out", multiple=True, metavar="PATH", help="File for what comes back.")
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def encode(
    terminal: Terminal,
    file: str,
    encoding: str,
    set: tuple[str, ...],
    every: bool,
    out: tuple[str, ...],
    force: bool,
    as_json: bool,
) -> None:
    """Show what an encoding makes of a piece.

    The symbols are printed, and how much of the piece comes back from them; with -o what comes back
    is written, drawn or played, before anyone trains for an hour.
    """  # fmt: skip
    from nokturn.workflows.encode import encode as workflow
    from nokturn.workflows.save import save

    found = workflow(file, encoding, set=set)
    paths = [str(path) for path in save(found.piece, *out, force=force)] if out else []
    if as_json:
        told = {f.name: getattr(found, f.name) for f in fields(found) if f.name != "piece"}
        terminal.record(**told, files=paths)
        return
    shown = found.symbols if every else found.symbols[:SHOWN]
    terminal.data(" ".join(symbol.replace("\n", "\\n") for symbol in shown))
    if len(shown) < len(found.symbols):
        terminal.say(f"... and {len(found.symbols) - len(shown):,} more (--all)")
    terminal.say(
        f"{len(found.symbols):,} symbols out of {found.vocabulary:,} for {found.notes:,} notes"
    )
    terminal.say(
        f"{found.recall:.1%} of the notes come back, {found.precision:.1%} of what comes back was "
        f"there (F1 {found.f1:.3f}); onsets {found.onset_error:.4f} and durations "
        f"{found.duration_error:.4f} quarters off"
    )
    for path in paths:
        terminal.data(path)
