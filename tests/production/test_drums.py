"""Drums: on the grid, in every meter, with fills where they belong."""

import numpy as np
import pytest

from nokturn.errors import UsageError
from nokturn.music.rhythm import Rhythm
from nokturn.music.score import Score, Track
from nokturn.music.time import SIXTEENTH, Meter
from nokturn.production.drum_styles import (
    CRASH,
    HAT,
    KICK,
    RIM,
    SHAKER,
    SNARE,
    STYLES,
    find_style,
    strokes_of,
)
from nokturn.production.drums import SIGNS, accents_of, drum_track
from nokturn.production.form import FORM, Section

METERS = ("4/4", "3/4", "6/8", "5/4", "7/8", "2/2", "12/8", "5/16", "3/8")
SONG = (Section("A", 8, 0.7), Section("B", 4, 0.8), Section("A", 8, 0.7))


def meter_of(text):
    return Meter(*map(int, text.split("/")))


def drums(sections=SONG, style="dusty", *, seed=1, **settings):
    return drum_track(sections, style, rng=np.random.default_rng(seed), **settings)


def hits(track, *pitches):
    return track.notes["onset"][np.isin(track.notes["pitch"], pitches)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("meter", METERS)
def test_every_style_in_every_meter_keeps_to_sixteenths_of_its_bars(style, meter):
    meter = meter_of(meter)
    notes = drums(FORM, style, meter=meter).notes
    bar = int(meter.bar_ticks)
    assert (notes["onset"] % bar % SIXTEENTH == 0).all()
    assert notes["duration"].min(initial=1) >= 1
    assert (notes["onset"] + notes["duration"]).max(initial=0) <= 40 * bar
    places = notes["onset"] * 128 + notes["pitch"]
    assert len(np.unique(places)) == len(places)
    assert (style == "none") == (not len(notes))


@pytest.mark.parametrize("style", [name for name in STYLES if name != "none"])
def test_a_style_begins_its_bars_in_its_own_meter(style):
    signs = strokes_of(find_style(style), find_style(style).meter, 0)
    assert any(stroke.tick == 0 for stroke in signs)
    assert {stroke.sign for stroke in signs} <= set(SIGNS)


@pytest.mark.parametrize("style", [name for name in STYLES if name != "none"])
def test_tables_are_as_long_as_their_bars(style):
    made = find_style(style)
    steps = [-(-int(beat) // SIXTEENTH) for beat in made.meter.beats]
    for line in made.lines.values():
        for bar in line.split("|"):
            assert [len(cell) for cell in bar.split()] == steps


@pytest.mark.parametrize(
    ("style", "meter", "drum", "expected"),
    [
        ("rock", "4/4", SNARE, [480, 1440]),
        ("rock", "3/4", SNARE, [960]),
        ("rock", "5/4", SNARE, [480, 1920]),
        ("rock", "6/8", SNARE, [720]),
        ("rock", "6/8", HAT, [0, 240, 480, 720, 960, 1200]),
        ("house", "3/4", KICK, [0, 480, 960]),
        ("six-eight", "4/4", HAT, [0, 240, 480, 720, 960, 1200, 1440, 1680]),
        ("waltz", "4/4", KICK, [0]),
        ("half-time", "4/4", SNARE, [360, 960, 1680]),
    ],
)
def test_a_style_finds_its_beats_in_another_meter(style, meter, drum, expected):
    table = strokes_of(find_style(style), meter_of(meter), 0)
    assert [stroke.tick for stroke in table if stroke.drum == drum] == expected


def filled_bars(track, bars):
    """Return the bars in which the hi-hat is silent on the last beat."""
    found = hits(track, HAT)
    return [
        k for k in range(bars) if not ((found >= k * 1920 + 1440) & (found < (k + 1) * 1920)).any()
    ]


@pytest.mark.parametrize(
    ("fills", "expected"), [(0, []), (4, [3, 7, 11, 15]), (8, [7, 11])], ids=["none", "4", "8"]
)
def test_fills_come_every_so_many_bars_and_before_a_new_section(fills, expected):
    assert filled_bars(drums(fills=fills), 20) == expected


def test_a_section_begins_with_a_crash_the_first_does_not():
    assert hits(drums(), CRASH).tolist() == [8 * 1920, 12 * 1920]


def test_little_energy_is_thinner_and_softer():
    quiet, loud = (drums([Section("A", 16, energy)]).notes for energy in (0.1, 0.9))
    assert len(quiet) < 0.6 * len(loud)
    assert quiet["velocity"].max() < loud["velocity"].max()
    assert SNARE not in quiet["pitch"]
    assert RIM in quiet["pitch"]


def test_the_very_last_bar_is_one_stroke():
    ending = (Section("A", 4), Section("outro", 4, 0.5))
    assert hits(drums(ending), KICK, SNARE, HAT, RIM).max() == 7 * 1920


def test_sections_without_drums_are_silent():
    notes = drums(FORM).notes
    assert notes["onset"].min() == 4 * 1920
    assert notes["onset"].max() < 36 * 1920


def bars_of(track, first, count):
    notes = track.notes
    kept = (notes["onset"] >= first * 1920) & (notes["onset"] < (first + count) * 1920)
    return {(n["onset"] - first * 1920, n["pitch"]) for n in notes[kept]}


def test_a_section_that_comes_again_is_nearly_the_same():
    track = drums(fills=0)
    first, again, other = bars_of(track, 1, 3), bars_of(track, 13, 3), bars_of(track, 9, 3)
    assert first != again
    assert len(first & again) > 0.85 * len(first | again)
    assert other


@pytest.mark.parametrize("ghost", [0, 1])
def test_ghost_notes_are_as_many_as_asked_for(ghost):
    velocity = drums(ghost=ghost).notes["velocity"]
    assert (velocity < 45).any() == bool(ghost)


def test_density_is_that_of_the_hi_hat():
    counts = [len(hits(drums(density=density), HAT)) for density in (0.1, 0.5, 0.95)]
    assert counts[0] < 0.8 * counts[1] < counts[1] < 0.8 * counts[2]


def test_kicks_go_where_the_sample_is_accented():
    accents = Rhythm.of([(0, 120, 100), (1080, 120, 127)], 1920)
    plain = drums([Section("A", 8, 0.7)], "rock", fills=0)
    bent = drums([Section("A", 8, 0.7)], "rock", fills=0, accents=accents)
    wanted = [k * 1920 + 1080 for k in range(8)]
    assert not set(wanted) <= set(hits(plain, KICK).tolist())
    assert set(wanted) <= set(hits(bent, KICK).tolist())


def test_accents_are_where_a_score_is_loud_and_long():
    rows = [(at, 100, 60, 60) for at in range(0, 7680, 240)]
    rows += [(bar * 1920 + 1200, 700, 64, 110) for bar in range(4)]
    accents = accents_of(Score([Track.of(rows)]))
    assert accents.onsets.tolist() == [1200]
    assert accents.length == 1920
    assert len(accents_of(Score([]))) == 0


def test_layers_play_their_rhythm():
    tresillo = Rhythm.of([(0, 1, 90), (360, 1, 90), (720, 1, 90)], 960)
    track = drums([Section("A", 2)], "none", layers={SHAKER: tresillo})
    assert hits(track, SHAKER).tolist() == [k * 960 + at for k in range(4) for at in (0, 360, 720)]


def test_drums_played_elsewhere_are_laid_out_by_sections():
    rows = [(bar * 1920 + at, 60, 45 + bar, 100) for bar in range(8) for at in (0, 480)]
    played = Track.of(rows, drums=True)
    form = (Section("A", 2), Section("B", 2), Section("A", 2))
    track = drums(form, "dusty", fills=0, played=played)
    toms = track.notes[track.notes["pitch"] < 49]
    toms = toms[toms["pitch"] >= 45]
    assert [(n["onset"] // 1920, n["pitch"]) for n in toms if n["onset"] % 1920] == [
        (0, 45), (1, 46), (2, 47), (3, 48), (4, 45), (5, 46)
    ]  # fmt: skip
    assert filled_bars(drums(SONG, fills=8, played=drums(fills=0)), 20) == [7, 11]
    assert not len(drums(played=Track.of([], drums=True)).notes)


def test_the_same_seed_is_the_same_track_another_is_not():
    first, again, other = (drums(seed=seed).notes for seed in (3, 3, 4))
    assert (first == again).all()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"style": "dustty"}, "Did you mean dusty"),
        ({"ghost": 1.5}, "ghost = 1.5 is not possible"),
        ({"density": -1}, "density = -1 is not possible"),
        ({"fills": -4}, "fills = -4 is not possible"),
        ({"meter": Meter(0)}, "this one is free"),
    ],
    ids=["misspelt", "too many ghosts", "no density", "fills before the first", "free meter"],
)
def test_what_cannot_be_drummed_is_said(settings, said):
    with pytest.raises(UsageError, match=said):
        drums(**settings)


@pytest.mark.parametrize("seed", range(20))
def test_any_settings_give_drums(seed):
    random = np.random.default_rng(seed)
    for _ in range(10):
        meter = Meter(int(random.integers(1, 16)), int(2 ** random.integers(1, 6)))
        names = random.choice(["intro", "A", "B", "break", "outro"], 3)
        sections = [Section(str(n), int(random.integers(1, 6)), random.random()) for n in names]
        accents = Rhythm.of(
            [(int(at), 10, 90) for at in random.integers(0, 1800, random.integers(0, 6))], 1920
        )
        track = drum_track(
            sections,
            str(random.choice(list(STYLES))),
            meter=meter,
            rng=random,
            ghost=random.random(),
            fills=int(random.integers(0, 9)),
            density=random.random(),
            accents=accents,
            layers={SHAKER: accents} if random.random() < 0.3 else None,
        )
        velocity = track.notes["velocity"]
        assert ((velocity >= 1) & (velocity <= 127)).all()
        assert track.end <= sum(s.bars for s in sections) * meter.bar_ticks
