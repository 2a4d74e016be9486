"""Symbols of ABC: whole notes and bar lines, nothing lost, characters where a symbol is rare."""

import pytest

from nokturn.encodings._abc_learned import learned_text
from nokturn.encodings.abc_text import AbcText
from nokturn.encodings.abc_tokens import AbcTokens
from nokturn.encodings.base import restore
from nokturn.formats import _abc_reader
from nokturn.music.transposition import transpose

JIG = """X:1
M:6/8
L:1/8
K:G
D|:"G"GAB cde|d>BG "D7"^A3|{g}[GBd]2z (3abc|1"G"G3 G2D:|2 x2 G4|]
"""
SONATA = """X:2
M:C|
L:1/8
K:Eb
V:1
V:2
[V:1] [K:Cm]c'3/2=B/4_d//-d// z4|]
[V:2] Z|]
"""


@pytest.fixture(scope="module")
def jig():
    return _abc_reader.read_tune(JIG)


@pytest.fixture(scope="module")
def encoding(jig):
    return AbcTokens(least=1).fit([jig])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M:6/8\nL:1/8\nK:G\n", ["M:6/8\n", "L:1/8\n", "K:G\n"]),
        ("^c'3/2 =B,,/", ["^c'3/2", "=B,,/"]),
        ("A-A", ["A-", "A"]),
        ("|:G::A|]", ["|:", "G", "::", "A", "|]"]),
        ('"Gm7/D"G', ['"Gm7/D"', "G"]),
        ("[CEG]2z", ["[CEG]2", "z"]),
        ("(3abc (B", ["(3", "a", "b", "c", "(", "B"]),
        ("G>A", ["G", ">", "A"]),
        ("[1 x4|", ["[1 ", "x4", "|"]),
        ("[K:Dm][M:3/4]A", ["[K:Dm]", "[M:3/4]", "A"]),
        ("K:C\nd:|\n", ["K:C\n", "d", ":|", "\n"]),
        ("~G!trill!A{ga}B", ["~", "G", "!trill!", "A", "{ga}", "B"]),
    ],
)
def test_a_symbol_is_what_a_musician_sees(text, expected):
    assert list(AbcTokens().words(text)) == expected


def test_lengths_can_stand_alone():
    words = list(AbcTokens(lengths=False).words("^c'3/2-c' z4"))
    assert words == ["^c'", "3/2", "-", "c'", "z", "4"]


@pytest.mark.parametrize("settings", [{}, {"lengths": False}, {"spaces": True}], ids=str)
@pytest.mark.parametrize("semitones", [0, 5, -3], ids="{:+}-semitones".format)
@pytest.mark.parametrize("text", [JIG, SONATA], ids=["jig", "two voices"])
def test_the_text_comes_back(text, settings, semitones):
    piece = _abc_reader.read_tune(text)
    encoding = AbcTokens(**settings).fit([piece])
    before = learned_text(transpose(piece.sheet, semitones))
    ids, replaced = encoding.encode_text(before)
    assert not replaced
    assert learned_text(encoding.decode(ids).sheet) == before


def test_every_key_has_its_symbols(jig, encoding):
    for semitones in range(-5, 7):
        text = learned_text(transpose(jig.sheet, semitones))
        assert set(encoding.words(text)) <= set(encoding.vocabulary)


def test_what_was_never_met_is_written_in_characters(encoding):
    ids, replaced = encoding.encode_text("K:G\n__g''7/16|")
    assert [encoding.vocabulary[k] for k in ids] == ["K:G\n", *"__g''7/16", "|"]
    assert not replaced


def test_rare_symbols_are_left_to_characters(jig):
    rare = AbcTokens(least=3).fit([jig])
    assert '"D7"' not in rare.vocabulary
    assert set("\n |ABCabc") <= set(rare.vocabulary)


def test_likelihoods_are_comparable_with_those_of_characters(jig, encoding):
    text = AbcText().fit([jig])
    there = text.encode(jig)
    here = encoding.encode(jig)
    assert len(here) < len(there)
    assert encoding.characters(jig, here) == text.characters(jig, there) == len(text.text(jig))


def test_the_clock_tells_the_same_time_at_a_bar_line(jig, encoding):
    text = AbcText().fit([jig])
    bars = {}
    for each in (text, encoding):
        ids = each.encode(jig)
        rows = each.channels_of(ids, bars=8)
        names = [each.vocabulary[k] for k in ids]
        bars[each.name()] = [rows[k + 1][3:8:4].tolist() for k, n in enumerate(names) if n == "|"]
        assert each.known_hints(ids) == {"bars": 8}
    assert bars["abc_tokens"] == [bars["abc_text"][k] for k in (0, 2, 3, 4)]  # |: and |] are one


def test_plain_learns_every_character(jig):
    jig.text = JIG
    plain = AbcTokens(plain=True, least=1).fit([jig])
    assert plain.decode_text(plain.encode(jig)) == JIG


def test_restored_from_what_is_stored(encoding, jig):
    again = restore("abc_tokens", encoding.model_dump(mode="json"), encoding.vocabulary)
    assert again.encode(jig).tolist() == encoding.encode(jig).tolist()
