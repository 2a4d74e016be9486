"""The ABC reader: the text of a tune -> a Piece with its Sheet.

A tune is read line by line: header fields up to ``K:``, then fields and music lines
(`_abc_music`). Every voice is read on its own (`_abc_voice`) and they are joined bar by bar at the
end (`_abc_join`). A lenient reading mends what it can and says where; a strict
one raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nokturn.errors import InputError, LimitError
from nokturn.formats import _abc_fields as fields
from nokturn.formats._abc_files import COMMENT, decode, file_header, split_tunes
from nokturn.formats._abc_join import join
from nokturn.formats._abc_lyrics import sing
from nokturn.formats._abc_macros import Macros
from nokturn.formats._abc_music import MusicReader
from nokturn.formats._abc_strict import forbidden
from nokturn.formats._abc_voice import VoiceReader
from nokturn.music.piece import Piece, recipe_of
from nokturn.music.pitch import Key
from nokturn.music.sheet import Sheet, Voice
from nokturn.music.time import Ticks

MAX_CHARACTERS = 1_000_000  # of a tune
MAX_VOICES = 64
RECIPE = "%nokturn "

_FIELD = re.compile(r"([A-Za-z+]):(?![|:])(.*)", re.DOTALL)
_TEXT_FIELDS = set("ABCDFGHNORSZ")


def read_tunes(
    data: bytes, *, source: str = "<data>", strict: bool = False
) -> tuple[list[Piece], list[InputError]]:
    """Read every tune of a file; those that cannot be read are told in the second list."""
    read = list(each_tune(data, source=source, strict=strict))
    pieces = [piece for piece in read if isinstance(piece, Piece)]
    return pieces, [error for error in read if isinstance(error, InputError)]


def each_tune(
    data: bytes, *, source: str = "<data>", strict: bool = False, part: int = 0, of: int = 1
) -> Iterator[Piece | InputError]:
    """Yield each tune of a file or of a part of it (`split_tunes`), or why it cannot be read."""
    text = decode(data)
    preamble = file_header(text)
    for line, tune in split_tunes(text, part, of):
        yield tune_or_refusal(tune, source=source, first_line=line, strict=strict, header=preamble)


def tune_or_refusal(text: str, **told: Any) -> Piece | InputError:
    """Return what `read_tune` does, or why it cannot be read."""
    try:
        return read_tune(text, **told)
    except InputError as error:
        return error


def read_tune(
    text: str,
    *,
    source: str = "<text>",
    first_line: int = 1,
    strict: bool = False,
    header: Sequence[tuple[str, str]] = (),
) -> Piece:
    """Read one tune.

    Parameters
    ----------
    text
        The tune, from its ``X:`` line on.
    source, first_line
        Where it stands, for messages.
    strict
        Raise at what would be mended otherwise, and at bars that do not add up.
    header
        Fields that hold for the whole file.

    Raises
    ------
    InputError
        There is no key, or the text is not ABC; with ``strict`` whatever is wrong.
    LimitError
        More characters, notes, bars or voices than the limits allow.
    """
    if len(text) > MAX_CHARACTERS:
        raise LimitError(
            f"a tune of {len(text):,} characters; {MAX_CHARACTERS:,} is the limit.",
            source=source,
            line=first_line,
        )
    reader = TuneReader(source, first_line, strict)
    piece = reader.read(text, header)
    piece.text = text
    if strict:
        _check_bars(piece.sheet, reader)
    return piece


def _check_bars(sheet: Sheet, reader: TuneReader) -> None:
    from nokturn.music.bars import bar_faults

    for fault in bar_faults(sheet):
        line = reader.bar_lines[fault.bar] if fault.bar < len(reader.bar_lines) else 0
        raise InputError(
            f"bar {fault.bar + 1} {fault.text}",
            "Make it full, or mark a pickup with the first bar line.",
            source=reader.source,
            line=line,
        )


@dataclass
class TuneReader(MusicReader):
    """Reads a tune, or a header and then words that have nothing to do with each other."""

    sheet: Sheet = field(default_factory=lambda: Sheet(voices=[]))
    recipe: dict[str, Any] | None = None
    unit: Ticks = 0
    score: str = ""  # %%score or %%staves
    sung: int = 0
    key_options: dict[str, str] = field(default_factory=dict)
    macros: Macros = field(default_factory=Macros)

    # the tune

    def read(self, text: str, preamble: Sequence[tuple[str, str]]) -> Piece:
        lines = text.split("\n")
        if self.strict:
            self._refuse(text)
        first = self._header(lines, preamble)
        self._body(lines, first)
        self.sheet = join(self.sheet, list(self.voices.values()), self.score, self.repair)
        if self.silent_repairs:
            self.repairs.append(f"{self.source}: {self.silent_repairs} more repairs.")
        return Piece(
            self.sheet, self.sheet.title, self.source, recipe=self.recipe, repairs=self.repairs
        )

    def plain_header(self, text: str, preamble: Sequence[tuple[str, str]]) -> bool:
        """Read a header; return whether nothing had to be mended and no sign got a new meaning."""
        self._header(text.split("\n"), preamble)
        return not (self.repairs or self.user or self.macros or self.sheet.title)

    def begin_again(self) -> None:
        """Forget all that was read below the header."""
        self.repairs, self.silent_repairs, self.events = [], 0, 0
        self.voices = {}
        self.now = self._voice_named("1")

    def _refuse(self, text: str) -> None:
        """Raise at what the standard forbids and a lenient reading takes without a word."""
        start = self.line
        for place, what in forbidden(text):
            before = text[:place]
            self.line, self.column = start + before.count("\n"), place - before.rfind("\n")
            self.repair(what)

    def _header(self, lines: list[str], preamble: Sequence[tuple[str, str]]) -> int:
        """Read up to ``K:``; return the number of the line after it."""
        for letter, value in preamble:
            self._header_field(letter, value)
        last = ""
        start = self.line
        for i, raw in enumerate(lines):
            self.line, self.column = start + i, 1
            if raw.startswith("%"):
                self._directive(raw)
                continue
            line = COMMENT.sub("", raw).strip()
            match = re.match(r"([A-Za-z+]):(.*)", line)
            if match is None:
                if line:
                    self.repair(f"{line[:30]!r} stands in the header and is no field; left out")
                continue
            letter, value = match[1], match[2].strip()
            if letter == "+" and last:
                if self.sheet.fields and self.sheet.fields[-1][0] == last:
                    self.sheet.fields[-1] = (last, f"{self.sheet.fields[-1][1]} {value}")
                continue
            if letter == "K":
                self._read_key(value)
                self.start_line = start
                return i + 1
            last = letter
            self._header_field(letter, value)
        raise InputError(
            "the tune has no key.",
            "Add a line K: as the last one of its header, for example K:C.",
            source=self.source,
            line=start,
        )

    def _read_key(self, value: str) -> None:
        found = self._try(lambda: fields.parse_key(value))
        self.key, self.key_options = found or (None, {})
        self.sheet.unit = self.unit
        self.now = self._voice_named("1") if not self.voices else next(iter(self.voices.values()))
        for reader in self.voices.values():
            self._set_up(reader)

    def _set_up(self, reader: VoiceReader) -> None:
        reader.key, reader.meter, reader.unit = self.key or Key(mode="none"), self.meter, self.unit
        self._apply_options(reader, self.key_options)

    def _apply_options(self, reader: VoiceReader, options: dict[str, str]) -> None:
        voice = reader.voice
        if "clef" in options:
            voice.clef = fields.parse_clef(options["clef"])
            voice.drums = voice.clef == "perc"
        voice.name = fields.plain_text(options.get("name", options.get("nm", voice.name)))
        short = options.get("subname", options.get("snm", options.get("sname", voice.short_name)))
        voice.short_name = fields.plain_text(short)
        if re.fullmatch(r"[+-]?\d", options.get("octave", "")):
            reader.octave = int(options["octave"])

    def _header_field(self, letter: str, value: str) -> None:
        if letter == "X":
            return
        if letter == "T":
            self._title(value)
        elif letter == "M":
            self.meter = self._try(lambda: fields.parse_meter(value)) or self.meter
        elif letter == "L":
            self.unit = self._try(lambda: fields.parse_unit(value)) or self.unit
        elif letter == "Q":
            unit = self.unit or fields.default_unit(self.meter)
            self.tempo = self._try(lambda: fields.parse_tempo(value, unit)) or self.tempo
        elif letter == "P":
            self.sheet.part_order = self._try(lambda: fields.parse_parts(value)) or ""
        elif letter == "V":
            self._turn_to(value)
        elif letter == "C" and not self.sheet.composer:
            self.sheet.composer = fields.plain_text(value)
        elif letter == "U":
            self._redefine(value)
        elif letter == "W":
            self.sheet.words += (fields.plain_text(value),)
        elif letter == "m":
            self._try(lambda: self.macros.define(value))
        elif letter in "Iws":
            return
        elif value:
            self.sheet.fields.append((letter, fields.plain_text(value)))

    def _title(self, value: str) -> None:
        title = fields.plain_text(value)
        if not self.sheet.title:
            self.sheet.title = title
        elif title:
            self.sheet.subtitles += (title,)

    def _redefine(self, value: str) -> None:
        match = re.fullmatch(r"([~H-Wh-w])\s*=\s*[!+]?([^!+]*)[!+]?", value.strip())
        if match:
            self.user[match[1]] = match[2].strip()

    def _directive(self, raw: str) -> None:
        """Read a comment: our recipe, or one of the few directives that change the music."""
        if raw.startswith(RECIPE) and len(raw) < 65_536:
            self.recipe = recipe_of(raw[len(RECIPE) :])
            if self.recipe is None:
                self.repair("the recipe comment cannot be read; left out")
            return
        match = re.match(r"%%(score|staves|MIDI\s+program)\s+(.*)", raw)
        if match is None:
            return
        if match[1] in ("score", "staves"):
            self.score = match[2]
            return
        numbers = re.findall(r"\d+", match[2])
        if numbers and int(numbers[-1][:4]) < 128:
            reader = self.now if self.voices else self._voice_named("1")
            reader.voice.program = int(numbers[-1])

    def _voice_named(self, number: str) -> VoiceReader:
        if number not in self.voices:
            if len(self.voices) >= MAX_VOICES:
                raise LimitError(
                    f"more than {MAX_VOICES} voices.", source=self.source, line=self.line
                )
            self.voices[number] = VoiceReader(Voice(number=number, part=len(self.voices)))
            self._set_up(self.voices[number])
        return self.voices[number]

    def _turn_to(self, value: str) -> None:
        number, options = fields.parse_options(value)
        if not number or number == "*":
            return
        self.now = self._voice_named(number)
        self._apply_options(self.now, options)

    # the body

    def _body(self, lines: list[str], first: int) -> None:
        start = self.start_line
        joined = False
        if self.key is None:
            self.key = Key(mode="none")
        for i in range(first, len(lines)):
            self.line, self.column = start + i, 1
            raw = lines[i]
            if raw.startswith("%"):
                self._directive(raw)
                continue
            line = COMMENT.sub("", raw).rstrip() if "%" in raw else raw.rstrip()
            if not line:
                continue
            match = _FIELD.match(line)
            if match and not (match[1] in "ABCDEFGabcdefg" and _looks_like_music(line)):
                self.body_field(match[1], match[2].strip())
                continue
            if not joined:
                self._new_line()
            joined = line.endswith("\\")
            if self.macros:
                line = self.macros.expand(line)
            self.music(line.removesuffix("\\"))
            if not joined and self.now.bars and self.now.empty:
                self.now.bars[-1].break_after = True
        for reader in self.voices.values():
            if not reader.empty:
                self.now = reader
                self.close("none" if reader.bars else "single")

    def _new_line(self) -> None:
        self.sung = 0
        self.now.begin_line()

    def body_field(self, letter: str, value: str) -> None:
        """Read a field of the body, on a line of its own or inline."""
        if letter == "w":
            self.sung = sing(self.now, value, self.sung)
        elif letter == "V":
            self._turn_to(value)
        elif letter == "W":
            self.sheet.words += (fields.plain_text(value),)
        elif letter == "T":
            self._title(value)
        elif letter == "U":
            self._redefine(value)
        elif letter in "KMLQP":
            self._change(letter, value)
        elif letter in _TEXT_FIELDS and value:  # others are to be ignored, says the standard
            self.sheet.fields.append((letter, fields.plain_text(value)))

    def _change(self, letter: str, value: str) -> None:
        now = self.now
        if letter == "K":
            found = self._try(lambda: fields.parse_key(value))
            if found:
                self._apply_options(now, found[1])
            if found and found[0] is not None:
                now.key = found[0]
                now.bar.keys[now.position()] = now.key
        elif letter == "M":
            meter = self._try(lambda: fields.parse_meter(value))
            if meter is not None:
                if not now.empty:
                    self.close("none")
                now.meter = now.bar.meter = meter
        elif letter == "L":
            now.unit = self._try(lambda: fields.parse_unit(value)) or now.unit
        elif letter == "Q":
            unit = now.unit_ticks()
            tempo = self._try(lambda: fields.parse_tempo(value, unit))
            if tempo is not None:
                now.bar.tempos[now.position()] = tempo
        elif letter == "P":
            label = fields.plain_text(value)[:40]
            if not now.empty:
                self.close("none")
            now.bar.label = label


def _looks_like_music(line: str) -> bool:
    return bool(re.match(r"[A-Ga-g]:\s*[|\]]", line))
