"""Macros of ABC: what they stand for is played."""

from __future__ import annotations

import pytest

from nokturn.errors import InputError, LimitError
from nokturn.formats._abc_macros import MAX_LINE, Macros
from nokturn.formats._abc_reader import read_tune
from nokturn.formats._abc_writer import write_tune


def expanded(field: str, line: str) -> str:
    macros = Macros()
    macros.define(field)
    return macros.expand(line)


@pytest.mark.parametrize(
    ("field", "line", "text"),
    [
        ("~G3 = G{A}G{F}G", "A ~G3 ~g3", "A G{A}G{F}G ~g3"),
        ("~n3 = n{o}n{m}n", "~G3 ~c3 ~C3", "G{A}G{F}G c{d}c{B}c C{D}C{B,}C"),
        ("n4 = nhz", "C4 b4", "CD,a bcg''"),  # six steps below, twelve above
    ],
)
def test_a_macro_is_replaced(field: str, line: str, text: str) -> None:
    assert expanded(field, line) == text


def test_a_tune_is_read_with_its_macros_and_written_without() -> None:
    tune = read_tune("X:1\nM:3/8\nL:1/8\nm:~n3=n{o}n{m}n\nK:C\n~G3|G3|\n", strict=True)
    assert write_tune(tune.sheet).splitlines()[-1] == "G{A}G{F}G|G3|"


@pytest.mark.parametrize("field", ["~G3", "=G", "x" * 40 + "=G", "x=" + "G" * 300])
def test_what_is_no_macro_is_refused_when_strict_and_left_out_otherwise(field: str) -> None:
    text = f"X:1\nM:1/4\nL:1/4\nm:{field}\nK:C\nG|\n"
    with pytest.raises(InputError, match="macro"):
        read_tune(text, strict=True)
    assert len(read_tune(text).repairs) == 1


def test_a_line_cannot_grow_without_end() -> None:
    with pytest.raises(LimitError, match="macros"):
        expanded("z=" + "G" * 200, "z" * MAX_LINE)
