"""What the built-in models give to a lo-fi track: its tune, and its chords where asked for.

Section A has one theme and B another, each twice: the second time the theme answers itself
otherwise. Rhythms are those of motifs, which are lo-fi's own; which notes go over which chords the
network learned from songs and from pieces for instruments. Chords are drawn from counts of what
follows what in the written progressions, which measured better than four centuries of scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from nokturn.generation.melody import MOST_BARS, drawn_melody
from nokturn.generation.progression import drawn_progression
from nokturn.models._file import ModelFile
from nokturn.music.pitch import Key
from nokturn.music.score import Notes
from nokturn.production.form import Section
from nokturn.production.lofi import Lofi, Material, drawn_key, meter_of
from nokturn.production.melody import HIGH, LOW, again, material, rhythm_of
from nokturn.production.progressions import richer
from nokturn.training import runs

MELODY, CHORDS = "lofi-melody", "lofi-chords"
NETWORK = "network"  # the progression that means: drawn from the model
ENERGIES = {"A": 0.6, "B": 0.9}
SHORTEST = 8  # bars of a theme


@lru_cache(maxsize=4)
def _built_in(path: Path) -> ModelFile:
    return ModelFile.load(path)


def network_material(chosen: Lofi, rng: np.random.Generator) -> Material:
    """Return chords that the model draws, other ones for a second part."""
    key = Key.parse(chosen.key) if chosen.key else drawn_key(rng)
    file = _built_in(runs.resolve(CHORDS))
    chords = {
        name: richer(
            drawn_progression(file, key=key, rng=rng, meter=meter_of(chosen)), key, chosen.richness
        )
        for name in ENERGIES
    }
    return Material(chords, key)


def with_tune(
    given: Material, chosen: Lofi, sections: Sequence[Section], rng: np.random.Generator
) -> Material:
    """Return the material with a tune by the network, if a tune is wanted and there is none."""
    if chosen.melody != "network" or given.lines is not None or given.samples:
        return given
    longest = max(section.bars for section in sections)
    bars = min(MOST_BARS, max(SHORTEST, longest))
    tune = {
        name: _themes(given, chosen, name, bars, one)
        for name, one in zip(ENERGIES, rng.spawn(len(ENERGIES)), strict=True)
    }
    return replace(given, lines=tune, line_bars=bars)


def _themes(
    given: Material, chosen: Lofi, name: str, bars: int, rng: np.random.Generator
) -> list[Notes]:
    """Return the theme of a section, and a variation."""
    meter = meter_of(chosen)
    file = _built_in(runs.resolve(MELODY))
    chords = given.chords.get(name) or given.chords["A"]
    motifs = material(meter, ENERGIES[name], rng)
    found: list[Notes] = []
    for said in (motifs, again(motifs, meter, rng)):
        theme = found[0] if found else None
        found.append(
            drawn_melody(
                file, chords, key=given.key, bars=bars, rng=rng, meter=meter, low=LOW, high=HIGH,
                rhythm=rhythm_of(said, bars, meter), theme=theme,
            )
        )  # fmt: skip
    return found
