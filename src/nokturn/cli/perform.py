"""``nokturn perform``: the same notes in another performance or instrumentation."""

from __future__ import annotations

import click

from nokturn.cli._frame import Command
from nokturn.cli._pieces import SEED
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn perform prelude.mid --style romantic-piano -o played.mid -o played.mp3",
    "nokturn perform tune.abc --style folk-dance --instrument all=fiddle -o fiddle.mp3",
    "nokturn perform prelude.mid --like performance.mid --set human=0.3 -o played.mid",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("file", metavar="FILE")
@click.option(
    "--style",
    default="mechanical",
    show_default=True,
    metavar="NAME",
    help="mechanical (as written), folk-dance, romantic-piano or lo-fi.",
)
@click.option(
    "--set",
    "set",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the style, such as rubato=0.2, swing=60, dynamics=30. May be repeated.",
)
@click.option(
    "--like", default="", metavar="FILE", help="A performance: its tempo and loudness are taken."
)
@click.option(
    "--groove",
    default="",
    metavar="NAME|FILE",
    help="Timing and accents of drummers: hiphop, funk, jazz ..., or learned from a performance.",
)
@click.option(
    "--groove-amount",
    type=click.FloatRange(0, 2),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How much of it.",
)
@click.option(
    "--instrument",
    "instruments",
    multiple=True,
    metavar="TRACK=NAME",
    help="Melody=flute, 2=cello, all=piano; General MIDI names or 1-128. May be repeated.",
)
@click.option("--tune", type=click.IntRange(1), metavar="N", help="Only tune N of the file.")
@SEED
@click.option(
    "-o", "--out", multiple=True, required=True, metavar="PATH", help="File to write. May repeat."
)
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.pass_obj
def perform(
    terminal: Terminal,
    file: str,
    style: str,
    set: tuple[str, ...],
    like: str,
    groove: str,
    groove_amount: float,
    instruments: tuple[str, ...],
    tune: int | None,
    seed: int | None,
    out: tuple[str, ...],
    force: bool,
) -> None:
    """Play a piece as somebody would.

    FILE is abc, mid, musicxml or mxl; - is standard input. A style shapes phrases and accents,
    tempo, articulation, pedal, swing and the unevenness of hands; instruments keep to their ranges.
    """  # fmt: skip
    from nokturn.workflows.perform import perform as workflow
    from nokturn.workflows.save import kind_of, save

    for path in out:
        kind_of(path)  # a name that means nothing is refused before anything is read
    pieces = workflow(
        file, style=style, set=set, like=like, instruments=instruments, groove=groove,
        groove_amount=groove_amount, tune=tune or 0, seed=seed,
    )  # fmt: skip
    for written in save(pieces, *out, force=force):
        terminal.data(str(written))
