"""Lo-fi tracks whole: what they are made from, how long and how loud they are, what is written."""

import errno
import itertools

import numpy as np
import pytest
import soundfile

from nokturn.errors import Error, InputError, ResourceError, UsageError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.production.lofi import PROGRAMS
from nokturn.rendering.audio.loudness import integrated, true_peak
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.stems import mixed
from nokturn.rendering.audio.synth import INSTRUMENTS
from nokturn.workflows import _memory
from nokturn.workflows.load import load
from nokturn.workflows.lofi import LONGEST_SECONDS, PRESETS, lofi
from nokturn.workflows.lofi_files import planned, write
from nokturn.workflows.lofi_stream import check_endless, endless
from nokturn.workflows.save import save

SHORT = {"seed": 7, "minutes": 0.2}


def tracks_of(track):
    return {one.name: one.notes for one in track.piece.score.tracks}


def melody(meter=COMMON_TIME, bars=8):
    """Return a tune in G of even eighths, all in one voice."""
    pitches = itertools.cycle((67, 71, 74, 71, 69, 72, 71, 67))
    count = int(meter.bar_ticks) * bars // 240
    rows = [(k * 240, 240, next(pitches), 80) for k in range(count)]
    return Score([Track.of(rows, "Tune", 73)], meters=[(0, meter)], length=count * 240)


def piano(meter=COMMON_TIME):
    """Return chords of C and G in two hands, a bar each."""
    bar = int(meter.bar_ticks)
    rows = [
        (k * bar, bar, pitch, 80)
        for k in range(8)
        for pitch in ((48, 60, 64, 67) if k % 2 == 0 else (43, 59, 62, 67))
    ]
    return Score([Track.of(rows, "Piano")], meters=[(0, meter)], length=8 * bar)


def saved(score, path):
    save(Piece(score), path)
    return path


def test_a_track_from_nothing_has_a_band_and_the_length_asked_for():
    track = lofi(seed=3, minutes=2, bpm=80)
    score = track.piece.score
    assert set(tracks_of(track)) == {"Chords", "Bass", "Melody", "Drums"}
    assert score.seconds(score.end) == pytest.approx(120, rel=0.12)
    assert score.tempos[0] == (0, 80)
    assert track.piece.recipe["seed"] == 3


def test_the_same_seed_gives_the_same_notes_and_samples():
    first, again, other = (lofi(seed=s, minutes=0.2) for s in (5, 5, 6))
    for name, notes in tracks_of(first).items():
        assert notes.tolist() == tracks_of(again)[name].tolist()
    assert np.array_equal(first.mix(), again.mix())
    assert [n.tolist() for n in tracks_of(first).values()] != [
        n.tolist() for n in tracks_of(other).values()
    ]


def test_chords_that_are_named_are_played_in_the_key_asked_for():
    track = lofi(**SHORT, progression="ii V I vi", key="Fm")
    assert track.piece.score.keys[0][1].name == "F minor"
    bass = tracks_of(track)["Bass"]
    bar = 1920
    firsts = [int(bass["pitch"][np.argmin(abs(bass["onset"] - k * bar))]) % 12 for k in range(4)]
    assert firsts == [7, 0, 5, 1]  # G C F Db


def test_a_melody_keeps_its_rhythm_over_chords_that_are_found(tmp_path):
    path = saved(melody(), tmp_path / "tune.mid")
    track = lofi(path, **SHORT, swing=50, groove="", human=0)
    notes = tracks_of(track)["Melody"]
    assert np.diff(notes["onset"][:8]).tolist() == [240] * 7
    assert "Chords" in tracks_of(track)


def test_music_in_several_voices_becomes_the_sample(tmp_path):
    path = saved(piano(), tmp_path / "piano.mid")
    track = lofi(path, **SHORT, swing=50, groove="", human=0)
    parts = tracks_of(track)
    assert "Chords" not in parts
    assert set(parts["Sample"]["pitch"]) == {43, 48, 59, 60, 62, 64, 67}
    assert {int(p) % 12 for p in parts["Bass"]["pitch"][:1]} <= {0, 7}


def test_drums_keep_to_the_beat_of_the_sample(tmp_path):
    path = saved(piano(), tmp_path / "piano.mid")
    track = lofi(path, **SHORT, swing=58, groove="", human=0)
    parts, score = tracks_of(track), track.piece.score
    sample = score.seconds_at(np.unique(parts["Sample"]["onset"]))
    drums = score.seconds_at(np.unique(parts["Drums"]["onset"]))
    playing = sample[(sample >= drums[0]) & (sample <= drums[-1])]
    assert len(playing)
    assert max(abs(drums - onset).min() for onset in playing) < 0.005


@pytest.mark.parametrize(
    ("meter", "counted"),
    [(Meter(3, 8), "6/8"), (Meter(2, 4), "4/4"), (Meter(3, 2), "3/4"), (Meter(12, 8), "6/8")],
    ids=str,
)
def test_a_meter_is_counted_as_one_that_has_drums(meter, counted):
    track = lofi(Piece(melody(meter, bars=16)), **SHORT)
    assert track.settings.meter == counted


@pytest.mark.parametrize("meter", ["3/4", "6/8", "5/4"])
def test_a_file_keeps_its_meter(meter, tmp_path):
    beats, unit = map(int, meter.split("/"))
    path = saved(melody(Meter(beats, unit)), tmp_path / "tune.mid")
    track = lofi(path, **SHORT)
    assert track.settings.meter == meter
    assert str(track.piece.score.main_meter()[1]) == meter


def test_another_key_moves_a_file(tmp_path):
    path = saved(piano(), tmp_path / "piano.mid")
    here, there = (tracks_of(lofi(path, **SHORT, key=key))["Sample"] for key in ("C", "D"))
    assert set((there["pitch"] - here["pitch"]).tolist()) == {2}


@pytest.mark.parametrize("name", sorted(path.stem for path in PRESETS.glob("*.toml")))
def test_every_preset_sounds_and_is_as_loud_as_asked(name):
    track = lofi(preset=name, **SHORT)
    sound = track.mix()
    assert np.isfinite(sound).all()
    assert integrated(sound, SAMPLE_RATE) == pytest.approx(-16, abs=1)
    assert 20 * np.log10(true_peak(sound)) <= -0.99
    assert abs(sound.mean()) < 1e-3


def test_stems_are_of_one_length_and_sum_to_the_mix_before_the_master():
    parts = lofi(**SHORT).stems()
    assert {"Chords", "Bass", "Drums", "Rain", "Vinyl", "Hiss"} <= set(parts)
    assert len({part.shape for part in parts.values()}) == 1
    assert np.abs(mixed(parts) - sum(parts.values())).max() < 1e-3


def test_a_loop_is_exact_and_has_no_click_at_its_seam():
    track = lofi(seed=7, bpm=90, minutes=0.2)
    _, loop = track.loop(4)
    assert loop.shape[1] == round(4 * 4 * 60 / 90 * SAMPLE_RATE)
    steps = np.abs(np.diff(loop, axis=1))
    assert np.abs(loop[:, 0] - loop[:, -1]).max() <= steps.max()


def test_files_are_written_whole_with_their_tags(tmp_path):
    track = lofi(**SHORT)
    out = [tmp_path / name for name in ("t.mp3", "t.mid", "my-loop.wav")]
    plan = planned(track, out, stems=tmp_path / "stems", loop=2)
    written = {path.name for path in write(track, plan, bars=2)}
    assert {"t.mp3", "t.mid", "my-loop.wav", "drums.wav", "rain.wav"} <= written
    assert not list(tmp_path.glob(".*"))
    assert load(tmp_path / "t.mid")[0].score.note_count == track.piece.score.note_count
    assert soundfile.info(tmp_path / "my-loop.wav").frames == track.loop(2)[1].shape[1]
    with pytest.raises(UsageError, match="exists already"):
        planned(track, out)
    with pytest.raises(UsageError, match="holds sounds already"):
        planned(track, stems=tmp_path / "stems", out=[tmp_path / "new.mp3"])


def test_the_same_seed_gives_files_of_the_same_bytes(tmp_path):
    names = ("t.mp3", "t.ogg", "t.flac", "t.mid")
    rows = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        track = lofi(seed=7, minutes=0.1)
        plan = planned(track, [folder / name for name in names], stems=folder / "stems")
        rows.append({path.name: path.read_bytes() for path in write(track, plan)})
    assert rows[0] == rows[1]
    assert len(rows[0]) > len(names)


def test_a_name_that_means_nothing_is_refused_before_any_sound_is_made(tmp_path):
    track = lofi(**SHORT)
    for out, stems, message in (
        (["t.foo"], "", "cannot write files ending in '.foo'"),
        (["t.mp3"], "t.txt", "is a file; stems go into a folder"),
        (["nowhere/t.mp3"], "", "does not exist"),
    ):
        (tmp_path / "t.txt").touch()
        with pytest.raises(UsageError, match=message):
            planned(track, [tmp_path / name for name in out], stems=stems and tmp_path / stems)
    assert not track._stems


def test_more_minutes_than_the_memory_holds_are_refused_with_a_way_out(tmp_path, monkeypatch):
    info = tmp_path / "meminfo"
    info.write_text("MemTotal: 9000000 kB\nMemAvailable: 1000000 kB\n", encoding="ascii")
    monkeypatch.setattr(_memory, "INFO", info)
    track = lofi(seed=7, minutes=10)
    with pytest.raises(ResourceError, match=r"2.5 GB .* 1.0 are free.* --endless --minutes 10"):
        planned(track, [tmp_path / "t.mp3"])
    assert planned(track, [tmp_path / "t.mid"]).score
    info.unlink()
    assert planned(track, [tmp_path / "t.mp3"]).mix


def test_half_an_hour_may_last_a_little_longer():
    score = lofi(seed=1, minutes=30, bpm=40).piece.score
    assert 1800 < score.seconds(score.end) < LONGEST_SECONDS


@pytest.mark.parametrize(
    ("stop", "raised", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ResourceError, "disk is full"),
        (KeyboardInterrupt("stopped"), KeyboardInterrupt, "stopped"),
    ],
    ids=["the disk is full", "Ctrl-C"],
)
def test_what_stops_in_the_middle_leaves_nothing_behind(
    stop, raised, message, tmp_path, monkeypatch
):
    def stopped(*_):
        raise stop

    monkeypatch.setattr("os.replace", stopped)
    track = lofi(seed=7, minutes=0.1)
    plan = planned(track, [tmp_path / "t.mp3"], stems=tmp_path / "stems")
    with pytest.raises(raised, match=message):
        list(write(track, plan))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_loop_without_a_name_stands_beside_the_mix(tmp_path):
    plan = planned(lofi(**SHORT), [tmp_path / "t.mp3"], loop=4)
    assert plan.loop == (tmp_path / "t-loop.wav",)


def test_every_instrument_has_a_program_for_midi_files():
    assert set(INSTRUMENTS) <= set(PROGRAMS)


def test_a_preset_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('bpm = 66\nlead = "flute"\ndrums = "none"\nrain = 0\n', encoding="utf-8")
    track = lofi(preset=path, **SHORT)
    assert track.settings.bpm == 66
    assert "Drums" not in tracks_of(track)
    assert "Rain" not in track.stems()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bpm": 0}, "lofi.bpm = 0"),
        ({"bpm": 1000}, "lofi.bpm = 1000"),
        ({"swing": 80}, "lofi.swing = 80"),
        ({"rain": 2}, "lofi.rain = 2"),
        ({"minutes": 180}, "lofi.minutes = 180"),
        ({"meter": "7/8"}, "meters are 4/4, 3/4, 6/8, 5/4"),
        ({"drums": "rok"}, "Did you mean rock"),
        ({"set": ["lead=flut"]}, "Did you mean flute"),
        ({"set": ["kit=lowfi"]}, "Did you mean lofi"),
        ({"preset": "rany-night"}, "Did you mean rainy-night"),
        ({"key": "H"}, "not a key"),
        ({"groove": "hip"}, "groove"),
        ({"seed": -1}, "--seed -1"),
        ({"loud": 3}, "no setting lofi.loud"),
        ({"progression": "ii V I in Eb", "key": "Fm"}, "chords are in E(b|♭) major.*F minor"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(Error, match=message):
        lofi(**{"seed": 1} | settings)


def test_chords_that_are_none():
    with pytest.raises(InputError, match="'foo' is no chord symbol"):
        lofi(seed=1, progression="ii foo I")


def drums_only():
    return Score([Track.of([(k * 480, 120, 38, 80) for k in range(32)], "Drums", 0, drums=True)])


def beatless():
    """Return a performance whose tempo nobody played: onsets anywhere."""
    onsets = np.cumsum(np.random.default_rng(3).integers(60, 700, 200))
    return Score([Track.of([(int(at), 200, 60 + int(at) % 13, 80) for at in onsets])])


def long():
    return Score([Track.of([(k * 48_000, 480, 60, 80) for k in range(600)])], tempos=[(0, 20.0)])


@pytest.mark.parametrize(
    ("score", "message"),
    [
        pytest.param(drums_only(), "it holds drums and nothing else", id="drums only"),
        pytest.param(beatless(), "its notes keep no beat", id="no beat"),
        pytest.param(long(), "more than three hours", id="too long"),
        pytest.param(
            Score([Track.of([(0, 480, 60, 80)])], meters=[(0, Meter(11, 16))]),
            "no lo-fi drums for 11/16", id="a meter without drums",
        ),
    ],
)  # fmt: skip
def test_files_that_no_track_can_be_made_of(score, message):
    with pytest.raises(InputError, match=message):
        lofi(Piece(score), seed=1)


def test_one_note_is_a_track_all_the_same():
    track = lofi(Piece(Score([Track.of([(0, 480, 60, 80)])])), **SHORT)
    assert track.piece.score.note_count > 20


def test_a_file_and_a_model_are_too_much(tmp_path):
    with pytest.raises(UsageError, match="from a file or from a model"):
        lofi(saved(melody(), tmp_path / "t.mid"), model="folk", seed=1)


def test_a_model_writes_the_sample():
    track = lofi(model="folk", **SHORT)
    assert track.piece.recipe["from"] == "folk"
    assert "Melody" in tracks_of(track)


def test_layers_of_euclid_join_the_drums():
    drums = tracks_of(lofi(**SHORT, layers=[[70, 5, 16]]))["Drums"]
    assert (drums["pitch"] == 70).sum() >= 5
    with pytest.raises(UsageError, match="a layer is a drum"):
        lofi(seed=1, layers=[[20, 5, 16]])


def test_endless_is_without_a_gap_ends_when_asked_and_is_the_same_each_time():
    first = np.concatenate([*endless(seed=4, minutes=0.9, rain=0.0)])
    again = np.concatenate([*endless(seed=4, minutes=0.9, rain=0.0)])
    assert np.array_equal(first, again)
    assert len(first) == int(0.9 * 60 * SAMPLE_RATE)
    loud = np.sqrt((first[: -9 * SAMPLE_RATE].astype(float) ** 2).mean(axis=1))
    second = loud[: len(loud) // SAMPLE_RATE * SAMPLE_RATE].reshape(-1, SAMPLE_RATE).mean(axis=1)
    assert second.min() > 100  # nowhere a second of silence
    assert abs(first[-1]).max() <= 2


def test_what_has_no_end_fills_no_file():
    with pytest.raises(UsageError, match="--endless and --loop do not go together"):
        check_endless("", "", "", 8, [])
    with pytest.raises(UsageError, match="fills no file"):
        check_endless("", "", "", 0, ["x.wav"])


def test_a_chord_sheet_gives_its_chords(tmp_path):
    path = tmp_path / "loop.chords"
    path.write_text("Am7 | D9 | Gmaj7 | Cmaj7\n", encoding="utf-8")
    track = lofi(path, **SHORT, swing=50, groove="", human=0)
    bass = tracks_of(track)["Bass"]
    firsts = {int(p) % 12 for p in bass["pitch"][bass["onset"] % 1920 == 0]}
    assert firsts <= {9, 2, 7, 0}
    assert "Chords" in tracks_of(track)


@pytest.mark.parametrize("rhythm", ["euclid", "network"])
def test_a_melody_in_another_rhythm(rhythm):
    usual, other = (
        tracks_of(lofi(**SHORT, rhythm=name, swing=50, groove="", human=0))["Melody"]
        for name in ("", rhythm)
    )
    assert other["onset"].tolist() != usual["onset"].tolist()
    if rhythm == "euclid":  # five of sixteen
        assert set((other["onset"] % 1920).tolist()) <= {0, 360, 720, 1080, 1440}
