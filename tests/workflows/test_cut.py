"""Some bars of a piece: what was heard there, written as it was."""

import pytest

from nokturn.errors import UsageError
from nokturn.formats._abc_reader import read_tune
from nokturn.formats._abc_writer import write_tune
from nokturn.music.bars import bar_faults
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.workflows.cut import cut


def heard(piece: Piece) -> list[tuple[int, int, int]]:
    return [tuple(int(v) for v in note)[:3] for t in piece.score.tracks for note in t.notes]


def window(piece: Piece, start: int, stop: int) -> list[tuple[int, int, int]]:
    return [(o - start, d, p) for o, d, p in heard(piece) if start <= o < stop]


@pytest.fixture
def tune() -> Piece:
    return read_tune("X:1\nT:Tune\nM:3/4\nL:1/4\nQ:1/4=90\nK:Dm\nA|:DEF|GAB|cd:|f|gab|\n")


def test_bars_sound_as_they_did(tune: Piece) -> None:
    assert heard(cut(tune, 1, 2)) == window(tune, 480, 480 + 2 * 1440)


def test_what_held_before_the_cut_still_holds(tune: Piece) -> None:
    part = cut(tune, 2, 2)
    assert str(part.sheet.key) == "Dm"
    assert part.sheet.meter == Meter(3, 4)
    assert part.score.tempos == [(0, 90.0)]
    assert part.title == "Tune"


def test_changes_inside_are_kept() -> None:
    piece = read_tune("X:1\nM:3/4\nL:1/4\nK:C\nCDE|[M:2/4][K:D][Q:1/4=60]FA|FD|\n")
    score = cut(piece, 1, 3).score
    assert score.meters == piece.score.meters
    assert score.keys == piece.score.keys
    assert score.tempos == piece.score.tempos
    assert cut(piece, 2, 3).score.tempos == [(0, 60.0)]


def test_repeats_are_written_out(tune: Piece) -> None:
    last = max(bar for bar in range(1, 9) if _has(tune, bar))
    whole = cut(tune, 0, last)
    assert heard(whole) == heard(tune)
    assert not any(bar.repeat_end or bar.ending for bar in whole.sheet.bars)


def _has(piece: Piece, bar: int) -> bool:
    try:
        return bool(cut(piece, bar, bar))
    except UsageError:
        return False


def test_endings_and_jumps_are_played_out() -> None:
    piece = read_tune("X:1\nM:2/4\nL:1/4\nK:C\nCD|:EF|1 GA:|2 Bc|!D.C.!d2|\n")
    bars = [[bar] for bar in range(1, 20) if _has(piece, bar)]
    assert heard(cut(piece, 1, len(bars))) == heard(piece)


def test_halves_around_a_repeat_sign_become_one_bar() -> None:
    part = cut(read_tune("X:1\nM:3/4\nL:1/4\nK:C\n|:G|CDE|Bc:|\n"), 1, 3)
    assert [bar.length for bar in part.sheet.bars] == [1440, 1440, 1440]
    assert not bar_faults(part.sheet)


def test_a_note_held_over_the_cut_is_cut() -> None:
    piece = read_tune("X:1\nM:2/4\nL:1/4\nK:C\nCD-|DE-|E2|\n")
    assert heard(cut(piece, 2, 2)) == [(0, 480, 62), (480, 480, 64)]


def test_cut_music_reads_back_the_same(tune: Piece) -> None:
    part = cut(tune, 1, 3)
    assert heard(read_tune(write_tune(part))) == heard(part)


def played() -> Piece:
    rows = [(0, 2400, 60, 80), (1900, 480, 64, 70), (2500, 100, 67, 60), (5000, 40, 72, 50)]
    tracks = [Track.of(rows, name="Piano"), Track.of([(1900, 400, 38, 99)], drums=True)]
    tracks[0].pedal = [(100, True), (4000, False)]
    return Piece(Score(tracks, [(0, 100.0), (2000, 80.0)], [(0, Meter(4, 4))]))


def test_a_performance_keeps_its_own_times_and_pedal() -> None:
    part = cut(played(), 2, 2).score
    assert [n.tolist() for n in part.tracks[0].notes] == [
        (0, 480, 60, 80), (0, 460, 64, 70), (580, 100, 67, 60),
    ]  # fmt: skip
    assert part.tracks[0].pedal == [(0, True)]
    assert part.tempos == [(0, 100.0), (80, 80.0)]
    assert part.length == 1920


def test_a_drum_that_was_hit_before_is_not_hit_again() -> None:
    assert len(cut(played(), 2, 2).score.tracks[1].notes) == 0


def test_the_recipe_says_what_was_cut() -> None:
    piece = Piece(played().score, recipe={"model": "folk", "seed": 1})
    assert cut(piece, 1, 2).recipe == {"model": "folk", "seed": 1, "cut": [1, 2]}


@pytest.mark.parametrize(("first", "last"), [(0, 2), (2, 9), (3, 2), (-1, -1)])
def test_bars_that_are_not_there_are_refused(first: int, last: int) -> None:
    with pytest.raises(UsageError, match=r"cannot be cut: the piece has bars 1 to 3\."):
        cut(played(), first, last)
