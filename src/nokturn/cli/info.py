"""``nokturn info``: what is in a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal, size_words

if TYPE_CHECKING:
    from nokturn.workflows.info import FileInfo, TuneInfo

EXAMPLES = (
    "nokturn info tune.abc",
    "nokturn info --json nocturne.mid | jq .seconds",
    "curl -s https://example.org/jig.abc | nokturn info -",
)
MANY = 10  # a file with more tunes than this gets one line a tune


@click.command(cls=Command, examples=EXAMPLES, no_args_is_help=True)
@click.argument("source", metavar="FILE")
@click.option("--strict", is_flag=True, help="Refuse what would be mended otherwise.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a piece.")
@click.pass_obj
def info(terminal: Terminal, source: str, strict: bool, as_json: bool) -> None:
    """Tell what is in a file.

    Key, meter, tempo, bars, parts, range, length, and how Nokturn made it. FILE is abc, mid,
    musicxml or mxl; - is standard input.
    """
    from nokturn.workflows import info as workflow

    told = workflow.info(source, strict=strict)
    if as_json:
        for tune in told.tunes:
            terminal.record(file=told.name, format=told.format, bytes=told.bytes, **asdict(tune))
        return
    for line in _lines(told):
        terminal.data(line)


def _lines(told: FileInfo) -> list[str]:
    count = f", {len(told.tunes)} tunes" if len(told.tunes) != 1 else ""
    lines = [f"{told.name}: {told.format}, {size_words(told.bytes)}{count}"]
    if len(told.tunes) > MANY:
        lines += [f"{n:>5}  {_short(tune)}" for n, tune in enumerate(told.tunes, 1)]
    else:
        for tune in told.tunes:
            lines += ["", *_long(tune)]
    return lines


def _short(tune: TuneInfo) -> str:
    parts = (tune.title or "untitled", tune.key, tune.meter, f"{tune.bars} bars")
    return " · ".join(part for part in parts if part)


def _long(tune: TuneInfo) -> list[str]:
    rows = {
        "title": tune.title or "untitled",
        "key": tune.key or "not given",
        "meter": tune.meter,
        "tempo": f"♩={tune.tempo:g}",
        "bars": str(tune.bars),
        "parts": ", ".join(name or "unnamed" for name in tune.parts) if len(tune.parts) > 1 else "",
        "notes": f"{tune.notes} as played"
        + (f", {tune.lowest}-{tune.highest}" * bool(tune.lowest)),
        "length": f"{int(tune.seconds) // 60}:{int(tune.seconds) % 60:02d}",
        "recipe": json.dumps(tune.recipe, ensure_ascii=False) if tune.recipe else "",
    }
    lines = [f"{name:<8}{value}" for name, value in rows.items() if value]
    return lines + [f"{'mended':<8}{repair}" for repair in tune.repairs]
