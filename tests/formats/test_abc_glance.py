"""What is seen of tunes at a glance is what the reader reads, whatever stands in them."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nokturn.corpora import _ingest
from nokturn.errors import InputError
from nokturn.formats import _abc_glance
from nokturn.formats._abc_files import decode, split_tunes
from nokturn.formats._abc_glance import Glance, each_glance
from nokturn.formats._abc_reader import each_tune, tune_or_refusal
from nokturn.music.piece import Piece
from nokturn.workflows import check_data
from nokturn.workflows.check_data import check_file

SHARED = Path(__file__).parents[3] / "shared" / "data"
HEAD = "X:1\nT:A tune\nM:6/8\nL:1/8\nK:D\n"
PLAIN = {
    "notes and bars": "|:A2A ABd|e2e efg|agf edB|dBA ABd:|\n",
    "a pickup and endings": "d|B2B cBA|GBd gdB|1 A2B c2:|2 A2G G2||\nd|gfg e2d|B3 A2|]\n",
    "lengths": "A/B/ c3/2d/ e3|A//B//c/ d6/2|A,2 a'3 z|x2 z/ d'/ G2 A|\n",
    "broken rhythm": "A>B c<d e2|A>>B c d e2|\n",
    "a triplet": "(3ABc d e2 z|(3A/B/c/ d3 e2|\n",
    "chords": '[DFA]2 "Em"G2 "^slow"A2|"D" [D2F2] A4|\n',
    "ornaments": "~A2 {ab}c2 !trill!d2|.A.B .cTd ue2|H!fermata!A6|\n",
    "slurs": "(AB)(c d) ef|((AB) (cd) e)f|.(AB.) c4|\n",
    "ties within a bar and over it": "A2-A2 B2-|B2 c2 d2-|d3 A3|\n",
    "signs in a bar": "^G2 G2 =G2|_B2 B2 (^c2|c2) {^g}a2 g2|\n",
    "lines that end in a bar": "A2 B2\nc2|^d2 \\\nd2 e2|A6!\n|B6|\n",
    "other tuplets": "(5ABcde f g|(4ABcd e2 f|(3:2:2A2B e2 f2|\n",
    "bars that are wrong": "A2 B2|c7|d6|\n",
    "no bar line at the end": "A6|B6|c3\n",
    "words and remarks": "A2 B2 c2|\nw: la la | la\n^A2 B2\nN:here\nc2|\n",
    "labels": "P:A\nA6|^B6:|\nP:B\nc6|d6|\n",
    "repeats with colons alone": "A6|B6::c6|d6:|\n",
}
NOT_PLAIN = {
    "a field in the line": "A6|[K:G]B6|\n",
    "a field on a line": "A6|\nM:9/8\nB9|\n",
    "a label within a bar": "A6|A2\nP:B\nB4|\n",
    "a comment": "A6|B6| % here\n",
    "a rest for bars": "A6|Z2|B6|\n",
    "an overlay": "A6&B6|c6|\n",
    "a tie that carries a sign": "^A6-|A6|\n",
    "an ending within a bar": "A3 2 B3|c6|\n",
    "a repeat of nothing": ":|A6|B6|\n",
    "no bar line": "A6[|]B6|\n",
    "what means nothing": "A6|#B6|\n",
    "a length that is none": "A0B6|c6|\n",
    "no notes": "z6|z6|\n",
}
WORDS = [
    "|", "||", "|]", "[|", ":|", "|:", "::", "|1 ", ":|2 ", "[1 ", "1", "2,3", "\n", "\\\n", "!\n",
    "!", "^", "_", "=", "-", ">", "<", "(3", "(3:2:3", "(", ")", "(4", "{ab}", "{^g}", "{", '"Am"',
    '"', '"^text"', "[CE]", "[CEG]2", "[", "]", "[K:G]", "[M:3/4]", "\nK:Em\n", "\nM:2/4\n",
    "\nP:A\n", "\nP:A|\n", "\nw: la | la\n", "\nN:n\n", "\nR:|", "&",
    "% c\n", "\n%%MIDI program 3\n", "Z", "z", "x", "y", "y2", "~",
    "!trill!", "!a b!", "+fermata+", "T", "v", "k", "K", "H", ".", "`", "$", "*", "\\", "\t", " ",
    "A", "b", "c2", "d/", "e3/2", "f,", "g'", "A//", "A0", "A/0", "A99999", "é", "\x00", "\xa0",
    "[|]", ":::", "A-", "A-|A", "^A-|A", "^A-A", "C>>D", "C<D", "3", "/", "#", "[V:2]", "\nV:2\n",
]  # fmt: skip


def rows(seen: Glance | Piece | InputError) -> object:
    """Return all that is told of a tune, and its melody."""
    if isinstance(seen, InputError):
        return str(seen)
    holds = check_data._glance(seen) if isinstance(seen, Piece) else seen
    row = check_data._checked(seen, Path("a.abc"), 1)
    return row, holds.written, holds.wrong, holds.melody.steps.tolist(), holds.melody.pitches.max()


@pytest.mark.parametrize("body", PLAIN.values(), ids=PLAIN)
def test_a_plain_tune_is_seen_as_it_is_read(body: str) -> None:
    (seen,) = each_glance((HEAD + body).encode())
    assert isinstance(seen, Glance)
    assert rows(seen) == rows(tune_or_refusal(HEAD + body, source="<data>"))


@pytest.mark.parametrize("body", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain_is_left_to_the_reader(body: str) -> None:
    (seen,) = each_glance((HEAD + body).encode())
    assert isinstance(seen, Piece)


@pytest.mark.parametrize(
    ("head", "plain"),
    [
        pytest.param("X:1\nT:\nT:Second % a remark\nN:a note\nK:C\n", True, id="titles and notes"),
        pytest.param("X:1\nM:none\nK:\n", True, id="free meter and no key"),
        pytest.param("X:1\nM:C|\nL:1/16\nQ:1/4=90\nK:Bm octave=-1\n", True, id="octave"),
        pytest.param("X:1\nU:T=!upbow!\nK:C\n", False, id="a sign of one's own"),
        pytest.param("X:1\nm:~G3=G{A}G\nK:C\n", False, id="a macro"),
        pytest.param("X:1\nV:1\nK:C\n", False, id="a voice"),
        pytest.param("X:1\nM:7\nK:C\n", False, id="a meter that is none"),
        pytest.param("X:1\n T:Within\nK:C\n", False, id="a title within a line"),
    ],
)
def test_the_header_decides_what_is_plain(head: str, plain: bool) -> None:
    tune = head + "G2 A2 B2|c6|e4 d2|\n"
    (seen,) = each_glance(tune.encode())
    assert isinstance(seen, Glance) is plain
    assert rows(seen) == rows(tune_or_refusal(tune, source="<data>"))


def test_fields_before_the_tunes_hold_for_all() -> None:
    book = b"M:3/4\nL:1/4\n\nX:1\nK:G\nGAB|c3|\n\nX:2\nM:4/4\nK:C\nCDEF|G4|\n"
    first, second = each_glance(book)
    assert isinstance(first, Glance)
    assert isinstance(second, Glance)
    assert (str(first.meter), str(second.meter)) == ("3/4", "4/4")
    assert [first.wrong, second.wrong] == [0, 0]


def mutant(tune: str, chance: random.Random) -> str:
    """Return a tune with something put in, taken out or moved at a few places."""
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        body = max(0, tune.find("K:")) if chance.random() > 0.15 else 0
        at, what = chance.randrange(body, len(tune) + 1), chance.random()
        if what < 0.5:
            tune = tune[:at] + chance.choice(WORDS) + tune[at:]
        elif what < 0.8:
            tune = tune[:at] + tune[at + chance.randrange(1, 4) :]
        else:
            start = chance.randrange(len(tune))
            tune = tune[:at] + tune[start : start + chance.randrange(1, 12)] + tune[at:]
    return tune


@pytest.mark.parametrize("seed", range(4))
def test_damaged_tunes_are_seen_as_they_are_read(seed: int) -> None:
    chance = random.Random(seed)
    whole = [HEAD + "".join(chance.sample(list(PLAIN.values()), 3)) for _ in range(40)]
    plain = 0
    for _ in range(20):
        some = [mutant(chance.choice(whole), chance) for _ in range(64)]
        for tune, seen in zip(some, _abc_glance._glances(some, ()), strict=True):
            if seen:
                plain += 1
                assert rows(seen) == rows(tune_or_refusal(tune)), tune
    assert plain > 300


def test_what_is_known_may_be_forgotten_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tunes = [HEAD + body for body in PLAIN.values()] * 3
    expected = [rows(tune_or_refusal(tune)) for tune in tunes]
    for name, most in (("MOST_WORDS", 40), ("MOST_TOPS", 50), ("MOST_TEXTS", 20), ("MOST_KEYS", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(_abc_glance, name, most)
            patch.setattr(_abc_glance, "_words", _abc_glance._Words())
            _abc_glance._head.cache_clear()
            for tune, told in zip(tunes, expected, strict=True):
                (seen,) = _abc_glance._glances([tune], ())
                assert seen is None or rows(seen) == told
        _abc_glance._head.cache_clear()


def test_many_may_look_at_once() -> None:
    tunes = [f"X:1\nL:1/{unit}\nK:{key}\n{''.join(PLAIN.values())}" for unit in (4, 8, 16)
             for key in ("C", "D", "Eb", "F#m")]  # fmt: skip
    expected = [rows(tune_or_refusal(tune)) for tune in tunes]
    with ThreadPoolExecutor(4) as crew:
        found = list(crew.map(lambda tune: _abc_glance._glances([tune], ())[0], tunes * 8))
    assert [rows(seen) for seen in found if seen] == expected * 8


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize("book", ["nottingham_abc/train.abc", "irish_abc/irish.abc"])
def test_books_are_seen_as_they_are_read(book: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = SHARED / book
    seen = list(each_glance(path.read_bytes()))
    assert len(seen) == len(split_tunes(decode(path.read_bytes())))
    assert sum(isinstance(one, Glance) for one in seen) > 0.85 * len(seen)
    quick = check_file(path)
    monkeypatch.setattr(_ingest._abc_glance, "each_glance", each_tune)
    assert quick == check_file(path)
