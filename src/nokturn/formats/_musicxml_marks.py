"""Decorations: the names that a Sheet has for them, and the elements that MusicXML has.

``NOTATIONS`` stand inside a note, ``DIRECTIONS`` before it. A decoration that neither table knows
travels as ``other-articulation``, so that nothing is lost on the way there and back.
"""

from __future__ import annotations

# decoration -> (group within notations, element)
NOTATIONS = {
    "trill": ("ornaments", "trill-mark"),
    "turn": ("ornaments", "turn"),
    "invertedturn": ("ornaments", "inverted-turn"),
    "uppermordent": ("ornaments", "inverted-mordent"),
    "lowermordent": ("ornaments", "mordent"),
    "shake": ("ornaments", "shake"),
    "upbow": ("technical", "up-bow"),
    "downbow": ("technical", "down-bow"),
    "open": ("technical", "open-string"),
    "thumb": ("technical", "thumb-position"),
    "snap": ("technical", "snap-pizzicato"),
    "+": ("technical", "stopped"),
    "harmonic": ("technical", "harmonic"),
    "accent": ("articulations", "accent"),
    "marcato": ("articulations", "strong-accent"),
    "staccato": ("articulations", "staccato"),
    "tenuto": ("articulations", "tenuto"),
    "wedge": ("articulations", "staccatissimo"),
    "breath": ("articulations", "breath-mark"),
    "shortphrase": ("articulations", "caesura"),
    "slide": ("articulations", "scoop"),
    "arpeggio": ("arpeggiate", ""),
}
GROUPS = ("ornaments", "technical", "articulations", "fermata", "arpeggiate")
_LOUDNESS = "p pp ppp pppp ppppp f ff fff ffff fffff mp mf pf n sf sfp sfpp fp rf rfz sfz sffz fz"
DYNAMICS = frozenset(_LOUDNESS.split())
WEDGES = {"<(": "crescendo", ">(": "diminuendo", "<)": "stop", ">)": "stop"}

# decoration -> words shown, attribute of <sound>, its value
JUMPS = {
    "fine": ("Fine", "fine", "yes"),
    "D.C.": ("D.C.", "dacapo", "yes"),
    "D.S.": ("D.S.", "dalsegno", "segno"),
    "D.C.alfine": ("D.C. al Fine", "dacapo", "yes"),
    "D.S.alfine": ("D.S. al Fine", "dalsegno", "segno"),
    "D.C.alcoda": ("D.C. al Coda", "dacapo", "yes"),
    "D.S.alcoda": ("D.S. al Coda", "dalsegno", "segno"),
    "dacoda": ("To Coda", "tocoda", "coda"),
}
SIGNS = frozenset({"segno", "coda"})

DECORATION_OF = {pair: name for name, pair in reversed(NOTATIONS.items())}
JUMP_OF_WORDS = {words.lower(): name for name, (words, _, _) in JUMPS.items()}


def before_note(decoration: str) -> bool:
    """Whether a decoration is written as a direction before its note."""
    return (
        decoration in DYNAMICS or decoration in WEDGES or decoration in JUMPS or decoration in SIGNS
    )
