"""``nokturn generate``: new music."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._pieces import sink_of, with_outputs
from nokturn.cli._terminal import Terminal, time_words

if TYPE_CHECKING:
    from nokturn.workflows.wishes import Writing

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
    metavar="NAME|FILE",
    help="Another rhythm: euclid, cells, metrical, network or a FILE's; with a FILE and no MODEL, "
    "random chords: the baseline.",
)
@click.option(
    "--instrument", default="", metavar="NAME", help="What plays it: flute, 'Acoustic Bass', 74."
)
@with_outputs
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
    version, command, seed and machine give the same bytes. Ctrl-C keeps the whole bars of the
    piece; a second one ends at once.
    """  # fmt: skip
    from nokturn.workflows.generate import generate as workflow
    from nokturn.workflows.generate import stopping
    from nokturn.workflows.models import default_model
    from nokturn.workflows.wishes import Composed, Said

    sink = sink_of(terminal, out, form, n, force)
    watch = Watch(terminal, n)
    recipe: dict[str, Any] = {}
    with stopping() as stop:
        try:
            chosen = model if model or _is_file(wishes["rhythm"]) else default_model()
            for event in workflow(chosen, n=n, stop=stop, **wishes):
                if isinstance(event, Composed):
                    recipe = event.piece.recipe or {}
                    sink.add(event, as_json)
                elif isinstance(event, Said):
                    terminal.say(event.text)
                else:
                    watch.see(event)
        finally:  # after Ctrl-C, too: what is finished is kept and named
            sink.finish()
    if stop.is_set():
        bar = recipe.get("stopped_at_bar")
        raise KeyboardInterrupt(f"stopped; the last piece ends with bar {bar}." if bar else "")


class Watch:
    """Shows a person how far the writing is; says nothing where nobody watches.

    Parameters
    ----------
    count
        How many pieces are to come.
    """

    def __init__(self, terminal: Terminal, count: int) -> None:
        self.terminal, self.count = terminal, count
        self.variation, self.begun_s = -1, 0.0

    def see(self, event: Writing) -> None:
        """Show the bar that is being written, and how long the rest of the piece may take."""
        if event.variation != self.variation:
            self.variation, self.begun_s = event.variation, time.monotonic()
        which = f"{event.variation + 1} of {self.count}" if self.count > 1 else ""
        gone_s = time.monotonic() - self.begun_s
        left = ""
        if event.of and event.bar:
            left = f"ETA {time_words(gone_s * max(0, event.of - event.bar) / event.bar)}"
        if self.terminal.watched:
            self.terminal.progress("bar", event.bar, event.of or 0, f"{left}  {which}".strip())


def _is_file(rhythm: str) -> bool:
    """Whether a rhythm is a file's: random chords are drawn over it where no model is named."""
    return bool(rhythm) and ("." in rhythm or rhythm == "-")
