"""What the documents tell people to type exists: every command, every option."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from nokturn.cli.main import nokturn

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BETWEEN = re.compile(
    r"""\s*(?:\|\s|&&|>\s)\s*(?=(?:[^"']*["'][^"']*["'])*[^"']*$)"""
)  # not in quotes
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Return each nokturn command in a code block, with the document that it stands in."""
    found = []
    for path in DOCUMENTS:
        for block in BLOCK.findall(path.read_text(encoding="utf-8")):
            for line in block.splitlines():
                for part in BETWEEN.split(line.partition(" #")[0]):
                    words = re.sub(r"^\$ ", "", part).split()
                    if words and re.fullmatch(r"(\S*/)?nokturn", words[0]):
                        found.append((path.name, part.removeprefix("$ ")))
    return found


@pytest.mark.parametrize(("document", "line"), commands())
def test_a_documented_command_exists(document, line):
    args = shlex.split(line)[1:]
    context = click.Context(nokturn, info_name="nokturn", **nokturn.context_settings)
    command: click.Command = nokturn
    while isinstance(command, click.Group) and args and not args[0].startswith("-"):
        _, found, args = command.resolve_command(context, args)
        assert found is not None
        command = found
    if args:
        command.make_context("nokturn", args, parent=context)
