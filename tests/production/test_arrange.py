"""Arrangements: what every bar of them promises."""

import itertools
from functools import lru_cache

import numpy as np
import pytest

from nokturn.errors import InputError, UsageError
from nokturn.music.chord_tones import tones
from nokturn.music.harmony import pitch_class
from nokturn.music.pitch import Key
from nokturn.music.score import Notes, Score, Track, notes_of
from nokturn.music.time import FREE_METER, Meter
from nokturn.music.voicing import Played
from nokturn.production import bass, comping
from nokturn.production.arrange import Styles, arrange
from nokturn.production.form import FORM, Section, form_of, loop_of
from nokturn.production.melody import fitted
from nokturn.production.patterns import Place, Rows, bars_of, placed, spans
from nokturn.production.progressions import drawn, enriched, read
from nokturn.production.scales import classes_of, scale_of

METERS = [Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 4)]
names = pytest.mark.parametrize("meter", METERS, ids=str)
C = Key()


def arranged(text: str = "ii9 V13 Imaj9 vi9", **changes: object) -> Score:
    chords = read(text, C)
    settings: dict[str, object] = {"key": C, "rng": np.random.default_rng(1), **changes}
    meter = settings.get("meter", METERS[0])
    assert isinstance(meter, Meter)
    sections = settings.pop("sections", FORM)
    return arrange(chords.played(meter), sections, **settings)  # type: ignore[arg-type]


def notes(score: Score, name: str) -> Notes:
    return next(track.notes for track in score.tracks if track.name == name)


@lru_cache
def place(text: str, meter: Meter, bars: int = 4) -> Place:
    row = spans(read(text, C).played(meter), 0, bars * int(meter.bar_ticks))
    return Place(row, 0, bars, meter, 0.6, row[0].harmony)


@names
def test_bars_are_exact(meter: Meter) -> None:
    score = arranged(meter=meter)
    assert score.length == score.end == sum(section.bars for section in FORM) * meter.bar_ticks
    assert [track.name for track in score.tracks] == ["Chords", "Bass", "Melody"]
    assert score.meters == [(0, meter)]


@names
@pytest.mark.parametrize("style", bass.STYLES)
def test_bass_is_the_root_where_a_chord_comes(meter: Meter, style: str) -> None:
    for text in ("ii V7 I vi", "ii7 V7 | I", "C/E F/G Bm7b5"):
        where = place(text, meter, 8)
        line = bass.bass_line(where, C, style, np.random.default_rng(2))
        onsets, pitches = line["onset"].tolist(), line["pitch"].tolist()
        for span in where.chords:
            root = span.harmony.bass or span.harmony.root
            assert pitches[onsets.index(span.start)] % 12 == pitch_class(root)
        assert min(pitches) >= bass.LOW
        assert max(pitches) <= bass.HIGH
        assert (line["onset"][1:] >= (line["onset"] + line["duration"])[:-1]).all()


def test_a_walking_bass_arrives_by_step() -> None:
    where = place("ii7 V7 Imaj7 vi7", METERS[0], 8)
    line = bass.bass_line(where, C, "walking", np.random.default_rng(4))
    bars = [line[line["onset"] // 1920 == k]["pitch"].tolist() for k in range(8)]
    assert all(len(bar) >= 4 for bar in bars)
    for here, after in itertools.pairwise(bars):
        assert 1 <= abs(here[-1] - after[0]) <= 2


@names
@pytest.mark.parametrize("style", comping.STYLES)
def test_every_chord_is_heard_and_no_other_note(meter: Meter, style: str) -> None:
    where = place("ii7 V7 | Imaj7 | vi7 IV", meter, 8)
    voicings = [(k, k + 40) for k in range(len(where.chords))]  # pitches that tell the chord
    found = comping.comping(where, voicings, style, np.random.default_rng(3))
    assert {pitch % 40 for pitch in found["pitch"].tolist()} == set(range(len(where.chords)))
    for onset, duration, pitch, _ in found.tolist():
        span = where.chords[pitch % 40]
        assert span.start - comping.PUSH <= onset
        assert onset + duration <= span.end


def test_a_push_comes_before_its_chord_and_is_held_over() -> None:
    where = place("ii7 V7", METERS[0], 2)
    row = comping._pushed(placed(["X-----x-......>-"] * 2, where))
    struck = [(stroke.onset, stroke.end, chord) for stroke, chord in comping._struck(row, where)]
    assert struck == [
        (0, 720, 0), (720, 960, 0), (1680, 2640, 1), (2640, 2880, 1), (3600, 3840, 1),
    ]  # fmt: skip


@names
def test_melodies_stand_on_chord_tones(meter: Meter) -> None:
    beats = set(np.cumsum([0, *meter.beats]).tolist())
    for seed in range(10):
        score = arranged("ii7 V7 | Imaj7 | III7 | vi7", meter=meter, sections=[loop_of(8)],
                         rng=np.random.default_rng(seed))  # fmt: skip
        where = place("ii7 V7 | Imaj7 | III7 | vi7", meter, 8)
        line = notes(score, "Melody")
        assert len(line) >= 8
        assert (line["onset"][1:] >= (line["onset"] + line["duration"])[:-1]).all()
        for onset, duration, pitch, _ in line.tolist():
            span = where.at(onset)
            assert span is not None
            assert pitch % 12 in scale_of(span.harmony, C)
            if onset % meter.bar_ticks in beats or duration > 240:
                assert pitch % 12 in classes_of(span.harmony)


def test_a_given_line_is_fitted_to_the_chords() -> None:
    line = notes_of([(0, 480, 61, 80), (480, 240, 66, 80), (720, 240, 70, 80), (960, 960, 66, 80)])
    found = fitted(line, place("C Am", METERS[0], 2), C)
    assert found["onset"].tolist() == [0, 480, 720, 960, 1920, 2400, 2640, 2880]
    assert found["pitch"].tolist() == [60, 67, 69, 67, 60, 64, 69, 64]
    assert len(fitted(notes_of([]), place("C Am", METERS[0], 2), C)) == 0
    score = arranged(line={"A": line})
    assert 60 in notes(score, "Melody")["pitch"]


def test_parts_play_only_where_their_section_says() -> None:
    sections = [
        Section("intro", 4, 0.2, frozenset({"chords"})),
        Section("A", 4, 0.5, frozenset({"bass", "melody"})),
        Section("break", 4, 0.3, frozenset()),
    ]
    score = arranged(sections=sections)
    bars = {track.name: set((track.notes["onset"] // 1920).tolist()) for track in score.tracks}
    assert bars["Chords"] <= set(range(4))
    assert bars["Bass"] == set(range(4, 8))
    assert bars["Melody"]
    assert bars["Melody"] <= set(range(4, 8))
    assert score.length == 12 * 1920


def test_an_outro_ends_on_the_tonic() -> None:
    score = arranged(ritardando=0.2, qpm=80)
    last = score.length - 1920
    for name, wanted in (("Bass", {0}), ("Melody", {0}), ("Chords", {2, 4, 7, 9})):
        line = notes(score, name)
        end = line[line["onset"] >= last]
        assert set((end["pitch"] % 12).tolist()) == wanted
        assert set(end["onset"].tolist()) == {last}
        assert set(end["duration"].tolist()) == {1920}
    qpms = [qpm for _, qpm in score.tempos]
    assert qpms == sorted(qpms, reverse=True)
    assert qpms[-1] == pytest.approx(64)


def test_a_loop_does_not_end() -> None:
    score = arranged("i9 iv9", sections=[loop_of(4)], ritardando=0.2)
    assert score.tempos == [(0, 120.0)]
    assert notes(score, "Bass")["onset"].max() > 3 * 1920


def test_sections_have_their_own_chords() -> None:
    sections = [Section("A", 2, 0.5), Section("B", 2, 0.8), Section("A", 2, 0.5)]
    chords = {"A": read("C").played(), "B": read("Eb").played()}
    score = arrange(chords, sections, key=C, rng=np.random.default_rng(0))
    line = notes(score, "Bass")
    roots = [int(line["pitch"][line["onset"] == bar * 1920][0]) % 12 for bar in range(6)]
    assert roots == [0, 0, 3, 3, 0, 0]


def test_repeats_are_varied_and_known_again() -> None:
    sections = [Section("A", 8, 0.6)] * 3
    changed = 0
    for seed in range(5):
        score = arranged(sections=sections, rng=np.random.default_rng(seed))
        for name in ("Chords", "Bass", "Melody"):
            line = notes(score, name)
            parts = [
                {(o - k * 8 * 1920, p) for o, _, p, _ in line.tolist() if o // (8 * 1920) == k}
                for k in range(3)
            ]
            for here, after in itertools.pairwise(parts):
                changed += here != after
                first, second = ({n for n in part if n[0] < 1920} for part in (here, after))
                assert first == second or name == "Bass"
    assert changed >= 24  # of 30


def test_rests_are_silent() -> None:
    chords = [Played(read("C").bars[0][0], 1920), Played(None, 1920)]
    score = arrange(chords, [loop_of(4)], key=C, rng=np.random.default_rng(0))
    for track in score.tracks:
        assert set((track.notes["onset"] // 1920).tolist()) <= {0, 2}
        assert ((track.notes["onset"] + track.notes["duration"]) % 3840 <= 1920).all()


def test_same_seed_same_music() -> None:
    def dumped(seed: int) -> list[bytes]:
        score = arranged(rng=np.random.default_rng(seed))
        return [track.notes.tobytes() for track in score.tracks]

    assert dumped(7) == dumped(7)
    assert dumped(7) != dumped(8)


def test_another_bass_leaves_the_melody_alone() -> None:
    one, two = (arranged(styles=Styles(bass=name)) for name in ("roots", "walking"))
    assert notes(one, "Bass").tobytes() != notes(two, "Bass").tobytes()
    for name in ("Chords", "Melody"):
        assert notes(one, name).tobytes() == notes(two, name).tobytes()


@pytest.mark.parametrize("seed", range(200))
def test_random_settings_make_sound_music(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meter = (*METERS, Meter(2, 4), Meter(7, 8), Meter(12, 8), Meter(3, 8))[int(rng.integers(8))]
    key = Key.parse(str(rng.choice(["C", "F#", "Db", "Am", "G#m", "Ebm", "Ddor", "Bloc", "none"])))
    chords = enriched(read(drawn(rng, key), key), "ninths")
    sections = form_of(int(rng.integers(1, 50)), rng, phrase=len(chords.bars))
    styles = Styles(
        str(rng.choice(["close", "drop2", "rootless", "ninths", "spread"])),  # type: ignore[arg-type]
        str(rng.choice(["", *comping.STYLES])),
        str(rng.choice(["", *bass.STYLES])),
    )
    score = arrange(chords.played(meter), sections, key=key, rng=rng, meter=meter, styles=styles)
    assert score.length == sum(section.bars for section in sections) * meter.bar_ticks
    for track in score.tracks:
        check(track, score.length)
    assert len(score.tracks[0].notes)


def check(track: Track, end: int) -> None:
    line = track.notes
    assert (line["onset"] >= 0).all()
    assert (line["duration"] >= 1).all()
    assert (line["onset"] + line["duration"] <= end).all()
    assert ((line["velocity"] >= 30) & (line["velocity"] <= 120)).all()
    for pitch in np.unique(line["pitch"]):  # no pitch is struck while it sounds
        same = line[line["pitch"] == pitch]
        assert (same["onset"][1:] >= (same["onset"] + same["duration"])[:-1]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sections": []}, "there are no sections"),
        ({"ritardando": 0.9}, r"A ritardando of 0\.9 cannot be played\. Give 0 to 0\.5"),
        ({"styles": Styles(comping="swing")}, r"no comping named 'swing'\. Known: afterbeats"),
        ({"styles": Styles(bass="walk")}, r"no bass named 'walk'\. Did you mean walking\?"),
    ],
    ids=["no sections", "ritardando", "comping", "bass"],
)
def test_wrong_settings_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises((InputError, UsageError), match=message):
        arranged(**changes)


def test_nothing_to_arrange() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="there are no chords to arrange"):
        arrange([Played(None, 1920)], FORM, key=C, rng=rng)
    with pytest.raises(UsageError, match="Free meter has no bars"):
        arrange(read("C").played(), FORM, key=C, rng=rng, meter=FREE_METER)
    with pytest.raises(UsageError, match=r"no patterns for meter 5/64\. Use 4/4"):
        bars_of(bass.FILLS, Meter(5, 64))


@pytest.mark.parametrize(
    "rows", [*comping.STYLES.values(), *bass.STYLES.values(), bass.FILLS], ids=lambda rows: "table"
)
def test_tables_hold_whole_bars(rows: Rows) -> None:
    for meter in METERS:
        for bar in rows[str(meter)]:
            assert len(bar) * 120 == meter.bar_ticks, bar


def test_the_third_of_a_chord_is_in_its_scale() -> None:
    for chord in (chord for bar in read("ii V7 III7 bVI iv VI7b9", C).bars for chord in bar):
        root = pitch_class(chord.root)
        assert {(root + size) % 12 for _, size in tones(chord.quality)} <= scale_of(chord, C)
