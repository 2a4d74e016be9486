"""What stands above and below the notes: tempo, words, dynamics, jumps, chord symbols, labels."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from nokturn.formats._musicxml_marks import DYNAMICS, JUMPS, SIGNS, WEDGES
from nokturn.formats._musicxml_notes import add
from nokturn.formats._musicxml_values import single
from nokturn.music.harmony import kind_of, parse
from nokturn.music.pitch import LETTERS
from nokturn.music.sheet import Event
from nokturn.music.time import Tempo

HALIGN = {"<": "right", ">": "left", "@": "center"}


def write_before(measure: Element, event: Event, staff: int) -> None:
    """Add what belongs before an event: chord symbol, words, dynamics, jumps."""
    if event.chord:
        harmony(measure, event.chord, staff)
    for text in event.texts:
        words(measure, text, staff)
    for name in event.decorations:
        _direction(measure, name, staff)


def harmony(measure: Element, text: str, staff: int) -> None:
    """Add a chord symbol; what is not one stands there as words without a root."""
    symbol = parse(text)
    element = add(measure, "harmony")
    root = add(element, "root")
    if symbol is None:
        add(root, "root-step", "C", text="")
        add(element, "kind", "none", text=text)
    else:
        add(root, "root-step", LETTERS[symbol.root[0]])
        if symbol.root[1]:
            add(root, "root-alter", str(symbol.root[1]))
        add(element, "kind", kind_of(symbol.quality), text=symbol.quality)
        if symbol.bass:
            bass = add(element, "bass")
            add(bass, "bass-step", LETTERS[symbol.bass[0]])
            if symbol.bass[1]:
                add(bass, "bass-alter", str(symbol.bass[1]))
    if staff:
        add(element, "staff", str(staff))


def words(measure: Element, text: str, staff: int) -> None:
    """Add an annotation, placed by its first letter."""
    sign = text[0] if text[:1] in tuple("^_<>@") else ""
    placement = {"_": "below", "": ""}.get(sign, "above")
    direction = add(measure, "direction", **({"placement": placement} if placement else {}))
    halign = {"halign": HALIGN[sign]} if sign in HALIGN else {}
    add(add(direction, "direction-type"), "words", text[len(sign) :] or " ", **halign)
    if staff:
        add(direction, "staff", str(staff))


def _direction(measure: Element, name: str, staff: int) -> None:
    sound: dict[str, str] = {}
    below = name in DYNAMICS or name in WEDGES
    if not (below or name in JUMPS or name in SIGNS):
        return
    direction = add(measure, "direction", placement="below" if below else "above")
    kind = add(direction, "direction-type")
    if name in DYNAMICS:
        add(add(kind, "dynamics"), name)
    elif name in WEDGES:
        add(kind, "wedge", type=WEDGES[name])
    elif name in SIGNS:
        add(kind, name)
        sound = {name: name}
    else:
        text, attribute, value = JUMPS[name]
        add(kind, "words", text)
        sound = {attribute: value}
    if staff:
        add(direction, "staff", str(staff))
    if sound:
        add(direction, "sound", **sound)


def tempo(measure: Element, mark: Tempo, staff: int) -> None:
    """Add a tempo mark: words, note value and number, and how fast it sounds."""
    direction = add(measure, "direction", placement="above")
    beat = single(mark.beat)
    if mark.text:
        text = f"{mark.text} " if mark.bpm > 0 and beat else mark.text  # or they touch
        add(add(direction, "direction-type"), "words", text, font_weight="bold")
    if mark.bpm > 0 and beat:
        metronome = add(add(direction, "direction-type"), "metronome", parentheses="no")
        add(metronome, "beat-unit", beat.type)
        for _ in range(beat.dots):
            add(metronome, "beat-unit-dot")
        add(metronome, "per-minute", f"{mark.bpm:g}")
    elif not mark.text:
        add(add(direction, "direction-type"), "words", f"{mark.qpm:g} quarters a minute")
    if staff:
        add(direction, "staff", str(staff))
    if mark.bpm > 0:
        add(direction, "sound", tempo=f"{mark.qpm:g}")


def label(measure: Element, text: str, staff: int) -> None:
    """Add a rehearsal mark."""
    direction = add(measure, "direction", placement="above")
    add(add(direction, "direction-type"), "rehearsal", text)
    if staff:
        add(direction, "staff", str(staff))
