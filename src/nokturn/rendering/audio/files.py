"""Audio files: samples -> the bytes of WAV, FLAC, OGG or MP3.

WAV is written by the standard library; the others by libsndfile, which the package soundfile
brings along. The same samples give the same bytes, but for OGG, whose streams have random numbers.
"""

from __future__ import annotations

import io
import wave

import numpy as np

from nokturn.errors import ResourceError, UsageError, did_you_mean
from nokturn.rendering.audio.loudness import Samples
from nokturn.rendering.audio.synth import RATE

FORMS = ("wav", "flac", "ogg", "mp3")
BLOCK = 65_536  # libsndfile's OGG encoder fails on long single writes


def audio_bytes(samples: Samples, form: str, *, title: str = "", sample_rate: int = RATE) -> bytes:
    """Return the bytes of an audio file.

    Parameters
    ----------
    samples
        (samples, channels), full scale 1.
    form
        wav (16 bits), flac, ogg or mp3.
    title
        Written into the tags of flac, ogg and mp3.

    Raises
    ------
    UsageError
        There is no such form.
    ResourceError
        The library cannot write it on this machine.
    """
    if form not in FORMS:
        raise UsageError(f"There is no audio format {form!r}.", did_you_mean(form, FORMS))
    return (
        _wav(samples, sample_rate) if form == "wav" else _encoded(samples, form, title, sample_rate)
    )


def _wav(samples: Samples, sample_rate: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes((np.clip(samples, -1, 1) * 32_767).round().astype("<i2").tobytes())
    return buffer.getvalue()


def _encoded(samples: Samples, form: str, title: str, sample_rate: int) -> bytes:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise ResourceError(
            f"{form} cannot be written: {error}.", "Save as .wav, which needs nothing."
        ) from error
    buffer = io.BytesIO()
    subtype = {"flac": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}[form]
    try:
        with soundfile.SoundFile(
            buffer, "w", sample_rate, samples.shape[1], subtype, format=form.upper()
        ) as file:
            if title:
                file.title = title
            file.software = "Nokturn"
            for start in range(0, len(samples), BLOCK):
                file.write(samples[start : start + BLOCK])
    except (RuntimeError, soundfile.LibsndfileError) as error:
        raise ResourceError(
            f"{form} cannot be written: {error}.", "Save as .wav, which needs nothing."
        ) from error
    return buffer.getvalue()
