"""``nokturn info``: what is in a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal, size_words

if TYPE_CHECKING:
    from nokturn.workflows.info import FileInfo, SoundInfo, TuneInfo

EXAMPLES = (
    "nokturn info tune.abc",
    "nokturn info --json nocturne.mid | jq .seconds",
    "nokturn info track.mp3",
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
    musicxml or mxl; - is standard input. Of a sound file (wav, flac, ogg, mp3) length and tags,
    of a picture (svg, png) how it was made.
    """
    from nokturn.workflows import info as workflow

    told = workflow.info(source, strict=strict)
    if as_json:
        for tune in told.tunes:
            terminal.record(file=told.name, format=told.format, bytes=told.bytes, **asdict(tune))
        if told.sound:
            sound = asdict(told.sound)
            terminal.record(file=told.name, format=told.format, bytes=told.bytes, **sound)
        if told.picture:
            picture = asdict(told.picture)
            terminal.record(file=told.name, format=told.format, bytes=told.bytes, **picture)
        return
    for line in _lines(told):
        terminal.data(line)


def _lines(told: FileInfo) -> list[str]:
    count = f", {len(told.tunes)} tunes" if len(told.tunes) > 1 else ""
    lines = [f"{told.name}: {told.format}, {size_words(told.bytes)}{count}"]
    if told.sound:
        return [*lines, "", *_of_sound(told.sound)]
    if told.picture:
        return [*lines, *_rows({"recipe": _recipe(told.picture.recipe)})]
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
        "length": _minutes(tune.seconds),
        "recipe": _recipe(tune.recipe),
    }
    return _rows(rows) + [f"{'mended':<8}{repair}" for repair in tune.repairs]


def _of_sound(sound: SoundInfo) -> list[str]:
    rows = {
        "title": sound.title or "untitled",
        "tempo": f"♩={sound.tempo:g}" if sound.tempo else "",
        "length": _minutes(sound.seconds),
        "recipe": _recipe(sound.recipe),
    }
    return _rows(rows)


def _rows(rows: dict[str, str]) -> list[str]:
    return [f"{name:<8}{value}" for name, value in rows.items() if value]


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _recipe(recipe: dict[str, Any] | None) -> str:
    return json.dumps(recipe, ensure_ascii=False) if recipe else ""
