"""MIDI files: what is written is read back, by us and by others; damaged files end in words."""

import io
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nokturn.errors import InputError, UsageError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter

EDGE_CASES = Path(__file__).parents[3] / "shared" / "data" / "midi_edge_cases"


def example() -> Piece:
    flute = Track.of([(0, 480, 72, 90), (480, 240, 74, 70)], "Flöte ♭", 73)
    piano = Track.of([(0, 960, 48, 64), (0, 960, 55, 64)], "Piano", 0)
    drums = Track.of([(0, 120, 36, 100), (480, 120, 38, 100)], "Kit", 0, drums=True)
    score = Score(
        [flute, piano, drums],
        tempos=[(0, 96.0), (960, 120.0)],
        meters=[(0, Meter(6, 8))],
        keys=[(0, Key.parse("Ador"))],
        title="Gráinne's A♭ reel",
        length=1440,
    )
    return Piece(score, recipe={"seed": 7, "model": "folk"})


def test_written_and_read_again_it_is_the_same() -> None:
    piece = Midi.loads(Midi.dumps(example()))[0]
    old, new = example().score, piece.score
    assert [t.notes.tolist() for t in new.tracks] == [t.notes.tolist() for t in old.tracks]
    assert [(t.name, t.program, t.drums) for t in new.tracks] == [
        ("Flöte ♭", 73, False),
        ("Piano", 0, False),
        ("Kit", 0, True),
    ]
    assert new.tempos == pytest.approx(old.tempos, rel=1e-5)
    assert (new.meters, new.title) == (old.meters, old.title)
    assert piece.recipe == {"seed": 7, "model": "folk"}


def test_what_other_programs_see() -> None:
    file = mido.MidiFile(file=io.BytesIO(Midi.dumps(example())), charset="utf-8")
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 4)
    first = {message.type for message in file.tracks[0]}
    assert {"track_name", "set_tempo", "time_signature", "key_signature"} <= first
    assert [sum(m.time for m in track) for track in file.tracks] == [1440] * 4
    assert {m.channel for m in file.tracks[3] if m.type == "note_on"} == {9}


def test_a_note_that_sounds_again_ends_first() -> None:
    score = Score([Track.of([(0, 960, 60, 80), (480, 480, 60, 80)])])
    notes = Midi.loads(Midi.dumps(Piece(score)))[0].score.tracks[0].notes
    assert notes["duration"].tolist() == [480, 480]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "does not begin with MThd", id="empty"),
        pytest.param(b"MThd\0\0\0\6\0\1\0\0\1\xe0", "no notes", id="no tracks"),
        pytest.param(b"MThd", "no notes", id="header cut off"),
    ],
)
def test_files_that_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Midi.loads(data, source="x.mid")


def test_a_file_cut_off_keeps_its_notes() -> None:
    data = Midi.dumps(Piece(Score([Track.of([(k * 240, 240, 60 + k, 80) for k in range(8)])])))
    piece = Midi.loads(data[:-8], source="cut.mid")[0]
    assert len(piece.score.tracks[0].notes) >= 6
    assert "damaged" in piece.repairs[0]
    with pytest.raises(InputError, match="it is damaged"):
        Midi.loads(data[:-8], strict=True)


def test_a_note_years_away_is_refused() -> None:
    far = Score([Track.of([(2**27, 480, 60, 80)])], tempos=[(0, 20.0)])
    with pytest.raises(InputError, match="hours; 4 are the limit"):
        Midi.loads(Midi.dumps(Piece(far)))


def test_several_pieces_are_too_many() -> None:
    with pytest.raises(UsageError, match="holds one piece, not 2"):
        Midi.dumps([example(), example()])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=12), st.integers(0))
def test_whatever_happens_to_a_file_ends_in_words(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(Midi.dumps(example()))
    for at, value in changes:
        data[at % len(data)] = value
    data = data[: len(data) - cut % 60]
    try:
        piece = Midi.loads(bytes(data))[0]
    except InputError:
        return
    for track in piece.score.tracks:
        assert (track.notes["onset"] >= 0).all()
        assert (track.notes["duration"] >= 1).all()
        assert np.isin(track.notes["velocity"], np.arange(1, 128)).all()


@pytest.mark.skipif(not EDGE_CASES.is_dir(), reason="the odd files of ../shared are not here")
def test_odd_files_end_in_a_score_or_in_words() -> None:
    read = refused = 0
    for path in sorted(p for p in EDGE_CASES.rglob("*") if p.suffix.lower() in (".mid", ".midi")):
        try:
            Midi.loads(path.read_bytes(), source=path.name)
            read += 1
        except InputError as error:
            assert path.name in str(error)
            refused += 1
    assert read > 150
    assert refused < 30
