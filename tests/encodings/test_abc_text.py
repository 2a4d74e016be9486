"""ABC text: exact both ways, controls first, unknown characters reported, the clock beside it."""

import pytest

from nokturn.corpora._variants import shifts
from nokturn.corpora.base import build_store
from nokturn.corpora.folder import Folder
from nokturn.encodings._abc_learned import learned_text
from nokturn.encodings.abc_text import AbcText
from nokturn.encodings.base import restore
from nokturn.errors import InputError
from nokturn.formats import _abc_reader
from nokturn.music.transposition import transpose

JIG = """X:1
T:The Test Jig
C:Nobody
M:6/8
L:1/8
Q:3/8=110
K:G
D|:"G"GAB cde|dBG "D7"^A3|1"G"G3 G2D:|2"G"G3 G3|]
w:la la
"""
REEL = "X:2\nT:Reel\nM:4/4\nL:1/8\nK:Ador\n|:eA A2 BAGB|A2 cA e2 dc|eA A2 BAGB|A4 A4:|\n"


@pytest.fixture(scope="module")
def jig():
    piece = _abc_reader.read_tune(JIG)
    piece.text = JIG
    return piece


@pytest.fixture(scope="module")
def encoding(jig):
    return AbcText().fit([jig, _abc_reader.read_tune(REEL)])


def test_controls_stand_first_and_words_are_left_out(jig):
    text = learned_text(jig.sheet)
    assert text.startswith("M:6/8\nL:1/8\nK:G\n")
    for word in ("Test", "Nobody", "Q:", "w:", "la la", "X:"):
        assert word not in text


@pytest.mark.parametrize("semitones", [0, 1, -2, 6], ids="{:+}-semitones".format)
def test_exact_both_ways(jig, encoding, semitones):
    sheet = transpose(jig.sheet, semitones)
    text = learned_text(sheet)
    ids, replaced = encoding.encode_text(text)
    assert not replaced
    assert encoding.decode_text(ids) == text
    assert learned_text(encoding.decode(ids).sheet) == text


def test_chord_symbols_can_be_left_out(jig):
    assert '"D7"' in AbcText().text(jig)
    assert '"' not in AbcText(chords=False).text(jig)


def test_plain_learns_the_text_as_it_stands(jig):
    plain = AbcText(plain=True).fit([jig])
    assert plain.decode_text(plain.encode(jig)) == JIG
    assert plain.decode(plain.encode(jig)).title == "The Test Jig"


def test_plain_needs_a_text():
    piece = _abc_reader.read_tune(REEL)
    piece.text = ""
    with pytest.raises(InputError, match="not read from ABC"):
        AbcText(plain=True).text(piece)


def test_unknown_characters_become_their_like_and_are_reported(encoding):
    ids, replaced = encoding.encode_text("M:6/8\nK:C\nc\xa0é☃")
    assert replaced == {"\xa0": " ", "é": "e", "☃": ""}
    assert encoding.decode_text(ids) == "M:6/8\nK:C\nc e"


def test_bars_are_known_as_played(jig, encoding):
    assert encoding.known_hints(encoding.encode(jig)) == {"bars": 6}


def test_channels_begin_with_the_boundary_and_show_the_hint(jig, encoding):
    ids = encoding.encode(jig)
    names = list(encoding.channels)
    hidden, given = encoding.channels_of(ids), encoding.channels_of(ids, bars=6)
    assert hidden.shape == (len(ids) + 1, len(names))
    assert not hidden[:, names.index("bars")].any()
    assert given[0, names.index("bars")] == 7


def test_restored_from_what_is_stored(encoding, jig):
    again = restore("abc_text", encoding.model_dump(mode="json"), encoding.vocabulary)
    assert again.encode(jig).tolist() == encoding.encode(jig).tolist()


def test_from_files_to_tokens(tmp_path):
    music = tmp_path / "tunes"
    music.mkdir()
    (music / "one.abc").write_text(JIG + "\n" + REEL, encoding="utf-8")
    (music / "two.abc").write_text(REEL.replace("Ador", "Ador % again"), encoding="utf-8")
    (music / "bad.mid").write_bytes(b"no music")
    corpus = Folder(paths=(music,)).load()
    assert (corpus.report.pieces, corpus.report.duplicates) == (3, 1)
    assert corpus.report.count("rejected") == 1
    store = build_store(corpus, AbcText(), tmp_path / "store", transpositions=4, valid=0.5)
    assert sorted(store.pieces["valid"].tolist()) == [False, True]
    assert [len(v) for v in store.variants()] in ([5, 1], [1, 5])
    assert store.hints == ["bars"]
    assert shifts(4) == [1, -1, 2, -2]


def test_nothing_usable_is_an_error_with_reasons(tmp_path):
    (tmp_path / "bad.abc").write_text("no music", encoding="utf-8")
    with pytest.raises(InputError, match="No piece could be read from 1 files"):
        Folder(paths=(tmp_path,)).load()
