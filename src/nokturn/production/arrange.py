"""Arranging: chords and sections become a score of chords, bass and melody.

    progression = enriched(read("ii V I vi in C"), "ninths")
    score = arrange(progression.played(), FORM, key=progression.key, rng=np.random.default_rng(7))

Sections of one name have the same patterns and motifs; when one comes back the patterns change here
and there and the melody answers itself otherwise. An outro ends on the tonic, held for a bar. All
stands on the straight grid: swing and human playing come once, at the end, over all tracks. Drums
are somebody else's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from nokturn.errors import InputError, UsageError
from nokturn.music.harmony import Harmony, pitch_class
from nokturn.music.pitch import Key
from nokturn.music.score import DEFAULT_QPM, Notes, Score, Track, in_order, notes_of
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.music.voicing import Played
from nokturn.production import bass, comping
from nokturn.production.form import Section
from nokturn.production.melody import Motif, again, closing, fitted, material, melody
from nokturn.production.patterns import Place, Span, spans
from nokturn.production.voicings import Style, Voicing, laid

QUIET = 0.4  # sections with less energy hold their chords
LEADING = {7: 1.0, 10: 0.8, 5: 0.7, 1: 0.6, 2: 0.5}  # how well V, bVII, IV, bII, ii lead to I

Lines = Mapping[str, Notes | list[Notes]]
Chords = Sequence[Played] | Mapping[str, Sequence[Played]]


@dataclass(frozen=True)
class Styles:
    """How the parts play.

    Attributes
    ----------
    voicing
        One of `voicings.Style`.
    comping, bass
        Names from `comping.STYLES` and `bass.STYLES`; empty = drawn.
    programs
        General MIDI programs of chords, bass and melody.
    """

    voicing: Style = "ninths"
    comping: str = ""
    bass: str = ""
    programs: tuple[int, int, int] = (4, 33, 11)


def arrange(
    chords: Chords,
    sections: Sequence[Section],
    *,
    key: Key,
    rng: np.random.Generator,
    meter: Meter = COMMON_TIME,
    qpm: float = DEFAULT_QPM,
    styles: Styles | None = None,
    line: Lines | None = None,
    line_bars: int = 0,
    ritardando: float = 0.0,
    title: str = "",
) -> Score:
    """Return the arrangement, with tracks Chords, Bass and Melody.

    Parameters
    ----------
    chords
        Played round and round in each section; or such chords by section name, where a name that
        is missing has those of ``A``, or else the first.
    sections
        One or more. Where the last is an ``outro`` the music ends in its last bar.
    key
        Of the chords.
    meter
        Not free.
    qpm
        Quarter notes a minute.
    styles
        How the parts play; as drawn by default.
    line
        Melodies by section name to lay over the chords in place of those that are made here, ticks
        counted from the beginning of a section; a name that is missing has that of ``A``. Of a list
        each time that the section comes takes the next one.
    line_bars
        How long they are, where they come again; 0 = up to the last note.
    ritardando
        By how much the last two bars of an outro slow down, 0-0.5; 0.15 is 15 %.
    title
        Of the score.

    Raises
    ------
    InputError
        There is no chord, or no section.
    UsageError
        A style is unknown, a meter has no patterns, or the ritardando is out of range.
    """
    if not 0 <= ritardando <= 0.5:
        raise UsageError(f"A ritardando of {ritardando} cannot be played.", "Give 0 to 0.5.")
    places = _places(chords, sections, key, meter)
    ending = _ending(places[-1], key) if sections[-1].name == "outro" else None
    if ending:
        places[-1:] = _shortened(places[-1], ending)
    band = _Band(key, meter, styles or Styles(), rng, line, line_bars)
    voicings = laid(
        [span.harmony for place in places for span in place.chords], band.styles.voicing
    )
    parts: dict[str, list[Notes]] = {"chords": [], "bass": [], "melody": []}
    for section, place in zip(sections, places, strict=False):
        mine, voicings = voicings[: len(place.chords)], voicings[len(place.chords) :]
        for part, notes in band.play(section, place, mine).items():
            parts[part].append(notes)
    if ending:
        for part, notes in band.end(sections[-1], ending, voicings, parts["melody"]).items():
            parts[part].append(notes)
    names, programs = ("Chords", "Bass", "Melody"), band.styles.programs
    tracks = [
        Track(in_order(np.concatenate([notes_of([]), *parts[name.lower()]])), name, program)
        for name, program in zip(names, programs, strict=True)
    ]
    end = places[-1].end if not ending else ending.end
    tempos = [(0, qpm)] + (_slowing(ending, qpm, ritardando) if ending and ritardando else [])
    return Score(tracks, tempos, [(0, meter)], [(0, key)], title, length=end)


def _places(chords: Chords, sections: Sequence[Section], key: Key, meter: Meter) -> list[Place]:
    """Return where each section stands, and its chords."""
    if meter.free:
        raise UsageError("Free meter has no bars to arrange in.", "Give a meter: 4/4.")
    if not sections:
        raise InputError("there are no sections.", "Give one, or take form_of.")
    bar = int(meter.bar_ticks)
    starts = list(accumulate((section.bars * bar for section in sections), initial=0))
    rows = [
        spans(_of(chords, section.name), start, end)
        for section, start, end in zip(sections, starts, starts[1:], strict=False)
    ]
    if sections[-1].name == "outro" and sections[-1].bars > 1:
        rows[-1] = _cadence(_of(chords, "outro"), starts[-2], starts[-1], bar, key)
    return [
        Place(
            row, start, section.bars, meter, section.energy,
            rows[k + 1][0].harmony if k + 1 < len(rows) and rows[k + 1] else None,
        )
        for k, (section, start, row) in enumerate(zip(sections, starts, rows, strict=False))
    ]  # fmt: skip


def _of(chords: Chords, name: str) -> Sequence[Played]:
    """Return the chords of a section."""
    if isinstance(chords, Mapping):
        first = next(iter(chords.values()), ())
        chords = chords.get(name) or chords.get("A") or first
    if not any(chord.harmony and chord.duration > 0 for chord in chords):
        raise InputError("there are no chords to arrange.", "Write some: ii V I in C.")
    return chords


def _cadence(
    chords: Sequence[Played], start: int, end: int, bar: int, key: Key
) -> tuple[Span, ...]:
    """Return the chords of an outro, begun where the one before the last bar leads home best."""
    turns = [spans([*chords[k:], *chords[:k]], start, end) for k in range(len(chords))]

    def leads(row: tuple[Span, ...]) -> float:
        last = [span for span in row if span.start < end - bar][-1:]
        apart = (pitch_class(last[0].harmony.root) - key.tonic_class) % 12 if last else 0
        return LEADING.get(apart, 0.0)

    return max(turns, key=leads)


def _ending(last: Place, key: Key) -> Place:
    """Return the last bar of a place, with the tonic for a chord."""
    # a major seventh would rub against the tonic that the melody ends on
    tonic = Harmony((key.tonic, key.alter), "m9" if key.minor else "6/9")
    start = last.end - last.bar_ticks
    return Place((Span(start, last.end, tonic),), start, 1, last.meter, last.energy)


def _shortened(place: Place, ending: Place) -> list[Place]:
    """Return a place without its last bar, and that bar; only the bar where there is no other."""
    kept = tuple(
        span._replace(end=min(span.end, ending.start))
        for span in place.chords
        if span.start < ending.start
    )
    tonic = ending.chords[0].harmony
    return [
        Place(kept, place.start, place.bars - 1, place.meter, place.energy, tonic), ending,
    ]  # fmt: skip


def _slowing(ending: Place, qpm: float, by: float) -> list[tuple[int, float]]:
    """Return the tempos of the two last bars where they change, in whole quarters a minute."""
    ticks = max(0, ending.start - ending.bar_ticks)
    found = [(0, round(qpm))]
    for beat in (*ending.meter.beats, *ending.meter.beats):
        share = (ticks - ending.start) / ending.bar_ticks + 1
        tempo = round(qpm * (1 - by * min(1.0, share + 0.25)))
        if ticks > 0 and tempo != found[-1][1]:
            found.append((ticks, tempo))
        ticks += int(beat)
    return [(tick, float(tempo)) for tick, tempo in found[1:]]


class _Band:
    """The players: what they chose for each section, and how often it came."""

    def __init__(
        self,
        key: Key,
        meter: Meter,
        styles: Styles,
        rng: np.random.Generator,
        line: Lines | None,
        line_bars: int,
    ) -> None:
        self.key, self.meter, self.styles, self.rng = key, meter, styles, rng
        self.line, self.line_bars = line, line_bars
        self.times: Counter[str] = Counter()
        self.chosen: dict[str, tuple[str, str, int]] = {}
        self.motifs: dict[str, dict[str, Motif]] = {}

    def play(self, section: Section, place: Place, voicings: Sequence[Voicing]) -> dict[str, Notes]:
        """Return the notes of the parts that play in a section."""
        # a generator each, so that another bass line leaves the melody as it was
        for_style, for_chords, for_bass, for_melody = self.rng.spawn(4)
        style, low, main = self._style(section, for_style)
        found: dict[str, Notes] = {}
        if not place.bars:
            return found
        if "chords" in section.parts:
            found["chords"] = comping.comping(place, voicings, style, for_chords, main=main)
        if "bass" in section.parts:
            found["bass"] = bass.bass_line(place, self.key, low, for_bass, main=main)
        if "melody" in section.parts:
            found["melody"] = self._melody(section, place, for_melody)
        return found

    def end(
        self, section: Section, place: Place, voicings: Sequence[Voicing], sung: Sequence[Notes]
    ) -> dict[str, Notes]:
        """Return the notes of the last bar: the tonic, held."""
        found: dict[str, Notes] = {}
        last = int(sung[-1]["pitch"][-1]) if sung and len(sung[-1]) else 0
        if "chords" in section.parts:
            found["chords"] = comping.comping(place, voicings, "held", self.rng)
        if "bass" in section.parts:
            found["bass"] = bass.bass_line(place, self.key, "roots", self.rng)
        if "melody" in section.parts:
            found["melody"] = closing(place, self.key, last)
        return found

    def _style(self, section: Section, rng: np.random.Generator) -> tuple[str, str, int]:
        """Return how chords and bass play a section, the same where its name comes back."""
        if section.name not in self.chosen:
            quiet = section.energy < QUIET
            style = "held" if quiet and rng.random() < 0.6 else comping.drawn(rng)
            low = "roots" if quiet else bass.drawn(rng)
            main = int(rng.integers(100))
            self.chosen[section.name] = style, low, main
        style, low, main = self.chosen[section.name]
        return self.styles.comping or style, self.styles.bass or low, main

    def _line(self, name: str) -> Notes:
        """Return the line that is meant for a section this time."""
        assert self.line is not None
        takes = self.line.get(name, self.line["A"])
        if not isinstance(takes, list):
            return takes
        times = self.times[name]
        self.times[name] += 1
        return takes[times % len(takes)]

    def _melody(self, section: Section, place: Place, rng: np.random.Generator) -> Notes:
        if self.line is not None:
            return fitted(self._line(section.name), place, self.key, bars=self.line_bars)
        name = "B" if section.name == "B" else "A"  # intro and outro hint at the main tune
        if name in self.motifs:
            self.motifs[name] = again(self.motifs[name], self.meter, rng)
        else:
            self.motifs[name] = material(self.meter, max(0.5, section.energy), rng)
        return melody(place, self.key, self.motifs[name], rng)
