"""Tags: a sound file says its title, its tempo and its recipe."""

import struct

import numpy as np
import pytest

from nokturn.errors import InputError
from nokturn.rendering.audio.files import FORMS, audio_bytes, write_audio
from nokturn.rendering.audio.tags import Tags, read_tags
from nokturn.workflows.info import info
from nokturn.workflows.load import load

SECOND = np.zeros((44100, 2), dtype=np.float32)
RECIPE = 'progression = "ii V I"\nseed = 7\n' + 40 * "rain = 0.4  # Señor Żal\n"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(Tags("Señor Żal", 78.5, RECIPE), id="all"),
        pytest.param(Tags("Rain", 78), id="no-recipe"),
        pytest.param(Tags("Rain", 0, "seed = 7"), id="no-tempo"),
        pytest.param(Tags("Rain"), id="title-only"),
    ],
)
def test_what_is_written_is_read_again(form, tags, tmp_path):
    path = tmp_path / f"tune.{form}"
    write_audio(path, SECOND, **tags._asdict())
    assert read_tags(path) == (tags, pytest.approx(1, abs=0.1))


@pytest.mark.parametrize("form", FORMS)
def test_without_tags_there_are_none(form, tmp_path):
    path = tmp_path / f"tune.{form}"
    path.write_bytes(audio_bytes(SECOND, form))
    assert read_tags(path)[0] == Tags()


def test_a_wav_file_is_made_of_whole_chunks():
    data = audio_bytes(SECOND, "wav", title="Odd", tempo_qpm=90, recipe="seed = 12")
    assert data[:4] == b"RIFF"
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    names, at = [], 12
    while at < len(data):
        size = struct.unpack("<I", data[at + 4 : at + 8])[0]
        names.append(data[at : at + 4])
        at += 8 + size + size % 2
    assert at == len(data)
    assert names == [b"fmt ", b"data", b"LIST", b"acid"]
    assert struct.unpack("<f", data[-4:])[0] == 90


def test_what_is_no_sound_is_named(tmp_path):
    path = tmp_path / "tune.wav"
    path.write_text("no sound")
    with pytest.raises(InputError, match=r"tune\.wav: this cannot be read as sound"):
        read_tags(path)


def test_a_sound_file_tells_how_it_was_made(tmp_path):
    path = tmp_path / "rain.mp3"
    write_audio(path, SECOND, title="Rain", tempo_qpm=78, recipe='{"model": "lofi", "seed": 7}')
    sound = info(path).sound
    assert (sound.title, sound.tempo, sound.recipe) == ("Rain", 78, {"model": "lofi", "seed": 7})
    assert sound.seconds == pytest.approx(1, abs=0.1)


def test_a_comment_that_is_no_recipe_is_left_alone(tmp_path):
    path = tmp_path / "rain.wav"
    write_audio(path, SECOND, recipe="recorded in May")
    assert info(path).sound.recipe is None


@pytest.mark.parametrize("form", FORMS)
def test_sound_is_no_music_to_read(form, tmp_path):
    path = tmp_path / f"rain.{form}"
    write_audio(path, SECOND, title="Rain")
    with pytest.raises(InputError, match="it is sound, and only what is written can be read"):
        load(path)
