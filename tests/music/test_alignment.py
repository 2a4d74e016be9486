"""Where what sounds is written, and which bar is played when."""

import pytest

from nokturn.music.alignment import Alignment
from nokturn.music.perform import performed
from nokturn.music.pitch import Pitch
from nokturn.music.score import Score, Track
from nokturn.music.sheet import Bar, Event, Grace, Place, Sheet, Voice
from nokturn.music.time import Meter
from nokturn.music.transcribe import transcribed

C, D, E, G = Pitch(0), Pitch(1), Pitch(2), Pitch(4)
THREE = Meter(3, 4)


def places(alignment: Alignment, track: int = 0) -> list[list[str]]:
    return [[place.name for place in note] for note in alignment.sources()[track]]


def quarters(*pitches: Pitch) -> list[Event]:
    return [Event(480, (pitch,)) for pitch in pitches]


def jig() -> Sheet:
    """Pickup, a repeated bar with two endings."""
    pickup = Bar([quarters(G)], meter=THREE)
    first = Bar([quarters(C, D, E)], repeat_start=True)
    again = Bar([quarters(D, D, D)], ending=(1,), ending_stop=True, repeat_end=2)
    last = Bar([quarters(C, C)], ending=(2,), ending_stop=True)
    return Sheet([pickup, first, again, last])


def test_a_tied_note_is_written_more_than_once() -> None:
    bars = [Bar([[Event(1920, (C,), ties=(True,))]]), Bar([[Event(1920, (C,))]])]
    assert places(performed(Sheet(bars))) == [["n0-0-0-0", "n1-0-0-0"]]


def test_a_repeated_note_sounds_more_than_once() -> None:
    sheet = Sheet([Bar([quarters(C, D, E, G)], repeat_end=2)])
    assert places(performed(sheet)) == 2 * [[f"n0-0-{k}-0"] for k in range(4)]


def test_chords_and_grace_notes_have_places_of_their_own() -> None:
    event = Event(1920, (C, E, G), graces=(Grace((D,), 240),))
    assert places(performed(Sheet([Bar([[event]])]))) == [
        ["n0-0-0-0-g0"], ["n0-0-0-0"], ["n0-0-0-1"], ["n0-0-0-2"],
    ]  # fmt: skip


def test_voices_of_a_part_are_one_track() -> None:
    sheet = Sheet([Bar([quarters(G, G), quarters(C, E)])], [Voice(), Voice()])
    assert places(performed(sheet)) == [["n0-1-0-0"], ["n0-0-0-0"], ["n0-1-1-0"], ["n0-0-1-0"]]


def test_bars_are_counted_as_they_are_played() -> None:
    bars = performed(jig()).bars()
    assert [bar.number for bar in bars] == [0, 1, 2, 3, 4]
    assert [bar.written for bar in bars] == [(0,), (1,), (2,), (1,), (3,)]
    assert [bar.start for bar in bars] == [0, 480, 1920, 3360, 4800]
    assert bars[-1].stop == performed(jig()).score.end


def test_halves_around_a_repeat_sign_are_one_bar() -> None:
    pickup = Bar([quarters(G)], meter=THREE)
    full, end = Bar([quarters(C, D, E)]), Bar([quarters(C, C)], repeat_end=2)
    pickup.repeat_start = True
    bars = performed(Sheet([pickup, full, end])).bars()
    assert [bar.written for bar in bars] == [(0,), (1,), (2, 0), (1,), (2,)]


def test_on_a_coarser_grid_bars_begin_where_the_notes_do() -> None:
    bars = performed(jig(), ticks_per_quarter=24).bars()
    assert [bar.start for bar in bars] == [0, 24, 96, 168, 240]


def test_what_is_transcribed_knows_its_notes() -> None:
    rows = [(0, 960, 67, 80), (0, 960, 60, 80), (960, 1920, 62, 80)]
    score = Score([Track.of([]), Track.of(rows)], meters=[(0, Meter(4, 4))], length=3840)
    found = transcribed(score)
    assert found.sources()[0] == []
    assert places(found, 1) == [["n0-0-0-0"], ["n0-0-0-1"], ["n0-0-1-0", "n1-0-0-0"]]
    assert [bar.number for bar in found.bars()] == [1, 2]


@pytest.mark.parametrize("played", [(0, 470, 60, 80), (9, 480, 60, 80)], ids=["neat", "late"])
def test_a_note_struck_twice_at_once_is_written_once(played: tuple[int, ...]) -> None:
    rows = [(0, 480, 60, 90), played, (491, 470, 64, 80), (960, 480, 67, 80)]
    found = transcribed(Score([Track.of(rows)]))
    pitches = [60, 60, 64, 67]
    for midi, note in zip(pitches, found.sources()[0], strict=True):
        assert [pitch_of(found, place).midi for place in note] == [midi]


def pitch_of(alignment: Alignment, place: Place) -> Pitch:
    event = alignment.sheet.bars[place.bar].voices[place.voice][place.event]
    return event.graces[place.grace].pitches[0] if place.grace >= 0 else event.pitches[place.pitch]
