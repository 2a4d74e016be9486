"""Exports: everything that a piece can be taken away as, under a name that says what it is.

    for kind, export in exports(piece).items():
        print(export.name, export.about)              reel-7_Ador_4-4_180bpm.mid 3200
    data = exports(piece)["stems"].make()             a zip: 01-melody.wav, 01-melody.mid ...

Nothing is made before it is asked for. Every file brings the recipe along, and the zip has it as a
file of its own. For some bars only, `nokturn.workflows.cut` comes first.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nokturn.errors import InputError
from nokturn.music.instruments import track_names
from nokturn.music.key_finding import find_key
from nokturn.music.piece import Piece
from nokturn.music.score import DEFAULT_QPM, Score
from nokturn.rendering.audio.effects import Signal
from nokturn.rendering.audio.files import audio_bytes
from nokturn.rendering.audio.master import LUFS, levelled
from nokturn.rendering.audio.mix import SAMPLE_RATE, TAIL
from nokturn.rendering.audio.stems import folded
from nokturn.workflows.save import KINDS
from nokturn.workflows.sound import piece_stems, unlevelled
from nokturn.workflows.stage import aligned

LONGEST_TITLE = 60  # characters of a title in a file name
AROUND_S = 4.0  # of a loop that is heard before and after it while it gets its loudness
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same piece makes the same bytes
MEDIA = {
    "abc": "text/vnd.abc", "mid": "audio/midi", "mxl": "application/vnd.recordare.musicxml",
    "musicxml": "application/vnd.recordare.musicxml+xml", "wav": "audio/wav", "flac": "audio/flac",
    "ogg": "audio/ogg", "mp3": "audio/mpeg", "svg": "image/svg+xml", "png": "image/png",
    "roll.png": "image/png", "loop": "audio/wav", "stems": "application/zip",
    "recipe": "application/json",
}  # fmt: skip
# bytes a second of stereo; the last three as measured over folk tunes, chorales and piano
RATES = {"wav": 4.0 * SAMPLE_RATE, "flac": 90_000.0, "ogg": 14_000.0, "mp3": 19_000.0}


@dataclass(frozen=True)
class Export:
    """One thing that a piece can become.

    Attributes
    ----------
    name
        Of the file: ``reel-7_Ador_4-4_180bpm.mid``.
    media
        Its type: ``audio/midi``.
    about
        How many bytes to expect where making it takes time: exact for WAV but for its tags, a guess
        for FLAC, OGG, MP3 and stems. 0 = it is made in no time.
    make
        Returns the bytes.
    """

    name: str
    media: str
    about: int
    make: Callable[[], bytes]


def exports(piece: Piece, *, part: str = "") -> dict[str, Export]:
    """Return what a piece can be exported as, by kind: ``abc``, ``mid``, ... ``stems``, ``recipe``.

    A piece without a recipe has no ``recipe``; one without notes no sound. ``part`` is what its
    file names say beside title, key, meter and tempo: ``"bars 5-8"``.
    """
    stem, seconds = file_stem(piece, part), piece.score.seconds(piece.score.end)
    heard = sum(len(track.notes) > 0 for track in piece.score.tracks)
    made: dict[str, Export] = {}

    def add(kind: str, ending: str, make: Callable[[], bytes], about: float = 0) -> None:
        made[kind] = Export(stem + ending, MEDIA[kind], int(about), make)

    for kind in ("abc", "mid", "musicxml", "mxl", "svg", "png", "roll.png"):
        add(kind, f".{kind}", _made(piece, kind))
    if heard:
        for kind, rate in RATES.items():
            add(kind, f".{kind}", _made(piece, kind), rate * (seconds + TAIL))
        add("loop", "_loop.wav", lambda: loop_bytes(piece), RATES["wav"] * seconds)
        each = RATES["wav"] * (seconds + TAIL)
        add("stems", "_stems.zip", lambda: stems_zip(piece), heard * each)
    if piece.recipe:
        text = json.dumps(piece.recipe, indent=2, sort_keys=True, default=str, ensure_ascii=False)
        add("recipe", "_recipe.json", lambda: f"{text}\n".encode())
    return made


def _made(piece: Piece, kind: str) -> Callable[[], bytes]:
    return lambda: KINDS[f".{kind}"].dumps([piece])


def file_stem(piece: Piece, part: str = "") -> str:
    """Return a name for files of a piece: title, key, meter and tempo, safe on every system.

    Letters of any alphabet stay; all else but ``-`` and ``_`` becomes ``-``.

    >>> from nokturn.music.sheet import Bar, Event, Sheet
    >>> bar = Bar([[Event(1920)]])
    >>> file_stem(Piece(Sheet([bar], title="Reel 7: <The> Moon")), part="Melody")
    'reel-7-the-moon_C_4-4_120bpm_melody'
    """
    score = piece.score
    qpm = score.tempos[0][1] if score.tempos else DEFAULT_QPM
    _, meter = score.main_meter()
    words = [slug(piece.title) or "untitled"]
    if not all(track.drums for track in score.tracks):
        key = score.keys[0][1] if score.keys else find_key(score)
        words.append(slug(str(key).split()[0].replace("#", "sharp"), lower=False))
    words.append("free" if meter.free else f"{meter.numerator}-{meter.denominator}")
    words += [f"{qpm:.0f}bpm", slug(part)]
    return "_".join(word for word in words if word)


def slug(text: str, *, lower: bool = True) -> str:
    """Return a text as a part of a file name: letters and digits, ``-`` between words.

    >>> slug("../../etc/passwd"), slug("Gráinne's Jig"), slug("\\u202egnp.exe")
    ('etc-passwd', 'gráinne-s-jig', 'gnp-exe')
    """
    plain = unicodedata.normalize("NFC", text)
    words = re.sub(r"[\W_]+", "-", plain.lower() if lower else plain).strip("-")
    while len(words.encode()) > 3 * LONGEST_TITLE or len(words) > LONGEST_TITLE:
        words = words[:-1]
    return words.strip("-")


def loop_bytes(piece: Piece) -> bytes:
    """Return a piece as a WAV loop, exactly as long as its bars, to the sample.

    What rings over the end is heard at the beginning; samplers find the tempo in the file.

    Raises `InputError` where there is no music.
    """
    score = piece.score
    tempos = score.tempos
    return audio_bytes(
        loop(piece).T,
        "wav",
        title=f"{piece.title}, loop",
        tempo_qpm=tempos[0][1] if len(tempos) == 1 else 0 if tempos else DEFAULT_QPM,
        recipe=json.dumps(piece.recipe, sort_keys=True, default=str) if piece.recipe else "",
    )


def loop(piece: Piece) -> Signal:
    """Return a piece as sound whose end leads into its beginning, (2, samples), at -16 LUFS."""
    bars = aligned(piece).bars()
    length = round(piece.score.seconds(bars[-1].stop) * SAMPLE_RATE) if bars else 0
    if length < SAMPLE_RATE // 10 or not piece.score.note_count:
        raise InputError("there is no music to make a loop of.", "Give it at least one bar.")
    once = folded(unlevelled(piece), length)
    before = int(AROUND_S * SAMPLE_RATE)
    around = np.arange(-before, length + before) % length
    whole = levelled(once[:, around], SAMPLE_RATE, LUFS)  # the limiter hears what comes next
    return np.ascontiguousarray(whole[:, before : before + length])


def stems_zip(piece: Piece) -> bytes:
    """Return each track as WAV and MIDI in a zip: ``01-melody.wav``, ``01-melody.mid`` ...

    The sounds are of one length and sum to the mix; the recipe is there too.
    """
    parts = piece_stems(piece)
    score, names = piece.score, track_names(piece.score.tracks)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # sound does not get smaller
        for number, name in enumerate(parts, 1):
            stem = f"{number:02d}-{slug(name) or 'track'}"
            title = f"{piece.title}, {name}"
            qpm = score.tempos[0][1] if score.tempos else DEFAULT_QPM
            _put(archive, f"{stem}.wav", audio_bytes(parts[name].T, "wav", title=title,
                                                     tempo_qpm=qpm))  # fmt: skip
            alone = _alone(score, names.index(name))
            midi = KINDS[".mid"].dumps([Piece(alone, title=title, recipe=piece.recipe)])
            _put(archive, f"{stem}.mid", midi)
        if piece.recipe:
            text = json.dumps(piece.recipe, indent=2, sort_keys=True, default=str)
            _put(archive, "recipe.json", text.encode())
    return buffer.getvalue()


def _alone(score: Score, track: int) -> Score:
    """Return a score with one of its tracks, as long as the whole."""
    return replace(score, tracks=[score.tracks[track]], length=score.end)


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
