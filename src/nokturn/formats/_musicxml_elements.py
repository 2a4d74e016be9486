"""Elements of MusicXML that parts and voices both write: keys, tempos, chord symbols, words."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from nokturn.music import harmony
from nokturn.music.pitch import LETTERS, MODES, SHARP_ORDER, Key
from nokturn.music.time import Tempo

_BEATS = {480: ("quarter", 0), 720: ("quarter", 1), 960: ("half", 0), 1440: ("half", 1),
          240: ("eighth", 0), 360: ("eighth", 1), 1920: ("whole", 0), 120: ("16th", 0)}  # fmt: skip


def sub(parent: ET.Element, tag: str, text: Any = None, /, **attributes: str) -> ET.Element:
    """Add an element with a text and return it; ``_`` in names stands for ``-``."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    element = ET.SubElement(parent, tag, named)
    if text is not None:
        element.text = clean(str(text))
    return element


def clean(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(c for c in text if c.isprintable())


def key_element(parent: ET.Element, key: Key) -> None:
    """Add a key: fifths and mode, or its accidentals one by one where it has its own."""
    element = sub(parent, "key")
    fifths = key.fifths
    if key.explicit or abs(fifths) > 7:
        order = [*SHARP_ORDER]
        for step in order:
            if key.alters[step]:
                sub(element, "key-step", LETTERS[step])
                sub(element, "key-alter", key.alters[step])
        if not any(key.alters):
            sub(element, "fifths", 0)
        return
    sub(element, "fifths", fifths)
    if key.mode in MODES:
        sub(element, "mode", key.mode)
    elif key.mode == "none":
        sub(element, "mode", "none")


def tempo_element(parent: ET.Element, tempo: Tempo) -> None:
    """Add a tempo mark as a direction."""
    direction = sub(parent, "direction", placement="above")
    if tempo.text:
        sub(sub(direction, "direction-type"), "words", tempo.text, font_weight="bold")
    if tempo.bpm and tempo.beat in _BEATS:
        unit, dots = _BEATS[tempo.beat]  # type: ignore[index]
        metronome = sub(sub(direction, "direction-type"), "metronome")
        sub(metronome, "beat-unit", unit)
        for _ in range(dots):
            sub(metronome, "beat-unit-dot")
        sub(metronome, "per-minute", f"{tempo.bpm:g}")
    elif not tempo.text:
        sub(sub(direction, "direction-type"), "words", f"{tempo.qpm:g} quarters a minute")
    if tempo.qpm:
        sub(direction, "sound", tempo=f"{tempo.qpm:g}")


def harmony_element(parent: ET.Element, text: str) -> None:
    """Add a chord symbol; what is none becomes words above the staff."""
    chord = harmony.parse(text)
    if chord is None:
        words_element(parent, text, "above")
        return
    element = sub(parent, "harmony")
    root = sub(element, "root")
    sub(root, "root-step", LETTERS[chord.root[0]])
    if chord.root[1]:
        sub(root, "root-alter", chord.root[1])
    sub(element, "kind", harmony.kind_of(chord.quality), text=clean(chord.quality))
    if chord.bass:
        bass = sub(element, "bass")
        sub(bass, "bass-step", LETTERS[chord.bass[0]])
        if chord.bass[1]:
            sub(bass, "bass-alter", chord.bass[1])


def words_element(parent: ET.Element, text: str, placement: str) -> None:
    """Add words on the staff."""
    direction = sub(parent, "direction", placement=placement)
    sub(sub(direction, "direction-type"), "words", text)
