"""One voice of an ABC tune while it is read: events, bars, and what waits for the next note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from nokturn.formats._abc_fields import default_unit
from nokturn.formats._abc_lexer import NoteWord, factor, pitch, times
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Bar, Event, Grace, Tuplet, Voice
from nokturn.music.time import COMMON_TIME, Meter, Ticks, exact

Report = Callable[[str], None]


@dataclass
class VoiceReader:
    """What is known of a voice so far, and the bars that it has.

    ``bars`` hold lanes: the voice itself, then its overlays (``&``). The bar being read is ``bar``.
    """

    voice: Voice
    key: Key = field(default_factory=Key)
    meter: Meter = COMMON_TIME
    unit: Ticks = 0
    octave: int = 0
    bars: list[Bar] = field(default_factory=list)
    bar: Bar = field(default_factory=lambda: Bar([[]]))
    lane: int = 0
    alters: dict[int, int] = field(default_factory=dict)  # step -> accidental in this bar
    last: Event | None = None
    tied: dict[tuple[int, int], int] = field(default_factory=dict)  # (step, octave) -> alter
    broken: Ticks = 1  # factor for the next note
    tuplet: tuple[int, int, int] | None = None  # p, q and notes still to come
    tuplet_opens: int = 0
    graces: list[Grace] = field(default_factory=list)
    decorations: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    chord: str = ""
    slurs: int = 0
    in_ending: bool = False
    to_sing: list[tuple[int, Event]] = field(default_factory=list)  # bar number and note
    last_sung: list[tuple[int, Event]] = field(default_factory=list)
    placed: int = 0  # the furthest PLACE of what waits for the next note
    pending: bool = False  # something in the tables above waits for a note

    def unit_ticks(self) -> Ticks:
        """Return the unit note length in ticks."""
        return self.unit or default_unit(self.meter)

    @property
    def lane_events(self) -> list[Event]:
        """The events of the lane being read."""
        return self.bar.voices[self.lane]

    def position(self) -> Ticks:
        """Return where in the bar the next note falls."""
        return exact(sum(event.duration for event in self.lane_events))

    # notes

    def note(self, word: NoteWord, unit: Ticks) -> None:
        """Add a note."""
        spelled = self.spelled(word)
        event = Event(times(unit, word.factor), spelled)
        if word.tied:
            event.ties = (True,)
        if self.tied or word.tied:
            self.tied = {(word.step, word.octave): spelled[0].alter} if word.tied else {}
        self.add(event)

    def spelled(self, word: NoteWord) -> tuple[Pitch]:
        """Return the pitch that a note means here: its own sign, the bar's, or the key's."""
        alter = word.alter
        if alter is not None:
            self.alters[word.step] = alter
        elif self.tied and (word.step, word.octave) in self.tied:
            alter = self.tied[word.step, word.octave]
        elif self.alters:
            alter = self.alters.get(word.step)
        if alter is None:
            alter = self.key.alters[word.step]
        return pitch(word.step, alter, word.octave + self.octave)

    def chord_of(self, words: list[NoteWord], length: str, tied: bool, unit: Ticks) -> None:
        """Add a chord; it lasts as long as its first note says."""
        pitches: dict[Pitch, bool] = {}
        held: dict[tuple[int, int], int] = {}
        for word in words:
            spelled = self.spelled(word)[0]
            ties = word.tied or tied
            pitches[spelled] = pitches.get(spelled, False) or ties
            if ties:
                held[word.step, word.octave] = spelled.alter
        self.tied = held
        duration = times(times(unit, words[0].factor), factor(length))
        event = Event(duration, tuple(pitches))
        if held:
            event.ties = tuple(pitches.values())
        self.add(event)

    def rest(self, duration: Ticks, hidden: bool) -> None:
        """Add a rest."""
        self.tied = {}
        self.add(Event(duration, hidden=hidden))

    def add(self, event: Event) -> None:
        """Add an event with all that waited for it."""
        if self.broken != 1:
            event.duration = times(event.duration, self.broken)
            self.broken = 1
        if self.tuplet:
            self._in_tuplet(event, *self.tuplet)
        if self.pending:
            self._hang_on(event)
        self.bar.voices[self.lane].append(event)
        self.last = event
        if event.pitches:
            self.to_sing.append((len(self.bars), event))

    def _in_tuplet(self, event: Event, p: int, q: int, left: int) -> None:
        event.duration = times(event.duration, _ratio(q, p))
        event.tuplet = Tuplet(p, q, self.tuplet_opens)
        self.tuplet_opens = 0
        self.tuplet = (p, q, left - 1) if left > 1 else None

    def _hang_on(self, event: Event) -> None:
        event.graces = tuple(self.graces)
        event.decorations = tuple(self.decorations)
        event.texts = tuple(self.texts)
        event.chord = self.chord
        event.slurs = (self.slurs, 0)
        self.graces, self.decorations, self.texts = [], [], []
        self.chord, self.slurs, self.placed, self.pending = "", 0, 0, False

    def tie(self) -> bool:
        """Tie the last note to the next; False where there is none."""
        if self.last is None or not self.last.pitches:
            return False
        self.last.ties = (True,) * len(self.last.pitches)
        self.tied = {(p.step, p.octave - self.octave): p.alter for p in self.last.pitches}
        return True

    def break_rhythm(self, signs: str) -> bool:
        """Dot the last note and shorten the next (``>``), or the other way (``<``)."""
        if self.last is None or self.last not in self.lane_events[-1:]:
            return False
        short = _ratio(1, 2 ** min(len(signs), 6))
        long = exact(2 - short)
        mine, following = (long, short) if signs[0] == ">" else (short, long)
        self.last.duration = times(self.last.duration, mine)
        self.broken = following
        return True

    # bars

    def new_bar(self) -> None:
        """Begin a bar."""
        self.bar = Bar([[]])
        self.lane = 0
        self.alters = {}

    def overlay(self, count: int, report: Report) -> None:
        """Go back by a bar into another lane (``&``)."""
        if self.lane + 1 >= 8:
            report("a bar with more than 8 overlays; this one is joined to the last")
            return
        self.lane += 1
        while len(self.bar.voices) <= self.lane:
            self.bar.voices.append([])
        self.alters, self.tied, self.last = {}, {}, None

    def close_bar(self) -> None:
        """End the bar: it now belongs to the voice."""
        self.bars.append(self.bar)
        self.new_bar()

    @property
    def empty(self) -> bool:
        """Whether nothing stands in the bar yet."""
        return not any(self.bar.voices)


@lru_cache(maxsize=256)
def _ratio(top: int, below: int) -> Ticks:
    return exact(Fraction(top, below))
