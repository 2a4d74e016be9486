"""What the guide lets stand next in a tune."""

import pytest

from nokturn.encodings._abc_learned import AbcLearned
from nokturn.encodings.abc_text import AbcText
from nokturn.encodings.abc_tokens import ASCII, AbcTokens
from nokturn.encodings.base import BOUNDARY, BOUNDARY_NAME
from nokturn.generation.constraints import AbcGuide, Wishes

SYMBOLS = sorted(set("ABCDEFGabcdefgzxKLMRQ:#/|0123456789^_=,' \n[](){}.~\"!-><m"))
ENCODING = AbcText().with_vocabulary([BOUNDARY_NAME, *SYMBOLS])
JIG = "M:6/8\nL:1/8\nK:G\n"


def guide(text: str, encoding: AbcLearned = ENCODING, **wishes: object) -> AbcGuide:
    made = AbcGuide(encoding, Wishes(**wishes))
    for symbol in encoding.encode_text(text)[0].tolist():
        made.take(symbol)
    return made


def allows(text: str, word: str, encoding: AbcLearned = ENCODING, **wishes: object) -> bool:
    symbol = encoding.vocabulary.index(word) if word else BOUNDARY
    return guide(text, encoding, **wishes).allows(symbol)


@pytest.mark.parametrize(
    ("text", "character", "allowed"),
    [
        pytest.param(JIG + "GABcd", "e", True, id="the sixth eighth of six"),
        pytest.param(JIG + "GABcde", "f", False, id="a seventh eighth bursts the bar"),
        pytest.param(JIG + "GABcde", "|", True, id="a bar line after a full bar"),
        pytest.param(JIG + "GABcd", "|", True, id="a short first bar is a pickup"),
        pytest.param(JIG + "GABcde|GAB", "|", False, id="a bar line in mid-bar"),
        pytest.param(JIG + "GABcde|GABcde", "2", False, id="a length that bursts the bar"),
        pytest.param(JIG + "GABcde|GABc", "3", True, id="3 may become 3/2"),
        pytest.param(JIG + "GABcde|GABcd3", "/", True, id="and then must be divided"),
        pytest.param(JIG + "GABcde|GABcd3", "e", False, id="before another note"),
        pytest.param(JIG + "D|GABcde|GABcd", ":", True, id="the bar that the pickup completes"),
        pytest.param(JIG + "GABcde|[", "M", False, id="no change of meter in mid-tune"),
        pytest.param(JIG + "GABcde|[", "G", True, id="a chord"),
        pytest.param(JIG + "GABcde|GABcde|", "", True, id="an end after a full bar"),
        pytest.param(JIG + "GABcde|GABcd", "", False, id="no end in mid-bar"),
        pytest.param(JIG + "|:GABcde|GABcde|", "", False, id="no end while a repeat is open"),
        pytest.param(JIG + "|:GABcde|GABcde:|", "", True, id="an end after a repeat"),
        pytest.param("", "M", True, id="the meter comes first"),
        pytest.param("M:6/8\n", "K", False, id="no key before the unit"),
        pytest.param("M:6/8\nL:1/8\n", "G", False, id="no notes in the header"),
    ],
)
def test_what_may_come_next(text: str, character: str, allowed: bool) -> None:
    assert allows(text, character) is allowed


@pytest.mark.parametrize(
    ("text", "character", "allowed"),
    [
        pytest.param("GABcde|GABcde|", "", False, id="not before the bars asked for"),
        pytest.param("|:GABcde|GABcde:|", "", True, id="at the bars asked for"),
        pytest.param("|:GABcde|GABcde:|", "G", False, id="no music after them"),
        pytest.param("|:GABcde|GABcde|GABcde", ":", False, id="no repeat that overshoots"),
    ],
)
def test_four_bars_as_played(text: str, character: str, allowed: bool) -> None:
    assert allows(JIG + text, character, bars=4) is allowed


WORDS = ["M:6/8\n", "L:1/8\n", "K:G\n", "|:", ":|", "c2", "c/", '"Am"', "[K:D]", "[ce]2", "[1 "]
TOKENS = AbcTokens().with_vocabulary([BOUNDARY_NAME, *ASCII, *WORDS])


@pytest.mark.parametrize(
    ("text", "word", "allowed"),
    [
        pytest.param("", "M:6/8\n", True, id="the meter comes first"),
        pytest.param("", "K:G\n", False, id="no key before the unit"),
        pytest.param(JIG + "GABc", "c2", True, id="a quarter fills the bar"),
        pytest.param(JIG + "GABcd", "c2", False, id="a quarter bursts the bar"),
        pytest.param(JIG + "GABcdc/", "c/", True, id="the second sixteenth of a beat"),
        pytest.param(JIG + "GABcd", "[ce]2", False, id="a chord bursts the bar"),
        pytest.param(JIG + "GABcd", '"Am"', True, id="a chord symbol takes no time"),
        pytest.param(JIG + "GABcde", ":|", True, id="a repeat ends with the bar"),
        pytest.param(JIG + "GABcde|GAB", ":|", False, id="no repeat in mid-bar"),
        pytest.param(JIG + "GABcde|", "[K:D]", False, id="no change of key in mid-tune"),
        pytest.param(JIG + "|:GABcde|", "[1 ", True, id="a first ending"),
    ],
)
def test_what_may_come_next_word_for_word(text: str, word: str, allowed: bool) -> None:
    assert allows(text, word, TOKENS) is allowed


def test_a_key_that_is_one_word_is_asked_for_before_it_is_begun() -> None:
    assert guide("M:6/8\n", TOKENS, key="Ador").forced == ""
    assert guide("M:6/8\nL:1/8\n", TOKENS, key="Ador").forced == "K:Ador\n"
    assert guide("M:6/8\nL:1/8\n", key="Ador").forced == ""


def test_meter_and_key_are_written_as_asked() -> None:
    assert guide("", meter="6/8", key="Ador").forced == "M:6/8\n"
    assert guide("M:6", meter="6/8", key="Ador").forced == "/8\n"
    assert guide("M:6/8\n", meter="6/8", key="Ador").forced == ""
    assert guide("M:6/8\nL:1/8\nK:", meter="6/8", key="Ador").forced == "Ador\n"
    assert guide("M:6/8\nL:1/8\nK:A", meter="6/8", key="Ador").forced == "dor\n"


def test_a_copy_goes_its_own_way() -> None:
    first = guide(JIG + "GAB")
    twin = first.copy()
    twin.take(ENCODING.vocabulary.index("c"))
    assert (first.text, twin.text) == (JIG + "GAB", JIG + "GABc")
    assert first.clock.values != twin.clock.values
