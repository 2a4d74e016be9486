"""``nokturn studio``: compose, hear, train and produce in the browser."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal
from nokturn.errors import UsageError

if TYPE_CHECKING:
    from nokturn.studio._lock import Lock
    from nokturn.studio.settings import Settings

EXAMPLES = (
    "nokturn studio",
    "nokturn studio --library ~/tunes --port 9000",
    "nokturn studio --host 0.0.0.0            also from a telephone or tablet, with a token",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="8765 if not said; if it is taken, the next free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen; any but this machine itself gets a token.",
)
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@click.option(
    "--library",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder of the pieces; else Nokturn's own.",
)
@click.option("--read-only", is_flag=True, help="Only show and play; change nothing.")
@click.pass_obj
def studio(
    terminal: Terminal,
    /,
    port: int | None,
    host: str,
    no_open: bool,
    library: Path | None,
    read_only: bool,
) -> None:
    """Open the studio: a page in your browser, served by this machine alone.

    Its address stands on stdout. Ctrl-C closes it; what is made is kept.
    """
    from nokturn.studio import serve
    from nokturn.studio._lock import HeldError, held
    from nokturn.studio.settings import PORT, Settings

    settings = Settings(host=host, port=PORT if port is None else port, read_only=read_only)
    if library is not None:
        settings = replace(settings, library=library.expanduser().absolute())
    if read_only and not settings.library.is_dir():
        raise UsageError(
            f"There is no library {settings.library}.", "Name another folder with --library."
        )
    try:  # who only reads needs no lock, and may be where nothing can be written
        with nullcontext() if read_only else held(settings.library) as lock:
            _open(terminal, settings, lock, show=not no_open)
    except HeldError as error:
        terminal.say(f"{error.message} It is here:")
        terminal.data(error.address)
        if not no_open and error.address:
            serve.browse(error.address)


def _open(terminal: Terminal, settings: Settings, lock: Lock | None, *, show: bool) -> None:
    """Say where the studio is, then be it."""
    from nokturn.studio import serve

    listening = serve.listen(settings.host, settings.port)
    wanted, settings = settings.port, serve.settled(settings, listening)
    address = serve.address(settings)
    terminal.data(address)
    if wanted not in (0, settings.port):
        terminal.say(f"Port {wanted} is taken by another program, so it is {settings.port}.")
    terminal.say("Ctrl-C closes the studio.")
    if lock:
        lock.tell(serve.bare_address(settings))

    def ready() -> None:
        if not show or not serve.browse(address):
            terminal.say("It is ready: open the address in a browser.")

    with suppress(KeyboardInterrupt):  # how a studio is closed
        serve.run(settings, listening, when_ready=ready)
    terminal.say("The studio is closed.")
