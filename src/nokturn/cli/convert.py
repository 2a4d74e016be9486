"""``nokturn convert``: a file of any format into any others."""

from __future__ import annotations

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal
from nokturn.errors import UsageError

EXAMPLES = (
    "nokturn convert tune.abc -o tune.svg -o tune.mid",
    "nokturn convert chorale.mxl -o chorale.wav",
    "nokturn generate -o - | nokturn convert - -o - -f musicxml > tune.musicxml",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("source", metavar="IN")
@click.option(
    "-o",
    "--out",
    multiple=True,
    required=True,
    metavar="PATH",
    help="File to write, its format by its ending; - is standard output. May be repeated.",
)
@click.option(
    "-f",
    "--format",
    metavar="NAME",
    default=None,
    help="Format for -o -, without its dot: abc (default), mid, svg ...",
)
@click.option("--tune", type=click.IntRange(1), metavar="N", help="Only tune N of the file.")
@click.option("--strict", is_flag=True, help="Refuse what would be mended otherwise.")
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file written.")
@click.pass_obj
def convert(
    terminal: Terminal,
    source: str,
    out: tuple[str, ...],
    format: str | None,
    tune: int | None,
    strict: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Convert a file into other formats.

    IN is abc, mid, musicxml or mxl; - is standard input. Written are those, score pictures (svg,
    png), piano rolls (roll.svg, roll.png) and sound (wav, flac, ogg, mp3). Of several tunes each
    gets its own numbered file where a format holds only one.
    """  # fmt: skip
    from nokturn.workflows import convert as workflow

    if "-" in out:
        if len(out) > 1:
            raise UsageError("-o - stands alone: standard output holds one file.")
        kind, data = workflow.convert_bytes(source, format or "abc", tune=tune or 0, strict=strict)
        terminal.raw(data, binary=kind.binary)
        return
    if format is not None:
        raise UsageError("-f is for -o -; a file's ending says its format.", "Leave -f away.")
    told = False
    for done in workflow.convert(source, *out, tune=tune or 0, strict=strict, force=force):
        if not told:
            told = True
            for repair in done.repairs:
                terminal.say(f"mended: {repair}")
        if as_json:
            terminal.record(
                path=str(done.path),
                bytes=done.path.stat().st_size,
                pieces=done.pieces,
                repairs=list(done.repairs),
            )
        else:
            terminal.data(str(done.path))
