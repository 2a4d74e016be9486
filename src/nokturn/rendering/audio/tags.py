"""Tags: title, tempo and recipe inside a sound file.

    audio_bytes(samples, "mp3", title="Rain on Tuesday", tempo_qpm=78, recipe="seed = 7")

FLAC and OGG take them from libsndfile. WAV gets the chunks LIST INFO, and ACID, in which samplers
look for the tempo of a loop; MP3 gets an ID3v2.4 tag, because libsndfile garbles what is not ASCII.
Tempo and recipe share the comment: its first line is the tempo, the rest the recipe.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import NamedTuple

from nokturn.errors import InputError, ResourceError

SOFTWARE = "Nokturn"
UTF8 = b"\x03"  # an ID3 text's encoding


class Tags(NamedTuple):
    """What a sound file says of itself; empty or 0 = it does not say."""

    title: str = ""
    tempo_qpm: float = 0.0
    recipe: str = ""

    @property
    def comment(self) -> str:
        """Tempo and recipe as one text.

        >>> Tags("Rain", 78, "seed = 7").comment
        '78 BPM\\nseed = 7'
        """
        tempo = [f"{self.tempo_qpm:.10g} BPM"] if self.tempo_qpm else []
        return "\n".join([*tempo, *([self.recipe] if self.recipe else [])])

    @staticmethod
    def of(title: str, comment: str) -> Tags:
        """Return the tags that a title and a comment hold."""
        found = re.match(r"(\d+(?:\.\d+)?) BPM(?:\n|$)", comment)
        if not found:
            return Tags(title, 0.0, comment)
        return Tags(title, float(found[1]), comment[found.end() :])


def read_tags(path: str | Path) -> tuple[Tags, float]:
    """Return the tags of a sound file, and how many seconds it lasts.

    Raises
    ------
    InputError
        It is no sound file.
    ResourceError
        The sound library is missing.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise ResourceError(
            f"tags are read by the soundfile package, which does not work here: {error}.",
            "Install it with `pip install soundfile`.",
        ) from error
    try:
        with soundfile.SoundFile(str(path)) as file:
            return Tags.of(file.title, file.comment), file.frames / file.samplerate
    except (soundfile.SoundFileError, OSError) as error:
        raise InputError(
            "this cannot be read as sound.", "Name a .wav, .flac, .ogg or .mp3.", source=str(path)
        ) from error


def with_chunks(wav: bytes, tags: Tags, frames: int, sample_rate: int) -> bytes:
    """Return a WAV file with its tags after the sound; without any it stays as it is."""
    texts = {b"INAM": tags.title, b"ICMT": tags.comment, b"ISFT": SOFTWARE}
    if not any(tags):
        return wav
    info = b"INFO" + b"".join(
        _chunk(name, text.encode() + b"\0") for name, text in texts.items() if text
    )
    body = wav[8:] + _chunk(b"LIST", info)
    if tags.tempo_qpm:
        beats = max(1, round(frames / sample_rate * tags.tempo_qpm / 60))
        # one-shot 0, no root note, 4/4 as every sampler assumes
        acid = struct.pack("<IHHfIHHf", 0, 60, 0x8000, 0.0, beats, 4, 4, tags.tempo_qpm)
        body += _chunk(b"acid", acid)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def id3(tags: Tags) -> bytes:
    """Return an ID3v2.4 tag for the head of an MP3 file; nothing without tags."""
    if not any(tags):
        return b""
    frames = _frame(b"TSSE", UTF8 + SOFTWARE.encode())
    if tags.title:
        frames += _frame(b"TIT2", UTF8 + tags.title.encode())
    if tags.tempo_qpm:
        frames += _frame(b"TBPM", UTF8 + str(round(tags.tempo_qpm)).encode())
    if tags.comment:
        frames += _frame(b"COMM", UTF8 + b"eng\0" + tags.comment.encode())
    return b"ID3\x04\x00\x00" + _sevens(len(frames)) + frames


def _chunk(name: bytes, data: bytes) -> bytes:
    """Return a RIFF chunk, filled up to an even length."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _frame(name: bytes, data: bytes) -> bytes:
    return name + _sevens(len(data)) + b"\0\0" + data


def _sevens(number: int) -> bytes:
    """Return a number in four bytes of seven bits, the largest first."""
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))
