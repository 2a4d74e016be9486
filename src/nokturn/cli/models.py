"""``nokturn models``: list, show, path, import, export, rm."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from nokturn.cli._frame import Command, Group
from nokturn.cli._terminal import Terminal, size_words, table

if TYPE_CHECKING:
    from nokturn.workflows.models import ModelInfo

EXAMPLES = (
    "nokturn models list",
    "nokturn models show my-tunes@30",
    "nokturn models rm my-tunes --run     the training, too",
)
COLUMNS = {
    "name": "NAME",
    "model": "NETWORK",
    "parameters": "WEIGHTS",
    "size": "SIZE",
    "licence": "LICENCE",
    "corpus": "TRAINED ON",
    "modified": "MODIFIED",
    "default": "DEFAULT",
}


@click.group(cls=Group, examples=EXAMPLES)
def models() -> None:
    """List, show, take in, give away and remove models."""


@models.command(
    "list", cls=Command, examples=("nokturn models list", "nokturn models list --json | jq .bytes")
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a model.")
@click.pass_obj
def list_(terminal: Terminal, as_json: bool) -> None:
    """List all models."""
    from nokturn.workflows.models import list_models

    found = list_models()
    if as_json:
        for model in found:
            terminal.record(**asdict(model))
        return
    for line in table([_row(model) for model in found], COLUMNS) if found else []:
        terminal.data(line)
    for model in found:
        if model.damage:
            terminal.say(f"{model.name} cannot be used: {model.damage}")
    if not found:
        terminal.say("There is no model yet. Make one:  nokturn train my-tunes/")


def _row(model: ModelInfo) -> dict[str, Any]:
    return {
        "name": model.name,
        "model": model.model or "damaged",
        "parameters": f"{model.parameters:,}",
        "size": size_words(model.bytes),
        "licence": model.card.get("licence", ""),
        "corpus": model.card.get("corpus", ""),
        "modified": model.modified[:10],
        "default": "✓" if model.default else "",
    }


@models.command(
    cls=Command, examples=("nokturn models show folk", "nokturn models show my-tunes@30")
)
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def show(terminal: Terminal, name: str, as_json: bool) -> None:
    """Show what is known of a model: its card, size, hash.

    NAME is the name of a model, NAME@EPOCH, or a file.
    """
    from nokturn.workflows.models import show_model

    model = show_model(name)
    if as_json:
        terminal.record(**asdict(model))
        return
    rows = asdict(model) | {"bytes": size_words(model.bytes), "parameters": f"{model.parameters:,}"}
    card = rows.pop("card")
    for key, value in (rows | card).items():
        for line in _lines(key, value):
            terminal.data(line)


def _lines(key: str, value: Any) -> list[str]:
    """Return a value of a card as lines; a table in it stands indented."""
    if isinstance(value, dict):
        return [key, *("  " + line for k, v in value.items() for line in _lines(k, v))]
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return [f"{key:<12} {value}"] if value not in ("", None, False) else []


@models.command(
    cls=Command, examples=("nokturn models path folk", 'cp "$(nokturn models path my-tunes)" .')
)
@click.argument("name", metavar="NAME")
@click.pass_obj
def path(terminal: Terminal, name: str) -> None:
    """Print where a model's file is."""
    from nokturn.workflows.models import show_model

    terminal.data(str(show_model(name).path))


@models.command(
    "import",
    cls=Command,
    examples=(
        "nokturn models import tunes.safetensors",
        "nokturn models import a.safetensors -n b",
    ),
)
@click.argument("file", metavar="FILE")
@click.option("-n", "--name", default="", metavar="NAME", help="Else that of the file.")
@click.pass_obj
def import_(terminal: Terminal, file: str, name: str) -> None:
    """Take in a model file that somebody gave you.

    It is checked first: a file that is damaged or no model of ours is refused.
    """
    from nokturn.workflows.models import import_model

    terminal.data(str(import_model(file, name).path))


@models.command(
    cls=Command, examples=("nokturn models export my-tunes", "nokturn models export a@30 -o /tmp")
)
@click.argument("name", metavar="NAME")
@click.option("-o", "--out", default=".", metavar="PATH", help="File or folder; else here.")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
@click.pass_obj
def export(terminal: Terminal, name: str, out: str, force: bool) -> None:
    """Write a model into a file, for somebody else or another machine."""
    from nokturn.workflows.models import export_model

    terminal.data(str(export_model(name, out, force=force)))


@models.command(
    cls=Command, examples=("nokturn models rm my-tunes", "nokturn models rm my-tunes --run")
)
@click.argument("name", metavar="NAME")
@click.option("--run", is_flag=True, help="Delete the training as well: checkpoints and samples.")
@click.pass_obj
def rm(terminal: Terminal, name: str, run: bool) -> None:
    """Delete a model that you trained."""
    from nokturn.workflows.models import remove_model

    for gone in remove_model(name, run=run):
        terminal.data(str(gone))
