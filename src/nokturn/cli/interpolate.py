"""``nokturn interpolate``: phrases between two phrases."""

from __future__ import annotations

from typing import Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._phrases import told, with_options
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn interpolate reel.abc jig.abc --model tunes-vae -o on-the-way.abc",
    "nokturn interpolate reel.abc jig.abc --model tunes-vae --steps 9 -o step.mid",
    "nokturn interpolate reel.abc jig.abc --model tunes-vae --json",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option(
    "--steps",
    type=click.IntRange(2, 64),
    default=5,
    show_default=True,
    metavar="N",
    help="Phrases in all, both ends included.",
)
@with_options
@click.pass_obj
def interpolate(
    terminal: Terminal,
    /,
    one: str,
    other: str,
    steps: int,
    model: str,
    out: tuple[str, ...],
    force: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Write phrases on the way from one piece to another.

    A variational autoencoder (a model trained with model.name=vae) reads as much of A and of B as
    its phrases hold and writes both as it remembers them, and what lies between. Without -o each
    phrase is written into the current folder as .abc, .mid, .svg and .mp3.
    """  # fmt: skip
    from nokturn.workflows.models import default_model
    from nokturn.workflows.vary import interpolate as workflow

    events = workflow(one, other, model or default_model(), steps=steps, **how)
    told(terminal, events, out, count=steps, force=force, sources=[one, other])
