"""Primers: what they hold, that seeds repeat them, and that what is written follows from them."""

import numpy as np
import pytest

from nokturn.encodings.midi_like import MidiLike
from nokturn.encodings.piano_roll import PianoRoll
from nokturn.errors import UsageError
from nokturn.generation.free import compose_freely
from nokturn.generation.primers import LENGTH, NAMES, SCALES, made, symbols
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.roll import Roll

MODES = {
    "ionian": "2212221",
    "dorian": "2122212",
    "phrygian": "1222122",
    "lydian": "2221221",
    "mixolydian": "2212212",
    "aeolian": "2122122",
    "locrian": "1221222",
}


def notes(name, seed=0):
    return made(name, seed).score.tracks[0].notes


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_goes_up_in_its_steps_and_down_again(name):
    pitches = notes(name, 5)["pitch"]
    assert "".join(map(str, np.diff(pitches[:8]))) == MODES[name]
    assert pitches.tolist() == pitches[::-1].tolist()
    assert notes(name, 5)["onset"].tolist() == list(range(0, LENGTH, 240))


def test_silence_one_note_and_many():
    assert [len(notes(name)) for name in ("silence", "note", "notes")] == [0, 1, 6]
    assert set(notes("notes")["onset"]) == {0}
    assert len(set(notes("notes")["pitch"])) == 6


def test_noise_in_two_hands_leaves_none_of_them_out():
    found = notes("two-hands")
    for onset in range(0, LENGTH, 240):
        pitches = found["pitch"][found["onset"] == onset]
        assert ((pitches < 60).sum(), (pitches >= 60).sum()) == (2, 2)
    assert np.ptp(notes("noise")["pitch"]) > np.ptp(found["pitch"])


@pytest.mark.parametrize("name", NAMES)
def test_every_primer_is_two_bars_and_the_same_for_the_same_seed(name):
    encoding = PianoRoll().fit([])
    begin = symbols(encoding, made(name, 3))
    assert begin.count(1) == 32  # frames of a sixteenth
    assert begin == symbols(encoding, made(name, 3))
    if name != "silence":
        assert begin != symbols(encoding, made(name, 4))


def test_only_frames_can_be_silent():
    with pytest.raises(UsageError, match="Silence cannot begin a piece in midi_like"):
        symbols(MidiLike().fit([made("note")]), made("silence"))


def test_a_misspelt_primer_is_told():
    with pytest.raises(UsageError, match=r"no primer named 'dorien'\. Did you mean dorian"):
        made("dorien")


def test_what_is_written_begins_with_the_primer_and_follows_from_it():
    encoding = PianoRoll(per_quarter=2, struck=False).fit([])
    layout = {k: v for k, v in encoding.layout.items() if k in Roll.settings_class.model_fields}
    settings = Roll.settings_class(**layout, width=8, output="sigmoid")
    model = Roll.untrained(Inputs(len(encoding.vocabulary)), settings, 1)
    file = ModelFile(model, "piano_roll", list(encoding.vocabulary), encoding.model_dump())

    def written(name):
        piece = next(compose_freely(file, seed=1, quarters=9, primer=made(name))).piece
        return encoding.encode(piece).tolist()

    dorian, silence = written("dorian"), written("silence")
    begin = symbols(encoding, made("dorian"))
    assert dorian[: len(begin)] == begin
    assert silence[:16] == [1] * 16
    assert dorian[len(begin) :] != silence[16:]
