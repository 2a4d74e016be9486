"""Transcribe: write down what sounds. Score -> Sheet.

Times are brought onto a grid, bar lines drawn, key and meter found where the score names none,
pitches spelled, keyboards split between two staves, and each staff's notes divided into voices with
rests, ties and tuplets. Each track with notes becomes one part.

    >>> from nokturn.music.score import Track
    >>> rows = [(0, 720, 66, 80), (720, 240, 67, 80), (960, 1920, 69, 80)]
    >>> sheet = transcribe(Score([Track.of(rows)], meters=[(0, Meter(4, 4))]))
    >>> [[str(e.pitches[0]) for e in bar.voices[0] if e.pitches] for bar in sheet.bars]
    [['F#4', 'G4', 'A4'], ['A4']]

`transcribed` tells beside the sheet where each sounding note is written.

Loudness, articulation and pedal are not written. Repeats are written out. Free playing that its
tempo changes do not follow gives a sheet that is right to the note but hard to read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from nokturn.errors import LimitError
from nokturn.music._bar_lines import Span, bar_spans
from nokturn.music._bar_writer import Piece, write_bar
from nokturn.music._quantise import Note, quantise, snap
from nokturn.music._spelling import Speller
from nokturn.music._voices import KEYBOARDS, Chord, chords, hands, voices
from nokturn.music.alignment import Alignment, Where
from nokturn.music.key_finding import find_key
from nokturn.music.pitch import Key
from nokturn.music.score import Score, Track
from nokturn.music.sheet import Bar, Event, Sheet, Voice
from nokturn.music.time import Meter, Tempo, Ticks, exact

MAX_CELLS = 400_000  # bars times voices, and parts of notes; an opera act has half of it
TEMPO_STEP = 0.02  # a tempo that changes by less is not written
TEMPOS_A_BAR = 2  # more than that is a performance: bars then get their means,
MEAN_STEP = 0.05  # where they differ by so much

Keys = list[tuple[Ticks, Key]]


def transcribe(score: Score) -> Sheet:
    """Return a sheet of what sounds.

    Raises
    ------
    LimitError
        Where it would take more than 20,000 bars or 400,000 cells to write.
    """
    return transcribed(score).sheet


def transcribed(score: Score) -> Alignment:
    """Return a sheet of what sounds, and where each note is written; see `transcribe`."""
    lines = quantise(score)
    tracks = zip(score.tracks, lines, strict=True)
    heard = [k for k, line in enumerate(lines) if line]
    pairs = [(track, line) for track, line in tracks if line]
    where: list[list[list[Where]]] = [
        [[] for _ in range(len(track.notes))] for track in score.tracks
    ]
    end = max([note.end for _, line in pairs for note in line] or [0])
    end = max(end, snap(score.length, score.ticks_per_quarter) if score.length else 0)
    spans = bar_spans(score, end)
    keys = _keys(score)
    names: list[Voice] = []
    played: list[list[Chord]] = []
    # where a keyboard has two tracks, they are its hands already
    keyboards = [t for t, _ in pairs if t.program in KEYBOARDS and not t.drums]
    for part, (track, line) in enumerate(pairs):
        alone = len(keyboards) == 1 and keyboards[0] is track
        for voice, written in _part(part, track, line, keys, alone):
            names.append(voice)
            played.append(written)
    _check(len(spans), played, end)
    bars = [Bar([[] for _ in names]) for _ in spans]
    for number, (voice, written) in enumerate(zip(names, played, strict=True)):
        main = number == 0 or (names[number - 1].part, names[number - 1].staff) != (
            voice.part,
            voice.staff,
        )
        _fill(bars, spans, number, written, main, where[heard[voice.part]])
    if not names:
        names = [Voice()]
        for bar, span in zip(bars, spans, strict=True):
            bar.voices = [[Event(span.length, whole_bar=True)]]
    _set_meters(bars, spans)
    _set_keys(bars, spans, keys)
    _set_tempos(bars, spans, score)
    bars[-1].line = "final"
    return Alignment(Sheet(bars, names, score.title), score, list(range(len(bars))), where)


def _check(bars: int, played: list[list[Chord]], end: Ticks) -> None:
    length = max(1, end / bars)
    cells = bars * len(played) + sum(
        1 + (chord.end - chord.onset) / length for line in played for chord in line
    )
    if cells > MAX_CELLS:
        raise LimitError(
            f"{bars:,} bars in {len(played):,} voices are too much to write down.",
            "Split the file, or keep fewer tracks.",
        )


def _keys(score: Score) -> Keys:
    if not score.keys:
        return [(0, find_key(score))]
    keys = [(snap(max(0, tick), score.ticks_per_quarter), key) for tick, key in score.keys]
    return keys if keys[0][0] == 0 else [(0, keys[0][1]), *keys]


def _part(
    part: int, track: Track, line: list[Note], keys: Keys, alone: bool
) -> list[tuple[Voice, list[Chord]]]:
    """Return the voices of a track with their chords, spelled."""
    staves = hands(line) if alone else [line]
    found = []
    for staff, notes in enumerate(staves):
        clef = "perc" if track.drums else ("treble", "bass")[staff] if len(staves) > 1 else ""
        written = voices(chords(notes)) or [[]]
        _spell(written, keys)
        found += [
            (Voice(track.name, part, staff, clef, track.program, drums=track.drums), line)
            for line in written
        ]
    return found


def _spell(lines: Sequence[list[Chord]], keys: Keys) -> None:
    """Spell the chords of a staff in order of time."""
    speller = Speller()
    starts = [tick for tick, _ in keys]
    order: list[tuple[Ticks, int, int, Chord, Chord | None]] = []
    for line in lines:
        for k, chord in enumerate(line):
            after = line[k + 1] if k + 1 < len(line) else None
            order.append((chord.onset, -chord.pitches[-1], len(order), chord, after))
    for onset, _, _, chord, after in sorted(order):
        key = keys[max(bisect_right(starts, onset) - 1, 0)][1]
        following = after.pitches[0] if after and len(after.pitches) == 1 else None
        chord.spelled = speller.spell(chord.pitches, key, following)
        if chord.graces:
            chord.spelled_graces = speller.spell(chord.graces, key, None)


def _fill(
    bars: list[Bar],
    spans: list[Span],
    number: int,
    line: list[Chord],
    main: bool,
    where: list[list[Where]],
) -> None:
    """Write one voice into the bars; a staff's main voice rests where it is silent.

    ``where`` of the track's notes is added to.
    """
    at = 0
    for b, (bar, span) in enumerate(zip(bars, spans, strict=True)):
        stop = exact(span.start + span.length)
        origin = exact(span.start - span.shift)
        pieces: list[Piece] = []
        now = span.start
        while at < len(line) and line[at].onset < stop:
            chord = line[at]
            begin, end = max(chord.onset, span.start), min(chord.end, stop)
            if now < begin:
                pieces.append(Piece(exact(now - origin), exact(begin - origin), None, False))
            pieces.append(
                Piece(exact(begin - origin), exact(end - origin), chord, chord.end > stop)
            )
            now = end
            if chord.end > stop:
                break
            at += 1
        if not pieces and not main:
            continue
        if now < stop:
            pieces.append(Piece(exact(now - origin), exact(stop - origin), None, False))
        written = write_bar(pieces, span, hide_rests=not main)
        bar.voices[number] = [event for event, _ in written]
        for e, (event, part) in enumerate(written):
            if part:
                _locate(part, event, (b, number, e), where)


def _locate(chord: Chord, event: Event, at: Where, where: list[list[Where]]) -> None:
    """Note for the track's notes in a chord that an event is (a part of) it."""
    for k, pitch in enumerate(chord.pitches):
        for source in chord.sources[pitch]:
            where[source].append((*at, k))
    if event.graces:
        for grace, sources in enumerate(chord.grace_sources):
            for source in sources:
                where[source].append((*at, 0, grace))


def _set_meters(bars: list[Bar], spans: list[Span]) -> None:
    last: Meter | None = None
    for bar, span in zip(bars, spans, strict=True):
        if span.meter != last:
            bar.meter = last = span.meter


def _set_keys(bars: list[Bar], spans: list[Span], keys: Keys) -> None:
    starts = [span.start for span in spans]
    for tick, key in keys:
        at = bisect_right(starts, tick) - 1
        if tick < spans[at].start + spans[at].length:
            bars[at].keys[exact(tick - spans[at].start)] = key


def _set_tempos(bars: list[Bar], spans: list[Span], score: Score) -> None:
    """Write the tempo marks: as they stand where they are few, else each bar's mean."""
    starts = [span.start for span in spans]
    tempos: list[tuple[Ticks, float]] = [
        (snap(max(0, tick), score.ticks_per_quarter), qpm) for tick, qpm in score.tempos
    ]
    step = TEMPO_STEP if len(tempos) > len(bars) else 0.0
    if len(tempos) > TEMPOS_A_BAR * len(bars):
        tempos, step = _means(spans, score), MEAN_STEP
    last = 0.0
    for tick, qpm in tempos:
        at = bisect_right(starts, tick) - 1
        offset = exact(tick - spans[at].start)
        if offset < spans[at].length and abs(qpm - last) >= step * last:
            bars[at].tempos[offset] = Tempo(qpm)
            last = qpm


def _means(spans: list[Span], score: Score) -> list[tuple[Ticks, float]]:
    """Return for each bar the tempo that makes it last as long as it does."""
    import numpy as np

    scale = score.ticks_per_quarter / 480
    edges = [float(span.start) * scale for span in spans]
    edges.append(float(spans[-1].start + spans[-1].length) * scale)
    seconds = np.diff(score.seconds_at(np.array(edges)))
    return [
        (span.start, float(max(1, round(float(span.length) / 480 * 60 / max(length, 1e-6)))))
        for span, length in zip(spans, seconds.tolist(), strict=True)
    ]
