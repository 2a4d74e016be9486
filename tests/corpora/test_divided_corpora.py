"""Versions of one tune stand on one side of the split; no reader stops the others."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from nokturn.corpora._duplicates import groups, identical
from nokturn.corpora._report import FileReport, IngestReport
from nokturn.corpora._split import held_out
from nokturn.corpora._workers import read_in_workers
from nokturn.corpora.folder import Folder
from nokturn.music.melody import Melody, melody
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key, Pitch
from nokturn.music.score import Score, Track
from nokturn.music.sheet import Bar, Event, Sheet


def random_line(seed: int, notes: int = 80) -> Melody:
    random = np.random.default_rng(seed)
    pitches = 60 + np.cumsum(random.integers(-4, 5, notes))
    return Melody(pitches, random.choice([240, 480], notes), np.arange(notes) // 8)


def moved(line: Melody, semitones: int) -> Melody:
    return Melody(line.pitches + semitones, line.durations, line.bars)


def changed(line: Melody, *places: int) -> Melody:
    pitches = line.pitches.copy()
    pitches[list(places)] += 1
    return Melody(pitches, line.durations, line.bars)


def cut(line: Melody, notes: int) -> Melody:
    return Melody(line.pitches[:notes], line.durations[:notes], line.bars[:notes])


TUNE = random_line(1)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(moved(TUNE, 5), True, id="in-another-key"),
        pytest.param(changed(TUNE, 10, 40, 70), True, id="three-notes-changed"),
        pytest.param(moved(changed(TUNE, 10, 40), -3), True, id="changed-and-in-another-key"),
        pytest.param(cut(TUNE, 40), True, id="its-first-half"),
        pytest.param(random_line(2), False, id="another-tune"),
        pytest.param(cut(TUNE, 5), False, id="five-notes-are-no-tune"),
    ],
)
def test_versions_of_a_tune_form_a_group(other, same):
    assert (groups([TUNE, random_line(3), other])[2] == 0) == same


def test_versions_of_versions_fall_into_one_group():
    lines = [TUNE, changed(TUNE, 10, 40), moved(changed(TUNE, 10, 40, 60, 75), 4), random_line(9)]
    assert groups(lines).tolist() == [0, 0, 0, 3]


def test_identical_means_note_for_note_in_any_key():
    assert identical([TUNE, changed(TUNE, 3), moved(TUNE, 7)]) == [[0, 2]]


def test_no_pieces_no_groups():
    assert groups([]).tolist() == []


def test_melody_of_a_sheet_ties_notes_and_takes_the_top_of_chords():
    c, e, g = Pitch(0), Pitch(2), Pitch(4)
    bars = [
        Bar([[Event(480, (c, e)), Event(480), Event(480, (g,), (True,))]], keys={0: Key()}),
        Bar([[Event(240, (g,)), Event(240, (c,))]]),
    ]
    line = melody(Piece(Sheet(bars)))
    assert line.pitches.tolist() == [64, 67, 60]
    assert line.durations.tolist() == [480, 720, 240]
    assert line.bars.tolist() == [0, 0, 1]


def test_melody_of_a_score_is_its_top_line():
    rows = [(0, 480, 60, 80), (0, 480, 72, 80), (480, 480, 65, 80)]
    drums = Track.of([(0, 10, 36, 99)], drums=True)
    assert melody(Piece(Score([drums, Track.of(rows)]))).pitches.tolist() == [72, 65]


CONTENTS = [str(k).encode() for k in range(400)]
ALONE = np.arange(400)


def test_split_depends_on_content_and_seed_alone():
    first = held_out(CONTENTS, ALONE)
    assert held_out(CONTENTS[::-1], ALONE)[::-1].tolist() == first.tolist()
    assert held_out(CONTENTS, ALONE, seed=1).tolist() != first.tolist()
    assert 20 < first.sum() < 60


def test_added_tunes_move_none_that_were_there():
    assert (
        held_out(CONTENTS[:300], ALONE[:300]).tolist() == held_out(CONTENTS, ALONE)[:300].tolist()
    )


def test_groups_stand_on_one_side_and_the_share_stays():
    in_fours = ALONE // 4 * 4
    held = held_out(CONTENTS, in_fours)
    assert all(len(set(held[in_fours == group].tolist())) == 1 for group in set(in_fours.tolist()))
    assert 12 < held.sum() < 80


@pytest.mark.parametrize(
    ("pieces", "share", "expected"),
    [
        pytest.param(1, 0.1, 0, id="one-piece-is-trained-on"),
        pytest.param(2, 0.1, 1, id="of-two-one-is-held-out"),
        pytest.param(5, 0.0, 0, id="nothing-asked-nothing-held"),
        pytest.param(3, 1.0, 2, id="one-is-left-to-train-on"),
    ],
)
def test_split_of_few(pieces, share, expected):
    assert held_out(CONTENTS[:pieces], ALONE[:pieces], share=share).sum() == expected


def read_or_die(path: Path) -> str:
    """Read as a hostile file would make a reader do."""
    if path.name == "die":
        os._exit(7)
    if path.name == "hang":
        time.sleep(60)
    if path.name == "eat":
        return "x" * (1 << 42)
    return path.name.upper()


def test_a_file_that_kills_its_reader_costs_itself_alone():
    names = ["a", "die", "b", "eat", "c", "die", "d"]
    done = list(read_in_workers(read_or_die, [Path(n) for n in names], 2))
    values = {number: value for number, value, reason in done if not reason}
    assert values == {0: "A", 2: "B", 4: "C", 6: "D"}
    reasons = {number: reason for number, _, reason in done if reason}
    assert "ended the process" in reasons[1]
    assert "ended the process" in reasons[5]
    assert "more memory" in reasons[3]


def test_a_file_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr("nokturn.corpora._workers._STARTUP_SECONDS", 4.0)
    done = list(read_in_workers(read_or_die, [Path("hang"), Path("a")], 1, seconds=0.2))
    assert [(number, bool(reason)) for number, _, reason in done] == [(0, True), (1, False)]
    assert "more than 0.2 seconds" in done[0][2]


def test_report_says_what_became_of_each_file():
    report = IngestReport(
        [
            FileReport("good.abc", 3),
            FileReport("half.abc", 1, refusals=["half.abc, line 9: no key"]),
            FileReport("bad.mid", refusals=["bad.mid: no notes"]),
        ]
    )
    text = str(report)
    assert "3 files: 1 read, 1 mended, 1 refused" in text
    assert "half.abc, line 9: no key" in text
    assert "good.abc" not in text
    assert report.reasons() == ["1 x no key", "1 x no notes"]
    assert report.to_json()["files"][2]["status"] == "rejected"


def test_of_pieces_left_out_copies_are_kept(tmp_path):
    tune = "X:1\nT:{}\nK:D\nDEFG ABcd|dcBA GFED|\n"
    (tmp_path / "a.abc").write_text(tune.format("First") + "\n" + tune.format("Second"))
    (tmp_path / "b.abc").write_text(tune.format("Third").replace("dcBA", "dAFA"))
    corpus = Folder(paths=(tmp_path,), leave_out=("a.abc:1", "b.abc:1")).load()
    assert [item.piece.title for item in corpus.items] == ["Second"]
    assert not corpus.items[0].duplicate
