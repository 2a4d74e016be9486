"""Chords: harmony alone, one symbol a chord symbol, so that bits a symbol are bits a chord.

    Dm7 G7 | Cmaj7  in C   ->   IIm7 V7 Imaj7          (absolute: Dm7 G7 Cmaj7)

Roots and basses are pitch classes, above the tonic of the piece's key with `relative`: then a tune
is the same in every key. Where no symbols are written, they are found in what sounds. A kind of
chord met fewer than `least` times loses its bass, then its tensions. Decoded, chords are voiced for
piano in C, or C minor, in 4/4. Nothing of what sounded comes back but these chords. Its weakness:
without `durations` each lasts `usual` quarters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from nokturn.encodings.base import BOUNDARY_NAME, Encoding
from nokturn.errors import InputError
from nokturn.music.chord_finding import chords_of
from nokturn.music.chord_tones import Depth, reduced
from nokturn.music.harmony import Harmony, pitch_class, spelled
from nokturn.music.key_finding import find_key
from nokturn.music.perform import perform
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.music.voicing import Played, lead_sheet

DEGREES = ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII")
ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
LONGEST = 64.0  # quarters that a chord lasts


class Sign(NamedTuple):
    """What a symbol says: root 0-11, quality, bass 0-11 above the root or None, quarters or 0."""

    root: int
    quality: str
    bass: int | None
    quarters: float


class Chords(Encoding):
    """Chord symbols."""

    keeps: ClassVar[frozenset[str]] = frozenset()  # the chords alone, voiced anew
    source: ClassVar[str] = (
        "The symbols of Harasim et al., 'The Jazz Harmony Treebank', 2020; relative roots are ours"
    )

    relative: bool = True  # roots above the tonic of the key, which has no part in what is learned
    qualities: Depth = "all"  # as written; "sevenths": without tensions; "triads": no sevenths
    bass: bool = True  # basses other than the root, as in F/A
    durations: bool = False  # how many quarters a chord lasts is part of its symbol
    repeats: bool = True  # a chord that is written again is a symbol again
    least: int = Field(default=2, ge=1)  # how often a kind of chord must be met to have symbols
    usual: float = Field(default=4.0, gt=0, le=LONGEST, multiple_of=0.25)  # quarters a chord lasts

    _ids: dict[Sign, int] = PrivateAttr(default_factory=dict)
    _signs: list[Sign | None] = PrivateAttr(default_factory=list)

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with symbols for the kinds of chords met, on all twelve roots."""
        met = Counter(sign._replace(root=0) for piece in pieces for sign in self._read(piece))
        always = [Sign(0, quality, None, self._quarters(self.usual)) for quality in ("", "m")]
        kinds = {sign for sign, n in met.items() if n >= self.least}.union(always)
        order = sorted(kinds, key=lambda sign: (sign.quality, sign.bass or 0, sign.quarters))
        signs = [sign._replace(root=root) for sign in order for root in range(12)]
        return self.with_vocabulary([BOUNDARY_NAME, *map(self._name, signs)])

    def _prepare(self) -> None:
        self._signs = [self._sign(name) for name in self._vocabulary]
        self._ids = {sign: k for k, sign in enumerate(self._signs) if sign}

    @property
    def signs(self) -> Sequence[Sign | None]:
        """What each symbol says, by id; None for the boundary."""
        return self._signs

    @property
    def _roots(self) -> tuple[str, ...]:
        return DEGREES if self.relative else ROOTS

    def _name(self, sign: Sign) -> str:
        """Return a symbol's name: ``V7``, ``IV/VI``, ``IIm7:2`` for two quarters."""
        root, quality = self._roots[sign.root], sign.quality
        if quality[:1] in ("b", "#"):
            quality = f"({quality})"  # B with a b5 is not Bb5
        bass = "" if sign.bass is None else "/" + self._roots[(sign.root + sign.bass) % 12]
        return root + quality + bass + (f":{sign.quarters:g}" if self.durations else "")

    def _sign(self, name: str) -> Sign | None:
        """Return what a name says: the inverse of `_name`; None for the boundary."""
        roots = "|".join(sorted(self._roots, key=len, reverse=True))
        found = re.fullmatch(rf"({roots})(.*?)(?:/({roots}))?(?::([\d.]+))?", name)
        if not found:
            return None
        root = self._roots.index(found[1])
        bass = (self._roots.index(found[3]) - root) % 12 if found[3] else None
        quality = found[2][1:-1] if found[2].startswith(("(b", "(#")) else found[2]
        return Sign(root, quality, bass, float(found[4] or 0))

    def _quarters(self, quarters: float) -> float:
        return min(LONGEST, max(0.25, round(quarters * 4) / 4)) if self.durations else 0.0

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        ids = [self._nearest(sign) for sign in self._read(piece)]
        return np.array(ids, dtype=np.int32)

    def _read(self, piece: Piece) -> Iterator[Sign]:
        """Yield what is learned of a piece."""
        chords = [chord for chord in chords_of(piece) if chord.harmony]
        if not chords:
            raise InputError(
                "there are no chord symbols, and no notes to find chords in.",
                "Write chord symbols above the notes, or leave this piece out.",
                source=piece.source,
            )
        tonic = _key(piece).tonic_class if self.relative else 0
        signs = [self._said(chord, tonic) for chord in chords]
        for k, sign in enumerate(signs):
            same = k + 1 < len(signs) and signs[k + 1][:3] == sign[:3]
            if same and not self.repeats:
                longer = self._quarters(sign.quarters + signs[k + 1].quarters)
                signs[k + 1] = sign._replace(quarters=longer)
            else:
                yield sign

    def _said(self, chord: Played, tonic: int) -> Sign:
        harmony = chord.harmony
        assert harmony
        root = pitch_class(harmony.root)
        bass = (pitch_class(harmony.bass) - root) % 12 if harmony.bass and self.bass else None
        quarters = self._quarters(float(chord.duration) / TICKS_PER_QUARTER)
        return Sign(
            (root - tonic) % 12, reduced(harmony.quality, self.qualities), bass or None, quarters
        )

    def _nearest(self, sign: Sign) -> int:
        """Return the id of a sign, or of the next simpler one that has one."""
        usual = self._quarters(self.usual)
        triad = reduced(sign.quality, "triads")
        third = "m" if triad in ("m", "dim") else ""
        for quality in (sign.quality, reduced(sign.quality, "sevenths"), triad, third):
            for bass in dict.fromkeys((sign.bass, None)):
                for quarters in (sign.quarters, usual):
                    known = self._ids.get(Sign(sign.root, quality, bass, quarters))
                    if known is not None:
                        return known
        raise AssertionError("major and minor triads always have symbols")

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece: voiced chords under their symbols; any ids are one."""
        signs = [self._signs[k] for k in np.asarray(ids, dtype=np.int64).tolist()]
        heard = [sign for sign in signs if sign]
        key = _mode(heard) if self.relative else Key()
        sheet = lead_sheet([self._played(sign, key) for sign in heard], key=key)
        if heard and not self.relative:
            key = find_key(perform(sheet, as_written=True))
            sheet = lead_sheet([self._played(sign, key) for sign in heard], key=key)
        return Piece(sheet)

    def _played(self, sign: Sign, key: Key) -> Played:
        bass = None if sign.bass is None else spelled((sign.root + sign.bass) % 12, key)
        harmony = Harmony(spelled(sign.root, key), sign.quality, bass)
        return Played(harmony, round((sign.quarters or self.usual) * TICKS_PER_QUARTER))


def _key(piece: Piece) -> Key:
    """Return the key at the beginning, found where none is named."""
    music = piece.sheet_or_score
    if isinstance(music, Score):
        return music.keys[0][1] if music.keys else find_key(music)
    return music.key


def _mode(signs: Iterable[Sign]) -> Key:
    """Return C minor where chords on the tonic are minor more often than not, else C major."""
    thirds = [reduced(sign.quality, "triads") in ("m", "dim") for sign in signs if not sign.root]
    return Key.parse("Cm" if 2 * sum(thirds) > len(thirds) else "C")
