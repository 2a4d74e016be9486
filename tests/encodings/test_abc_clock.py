"""The bar clock: what it says after a text, and that it never looks ahead or fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nokturn.encodings._abc_clock import CHANNELS, BarClock

JIG = "M:6/8\nL:1/8\nK:G\n"
REEL = "M:4/4\nL:1/8\nK:G\n"


def after(text: str, bars: int = 0) -> dict[str, int]:
    """Return the channels after a text."""
    clock = BarClock(bars)
    values = clock.values
    for character in text:
        values = clock.step(character)
    return dict(zip(CHANNELS, values, strict=True))


def held(text: str) -> float:
    """Return what the bar holds, in sixteenths."""
    return (after(text)["at"] - 1) / 2


@pytest.mark.parametrize(
    ("music", "sixteenths"),
    [
        pytest.param("c", 2, id="a-note"),
        pytest.param("c3", 6, id="three-units"),
        pytest.param("c3/", 3, id="three-halves"),
        pytest.param("c/", 1, id="half"),
        pytest.param("c3/2", 3, id="three-halves-written-out"),
        pytest.param("^c'2 _B,2", 8, id="accidentals-and-octaves"),
        pytest.param("z2x", 6, id="rests"),
        pytest.param("A>B", 4, id="dotted-pair"),
        pytest.param("A>>B", 4, id="double-dotted-pair"),
        pytest.param("A2<B2", 8, id="snap"),
        pytest.param("(3ABc", 4, id="triplet"),
        pytest.param("(3:2:2A2B", 4, id="triplet-of-two-notes"),
        pytest.param("(5ABcde", 6, id="quintuplet-in-compound-time"),
        pytest.param("(AB)c", 6, id="slur-is-no-tuplet"),
        pytest.param("[GBd]2", 4, id="chord"),
        pytest.param("[G2B2]", 4, id="chord-with-inner-lengths"),
        pytest.param('"Am"A', 2, id="chord-symbol"),
        pytest.param("{gag}A", 2, id="grace-notes"),
        pytest.param("!trill!A", 2, id="decoration"),
        pytest.param("A-A", 4, id="tie"),
        pytest.param("A 2", 2, id="number-apart-is-no-length"),
        pytest.param("Z", 12, id="rest-for-a-bar"),
        pytest.param("A[L:1/4]A", 6, id="unit-changes-inline"),
        pytest.param("A\nL:1/4\nA", 6, id="unit-changes-in-a-line"),
        pytest.param("A\nw:la la\nA", 4, id="lyrics-are-no-notes"),
        pytest.param("A % AAAA\nA", 4, id="comment"),
        pytest.param("ABc & A", 2, id="overlay"),
        pytest.param("A\nB:x\nA", 4, id="a-field-named-like-a-note"),
    ],
)
def test_bar_holds(music, sixteenths):
    assert held(JIG + music) == sixteenths


@pytest.mark.parametrize(
    ("text", "channel", "value"),
    [
        pytest.param(JIG + "GAB", "left", 13, id="six-sixteenths-to-go"),
        pytest.param(JIG + "GAB cde", "left", 1, id="exactly-full"),
        pytest.param(JIG + "GAB cdef", "left", 51, id="overfull"),
        pytest.param("M:none\nL:1/8\nK:C\nABc", "left", 0, id="free-meter"),
        pytest.param("M:C|\nL:1/8\nK:C\nc4", "beat", 2, id="on-a-beat"),
        pytest.param(JIG + "G", "beat", 3, id="third-of-a-beat"),
        pytest.param(JIG + "G/", "beat", 4, id="off"),
        pytest.param(JIG + "GAB cde|", "beat", 1, id="at-the-bar-line"),
        pytest.param("M:3/4\nK:C\nc", "at", 5, id="default-unit-is-an-eighth"),
        pytest.param("M:2/4\nK:C\nc", "at", 3, id="default-unit-is-a-sixteenth"),
        pytest.param(JIG + "D|GAB", "bar", 1, id="an-upbeat-is-no-bar"),
        pytest.param(JIG + "GAB cde|", "bar", 2, id="second-bar"),
        pytest.param(JIG + "D|", "pickup", 2, id="upbeat-of-an-eighth"),
        pytest.param(JIG + "D|:G", "pickup", 2, id="upbeat-before-the-repeat"),
        pytest.param(JIG + "|:G", "repeat", 2, id="repeat-is-open"),
        pytest.param(JIG + "|:G6|1A", "repeat", 3, id="first-ending"),
        pytest.param(JIG + "|:G6|1A6:|2", "repeat", 4, id="second-ending"),
        pytest.param(JIG + "|:G6|1A6:|2", "bar", 2, id="second-ending-counts-from-the-first"),
        pytest.param(JIG + "|:G6:|", "repeat", 1, id="repeat-is-closed"),
        pytest.param(JIG + "d|G6|G5:|", "left", 5, id="upbeat-of-the-next-section"),
        pytest.param(JIG + "d|G6|1G5:|2", "left", 25, id="second-ending-begins-a-bar"),
        pytest.param(JIG + "d|G6|G5||", "left", 5, id="upbeat-after-a-double-bar"),
        pytest.param("X:1\nT:A Bag\nM:6/8\n", "at", 0, id="nothing-known-in-the-header"),
    ],
)
def test_channel(text, channel, value):
    assert after(text)[channel] == value


@pytest.mark.parametrize(
    ("music", "bars"),
    [
        pytest.param("G8|" * 8, 8, id="plain"),
        pytest.param("|:" + "G8|" * 7 + "G8:|", 16, id="repeated"),
        pytest.param("|:G8|G8|1G8:|2A8|]", 6, id="endings"),
        pytest.param("D2|:G8|G6:|D2|G8|G6|]", 6, id="upbeats"),
        pytest.param("|:G8::A8:|", 4, id="two-repeats"),
        pytest.param("G8:|A8|", 3, id="repeat-without-a-beginning"),
    ],
)
def test_bars_are_counted_as_played(music, bars):
    clock = BarClock()
    for character in REEL + music:
        clock.step(character)
    assert clock.total == bars


def test_bars_to_go_count_down():
    assert [after(REEL + "G8|" * n, bars=3)["bars"] for n in range(5)] == [4, 3, 2, 1, 1]


def test_copy_goes_its_own_way():
    clock = BarClock()
    for character in JIG + "AB":
        clock.step(character)
    twin = clock.copy()
    twin.step("c")
    assert clock.step("4") != twin.values


@given(st.text(alphabet="ABcdz23/(<>[]{}\"!|:^,' \n&KLMVZ%-1", max_size=80))
def test_any_text_gives_values_in_range(text):
    clock = BarClock(12)
    for character in JIG + text:
        values = clock.step(character)
        assert all(0 <= v < size for v, size in zip(values, CHANNELS.values(), strict=True))
