"""``nokturn lofi``: a finished lo-fi track."""

from __future__ import annotations

from typing import Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._pieces import SEED
from nokturn.cli._terminal import Terminal
from nokturn.errors import UsageError

EXAMPLES = (
    "nokturn lofi",
    "nokturn lofi --preset rainy-night --minutes 3 --seed 7 -o night.mp3 --stems night/",
    'nokturn lofi --progression "ii V I vi" --key Fm --bpm 78 -o t.mp3 --loop 8 -o loop.wav',
    "nokturn lofi prelude.mid --drums lazy --rain 0.4 -o prelude.mp3 -o prelude-lofi.mid",
    "nokturn lofi --endless --preset rainy-night --minutes 60",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("source", metavar="[FILE]", default="")
@click.option("--model", default="", metavar="MODEL", help="A model that writes the sample.")
@click.option(
    "--preset",
    default="dusty",
    show_default=True,
    metavar="NAME|TOML",
    help="dusty, rainy-night, tape-waltz, bossa, cassette, or a file.",
)
@click.option("--bpm", type=float, metavar="BPM", help="Quarters a minute, 40-200.")
@click.option("--key", metavar="KEY", help="Fm, Eb ...; else drawn, or the file's.")
@click.option("--meter", metavar="METER", help="4/4, 3/4, 6/8 or 5/4.")
@click.option("--minutes", type=float, metavar="N", help="Length, 0.1-30.")
@click.option(
    "--progression",
    metavar="CHORDS",
    help='"ii V I vi", "Dm7 G7 | Cmaj7", "i bVI in Am", network = drawn.',
)
@click.option("--swing", type=float, metavar="PERCENT", help="50 straight - 75; of sixteenths.")
@click.option("--drums", metavar="STYLE", help="dusty, lazy, brushes, bossa, house ... or none.")
@click.option("--rain", type=float, metavar="X", help="0-1.")
@click.option("--vinyl", type=float, metavar="X", help="0-1: crackle and hum.")
@click.option(
    "--set",
    "set",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any setting of a preset: lead=flute, kit=electronic, space=0.6. May be repeated.",
)
@SEED
@click.option("--stems", default="", metavar="FOLDER", help="Also write each part as WAV.")
@click.option(
    "--loop", type=click.IntRange(1, 64), metavar="BARS", help="Also a loop, exact to the sample."
)
@click.option(
    "--endless",
    is_flag=True,
    help="Play on and on (for --minutes, if given), or with -o - write WAV into a pipe.",
)
@click.option(
    "-o",
    "--out",
    multiple=True,
    metavar="PATH",
    help="mp3, wav, flac, ogg, mid ...; names with 'loop' get the loop. May be repeated.",
)
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for the track.")
@click.pass_obj
def lofi(
    terminal: Terminal,
    /,
    source: str,
    out: tuple[str, ...],
    stems: str,
    loop: int | None,
    endless: bool,
    force: bool,
    as_json: bool,
    **wishes: Any,
) -> None:
    """Make a lo-fi track: chords, bass, melody, drums, rain and vinyl.

    From nothing, from --progression, from FILE (a melody gets chords and drums, other music becomes
    the sample) or from a --model. Without -o it is written here as .mp3 and .mid.
    """  # fmt: skip
    if endless:
        _on_and_on(terminal, source, out, stems, loop or 0, wishes)
        return
    if "-" in out:
        raise UsageError(
            "A track does not fit into a pipe.", "Name a file, or pour it on:  --endless -o -"
        )
    terminal.progress("step", 0, 3, "composing")
    from nokturn.workflows.lofi import lofi as workflow
    from nokturn.workflows.lofi_files import planned, write
    from nokturn.workflows.show import words

    track = workflow(source, **wishes)
    plan = planned(track, out, stems=stems, loop=loop or 0, force=force)
    terminal.say(words(track.piece))
    if plan.mix or plan.stems:
        terminal.progress("step", 1, 3, "playing the instruments")
        track.stems()
    files = []
    last = "mixing and writing" if plan.mix or plan.stems or plan.loop else "writing"
    terminal.progress("step", 2, 3, last)
    for path in write(track, plan, bars=loop or 0):
        files.append(str(path))
        if not as_json:
            terminal.data(str(path))
            terminal.progress("step", 2, 3, last)
    terminal.clear()
    if as_json:
        terminal.record(title=track.piece.title, recipe=track.piece.recipe, files=files)


def _on_and_on(
    terminal: Terminal,
    source: str,
    out: tuple[str, ...],
    stems: str,
    loop: int,
    wishes: dict[str, Any],
) -> None:
    """Play until somebody stops it."""
    from nokturn.workflows import lofi_stream
    from nokturn.workflows.wishes import first_seed

    lofi_stream.check_endless(source, wishes.pop("model"), stems, loop, out)
    wishes["seed"] = first_seed(wishes["seed"], 1)
    terminal.say(f"Seed {wishes['seed']}. Ctrl-C stops.")
    blocks = lofi_stream.endless(**wishes)
    if out:
        for data in lofi_stream.poured(blocks):
            terminal.raw(data, binary=True)
    else:
        lofi_stream.play(blocks)
