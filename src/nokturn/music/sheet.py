"""Sheet: what is written.

A sheet is a row of **bars**; each bar holds, for every **voice** of the sheet, the **events**
(notes, chords, rests) that the voice plays in it. What all voices share (meter, key, tempo, bar
lines, repeats, endings, labels) belongs to the bar.

    sheet.voices[v]              who plays: name, part, staff, clef, program
    sheet.bars[b].voices[v]      what voice v plays in bar b: events that sum to the bar's length;
                                 an empty list = the voice is absent from this bar (nothing drawn)
    sheet.bars[b].meter          the meter where it changes, else None; the same for key and tempo

A bar is what stands between two bar lines, so it may be short: a pickup, the two halves around a
repeat sign in mid-bar. `numbered_bars` counts as musicians do.

Durations and offsets are ticks, 480 to the quarter, exact (see `nokturn.music.time`). Pitches are
written at sounding pitch, accidentals already resolved: F in D major is ``Pitch(3, 1, 4)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nokturn.music.pitch import Key, Pitch
from nokturn.music.time import COMMON_TIME, Meter, Tempo, Ticks


class Place(NamedTuple):
    """Where a note is written: indices of its bar, voice and event, and of its pitch in the chord.

    ``grace`` is the index of the grace note that it is, -1 for the note itself.

    >>> Place(4, 0, 2, 1).name, Place(4, 0, 2, 0, grace=1).name
    ('n4-0-2-1', 'n4-0-2-0-g1')
    """

    bar: int
    voice: int
    event: int
    pitch: int = 0
    grace: int = -1

    @property
    def name(self) -> str:
        """A name that no other note of the sheet has, fit for an id in XML."""
        name = f"n{self.bar}-{self.voice}-{self.event}-{self.pitch}"
        return name if self.grace < 0 else f"{name}-g{self.grace}"


class Tuplet(NamedTuple):
    """``actual`` notes in the time of ``normal``: (3, 2) is a triplet.

    ``notes`` notes, chords or rests belong to the group that this event *opens*; it is 0 on the
    other events of the group. An event's duration is what it lasts, so a triplet eighth is 160.
    """

    actual: int
    normal: int
    notes: int = 0


class Grace(NamedTuple):
    """A grace note before an event; ``duration`` is the written one, in ticks."""

    pitches: tuple[Pitch, ...]
    duration: Ticks
    slash: bool = False  # acciaccatura


class Event(NamedTuple):
    """A note (one pitch), a chord (several, low to high as written) or a rest (none).

    It is a value and never changes: equal notes of many bars may be one object, so an event is
    known by its `Place`. ``event._replace(ties=())`` returns another one.

    Parameters
    ----------
    duration
        How long it lasts, in ticks: > 0 (a chord's is that of its first note).
    pitches
        Spelled pitches; empty for a rest.
    ties
        For each pitch whether it is tied to the next event of the voice; empty = none is.
    tuplet
        The tuplet that it belongs to, or None.
    graces
        Grace notes played before it.
    decorations
        Names as in ABC between exclamation marks: ``staccato``, ``trill``, ``fermata``, ``segno``
        ...
    slurs
        (how many slurs begin, how many end) at this event.
    chord
        Chord symbol as written, ``"Gm7"``; empty = none.
    texts
        Annotations: words on the staff; a first letter of ``^ _ < > @`` places them.
    lyrics
        One syllable a verse; ``-`` at the end joins it to the next, ``_`` holds, ``""`` = none.
    hidden
        A rest that is not drawn (ABC ``x``), or a note drawn without stem or head.
    whole_bar
        A rest for a whole bar, whatever the meter (ABC ``Z``).
    """

    duration: Ticks
    pitches: tuple[Pitch, ...] = ()
    ties: tuple[bool, ...] = ()
    tuplet: Tuplet | None = None
    graces: tuple[Grace, ...] = ()
    decorations: tuple[str, ...] = ()
    slurs: tuple[int, int] = (0, 0)
    chord: str = ""
    texts: tuple[str, ...] = ()
    lyrics: tuple[str, ...] = ()
    hidden: bool = False
    whole_bar: bool = False

    @property
    def rest(self) -> bool:
        """Whether nothing sounds."""
        return not self.pitches


@dataclass(slots=True)
class Bar:
    """What stands between two bar lines.

    Parameters
    ----------
    voices
        One list of events for each voice of the sheet; empty = the voice is absent here.
    meter
        The meter, where it changes (always in the first bar of a reader's sheet), else None.
    keys
        Key changes, offset in ticks from the bar's start -> key; almost always at 0.
    tempos
        Tempo marks, offset -> tempo.
    repeat_start
        A repeat begins here (``|:``).
    repeat_end
        0, or how often the stretch that ends here is played in all (``:|`` = 2).
    ending
        Numbers of the volta bracket that opens here: (1,), (1, 3); empty = none opens.
    ending_stop
        The volta bracket closes at the end of this bar.
    line
        The bar line at the end: ``single``, ``double``, ``final`` (thin-thick), ``heavy-light``,
        ``dotted`` or ``none`` (nothing is drawn).
    label
        Part or rehearsal mark at the start (ABC ``P:`` in the body).
    break_after
        A system (line of music) ends here.
    """

    voices: list[list[Event]]
    meter: Meter | None = None
    keys: dict[Ticks, Key] = field(default_factory=dict)
    tempos: dict[Ticks, Tempo] = field(default_factory=dict)
    repeat_start: bool = False
    repeat_end: int = 0
    ending: tuple[int, ...] = ()
    ending_stop: bool = False
    line: str = "single"
    label: str = ""
    break_after: bool = False

    @property
    def length(self) -> Ticks:
        """Length in ticks: that of its longest voice."""
        if len(self.voices) == 1:
            return sum([event.duration for event in self.voices[0]])
        return max([sum([event.duration for event in voice]) for voice in self.voices], default=0)


@dataclass(slots=True)
class Voice:
    """Who plays: a line of music that runs through the bars.

    ``part`` numbers the instrument (a piano's voices share one), ``staff`` the staff within it
    (0 = upper). ``clef`` is ``treble``, ``bass``, ``alto``, ``tenor`` or ``perc``, with ``-8`` or
    ``+8`` after it for an octave clef (pitches stay sounding pitches); empty = by its range.
    ``program`` is General MIDI 0-127, ``number`` its name in the file (ABC ``V:``).
    """

    name: str = ""
    part: int = 0
    staff: int = 0
    clef: str = ""
    program: int = 0
    number: str = ""
    short_name: str = ""
    drums: bool = False


@dataclass
class Sheet:
    """What is written: who plays (voices), and the bars.

    ``fields`` are the other headers in the order read, ABC letter -> text: ("R", "jig"), ("O",
    "Ireland"). ``part_order`` is the order of the labels to be played (ABC ``P:`` in the header),
    expanded: "AABB"; empty = as it stands. ``unit`` is the unit note length in ticks that the
    writer prefers (ABC ``L:``), 0 = by the meter.
    """

    bars: list[Bar] = field(default_factory=list)
    voices: list[Voice] = field(default_factory=lambda: [Voice()])
    title: str = ""
    subtitles: tuple[str, ...] = ()
    composer: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    part_order: str = ""
    words: tuple[str, ...] = ()  # verses below the tune (ABC W:)
    unit: Ticks = 0

    @property
    def meter(self) -> Meter:
        """The meter at the beginning; 4/4 where none is written."""
        return (self.bars[0].meter if self.bars else None) or COMMON_TIME

    @property
    def key(self) -> Key:
        """The key at the beginning; C major where none is written."""
        return (self.bars[0].keys.get(0) if self.bars else None) or Key()

    @property
    def tempo(self) -> Tempo | None:
        """The tempo mark at the beginning, if there is one."""
        return self.bars[0].tempos.get(0) if self.bars else None

    def meters(self) -> Iterator[Meter]:
        """Yield the meter that holds in each bar."""
        meter = self.meter
        for bar in self.bars:
            meter = bar.meter or meter
            yield meter

    def keys(self) -> Iterator[Key]:
        """Yield the key that holds at the beginning of each bar."""
        key = self.key
        for bar in self.bars:
            key = bar.keys.get(0, key)
            yield key
            if bar.keys:
                key = bar.keys[max(bar.keys)]
