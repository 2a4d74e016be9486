"""MIDI files: what we write is what others read, and what we read is what was written."""

from __future__ import annotations

import io

import mido
import pytest
import symusic

from nokturn.errors import UsageError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter


def a_score(**changes) -> Score:
    flute = Track.of([(0, 480, 67, 90), (480, 240, 69, 70), (960, 960, 71, 80)], "Flute", 73)
    drums = Track.of([(0, 60, 36, 100), (480, 60, 38, 90)], "Kit", drums=True)
    score = Score([flute, drums], [(0, 117.0)], [(0, Meter(3, 4))], [(0, Key.parse("G"))], "A tune")
    for name, value in changes.items():
        setattr(score, name, value)
    return score


def written(score: Score, **more) -> bytes:
    return Midi.dumps(Piece(score, **more))


def reread(score: Score, **more) -> Piece:
    (piece,) = Midi.loads(written(score, **more), strict=True)
    return piece


def by_mido(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def notes_by_mido(track) -> list[tuple[int, int, int, int]]:
    """Pair notes in the slow, obvious way; fails where one is left hanging."""
    tick, sounding, rows = 0, {}, []
    for message in track:
        tick += message.time
        if message.type == "note_on":
            assert message.note not in sounding, "two notes of one pitch overlap"
            sounding[message.note] = (tick, message.velocity)
        elif message.type == "note_off":
            onset, velocity = sounding.pop(message.note)
            rows.append((onset, tick - onset, message.note, velocity))
    assert not sounding
    return sorted(rows)


def test_the_file_is_of_type_1_at_480_ticks():
    file = by_mido(written(a_score()))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 3)


def test_the_first_track_names_title_tempo_meter_and_key_at_tick_0():
    first = by_mido(written(a_score())).tracks[0]
    at_0 = {m.type: m for m in first if m.time == 0}
    assert at_0["track_name"].name == "A tune"
    assert mido.tempo2bpm(at_0["set_tempo"].tempo) == pytest.approx(117, abs=1e-3)
    assert (at_0["time_signature"].numerator, at_0["time_signature"].denominator) == (3, 4)
    assert at_0["key_signature"].key == "G"


@pytest.mark.parametrize("beats", [4, 400], ids=["a tune", "a performance"])
def test_of_tempos_at_one_tick_the_last_holds_and_repetitions_are_left_out(beats):
    rows = [(60 * beat, 60e6 / (500_001 + beat)) for beat in range(beats)]
    doubled = [each for tick, qpm in rows for each in ((tick, 90.0), (tick, qpm), (tick + 30, qpm))]
    end = 60 * beats
    note = Track.of([(0, end, 60, 80)])
    late = [(end + 1, 120.0)]
    data = written(Score([note], doubled + late, length=end))
    back = Midi.loads(data)[0].score.tempos
    assert [tick for tick, _ in back] == [tick for tick, _ in rows]
    assert [round(60e6 / qpm) for _, qpm in back] == [500_001 + beat for beat in range(beats)]


def test_a_score_that_names_nothing_still_gets_tempo_meter_and_key():
    bare = a_score(tempos=[], meters=[], keys=[])
    kinds = {m.type for m in by_mido(written(bare)).tracks[0]}
    assert {"set_tempo", "time_signature", "key_signature"} <= kinds


def test_every_track_ends_on_the_same_bar_line():
    lengths = {sum(m.time for m in track) for track in by_mido(written(a_score())).tracks}
    assert lengths == {2880}


def test_instruments_are_named_and_drums_play_on_channel_10():
    _, flute, drums = by_mido(written(a_score())).tracks
    assert (flute.name, drums.name) == ("Flute", "Kit")
    assert {m.channel for m in drums if not m.is_meta} == {9}
    assert [m.program for m in flute if m.type == "program_change"] == [73]


def test_mido_symusic_and_we_read_the_same_notes():
    score = a_score()
    data = written(score)
    ours = [sorted(track.notes.tolist()) for track in Midi.loads(data)[0].score.tracks]
    theirs = [
        sorted((n.time, n.duration, n.pitch, n.velocity) for n in track.notes)
        for track in symusic.Score.from_midi(data).tracks
    ]
    assert ours == theirs == [notes_by_mido(track) for track in by_mido(data).tracks[1:]]
    assert ours == [track.notes.tolist() for track in score.tracks]


def test_what_holds_for_all_tracks_comes_back():
    score = a_score(
        tempos=[(0, 117.0), (960, 90.5)],
        meters=[(0, Meter(1, 4)), (480, Meter(6, 8))],
        keys=[(0, Key.parse("F#m")), (1920, Key.parse("Bb"))],
    )
    back = reread(score).score
    assert (back.tempos, back.meters, back.keys) == (score.tempos, score.meters, score.keys)
    assert back.title == "A tune"


def test_the_same_score_gives_the_same_bytes():
    assert written(a_score()) == written(a_score())


@pytest.mark.parametrize("key", ["Ador", "Bmix", "Ebm", "C#", "Cb", "Ephr"])
def test_keys_and_modes_come_back(key):
    assert reread(a_score(keys=[(0, Key.parse(key))])).score.keys == [(0, Key.parse(key))]


def test_a_key_of_eight_sharps_is_written_as_one_of_four_flats():
    back = reread(a_score(keys=[(0, Key.parse("G#"))])).score
    assert str(back.keys[0][1]) == "Ab"


def test_a_recipe_comes_back():
    recipe = {"model": "folk", "seed": 7, "title": "Gráinne's A♭ reel"}
    assert reread(a_score(), recipe=recipe).recipe == recipe


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Gráinne's A♭ reel", "Gráinne's A♭ reel"),
        ("two\nlines\x00", "two lines"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
        ("日本", "日本"),
    ],
    ids=["Irish", "control characters", "surrogate", "Japanese"],
)
def test_names_are_written_safely(name, kept):
    assert reread(a_score(title=name)).title == kept


def test_names_in_latin_1_are_read():
    data = written(a_score(title="Cafe")).replace(b"\x04Cafe", b"\x04Caf\xe9")
    data = data.replace(b"\x05Flute", b"\x05Fl\xfbte")
    (piece,) = Midi.loads(data)
    assert (piece.title, piece.score.tracks[0].name) == ("Café", "Flûte")


def test_overlapping_notes_of_one_pitch_are_cut():
    track = Track.of([(0, 960, 60, 80), (480, 960, 60, 70), (480, 240, 60, 60), (480, 480, 64, 9)])
    back = reread(a_score(tracks=[track])).score.tracks[0]
    assert back.notes.tolist() == [(0, 480, 60, 80), (480, 960, 60, 70), (480, 480, 64, 9)]


def test_many_tracks_share_channels_without_clashes():
    tracks = [Track.of([(0, 480 + 10 * i, 60, 80)], f"t{i}", i % 40) for i in range(60)]
    file = by_mido(written(a_score(tracks=tracks)))
    for channel in range(16):
        sounding = set()
        messages = [
            (at, m.type == "note_on", m.note)
            for track in file.tracks
            for at, m in _timed(track)
            if m.type in ("note_on", "note_off") and m.channel == channel
        ]
        for _, on, pitch in sorted(messages):
            assert (pitch in sounding) != on
            sounding ^= {pitch}
        assert channel != 9 or not messages


def _timed(track):
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def test_the_pedal_comes_back():
    score = a_score()
    score.tracks[0].pedal = [(0, True), (480, False), (480, True), (900, False)]
    assert reread(score).score.tracks[0].pedal == score.tracks[0].pedal


def test_another_grid_is_written_at_480():
    track = Track.of([(0, 96, 60, 80), (96, 32, 62, 80)])
    back = reread(Score([track], ticks_per_quarter=96)).score
    assert back.ticks_per_quarter == 480
    assert back.tracks[0].notes["duration"].tolist() == [480, 160]


def test_type_0_is_divided_by_channel():
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    rows = [(channel, 60 + channel) for channel in (0, 3, 9)]
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="All in one")])
    track += [mido.Message("note_on", channel=c, note=n, velocity=70) for c, n in rows]
    track += [mido.Message("note_off", channel=c, note=n, time=240) for c, n in rows]
    file.tracks.append(track)
    stream = io.BytesIO()
    file.save(file=stream)
    (piece,) = Midi.loads(stream.getvalue())
    assert [(len(t.notes), t.drums) for t in piece.score.tracks] == [
        (1, False),
        (1, False),
        (1, True),
    ]
    assert piece.title == "All in one"


def test_two_pieces_do_not_fit_one_file():
    with pytest.raises(UsageError, match="A MIDI file holds one piece, not 2"):
        Midi.dumps([Piece(a_score()), Piece(a_score())])


@pytest.mark.parametrize(
    ("data", "known"),
    [(b"MThd\0\0\0\6", True), (b"RIFF\0\0\0\0RMID", True), (b"X:1\nK:C\n", False), (b"", False)],
    ids=["MIDI", "RMI", "ABC", "nothing"],
)
def test_a_midi_file_is_recognised(data, known):
    assert Midi.recognises(data) == known


@pytest.mark.parametrize("mode", ["none", "HP", "Hp"])
def test_keys_without_a_tonic_are_written_as_their_signature(mode):
    music = Score([Track.of([(0, 480, 69, 80)])], keys=[(0, Key(mode=mode))])
    again = Midi.loads(Midi.dumps(Piece(music)))[0].score
    assert again.keys[0][1].fifths == (0 if mode == "none" else 2)
    assert again.note_count == 1
