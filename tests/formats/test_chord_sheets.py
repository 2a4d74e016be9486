"""Chord sheets: tables and text of chord symbols, read, sounding, written, and distrusted."""

from pathlib import Path

import pytest

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.formats import base
from nokturn.formats.chord_sheets import ChordSheets
from nokturn.music.chord_finding import chords_of

SET = Path(__file__).parents[3] / "shared" / "data" / "jazz_chords"
CADENCE = b"1;1;2;4\n1.0;3.0;1.0;1.0\nDm7;G7;C^7;C^\n"


def read(text):
    (piece,) = base.loads(text, source="tune.csv")
    found = chords_of(piece)
    return piece, [(str(c.harmony), c.duration / 480) for c in found]


def test_a_table_is_chords_in_bars():
    piece, found = read(CADENCE)
    # the bar without a chord holds the one before it; C^ is the plain triad
    assert found == [("Dm7", 2), ("G7", 2), ("Cmaj7", 8), ("C", 4)]
    assert (piece.title, str(piece.sheet.meter), str(piece.sheet.key)) == ("tune", "4/4", "C")
    assert piece.score.note_count > 12


@pytest.mark.parametrize(
    ("text", "meter", "bars"),
    [
        (b"1;1;2\n1;2.5;1\nC;G7;C\n", "3/4", 2),
        (b"1;1;1;2\n1;2;3;1\nC;Am;G7;C\n", "3/4", 2),
        (b"1;1;2\n1.0;3.0;1.0\nC;G7;C\n", "4/4", 2),
        (b"1;1;2\n1.0;5.0;1.0\nC;G7;C\n", "4/4", 3),
        (b"1;2\n1;1\nC;\n", "4/4", 1),
    ],
    ids=["waltz in halves", "waltz in beats", "common time", "two bars in one", "nothing new"],
)
def test_the_meter_follows_from_the_beats(text, meter, bars):
    sheet = read(text)[0].sheet
    assert str(sheet.meter) == meter
    assert len(sheet.bars) == bars
    assert {bar.length for bar in sheet.bars} == {sheet.meter.bar_ticks}


def test_plain_text_is_read_too():
    _, found = read(b"Dm7 G7 | Cmaj7 | %\nF Fm6 C/G | C6/9 |\n")
    assert found == [
        ("Dm7", 2), ("G7", 2), ("Cmaj7", 4), ("Cmaj7", 4),
        ("F", 2), ("Fm6", 1), ("C/G", 1), ("C6/9", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [b"hello | world", b"C D E F", b"a,b,c\n1,2,3\n", b"123"])
def test_other_text_is_no_chord_sheet(text):
    assert not ChordSheets.recognises(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1;1\n1;3\n", "three rows, bars, beats, chords; this has 2"),
        (b"1;1\n1;3\nC;G7;C\n", "line 3: this row has 3 chords, expected 2"),
        (b"1;1\n1;3\nC;Hello\n", "line 3, column 3: 'Hello' is no chord symbol"),
        (b"1;x\n1;3\nC;G\n", "line 1, column 3: 'x' is no bar"),
        (b"1;9999\n1;3\nC;G\n", "line 1, column 3: '9999' is no bar"),
        (b"1;1\n1;nan\nC;G\n", "line 2, column 3: 'nan' is no beat"),
        (b"1;1\n1;1e9\nC;G\n", "line 2, column 3: '1e9' is no beat"),
        (b"1;1\n3;1\nC;G\n", "expected a later place"),
        (b"1;1\n1;3\n;\n", "there is no chord in it"),
        (b"1;1\n1;3\nC;\xff\n", "no text in UTF-8"),
    ],
)
def test_damaged_tables_are_refused_with_the_place(text, message):
    with pytest.raises(InputError, match=message):
        ChordSheets.loads(text, source="tune.csv")


def test_too_many_chords_are_refused():
    row = b";".join([b"1"] * 20_001)
    with pytest.raises(LimitError, match="20,000 chords"):
        ChordSheets.loads(b"\n".join([row, row, row]))
    with pytest.raises(LimitError, match="20,000 chords"):
        ChordSheets.loads(b"C G Am F |" + b" % |" * 6000)
    with pytest.raises(LimitError, match="1,000,000 bytes"):
        ChordSheets.loads(b"C | " * 300_000)


def test_a_row_longer_than_the_first_look_is_still_a_table():
    bars = b";".join(b"%d" % k for k in range(1, 1201))
    data = b"\n".join([bars, b";".join([b"1"] * 1200), b";".join([b"C7"] * 1200)])
    assert len(base.loads(data)[0].sheet.bars) == 1200


def test_what_is_written_is_read_again():
    piece, found = read(CADENCE)
    assert ChordSheets.dumps(piece) == b"1;1;2;4\n1;3;1;1\nDm7;G7;Cmaj7;C\n"
    assert read(ChordSheets.dumps(piece))[1] == found


def test_one_piece_a_file():
    piece, _ = read(CADENCE)
    with pytest.raises(UsageError, match="one piece, not 2"):
        ChordSheets.dumps([piece, piece])


@pytest.mark.skipif(not SET.is_dir(), reason="needs the published set")
def test_the_published_set_is_read_to_the_last_chord():
    files = sorted(SET.glob("*.csv"))[::40]
    for file in files:
        third = file.read_text(encoding="utf-8").split("\n")[2]
        piece = base.load(file)[0]
        written = [c for c in chords_of(piece) if c.harmony]
        assert len(written) == len([cell for cell in third.split(";") if cell.strip()])
