"""What the built-in networks add to a lo-fi track: its tune.

Section A has one theme and B another, each twice: the second time the theme answers itself
otherwise. Rhythms are those of motifs, which are lo-fi's own; which notes go over which chords the
network learned from songs and from pieces for instruments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from nokturn.generation.melody import MOST_BARS, drawn_melody
from nokturn.models._file import ModelFile
from nokturn.music.score import Notes
from nokturn.production.form import Section
from nokturn.production.lofi import Lofi, Material, meter_of
from nokturn.production.melody import HIGH, LOW, again, material, rhythm_of
from nokturn.training import runs

MELODY = "lofi-melody"
ENERGIES = {"A": 0.6, "B": 0.9}
SHORTEST = 8  # bars of a theme


@lru_cache(maxsize=4)
def _built_in(path: Path) -> ModelFile:
    return ModelFile.load(path)


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
