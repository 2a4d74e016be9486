"""Lo-fi: a finished track from nothing, from chords, from a file, or from a model.

    track = lofi(seed=7, bpm=78, key="Fm")               a Track: score, stems, mix
    track = lofi("prelude.mid", preset="rainy-night")    the file as the sample
    track.stems()["Drums"];  track.mix();  track.loop(8)

The score is made at once, sound when it is asked for. The same version, arguments and seed give the
same score and the same samples. `lofi_files` writes them, `lofi_stream` plays on
and on.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from nokturn.errors import InputError, UsageError, did_you_mean
from nokturn.generation.drums import drum_bars
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece
from nokturn.music.score import Notes, Score
from nokturn.music.score import Track as Part
from nokturn.production.form import Section
from nokturn.production.lofi import (
    Lofi,
    Material,
    Strip,
    composed,
    drawn_material,
    meter_of,
    sections_of,
)
from nokturn.rendering.audio.ambience import Ambience, Hiss, Rain, Vinyl
from nokturn.rendering.audio.drums import kit_named
from nokturn.rendering.audio.effects import Signal
from nokturn.rendering.audio.master import Master, mastered
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.stems import Channel, Fader, faded, stems, summed
from nokturn.rendering.audio.synth import instrument_named
from nokturn.settings import build, override, read_recipe
from nokturn.training import runs
from nokturn.workflows._lofi_material import from_file, from_piece
from nokturn.workflows._lofi_network import NETWORK, network_material, with_tune
from nokturn.workflows._memory import check_memory
from nokturn.workflows.rhythm import way_of
from nokturn.workflows.wishes import Composed, first_seed

PRESETS = Path(__file__).parent.parent / "production" / "presets"
HEAVY = 0.55  # amount of rain from which it pours
LONGEST_SECONDS = 35 * 60.0  # of sound: the form and the last bar go beyond the minutes asked for
RHYTHM_BARS = 8  # of a melody that gets another rhythm
DRUMMED_BARS = 16  # that a network draws; sections go round in them
Names = set[str]


@dataclass(frozen=True)
class Track:
    """A track: its score, and its sound when that is asked for.

    Attributes
    ----------
    piece
        The score, with its title and recipe.
    settings
        The preset it was made with.
    seed
        What makes it again.
    """

    piece: Piece
    settings: Lofi
    seed: int
    _material: Material = field(repr=False)
    _stems: dict[str, Signal] = field(default_factory=dict, repr=False, compare=False)

    def stems(self) -> dict[str, Signal]:
        """Return the instruments and ambiences, each (2, samples), by name; see `stems`.

        Raises `ResourceError` where there is not enough memory for so long a track.
        """
        return faded(self.plain_stems(), faders_of(self.settings))

    def plain_stems(self) -> dict[str, Signal]:
        """Return the stems as if no fader of the settings' strips had been moved."""
        if not self._stems:
            self.check()
            self._stems.update(stems_of(self.piece.score, self.settings, self.seed))
        return self._stems

    def check(self) -> None:
        """Raise `ResourceError` where there is not enough memory to make the sound."""
        check_memory(self.piece.score.seconds(self.piece.score.end) / 60)

    def mix(self) -> Signal:
        """Return the track as sound: (2, samples), -16 LUFS, true peaks below -1 dBFS."""
        return final(self.plain_stems(), self.settings, self.seed)

    def loop(self, bars: int = 8) -> tuple[Score, Signal]:
        """Return a section of so many bars whose end leads into its beginning, to the sample."""
        if not 1 <= bars <= 64:
            raise UsageError(f"--loop {bars} is out of range.", "A loop has 1 to 64 bars.")
        section = (Section("A", bars, 0.6),)
        score = score_of(self.settings, self._material, section, self.seed, self.piece.title)
        check_memory(score.seconds(score.end) / 60)
        parts = stems_of(score, self.settings, self.seed, loop=True)
        return score, final(parts, self.settings, self.seed, loop=True)


def lofi(
    source: str | Path | Piece = "",
    *,
    preset: str | Path = "dusty",
    set: Sequence[str] = (),
    model: str = "",
    seed: int | None = None,
    **settings: Any,
) -> Track:
    """Make a track.

    Parameters
    ----------
    source
        A file or piece to make it from: a melody keeps its line, music of several voices becomes
        the sample. Empty = chords are drawn.
    preset
        Name of a built-in preset, or a TOML file.
    set
        Settings of the preset by name: ``"space=0.5"``.
    model
        Name, ``name@epoch`` or path of a model that writes the sample.
    seed
        0 to 2147483647; None = a random one.
    settings
        Settings of the preset: ``bpm=78``, ``key="Fm"``; see `nokturn.production.lofi.Lofi`.

    Raises
    ------
    UsageError, InputError, ModelError
        No such preset, setting or model, a value out of range, chords that are none, a file that
        is no music or has no beat that drums could keep.
    """
    number = first_seed(seed, 1)
    chosen, named = settings_of(preset, set, settings)
    if source and model:
        raise UsageError("A track is made from a file or from a model.", "Leave one away.")
    if (source or model) and chosen.progression == NETWORK:
        raise UsageError("Chords are drawn for tracks from nothing.", "Name chords: ii V I.")
    for_material, for_form, for_tune = np.random.default_rng(number).spawn(3)
    if isinstance(source, Piece):
        chosen, material = from_piece(source, chosen, named)
    elif source:
        chosen, material = from_file(source, chosen, named)
    elif model:
        chosen, material = from_piece(_generated(model, number), chosen, named)
    elif chosen.progression == NETWORK:
        material = network_material(chosen, for_material)
    else:
        material = drawn_material(chosen, for_material)
    title = f"Lo-fi in {material.key.name}, no. {number}"
    sections = sections_of(chosen, for_form)
    material = with_tune(material, chosen, sections, for_tune)
    if chosen.rhythm:
        lines = _in_rhythm(chosen, material, number)
        material = replace(material, lines=lines, line_bars=RHYTHM_BARS)
    score = score_of(chosen, material, sections, number, title)
    recipe = {
        "nokturn": importlib.metadata.version("nokturn"), "model": "lofi",
        "source": "" if isinstance(source, Piece) else str(source), "from": model,
        "preset": str(preset), "settings": chosen.model_dump(), "named": sorted(named),
        "seed": number,
    }  # fmt: skip
    piece = Piece(score, title=title, source="lofi", recipe=recipe)
    return Track(piece, chosen, number, material)


def remade(recipe: Mapping[str, Any], source: str | Path | Piece = "", **changes: Any) -> Track:
    """Return the track of a recipe.

    Parameters
    ----------
    recipe
        As `Track.piece.recipe` has it.
    source
        What it was made from, where it was made from a file or a piece.
    changes
        Settings that are to be others.

    Raises
    ------
    InputError
        It is no recipe of a track.
    """
    try:
        settings, seed, model = recipe["settings"], recipe["seed"], recipe["from"]
        chosen = {name: settings[name] for name in recipe["named"]} | changes
    except (KeyError, TypeError) as error:
        raise InputError(
            "this piece does not say how its sound was made.", "Make the track anew."
        ) from error
    return lofi(source, model=model, seed=seed, **chosen)


def settings_of(
    preset: str | Path, set: Sequence[str], settings: Mapping[str, Any]
) -> tuple[Lofi, Names]:
    """Return a preset with the settings chosen beside it, and the names of all that was chosen."""
    table = preset_named(preset)
    table |= override({}, set)
    table |= {name: value for name, value in settings.items() if value is not None}
    chosen = build(Lofi, table, "lofi")
    kit_named(chosen.kit)  # what would be found wrong when it is to sound is said now
    for instrument in (chosen.chords, chosen.bass, chosen.lead):
        instrument_named(instrument)
    if chosen.drummer == "network" and chosen.meter != "4/4":
        raise UsageError(
            f"The network of drums knows no {chosen.meter}.",
            "Leave drummer at pattern, or take 4/4.",
        )
    return chosen, {*table}


def preset_named(name: str | Path) -> dict[str, Any]:
    """Return the settings that a preset holds: built in, or a TOML file.

    Raises
    ------
    UsageError, InputError
        There is none of that name; the file cannot be read.
    """
    known = {path.stem: path for path in sorted(PRESETS.glob("*.toml"))}
    path = Path(name)
    if path.suffix == ".toml":
        return read_recipe(path)
    if str(name) not in known:
        hint = did_you_mean(str(name), known)
        raise UsageError(f"There is no preset {str(name)!r}.", f"{hint} Or name a .toml file.")
    return read_recipe(known[str(name)])


def _generated(model: str, seed: int) -> Piece:
    from nokturn.workflows.generate import generate

    for event in generate(model, bars=8, seed=seed):
        if isinstance(event, Composed):
            return event.piece
    raise AssertionError("generate makes a piece or says why not")


def score_of(
    chosen: Lofi, material: Material, sections: tuple[Section, ...], seed: int, title: str
) -> Score:
    """Return what is played, drawn by a seed."""
    rng = np.random.default_rng([seed, 1])
    played = _drummed(chosen, seed) if chosen.drummer == "network" else None
    return composed(chosen, material, sections, rng, played=played, title=title)


def _in_rhythm(chosen: Lofi, material: Material, seed: int) -> dict[str, Notes]:
    """Return melodies in another rhythm: of the pitches that they have, or would have had."""
    way, meter = way_of(chosen.rhythm), meter_of(chosen)
    rng = np.random.default_rng([seed, 3])
    form = tuple(Section(name, RHYTHM_BARS, 0.6) for name in material.chords)
    sung = score_of(chosen, material, form, seed, "").tracks
    pitches: list[int] = next(
        (part.notes["pitch"].tolist() for part in sung if part.name == "Melody"), []
    )
    if not pitches:
        raise UsageError("There is no melody to give a rhythm to.", "Leave rhythm out.")
    lines = {}
    for nth, name in enumerate(material.chords):
        begin = nth * len(pitches) // len(material.chords)
        row = pitches[begin:] + pitches[:begin]
        made = way.make(RHYTHM_BARS, rng, meter, row).one_by_one()
        lines[name] = made.played([(pitch,) for pitch in row])
    return lines


def _drummed(chosen: Lofi, seed: int) -> Part:
    """Return drums drawn from the built-in network, in the style of the preset's groove."""
    file = ModelFile.load(runs.resolve("drums"))
    style = chosen.groove or "hiphop"
    rng = np.random.default_rng([seed, 2])
    return drum_bars(file, DRUMMED_BARS, style=style, qpm=chosen.bpm, rng=rng)


def stems_of(score: Score, chosen: Lofi, seed: int, *, loop: bool = False) -> dict[str, Signal]:
    """Return the stems of a score as a preset has it sound."""
    return stems(
        score,
        channels=channels_of(chosen),
        instruments=instruments_of(chosen),
        kit=chosen.kit,
        ambiences=ambiences_of(chosen, seed),
        loop=loop,
        max_seconds=LONGEST_SECONDS,
    )


def final(parts: Mapping[str, Signal], chosen: Lofi, seed: int, *, loop: bool = False) -> Signal:
    """Return the mix of stems through faders and master."""
    mix = summed(parts.items(), faders_of(chosen))
    return mastered(mix, SAMPLE_RATE, master_of(chosen), seed=seed, loop=loop)


def faders_of(chosen: Lofi) -> dict[str, Fader]:
    """Return the faders that a preset's strips have moved, by the names of stems."""
    return {
        name.capitalize(): Fader(0.0 if strip.mute else 10 ** (strip.gain_db / 20), strip.pan)
        for name, strip in chosen.strips.items()
        if strip != Strip()
    }


def instruments_of(chosen: Lofi) -> dict[str, str]:
    """Return which of our instruments plays which track."""
    return {"Chords": chosen.chords, "Bass": chosen.bass, "Melody": chosen.lead,
            "Sample": chosen.chords}  # fmt: skip


def channels_of(chosen: Lofi) -> dict[str, Channel]:
    """Return how the tracks of a preset stand in the mix."""
    space, pump, bits = chosen.space, 10 * chosen.pump, 16 - 8 * chosen.crush
    keys = Channel(
        low_cut_hz=110, tremolo=0.25, chorus=0.2, room=0.2 * space, plate=0.5 * space,
        duck_db=pump, drive=1.5 * chosen.tape, width=1.15, pan=0.0,
    )  # fmt: skip
    return {
        "Chords": keys,
        "Sample": keys.model_copy(update={"bits": max(6.0, bits - 2), "tremolo": 0.0}),
        "Bass": Channel(gain_db=-1.0, high_cut_hz=2200, room=0.0, duck_db=0.6 * pump, width=0.0,
                        pan=0.0),
        "Melody": Channel(gain_db=-2.0, low_cut_hz=180, room=0.3 * space, plate=0.8 * space,
                          echo=0.5 * space, duck_db=0.4 * pump, pan=0.12),
        "Drums": Channel(gain_db=1.0, drive=0.8, bits=bits, room=0.12 + 0.2 * space,
                         high_cut_hz=12_000),
    }  # fmt: skip


def ambiences_of(chosen: Lofi, seed: int) -> dict[str, Ambience]:
    """Return what is heard beside the music; each has a seed of its own."""
    kind = "thunder" if chosen.thunder else "heavy" if chosen.rain >= HEAVY else "light"
    made: dict[str, Ambience] = {
        "Rain": Rain(seed=3 * seed, amount=chosen.rain, kind=kind),
        "Vinyl": Vinyl(seed=3 * seed + 1, amount=chosen.vinyl),
        "Hiss": Hiss(seed=3 * seed + 2, amount=chosen.hiss),
    }
    return {name: ambience for name, ambience in made.items() if ambience.amount}


def master_of(chosen: Lofi) -> Master:
    """Return the last chain of a preset."""
    wow = chosen.tape if chosen.wow is None else chosen.wow
    saturation = chosen.tape if chosen.saturation is None else chosen.saturation
    return Master(
        glue=2.0, drive=2 * saturation, warmth_hz=chosen.tone_hz, movement=0.25,
        bits=16 - 6 * chosen.crush,
        hold_hz=SAMPLE_RATE * (1 - 0.75 * chosen.crush) if chosen.crush else 0.0,
        wow_cents=24 * wow, flutter_cents=5 * wow, width=chosen.width,
    )  # fmt: skip
