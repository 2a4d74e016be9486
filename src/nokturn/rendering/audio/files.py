"""Files: samples become WAV, FLAC, OGG Vorbis or MP3.

    write_audio("tune.ogg", render(score), title="The Blackbird", tempo_qpm=120)

WAV is written by Python itself; the others need the libsndfile that the soundfile package brings.
WAV and FLAC hold 16 bits, with a dither that is the same each time.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import ResourceError, UsageError, did_you_mean
from nokturn.rendering.audio._ogg import numbered
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.tags import SOFTWARE, Tags, id3, with_chunks
from nokturn.writing import write_whole

Samples = NDArray[np.float32] | NDArray[np.int16]
FORMS = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"),
         "mp3": ("MP3", "MPEG_LAYER_III")}  # fmt: skip
BLOCK = 65_536  # frames written at once: libsndfile's Vorbis overflows its stack on a minute
MP3_QUALITY = 0.35  # of libsndfile's 0 (best) to 1 (smallest): about 190 kbit/s


def audio_bytes(
    samples: Samples,
    form: str,
    *,
    sample_rate: int = SAMPLE_RATE,
    title: str = "",
    tempo_qpm: float = 0.0,
    recipe: str = "",
) -> bytes:
    """Return samples as an audio file's bytes.

    Parameters
    ----------
    samples
        Shape (samples, 2), or (samples,) in mono, within -1 and 1; what lies beyond is cut. Those
        of 16 bits are taken as they are.
    form
        ``wav``, ``flac``, ``ogg`` or ``mp3``.
    title, tempo_qpm, recipe
        Written into the file; what is empty or 0 is left out.

    Raises
    ------
    UsageError
        There is no such form.
    ResourceError
        The sound library is missing or cannot write this form.
    """
    if form not in FORMS:
        raise UsageError(f"There is no sound format named {form!r}.", did_you_mean(form, FORMS))
    frames = samples.reshape(len(samples), -1)
    tags = Tags(title, tempo_qpm, recipe)
    if form == "wav":
        wav = _wav(_whole(frames), sample_rate)
        return with_chunks(wav, tags, len(frames), sample_rate)
    # the lossy coders take floats: libsndfile 1.2.2 garbles 16-bit stereo on its way into MP3
    whole = _whole(frames) if form == "flac" else _fractions(frames)
    return _encoded(whole, form, sample_rate, tags)


def write_audio(
    path: str | Path,
    samples: NDArray[np.float32],
    *,
    sample_rate: int = SAMPLE_RATE,
    title: str = "",
    tempo_qpm: float = 0.0,
    recipe: str = "",
) -> None:
    """Write samples into a file whose ending says its form; it appears when it is whole."""
    path = Path(path)
    data = audio_bytes(
        samples,
        path.suffix[1:].lower(),
        sample_rate=sample_rate,
        title=title or path.stem,
        tempo_qpm=tempo_qpm,
        recipe=recipe,
    )
    write_whole(path, data)


def _whole(frames: Samples) -> NDArray[np.int16]:
    if frames.dtype == np.int16:
        return frames.astype(np.int16, copy=False)
    return sixteen_bits(frames.astype(np.float32, copy=False))


def _fractions(frames: Samples) -> NDArray[np.float32]:
    floats = frames.astype(np.float32, copy=False)
    return floats / np.float32(32767) if frames.dtype == np.int16 else floats


def sixteen_bits(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return samples as 16-bit integers, dithered where there is sound; silence stays zero."""
    rng = np.random.default_rng(16)
    whole = np.empty(samples.shape, dtype=np.int16)
    for start in range(0, len(samples), BLOCK):
        scaled = samples[start : start + BLOCK] * np.float32(32767)
        noise = rng.random(scaled.shape, dtype=np.float32)
        noise -= rng.random(scaled.shape, dtype=np.float32)
        scaled += np.where(np.abs(scaled) > 1e-3, noise, 0)
        whole[start : start + BLOCK] = np.clip(np.rint(scaled), -32768, 32767)
    return whole


def _wav(pcm: NDArray[np.int16], sample_rate: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(pcm.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.ascontiguousarray(pcm, dtype="<i2").data)
    return buffer.getvalue()


def _encoded(
    frames: NDArray[np.int16] | NDArray[np.float32], form: str, sample_rate: int, tags: Tags
) -> bytes:
    """Return samples encoded by libsndfile."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the package is there, its library is not
        raise ResourceError(
            f"{form} files need the soundfile package, which does not work here: {error}.",
            "Install it with `pip install soundfile`, or write .wav, which needs nothing.",
        ) from error
    container, subtype = FORMS[form]
    if container not in soundfile.available_formats():
        raise ResourceError(
            f"the libsndfile of this computer ({soundfile.__libsndfile_version__}) cannot "
            f"write {form}.",
            "Install soundfile 0.12 or newer, or write .wav or .flac.",
        )
    extra = {"compression_level": MP3_QUALITY} if form == "mp3" and _levels(soundfile) else {}
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", sample_rate, frames.shape[1], subtype=subtype, format=container, **extra
    ) as file:
        if form != "mp3":  # its tags are our own
            file.software = SOFTWARE
            if tags.title:
                file.title = tags.title
            if tags.comment:
                file.comment = tags.comment
        for start in range(0, len(frames), BLOCK):
            block = frames[start : start + BLOCK]
            file.write(block if form == "flac" else np.clip(block, -1, 1))
    data = buffer.getvalue()
    if form == "ogg":
        return numbered(data)
    return id3(tags) + data if form == "mp3" else data


def _levels(soundfile: object) -> bool:
    """Whether this soundfile lets one choose the compression (from 0.13 on)."""
    version = str(getattr(soundfile, "__version__", "0")).split(".")
    return [int(part) for part in version[:2] if part.isdigit()] >= [0, 13]
