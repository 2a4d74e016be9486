"""Lo-fi: a whole track as a score, from chords, a melody or a sample.

    score = composed(Lofi(bpm=76), Material.of_chords(read("ii V I vi in Fm")), rng)

Chords, bass, melody and drums follow one form and stand on one grid; then everything swings
together, is laid on a drummer's groove and loosened. Each of these draws from a generator of its
own, so that another bass line changes nothing else. What it sounds like is said by `Lofi`, too, and
done by `nokturn.rendering.audio`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from nokturn.errors import UsageError
from nokturn.music.pitch import Key
from nokturn.music.score import Score, Track, in_order
from nokturn.music.time import SIXTEENTH, Meter
from nokturn.music.voicing import Played
from nokturn.production import progressions
from nokturn.production.arrange import Lines, Styles, arrange
from nokturn.production.drums import accents_of, drum_track
from nokturn.production.feel import grooved, humanised, swung
from nokturn.production.form import Section, bars_of, form_of
from nokturn.production.grooves import find_groove
from nokturn.production.voicings import Style
from nokturn.rhythms.euclid import Euclid, EuclidSettings
from nokturn.settings import Settings

METERS = ("4/4", "3/4", "6/8", "5/4")
PROGRAMS = {  # General MIDI, for files and for programs that read them
    "piano": 0, "felt piano": 0, "electric piano": 4, "fm piano": 5, "vibraphone": 11,
    "nylon guitar": 24, "plucked": 24, "bass": 33, "electric bass": 33, "sub bass": 38,
    "strings": 48, "strings pad": 48, "pad": 89, "flute": 73, "mallet": 12, "organ": 16,
    "fiddle": 40, "brass": 61, "reed": 71,
}  # fmt: skip
SAMPLE = "Sample"
STRIPS = ("melody", "chords", "sample", "bass", "drums", "vinyl", "rain", "hiss")
RITARDANDO = 0.12


def _meter(text: str) -> str:
    if text not in METERS:
        raise ValueError(f"meters are {', '.join(METERS)}")
    return text


def _layers(rows: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    for row in rows:
        drum, onsets, steps, turn, *more = *row, *([0] * (4 - len(row)))
        fits = 35 <= drum <= 81 and 1 <= onsets <= steps <= 64 and 0 <= turn < steps
        if len(row) < 3 or more or not fits:
            raise ValueError(
                "a layer is a drum (35-81), its onsets and its steps, as [70, 5, 16]; a fourth "
                "number turns it to the left"
            )
    return rows


def _strips(strips: dict[str, Strip]) -> dict[str, Strip]:
    for name in strips:
        if name not in STRIPS:
            raise ValueError(f"there is no strip {name!r}; strips are {', '.join(STRIPS)}")
    return strips


Share = Annotated[float, Field(ge=0, le=1)]


class Strip(Settings):
    """How a part stands at the mixer, before the master."""

    gain_db: float = Field(default=0.0, ge=-60, le=12)
    pan: float = Field(default=0.0, ge=-1, le=1)  # -1 left, 1 right
    mute: bool = False


class Lofi(Settings):
    """A preset: how a track is made, and how it sounds. Shares are 0-1."""

    bpm: float = Field(default=78, ge=40, le=200)  # quarters a minute
    meter: Annotated[str, AfterValidator(_meter)] = "4/4"
    key: str = ""  # empty = drawn, or that of the material
    minutes: float = Field(default=2, ge=0.1, le=30)
    progression: str = ""  # empty = drawn of the written ones; network = drawn by a model
    richness: progressions.Richness = "ninths"  # triads get sevenths or ninths
    voicing: Style = "ninths"
    comping: str = ""  # empty = drawn
    bassline: str = ""
    melody: Literal["network", "motifs", "none"] = "network"
    rhythm: str = ""  # of the melody: euclid, cells, metrical, network, or a file's
    chords: str = "electric piano"  # instruments
    bass: str = "electric bass"
    lead: str = "vibraphone"
    drums: str = "dusty"  # style
    drummer: Literal["pattern", "network"] = "pattern"  # the style's table, or drawn from a network
    layers: Annotated[tuple[tuple[int, ...], ...], AfterValidator(_layers)] = ()
    """More drums: General MIDI pitch, onsets and sixteenths of a Euclidean rhythm, and its turn."""
    kit: str = "lofi"
    ghost: Share = 0.5
    density: Share = 0.5
    fills: int = Field(default=8, ge=0, le=64)  # bars from fill to fill; 0 = none
    swing: float = Field(default=58, ge=50, le=75)  # % of a pair of sixteenths
    groove: str = "hiphop"  # whose timing; empty = the grid's
    groove_amount: Share = 0.5
    human: Share = 0.3
    rain: Share = 0.3
    thunder: bool = False
    vinyl: Share = 0.3
    hiss: Share = 0.3
    tape: Share = 0.35  # wow and flutter, saturation
    wow: Share | None = None  # of the master alone; none = as tape
    saturation: Share | None = None
    tone_hz: float = Field(default=9000, ge=800, le=20_000)  # what the master lets through
    crush: Share = 0.0  # coarser samples, fewer of them
    space: Share = 0.35  # reverb
    pump: Share = 0.35  # how far the kick pushes the others down
    width: float = Field(default=1.0, ge=0, le=1.5)  # 0 mono, 1 as it is
    strips: Annotated[dict[str, Strip], AfterValidator(_strips)] = Field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """What a track is made of; at least for the sections named ``A``.

    Attributes
    ----------
    chords
        By section name.
    key
        That they are in.
    lines
        Melodies by section name to lay over them; see `arrange`. None = as the preset says.
    line_bars
        How long they are, where they come again; 0 = up to the last note.
    samples
        Scores of whole bars by section name, which are played round and round in the place of
        chords and melody; None = there is no sample.
    """

    chords: Mapping[str, list[Played]]
    key: Key
    lines: Lines | None = None
    line_bars: int = 0
    samples: Mapping[str, Score] | None = None


def drawn_material(lofi: Lofi, rng: np.random.Generator) -> Material:
    """Return chords as the settings say, or drawn: other ones for a second part."""
    meter = meter_of(lofi)
    if lofi.progression:
        asked = Key.parse(lofi.key) if lofi.key else None
        named = progressions.read(lofi.progression, asked)
        if asked and named.key != asked:
            raise UsageError(
                f"The chords are in {named.key.name}, the key asked for is {asked.name}.",
                "Leave one of them out.",
            )
        return Material({"A": _rich(named, lofi, meter)}, named.key)
    key = Key.parse(lofi.key) if lofi.key else drawn_key(rng)
    first = progressions.drawn(rng, key)
    second = progressions.drawn(rng, key, other_than=first)
    chords = {
        name: _rich(progressions.read(text, key), lofi, meter)
        for name, text in (("A", first), ("B", second))
    }
    return Material(chords, key)


def _rich(chords: progressions.Progression, lofi: Lofi, meter: Meter) -> list[Played]:
    return progressions.enriched(chords, lofi.richness).played(meter)


def drawn_key(rng: np.random.Generator) -> Key:
    """Return one of the keys that tracks are in where none is asked for."""
    names = ("C", "Db", "D", "Eb", "F", "G", "Ab", "Bb", "Am", "Bm", "Cm", "Dm", "Em", "Fm", "Gm")
    return Key.parse(names[int(rng.integers(len(names)))])


def meter_of(lofi: Lofi) -> Meter:
    """Return the meter of a preset."""
    numerator, denominator = map(int, lofi.meter.split("/"))
    return Meter(numerator, denominator)


def sections_of(lofi: Lofi, rng: np.random.Generator) -> tuple[Section, ...]:
    """Return the form of a track of the preset's length."""
    return form_of(bars_of(lofi.minutes, lofi.bpm, meter_of(lofi)), rng)


def composed(
    lofi: Lofi,
    material: Material,
    sections: tuple[Section, ...],
    rng: np.random.Generator,
    *,
    played: Track | None = None,
    title: str = "",
) -> Score:
    """Return a track as a score of Chords (or Sample), Bass, Melody and Drums, as it is played.

    Parameters
    ----------
    sections
        Its form; see `sections_of`.
    played
        Drums on the straight grid, whose bars are taken in the place of the style's.

    Raises
    ------
    InputError, UsageError
        No chords; a style, groove or key that is not known.
    """
    for_parts, for_drums, for_feel = rng.spawn(3)
    meter = meter_of(lofi)
    score = _arranged(lofi, material, sections, for_parts, title)
    if material.samples:
        score = _with_samples(score, material.samples, sections)
    layers = {
        drum: Euclid(EuclidSettings(onsets=onsets, steps=steps, rotation=sum(turn))).make(
            4, for_drums, meter=meter
        )
        for drum, onsets, steps, *turn in lofi.layers
    }
    beat = drum_track(
        sections, lofi.drums, meter=meter, rng=for_drums, ghost=lofi.ghost, density=lofi.density,
        fills=lofi.fills, accents=accents_of(score, meter), layers=layers, played=played,
    )  # fmt: skip
    score = replace(score, tracks=[*score.tracks, beat])
    score = replace(score, tracks=[track for track in score.tracks if len(track.notes)])
    return felt(score, lofi, for_feel)


def _arranged(
    lofi: Lofi,
    material: Material,
    sections: tuple[Section, ...],
    rng: np.random.Generator,
    title: str,
) -> Score:
    hidden = {"chords", "melody"} if material.samples else set()
    hidden |= {"melody"} if lofi.melody == "none" else set()
    played = [replace(section, parts=section.parts - hidden) for section in sections]
    styles = Styles(
        voicing=lofi.voicing,
        comping=lofi.comping,
        bass=lofi.bassline,
        programs=(program(lofi.chords), program(lofi.bass), program(lofi.lead)),
    )
    return arrange(
        material.chords, played, key=material.key, rng=rng, meter=meter_of(lofi), qpm=lofi.bpm,
        styles=styles, line=material.lines, line_bars=material.line_bars, ritardando=RITARDANDO,
        title=title,
    )  # fmt: skip


def program(instrument: str) -> int:
    """Return the General MIDI program that comes nearest to an instrument of ours."""
    return PROGRAMS.get(" ".join(instrument.lower().replace("-", " ").split()), 0)


def _with_samples(
    score: Score, samples: Mapping[str, Score], sections: tuple[Section, ...]
) -> Score:
    """Return a score in which a sample is played round and round in each section."""
    bar = int(score.meters[0][1].bar_ticks)
    rows, start = [], 0
    for section in sections:
        sample = samples.get(section.name, samples["A"])
        end = start + section.bars * bar
        for at in range(start, end, sample.end):
            for track in sample.tracks:
                notes = track.notes[track.notes["onset"] < end - at].copy()
                notes["onset"] += at
                notes["duration"] = np.minimum(notes["duration"], end - notes["onset"])
                rows.append(notes)
        start = end
    program = samples["A"].tracks[0].program
    track = Track(in_order(np.concatenate(rows)), SAMPLE, program)
    return replace(score, tracks=[track, *score.tracks])


def felt(score: Score, lofi: Lofi, rng: np.random.Generator) -> Score:
    """Return a score with the swing, the groove and the unevenness of a preset."""
    for_groove, for_hands = rng.spawn(2)
    played = swung(score, lofi.swing, SIXTEENTH)
    if lofi.groove:
        played = grooved(played, find_groove(lofi.groove), lofi.groove_amount, for_groove)
    return humanised(played, lofi.human, for_hands)
