"""Damaged, odd and hostile MIDI files end in a piece with repairs, or in a clear error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nokturn.errors import InputError, LimitError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter

EDGE_CASES = Path(__file__).parents[3] / "shared" / "data" / "midi_edge_cases"
END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x40\x83\x60\x80\x3c\0"  # a quarter at 480: middle C
TEMPO = b"\0\xff\x51\x03\x07\xa1\x20"


def midi(*tracks: bytes, division: int = 480, kind: int = 1, announced: int | None = None) -> bytes:
    count = len(tracks) if announced is None else announced
    head = b"MThd" + (6).to_bytes(4, "big") + kind.to_bytes(2, "big") + count.to_bytes(2, "big")
    chunks = (b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return head + division.to_bytes(2, "big") + b"".join(chunks)


def notes(piece: Piece) -> list[tuple[int, int, int]]:
    return [tuple(row)[:3] for track in piece.score.tracks for row in track.notes.tolist()]


MENDED = [
    ("tempo 0", midi(b"\0\xff\x51\x03\0\0\0" + NOTE + END), "impossible tempo"),
    ("meter 0/4", midi(b"\0\xff\x58\x04\0\x02\x18\x08" + NOTE + END), "impossible meter"),
    ("meter of 2^31ths", midi(b"\0\xff\x58\x04\x04\x1f\x18\x08" + NOTE + END), "impossible meter"),
    ("127 sharps", midi(b"\0\xff\x59\x02\x7f\0" + NOTE + END), "impossible key"),
    ("0 ticks a quarter", midi(NOTE + END, division=0), "480 were assumed"),
    ("cut off", midi(NOTE + END)[:-6] + b"", "breaks off"),
    ("no header", midi(NOTE + END)[14:], "header is missing"),
    ("junk before", b"junk" + midi(NOTE + END), "after 4 other bytes"),
    ("undefined message", midi(b"\0\xf4" + NOTE + END), "message F4"),
    ("note never ended", midi(b"\0\xf4" + NOTE + b"\0\x90\x40\x40" + END), "never ended"),
    ("value of 200", midi(b"\0\xb0\x07\xc8" + NOTE + END), "set to 127"),
    ("pitch of 253", midi(b"\0\x90\xfd\x40" + NOTE + END), "pitch out of range"),
    ("length too long", midi(NOTE + END)[:21] + b"\xff" + midi(NOTE + END)[22:], "breaks off"),
]


@pytest.mark.parametrize(("name", "data", "repair"), MENDED, ids=[row[0] for row in MENDED])
def test_a_damaged_file_is_mended_and_says_so(name, data, repair):
    (piece,) = Midi.loads(data)
    assert (0, 480, 60) in notes(piece) or name == "cut off"
    assert any(repair in text for text in piece.repairs), piece.repairs


@pytest.mark.parametrize(("name", "data", "repair"), MENDED, ids=[row[0] for row in MENDED])
def test_a_damaged_file_is_refused_where_that_is_asked(name, data, repair):
    with pytest.raises(InputError, match=r"tune\.mid: it is damaged: "):
        Midi.loads(data, source="tune.mid", strict=True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"not a MIDI file", "not a MIDI file"),
        (b"SMF2CLIP\0\0", "MIDI 2.0 clip file"),
        (midi(END), "holds no notes"),
        (
            midi(b"\0\x90\x3c\x40\xff\xff\xff\x7f\x80\x3c\0" + END),
            "lasts 77.7 hours; the limit is 4",
        ),
        (midi(*[NOTE + END] * 1025), "1,025 tracks; the limit is 1,024"),
        (
            midi(b"\0\x90" + b"\0\x3c\x40\1\x3c\0"[1:] * 200_001 + END),
            "notes; the limit is 200,000",
        ),
        (midi(b"\1" + TEMPO[1:] + (b"\1" + TEMPO[1:]) * 100_000 + NOTE + END), "100,001 tempos"),
    ],
    ids=["empty", "text", "MIDI 2.0", "silent", "years", "tracks", "notes", "tempos"],
)
def test_what_cannot_be_read_is_refused_with_the_reason(data, message):
    with pytest.raises(InputError, match=message):
        Midi.loads(data, source="bad.mid")


def test_too_much_is_a_limit_error():
    with pytest.raises(LimitError, match="17 MB is too large for MIDI; 16 MB is the limit"):
        Midi.loads(b"MThd" + bytes(17 << 20))


def test_smpte_time_is_read_in_seconds():
    # 25 frames of 40 ticks: 1,000 ticks a second
    track = b"\0\x90\x3c\x40\x87\x68\x80\x3c\0" + END
    (piece,) = Midi.loads(midi(track, division=(256 - 25) << 8 | 40))
    assert piece.score.seconds(piece.score.end) == 1.0


def test_of_type_2_each_pattern_is_a_piece():
    pieces = Midi.loads(midi(NOTE + END, NOTE + NOTE + END, kind=2))
    assert [piece.score.note_count for piece in pieces] == [1, 2]


def test_a_tempo_years_after_the_last_note_is_left_out():
    late = b"\xff\xff\xff\x7f\xff\x51\x03\x05\x16\x15"
    (piece,) = Midi.loads(midi(TEMPO + NOTE + late + END))
    assert piece.score.tempos == [(0, 120.0)]
    assert Midi.loads(Midi.dumps(piece), strict=True)


def test_unknown_chunks_are_legal():
    data = midi(NOTE + END)
    (piece,) = Midi.loads(data[:14] + b"XFIH\0\0\0\2ab" + data[14:])
    assert notes(piece) == [(0, 480, 60)]


def test_a_riff_wrapping_is_taken_off():
    data = midi(NOTE + END)
    (piece,) = Midi.loads(b"RIFF\0\0\0\0RMIDdata" + len(data).to_bytes(4, "little") + data)
    assert (notes(piece), piece.repairs) == ([(0, 480, 60)], [])


@st.composite
def damaged(draw) -> bytes:
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 4000), st.integers(1, 900), st.integers(0, 127)),
            min_size=1,
            max_size=12,
        )
    )
    track = Track.of([(*row, 80) for row in rows], "one")
    data = bytearray(Midi.dumps(Piece(Score([track], [(0, 90)], [(0, Meter(6, 8))], [], "t"))))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data) - 1))
        kind = draw(st.sampled_from(["set", "cut", "insert", "end"]))
        if kind == "set":
            data[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 9))]
        elif kind == "insert":
            data[at:at] = draw(st.sampled_from([b"\xff\x51\x03\0\0\0", b"\xff\xff\x7f", b"MTrk"]))
        else:
            del data[max(at, 14) :]
        data = data or bytearray(b"M")
    return bytes(data)


@settings(max_examples=300)
@given(damaged())
def test_nothing_but_input_errors_escapes(data):
    try:
        pieces = Midi.loads(data)
        for piece in pieces:
            for bar in piece.sheet.bars:
                lengths = {sum(e.duration for e in voice) for voice in bar.voices if voice}
                assert len(lengths) == 1
            (again,) = Midi.loads(Midi.dumps(piece))
    except InputError:
        return
    assert again.repairs == []


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_after_a_header_are_survived(data):
    try:
        Midi.loads(midi(data))
    except InputError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.skipif(not EDGE_CASES.is_dir(), reason="the collection of odd files is not here")
def test_every_odd_file_ends_in_a_piece_or_a_reason():
    outcomes = {"read": 0, "mended": 0, "refused": 0}
    for file in sorted(path for path in EDGE_CASES.rglob("*") if path.suffix in (".mid", ".midi2")):
        try:
            pieces = Midi.loads(file.read_bytes(), source=file.name)
        except InputError as error:
            assert file.name in str(error)  # noqa: PT017 - refusing is one of the right outcomes
            outcomes["refused"] += 1
        else:
            outcomes["mended" if pieces[0].repairs else "read"] += 1
    assert outcomes["read"] >= 130
    assert outcomes["mended"] >= 8
