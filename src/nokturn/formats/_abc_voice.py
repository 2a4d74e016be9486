"""One voice of an ABC tune while it is read: events, bars, and what waits for the next note."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from nokturn.formats._abc_fields import default_unit
from nokturn.formats._abc_lexer import NoteWord, factor, note_word, pitch, times
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Bar, Event, Grace, Tuplet, Voice
from nokturn.music.time import COMMON_TIME, Meter, Ticks, exact

Report = Callable[[str], None]


@dataclass
class VoiceReader:
    """What is known of a voice so far, and the bars that it has.

    ``bars`` hold lanes: the voice itself, then its overlays (``&``). The bar being read is ``bar``.
    ``last`` is the lane that ends with the event read last.
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
    last: list[Event] | None = None
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
    sung_from: tuple[int, int, int] = (0, 0, 0)  # bar, lane and event where a line began
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

    def take(self, events: Sequence[Event]) -> None:
        """Add events that are read already, where nothing waits for the first."""
        self.last = self.bar.voices[self.lane]
        self.last += events

    @property
    def goes_on(self) -> bool:
        """Whether what was read last reaches over the next note, or is waiting for it."""
        return bool(self.pending or self.tuplet or self.tied or self.broken != 1)

    @property
    def waits(self) -> bool:
        """Whether something before it changes what the next note means."""
        return bool(self.alters or self.goes_on)

    def note(self, text: str, unit: Ticks) -> None:
        """Add a note. Raises `ValueError` where the text is none."""
        word = note_word(text)
        alter = self._alter(word)
        if self.tied or word.tied:
            self.tied = {(word.step, word.octave): alter} if word.tied else {}
        event = _note(text, unit, alter, self.octave)
        if self.pending or self.tuplet or self.broken != 1:
            self.add(event.duration, event.pitches, event.ties)
        else:
            self.last = self.bar.voices[self.lane]
            self.last.append(event)

    def spelled(self, word: NoteWord) -> Pitch:
        """Return the pitch that a note means here."""
        return pitch(word.step, self._alter(word), word.octave + self.octave)[0]

    def _alter(self, word: NoteWord) -> int:
        """Return the accidental of a note: its own sign, the bar's, or the key's."""
        alter = word.alter
        if alter is not None:
            self.alters[word.step] = alter
        elif self.tied and (word.step, word.octave) in self.tied:
            alter = self.tied[word.step, word.octave]
        elif self.alters:
            alter = self.alters.get(word.step)
        return self.key.alters[word.step] if alter is None else alter

    def chord_of(self, words: list[NoteWord], length: str, tied: bool, unit: Ticks) -> None:
        """Add a chord; it lasts as long as its first note says."""
        pitches: dict[Pitch, bool] = {}
        held: dict[tuple[int, int], int] = {}
        for word in words:
            spelled = self.spelled(word)
            ties = word.tied or tied
            pitches[spelled] = pitches.get(spelled, False) or ties
            if ties:
                held[word.step, word.octave] = spelled.alter
        self.tied = held
        duration = times(times(unit, words[0].factor), factor(length))
        self.add(duration, tuple(pitches), tuple(pitches.values()) if held else ())

    def rest(self, duration: Ticks, hidden: bool) -> None:
        """Add a rest."""
        self.tied = {}
        self.add(duration, hidden=hidden)

    def add(
        self,
        duration: Ticks,
        pitches: tuple[Pitch, ...] = (),
        ties: tuple[bool, ...] = (),
        *,
        hidden: bool = False,
        whole_bar: bool = False,
    ) -> None:
        """Add an event with all that waited for it."""
        tuplet = None
        if self.broken != 1:
            duration, self.broken = times(duration, self.broken), 1
        if self.tuplet:
            p, q, left = self.tuplet
            duration, tuplet = times(duration, _ratio(q, p)), Tuplet(p, q, self.tuplet_opens)
            self.tuplet, self.tuplet_opens = (p, q, left - 1) if left > 1 else None, 0
        event = Event(
            duration, pitches, ties, tuplet, tuple(self.graces), tuple(self.decorations),
            (self.slurs, 0), self.chord, tuple(self.texts), (), hidden, whole_bar,
        )  # fmt: skip
        if self.pending:
            self.graces, self.decorations, self.texts = [], [], []
            self.chord, self.slurs, self.placed, self.pending = "", 0, 0, False
        self.last = self.bar.voices[self.lane]
        self.last.append(event)

    def tie(self) -> bool:
        """Tie the last note to the next; False where there is none."""
        if self.last is None or not self.last[-1].pitches:
            return False
        pitches = self.last[-1].pitches
        self.last[-1] = self.last[-1]._replace(ties=(True,) * len(pitches))
        self.tied = {(p.step, p.octave - self.octave): p.alter for p in pitches}
        return True

    def end_slur(self) -> bool:
        """End a slur at the last note or rest; False where there is none."""
        if self.last is None:
            return False
        begin, end = self.last[-1].slurs
        self.last[-1] = self.last[-1]._replace(slurs=(begin, end + 1))
        return True

    def break_rhythm(self, signs: str) -> bool:
        """Dot the last note and shorten the next (``>``), or the other way (``<``)."""
        lane = self.lane_events
        if self.last is not lane:
            return False
        short = _ratio(1, 2 ** min(len(signs), 6))
        long = exact(2 - short)
        mine, following = (long, short) if signs[0] == ">" else (short, long)
        lane[-1] = Event(times(lane[-1].duration, mine), *lane[-1][1:])
        self.broken = following
        return True

    # bars

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
        """End the bar, which now belongs to the voice, and begin the next."""
        self.bars.append(self.bar)
        self.bar, self.lane = Bar([[]]), 0
        if self.alters:
            self.alters = {}

    # lyrics

    def begin_line(self) -> None:
        """Begin a line of music: lyrics after it stand under its notes."""
        self.sung_from = len(self.bars), self.lane, len(self.lane_events)

    def line_notes(self) -> Iterator[tuple[int, list[Event], int]]:
        """Yield where the notes of the line stand: number of the bar, lane, and place in it."""
        bar, lane, place = self.sung_from
        for number in range(bar, len(self.bars) + 1):
            lanes = (self.bars[number] if number < len(self.bars) else self.bar).voices
            for events in lanes[lane:]:
                for k in range(place, len(events)):
                    if events[k].pitches:
                        yield number, events, k
                place = 0
            lane = 0

    @property
    def empty(self) -> bool:
        """Whether nothing stands in the bar yet."""
        return not (self.bar.voices[0] or any(self.bar.voices))


@lru_cache(maxsize=8192)
def _note(text: str, unit: Ticks, alter: int, octave: int) -> Event:
    """Return a note with nothing on it, the same object each time."""
    word = note_word(text)
    pitches = pitch(word.step, alter, word.octave + octave)
    return Event(times(unit, word.factor), pitches, (True,) if word.tied else ())


@lru_cache(maxsize=256)
def _ratio(top: int, below: int) -> Ticks:
    return exact(Fraction(top, below))
