"""Pieces to train on in other keys, tempos and loudnesses; held-out ones as they stand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nokturn.corpora._findings import findings
from nokturn.corpora._ingest import Corpus, Item
from nokturn.corpora._picking import picked
from nokturn.corpora._report import FileReport, IngestReport
from nokturn.corpora._variants import Augment, moves_of, variants
from nokturn.corpora.base import build_store
from nokturn.encodings.midi_like import MidiLike
from nokturn.encodings.note_chord import NoteChord
from nokturn.errors import InputError, UsageError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.settings import build
from nokturn.workflows.corpus import CorpusSettings


def a_piece(number: int = 0, program: int = 0, *, drums: bool = False) -> Piece:
    random = np.random.default_rng(number)
    rows = [(240 * k, 240, p, 80) for k, p in enumerate(random.integers(60, 73, 40).tolist())]
    return Piece(Score([Track.of(rows, "A", program, drums)]), source=f"{number}.mid")


def a_corpus(*pieces: Piece) -> Corpus:
    report = IngestReport([FileReport(piece.source, 1) for piece in pieces])
    return Corpus([Item(p, p.source, 1, group=k) for k, p in enumerate(pieces)], report)


def drums_in(piece: Piece) -> list[int]:
    return [int(p) for t in piece.score.tracks if t.drums for p in t.notes["pitch"]]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (4, 4),
        ("4", 4),
        ("all", 11),
        ("octaves", (-12, 12)),
        ([-12, 0, 12], (-12, 12)),
        ("-2..1", (-2, -1, 1)),
        ("-5, 7", (-5, 7)),
    ],
)
def test_transpositions_as_a_recipe_says_them(written, expected):
    assert CorpusSettings(transpositions=written).transpositions == expected


@pytest.mark.parametrize("wrong", [12, -3, "sideways", [60], [1.5], True, "1..90"])
def test_transpositions_that_cannot_be(wrong):
    with pytest.raises(UsageError, match=r"'all', 'octaves', a range such as '-5\.\.6', or sem"):
        build(CorpusSettings, {"transpositions": wrong}, "corpus")


@pytest.mark.parametrize("wrong", ["", [], [0], [1.5], None])
def test_tracks_that_cannot_be(wrong):
    with pytest.raises(UsageError, match="one of all, melody, accompaniment, no-drums, drums"):
        build(CorpusSettings, {"tracks": wrong}, "corpus")


def test_every_other_key_is_taken_in_the_octave_that_the_flute_reaches():
    flute = Score([Track.of([(0, 480, 60, 80), (480, 480, 90, 80)], program=73)])
    moves = moves_of(flute, 11)
    assert all(-1 <= move <= 8 for move in moves)
    assert sorted(move % 12 for move in moves) == [1, 2, 3, 4, 5, 6, 7, 8, 11]
    assert moves_of(flute, (-12, -1, 8, 12)) == [-1, 8], "named ones are taken or left"


def test_drums_are_never_moved():
    kit = Track.of([(0, 60, 36, 80), (240, 60, 38, 80)], "Kit", drums=True)
    band = Piece(Score([*a_piece().score.tracks, kit]))
    others = variants(band, 11, Augment(copies=3))
    assert len(others) == 14
    assert all(drums_in(other) == [36, 38] for other in others)
    assert variants(Piece(Score([kit])), 11) == [], "drums alone have no key"


def test_copies_differ_in_tempo_and_loudness_within_the_bounds():
    copies = variants(a_piece(), (), Augment(copies=20, tempo=0.1, velocity=8))
    tempos = [copy.score.tempos[0][1] for copy in copies]
    loud = [int(copy.score.tracks[0].notes["velocity"][0]) for copy in copies]
    assert len(set(tempos)) == 20
    assert all(120 / 1.1 - 0.01 <= qpm <= 132.01 for qpm in tempos)
    assert all(72 <= velocity <= 88 for velocity in loud)
    assert len(set(loud)) > 5


def test_copies_follow_from_the_seed_and_the_piece():
    augment = Augment(copies=2)
    first, again, other = (
        [copy.score.tempos for copy in variants(a_piece(), 0, augment, seed)] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_held_out_pieces_stay_as_they_are(tmp_path):
    corpus = a_corpus(*map(a_piece, range(10)))
    encoding = MidiLike(velocities=32)
    store = build_store(
        corpus, encoding, tmp_path / "store", transpositions=(-12, 12), augment=Augment(copies=2)
    )
    counts = [len(v) for v in store.variants()]
    assert store.pieces["valid"].any()
    for valid, count in zip(store.pieces["valid"].tolist(), counts, strict=True):
        assert count == 1 if valid else count >= 3


def test_what_an_encoding_cannot_tell_apart_is_kept_once(tmp_path):
    """Loudness and tempo are nothing to an encoding that keeps neither."""
    corpus = a_corpus(*map(a_piece, range(4)))
    augment = Augment(copies=3)
    store = build_store(corpus, MidiLike(), tmp_path / "store", valid=0.0, augment=augment)
    assert [len(v) for v in store.variants()] == [1] * 4


@pytest.mark.parametrize(
    ("chords", "symbols"), [("whole", 2), ("bounded", 1)], ids=["in each key", "as met"]
)
def test_chords_have_a_symbol_in_the_keys_that_are_learned(tmp_path, chords, symbols):
    triads = [(on, 480, pitch, 80) for on in (0, 480, 960) for pitch in (60, 64, 67)]
    corpus = a_corpus(Piece(Score([Track.of(triads, "A")]), source="triads.mid"))
    encoding = NoteChord(chords=chords)
    store = build_store(corpus, encoding, tmp_path / "store", transpositions=(2,), valid=0)
    assert sum("." in name for name in store.vocabulary) == symbols


def test_drums_only_are_left_out_and_counted(tmp_path):
    pieces = [a_piece(k, drums=k < 2) for k in range(8)]
    corpus = a_corpus(*pieces)
    store = build_store(corpus, MidiLike(), tmp_path / "store")
    assert len(store.pieces) == 6
    assert any(
        note.startswith("2 of 8 pieces (25%) hold nothing but drums, and the encoding midi_like")
        for note in corpus.report.notes
    )


def test_nothing_but_drums_names_the_share_and_what_to_do(tmp_path):
    corpus = a_corpus(*(a_piece(k, drums=True) for k in range(3)))
    expected = r"3 of 3 pieces \(100%\) hold nothing but drums, and the encoding midi_like keeps"
    with pytest.raises(InputError, match=expected + r" none\. Choose .* to learn the drums"):
        build_store(corpus, MidiLike(), tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_share_of_drums_is_told():
    kit = Track.of([(240 * k, 60, 36, 80) for k in range(120)], "Kit", drums=True)
    half = Piece(Score([*a_piece().score.tracks, kit]))
    (note, drums) = findings([half], MidiLike())
    assert drums == (
        "75% of all notes are drums (120 of 160); the encoding midi_like keeps none of them."
    )
    assert note.startswith("The one piece holds 160 notes together: expect copies")


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        (1, r"All 12 pieces hold one single note \(C4\): there is no music in that to learn"),
        (30, r"All 12 pieces hold one single pitch \(C4\): there is no music in that to learn"),
    ],
)
def test_one_note_is_no_music(notes, expected):
    pieces = [Piece(Score([Track.of([(480 * k, 480, 60, 80) for k in range(notes)])]))] * 12
    (found,) = findings(pieces, MidiLike())
    assert re.match(expected, found)


def test_music_is_no_finding():
    assert findings([a_piece(k) for k in range(6)], MidiLike()) == []


def test_a_piece_without_the_tracks_asked_for_is_refused_alone():
    kit = Track.of([(240 * k, 60, 36, 80) for k in range(20)], "Kit", drums=True)
    band = Piece(Score([*a_piece(1).score.tracks, kit]), source="1.mid")
    corpus = picked(a_corpus(a_piece(0), band), "drums")
    assert [item.source for item in corpus.items] == ["1.mid"]
    assert [file.status for file in corpus.report.files] == ["rejected", "accepted"]
    assert "0.mid: nothing is left when only 'drums' is taken" in str(corpus.report)


def test_no_piece_with_the_tracks_asked_for_ends_it():
    expected = "Nothing is left of all 2 pieces. 0.mid: nothing is left when only 'tuba' is taken"
    with pytest.raises(InputError, match=expected):
        picked(a_corpus(a_piece(0), a_piece(1)), ["tuba"])
