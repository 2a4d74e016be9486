"""The entry of the command line: ``nokturn COMMAND``.

It imports click and nothing heavy, so that ``nokturn --help`` answers at once.
"""

from __future__ import annotations

import sys
from importlib import metadata

import click

from nokturn.cli._frame import Commands, run

EXAMPLES = (
    "nokturn generate --key Ador --meter 6/8     a new tune: ABC, MIDI, score and sound",
    "nokturn convert tune.abc -o tune.wav        from any format to any other",
    "nokturn train my-tunes/ --time 10m          learn from your own music",
    "nokturn lofi --preset rainy-night           a finished track with drums and rain",
)


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"nokturn {metadata.version('nokturn')}")
        ctx.exit()


@click.group(
    cls=Commands,
    examples=EXAMPLES,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show where an error arose.")
@click.pass_context
def nokturn(ctx: click.Context) -> None:
    """Learn from written music and compose new music: score, MIDI and sound."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(nokturn, sys.argv[1:]))
