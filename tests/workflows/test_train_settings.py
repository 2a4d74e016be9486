"""A recipe says which tracks, keys and tables there are; mistakes are met with the nearest name."""

from __future__ import annotations

import pytest

from nokturn.corpora._variants import Augment
from nokturn.encodings.midi_like import MidiLike
from nokturn.errors import InputError, UsageError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.settings import build, override
from nokturn.training.runs import Run
from nokturn.training.settings import WHOLE, TrainingSettings
from nokturn.workflows.corpus import CorpusSettings, lay_down, source_of
from nokturn.workflows.train import settings_of

LEAD = [[0, 2, 4, 5, 7, 9, 11, 12], [12, 7, 4, 0, 5, 9, 7, 2], [0, 7, 5, 4, 2, 9, 11, 4]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("traning.time=10m", r"no table \[traning\]\. Did you mean training\?"),
        ("width=512", r"There is no table \[width\]"),
        ("corpus=folk", r"corpus = 'folk' sets nothing\. Write a table: \[corpus\]"),
    ],
)
def test_a_table_that_no_recipe_has(change, expected):
    with pytest.raises(UsageError, match=expected):
        settings_of(changes=[change])


def test_a_setting_that_no_table_has():
    with pytest.raises(UsageError, match=r"corpus\.transposition\. Did you mean transpositions\?"):
        build(CorpusSettings, {"transposition": 4}, "corpus")
    with pytest.raises(UsageError, match=r"corpus\.augment\.tempos"):
        build(CorpusSettings, {"augment": {"tempos": 1}}, "corpus")


def test_settings_from_a_command_line():
    changes = ['corpus.tracks="1,bass"', 'corpus.transpositions="-2,2"', "corpus.augment.copies=2"]
    settings = build(CorpusSettings, override({}, changes)["corpus"], "corpus")
    assert settings.tracks == (1, "bass")
    assert settings.transpositions == (-2, 2)
    assert settings.augment == Augment(copies=2)


def test_whole_pieces_instead_of_windows():
    assert TrainingSettings(chunk="whole").chunk == WHOLE


def songs(folder) -> None:
    for number, rise in enumerate(LEAD):
        lead = [(480 * k, 480, 72 + step, 80) for k, step in enumerate(rise * 3)]
        bass = [(960 * k, 960, 36, 80) for k in range(12)]
        tracks = [Track.of(bass, "Bass", 33), Track.of(lead, "Lead", 73)]
        (folder / f"{number}.mid").write_bytes(Midi.dumps(Piece(Score(tracks))))


def tokens(folder, run: str, **corpus):
    table = {"valid": 0.0, "transpositions": 0} | corpus
    source = source_of([folder], build(CorpusSettings, table, "corpus"))
    recipe = {"corpus": table, "encoding": {"name": "midi_like"}}
    made = Run(folder.parent / run)
    return lay_down(made, source, (), recipe), made


def test_only_the_melody_goes_into_the_tokens(tmp_path):
    from nokturn.corpora._store import TokenStore

    folder = tmp_path / "songs"
    folder.mkdir()
    songs(folder)
    _, run = tokens(folder, "melodies", tracks="melody")
    store = TokenStore(run.store)
    encoding = MidiLike().with_vocabulary(store.vocabulary)
    for segment, rise in enumerate(LEAD):
        (track,) = encoding.decode(store.piece(segment)).score.tracks
        assert track.notes["pitch"].tolist() == [72 + step for step in rise * 3]


def test_tracks_that_no_song_has(tmp_path):
    folder = tmp_path / "songs"
    folder.mkdir()
    songs(folder)
    expected = (
        r"Nothing is left of all 3 pieces\. 0\.mid: .* 1 'Bass' \(program 33 bass, 12 notes\)"
    )
    with pytest.raises(InputError, match=expected):
        tokens(folder, "none", tracks="drums")


def test_the_report_says_that_one_pitch_is_no_music(tmp_path):
    folder = tmp_path / "songs"
    folder.mkdir()
    songs(folder)
    corpus, run = tokens(folder, "basses", tracks=["bass"], keep_duplicates=True)
    assert any("hold one single pitch (C2)" in note for note in corpus.report.notes)
    assert "hold one single pitch (C2)" in (run.folder / "report.txt").read_text()
