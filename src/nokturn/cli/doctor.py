"""``nokturn doctor``: does everything work here?"""

from __future__ import annotations

from dataclasses import asdict

import click

from nokturn.cli._frame import Command
from nokturn.cli._terminal import Terminal
from nokturn.errors import ResourceError

EXAMPLES = (
    "nokturn doctor",
    "nokturn doctor > report.txt          to send along with a report of a bug",
    "nokturn doctor --json | jq 'select(.works == false)'",
)
MARKS = {True: "✓", False: "✗", None: "-"}


@click.command(cls=Command, examples=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a check.")
@click.pass_obj
def doctor(terminal: Terminal, as_json: bool) -> None:
    """Check whether everything works here.

    Versions, folders and models are looked at, and a small tune is taken along every road.
    What is optional and missing is marked with a dash and is no failure.
    """
    from nokturn.workflows import doctor as workflow

    failed = []
    for check in workflow.doctor():
        if check.works is False:
            failed.append(check.name)
        if as_json:
            terminal.record(**asdict(check))
        else:
            terminal.data(f"{MARKS[check.works]} {check.name:<14} {check.said}")
    if failed:
        raise ResourceError(
            f"not working here: {', '.join(failed)}.", "Install Nokturn again in a new environment."
        )
