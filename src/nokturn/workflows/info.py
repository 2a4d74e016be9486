"""Info: what is in a file of music, without changing or writing anything.

    print(info("jig.abc").tunes[0].key)          # 'D major'
    print(info("track.mp3").sound.recipe)        # {'model': 'lofi', 'seed': 7, ...}

The length in seconds is that of the music as played, repeats and all; bars are counted as written.
Of a sound file only its length and its tags are told, of a picture only its recipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from nokturn.errors import UsageError
from nokturn.formats import base
from nokturn.music.bars import numbered_bars
from nokturn.music.key_finding import find_key
from nokturn.music.piece import Piece, recipe_of
from nokturn.music.pitch import LETTERS, SEMITONES, Key
from nokturn.music.score import Score
from nokturn.music.sheet import Sheet
from nokturn.rendering.audio.files import FORMS
from nokturn.rendering.audio.tags import read_tags
from nokturn.rendering.pictures import recipe_in
from nokturn.workflows.load import load_bytes

PICTURES = (".svg", ".png")


@dataclass(frozen=True)
class TuneInfo:
    """What is known of one piece.

    Attributes
    ----------
    tempo
        Quarter notes a minute at the beginning.
    bars
        Full bars; a pickup does not count, the halves around a repeat sign count once.
    lowest, highest
        Range, as notes: ``"D4"``; empty without notes. Drums do not count.
    seconds
        Length as played.
    recipe
        How Nokturn made it, or None.
    repairs
        What the reader mended.
    """

    title: str
    key: str
    meter: str
    tempo: float
    bars: int
    parts: tuple[str, ...]
    notes: int
    lowest: str
    highest: str
    seconds: float
    recipe: dict[str, Any] | None
    repairs: tuple[str, ...]


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file says of itself.

    Attributes
    ----------
    title
        Empty where it has none.
    tempo
        Quarter notes a minute; 0 where it does not say.
    seconds
        Length.
    recipe
        How Nokturn made it, or None.
    """

    title: str
    tempo: float
    seconds: float
    recipe: dict[str, Any] | None


@dataclass(frozen=True)
class PictureInfo:
    """What a picture says of itself: how Nokturn made the piece that it shows, or None."""

    recipe: dict[str, Any] | None


@dataclass(frozen=True)
class FileInfo:
    """A file and the pieces in it; ``sound`` or ``picture`` where it is one, which has none."""

    name: str
    format: str
    bytes: int
    tunes: tuple[TuneInfo, ...]
    sound: SoundInfo | None = None
    picture: PictureInfo | None = None

    @property
    def recipe(self) -> dict[str, Any] | None:
        """How what is in the file was made: the first recipe in it."""
        found = (self.sound, self.picture, *self.tunes)
        return next((part.recipe for part in found if part and part.recipe), None)


def info(source: str | Path, *, strict: bool = False) -> FileInfo:
    """Return what is in a file of music; ``"-"`` is standard input.

    Raises `InputError` where it cannot be read.
    """
    if str(source).endswith(".safetensors"):
        raise UsageError(f"{source} is a model.", f"See:  nokturn models show {source}")
    path = Path(source)
    if path.suffix[1:].lower() in FORMS and path.is_file():
        sound = _of_sound(path)
        return FileInfo(path.name, path.suffix[1:].lower(), path.stat().st_size, (), sound)
    data, name = load_bytes(source)
    if path.suffix.lower() in PICTURES:
        picture = PictureInfo(recipe_in(data))
        return FileInfo(name, path.suffix[1:].lower(), len(data), (), None, picture)
    pieces = base.loads(data, source=name, strict=strict)
    kinds = (kind.__module__.rpartition(".")[2] for kind in base.all_formats() if _fits(kind, data))
    return FileInfo(name, next(kinds, ""), len(data), tuple(describe(piece) for piece in pieces))


def _of_sound(path: Path) -> SoundInfo:
    tags, seconds = read_tags(path)
    return SoundInfo(tags.title, tags.tempo_qpm, seconds, recipe_of(tags.recipe))


def _fits(kind: type[base.Format], data: bytes) -> bool:
    return kind.recognises(data[:4096])


def describe(piece: Piece) -> TuneInfo:
    """Return what is known of a piece."""
    score = piece.score
    heard = [track.notes["pitch"] for track in score.tracks if len(track.notes) and not track.drums]
    written = piece.sheet_or_score
    sheet = written if isinstance(written, Sheet) else None
    return TuneInfo(
        title=piece.title,
        key=sheet.key.name if sheet else (score.keys[0][1].name if score.keys else ""),
        meter=str(sheet.meter if sheet else score.main_meter()[1]),
        tempo=score.tempos[0][1] if score.tempos else 120.0,
        bars=numbered_bars(sheet) if sheet else score_bars(score),
        parts=tuple(v.name for v in sheet.voices) if sheet else tuple(t.name for t in score.tracks),
        notes=score.note_count,
        lowest=_note_name(min(int(p.min()) for p in heard)) if heard else "",
        highest=_note_name(max(int(p.max()) for p in heard)) if heard else "",
        seconds=score.seconds(score.end),
        recipe=piece.recipe,
        repairs=tuple(piece.repairs),
    )


def _note_name(midi: int) -> str:
    """Return the name of a MIDI note, sharps for black keys: 61 -> ``C#4``."""
    octave, step = divmod(midi, 12)
    if step in SEMITONES:
        return f"{LETTERS[SEMITONES.index(step)]}{octave - 1}"
    return f"{LETTERS[SEMITONES.index(step - 1)]}#{octave - 1}"


def key_of(piece: Piece) -> Key:
    """Return the key that a piece begins in; of what only sounds, the one named or heard."""
    music = piece.sheet_or_score
    if isinstance(music, Sheet):
        return music.key
    return music.keys[0][1] if music.keys else find_key(music)


def score_bars(score: Score) -> int:
    """Return how many bars a score lasts, through its changes of meter."""
    changes = [(tick, meter.bar_ticks) for tick, meter in score.meters if not meter.free]
    if not changes or changes[0][0] > 0:
        changes.insert(0, (0, 1920))
    stops = [tick for tick, _ in changes[1:]] + [score.end]
    grid = Fraction(score.ticks_per_quarter, 480)
    bars = (
        -((start - stop) // (ticks * grid))  # rounded up
        for (start, ticks), stop in zip(changes, stops, strict=True)
        if stop > start
    )
    return int(sum(bars))
