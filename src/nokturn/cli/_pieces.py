"""What commands that make pieces share: how many, from which seed, and where they go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nokturn.cli._terminal import Terminal
from nokturn.errors import UsageError

if TYPE_CHECKING:
    from nokturn.music.piece import Piece

F = TypeVar("F", bound=Callable[..., Any])

COUNT = click.option(
    "-n",
    "--variations",
    "n",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    metavar="N",
    help="How many; each has the next seed.",
)
SEED = click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="Else a random one."
)
FORCE = click.option("--force", is_flag=True, help="Write over files that exist.")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a piece.")
_OPTIONS = (
    COUNT,
    SEED,
    click.option(
        "-o",
        "--out",
        multiple=True,
        metavar="PATH",
        help="File or folder to write, - for standard output. May be repeated.",
    ),
    click.option(
        "-f",
        "--format",
        "form",
        default="abc",
        show_default=True,
        metavar="NAME",
        help="Format for -o -.",
    ),
    FORCE,
    JSON,
)


def with_outputs(command: F) -> F:
    """Give a command the options that say how many pieces there are and where they go."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def sink_of(
    terminal: Terminal, out: tuple[str, ...], form: str, count: int, force: bool
) -> Stream | Files:
    """Return what takes the pieces: standard output for ``-``, which stands alone, else files."""
    if "-" not in out:
        return Files(terminal, out, count, force)
    if len(out) > 1:
        raise UsageError("-o - stands alone: standard output holds one file.")
    return Stream(terminal, form, count)


class Stream:
    """Pieces to standard output as one file, at the end: ABC numbers its tunes."""

    def __init__(self, terminal: Terminal, form: str, count: int) -> None:
        from nokturn.workflows.save import kind_named

        self.terminal, self.kind = terminal, kind_named(form)
        self.pieces: list[Piece] = []
        if terminal.json:
            raise UsageError("-o - and --json both want standard output.", "Leave one away.")
        if count > 1 and not self.kind.many:
            raise UsageError(
                f"Standard output holds one {self.kind.name} file, not {count}.",
                "Leave -n away, or name a file with -o.",
            )

    def add(self, event: Any, as_json: bool) -> None:
        self.pieces.append(event.piece)

    def finish(self) -> None:
        if self.pieces:
            self.terminal.raw(self.kind.dumps(self.pieces), binary=self.kind.binary)


class Files:
    """Pieces to files."""

    def __init__(self, terminal: Terminal, out: tuple[str, ...], count: int, force: bool) -> None:
        from nokturn.workflows.outputs import Outputs

        self.terminal = terminal
        self.outputs = Outputs(out, count=count, force=force)

    def add(self, event: Any, as_json: bool) -> None:
        from nokturn.workflows.show import words

        paths = [str(path) for path in self.outputs.add(event.piece, _stem(event.piece))]
        if as_json:
            self.terminal.record(**_record(event.piece), files=paths)
            return
        self.terminal.say(f"✓ {words(event.piece)}")
        for path in paths:
            self.terminal.data(path)

    def finish(self) -> None:
        for path in self.outputs.finish():
            if not self.terminal.json:
                self.terminal.data(str(path))


def _stem(piece: Piece) -> str:
    """Return what files are named after: model, key, meter and the seed that makes it again."""
    recipe, sheet = piece.recipe or {}, piece.sheet
    meter = f"{sheet.meter.numerator}_{sheet.meter.denominator}"
    return f"{recipe.get('model', 'tune')}-{sheet.key}-{meter}-s{recipe.get('seed', 0)}"


def _record(piece: Piece) -> dict[str, Any]:
    from nokturn.workflows.info import describe

    return asdict(describe(piece))
