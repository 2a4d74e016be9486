"""Tunes that are watched while they are written, and stopped in the middle."""

import threading

import numpy as np
import pytest

from nokturn.encodings._abc_learned import tune
from nokturn.encodings.abc_text import AbcText
from nokturn.encodings.base import restore
from nokturn.encodings.events import Events
from nokturn.evaluation.validity import check_sheet
from nokturn.formats._abc_reader import read_tune
from nokturn.formats._abc_writer import write_tune
from nokturn.generation import compose, free
from nokturn.generation.growing import Growing, by_one_thread, ended
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.ngram import Ngram, NgramSettings
from nokturn.music.piece import Piece
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.training import runs

HEAD = "X:1\nM:4/4\nL:1/4\nK:G\n"


@pytest.fixture(scope="module")
def folk() -> ModelFile:
    return ModelFile.load(runs.BUILT_IN / "folk.safetensors")


@pytest.fixture(scope="module")
def events() -> ModelFile:
    """Counts over events of two tunes."""
    pieces = [read_tune(f"{HEAD}GABc|d2B2|cBAG|A2G2|\n"), read_tune(f"{HEAD}g2fe|dcBA|G4|\n")]
    encoding = Events().fit(pieces)
    rows = [np.pad(encoding.encode(piece).astype(np.int64), 1) for piece in pieces]
    inputs = Inputs(len(encoding.vocabulary), tuple(encoding.channels.values()))
    told = [(row, encoding.channels_of(row[1:-1])) for row in rows]
    return ModelFile(
        model=Ngram.learn(inputs, NgramSettings(order=3, inside=0), told, seed=1),
        encoding="events",
        encoding_settings=encoding.model_dump(mode="json"),
        vocabulary=list(encoding.vocabulary),
        channels=encoding.channels,
        hints=list(encoding.hints),
    )


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        pytest.param("GABc|dedB|", "GABc|dedB|]", id="no repeat"),
        pytest.param("|:GABc|dedB|", "GABc|dedB|]", id="open repeat"),
        pytest.param("|:GABc|dedB:|", "|:GABc|dedB:|", id="closed repeat"),
        pytest.param("|:GABc:||:dedB|", "|:GABc:|dedB|]", id="second repeat open"),
        pytest.param("|:GABc|1dedB|", "GABc|dedB|]", id="in the first ending"),
        pytest.param("|:GABc|1dedB:|", "|:GABc|dedB:|", id="before the second ending"),
        pytest.param("|:GABc|1dedB:|2 g4|", "|:GABc|1dedB:|2g4|]", id="in the second ending"),
        pytest.param("|:GABc|1dedB:|2 g4||GABc|", "|:GABc|1dedB:|2g4||GABc|]", id="behind it"),
        pytest.param("D|GABc|ded2-|", "D|GABc|ded2|]", id="pickup, tied to nothing"),
        pytest.param("GABc|dedB|GA|", "GABc|dedB|]", id="what is no whole bar is left out"),
    ],
)
def test_a_tune_that_stops_is_one_that_ends(text: str, closed: str) -> None:
    sheet = ended(read_tune(f"{HEAD}{text}\n").sheet)
    assert sheet is not None
    assert check_sheet(sheet).valid
    body = write_tune(Piece(sheet)).partition("K:G\n")[2]
    assert "".join(body.split()) == closed


def test_no_bar_is_no_tune() -> None:
    assert ended(read_tune(f"{HEAD}GABcdef|\n").sheet) is None


def test_each_bar_is_shown_as_it_stands(folk: ModelFile) -> None:
    *shown, made = compose.tunes(folk, seed=7, bars=16)
    assert [event.seed for event in shown] == [7] * len(shown)
    assert shown[-1].bars == 16
    whole = tune(restored(folk).text(made.piece)).rstrip("\n")
    assert [event.bars for event in shown] == sorted({event.bars for event in shown})
    assert all(whole.startswith(event.text) for event in shown)
    pitches = made.piece.sheet.bars[3].voices[0]
    assert shown[4].piece().sheet.bars[3].voices[0] == pitches


def restored(file: ModelFile) -> AbcText:
    return restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)


def test_watching_changes_nothing(folk: ModelFile) -> None:
    watched = [event for event in compose.tunes(folk, n=3, seed=4) if hasattr(event, "attempts")]
    alone = list(compose.compose(folk, n=3, seed=4))
    assert [write_tune(a.piece) for a in watched] == [write_tune(b.piece) for b in alone]


@pytest.mark.parametrize("after", [1, 5, 12])
def test_a_stopped_tune_keeps_its_whole_bars(folk: ModelFile, after: int) -> None:
    stop = threading.Event()
    seen = []
    for event in compose.tunes(folk, n=3, seed=12, bars=32, stop=stop):
        seen.append(event)
        if len(seen) == after:
            stop.set()
    *shown, made = seen
    assert len(shown) == after  # nothing more is written
    assert made.stopped_at == shown[-1].bars > 0
    assert check_sheet(read_tune(write_tune(made.piece), strict=True).sheet).valid


def test_stopped_before_a_bar_stands_there_is_no_tune(folk: ModelFile) -> None:
    stop = threading.Event()
    stop.set()
    assert not list(compose.tunes(folk, n=3, stop=stop))
    assert not list(compose.tunes(folk, primer="M:6/8\nK:G\nGAB cde|", stop=stop))


def test_pieces_of_any_encoding_are_shown_as_they_grow(
    events: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free, "SHOW_EVERY_S", 0.0)
    *shown, made = free.pieces(events, seed=3, quarters=32)
    bars = [event.bars for event in shown]
    assert bars == sorted(bars)
    assert bars[-1] >= 7
    assert not shown[-1].text
    before, after = shown[-20].piece().score.tracks[0].notes, made.piece.score.tracks[0].notes
    assert before["pitch"].tolist()[:-1] == after["pitch"].tolist()[: len(before) - 1]


def test_a_stopped_piece_keeps_its_whole_bars(
    events: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free, "SHOW_EVERY_S", 0.0)
    stop = threading.Event()
    for event in free.pieces(events, n=2, seed=3, quarters=64, stop=stop):
        if isinstance(event, Growing) and event.bars == 3:
            stop.set()
    assert (event.seed, event.stopped_at) == (3, 3)
    assert event.piece.score.end == 3 * 4 * TICKS_PER_QUARTER


def test_closing_ends_the_work() -> None:
    taken = []

    def steps():
        for step in range(9):
            taken.append(step)
            yield step

    watching = by_one_thread(steps())
    next(watching)
    watching.close()
    assert taken == [0]
