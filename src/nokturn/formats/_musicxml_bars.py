"""The frame of a measure: key, time and clef; bar lines, repeats and endings."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from nokturn.formats._musicxml_layout import CLEFS
from nokturn.formats._musicxml_notes import ACCIDENTAL_NAMES, add
from nokturn.music.pitch import LETTERS, MODES, SHARP_ORDER, Key
from nokturn.music.sheet import Bar
from nokturn.music.time import Meter

LINES = {
    "single": "regular",
    "double": "light-light",
    "final": "light-heavy",
    "heavy-light": "heavy-light",
    "dotted": "dotted",
    "none": "none",
}
SYMBOLS = {"C": "common", "C|": "cut"}


def attributes(
    measure: Element, clefs: list[str], bar: Bar, *, first: bool, keyed: bool = True
) -> None:
    """Add the key (where the part is in one), time and clefs that change here."""
    changed = (keyed and 0 in bar.keys) or bar.meter is not None or clefs
    if not (changed or first):
        return
    element = add(measure, "attributes")
    if first:
        add(element, "divisions")
    if keyed and 0 in bar.keys:
        _key(element, bar.keys[0])
    if bar.meter is not None:
        _time(element, bar.meter)
    if len(clefs) > 1:
        add(element, "staves", str(len(clefs)))
    for number, name in enumerate(clefs, 1):
        _clef(element, name, number if len(clefs) > 1 else 0)


def _key(parent: Element, key: Key) -> None:
    """Add a key; explicit accidentals make it one without a name, sign by sign."""
    element = add(parent, "key")
    if key.mode in MODES and not key.explicit and not key.exact and abs(key.fifths) <= 7:
        add(element, "fifths", str(key.fifths))
        add(element, "mode", key.mode)
        return
    if key.mode == "HP" or not any(key.alters):
        add(element, "fifths", "0")
        add(element, "mode", "none")
        return
    sharps = [step for step in SHARP_ORDER if key.alters[step] > 0]
    flats = [step for step in reversed(SHARP_ORDER) if key.alters[step] < 0]
    for step in sharps + flats:
        add(element, "key-step", LETTERS[step])
        add(element, "key-alter", str(key.alters[step]))
        add(element, "key-accidental", ACCIDENTAL_NAMES.get(key.alters[step], "natural"))


def _time(parent: Element, meter: Meter) -> None:
    if meter.free:
        add(add(parent, "time", print_object="no"), "senza-misura")
        return
    symbol = {"symbol": SYMBOLS[meter.symbol]} if meter.symbol in SYMBOLS else {}
    element = add(parent, "time", **symbol)
    add(element, "beats", "+".join(map(str, meter.groups)) or str(meter.numerator))
    add(element, "beat-type", str(meter.denominator))


def _clef(parent: Element, name: str, number: int) -> None:
    element = add(parent, "clef", **({"number": str(number)} if number else {}))
    base = name.rstrip("+-815")
    sign, line = CLEFS.get(base, CLEFS["treble"])
    add(element, "sign", sign)
    add(element, "line", line)
    octaves = {"-8": -1, "+8": 1, "-15": -2, "+15": 2}.get(name[len(base) :], 0)
    if octaves:
        add(element, "clef-octave-change", str(octaves))


def left_barline(measure: Element, bar: Bar) -> None:
    """Add what begins with a measure: a repeat, a volta bracket."""
    if not (bar.repeat_start or bar.ending):
        return
    element = add(measure, "barline", location="left")
    if bar.repeat_start:
        add(element, "bar-style", "heavy-light")
    if bar.ending:
        add(element, "ending", number=",".join(map(str, bar.ending)), type="start")
    if bar.repeat_start:
        add(element, "repeat", direction="forward")


def right_barline(measure: Element, bar: Bar, ending: tuple[int, ...], *, last: bool) -> None:
    """Add what ends with a measure: its line, a repeat, a volta bracket."""
    if bar.line == "single" and not bar.repeat_end and not ending:
        return
    element = add(measure, "barline", location="right")
    if bar.repeat_end:
        add(element, "bar-style", "light-heavy")
    elif bar.line != "single" or last:
        add(element, "bar-style", LINES.get(bar.line, "regular"))
    if ending:
        kind = "stop" if bar.repeat_end or not last else "discontinue"
        add(element, "ending", number=",".join(map(str, ending)), type=kind)
    if bar.repeat_end:
        times = {"times": str(bar.repeat_end)} if bar.repeat_end > 2 else {}
        add(element, "repeat", direction="backward", **times)
