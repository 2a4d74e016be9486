"""The ABC reader: the text of a tune -> a Piece with its Sheet.

A tune is read line by line: header fields up to ``K:``, then music lines, each cut into words by
one pattern (`_abc_lexer.WORD`). Every voice is read on its own (`_abc_voice`) and they are joined
bar by bar at the end (`_abc_join`). A lenient reading mends what it can and says where; a strict
one raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nokturn.errors import InputError, LimitError, position
from nokturn.formats import _abc_fields as fields
from nokturn.formats._abc_join import join
from nokturn.formats._abc_lexer import SHORTHANDS, SYNONYMS, WORD, factor, note_word, times
from nokturn.formats._abc_lyrics import sing
from nokturn.formats._abc_strict import forbidden
from nokturn.formats._abc_voice import VoiceReader
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.sheet import Bar, Event, Grace, Sheet, Voice
from nokturn.music.time import COMMON_TIME, FREE_METER, Meter, Tempo, Ticks

MAX_CHARACTERS = 1_000_000  # of a tune
MAX_EVENTS = 100_000
MAX_BARS = 20_000
MAX_VOICES = 64
MAX_REPAIRS = 200  # that are told one by one
MAX_GRACES = 64
RECIPE = "%nokturn "

_FIELD = re.compile(r"([A-Za-z+]):(?![|:])(.*)", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)%.*")
_CHORD_NOTE = re.compile(
    r"(?:\^\^|\^/?\d?(?=[A-Ga-g])|\^|__|_/?\d?(?=[A-Ga-g])|_|=)?[A-Ga-g][,']*\d*(?:/+\d*)?-?"
)
_CHORD_END = re.compile(r"\](\d*(?:/+\d*)?)(-?)$")
_ODD_LENGTH = re.compile(r"//+\d")
_TEXT_FIELDS = set("ABCDFGHNORSZ")


def read_tunes(
    data: bytes, *, source: str = "<data>", strict: bool = False
) -> tuple[list[Piece], list[InputError]]:
    """Read every tune of a file; those that cannot be read are told in the second list."""
    pieces, errors = [], []
    text = decode(data)
    preamble = file_header(text)
    for line, tune in split_tunes(text):
        try:
            piece = read_tune(tune, source=source, first_line=line, strict=strict, header=preamble)
            pieces.append(piece)
        except InputError as error:
            errors.append(error)
    return pieces, errors


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8 (with or without mark), UTF-16 with mark, else Latin-1."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_tunes(text: str) -> list[tuple[int, str]]:
    """Return the tunes of a text, each with the number of its first line, counted from 1.

    A tune begins with ``X:`` and ends before the next one, or at an empty line after its ``K:``.
    A text without any ``X:`` is one tune if it has a ``K:``.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("X:")]
    if not starts:
        first = next((i for i, line in enumerate(lines) if re.match(r"[A-Z]:", line)), None)
        if first is None or not any(line.startswith("K:") for line in lines):
            return []
        starts = [first]
    tunes = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        end = start
        seen_key = False
        while end < stop and (not seen_key or lines[end].strip()):
            seen_key = seen_key or lines[end].startswith("K:")
            end += 1
        tunes.append((start + 1, "\n".join(lines[start:end]).rstrip() + "\n"))
    return tunes


def file_header(text: str) -> list[tuple[str, str]]:
    """Return the fields that stand before the first tune and hold for all."""
    before = re.split(r"^X:", text, maxsplit=1, flags=re.MULTILINE)
    if len(before) == 1 or not before[0].strip():
        return []
    kept = (re.match(r"([MLQRCOABDFGHINSZUm]):(.*)", line) for line in before[0].split("\n"))
    return [(match[1], _COMMENT.sub("", match[2]).strip()) for match in kept if match]


def read_tune(
    text: str,
    *,
    source: str = "<text>",
    first_line: int = 1,
    strict: bool = False,
    header: list[tuple[str, str]] | None = None,
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
    reader = _TuneReader(source, first_line, strict)
    piece = reader.read(text, header or [])
    piece.text = text
    if strict:
        _check_bars(piece.sheet, reader)
    return piece


def _check_bars(sheet: Sheet, reader: _TuneReader) -> None:
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
class _TuneReader:
    source: str
    line: int
    strict: bool
    column: int = 1
    sheet: Sheet = field(default_factory=lambda: Sheet(voices=[]))
    repairs: list[str] = field(default_factory=list)
    voices: dict[str, VoiceReader] = field(default_factory=dict)
    recipe: dict[str, Any] | None = None
    meter: Meter = COMMON_TIME
    unit: Ticks = 0
    key: Key | None = None
    tempo: Tempo | None = None
    user: dict[str, str] = field(default_factory=dict)
    events: int = 0
    score: str = ""  # %%score or %%staves
    programs: dict[str, int] = field(default_factory=dict)
    bar_lines: list[int] = field(default_factory=list)  # line of each bar of the first voice
    sung: int = 0
    silent_repairs: int = 0
    octave: int = 0
    key_options: dict[str, str] = field(default_factory=dict)
    now: VoiceReader = field(init=False)

    def __post_init__(self) -> None:
        handlers: dict[str, Callable[[str], None]] = {
            name: getattr(self, f"_{name}")
            for name in (
                "bar", "rest", "bars", "tuplet", "broken", "quoted", "grace", "field", "ending",
                "chord", "slur", "decoration", "shorthand", "tie", "overlay", "spacer", "ignored",
                "unknown",
            )
        }  # fmt: skip
        self.handlers = handlers

    # messages

    def repair(self, what: str) -> None:
        """Note what was mended here; raise it where the reading is strict."""
        if self.strict:
            raise InputError(f"{what}.", source=self.source, line=self.line, column=self.column)
        if len(self.repairs) < MAX_REPAIRS:
            self.repairs.append(f"{position(self.source, self.line, self.column)}: {what}.")
        else:
            self.silent_repairs += 1

    def _try(self, read: Callable[[], Any]) -> Any:
        """Return what a field means, or None with a repair where it means nothing."""
        try:
            return read()
        except ValueError as error:
            self.repair(f"{error}; left out")
            return None

    # the tune

    def read(self, text: str, preamble: list[tuple[str, str]]) -> Piece:
        lines = text.split("\n")
        if self.strict:
            self._refuse(text)
        for letter, value in preamble:
            self._header_field(letter, value)
        first = self._header(lines)
        self._body(lines, first)
        self.sheet = join(self.sheet, list(self.voices.values()), self.score, self.repair)
        if self.silent_repairs:
            self.repairs.append(f"{self.source}: {self.silent_repairs} more repairs.")
        return Piece(
            self.sheet, self.sheet.title, self.source, recipe=self.recipe, repairs=self.repairs
        )

    def _refuse(self, text: str) -> None:
        """Raise at what the standard forbids and a lenient reading takes without a word."""
        start = self.line
        for place, what in forbidden(text):
            before = text[:place]
            self.line, self.column = start + before.count("\n"), place - before.rfind("\n")
            self.repair(what)

    def _header(self, lines: list[str]) -> int:
        """Read up to ``K:``; return the number of the line after it."""
        last = ""
        start = self.line
        for i, raw in enumerate(lines):
            self.line, self.column = start + i, 1
            if raw.startswith("%"):
                self._directive(raw)
                continue
            line = _COMMENT.sub("", raw).strip()
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
        elif letter in "Iwms":
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
            try:
                recipe = json.loads(raw[len(RECIPE) :])
            except (ValueError, RecursionError):
                self.repair("the recipe comment cannot be read; left out")
                return
            self.recipe = recipe if isinstance(recipe, dict) else None
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
            line = _COMMENT.sub("", raw).rstrip() if "%" in raw else raw.rstrip()
            if not line:
                continue
            match = _FIELD.match(line)
            if match and not (match[1] in "ABCDEFGabcdefg" and _looks_like_music(line)):
                self._body_field(match[1], match[2].strip())
                continue
            if not joined:
                self._new_line()
            joined = line.endswith("\\")
            self._music(line[:-1] if joined else line)
            if not joined and self.now.bars and self.now.empty:
                self.now.bars[-1].break_after = True
        for reader in self.voices.values():
            if not reader.empty:
                self.now = reader
                self._close("none" if reader.bars else "single")

    def _new_line(self) -> None:
        self.sung = 0
        self.now.to_sing = []

    def _music(self, line: str) -> None:
        now, unit = self.now, self.now.unit_ticks()
        handlers = self.handlers
        for word in WORD.finditer(line):
            kind = word.lastgroup
            if kind == "note":
                self.events += 1
                if self.strict and _ODD_LENGTH.search(word[0]):
                    self.column = word.start() + 1
                    self.repair(f"{word[0]!r} has a length of two slashes and a number")
                try:
                    now.note(note_word(word[0]), unit)
                except ValueError as error:
                    self.column = word.start() + 1
                    self.repair(f"{error}; left out")
                continue
            if kind == "space":
                continue
            self.column = word.start() + 1
            handlers[kind](word[0])  # type: ignore[index]
            if now is not self.now or kind == "field":
                now, unit = self.now, self.now.unit_ticks()
        if self.events > MAX_EVENTS:
            raise LimitError(
                f"more than {MAX_EVENTS:,} notes and rests.", source=self.source, line=self.line
            )

    def _body_field(self, letter: str, value: str) -> None:
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
                    self._close("none")
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
                self._close("none")
            now.bar.label = label

    # words of a music line

    def _field(self, word: str) -> None:
        letter, value = word[1], word[3:].removesuffix("]")
        if not word.endswith("]"):
            self.repair("this field has no closing ]")
        self._body_field(letter, value.strip())

    def _rest(self, word: str) -> None:
        self.events += 1
        if self.strict and _ODD_LENGTH.search(word):
            self.repair(f"{word!r} has a length of two slashes and a number")
        try:
            duration = times(self.now.unit_ticks(), factor(word[1:]))
        except ValueError as error:
            self.repair(f"{error}; left out")
            return
        self.now.rest(duration, word[0] == "x")

    def _bars(self, word: str) -> None:
        now = self.now
        count = int(word[1:5] or 1)
        full = now.meter.bar_ticks
        if not 1 <= count <= 999 or len(now.bars) + count > MAX_BARS:
            raise LimitError(
                f"{word} asks for {count} bars of rest; 999 is the limit.",
                source=self.source,
                line=self.line,
                column=self.column,
            )
        if not full:
            self.repair(f"{word} is a rest of bars in free meter; read as 4/4")
            full = COMMON_TIME.bar_ticks
        for i in range(count):
            if i:
                self._close("single")
            now.tied = {}
            now.add(Event(full, hidden=word[0] == "X", whole_bar=True))

    def _tuplet(self, word: str) -> None:
        numbers = word[1:].split(":")
        p = int(numbers[0][:3])
        if not 2 <= p <= 99:
            self.repair(f"{word} is not a tuplet of 2 to 99 notes; left out")
            return
        compound = self.now.meter.compound
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
        q = int((numbers[1] if len(numbers) > 1 else "")[:3] or usual) or usual
        r = int((numbers[2] if len(numbers) > 2 else "")[:3] or p) or p
        if self.now.tuplet:
            self.repair("a tuplet begins before the last one is complete")
        self.now.tuplet, self.now.tuplet_opens = (p, q, r), r

    def _broken(self, word: str) -> None:
        if "<" in word and ">" in word:
            self.repair(f"{word} makes a note longer and shorter at once; left out")
            return
        if not self.now.break_rhythm(word):
            self.repair(f"{word} has no note before it; left out")

    def _quoted(self, word: str) -> None:
        text = fields.plain_text(word.strip('"'))
        if len(word) < 2 or not word.endswith('"'):
            self.repair("this text has no closing quotation mark")
        if not text:
            return
        self.now.pending = True
        if text[0] in "^_<>@" or not (text[0] in "ABCDEFGabcdefg(" or text in ("N.C.", "NC")):
            self.now.texts.append(text[:200])
        elif self.now.chord:
            self.now.texts.append(f"^{text[:200]}")
        else:
            self.now.chord = text[:60]

    def _grace(self, word: str) -> None:
        if not word.endswith("}"):
            self.repair("these grace notes have no closing brace")
        body = word[1:].removesuffix("}")
        slash = body.startswith("/")
        unit = 120
        chords = re.finditer(rf"\[[^\]]*\]\d*/*\d*|{_CHORD_NOTE.pattern}", body)
        for k, match in enumerate(chords):
            if k == MAX_GRACES:
                self.repair(f"more than {MAX_GRACES} grace notes; the rest left out")
                return
            try:
                words = [note_word(m[0]) for m in _CHORD_NOTE.finditer(match[0])]
            except ValueError as error:
                self.repair(f"{error}; left out")
                continue
            if words:
                pitches = tuple(self.now.spelled(word)[0] for word in words)
                self.now.graces.append(Grace(pitches, times(unit, words[0].factor), slash))
                self.now.pending = True

    def _chord(self, word: str) -> None:
        self.events += 1
        end = _CHORD_END.search(word)
        inner = word[1 : end.start()] if end else word[1:]
        for mark in re.findall(r"!([^!]+)!", inner):
            self._decorate(mark)
        bare = re.sub(r'![^!]*!|"[^"]*"', "", inner)
        try:
            words = [note_word(match[0]) for match in _CHORD_NOTE.finditer(bare)]
            left = re.sub(r"[\s.~uvTHMPLOSJR()<>]|" + _CHORD_NOTE.pattern, "", bare)
            if not words:
                self.repair(f"{word!r} is a chord without notes; left out")
                return
            if left:
                self.repair(f"{left[:20]!r} stands in a chord; left out")
            length, tie = (end[1], end[2]) if end else ("", "")
            self.now.chord_of(words, length, bool(tie), self.now.unit_ticks())
        except ValueError as error:
            self.repair(f"{error}; left out")

    def _slur(self, word: str) -> None:
        now = self.now
        if word.endswith("("):
            now.slurs += 1
            now.pending = True
        elif now.last is not None:
            now.last.slurs = (now.last.slurs[0], now.last.slurs[1] + 1)
        else:
            self.repair("a slur ends that did not begin; left out")

    def _decoration(self, word: str) -> None:
        self._decorate(word[1:-1])

    def _decorate(self, name: str) -> None:
        self.now.decorations.append(SYNONYMS.get(name, name))
        self.now.pending = True

    def _shorthand(self, word: str) -> None:
        name = self.user.get(word) or SHORTHANDS.get(word)
        if name is None:
            self.repair(f"{word!r} means nothing here; left out")
        elif name.startswith('"'):
            self._quoted(name)
        elif name not in ("nil", "none"):
            self._decorate(name)

    def _tie(self, word: str) -> None:
        if not self.now.tie():
            self.repair("a tie without a note before it; left out")

    def _overlay(self, word: str) -> None:
        if self.now.empty:
            self.repair("an overlay at the start of a bar; left out")
            return
        self.now.overlay(len(word), self.repair)

    def _spacer(self, word: str) -> None:
        return

    def _ignored(self, word: str) -> None:
        if word in ("*", ";", "?", "@") or word.startswith("\\") or word < " ":
            self.repair(f"{word!r} means nothing here; left out")

    def _unknown(self, word: str) -> None:
        self.repair(f"{word!r} means nothing here; left out")

    # bar lines

    def _bar(self, word: str) -> None:
        now = self.now
        core = word.strip(":.")
        before = len(word) - len(word.lstrip(":"))
        after = len(word) - len(word.rstrip(":")) if core else 0
        if not core:  # only colons: the end and the beginning of a repeat
            before = after = max(1, before // 2)
        if ":" in core:
            before, after = max(before, 0), max(after, 0)
        line = _line_style(core, dotted="." in word)
        if not now.empty:
            self._close(line)
        if now.bars:
            self._mark_end(now.bars[-1], before, line)
        elif before:
            self.repair("a repeat ends before it began; left out")
        if after:
            now.bar.repeat_start = True
            self._stop_ending()

    def _mark_end(self, bar: Bar, before: int, line: str) -> None:
        """Give the last bar the bar line that was just read."""
        if before:
            bar.repeat_end = max(bar.repeat_end, min(before, 8) + 1)
        strength = ("none", "single", "dotted", "double", "heavy-light", "final")
        if strength.index(line) > strength.index(bar.line):
            bar.line = line
        if before or line in ("double", "final", "heavy-light"):
            self._stop_ending()

    def _stop_ending(self) -> None:
        now = self.now
        if now.in_ending and now.bars:
            now.bars[-1].ending_stop = True
            now.in_ending = False

    def _close(self, line: str) -> None:
        now = self.now
        if len(now.bars) >= MAX_BARS:
            raise LimitError(f"more than {MAX_BARS:,} bars.", source=self.source, line=self.line)
        now.bar.line = line
        if now is next(iter(self.voices.values())):
            self.bar_lines.append(self.line)
        if not now.bars:
            now.bar.meter = now.bar.meter or self.meter
            now.bar.keys.setdefault(0, self.key or Key(mode="none"))
            if self.tempo:
                now.bar.tempos.setdefault(0, self.tempo)
        now.close_bar()

    def _ending(self, word: str) -> None:
        now = self.now
        numbers: list[int] = []
        for low, high in re.findall(r"(\d{1,2})(?:-(\d{1,2}))?", word):
            numbers += range(int(low), min(int(high or low), int(low) + 16) + 1)
        if not now.empty:
            self.repair(f"{word} opens an ending within a bar; a bar line is put before it")
            self._close("single")
        self._stop_ending()
        now.bar.ending = tuple(n for n in dict.fromkeys(numbers) if n) or (1,)
        now.in_ending = True


def _line_style(core: str, dotted: bool) -> str:
    bars = core.replace(":", "")
    if bars.endswith("]") and "|" in bars:
        return "none" if bars == "[|]" else "final"
    if bars.startswith("["):
        return "heavy-light"
    if bars.count("|") > 1:
        return "double"
    return "dotted" if dotted else "single"


def _looks_like_music(line: str) -> bool:
    return bool(re.match(r"[A-Ga-g]:\s*[|\]]", line))


__all__ = ["FREE_METER", "decode", "file_header", "read_tune", "read_tunes", "split_tunes"]
