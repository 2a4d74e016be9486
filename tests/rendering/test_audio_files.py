"""Sound files: what is written is what is heard again."""

import io
import sys
import wave

import numpy as np
import pytest

from nokturn.errors import ResourceError, UsageError
from nokturn.music.score import Score, Track
from nokturn.rendering.audio.files import FORMS, audio_bytes, write_audio
from nokturn.rendering.audio.mix import SAMPLE_RATE, render

SCORE = Score([Track.of([(0, 480, 62, 90), (480, 480, 69, 90), (960, 960, 66, 90)], program=73)])


@pytest.fixture(scope="module")
def samples():
    return render(SCORE)


def test_wav_holds_the_samples(samples):
    with wave.open(io.BytesIO(audio_bytes(samples, "wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44100)
        read = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert read / 32767 == pytest.approx(samples, abs=1.6 / 32767)


@pytest.mark.parametrize(("form", "apart"), [("flac", 1e-4), ("ogg", 0.1), ("mp3", 0.1)])
def test_other_forms_read_back(samples, form, apart):
    import soundfile

    data = audio_bytes(samples, form, title="Señor Dúlamán")
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert file.samplerate == SAMPLE_RATE
        assert file.title == "Señor Dúlamán"
        read = file.read(dtype="float32")
    count = min(len(read), len(samples))
    assert abs(len(read) - len(samples)) < 4000  # MP3 comes in whole frames
    power = np.sqrt((samples**2).mean())
    assert np.sqrt((read**2).mean()) == pytest.approx(power, rel=0.05)
    if form != "mp3":  # its coder shifts the sound by some samples
        assert np.abs(read[:count] - samples[:count]).max() < apart


def test_two_minutes_of_ogg_do_not_crash():
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (120 * 44100, 2)).astype(np.float32)
    assert audio_bytes(noise, "ogg")[:4] == b"OggS"


@pytest.mark.parametrize("form", FORMS)
def test_mono_samples_are_written(samples, form):
    assert len(audio_bytes(samples[:, 0], form)) > 1000


@pytest.mark.parametrize("form", FORMS)
def test_the_same_samples_give_the_same_bytes(samples, form):
    assert audio_bytes(samples, form) == audio_bytes(samples, form)


def test_silence_stays_digital_silence():
    data = audio_bytes(np.zeros((1000, 2), dtype=np.float32), "wav")
    assert not any(data[44:])


def test_too_loud_samples_are_cut_not_wrapped():
    data = audio_bytes(np.full((100, 2), 1.5, dtype=np.float32), "wav")
    assert np.frombuffer(data[44:], "<i2").min() == 32767


@pytest.mark.parametrize("form", FORMS)
def test_a_file_appears_whole_and_alone(samples, form, tmp_path):
    write_audio(tmp_path / f"tune.{form}", samples)
    assert [path.name for path in tmp_path.iterdir()] == [f"tune.{form}"]


def test_an_unknown_form_is_named():
    with pytest.raises(UsageError, match=r"no sound format named 'wave'\. Did you mean wav\?"):
        audio_bytes(np.zeros((10, 2), dtype=np.float32), "wave")


def test_without_soundfile_wav_is_offered(monkeypatch, samples):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(ResourceError, match=r"mp3 files need the soundfile package.*write \.wav"):
        audio_bytes(samples, "mp3")
    assert audio_bytes(samples, "wav")[:4] == b"RIFF"
