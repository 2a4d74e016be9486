"""``nokturn generate``: new music."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal
from nokturn.errors import UsageError

if TYPE_CHECKING:
    from nokturn.music.piece import Piece

EXAMPLES = (
    "nokturn generate",
    "nokturn generate folk --key Ador --meter 6/8 --bars 32 -n 4 --seed 7",
    "nokturn generate -o - | nokturn convert - -o tune.svg",
    "nokturn generate my-rolls --primer dorian --seed 3",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("model", metavar="[MODEL[@EPOCH]]", default="")
@click.option("--key", default="any", help="D, Dm, Ador, 'F# minor', any.")
@click.option("--meter", default="any", help="4/4, 3/4, 6/8, 9/8, 12/8, 2/2, C, C|, any.")
@click.option("--tempo", default="", metavar="BPM", help="Quarters a minute, or 3/8=120.")
@click.option("--bars", type=click.IntRange(1, 256), metavar="N", help="Length as played.")
@click.option(
    "-n",
    "--variations",
    "n",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    metavar="N",
    help="How many; each has the next seed.",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="Else a random one.")
@click.option(
    "-t",
    "--temperature",
    type=click.FloatRange(0.05, 3.0),
    default=0.9,
    show_default=True,
    metavar="X",
    help="Below 1 cautious, above adventurous.",
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Only the likeliest that hold this share.",
)
@click.option(
    "--top-k",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Only the N likeliest; 0 = all.",
)
@click.option(
    "--min-p",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    metavar="X",
    help="Only those near the likeliest.",
)
@click.option(
    "--primer",
    "--prompt",
    default="",
    metavar="ABC|FILE|-|NAME",
    help="How it begins: ABC text, a file, - for standard input, or note, dorian, lydian ...; "
    "for rolls also silence, noise, two-hands, notes.",
)
@click.option(
    "--threshold",
    default="",
    metavar="X",
    help="For rolls of independent keys: all keys above X sound; calibrated, or 0-1.",
)
@click.option(
    "--rhythm",
    default="",
    metavar="FILE",
    help="Random chords over the rhythm of a file, without a model: the baseline.",
)
@click.option(
    "-o",
    "--out",
    multiple=True,
    metavar="PATH",
    help="File or folder to write, - for standard output. May be repeated.",
)
@click.option(
    "-f",
    "--format",
    "form",
    default="abc",
    show_default=True,
    metavar="NAME",
    help="Format for -o -.",
)
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a piece.")
@click.pass_obj
def generate(
    terminal: Terminal,
    /,
    model: str,
    n: int,
    out: tuple[str, ...],
    form: str,
    force: bool,
    as_json: bool,
    **wishes: Any,
) -> None:
    """Compose new music.

    Without -o each piece is written into the current folder as .abc, .mid, .svg and .mp3. The same
    version, command, seed and machine give the same bytes.
    """  # fmt: skip
    from nokturn.workflows.generate import Composed
    from nokturn.workflows.generate import generate as workflow
    from nokturn.workflows.models import default_model

    stream = "-" in out
    if stream and len(out) > 1:
        raise UsageError("-o - stands alone: standard output holds one file.")
    sink: _Stream | _Files = (
        _Stream(terminal, form, n) if stream else _Files(terminal, out, n, force)
    )
    try:
        chosen = model if model or wishes["rhythm"] else default_model()
        for event in workflow(chosen, n=n, **wishes):
            if isinstance(event, Composed):
                sink.add(event, as_json)
            elif text := getattr(event, "text", ""):
                terminal.say(text)
    finally:  # after Ctrl-C, too: what is finished is kept and named
        sink.finish()


class _Stream:
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


class _Files:
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
