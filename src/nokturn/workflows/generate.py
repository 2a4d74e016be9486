"""Generate: new tunes from a model and wishes.

    for event in generate("folk", key="Ador", meter="6/8", bars=32, n=4, seed=7):
        if isinstance(event, Composed): print(event.piece.title)

Each tune gets a title, a tempo and a recipe: model and its hash, seed, settings, version. The same
version, model, settings and seed on the same machine give the same tune. While a tune is written
`Writing` tells of each bar; closing the generator ends the work, and so does ``stop``, which keeps
the bars that stand.
"""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from nokturn.encodings.base import written
from nokturn.errors import InputError, UsageError
from nokturn.formats._abc_writer import write_tune
from nokturn.generation import primers
from nokturn.generation.compose import tunes
from nokturn.generation.free import pieces
from nokturn.generation.growing import Growing
from nokturn.generation.random_chords import random_chords
from nokturn.generation.sampling import Sampling
from nokturn.models._file import ModelFile
from nokturn.models._key_model import KeyModel
from nokturn.models.base import Model
from nokturn.music.instruments import program_of
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.sheet import Sheet
from nokturn.music.time import Meter, Tempo
from nokturn.production.instrumentation import instrumented
from nokturn.training import runs
from nokturn.training.interrupts import stopping
from nokturn.workflows.load import load, read_stdin, read_text
from nokturn.workflows.rhythm import Way, joined, way_of
from nokturn.workflows.wishes import (
    Composed,
    Said,
    Writing,
    first_seed,
    parsed_key,
    parsed_meter,
    parsed_tempo,
)

__all__ = ["generate", "in_rhythm", "stopping"]  # all that others need

DANCES = {  # name and usual tempo
    (6, 8): ("Jig", Tempo(112, 720)),
    (9, 8): ("Slip jig", Tempo(112, 720)),
    (12, 8): ("Slide", Tempo(120, 720)),
    (2, 4): ("Polka", Tempo(112)),
    (3, 4): ("Waltz", Tempo(138)),
    (3, 8): ("Waltz", Tempo(60, 720)),
    (4, 4): ("Reel", Tempo(92, 960)),
    (2, 2): ("Reel", Tempo(96, 960)),
}


def generate(
    model: str = "folk",
    *,
    key: str = "any",
    meter: str = "any",
    tempo: str | float = "",
    bars: int | None = None,
    n: int = 1,
    seed: int | None = None,
    temperature: float = 0.9,
    top_p: float = 1.0,
    top_k: int = 0,
    min_p: float = 0.0,
    primer: str | Piece = "",
    rhythm: str = "",
    threshold: str | float = "",
    instrument: str = "",
    stop: threading.Event | None = None,
) -> Iterator[Writing | Composed | Said]:
    """Compose pieces.

    Parameters
    ----------
    model
        Name, ``name@epoch`` or path of a model.
    key, meter
        ``"Ador"``, ``"6/8"``; ``"any"`` lets the model choose.
    tempo
        Quarter notes a minute, or with the beat: ``"3/8=120"``; empty = usual for the dance.
    bars
        Length as played, repeats and all; None lets the model choose. 1-256. Models that do not
        write ABC count bars of four quarters.
    n
        How many. Variation *i* (from 0) has the seed *seed + i*.
    seed
        0 to 2147483647; None = a random one.
    temperature, top_p, top_k, min_p
        See `nokturn.generation.sampling.Sampling`.
    primer
        How it begins: a piece, ABC text, the name of a file, ``"-"`` for standard input, or a name
        of `nokturn.generation.primers`: ``"silence"``, ``"noise"``, ``"dorian"``.
    rhythm
        What the pitches of the piece are given instead of its own rhythm: ``"euclid"``,
        ``"network"``, a file ... (`nokturn.workflows.rhythm.way_of`). With a file and no model,
        pitches are drawn from clean chords at random: the baseline of every table.
    threshold
        For rolls of independent keys: every key that is likelier than this sounds, instead of
        being drawn; ``"calibrated"`` is what was best on held-out pieces. Empty = as trained.
    instrument
        What plays all but drums: General MIDI's name or number (1-128); empty = as written.
    stop
        Once it is set, the piece that is being written ends with the whole bars it has, which its
        recipe tells as ``stopped_at_bar``, and nothing more is written. A piece without a whole bar
        is none.

    Raises
    ------
    UsageError, ModelError, InputError, ConstraintError
        A wish that cannot be meant, no such model, a primer that is no music, no tune that fits.
    """
    if bars is not None and not 1 <= bars <= 256:
        raise UsageError(f"--bars {bars} is out of range.", "A piece has 1 to 256 bars.")
    if n < 1:
        raise UsageError(f"-n {n} is out of range.", "Ask for at least one piece.")
    first = first_seed(seed, n)
    if rhythm and not model:
        yield from _over_rhythm(rhythm, n, first, stop)
        return
    way = way_of(rhythm) if rhythm else None
    wishes = Wished(
        key=parsed_key(key),
        meter=parsed_meter(meter),
        tempo=parsed_tempo(tempo),
        bars=bars or 0,
        n=n,
        seed=first,
        sampling=_sampling(temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p),
        primer=primer,
        program=program_of(instrument) if instrument else None,
        stop=stop,
    )
    file = ModelFile.load(runs.resolve(model))
    if str(threshold):
        file.model = _above(file.model, str(threshold))
    recipe = {
        "nokturn": importlib.metadata.version("nokturn"),
        "model": Path(model).stem if model.endswith(runs.ENDING) else model,
        "sha256": file.sha256,
        "key": key, "meter": meter, "tempo": str(tempo), "bars": bars,
        **wishes.sampling.model_dump(),
        **({"threshold": str(threshold)} if str(threshold) else {}),
        **({"instrument": instrument} if instrument else {}),
    }  # fmt: skip
    if file.encoding in ("abc_text", "abc_tokens") and not file.encoding_settings.get("plain"):
        made = _tunes(file, wishes, recipe)
    else:
        made = _pieces(file, wishes, recipe)
    for event in made:
        if way and isinstance(event, Composed):
            yield Composed(in_rhythm(event.piece, way, wishes, rhythm))
        elif way and isinstance(event, Writing):
            yield replace(event, piece=partial(_so_far, event.piece, way, wishes, rhythm), abc="")
        else:
            yield event


@dataclass(frozen=True)
class Wished:
    """What is asked for, checked."""

    key: Key | None
    meter: Meter | None
    tempo: Tempo | None
    bars: int
    n: int
    seed: int
    sampling: Sampling
    primer: str | Piece
    program: int | None = None
    stop: threading.Event | None = None

    def writing(self, growing: Growing, dress: Callable[[Piece, int, int], Piece]) -> Writing:
        """Return the event of a piece that grows; ``dress`` gives it its title and tempo."""
        seed, bars = growing.seed, growing.bars
        return Writing(
            variation=seed - self.seed,
            bar=bars,
            of=self.bars or None,
            piece=lambda: dress(growing.piece(), seed, bars),
            abc=growing.text,
        )


Events = Iterator[Writing | Composed | Said]


def _tunes(file: ModelFile, wishes: Wished, recipe: dict[str, Any]) -> Events:
    """Yield tunes that are right, from a model that writes ABC."""
    begin = _primer(wishes.primer, wishes.seed)
    recipe |= {"primer": begin} if begin else {}
    drawn = again = 0

    def dress(piece: Piece, seed: int, stopped_at: int) -> Piece:
        _dress(piece.sheet, seed, wishes.tempo)
        if wishes.program is not None:
            for voice in piece.sheet.voices:
                voice.program = wishes.program
        return _signed(piece, piece.sheet.title, recipe, seed, stopped_at)

    made = tunes(
        file,
        meter=wishes.meter,
        key=wishes.key,
        bars=wishes.bars,
        n=wishes.n,
        seed=wishes.seed,
        sampling=wishes.sampling,
        primer=begin,
        stop=wishes.stop,
    )
    for one in made:
        if isinstance(one, Growing):
            yield wishes.writing(one, dress)
            continue
        if one.replaced and one.seed == wishes.seed:
            yield Said(_told(one.replaced))
        drawn, again = drawn + one.bars, again + one.redrawn
        yield Composed(dress(one.piece, one.seed, one.stopped_at))
    if again:
        yield Said(f"{again} of {drawn} bars ({again / drawn:.0%}) were not right and drawn again.")


def _pieces(file: ModelFile, wishes: Wished, recipe: dict[str, Any]) -> Events:
    """Yield pieces from a model of any other encoding, which knows no key or meter to ask for."""
    asked = [name for name in ("key", "meter") if getattr(wishes, name) is not None]
    if asked:
        raise UsageError(
            f"A model over {file.encoding} cannot be asked for a {asked[0]}.",
            "Leave it out, or give a primer in that " + asked[0] + ".",
        )
    primer = _begun(wishes)
    if primer is not None:
        named = isinstance(wishes.primer, str) and "\n" not in wishes.primer
        recipe |= {"primer": wishes.primer if named else write_tune(primer)}

    def dress(piece: Piece, seed: int, stopped_at: int) -> Piece:
        piece.score.title = piece.title or f"Piece no. {seed}"
        if wishes.tempo is not None:
            piece.score.tempos = [(0, wishes.tempo.qpm)]
        if wishes.program is not None and not all(track.drums for track in piece.score.tracks):
            piece = Piece(instrumented(piece.score, {"all": wishes.program}))
        return _signed(piece, piece.score.title, recipe, seed, stopped_at)

    made = pieces(
        file,
        n=wishes.n,
        seed=wishes.seed,
        sampling=wishes.sampling,
        quarters=4 * wishes.bars,
        primer=primer,
        stop=wishes.stop,
    )
    for one in made:
        if isinstance(one, Growing):
            yield wishes.writing(one, dress)
        else:
            yield Composed(dress(one.piece, one.seed, one.stopped_at))


def _signed(piece: Piece, title: str, recipe: dict[str, Any], seed: int, stopped_at: int) -> Piece:
    """Give a piece its title, and say how it was made."""
    piece.title, piece.source = title, recipe["model"]
    stopped = {"stopped_at_bar": stopped_at} if stopped_at else {}
    piece.recipe = {**recipe, "seed": seed, **stopped}
    return piece


def _so_far(made: Callable[[], Piece], way: Way, wishes: Wished, by: str) -> Piece:
    """Return what stands of a piece whose pitches get another rhythm, where there is a pitch."""
    piece = made()
    return in_rhythm(piece, way, wishes, by) if piece.score.note_count else piece


def in_rhythm(piece: Piece, way: Way, wishes: Wished, by: str) -> Piece:
    """Return a piece whose pitches have another rhythm; where it is not finished, each once."""
    given, bars = written(piece), wishes.bars
    if "stopped_at_bar" in (piece.recipe or {}):
        bars = 0
    rng = np.random.default_rng((piece.recipe or {})["seed"])
    meter = wishes.meter or way.meter or given.main_meter()[1]
    score = joined(given, way, bars or None, meter, rng)
    score.tempos, score.keys, score.title = piece.score.tempos[:1], given.keys[:1], piece.title
    recipe = {**(piece.recipe or {}), "rhythm": by}
    return Piece(score, title=piece.title, source=piece.source, recipe=recipe)


def _over_rhythm(
    rhythm: str, n: int, seed: int, stop: threading.Event | None
) -> Iterator[Composed]:
    """Yield random chords over the rhythm of a file."""
    given = load(rhythm)[0]
    for number in range(seed, seed + n):
        if stop and stop.is_set():
            return
        piece = random_chords(given, number)
        piece.title = f"Random chords no. {number}"
        piece.score.title = piece.title
        piece.source = "random_chords"
        piece.recipe = {
            "nokturn": importlib.metadata.version("nokturn"),
            "model": "random_chords", "rhythm": rhythm, "seed": number,
        }  # fmt: skip
        yield Composed(piece)


def _begun(wishes: Wished) -> Piece | None:
    """Return what a piece begins with: as given, made by name, or read from a text or file."""
    given = wishes.primer
    if isinstance(given, Piece) or not given:
        return given or None
    if given in primers.NAMES:
        return primers.made(given, wishes.seed)
    return read_text(given, "primer")[0] if "\n" in given else load(given)[0]


def _above(model: Model, threshold: str) -> Model:
    """Return a model of independent keys that writes all keys above a threshold."""
    if not isinstance(model, KeyModel):
        raise UsageError(
            "--threshold is for rolls of independent keys.", "Leave it out for other models."
        )
    if threshold == "calibrated":
        return model.writing_above(None)
    try:
        value = float(threshold.replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise UsageError(
            f"--threshold {threshold} is not possible.", "Use calibrated, or a share such as 0.3."
        )
    return model.writing_above(value)


def _dress(sheet: Sheet, seed: int, mark: Tempo | None) -> None:
    """Give a tune its title and tempo."""
    meter = sheet.meter
    name, usual = DANCES.get((meter.numerator, meter.denominator), ("Tune", Tempo(120)))
    sheet.title = f"{name} in {sheet.key.name}, no. {seed}"
    sheet.fields = [("R", name.lower())]
    sheet.bars[0].tempos = {0: mark or usual}


def _sampling(**values: Any) -> Sampling:
    try:
        return Sampling(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).replace("_", "-")
        raise UsageError(f"--{name} {first['input']}: {first['msg'].lower()}.") from error


def _primer(text: str | Piece, seed: int) -> str:
    """Return the ABC that a primer means: text as it is, or what a file or the pipe holds."""
    if isinstance(text, Piece):
        return write_tune(text)
    if not text.strip():
        return ""
    if text in primers.MELODIES:
        return write_tune(primers.made(text, seed))
    if text in primers.NAMES:
        known = ", ".join(primers.MELODIES)
        raise UsageError(
            f"The primer {text} is for piano rolls; this model writes ABC.", f"Use {known}."
        )
    if text == "-":
        data = read_stdin()
        if not data.startswith((b"MThd", b"PK", b"<")):
            return data.decode("utf-8", errors="replace")
        raise InputError("the primer is not ABC.", "Convert it: nokturn convert - -f abc -o -")
    if "\n" not in text and len(text) < 1000 and (Path(text).is_file() or _file_name(text)):
        return write_tune(load(text)[0])
    return text


def _file_name(text: str) -> bool:
    return Path(text).suffix.lower() in (".abc", ".mid", ".midi", ".musicxml", ".mxl", ".xml")


def _told(replaced: dict[str, str]) -> str:
    words = [
        f"{old!r} {'by ' + repr(new) if new else 'by nothing'}" for old, new in replaced.items()
    ]
    return f"The model does not know these signs of the primer; replaced: {', '.join(words)}."
