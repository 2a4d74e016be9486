"""``nokturn rhythm``: pitches from anything, joined with a rhythm from anything."""

from __future__ import annotations

from typing import Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._pieces import sink_of, with_outputs
from nokturn.cli._terminal import Terminal

EXAMPLES = (
    "nokturn rhythm --by euclid --set onsets=5 --set steps=13 -o euclid.mid",
    'nokturn rhythm "Am7 D9 | Gmaj7" --by metrical --set syncopation=0.6 -o chords.mid',
    "nokturn rhythm tune.abc --by other.mid --bars 16 -o tune-anew.abc",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("pitches", metavar="[FILE|CHORDS]", default="")
@click.option(
    "--by",
    default="euclid",
    show_default=True,
    metavar="NAME|FILE",
    help="euclid, cells, metrical, network, a model of rhythm, or a file whose rhythm is taken.",
)
@click.option(
    "--set",
    "set",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting, such as onsets=5, steps=[8,16], syncopation=0.5. May be repeated.",
)
@click.option(
    "--tracks",
    default="no-drums",
    show_default=True,
    metavar="TRACKS",
    help="Of FILE: melody, accompaniment, all, or a list such as 1,bass.",
)
@click.option(
    "--bars",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Else until every pitch was heard once; 8 without pitches.",
)
@click.option(
    "--meter", default="any", metavar="METER", help="4/4, 6/8 ...; any = as in the files."
)
@click.option("--tempo", default="", metavar="BPM", help="Quarters a minute, or 3/8=120.")
@with_outputs
@click.pass_obj
def rhythm(
    terminal: Terminal,
    /,
    pitches: str,
    n: int,
    out: tuple[str, ...],
    form: str,
    force: bool,
    as_json: bool,
    **wishes: Any,
) -> None:
    """Give pitches a rhythm.

    They come from a FILE (what begins together is one chord) or from CHORDS such as "Am7 D9" or
    "ii V I in F"; without either, drums play the rhythm. Each onset takes the next of them.
    """  # fmt: skip
    from nokturn.workflows.rhythm import rhythm as workflow

    sink = sink_of(terminal, out, form, n, force)
    try:
        for event in workflow(pitches, n=n, **wishes):
            sink.add(event, as_json)
    finally:  # after Ctrl-C, too: what is finished is kept and named
        sink.finish()
