"""What is played when a sheet is performed."""

from fractions import Fraction

import pytest

from nokturn.music.perform import perform
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Bar, Event, Grace, Sheet, Tuplet, Voice
from nokturn.music.time import Meter, Tempo

C, D, E = Pitch(0), Pitch(1), Pitch(2)


def rows(sheet: Sheet, **options: bool) -> list[tuple[int, int, int]]:
    notes = perform(sheet, as_written=True, **options).tracks[0].notes
    return [(int(n["onset"]), int(n["duration"]), int(n["pitch"])) for n in notes]


def test_a_tie_over_the_bar_line_makes_one_note() -> None:
    first = Bar([[Event(1440, (C,)), Event(480, (D,), ties=(True,))]])
    second = Bar([[Event(960, (D,)), Event(960, (E,))]])
    assert rows(Sheet([first, second])) == [(0, 1440, 60), (1440, 1440, 62), (2880, 960, 64)]


def test_a_tie_holds_only_the_tied_note_of_a_chord() -> None:
    bar = Bar([[Event(480, (C, E), ties=(True, False)), Event(480, (C, E))]])
    assert rows(Sheet([bar])) == [(0, 960, 60), (0, 480, 64), (480, 480, 64)]


def test_a_tie_that_leads_to_another_pitch_is_no_tie() -> None:
    bar = Bar([[Event(480, (C,), ties=(True,)), Event(480, (D,))]])
    assert rows(Sheet([bar])) == [(0, 480, 60), (480, 480, 62)]


def test_septuplets_do_not_drift() -> None:
    seventh = Fraction(1920, 7)
    bar = Bar([[Event(seventh, (C,), tuplet=Tuplet(7, 4))] * 7])
    onsets = [onset for onset, _, _ in rows(Sheet([bar, bar]))]
    assert onsets == [round(k * seventh) for k in range(14)]


def test_a_pickup_gets_a_meter_of_its_own() -> None:
    sheet = Sheet([Bar([[Event(240, (C,))]], meter=Meter(6, 8)), Bar([[Event(1440, (D,))]])])
    assert perform(sheet).meters == [(0, Meter(1, 8)), (240, Meter(6, 8))]


def test_halves_around_a_repeat_sign_make_one_bar() -> None:
    pickup = Bar([[Event(240, (C,))]], meter=Meter(6, 8))
    end = Bar([[Event(1200, (D,))]], repeat_end=2)
    pickup.repeat_start = True
    played = perform(Sheet([pickup, Bar([[Event(1440, (E,))]]), end]))
    assert played.meters == [(0, Meter(1, 8)), (240, Meter(6, 8)), (4560, Meter(5, 8))]


def test_tempo_returns_when_the_playing_goes_back() -> None:
    slow = Bar([[Event(1920, (C,))]], tempos={0: Tempo(60)})
    fast = Bar([[Event(1920, (D,))]], tempos={960: Tempo(80, 720)}, repeat_end=2)
    tempos = perform(Sheet([slow, fast])).tempos
    assert tempos == [(0, 60.0), (2880, 120.0), (3840, 60.0), (6720, 120.0)]


def test_key_changes_are_told_once() -> None:
    bars = [
        Bar([[Event(1920, (C,))]], keys={0: Key.parse("G")}),
        Bar([[Event(1920, (C,))]]),
        Bar([[Event(1920, (C,))]], keys={0: Key.parse("Am")}),
    ]
    assert perform(Sheet(bars)).keys == [(0, Key.parse("G")), (3840, Key.parse("Am"))]


def test_voices_of_a_part_share_a_track() -> None:
    bar = Bar([[Event(960, (E,))], [Event(960, (C,))], [Event(960, (D,))]])
    sheet = Sheet([bar], [Voice("Piano"), Voice("Piano", staff=1), Voice("Flute", 1, program=73)])
    tracks = perform(sheet).tracks
    assert [(t.name, t.program, t.notes["pitch"].tolist()) for t in tracks] == [
        ("Piano", 0, [60, 64]),
        ("Flute", 73, [62]),
    ]


@pytest.mark.parametrize(("graces", "main"), [(1, 60), (2, 120), (8, 240)])
def test_grace_notes_take_at_most_half_of_the_note(graces: int, main: int) -> None:
    event = Event(480, (C,), graces=(Grace((D,), 120),) * graces)
    notes = perform(Sheet([Bar([[event]])])).tracks[0].notes
    assert [int(n["onset"]) for n in notes if n["pitch"] == 60] == [main]


def test_staccato_is_short_and_the_first_beat_strong() -> None:
    bar = Bar([[Event(480, (C,), decorations=("staccato",)), Event(480, (D,))]])
    notes = perform(Sheet([bar])).tracks[0].notes
    assert notes["duration"].tolist() == [240, 480]
    assert notes["velocity"][0] > notes["velocity"][1]
