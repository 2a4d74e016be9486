"""What each sign of ABC means, as notes: (onset, duration, pitch), in eighths and MIDI numbers."""

from __future__ import annotations

import contextlib
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nokturn.errors import InputError, LimitError
from nokturn.formats._abc_files import decode, split_tunes
from nokturn.formats._abc_known import LONGEST, MOST, Texts
from nokturn.formats._abc_music import MusicReader
from nokturn.formats._abc_reader import read_tune, read_tunes
from nokturn.formats.abc import Abc
from nokturn.music.perform import perform
from nokturn.music.piece import Piece
from nokturn.music.sheet import Event

HEAD = "X:1\nT:t\nM:{m}\nL:1/8\nK:{k}\n"


def tune(body: str, key: str = "C", meter: str = "none") -> Piece:
    return read_tune(HEAD.format(k=key, m=meter) + body + "\n")


def pitches(piece: Piece) -> list[int]:
    return [int(n["pitch"]) for track in perform(piece.sheet).tracks for n in track.notes]


def lengths(piece: Piece) -> list[Fraction]:
    events = [e for bar in piece.sheet.bars for e in bar.voices[0]]
    return [Fraction(e.duration) / 240 for e in events]


@pytest.mark.parametrize(
    ("key", "body", "expected"),
    [
        pytest.param("C", "C c c' C, C,,", [60, 72, 84, 48, 36], id="octaves"),
        pytest.param("D", "FcC", [66, 73, 61], id="D major sharpens f and c"),
        pytest.param("Ador", "Ff", [66, 78], id="A dorian has one sharp"),
        pytest.param("Bb", "BEA", [70, 63, 69], id="B flat major"),
        pytest.param("HP", "fcg", [78, 73, 79], id="highland pipes"),
        pytest.param("D Phr ^f", "FBE", [66, 70, 63], id="mode with an explicit accidental"),
        pytest.param("none", "Ff", [65, 77], id="no key"),
        pytest.param("C", "^F F|F", [66, 66, 65], id="an accidental lasts to the bar line"),
        pytest.param("D", "=F F|F", [65, 65, 66], id="a natural lasts to the bar line"),
        pytest.param("C", "^^F __B", [67, 69], id="double accidentals"),
        pytest.param("C", "^F-|F F", [66, 65], id="a tie carries an accidental over the bar line"),
        pytest.param("C", "F[K:D]F", [65, 66], id="key change within the line"),
        pytest.param("C", "F\nK:D\nF", [65, 66], id="key change between lines"),
    ],
)
def test_pitches(key: str, body: str, expected: list[int]) -> None:
    assert pitches(tune(body, key)) == expected


@pytest.mark.parametrize(
    ("body", "meter", "expected"),
    [
        pytest.param("A A2 A/2 A/ A// A3/2", "none", "1 2 1/2 1/2 1/4 3/2", id="lengths"),
        pytest.param("A>B c<d", "none", "3/2 1/2 1/2 3/2", id="broken rhythm"),
        pytest.param("A>>B", "none", "7/4 1/4", id="double broken rhythm"),
        pytest.param("(3ABc", "4/4", "2/3 2/3 2/3", id="triplet"),
        pytest.param("(2AB", "6/8", "3/2 3/2", id="duplet"),
        pytest.param("(4ABcd", "6/8", "3/4 3/4 3/4 3/4", id="quadruplet"),
        pytest.param("(5ABcde", "4/4", "2/5 2/5 2/5 2/5 2/5", id="quintuplet in simple meter"),
        pytest.param("(5ABcde", "6/8", "3/5 3/5 3/5 3/5 3/5", id="quintuplet in compound meter"),
        pytest.param("(3:2:2A2B", "4/4", "4/3 2/3", id="triplet of two notes"),
        pytest.param("(3::2A2B", "4/4", "4/3 2/3", id="q left out"),
        pytest.param("z2 x y A", "none", "2 1 1", id="rests, and a spacer that lasts nothing"),
        pytest.param("Z2", "3/4", "6 6", id="rest of two bars"),
        pytest.param("[CEG]2", "none", "2", id="length after a chord"),
        pytest.param("[C2E2G2]", "none", "2", id="length within a chord"),
        pytest.param("A[L:1/4]A", "none", "1 2", id="unit length changes within the line"),
    ],
)
def test_lengths(body: str, meter: str, expected: str) -> None:
    assert lengths(tune(body, meter=meter)) == [Fraction(n) for n in expected.split()]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("|:C|D:|E|", "CDCDE", id="repeat"),
        pytest.param("C|D:|E|", "CDCDE", id="repeat from the beginning"),
        pytest.param("|:C|1D:|2E|]", "CDCE", id="two endings"),
        pytest.param("|:C|[1,3D:|[2E:|[4F|]", "CDCECDCF", id="endings 1,3 2 and 4"),
        pytest.param("C:|D::E:|", "CCDDEE", id="end and begin at once"),
        pytest.param("C:|D||E|F:|", "CCDEFEF", id="back to the double bar line"),
        pytest.param("|:C|D||E|F:|", "CDEFCDEF", id="but not past a repeat sign for it"),
        pytest.param("C-|C|", "C", id="tie"),
        pytest.param("!D.C.!C|", "CC", id="da capo"),
    ],
)
def test_the_order_in_which_bars_are_played(body: str, expected: str) -> None:
    names = {60: "C", 62: "D", 64: "E", 65: "F"}
    assert "".join(names[p] for p in pitches(tune(body))) == expected


def test_part_order() -> None:
    text = "X:1\nP:(AB)2A\nM:none\nK:C\nP:A\nC|\nP:B\nD|\n"
    assert pitches(read_tune(text)) == [60, 62, 60, 62, 60]


def test_signs_on_a_note() -> None:
    piece = tune('"Gm7""^slow"!trill!{AB}(c d)\nw:la lu')
    first, second = piece.sheet.bars[0].voices[0]
    assert (first.chord, first.texts, first.decorations) == ("Gm7", ("^slow",), ("trill",))
    assert [grace.pitches[0].midi for grace in first.graces] == [69, 71]
    assert (first.slurs, second.slurs) == ((1, 0), (0, 1))
    assert (first.lyrics, second.lyrics) == (("la",), ("lu",))


def test_voices_and_overlays_sound_together() -> None:
    piece = read_tune("X:1\nM:4/4\nL:1/4\nK:C\nV:1\ncdef|\nV:2\nC4|\n")
    assert len(piece.sheet.voices) == 2
    assert len(pitches(piece)) == 5
    assert sorted(pitches(tune("c4&C4|"))) == [60, 72]


@pytest.mark.parametrize(
    "body",
    ["CD!\nEF!", "CD\\\nEF", "CD % words\nEF", "CD\n% words\nEF", "C D\nr:remark\nE[r:x]F"],
    ids=["old line-end !", "continued line", "comment", "comment line", "remarks"],
)
def test_what_stands_around_the_notes_is_no_note(body: str) -> None:
    assert pitches(tune(body)) == [60, 62, 64, 65]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("Fáinne", "Fáinne".encode()),
        ("Fáinne", b"\xef\xbb\xbf" + "Fáinne".encode()),
        ("Fáinne", "Fáinne".encode("latin-1")),
        ("Fáinne", "Fáinne".encode("utf-16")),
        ("a\nb\nc", b"a\r\nb\rc"),
    ],
    ids=["UTF-8", "UTF-8 with mark", "Latin-1", "UTF-16", "line ends"],
)
def test_character_sets_and_line_ends(text: str, data: bytes) -> None:
    assert decode(data) == text


def test_a_bad_tune_does_not_take_the_others_with_it() -> None:
    pieces, errors = read_tunes(b"X:1\nK:C\nC|\n\nX:2\nT:no key\n\nX:3\nK:C\nD|\n", source="f.abc")
    assert len(pieces) == 2
    assert str(errors[0]).startswith("f.abc, line 5: the tune has no key.")
    assert any("left out" in words for words in Abc.loads(b"X:1\nK:C\nC|\n\nX:2\n")[0].repairs)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("A0", r"line 6, column 1: .*nothing lasts 0"),
        ("AB#c", r"line 6, column 3: '#' means nothing here"),
        ("C'''''''''", r"column 1: .*more octaves away"),
        ("A//4", r"two slashes and a number"),
        ("A><B", r"longer and shorter at once"),
        ("A| 1 B:|", r"a space stands between bar line and ending"),
        ("(1A", r"not a tuplet of 2 to 99"),
        ('"Gm A', r"no closing quotation mark"),
    ],
)
def test_strict_refuses_what_lenient_mends_and_tells(body: str, message: str) -> None:
    text = HEAD.format(k="C", m="none") + body + "\n"
    assert read_tune(text).sheet.bars
    with pytest.raises(InputError, match=message):
        read_tune(text, strict=True)


def test_strict_refuses_a_bar_that_does_not_add_up() -> None:
    with pytest.raises(InputError, match=r"line 6: bar 2 holds 7/8 but the meter is 6/8\."):
        read_tune(HEAD.format(k="G", m="6/8") + "GAB cde|GABc def|g6|\n", strict=True)


@pytest.mark.parametrize(
    "body", ["Z9999", "|".join(["C"] * 21_000), "C" * 100_001], ids=["rests", "bars", "notes"]
)
def test_limits(body: str) -> None:
    with pytest.raises(LimitError, match=r"limit|more than"):
        tune(body)


def test_no_other_file_is_opened() -> None:
    piece = tune("%%abc-include /etc/passwd\nI:abc-include /etc/passwd\nC")
    assert pitches(piece) == [60]


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param("c-|c", id="tie"),
        pytest.param("c>d", id="broken rhythm"),
        pytest.param("(3cde", id="triplet"),
        pytest.param("(cd)", id="slur"),
        pytest.param("!trill!c", id="decoration"),
        pytest.param('"Am"c', id="chord symbol"),
        pytest.param("{g}c", id="grace note"),
        pytest.param("^c d", id="accidental"),
        pytest.param("d c|\nw: la la", id="lyrics"),
    ],
)
def test_a_sign_on_a_note_leaves_its_equals_elsewhere_as_they_were(sign: str) -> None:
    before, after = (tune(body).sheet.bars for body in ("c d e|", f"c d e|\n{sign}|\nc d e|"))
    assert after[0].voices == after[-1].voices == before[0].voices


SIGNS = st.text(alphabet="ABCcdz^_=,'/2345|:[]()<>-{}\"!&\\%~.\n KMLVPQwZ1", max_size=300)


@given(SIGNS, st.booleans())
@settings(max_examples=300)
def test_nothing_but_an_input_error_escapes(body: str, strict: bool) -> None:
    start = time.process_time()
    with contextlib.suppress(InputError):
        read_tune(HEAD.format(k="C", m="4/4") + body, strict=strict)
    assert time.process_time() - start < 5


WORDS = [
    "A", "c'", "B,,", "d2", "e/", "f3/2", " ", "^c", "_B", "=f", "g-", ">", "(3", '"G"', "|", "z",
    "[ce]", "{g}", "-", "A//4", "c" + "'" * 9, "[L:1/4]", "[K:D]", "(", ")", "&", ".", "!", "1",
    "\nw: la", "A" * 90, ":", "::", "|:", ":|", ".|", "[|]", "|1", "(3:2:2", '"a|b', '"', "{a|b}",
    "[", "T",
    "!trill!", "Z2", "x", "~", "\nU:T=!fermata!\n", "\nV:2\n", "\nM:9/8\n", "\\", "`", "y", "+", "",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS)))
@settings(max_examples=300)
def test_bars_read_at_once_are_what_they_are_word_by_word(words: list[str]) -> None:
    body = "".join(words) + "|"
    at_once, from_memory = tune(body), tune(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MusicReader, "_measures", lambda reader, line, place: place)
        word_by_word = tune(body)
    for each in (at_once, from_memory):
        assert each.sheet == word_by_word.sheet
        assert each.repairs == word_by_word.repairs


@pytest.mark.parametrize(
    ("before", "bar", "same_after"),
    [
        pytest.param("", '"D"A>B {c}d2 (3efg', True, id="chord, dots, grace note, triplet"),
        pytest.param("", "^F2 F2 =F2", True, id="accidentals hold to the bar line"),
        pytest.param("(A2", "B2)", True, id="the end of a slur"),
        pytest.param("^F2-|", "F2 A2", False, id="a tie from the bar before"),
        pytest.param("(A2|", ")B2", True, id="a slur that ends in the bar before"),
        pytest.param("(3AB|", "cd2", False, id="a triplet over the bar line"),
        pytest.param('"G"|', "B2 c2", False, id="a chord symbol over the bar line"),
        pytest.param("\nU:T=!fermata!\n", "TB2", False, id="a sign of one's own"),
    ],
)
def test_a_bar_means_what_it_says_where_it_stands(before: str, bar: str, same_after: bool) -> None:
    def last(piece: Piece) -> list[Event]:
        return piece.sheet.bars[-1].voices[0]

    there, alone = tune(f"{before}{bar}|"), tune(f"{bar}|")
    assert (last(there)[-len(last(alone)) :] == last(alone)) == same_after
    assert tune(f"{before}{bar}|").sheet == there.sheet
    assert tune(f"{bar}|").sheet == alone.sheet


def test_what_is_kept_of_bars_has_a_bound() -> None:
    known = Texts()
    for number in range(3 * MOST):
        known.keep(f"A{number}", (Event(240),))
    known.keep("A" * 10_000, (Event(240),))
    assert 0 < len(known) <= MOST
    assert max(map(len, known)) <= LONGEST


@given(st.lists(st.sampled_from(["X:1\n", "K:D\n", "T:X:\n", "ab|\n", "\n", " \n", "%X:\r\n"])))
@settings(max_examples=200)
def test_the_parts_of_a_book_are_the_book(lines: list[str]) -> None:
    text = "".join(lines)
    whole = split_tunes(text)
    for of in (1, 2, 5):
        assert [tune for part in range(of) for tune in split_tunes(text, part, of)] == whole
    for line, tune in whole:
        assert (
            text.replace("\r", "").split("\n")[line - 1 :][: tune.count("\n")]
            == tune.split("\n")[:-1]
        )


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(InputError):
        Abc.loads(b"X:1\nK:C\n" + data)
