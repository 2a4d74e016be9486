"""Transcribing: what is heard is written as a musician would write it, and plays the same."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nokturn.errors import LimitError
from nokturn.music._note_values import legal
from nokturn.music._voices import MAX_VOICES
from nokturn.music.key_finding import find_key
from nokturn.music.perform import perform
from nokturn.music.pitch import Key, Pitch
from nokturn.music.score import Score, Track
from nokturn.music.sheet import Bar, Event, Sheet, Voice
from nokturn.music.time import Meter, Tempo
from nokturn.music.transcribe import transcribe

MUTOPIA = Path(__file__).parents[3] / "shared" / "data" / "mutopia_pd"
FOUR = [(0, Meter(4, 4))]
C = [(0, Key())]


def score_of(*tracks: Track, meters=FOUR, keys=C, **more) -> Score:
    return Score(list(tracks), meters=meters, keys=keys, **more)


def line(*durations: int, pitch: int = 72, start: int = 0) -> Track:
    """A melody on one note without gaps; negative durations are rests."""
    rows, at = [], start
    for duration in durations:
        if duration > 0:
            rows.append((at, duration, pitch, 80))
        at += abs(duration)
    return Track.of(rows)


def written(sheet: Sheet, voice: int = 0) -> list[str]:
    """Each bar of a voice: durations, r before rests, _ after what is tied on."""
    return [
        " ".join(
            f"{'r' if e.rest else ''}{e.duration}{'_' if any(e.ties) else ''}"
            for e in bar.voices[voice]
        )
        for bar in sheet.bars
    ]


def spelled(sheet: Sheet) -> str:
    return " ".join(str(p) for bar in sheet.bars for e in bar.voices[0] for p in e.pitches)


def assert_sound(sheet: Sheet) -> None:
    """Bars add up, values are legal, tuplets are opened, filled and closed."""
    for bar in sheet.bars:
        for voice in (voice for voice in bar.voices if voice):
            assert sum(event.duration for event in voice) == bar.length
            left = 0
            for event in voice:
                assert event.duration > 0
                value = Fraction(event.duration)
                if event.tuplet:
                    value *= Fraction(event.tuplet.actual, event.tuplet.normal)
                    assert (event.tuplet.notes > 0) == (left == 0)
                    left = (event.tuplet.notes or left) - 1
                else:
                    assert left == 0
                assert event.whole_bar or legal(value)
            assert left == 0


def heard(score: Score) -> list[Counter]:
    return [
        Counter((o, d, p) for o, d, p, _ in track.notes.tolist())
        for track in score.tracks
        if len(track.notes)
    ]


@pytest.mark.parametrize(
    ("meter", "durations", "expected"),
    [
        (Meter(4, 4), (480, 480, 960), ["480 480 960"]),
        (Meter(4, 4), (240, 480, 480, 480, 240), ["240 480 240_ 240 480 240"]),
        (Meter(4, 4), (480, 960, 480), ["480 960 480"]),
        (Meter(4, 4), (1440, 960), ["1440 480_", "480 r480 r960"]),
        (Meter(4, 4), (480, 1200, 240), ["480 480_ 720 240"]),
        (Meter(4, 4), (-480, 480, -960), ["r480 480 r960"]),
        (Meter(4, 4), (-240, 240, 480, 240, -720), ["r240 240 480 240 r240 r480"]),
        (Meter(3, 4), (480, 960, 1440), ["480 960", "1440"]),
        (Meter(3, 4), (480, -960), ["480 r480 r480"]),
        (Meter(6, 8), (480, 240, 720), ["480 240 720"]),
        (Meter(6, 8), (240, 240, 480, 480), ["240 240 240_ 240 480"]),
        (Meter(6, 8), (480, -240, -720), ["480 r240 r720"]),
        (Meter(6, 8), (1440,), ["1440"]),
        (Meter(9, 8), (2160,), ["1440_ 720"]),
        (Meter(7, 8, groups=(2, 2, 3)), (480, 720, 480), ["480 480_ 240 480"]),
        (Meter(2, 2), (480, 960, 480), ["480 960 480"]),
    ],
    ids=[
        "plain",
        "the middle of 4/4 shows",
        "a half on the second beat",
        "a tie over the bar line",
        "five eighths",
        "rests by the beat",
        "eighth rests",
        "a waltz",
        "no half rest in 3/4",
        "a jig",
        "across the beat of a jig",
        "rests of a jig",
        "a whole bar of a jig",
        "a whole bar of a slip jig",
        "across the groups of 7/8",
        "cut time",
    ],
)
def test_durations_are_written_as_they_read_best(meter, durations, expected):
    sheet = transcribe(score_of(line(*durations), meters=[(0, meter)]))
    assert_sound(sheet)
    assert written(sheet) == expected


def test_a_silent_bar_holds_a_whole_bar_rest():
    sheet = transcribe(score_of(line(480, -3360, 480)))
    assert sheet.bars[1].voices == [[Event(1920, whole_bar=True)]]


@pytest.mark.parametrize(
    ("durations", "tuplets"),
    [
        ((160, 160, 160, 480), [(3, 2, 3)]),
        ((320, 160, 480), [(3, 2, 2)]),
        ((320, 320, 320), [(3, 2, 3)]),
        ((240, 80, 80, 80), [(3, 2, 3)]),
        ((96, 96, 96, 96, 96), [(5, 4, 5)]),
        ((69, 68, 69, 68, 69, 68, 69), [(7, 4, 7)]),
        ((80, 80, 80, 80, 80, 80), [(3, 2, 3), (3, 2, 3)]),
        ((640, 640, 640), [(3, 2, 3)]),
    ],
    ids=[
        "triplet eighths",
        "swung",
        "triplet quarters",
        "sixteenths",
        "five",
        "seven",
        "six",
        "triplet halves",
    ],
)
def test_tuplets_are_found(durations, tuplets):
    sheet = transcribe(score_of(line(*durations)))
    assert_sound(sheet)
    found = [e.tuplet for bar in sheet.bars for e in bar.voices[0] if e.tuplet and e.tuplet.notes]
    assert found == tuplets


def test_a_septuplet_is_exact():
    sheet = transcribe(score_of(line(69, 68, 69, 68, 69, 68, 69)))
    assert sheet.bars[0].voices[0][0].duration == Fraction(480, 7)


@pytest.mark.parametrize(
    ("key", "pitches", "expected"),
    [
        ("C", (70, 69), "Bb4 A4"),
        ("C", (66, 67), "F#4 G4"),
        ("C", (61, 62), "C#4 D4"),
        ("Am", (68, 69), "G#4 A4"),
        ("D", (66, 73), "F#4 C#5"),
        ("Db", (66, 61), "Gb4 Db4"),
        ("E", (63, 64), "D#4 E4"),
        ("Cm", (71, 72), "B4 C5"),
        ("Gb", (71, 70), "Cb5 Bb4"),
        ("Ddor", (61, 62), "C#4 D4"),
        ("F", (66, 67), "F#4 G4"),
        ("Bb", (68, 67), "Ab4 G4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_notes_are_spelled_by_key_and_context(key, pitches, expected):
    track = Track.of([(480 * i, 480, p, 80) for i, p in enumerate(pitches)])
    assert spelled(transcribe(score_of(track, keys=[(0, Key.parse(key))]))) == expected


@pytest.mark.parametrize("key", ["C", "G", "Eb", "F#", "Am", "Em", "Cm", "F#m"])
def test_the_key_is_found(key):
    tonic = Key.parse(key)
    scale = (0, 2, 3, 5, 7, 8, 11) if tonic.minor else (0, 2, 4, 5, 7, 9, 11)
    steps = (0, 2, 4, 2, 0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 6, 0, 4, 2, 0)
    rows = [
        (480 * i, 480 + 480 * (s in (0, 4)), 60 + tonic.tonic_class + scale[s], 80)
        for i, s in enumerate(steps)
    ]
    found = find_key(score_of(Track.of(rows)))
    assert (found.tonic_class, found.minor) == (tonic.tonic_class, tonic.minor)


@pytest.mark.parametrize(
    ("meter", "bar"),
    [
        (Meter(3, 4), (960, 240, 240)),
        (Meter(4, 4), (480, 240, 240, 720, 240)),
        (Meter(6, 8), (480, 240, 480, 240)),
    ],
    ids=str,
)
def test_the_meter_is_found_where_none_is_named(meter, bar):
    rows, at = [], 0
    for _ in range(12):
        for k, duration in enumerate(bar):
            rows.append((at, duration, 72 if k == 0 else 65 + k, 80))
            at += duration
    assert transcribe(score_of(Track.of(rows), meters=[])).meter == meter


def test_a_short_first_bar_with_its_own_meter_is_a_pickup():
    meters = [(0, Meter(1, 4)), (480, Meter(4, 4))]
    sheet = transcribe(score_of(line(480, 1920, 1920), meters=meters))
    assert [bar.length for bar in sheet.bars] == [480, 1920, 1920]
    assert sheet.meter == Meter(4, 4)


def test_a_pickup_is_heard_by_where_long_notes_fall():
    sheet = transcribe(score_of(line(480, *[960, 480] * 7, 960), meters=[(0, Meter(3, 4))]))
    assert sheet.bars[0].length == 480
    assert [bar.length for bar in sheet.bars[1:-1]] == [1440] * 7


def test_the_last_bar_may_be_completed_by_the_pickup():
    tune = Sheet(
        [
            Bar([[Event(480, (Pitch(0),))]], meter=Meter(3, 4), keys={0: Key()}),
            Bar([[Event(1440, (Pitch(0),))]]),
            Bar([[Event(960, (Pitch(0),))]]),
        ]
    )
    sheet = transcribe(perform(tune))
    assert [bar.length for bar in sheet.bars] == [480, 1440, 960]
    assert [bar.meter for bar in sheet.bars] == [Meter(3, 4), None, None]


def test_meters_keys_and_tempos_stand_in_their_bars():
    score = score_of(
        line(*[480] * 7),
        meters=[(0, Meter(4, 4)), (1920, Meter(3, 4))],
        keys=[(0, Key()), (1920, Key.parse("D"))],
        tempos=[(0, 100.0), (2400, 60.0)],
    )
    first, second = transcribe(score).bars
    assert (first.meter, second.meter) == (Meter(4, 4), Meter(3, 4))
    assert (first.keys, second.keys) == ({0: Key()}, {0: Key.parse("D")})
    assert (first.tempos, second.tempos) == ({0: Tempo(100.0)}, {480: Tempo(60.0)})


def test_a_hundred_tempos_in_a_bar_become_its_mean():
    tempos = [(19 * i, 100.0 - i / 2) for i in range(100)]
    score = score_of(line(480, 480, 480, 480), tempos=tempos)
    sheet = transcribe(score)
    assert len(sheet.bars[0].tempos) == 1
    assert perform(sheet).seconds(1920) == pytest.approx(score.seconds(1920), rel=1e-2)


def test_a_piano_is_divided_between_two_hands():
    rows = [(480 * i, 480, p, 80) for i in range(8) for p in (40 + i, 47 + i, 64 + i, 72 + i)]
    sheet = transcribe(score_of(Track.of(rows, "Piano")))
    assert [(v.part, v.staff, v.clef) for v in sheet.voices] == [(0, 0, "treble"), (0, 1, "bass")]
    assert [len(bar.voices[0][0].pitches) for bar in sheet.bars] == [2, 2]


def test_two_tracks_of_a_piano_are_its_hands_already():
    rows = [(480 * i, 480, p, 80) for i in range(8) for p in (40 + i, 72 + i)]
    sheet = transcribe(score_of(Track.of(rows, "upper"), Track.of(rows, "lower")))
    assert {(voice.name, voice.staff) for voice in sheet.voices} == {("upper", 0), ("lower", 0)}


def test_a_flute_stays_on_one_staff():
    rows = [(480 * i, 480, 40 + 5 * i, 80) for i in range(10)]
    sheet = transcribe(score_of(Track.of(rows, "Flute", 73)))
    assert [voice.staff for voice in sheet.voices] == [0]


def test_a_held_note_below_a_melody_is_a_voice_of_its_own():
    track = Track.of([(0, 1920, 60, 80)] + [(480 * i, 480, 72 + i, 80) for i in range(4)])
    sheet = transcribe(score_of(track))
    assert [written(sheet, v) for v in range(2)] == [["480 480 480 480"], ["1920"]]


def test_a_second_voice_is_absent_where_it_is_silent():
    track = Track.of([(0, 1920, 60, 80), (0, 480, 72, 80), (1920, 1920, 72, 80)])
    assert [bool(bar.voices[1]) for bar in transcribe(score_of(track)).bars] == [True, False]


def test_notes_together_are_a_chord_and_unisons_two_voices():
    track = Track.of([(0, 480, 60, 80), (0, 480, 64, 80), (0, 480, 60, 80)])
    sheet = transcribe(score_of(track))
    assert [len(voice[0].pitches) for voice in sheet.bars[0].voices] == [2, 1]


def test_a_tie_holds_every_note_of_a_chord():
    track = Track.of([(960, 1920, 60, 80), (960, 1920, 64, 80)])
    first = transcribe(score_of(track)).bars[0].voices[0][-1]
    assert first.ties == (True, True)


def test_drums_get_a_percussion_clef():
    track = Track.of([(480 * i, 60, 36 + i, 90) for i in range(4)], "Kit", drums=True)
    (voice,) = transcribe(score_of(track)).voices
    assert (voice.clef, voice.drums, voice.name) == ("perc", True, "Kit")


def test_short_notes_off_the_grid_are_grace_notes():
    track = Track.of([(0, 436, 60, 80), (436, 44, 64, 80), (480, 480, 62, 80)] + [
        (960 + 240 * i, 240, 60, 80) for i in range(4)
    ])  # fmt: skip
    events = transcribe(score_of(track)).bars[0].voices[0]
    assert [event.duration for event in events[:2]] == [480, 480]
    assert [grace.pitches for grace in events[1].graces] == [(Pitch(2, 0, 4),)]


@pytest.mark.parametrize("jitter", [3, 12], ids=["a few ticks", "a hundredth of a second"])
def test_what_is_played_a_little_off_is_written_on_the_beat(jitter):
    chance = random.Random(7)
    durations = [480, 240, 240, 160, 160, 160, 480] * 8
    rows, at = [], 0
    for i, duration in enumerate(durations):
        onset = max(0, at + chance.randint(-jitter, jitter))
        rows.append((onset, duration - chance.randint(5, 40), 60 + i % 12, 80))
        at += duration
    sheet = transcribe(score_of(Track.of(rows)))
    assert_sound(sheet)
    notes = perform(sheet, as_written=True).tracks[0].notes
    assert notes["duration"].tolist() == durations


def test_nothing_at_all_is_a_bar_of_rest():
    sheet = transcribe(Score())
    assert (len(sheet.bars), sheet.voices, written(sheet)) == (1, [Voice()], ["r1920"])


def test_what_cannot_be_written_down_is_refused():
    with pytest.raises(LimitError, match="more than 20,000 bars"):
        transcribe(score_of(line(480, -1920 * 20_001, 480)))


ROWS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 24), st.integers(36, 90), st.just(80)),
    min_size=1,
    max_size=30,
)
METERS = st.sampled_from(["4/4", "3/4", "6/8", "2/2", "7/8", "5/4", "12/8", "3/8"])


@settings(max_examples=200)
@given(ROWS, METERS, st.sampled_from([60, 80, 120]))
def test_music_on_a_grid_survives_exactly(rows, meter, unit):
    begun = [onset for onset, _, _, _ in rows]
    assume(max(sum(a <= at < a + d for a, d, _, _ in rows) for at in begun) <= MAX_VOICES)
    rows = [(onset * unit, duration * unit, pitch, v) for onset, duration, pitch, v in rows]
    top, bottom = map(int, meter.split("/"))
    track = Track.of(rows, "any", 73)
    # the piece is known to begin on a bar line where it does so with its first note later
    score = score_of(track, meters=[(0, Meter(top, bottom))])
    sheet = transcribe(score)
    assert_sound(sheet)
    assert heard(perform(sheet, as_written=True)) == heard(score)


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 9000), st.integers(1, 3000), st.integers(0, 127), st.integers(1, 127)
        ),
        max_size=40,
    ),
    st.integers(1, 1000),
)
def test_anything_played_gives_bars_that_add_up(rows, ticks_per_quarter):
    score = Score([Track.of(rows)], ticks_per_quarter=ticks_per_quarter)
    try:
        sheet = transcribe(score)
    except LimitError:
        return
    for bar in sheet.bars:
        for voice in (voice for voice in bar.voices if voice):
            assert sum(event.duration for event in voice) == bar.length


@pytest.mark.skipif(not MUTOPIA.is_dir(), reason="the collection of engraved scores is not here")
def test_of_engraved_scores_97_percent_survive():
    from nokturn.formats.midi import Midi

    kept = total = 0
    for file in sorted(MUTOPIA.rglob("*.mid"))[::97]:
        score = Midi.loads(file.read_bytes())[0].score
        sheet = transcribe(score)
        assert_sound(sheet)
        again = perform(sheet, as_written=True, ticks_per_quarter=score.ticks_per_quarter)
        for before, after in zip(heard(score), heard(again), strict=True):
            kept += (before & after).total()
            total += before.total()
    assert kept >= 0.97 * total
