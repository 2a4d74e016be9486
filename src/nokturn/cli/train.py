"""``nokturn train``: a model of one's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal, time_words

EXAMPLES = (
    "nokturn train my-tunes/ --time 10m",
    "nokturn train tunes.abc --name reels --set model.width=512",
    "nokturn train reels/ --base folk --time 5m",
    "nokturn train songs/ --tracks melody --transpose octaves",
    "nokturn train --name reels --resume",
)


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--name", default="", help="Name of the model; else that of the first PATH.")
@click.option("--recipe", metavar="TOML[@VARIANT]", help="File with settings.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="One setting, such as model.width=512. May be repeated.",
)
@click.option(
    "--base",
    default="",
    metavar="MODEL[@EPOCH]",
    help="Go on from a model: its network and what it knows. Else from scratch.",
)
@click.option(
    "--valid",
    multiple=True,
    metavar="PATH",
    help="Files to hold out; else a tenth of the tunes. May be repeated.",
)
@click.option(
    "--tracks",
    default="",
    metavar="TRACKS",
    help="Of MIDI: melody, accompaniment, no-drums, drums, or a list such as 1,bass.",
)
@click.option(
    "--transpose",
    default="",
    metavar="SHIFTS",
    help="Also learn in other keys: all, octaves, how many, or semitones such as -2,2 or -5..6.",
)
@click.option("--time", default="", metavar="TIME", help="Budget, such as 10m or 1h30m.")
@click.option("--quick", is_flag=True, help="Only see that all works: a tiny model, a minute.")
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event.")
@click.pass_obj
def train(
    terminal: Terminal,
    paths: tuple[str, ...],
    name: str,
    recipe: str | None,
    changes: tuple[str, ...],
    base: str,
    valid: tuple[str, ...],
    tracks: str,
    transpose: str,
    time: str,
    quick: bool,
    resume: bool,
    as_json: bool,
) -> None:
    """Learn from your own music.

    PATH are files or folders of abc, mid, musicxml and mxl, of chord sheets (csv, chords), rolls
    (npz) and chorales (json). Ctrl-C saves; --resume goes on.
    """  # fmt: skip
    from nokturn.workflows.learn import stopping
    from nokturn.workflows.train import train as workflow

    for setting, value in (("tracks", tracks), ("transpositions", transpose)):
        if value:
            changes = (*changes, f"corpus.{setting}={json.dumps(value)}")
    with stopping() as stop:
        events = workflow(
            *paths, name=name, recipe=recipe, set=changes, base=base, valid=valid, time=time,
            quick=quick, resume=resume, stop=stop,
        )  # fmt: skip
        for event in events:
            if as_json:
                _record(terminal, event)
            else:
                _say(terminal, event)
            if type(event).__name__ == "Interrupted":
                raise KeyboardInterrupt


def _record(terminal: Terminal, event: Any) -> None:
    """Write an event as JSON."""
    report = getattr(event, "report", None)
    fields = report.to_json() if report is not None else asdict(event)
    terminal.record(event=type(event).__name__.lower(), **fields)


def _say(terminal: Terminal, event: Any) -> None:
    """Say an event in words, the finished model's path as data."""
    from nokturn.workflows.learn import words

    match type(event).__name__:
        case "Step":
            note = f"{event.nats:.3f} nats  " if event.nats is not None else ""
            note += f"~{time_words(event.left_s)} left"
            terminal.progress("step", event.step, event.steps, note)
        case "Read":
            for line in str(event.report).splitlines():
                terminal.say(line)
            terminal.say(f"This report and all that follows is kept in {event.folder}")
        case "Published":
            terminal.data(str(event.path))
            terminal.say(f"Compose with it:  nokturn generate {event.name}")
        case "Interrupted":
            terminal.say(words(event))
            terminal.say(f"Resume:  nokturn train --name {event.folder.name} --resume")
        case _:
            terminal.say(words(event))
