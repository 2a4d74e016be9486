"""``nokturn vary``: phrases near a phrase."""

from __future__ import annotations

from typing import Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._phrases import told, with_options
from nokturn.cli._pieces import COUNT
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn vary reel.abc --model tunes-vae",
    "nokturn vary reel.abc --model tunes-vae --amount 0.5 -n 4 --seed 7 -o variations.abc",
    "nokturn vary reel.mid --model tunes-vae --amount 0 -o as-remembered.mid",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("file", metavar="FILE")
@click.option(
    "--amount",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    metavar="X",
    help="0 = as the model remembers it, 1 = any phrase at all.",
)
@COUNT
@with_options
@click.pass_obj
def vary(
    terminal: Terminal,
    /,
    file: str,
    amount: float,
    n: int,
    model: str,
    out: tuple[str, ...],
    force: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Vary the beginning of a piece.

    A variational autoencoder (a model trained with model.name=vae) reads as much of FILE as its
    phrases hold, takes a step from there by chance, and writes what it finds. Without -o each
    variation is written into the current folder as .abc, .mid, .svg and .mp3.
    """  # fmt: skip
    from nokturn.workflows.models import default_model
    from nokturn.workflows.vary import vary as workflow

    events = workflow(file, model or default_model(), amount=amount, n=n, **how)
    told(terminal, events, out, count=n, force=force, sources=[file])
