"""What chords do when nobody has taught us better: functions in four modes, written by hand.

A row says what follows a chord at a bar line, in percent or thereabouts: in major the dominant goes
home twice as often as anywhere else, a second degree goes to the fifth. These are the usual
functions of any harmony book (tonic, subdominant, dominant; V-I, IV-I, V-vi; in minor a major
fifth degree from the raised leading note; in dorian the degree below the tonic in place of the
dominant), in numbers that we chose; they come from no collection.

Numerals: capitals are major chords, small letters minor, 7 a dominant seventh, ° diminished, b a
degree lower than in major. In minor, dorian and mixolydian the degrees are those of major, too, so
the relative of A minor is bIII.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.generation._chord_states import QUALITIES, STATES, TONES
from nokturn.music.pitch import SEMITONES, Key

Floats = NDArray[np.float64]
WEIGHTS = (10.0, 9.0, 7.0, 5.0)  # how often a melody has root, third, fifth, seventh
IN_SCALE, OUTSIDE = 2.2, 0.3  # and other notes
UNHEARD_OF = 0.02  # share of every row that goes to all chords alike
PLACES = 5  # of a slot: within a bar, and where the bars of a phrase of four begin
STAYS = 0.75  # of chords go on within a bar

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
FUNCTIONS = {
    "major": """
        I: I 34 IV 20 V 14 V7 10 ii 7 vi 7 iii 2 II7 2 I7 2
        ii: V 35 V7 30 ii 12 I 8 IV 6 vi 4
        iii: vi 35 IV 30 iii 10 ii 10 I 5
        IV: I 34 V 20 V7 14 IV 18 ii 6 vi 2
        V: I 50 V 18 V7 10 vi 7 IV 8 ii 3
        V7: I 70 V7 12 vi 8 IV 4 V 3
        vi: ii 22 IV 22 V 14 V7 6 vi 14 I 8 iii 6 II7 6
        I7: IV 80 I7 10 I 5
        II7: V 55 V7 30 II7 8
        III7: vi 75 III7 10
        VI7: ii 45 II7 40
        bVII: I 40 IV 30
        vii°: I 70 V7 10""",
    "minor": """
        i: i 36 V 13 V7 10 iv 14 bVII 10 bVI 6 bIII 5
        ii°: V 40 V7 40 i 8
        bIII: bVII 24 bVI 18 i 16 iv 12 bIII 20 V 6
        iv: i 30 V 20 V7 18 iv 16 bVII 10
        v: i 45 bVI 15 bVII 15 iv 10
        V: i 62 V 18 V7 8 bVI 5
        V7: i 78 V7 12 bVI 4
        bVI: bVII 24 V 18 V7 10 iv 12 i 14 bIII 10 bVI 12
        bVII: bIII 30 i 32 bVI 10 bVII 18 v 4
        I7: iv 80""",
    "dorian": """
        i: i 45 bVII 30 IV 8 v 6 bIII 6 ii 2
        bIII: bVII 35 i 25 IV 15 bIII 15
        IV: i 40 bVII 30 IV 15
        v: i 60 bVII 15 v 10
        ii: i 40 bVII 20 v 20
        bVII: i 55 bVII 25 bIII 8 v 6 IV 4""",
    "mixolydian": """
        I: I 45 bVII 28 IV 14 v 6 V 4
        IV: I 45 bVII 25 IV 15
        v: I 55 bVII 20 IV 10
        V: I 70 bVII 10
        ii: bVII 30 I 30
        bVII: I 55 bVII 22 IV 18""",
}
BEGINS = {"major": "I 80 V 8 IV 4 vi 3", "minor": "i 85 V 5 bIII 3", "dorian": "i 90 bVII 5",
          "mixolydian": "I 90 bVII 5"}  # fmt: skip
ENDS = {"major": "I 97 vi 1", "minor": "i 94 I 4", "dorian": "i 96", "mixolydian": "I 96"}
_NUMERAL = re.compile(r"(b?)([ivIV]+)(7|°)?")
_DEGREES = ("i", "ii", "iii", "iv", "v", "vi", "vii")


@dataclass(frozen=True)
class Tables:
    """What chords do in a mode, relative to the tonic; counts, or probabilities.

    Attributes
    ----------
    begins, ends
        Which chord comes first and last, (S,).
    moves
        What follows each chord: at each place of a slot, (5, S, S).
    notes
        What pitch classes are heard over each chord, (S, 12).
    """

    begins: Floats
    ends: Floats
    moves: Floats
    notes: Floats


def mode_of(key: Key) -> str:
    """Return the mode whose table a key has: major, minor, dorian or mixolydian."""
    if key.mode in SCALES:
        return key.mode
    return "minor" if key.minor else "major"


def numbered(numeral: str) -> int:
    """Return the state of a numeral: 4 times the semitones above the tonic, and the quality.

    >>> numbered("I"), numbered("ii"), numbered("bVII"), numbered("V7")
    (0, 9, 40, 30)
    """
    match = _NUMERAL.fullmatch(numeral)
    assert match, numeral
    root = SEMITONES[_DEGREES.index(match[2].lower())] - len(match[1])
    quality = 3 if match[3] == "°" else 2 if match[3] else int(match[2].islower())
    return len(QUALITIES) * (root % 12) + quality


def row(text: str) -> Floats:
    """Return the probabilities (S,) that a row of numerals and weights means."""
    words = text.split()
    found = np.zeros(STATES)
    for numeral, weight in zip(words[::2], words[1::2], strict=True):
        found[numbered(numeral)] += float(weight)
    shares: Floats = (1 - UNHEARD_OF) * found / found.sum() + UNHEARD_OF / STATES
    return shares


def moves(mode: str) -> Floats:
    """Return what follows each chord at a bar line, (S, S); unlisted chords go where I goes."""
    lines = dict(line.split(": ") for line in FUNCTIONS[mode].strip().split("\n"))
    rows = {numbered(numeral.strip()): row(text) for numeral, text in lines.items()}
    tonic = rows[min(rows)]
    return np.array([rows.get(state, tonic) for state in range(STATES)])


def notes(mode: str) -> Floats:
    """Return what pitch classes above the tonic a melody has over each chord, (S, 12)."""
    table = np.full((STATES, 12), OUTSIDE)
    table[:, list(SCALES[mode])] = IN_SCALE
    for state in range(STATES):
        root, quality = divmod(state, len(QUALITIES))
        for tone, weight in zip(TONES[quality], WEIGHTS, strict=False):
            table[state, (root + tone) % 12] = weight
    shares: Floats = table / table.sum(1, keepdims=True)
    return shares


def nothing() -> Tables:
    """Return counts of which nothing is counted yet."""
    return Tables(
        np.zeros(STATES),
        np.zeros(STATES),
        np.zeros((PLACES, STATES, STATES)),
        np.zeros((STATES, 12)),
    )


def built_in(mode: str) -> Tables:
    """Return the probabilities of a mode that are written here."""
    at_bar = moves(mode)
    within = STAYS * np.eye(STATES) + (1 - STAYS) * at_bar
    return Tables(
        row(BEGINS[mode]),
        row(ENDS[mode]),
        np.stack([within] + [at_bar] * (PLACES - 1)),
        notes(mode),
    )


def together(counts: Tables, table: Tables, trust: float) -> Tables:
    """Return probabilities from counts, to which a table is added ``trust`` times."""

    def shares(counted: Floats, known: Floats) -> Floats:
        both = counted + trust * known
        return np.asarray(both / both.sum(-1, keepdims=True))

    return Tables(
        shares(counts.begins, table.begins),
        shares(counts.ends, table.ends),
        shares(counts.moves, table.moves),
        shares(counts.notes, table.notes),
    )


def moved(known: Tables, tonic: int) -> Tables:
    """Return tables relative to C for a tonic 0-11."""
    by = len(QUALITIES) * tonic
    return Tables(
        np.roll(known.begins, by),
        np.roll(known.ends, by),
        np.roll(known.moves, (by, by), (1, 2)),
        np.roll(known.notes, (by, tonic), (0, 1)),
    )
