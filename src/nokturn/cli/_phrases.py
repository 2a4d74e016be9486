"""What `vary` and `interpolate` share: their options, and how they tell what they wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from nokturn.cli._pieces import FORCE, JSON, SEED
from nokturn.cli._terminal import Terminal

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--model",
        default="",
        metavar="MODEL[@EPOCH]",
        help="A variational autoencoder: its name or file.",
    ),
    click.option(
        "-t",
        "--temperature",
        type=click.FloatRange(0, 3.0),
        default=0.0,
        show_default=True,
        metavar="X",
        help="0 = the likeliest each time; else drawn.",
    ),
    SEED,
    click.option(
        "-o",
        "--out",
        multiple=True,
        metavar="PATH",
        help="File or folder to write. May be repeated.",
    ),
    FORCE,
    JSON,
)


def with_options(command: F) -> F:
    """Give a command the options that both have."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def told(
    terminal: Terminal,
    events: Iterable[Any],
    out: tuple[str, ...],
    *,
    count: int,
    force: bool,
    sources: Sequence[str],
) -> None:
    """Write phrases as they come, and tell how far each lies from what was read."""
    from nokturn.workflows.outputs import Outputs

    outputs = Outputs(out, count=count, force=force)
    try:
        for event in events:
            if text := getattr(event, "text", ""):
                terminal.say(text)
                continue
            paths = [str(path) for path in outputs.add(event.piece, Path(sources[0]).stem)]
            _tell(terminal, event, paths, sources)
    finally:  # after Ctrl-C, too: what is finished is kept and named
        for path in outputs.finish():
            if not terminal.json:
                terminal.data(str(path))


def _tell(terminal: Terminal, event: Any, paths: list[str], sources: Sequence[str]) -> None:
    far = dict(zip(sources, event.apart, strict=True))
    if terminal.json:
        terminal.record(
            title=event.piece.title, apart=list(event.apart), recipe=event.piece.recipe, files=paths
        )
        return
    words = ", ".join(f"{share:.0%} from {Path(name).name}" for name, share in far.items())
    terminal.say(f"✓ {event.piece.title}: {words}")
    for path in paths:
        terminal.data(path)
