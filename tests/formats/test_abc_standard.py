"""The examples of the ABC 2.1 standard: 618 small texts, where the shared data are present.

A fragment is given what makes it a tune: ``X:``, ``M:none`` and ``K:C`` unless it has its own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nokturn.errors import InputError
from nokturn.formats.abc import Abc

CASES = Path(__file__).parents[3] / "shared" / "data" / "abc_cases" / "abc21_spec_strings.json"
present = pytest.mark.skipif(not CASES.exists(), reason="the standard's examples are not here")


def as_tune(case: dict[str, Any]) -> str:
    """Return the case's text, a fragment with the header that it lacks."""
    text = str(case["abc"])
    if not case["fragment"]:
        return text
    lines = text.split("\n")
    n = 0
    while n < len(lines) and re.match(r"[A-Za-z+]:(?![|:])|\s*%|\s*$", lines[n]):
        n += 1
    head, body = lines[:n], lines[n:]
    has = {line[:2] for line in head}
    late = [] if "K:" in has else ["K:C"]
    early = [f for f in ("X:1", "T:t", "M:none") if f[:2] not in has]
    if "X:" in has:
        early.insert(0, head.pop(next(i for i, x in enumerate(head) if x[:2] == "X:")))
    return "\n".join([*early, *head, *late, *body])


def refusals(strict: bool) -> list[tuple[bool, str, str, str]]:
    """Return (must be refused, section and text, refusal or nothing) of every case."""
    rows = []
    for case in json.loads(CASES.read_text()):
        try:
            Abc.loads(as_tune(case).encode(), strict=strict)
            refused = ""
        except InputError as error:
            refused = str(error)
        rows.append(
            (case["should_fail"], case["section"] + ": " + case["it"], case["abc"], refused)
        )
    return rows


@present
def test_what_the_standard_forbids_is_refused_when_strict() -> None:
    assert [row[1:3] for row in refusals(strict=True) if row[0] and not row[3]] == []


@present
def test_what_the_standard_allows_is_read() -> None:
    rows = [row for row in refusals(strict=False) if not row[0]]
    refused = [row for row in rows if row[3]]
    assert len(refused) <= 0.05 * len(rows), refused
    assert all("there is no tune in it" in row[3] for row in refused)


@present
def test_strict_refuses_of_the_allowed_hardly_more_than_bars_that_do_not_add_up() -> None:
    rows = [row for row in refusals(strict=True) if not row[0]]
    others = [row for row in rows if row[3] and "but the meter is" not in row[3]]
    assert len(others) <= 0.05 * len(rows), others
