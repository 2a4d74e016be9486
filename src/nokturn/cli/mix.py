"""``nokturn mix``: several models as one."""

from __future__ import annotations

from dataclasses import asdict

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn mix both my-tunes my-ngram --on held-out.abc",
    "nokturn mix three a@best b@best c@best --on valid/",
    "nokturn mix calm my-tunes --on held-out.abc",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("name", metavar="NAME")
@click.argument("models", metavar="MODEL MODEL...", nargs=-1, required=True)
@click.option(
    "--on",
    "paths",
    multiple=True,
    required=True,
    metavar="PATH",
    help="Held-out files or folders on which the weights are fitted.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def mix(
    terminal: Terminal, name: str, models: tuple[str, ...], paths: tuple[str, ...], as_json: bool
) -> None:
    """Mix models that read the same symbols.

    NAME is the new model's; the weights are fitted on pieces that no MODEL has learned from, and
    the figure is of each half of them with weights fitted on the other. Of a single MODEL it is
    fitted how sure it is of itself.
    """  # fmt: skip
    from nokturn.workflows.mix import mix as workflow

    made = workflow(name, models, *paths)
    if as_json:
        terminal.record(**asdict(made) | {"path": str(made.path)})
        return
    for part, weight, bits in zip(made.parts, made.weights, made.alone, strict=True):
        terminal.say(f"{part}: {bits:.4f} bits a {made.unit} alone, weight {weight:.3f}")
    together = f"{made.bits_per_character:.4f} bits a {made.unit}"
    terminal.say(f"together {together}, fitted across halves")
    terminal.data(str(made.path))
