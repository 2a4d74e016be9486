"""The notebook: pieces that show themselves, and the verbs as functions.

    import nokturn
    tunes = nokturn.generate("folk", key="Ador", n=4, seed=7)
    tunes                                   # four piano rolls, four players
    tunes[2]                                # score, piano roll, player
    tunes[2].save("jig.abc", "jig.wav")

The functions have the names and defaults of the commands. A picture or a sound is made when a cell
shows it, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nokturn.music.piece import Piece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nokturn.workflows.evaluate import Evaluation
    from nokturn.workflows.likeness import Likeness
    from nokturn.workflows.lofi import Track


class ShownPiece(Piece):
    """A piece that displays itself in a notebook, and saves itself."""

    @staticmethod
    def of(piece: Piece) -> ShownPiece:
        """Return the same piece as one that shows itself."""
        given = {item.name: getattr(piece, item.name) for item in fields(Piece) if item.init}
        shown = ShownPiece(**given)
        shown._other = piece._other
        return shown

    def save(self, *paths: str | Path, force: bool = False) -> list[Path]:
        """Write it into files; their endings say what each becomes."""
        return save(self, *paths, force=force)

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        return _bundle([self])


class Pieces(list[ShownPiece]):
    """Several pieces: a list that displays each of them in a notebook."""

    def save(self, *paths: str | Path, force: bool = False) -> list[Path]:
        """Write them into files: ABC holds all, of other formats each piece gets its own."""
        return save(self, *paths, force=force)

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        return _bundle(self)


def _bundle(pieces: Sequence[Piece]) -> dict[str, str]:
    from nokturn.workflows.show import show_html, words

    return {
        "text/plain": "\n".join(words(piece) for piece in pieces),
        "text/html": show_html(pieces),
    }


def shown(pieces: Iterable[Piece]) -> Pieces:
    """Return pieces as ones that show themselves."""
    return Pieces(ShownPiece.of(piece) for piece in pieces)


def load(source: str | Path, *, strict: bool = False) -> Pieces:
    """Read all pieces in a file of ABC, MIDI or MusicXML.

    Parameters
    ----------
    strict
        Refuse what would be mended otherwise.

    Raises
    ------
    InputError
        It cannot be read, or is not music.
    """
    from nokturn.workflows.load import load as workflow

    return shown(workflow(source, strict=strict))


def save(pieces: Piece | Iterable[Piece], *paths: str | Path, force: bool = False) -> list[Path]:
    """Write pieces into files; their endings say what each becomes. Returns what was written.

    Parameters
    ----------
    force
        Write over files that exist.
    """
    from nokturn.workflows.save import save as workflow

    return workflow(pieces, *paths, force=force)


def convert(
    source: str | Path,
    *out: str | Path,
    tune: int = 0,
    strict: bool = False,
    force: bool = False,
) -> list[Path]:
    """Read a file and write it in other formats; return the files written.

    Parameters
    ----------
    tune
        Only the tune of that number, from 1; 0 = all.
    strict
        Refuse what would be mended otherwise.
    force
        Write over files that exist.
    """
    from nokturn.workflows.convert import convert as workflow

    return [done.path for done in workflow(source, *out, tune=tune, strict=strict, force=force)]


def generate(
    model: str = "",
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
    primer: str = "",
    rhythm: str = "",
) -> Pieces:
    """Compose new music.

    Parameters
    ----------
    model
        Name, ``name@epoch`` or file; empty = the default model.
    key, meter
        ``"Ador"``, ``"6/8"``; ``"any"`` leaves the choice to the model.
    tempo
        Quarter notes a minute, or ``"3/8=120"``; empty = as fits the meter.
    bars
        Length as played, 1-256; None leaves it to the model.
    n, seed
        How many pieces; piece *i* (from 0) has seed + *i*. None = a random seed.
    temperature, top_p, top_k, min_p
        How to draw: see `nokturn.generation.sampling`.
    primer
        How it begins: ABC text or a file.

    Raises
    ------
    ModelError
        There is no such model.
    ConstraintError
        What was asked for could not be met.
    """
    from nokturn.workflows.generate import generate as workflow
    from nokturn.workflows.models import default_model
    from nokturn.workflows.wishes import Composed

    events = workflow(
        model or default_model(), key=key, meter=meter, tempo=str(tempo), bars=bars, n=n,
        seed=seed, temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p, primer=primer,
        rhythm=rhythm,
    )  # fmt: skip
    return shown(event.piece for event in events if isinstance(event, Composed))


class ShownTrack:
    """A produced track that plays in a notebook, and saves itself.

    Attributes
    ----------
    track
        What it shows: see `nokturn.workflows.lofi.Track`.
    """

    def __init__(self, track: Track) -> None:
        self.track = track

    @property
    def piece(self) -> ShownPiece:
        """Its score."""
        return ShownPiece.of(self.track.piece)

    @property
    def stems(self) -> dict[str, NDArray[np.float32]]:
        """Its parts and ambiences by name, each (2, samples) at 44.1 kHz."""
        return self.track.stems()

    def mix(self) -> NDArray[np.float32]:
        """Return it as sound, (2, samples) at 44.1 kHz."""
        return self.track.mix()

    def loop(self, bars: int = 8) -> NDArray[np.float32]:
        """Return a loop of so many bars, (2, samples), exact to the sample."""
        return self.track.loop(bars)[1]

    def save(
        self, *paths: str | Path, stems: str | Path = "", loop: int = 0, force: bool = False
    ) -> list[Path]:
        """Write sound, MIDI or pictures, by the endings; also stems and a loop where asked for."""
        from nokturn.workflows.lofi_files import planned, write

        plan = planned(self.track, paths, stems=stems, loop=loop, force=force)
        return list(write(self.track, plan, bars=loop))

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        from nokturn.workflows.show import show_track, words

        piece = self.track.piece
        return {"text/plain": words(piece), "text/html": show_track(piece, self.mix())}


def lofi(
    source: str | Path | Piece = "",
    *,
    preset: str | Path = "dusty",
    set: Sequence[str] = (),
    model: str = "",
    seed: int | None = None,
    **settings: Any,
) -> ShownTrack:
    """Make a lo-fi track.

    Parameters
    ----------
    source
        A file or piece: a melody gets chords and drums, other music becomes the sample.
    preset
        Built in (``"dusty"``, ``"rainy-night"`` ...) or a TOML file.
    set, settings
        Settings of the preset: ``bpm=78, key="Fm", rain=0.4``.
    model
        One that writes the sample.
    """
    from nokturn.workflows.lofi import lofi as workflow

    return ShownTrack(workflow(source, preset=preset, set=set, model=model, seed=seed, **settings))


def rhythm(
    pitches: str | Path = "",
    *,
    by: str = "euclid",
    set: Sequence[str] = (),
    tracks: str = "no-drums",
    bars: int | None = None,
    meter: str = "any",
    tempo: str | float = "",
    n: int = 1,
    seed: int | None = None,
) -> Pieces:
    """Give pitches a rhythm.

    Parameters
    ----------
    pitches
        A file, chords such as ``"Am7 D9"``, or nothing: then drums play it.
    by, set
        ``"euclid"``, ``"cells"``, ``"metrical"`` with settings such as ``"onsets=5"``;
        ``"network"``, a model of rhythm, or a file.
    """
    from nokturn.workflows.rhythm import rhythm as workflow

    events = workflow(
        pitches, by=by, set=set, tracks=tracks, bars=bars, meter=meter, tempo=tempo, n=n, seed=seed
    )
    return shown(event.piece for event in events)


def perform(
    source: str | Path,
    *,
    style: str = "mechanical",
    set: Sequence[str] = (),
    like: str | Path = "",
    instruments: Sequence[str] = (),
    groove: str = "",
    groove_amount: float = 1.0,
    tune: int = 0,
    seed: int | None = None,
) -> Pieces:
    """Return the pieces of a file as somebody would play them.

    Parameters
    ----------
    style, set
        ``"folk-dance"``, ``"romantic-piano"``, ``"lo-fi"``; settings such as ``"rubato=0.2"``.
    like
        A performance whose tempo and loudness are taken.
    instruments
        ``"Melody=flute"``, ``"2=cello"``, ``"all=piano"``.
    groove, groove_amount
        ``"hiphop"`` ..., or a performance on a beat; how much of its timing and accents, 0-2.
    """
    from nokturn.workflows.perform import perform as workflow

    return shown(
        workflow(
            source, style=style, set=set, like=like, instruments=instruments, groove=groove,
            groove_amount=groove_amount, tune=tune, seed=seed,
        )
    )  # fmt: skip


def harmonise(
    source: str | Path, *, like: Sequence[str | Path] = (), tune: int = 0, accompany: bool = False
) -> Pieces:
    """Return the pieces of a file with chord symbols found for them.

    Parameters
    ----------
    source
        ABC, MIDI, MusicXML ...
    like
        Tunes with chord symbols to learn from.
    tune
        Only the tune of that number, from 1; 0 = all.
    accompany
        Add an instrument that plays the chords.
    """
    from nokturn.workflows.harmonise import harmonise as workflow

    return shown(workflow(source, like=like, tune=tune, accompany=accompany))


def vary(
    file: str | Path,
    model: str,
    *,
    amount: float = 0.3,
    n: int = 1,
    seed: int | None = None,
    temperature: float = 0.0,
) -> Pieces:
    """Return phrases that are more or less like the beginning of a piece, by a vae.

    Parameters
    ----------
    amount
        0 = as the model remembers it, 1 = any phrase at all.
    n, seed, temperature
        How many, and how they are drawn; temperature 0 = the likeliest symbols.
    """
    from nokturn.workflows.vary import Written
    from nokturn.workflows.vary import vary as workflow

    events = workflow(file, model, amount=amount, n=n, seed=seed, temperature=temperature)
    return shown(event.piece for event in events if isinstance(event, Written))


def interpolate(
    one: str | Path,
    other: str | Path,
    model: str,
    *,
    steps: int = 5,
    seed: int | None = None,
    temperature: float = 0.0,
) -> Pieces:
    """Return phrases on the way from the beginning of one piece to that of another, by a vae.

    Parameters
    ----------
    steps
        How many phrases, the two ends among them.
    seed, temperature
        How they are drawn; temperature 0 = the likeliest symbols.
    """
    from nokturn.workflows.vary import Written
    from nokturn.workflows.vary import interpolate as workflow

    events = workflow(one, other, model, steps=steps, seed=seed, temperature=temperature)
    return shown(event.piece for event in events if isinstance(event, Written))


def evaluate(
    model: str, *paths: str | Path, threads: int = 1, adaptive: bool = False
) -> Evaluation | Likeness:
    """Return how well a model foretells music, or how near it comes where it foretells nothing.

    Parameters
    ----------
    model
        Its name, ``name@epoch`` or file.
    threads
        How many pieces at once; the figures do not depend on it.
    adaptive
        Whether the model goes on learning from each piece while it reads it, and forgets it after.
    """
    from nokturn.workflows.evaluate import evaluate as workflow

    return workflow(model, *paths, threads=threads, adaptive=adaptive)


def train(
    *paths: str | Path,
    name: str = "",
    recipe: str | Path | None = None,
    set: Sequence[str] = (),
    valid: Sequence[str | Path] = (),
    time: str = "",
    resume: bool = False,
    tell: Callable[[str], None] = print,
) -> Path | None:
    """Learn from files and folders; return the model's file, None where it was interrupted.

    Parameters
    ----------
    name
        Of the model; empty = that of the first path.
    recipe, set
        TOML file with settings; single settings such as ``"model.width=512"``.
    valid
        Files to hold out; none = a tenth of the tunes.
    time
        Budget: ``"10m"``, ``"1h30m"``.
    resume
        Go on with the training of that name.
    tell
        Gets a line for everything that happens.
    """
    from nokturn.workflows.learn import Published, stopping, words
    from nokturn.workflows.train import Read
    from nokturn.workflows.train import train as workflow

    with stopping() as stop:
        for event in workflow(
            *paths, name=name, recipe=recipe, set=set, valid=valid, time=time, resume=resume,
            stop=stop,
        ):  # fmt: skip
            if isinstance(event, Published):
                return event.path
            line = str(event.report) if isinstance(event, Read) else words(event)
            if line:
                tell(line)
    return None
