"""``nokturn harmonise``: chords for a melody."""

from __future__ import annotations

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal
from nokturn.errors import UsageError

EXAMPLES = (
    "nokturn harmonise tune.abc -o tune-chords.abc -o tune-chords.svg",
    "nokturn harmonise tune.mid --accompany -o tune.mp3",
    "nokturn harmonise tune.abc --like my-tunes/ > tune-chords.abc",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("file", metavar="FILE")
@click.option(
    "--like", multiple=True, metavar="PATH", help="Tunes with chord symbols to learn from."
)
@click.option("--accompany", is_flag=True, help="Add an instrument that plays the chords.")
@click.option("--tune", type=click.IntRange(1), metavar="N", help="Only tune N of the file.")
@click.option(
    "-o", "--out", multiple=True, metavar="PATH", help="File to write; - (default) = ABC to stdout."
)
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.pass_obj
def harmonise(
    terminal: Terminal,
    file: str,
    like: tuple[str, ...],
    accompany: bool,
    tune: int | None,
    out: tuple[str, ...],
    force: bool,
) -> None:
    """Find chords for a melody.

    FILE is abc, mid, musicxml or mxl; - is standard input. Chord symbols are written over it in
    place of those that it may have. With --like they are chosen as in the tunes named, else by the
    usual functions of major, minor, dorian and mixolydian keys.
    """  # fmt: skip
    from nokturn.workflows.convert import one_file
    from nokturn.workflows.harmonise import harmonise as workflow
    from nokturn.workflows.save import kind_named, kind_of, save

    to_stdout = not out or "-" in out
    if to_stdout and len(out) > 1:
        raise UsageError("-o - stands alone: standard output holds one file.")
    if not to_stdout:
        for path in out:
            kind_of(path)  # a name that means nothing is refused before anything is read
    pieces = workflow(file, like=like, tune=tune or 0, accompany=accompany)
    if to_stdout:
        terminal.raw(one_file(pieces, kind_named("abc")), binary=False)
        return
    for written in save(pieces, *out, force=force):
        terminal.data(str(written))
