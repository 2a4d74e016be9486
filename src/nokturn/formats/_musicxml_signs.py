"""Small readings: an element of MusicXML -> a key, a meter, a pitch, a chord symbol, a clef."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from xml.etree.ElementTree import Element

from nokturn.formats._musicxml_bars import LINES, SYMBOLS
from nokturn.formats._musicxml_layout import CLEFS
from nokturn.formats._musicxml_values import TYPES
from nokturn.music.harmony import quality_of
from nokturn.music.pitch import ACCIDENTALS, LETTERS, MODES, SEMITONES, SHARP_ORDER, Key, Pitch
from nokturn.music.time import FREE_METER, Meter, Ticks, exact

LINE_OF = {style: line for line, style in LINES.items()} | {"light-heavy": "final"}
_CLEF_OF = {pair: name for name, pair in CLEFS.items()}
_SYMBOL_OF = {name: symbol for symbol, name in SYMBOLS.items()}
_NUMBER = re.compile(r"\s*([+-]?\d{1,9})(\.\d{1,9})?\s*")


def number(text: str | None) -> Fraction | None:
    """Return a decimal number of reasonable size, or None."""
    match = _NUMBER.fullmatch(text or "")
    return Fraction(match[0].strip()) if match else None


def whole(text: str | None, default: int = 0) -> int:
    """Return a whole number, or the default where the text is none."""
    value = number(text)
    return default if value is None else round(value)


def key(element: Element) -> tuple[Key, bool]:
    """Return a key, and whether its signature had to be brought within seven signs."""
    steps = [LETTERS.find((e.text or "").strip() or "-") for e in element.iterfind("key-step")]
    if steps:
        alters = [whole(e.text) for e in element.iterfind("key-alter")]
        pairs = zip(steps, alters, strict=False)
        signs = tuple((step, alter) for step, alter in pairs if step >= 0 and abs(alter) <= 2)
        return Key(mode="none", explicit=signs[:7], exact=True), False
    fifths = whole(element.findtext("fifths"))
    mode = (element.findtext("mode") or "").strip().lower()
    if mode == "none" and not fifths:
        return Key(mode="none"), False
    inside = max(-7, min(7, fifths))
    return key_of(inside, mode if mode in MODES else "major"), inside != fifths


def key_of(fifths: int, mode: str) -> Key:
    """Return the key with so many fifths in its signature.

    >>> str(key_of(1, "dorian"))
    'Ador'
    """
    place = fifths - MODES[mode] + 1  # on the line F C G D A E B F# ...
    return Key(SHARP_ORDER[place % 7], place // 7, mode)


def meter(element: Element) -> Meter | None:
    """Return a time signature, or None where it is not one."""
    if element.find("senza-misura") is not None:
        return FREE_METER
    beats = [[whole(part) for part in (e.text or "").split("+")] for e in element.iterfind("beats")]
    units = [whole(e.text) for e in element.iterfind("beat-type")]
    if not beats or len(beats) != len(units):
        return None
    if any(unit not in (1, 2, 4, 8, 16, 32, 64, 128) for unit in units):
        return None
    if any(not 0 < beat <= 256 for group in beats for beat in group) or sum(map(len, beats)) > 32:
        return None
    below = lcm(*units)
    groups = tuple(
        beat * (below // unit) for group, unit in zip(beats, units, strict=True) for beat in group
    )
    symbol = _SYMBOL_OF.get(element.get("symbol", ""), "")
    if symbol and (sum(groups), below) != ((4, 4) if symbol == "C" else (2, 2)):
        symbol = ""
    return Meter(sum(groups), below, symbol, groups if len(groups) > 1 else ())


def clef(element: Element) -> str:
    """Return a clef's name; ``treble`` for one without a name of ours."""
    sign = (element.findtext("sign") or "G").strip()
    line = (element.findtext("line") or {"F": "4", "C": "3"}.get(sign, "2")).strip()
    octave = {-1: "-8", 1: "+8"}.get(whole(element.findtext("clef-octave-change")), "")
    return _CLEF_OF.get((sign, line), "treble") + octave


def pitch(note: Element, transposed: tuple[int, int], drums: Mapping[str, Pitch]) -> Pitch | None:
    """Return the sounding pitch of a note, or None for a rest.

    Parameters
    ----------
    transposed
        (letters, semitones) from what is written to what sounds.
    drums
        What the part's instruments strike, by their names.
    """
    found, prefix = note.find("pitch"), ""
    if found is None:
        instrument = note.find("instrument")
        if instrument is not None and instrument.get("id") in drums:
            return drums[instrument.get("id", "")]
    if found is None:
        found, prefix = note.find("unpitched"), "display-"
    if found is None:
        return None
    step = LETTERS.find((found.findtext(f"{prefix}step") or "").strip() or "-")
    octave = whole(found.findtext(f"{prefix}octave"), 4)
    if step < 0:
        step, octave = 6, 4
    alter = max(-3, min(3, whole(found.findtext("alter"))))
    written = Pitch(step, alter, max(-1, min(9, octave)))
    return written if prefix or transposed == (0, 0) else moved(written, *transposed)


def moved(written: Pitch, letters: int, semitones: int) -> Pitch:
    """Return a pitch moved by an interval.

    >>> str(moved(Pitch.parse("D5"), -1, -2))
    'C5'
    """
    place, midi = written.diatonic + letters, written.midi + semitones
    for nearby in (place, place + 1, place - 1):
        octave, step = divmod(nearby, 7)
        alter = midi - 12 * (octave + 1) - SEMITONES[step]
        if abs(alter) <= 2:
            return Pitch(step, alter, octave)
    return written


def transposition(element: Element) -> tuple[int, int]:
    """Return the interval, letters and semitones, from written to sounding."""
    semitones = whole(element.findtext("chromatic"))
    letters = whole(element.findtext("diatonic"), round(semitones * 7 / 12))
    octaves = whole(element.findtext("octave-change"))
    found = (letters + 7 * octaves, semitones + 12 * octaves)
    return found if abs(found[1]) <= 36 and abs(found[0]) <= 22 else (0, 0)


def chord_symbol(element: Element) -> str:
    """Return a chord symbol as text; empty where it names no root."""
    kind = element.find("kind")
    name = ((kind.text or "") if kind is not None else "").strip()
    shown = kind.get("text") if kind is not None else None
    root = _root(element.find("root"), "root")
    if name == "none":
        return shown if shown is not None else "N.C."
    if not root:
        return ""
    bass = _root(element.find("bass"), "bass")
    quality = quality_of(name) if shown is None else shown
    return root + quality + (f"/{bass}" if bass else "")


def _root(element: Element | None, name: str) -> str:
    if element is None:
        return ""
    letter = (element.findtext(f"{name}-step") or "").strip()
    alter = ACCIDENTALS.get(whole(element.findtext(f"{name}-alter")), "")
    return letter + alter if letter in tuple(LETTERS) else ""


def written_length(note: Element) -> Ticks | None:
    """Return what a note's type, dots and ratio say that it lasts, or None without a type."""
    base = TYPES.get((note.findtext("type") or "").strip())
    if base is None:
        return None
    dots = min(4, len(note.findall("dot")))
    actual, normal = ratio(note) or (1, 1)
    return exact(Fraction(base) * (2 - Fraction(1, 2**dots)) * normal / actual)


def ratio(note: Element) -> tuple[int, int] | None:
    """Return the ratio of the tuplet that a note is in, or None."""
    element = note.find("time-modification")
    if element is None:
        return None
    actual = whole(element.findtext("actual-notes"))
    normal = whole(element.findtext("normal-notes"))
    inside = 0 < actual <= 1024 and 0 < normal <= 1024 and actual != normal
    return (actual, normal) if inside else None


def ending_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a volta bracket: ``"1, 2"`` gives (1, 2)."""
    found = [int(digits) for digits in re.findall(r"\d{1,2}", text)]
    return tuple(n for n in found[:32] if n) or (1,)
