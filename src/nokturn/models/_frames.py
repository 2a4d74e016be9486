"""Frames in a row of symbols: which notes sound together, and what came before, in any key.

    layout = Layout(first=2, pitches=88, separator=1)      a roll: notes from high to low, then 1
    heard = Frames.of([0, 40, 36, 1, 41, 1], layout)
    heard.frame, heard.note   ->   frames 0 0 0 1 1 2 and notes 0 1 2 0 1 0 so far in each

A frame ends at a separator (rolls) or holds a fixed number of symbols, one for each voice (grids);
a frame of one symbol is plain text. Every value at a place follows from the symbols up to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.settings import Settings

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]
LONGEST = 24  # frames of a note or a pause that are told apart
_MIX = 0x9E3779B97F4A7C15
_BASE = np.uint64(0x5851F42D4C957F2D)


@dataclass(frozen=True)
class Layout:
    """How symbols are divided into frames, and which of them are pitches.

    Parameters
    ----------
    first, pitches
        The pitches are the symbols ``first`` to ``first + pitches - 1``, rising by semitones.
    kinds
        How many such rows there are, one after the other: 2 = held notes, then struck ones.
    separator
        The symbol that ends a frame; 0 = there is none.
    voices
        Without a separator, the symbols of a frame.
    beat
        Frames after which the meter repeats.
    """

    first: int = 1
    pitches: int = 0
    kinds: int = 1
    separator: int = 0
    voices: int = 1
    beat: int = 4

    @property
    def frames(self) -> bool:
        """Whether frames hold more than one symbol."""
        return bool(self.separator) or self.voices > 1

    def is_pitch(self, symbols: Ints) -> NDArray[np.bool_]:
        """Return which symbols are pitches."""
        return (symbols >= self.first) & (symbols < self.first + self.kinds * self.pitches)

    def pitch_of(self, symbols: Ints) -> Ints:
        """Return the pitch of each symbol counted from the lowest; -1 for other symbols."""
        pitched = (symbols - self.first) % max(1, self.pitches)
        return np.where(self.is_pitch(symbols), pitched, -1)

    def allowed(self, heard: Frames, size: int) -> Floats:
        """Return which symbols may follow, (T, V), ones and zeros; in a roll only lower notes."""
        mask = np.ones((len(heard.frame), size), dtype=np.float32)
        mask[:, 0] = heard.note == 0  # a piece ends between two frames
        if self.separator and self.pitches:
            last = np.where(heard.note > 0, heard.pitch, self.pitches)
            pitch = self.pitch_of(np.arange(size))
            mask[(pitch >= 0)[None, :] & (pitch[None, :] >= last[:, None])] = 0
        return mask


class LayoutSettings(Settings):
    """The settings of a `Layout`; the encoding fills them in."""

    first: int = Field(default=1, ge=1)  # lowest pitch's symbol
    pitches: int = Field(default=0, ge=0, le=512)
    kinds: int = Field(default=1, ge=1, le=4)  # rows of pitches: held, struck
    separator: int = Field(default=0, ge=0)  # the symbol that ends a frame; 0 = none
    voices: int = Field(default=1, ge=1, le=64)  # without a separator, symbols of a frame
    beat: int = Field(default=4, ge=1, le=64)  # frames after which the meter repeats

    @property
    def layout(self) -> Layout:
        """How symbols make frames."""
        return Layout(self.first, self.pitches, self.kinds, self.separator, self.voices, self.beat)


@dataclass(frozen=True)
class Frames:
    """What was heard of a piece, at each of its places.

    Attributes
    ----------
    symbols
        What was read, the boundary first, (T,).
    frame
        Number of the frame that the next symbol belongs to, (T,).
    note
        How many symbols of that frame are read, (T,).
    starts
        Place of the first symbol of each frame, (F,).
    base
        The reference that the next pitch is measured from, counted as pitches are, (T,).
    """

    layout: Layout
    symbols: Ints
    frame: Ints
    note: Ints
    starts: Ints
    base: Ints

    @classmethod
    def of(cls, symbols: Ints, layout: Layout) -> Frames:
        """Divide a row of symbols, the boundary first."""
        symbols = np.asarray(symbols, dtype=np.int64)
        places = np.arange(len(symbols))
        if layout.separator:
            ends = symbols == layout.separator
            ends[:1] = True
            frame = np.cumsum(ends) - 1
            starts = np.flatnonzero(ends) + 1
        else:
            frame = places // layout.voices
            starts = np.arange(0, len(symbols), layout.voices) + 1
        note = places + 1 - starts[frame]
        found = cls(layout, symbols, frame, note, starts, note)
        object.__setattr__(found, "base", found._bases())
        return found

    def last(self) -> Frames:
        """Return what was heard at the last place alone."""
        parts = (self.symbols, self.frame, self.note)
        symbols, frame, note = (part[-1:] for part in parts)
        return Frames(self.layout, symbols, frame, note, self.starts[-1:], self.base[-1:])

    def _bases(self) -> Ints:
        """Return the references: the voice's last pitch, or the top note of the frame before."""
        middle = self.layout.pitches // 2
        voices = self.lines[:, : 1 if self.layout.separator else self.layout.voices]
        known = np.full((len(voices) + 1, voices.shape[1]), -1, dtype=np.int64)
        known[1:] = np.where(voices >= 0, np.arange(len(voices))[:, None], -1)
        known = np.maximum.accumulate(known, axis=0)  # the frame that last had a pitch, before each
        column = np.minimum(self.note, voices.shape[1] - 1) if not self.layout.separator else 0
        at = known[self.frame, column]
        pitch = voices[np.maximum(at, 0), column]
        return np.where(at >= 0, pitch, middle)

    @cached_property
    def pitch(self) -> Ints:
        """The pitch of each symbol counted from the lowest; -1 for other symbols."""
        return self.layout.pitch_of(self.symbols)

    @cached_property
    def lines(self) -> Ints:
        """The pitches of each frame in order, (F, most notes), -1 where there is none."""
        frames = int(self.frame[-1]) + 1 if len(self.frame) else 0
        inside = np.flatnonzero(self.pitch >= 0)
        before = inside - 1  # a symbol belongs to the frame that its forerunner waits for
        width = int(self.note[before].max(initial=0)) + 1
        table = np.full((frames, max(width, self.layout.voices)), -1, dtype=np.int64)
        table[self.frame[before], self.note[before]] = self.pitch[inside]
        return table

    @cached_property
    def _hashes(self) -> tuple[Hashes, Hashes]:
        """Rolling hashes of intervals up to each place, and the powers of their base."""
        pitched = np.flatnonzero(self.pitch >= 0)
        value = self.symbols + 4096
        steps = np.diff(self.pitch[pitched], prepend=0)
        kind = (self.symbols[pitched] - self.layout.first) // max(1, self.layout.pitches)
        value[pitched] = 512 + steps + 2**20 * kind
        mixed = value.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        powers = np.ones(len(value) + 1, dtype=np.uint64)
        powers[1:] = _BASE
        powers = np.multiply.accumulate(powers)
        # h[i] = sum of mixed[j] * base^(i - j): by way of the inverse powers it is a running sum
        inverse = np.ones(len(value), dtype=np.uint64)
        inverse[1:] = pow(int(_BASE), -1, 1 << 64)
        inverse = np.multiply.accumulate(inverse)
        rolling: Hashes = np.cumsum(mixed * inverse, dtype=np.uint64) * powers[: len(value)]
        return rolling, powers

    @cached_property
    def ages(self) -> Ints:
        """For how many frames the first and the last note of the frame before sounded, (F, 2).

        In a grid, how long each voice had its pitch, (F, voices); 0 where nothing sounded.
        """
        lines, grid = self.lines, not self.layout.separator
        count = len(lines)
        ages = np.zeros((count + 1, lines.shape[1] if grid else 2), dtype=np.int64)
        if grid:
            for f in range(1, count):
                ages[f] = np.where(lines[f - 1] < 0, 0, 1)
                if f > 1:
                    ages[f] += (lines[f - 1] == lines[f - 2]) * ages[f - 1]
            return ages
        sounds = np.zeros((count, self.layout.pitches), dtype=bool)
        row, column = np.nonzero(lines >= 0)
        sounds[row, lines[row, column]] = True
        number = np.arange(count)[:, None]
        silent = np.maximum.accumulate(np.where(sounds, -1, number), axis=0)
        held = number - silent  # frames in a row up to and with this one
        notes = (lines >= 0).sum(1)
        some = np.flatnonzero(notes > 0)
        ages[some + 1, 0] = held[some, lines[some, 0]]
        ages[some + 1, 1] = held[some, lines[some, notes[some] - 1]]
        return ages

    def window(self, frames: int) -> Hashes:
        """Return hashes of what was heard since so many frames ago, in intervals, (T,)."""
        rolling, powers = self._hashes
        first = self.starts[np.maximum(self.frame - frames, 0)]
        places = np.arange(len(self.symbols))
        first = np.minimum(first, places)  # the window's first symbol counts by itself
        inner = rolling - rolling[first] * powers[places - first]
        opener = self.pitch[first] - self.base
        opener = np.where(self.pitch[first] >= 0, opener, 1000 + self.symbols[first])
        empty = self.note + self.frame == 0 if frames else self.note == 0
        opener = np.where(empty, 2000, opener)
        inner = np.where(empty, np.uint64(0), inner)
        short = np.minimum(self.frame, frames)
        return np.asarray(inner + (opener + 8192 + short * 65_536).astype(np.uint64) * _BASE)

    def line(self, voice: Ints, frames: int) -> Hashes:
        """Return hashes of what a voice did in the last frames and of the last note read, (T,)."""
        lines = np.full((len(self.lines) + frames, self.lines.shape[1] + 1), -1, dtype=np.int64)
        lines[:frames] = -2  # before the piece
        lines[frames:, :-1] = self.lines
        column = np.minimum(voice, lines.shape[1] - 1)
        place = self.base
        last = np.where(self.note > 0, self.pitch - place, 300)
        found = (last + 512).astype(np.uint64) * _BASE + voice.astype(np.uint64)
        for k in range(frames):
            then = lines[self.frame + k, column]
            step = np.where(then >= 0, then - place + 512, then + 256)
            found = found * _BASE + step.astype(np.uint64)
        return found

    @cached_property
    def changes(self) -> Changes:
        """The piece as a row of different frames."""
        return Changes.of(self)

    def events(self, voice: Ints, count: int) -> Hashes:
        """Return hashes of a voice's last notes, with their lengths, (T,).

        The last of them lasts still; how long it has so far is told with it.
        """
        lines = self.lines
        number = np.arange(len(lines))
        found = np.zeros(len(self.frame), dtype=np.uint64)
        for column in np.unique(np.minimum(voice, lines.shape[1] - 1)).tolist():
            line = lines[:, column]
            new = np.append(True, line[1:] != line[:-1])
            begun = np.flatnonzero(new)
            event = np.cumsum(new) - 1  # number of the event at each frame
            places = np.flatnonzero(np.minimum(voice, lines.shape[1] - 1) == column)
            before = self.frame[places] - 1  # the last frame that is known
            last = np.where(before >= 0, event[np.maximum(before, 0)], -1)
            age = np.where(
                before >= 0, number[np.maximum(before, 0)] - begun[np.maximum(last, 0)], 0
            )
            key = np.minimum(age, LONGEST).astype(np.uint64) + np.uint64(64 * (column + 1))
            top = np.where(last >= 0, line[begun[np.maximum(last, 0)]], -1)
            for k in range(1, count):
                there = last - k
                known = there >= 0
                at = begun[np.maximum(there, 0)]
                length = np.where(known, begun[np.maximum(there + 1, 0)] - at, 0)
                pitch = line[at]
                step = np.where((pitch >= 0) & (top >= 0), pitch - top, 200 + (pitch < 0))
                told = np.where(known, 512 + step + 1024 * np.minimum(length, LONGEST), 7)
                key = key * _BASE + told.astype(np.uint64)
            found[places] = key
        return found


@dataclass(frozen=True)
class Changes:
    """A piece as a row of different frames, and where each place stands in it.

    Attributes
    ----------
    row
        The frames that differ from the one before, as a piece.
    place
        Of each place of the piece, the place of the row where its frame would begin, (T,).
    age
        For how many frames the one before has stood, (T,).
    """

    row: Frames
    place: Ints
    age: Ints

    @classmethod
    def of(cls, heard: Frames) -> Changes:
        """Leave out the frames that repeat the one before."""
        symbols, whole = heard.symbols, int(heard.frame[-1]) if len(heard.frame) else 0
        owner = np.append(-1, heard.frame[:-1])  # the frame that each symbol stands in
        mixed = (symbols.astype(np.uint64) + np.uint64(1)) * np.uint64(_MIX)
        mixed ^= mixed >> np.uint64(31)
        weight = heard.note[np.maximum(np.arange(len(symbols)) - 1, 0)].astype(np.uint64)
        mixed *= np.uint64(2) * weight + np.uint64(1)
        total = np.zeros(whole + 1, dtype=np.uint64)
        np.add.at(total, owner[1:], mixed[1:])
        new = np.append(True, total[1:whole] != total[: whole - 1])[:whole]
        kept = np.append(True, np.append(new, False)[owner[1:]])
        row = Frames.of(symbols[kept], heard.layout)
        count = np.append(0, np.cumsum(new))  # different frames before each frame
        begun = np.append(0, np.flatnonzero(new))[count]  # where the last of them began
        age = np.minimum(np.arange(whole + 1) - begun, LONGEST)
        starts = np.minimum(row.starts[count] - 1, len(row.symbols) - 1)
        return cls(row, starts[heard.frame], age[heard.frame])

    def window(self, frames: int) -> Hashes:
        """Return hashes of so many different frames before each place, (T,)."""
        return np.asarray(self.row.window(frames)[self.place])

    @property
    def base(self) -> Ints:
        """The reference of the windows, (T,)."""
        return np.asarray(self.row.base[self.place])
