"""MusicXML: what is written comes back, adds up, and nothing hostile gets in."""

import contextlib
import io
import zipfile
from collections import Counter
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.formats import _musicxml_package as package
from nokturn.formats.abc import Abc
from nokturn.formats.musicxml import MusicXml
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Bar, Event, Grace, Sheet, Tuplet, Voice
from nokturn.music.time import FREE_METER, Meter, Tempo

LIEDER = Path(__file__).resolve().parents[3] / "shared/data/openscore_lieder"
C, D, E, F, G, A, B = (Pitch(step, 0, 4) for step in range(7))

TUNES = {
    "jig with pickup, repeats and endings": (
        'X:1\nT:The Jig & <more>\nC:Trad.\nR:jig\nM:6/8\nL:1/8\nQ:"Lively" 3/8=110\nK:G\n'
        'D|:"G"GAG GAB|"D7/F#"~A2A {g}ABd|1 BAF G2D:|2 BAF G3||\nP:B\n|:B2B d2d|edB G3:|'
    ),
    "triplets, quintuplet and graces": (
        "X:1\nT:t\nM:4/4\nL:1/8\nK:Dm\n(3ABc (3d2c2B2 {/g}f2|(5ABcde {ag}f2 Tg2 .a.g|]"
    ),
    "decorations": (
        "X:1\nT:t\nM:4/4\nL:1/8\nK:C\n!p!A2 !<(!B2 !<)!c2 !fermata!d2|!segno!uAvB !coda!MA2PA2 "
        "LA2|!D.C.!!tenuto!A8|]"
    ),
    "slurs, ties and chords": ("X:1\nT:t\nM:3/4\nL:1/4\nK:A\n(A (B) c)|[A-c-e]2 [Ac]|(A2 B|c3)|]"),
    "equal notes, one of them tied": "X:1\nT:t\nM:2/4\nL:1/4\nK:C\nA A|A- A|A A|(A A)|A A|]",
    "two verses": (
        "X:1\nT:t\nM:3/4\nL:1/4\nK:Eb\nE F G|A2 B|c3|]\nw:When I was fool-ish then\n"
        "w:Now am_ old and wise"
    ),
    "chord symbols": (
        'X:1\nT:t\nM:4/4\nL:1/4\nK:C\n"Bbmaj7"A "F#m7b5"B "N.C."c "C6/E"d|'
        '"^pizz."A "_dolce"B "x"c2|]'
    ),
    "meters and keys that change": (
        "X:1\nT:t\nM:7/8\nL:1/8\nK:Ador\nABc de fg|[M:C]A4 B4|[M:C|][K:Eb]E8|[M:(3+2)/8]ABc de|]"
    ),
    "rests": "X:1\nT:t\nM:4/4\nL:1/4\nK:C\nz4|Z|x2 A2|A z B x|]",
    "two voices": (
        "X:1\nT:t\nM:4/4\nL:1/4\nK:D\n%%score (1 2)\nV:1 clef=treble\nV:2 clef=treble\n"
        "[V:1]f e d c|d4|]\n[V:2]A ^G A G|F4|]"
    ),
}


def _back(piece: Piece) -> Sheet:
    return MusicXml.loads(MusicXml.dumps(piece), strict=True)[0].sheet


@pytest.mark.parametrize("text", TUNES.values(), ids=TUNES)
def test_what_is_written_is_read_back(text: str) -> None:
    sheet = Abc.loads(text.encode())[0].sheet
    for bar in sheet.bars[-1:]:  # a line end after the last bar has no sign
        bar.break_after = False
    again = _back(Piece(sheet))
    assert again.bars == sheet.bars
    assert (again.title, again.composer, again.fields) == (
        sheet.title,
        sheet.composer,
        sheet.fields,
    )


def test_a_piano_keeps_staves_and_voices() -> None:
    voices = [
        Voice("Voice", 0, 0, "treble"),
        Voice("Piano", 1, 0, "treble", short_name="Pno."),
        Voice("Piano", 1, 0, "treble", short_name="Pno."),
        Voice("Piano", 1, 1, "bass", 0, short_name="Pno."),
    ]
    lines = [[Event(1920, (E,))], [Event(960, (G,)), Event(960, (A,))], [], [Event(1920, (C,))]]
    second = [[Event(1920, whole_bar=True)], [Event(1920, (C, E, G))], [Event(1920, (D,))], []]
    sheet = Sheet(
        [Bar(lines, Meter(4), {0: Key()}, {0: Tempo(60, text="Slow")}), Bar(second, line="final")],
        voices,
        "Song",
    )
    sheet.bars[1].voices[0] = [Event(1920, whole_bar=True)]
    again = _back(Piece(sheet))
    assert again.bars == sheet.bars
    assert [(v.part, v.staff, v.clef) for v in again.voices] == [
        (v.part, v.staff, v.clef) for v in voices
    ]


@pytest.mark.parametrize(
    ("meter", "key"),
    [
        (Meter(2, 2, "C|"), Key.parse("F#m")),
        (Meter(7, 8, groups=(3, 2, 2)), Key.parse("Bbmix")),
        (Meter(12, 8), Key.parse("Gb")),
        (Meter(3, 1), Key(mode="none")),
    ],
    ids=["cut time, F sharp minor", "3+2+2, B flat mixolydian", "12/8, six flats", "no key"],
)
def test_meter_and_key_come_back(meter: Meter, key: Key) -> None:
    bar = Bar([[Event(meter.bar_ticks, (C,))]], meter, {0: key})
    again = _back(Piece(Sheet([bar])))
    assert (again.meter, again.key) == (meter, key)


def test_free_meter_and_a_key_of_its_own_accidentals() -> None:
    key = Key(1, 0, "phrygian", ((3, 1),))
    bar = Bar([[Event(1680, (D,))]], FREE_METER, {0: key})
    again = _back(Piece(Sheet([bar])))
    assert again.meter.free
    assert again.key.alters == key.alters


@pytest.mark.parametrize(
    ("ticks", "signs"),
    [
        (600, [("quarter", 0, None), ("16th", 0, None)]),
        (1200, [("half", 0, None), ("eighth", 0, None)]),
        (840, [("quarter", 2, None)]),
        (160, [("eighth", 0, ("3", "2"))]),
        (Fraction(1920, 7), [("eighth", 0, ("7", "4"))]),
    ],
    ids=["five sixteenths", "five eighths", "double dotted", "triplet eighth", "septuplet quarter"],
)
def test_any_duration_is_made_of_signs(
    ticks: Fraction, signs: list[tuple[str, int, tuple[str, str] | None]]
) -> None:
    sheet = Sheet([Bar([[Event(ticks, (C,))]], FREE_METER)])
    root = ET.fromstring(MusicXml.dumps(Piece(sheet)))
    found = []
    for note in root.iter("note"):
        ratio = note.find("time-modification")
        modified = None if ratio is None else (ratio[0].text, ratio[1].text)
        found.append((note.findtext("type"), len(note.findall("dot")), modified))
    if ticks == Fraction(1920, 7):
        assert found[0][2] == signs[0][2]
    else:
        assert found == signs
    ties = [tie.get("type") for tie in root.iter("tie")]
    assert ties == ["start", "stop"] * (len(found) - 1)
    assert sum(e.duration for e in _back(Piece(sheet)).bars[0].voices[0]) == ticks


def _shown(text: str) -> list[str | None]:
    root = ET.fromstring(MusicXml.dumps(Abc.loads(text.encode())[0]))
    return [note.findtext("accidental") for note in root.iter("note")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("K:D\n^FFcf|", [None] * 4),
        ("K:C\n^FFf=F|", ["sharp", None, "sharp", "natural"]),
        ("K:C\n^F2=f2|", ["sharp", "natural"]),
        ("K:C\n^F4-|F2^F2|", ["sharp", None, "sharp"]),
        ("K:C\n^F4-|F2F2|", ["sharp", None, "natural"]),
        ("K:F\n_B=BB_B|", [None, "natural", None, "flat"]),
    ],
    ids=[
        "of the key",
        "once a bar",
        "another octave",
        "not over a tie",
        "after a tie",
        "natural and back",
    ],
)
def test_accidentals_are_shown_where_needed(body: str, expected: list[str | None]) -> None:
    assert _shown(f"X:1\nT:t\nM:4/4\nL:1/4\n{body}") == expected


def test_accidentals_hold_for_all_voices_of_a_staff() -> None:
    voices = [Voice(clef="treble"), Voice(clef="treble")]
    high, low = Pitch(0, 1, 5), Pitch(0, 0, 5)
    lines = [[Event(960), Event(960, (low,))], [Event(960, (high,)), Event(960)]]
    root = ET.fromstring(MusicXml.dumps(Piece(Sheet([Bar(lines, Meter(4))], voices))))
    shown = [
        note.findtext("accidental") for note in root.iter("note") if note.find("pitch") is not None
    ]
    assert shown == ["natural", "sharp"]


def test_measures_are_numbered_as_musicians_do() -> None:
    text = "X:1\nT:t\nM:6/8\nL:1/8\nK:G\nD|GAG GAB|ABA AB:|d|edd gdd|g3 g2|]"
    root = ET.fromstring(MusicXml.dumps(Abc.loads(text.encode())[0]))
    numbers = [(m.get("number"), m.get("implicit")) for m in root.iter("measure")]
    assert numbers == [
        ("0", "yes"), ("1", None), ("2", None), ("X1", "yes"), ("3", None), ("4", None),
    ]  # fmt: skip


def _full(data: bytes) -> bool:
    """Whether every voice of every measure fills it, and all parts agree."""
    ends: dict[int, set[int]] = {}
    for part in ET.fromstring(data).iter("part"):
        for number, measure in enumerate(part.iter("measure")):
            cursor = 0
            filled: Counter[str] = Counter()
            reached = 0
            for child in measure:
                length = int(child.findtext("duration") or 0)
                if child.tag == "backup":
                    cursor -= length
                elif child.find("chord") is None and length:
                    cursor += length
                    if child.tag == "note":
                        filled[child.findtext("voice") or ""] += length
                reached = max(reached, cursor)
            ends.setdefault(number, set()).add(reached)
            if any(length != reached for length in filled.values()):
                return False
    return all(len(found) == 1 for found in ends.values())


durations = st.sampled_from(
    [60, 120, 160, 240, 320, 360, 480, 600, 720, 960, Fraction(1920, 7), Fraction(96), 1]
)
events = st.builds(
    Event,
    durations,
    st.lists(st.sampled_from([C, D, Pitch(3, 1, 5), Pitch(6, -1, 3)]), max_size=3, unique=True).map(
        tuple
    ),
    tuplet=st.sampled_from([None, None, Tuplet(3, 2, 3), Tuplet(5, 4)]),
    graces=st.sampled_from([(), (Grace((A,), 120, True),)]),
    slurs=st.sampled_from([(0, 0), (1, 0), (0, 1), (1, 1)]),
    chord=st.sampled_from(["", "Am7", "Bb/D", "?"]),
    texts=st.sampled_from([(), ("^x\x00<&",), ("",)]),
    hidden=st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(st.lists(st.lists(events, max_size=6), min_size=2, max_size=2), max_size=3))
def test_any_sheet_is_written_readable_and_full(bars: list[list[list[Event]]]) -> None:
    sheet = Sheet([Bar(voices) for voices in bars], [Voice(), Voice(staff=1)], "t\x01")
    data = MusicXml.dumps(Piece(sheet))
    for bar in sheet.bars:
        if any(bar.voices):
            break
    else:
        return
    assert len(MusicXml.loads(data)[0].sheet.bars) == len(sheet.bars)


@pytest.mark.parametrize("text", TUNES.values(), ids=TUNES)
def test_measures_are_full(text: str) -> None:
    assert _full(MusicXml.dumps(Abc.loads(text.encode())[0]))


def test_a_recipe_travels_with_the_piece() -> None:
    piece = Piece(Sheet([Bar([[Event(1920, (C,))]], Meter(4))]), recipe={"seed": 7, "key": "é"})
    assert MusicXml.loads(MusicXml.dumps(piece))[0].recipe == {"seed": 7, "key": "é"}


def test_one_piece_a_file() -> None:
    piece = Piece(Sheet([Bar([[Event(1920, (C,))]])]))
    with pytest.raises(UsageError, match="holds one piece, not 2"):
        MusicXml.dumps([piece, piece])


# what other programs write


def _score(measures: str, parts: str = '<score-part id="P1"><part-name/></score-part>') -> bytes:
    return (
        f'<score-partwise><part-list>{parts}</part-list><part id="P1">{measures}</part>'
        "</score-partwise>"
    ).encode()


def _note(step: str, duration: int, more: str = "", before: str = "") -> str:
    pitch = f"<pitch><step>{step}</step><octave>4</octave></pitch>"
    return f"<note>{before}{pitch}<duration>{duration}</duration>{more}</note>"


def _pitches(sheet: Sheet) -> list[list[str]]:
    voices = sheet.bars[0].voices
    return [[" ".join(map(str, e.pitches)) or "z" for e in voice] for voice in voices]


DIVISIONS = "<attributes><divisions>1</divisions></attributes>"
FORWARD = "<forward><duration>2</duration></forward>"
BACKUP = "<backup><duration>4</duration></backup>"
V2 = "<voice>2</voice>"


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (_note("C", 4) + BACKUP + FORWARD + _note("E", 2, V2), [["C4"], ["z", "E4"]]),
        (_note("C", 4) + _note("E", 4, before="<chord/>"), [["C4 E4"]]),
        (
            _note("C", 4, "<staff>1</staff>") + BACKUP + _note("E", 4, "<staff>2</staff>"),
            [["C4"], ["E4"]],
        ),
        (_note("C", 2) + _note("D", 2, before="<cue/>"), [["C4"]]),
        (
            "<attributes><transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
            "</attributes>" + _note("D", 4),
            [["C4"]],
        ),
    ],
    ids=["a voice that enters late", "chord", "one voice number on two staves", "cue", "in B flat"],
)
def test_notes_of_other_programs(measure: str, expected: list[list[str]]) -> None:
    data = _score(f'<measure number="1">{DIVISIONS}{measure}</measure>')
    assert _pitches(MusicXml.loads(data)[0].sheet) == expected


def test_timewise_scores_are_turned_around() -> None:
    data = (
        '<score-timewise><measure number="1"><part id="P1">'
        f"{DIVISIONS}{_note('C', 4)}</part></measure></score-timewise>"
    ).encode()
    assert _pitches(MusicXml.loads(data)[0].sheet) == [["C4"]]


def test_strict_refuses_a_measure_that_does_not_add_up() -> None:
    time = "<attributes><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
    data = _score(f'<measure number="1">{DIVISIONS}{time}{_note("C", 5)}</measure>')
    assert "measure 1 holds 5/4 but the meter is 4/4." in MusicXml.loads(data)[0].repairs
    with pytest.raises(InputError, match="measure 1 holds 5/4"):
        MusicXml.loads(data, strict=True)


# what is hostile


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return buffer.getvalue()


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<score-partwise>&b;</score-partwise>"
)
OUTSIDE = (
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><score-partwise>&a;</score-partwise>'
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (LAUGHS, "declares the entity 'a'"),
        (OUTSIDE, "declares the entity 'a'"),
        (b"<score-partwise>" + b"<a>" * 100, "more than 40 levels"),
        (b"<score-partwise></score-partwise>", "there are no notes in it"),
        (b"<score-partwise><part", "line 1, column .*not well-formed"),
        (b"<html>score-partwise</html>", "its root is <html>"),
        (b"<?xml version='1.0' encoding='martian'?><score-partwise/>", "encoding"),
        (_zip(readme=b"x"), "no score in the .mxl archive"),
        (b"PK\x03\x04 and nothing more", "archive is damaged"),
        (_score(f"<measure>{_note('C', 999_999_999)}</measure>"), "more than 64 whole notes"),
    ],
    ids=[
        "a billion laughs", "a file outside", "deep", "empty", "cut off", "a web page",
        "unknown encoding", "zip without score", "broken zip", "endless note",
    ],
)  # fmt: skip
def test_hostile_files_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        MusicXml.loads(data)


def test_a_zip_bomb_is_counted_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_BYTES", 100_000)
    with pytest.raises(LimitError, match="when unpacked"):
        MusicXml.loads(_zip(score_xml=b" " * 1_000_000))


def test_compressed_is_the_same() -> None:
    piece = Abc.loads(TUNES["two verses"].encode())[0]
    packed = MusicXml.dumps(piece, compressed=True)
    assert MusicXml.recognises(packed)
    assert packed == MusicXml.dumps(piece, compressed=True)
    assert MusicXml.loads(packed)[0].sheet == MusicXml.loads(MusicXml.dumps(piece))[0].sheet


SAMPLE = MusicXml.dumps(Abc.loads(TUNES["jig with pickup, repeats and endings"].encode())[0])
SAMPLE_MXL = MusicXml.dumps(MusicXml.loads(SAMPLE), compressed=True)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([SAMPLE, SAMPLE_MXL]), st.data())
def test_damaged_files_raise_nothing_else(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged) - 1))
        stop = data.draw(st.integers(start, min(len(damaged), start + 300)))
        damaged[start:stop] = data.draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b"-99", b"1e9", b"<note>", b"0"]))
        )
    with contextlib.suppress(InputError):
        MusicXml.loads(bytes(damaged))


WORDS = [b"-1", b"0", b"999999999", b"1.5", b"", b"x", b"64", b"\xc3\xa9"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(WORDS)), max_size=6))
def test_strange_values_raise_nothing_else(changes: list[tuple[int, bytes]]) -> None:
    root = ET.fromstring(SAMPLE)
    leaves = [element for element in root.iter() if not len(element)]
    for place, word in changes:
        leaves[place % len(leaves)].text = word.decode()
    try:
        piece = MusicXml.loads(ET.tostring(root))[0]
    except InputError:
        return
    MusicXml.dumps(piece)


# the songs of others


def _notes(piece: Piece) -> Counter[tuple[int, int, Fraction, int, Fraction]]:
    found: Counter[tuple[int, int, Fraction, int, Fraction]] = Counter()
    for b, bar in enumerate(piece.sheet.bars):
        for v, events in enumerate(bar.voices):
            onset = Fraction(0)
            for event in events:
                for pitch in event.pitches:
                    key = (piece.sheet.voices[v].part, b, onset, pitch.midi, event.duration)
                    found[key] += 1  # type: ignore[index]
                onset += event.duration
    return found


@pytest.mark.skipif(not LIEDER.is_dir(), reason="the Lieder corpus is not here")
def test_songs_are_written_again_with_the_same_notes() -> None:
    paths = sorted(LIEDER.glob("*.mxl"))[::24]
    for path in paths:
        piece = MusicXml.loads(path.read_bytes())[0]
        data = MusicXml.dumps(piece)
        assert _full(data)
        assert _notes(MusicXml.loads(data)[0]) == _notes(piece)


def drummed():
    """A bar of 4/4 in G: kick, closed hat with snare, open hat, an electric snare."""
    struck = [("C2",), ("D2", "F#2"), ("A#2",), ("E2",)]
    events = [Event(480, tuple(Pitch.parse(p) for p in one)) for one in struck]
    bar = Bar([[Event(1920, (Pitch.parse("G4"),))], events], keys={0: Key.parse("G")})
    voices = [Voice("Flute", 0), Voice("Drums", 1, drums=True)]
    return Piece(Sheet([bar], voices))


def test_drums_stand_on_their_lines_with_their_heads_and_come_back():
    data = MusicXml.dumps(drummed())
    text = data.decode()
    assert text.count("<unpitched>") == 5
    assert text.count("<notehead>x</notehead>") == 1
    assert text.count("<notehead>circle-x</notehead>") == 1
    assert text.count("<midi-unpitched>") == 5
    assert text.count("<fifths>1</fifths>") == 1  # of the flute alone
    assert "<accidental>" not in text
    (again,) = MusicXml.loads(data)
    assert again.sheet.voices[1].drums
    midi = [[p.midi for p in event.pitches] for event in again.sheet.bars[0].voices[1]]
    assert midi == [[36], [38, 42], [46], [40]]
