"""The values of ABC fields: keys, meters, unit lengths, tempos, voices, part orders, text.

    parse_key("Ador clef=bass")   ->   (Key(A dorian), {"clef": "bass"})

Each function raises `ValueError` with what was expected; the reader adds where that was.
"""

from __future__ import annotations

import html
import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

from nokturn.music.pitch import LETTERS, Key, mode_named
from nokturn.music.time import COMMON_TIME, FREE_METER, WHOLE, Meter, Tempo, Ticks, exact

ALTERS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
MAX_PARTS = 5_000  # labels in a part order
_CLEFS = {
    "treble": "treble", "g": "treble", "g2": "treble", "bass": "bass", "f": "bass", "f4": "bass",
    "alto": "alto", "c3": "alto", "c": "alto", "tenor": "tenor", "c4": "tenor", "perc": "perc",
    "p": "perc", "baritone": "bass", "soprano": "treble", "mezzosoprano": "alto", "none": "",
}  # fmt: skip
_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "o": "\u030a",
}  # fmt: skip
_LIGATURES = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
              "/o": "ø", "/O": "Ø", "dh": "ð", "th": "þ", "TH": "Þ", "DH": "Ð"}  # fmt: skip


@lru_cache(maxsize=1024)
def parse_meter(text: str) -> Meter:
    """Read the value of ``M:``: ``6/8``, ``C|``, ``(2+3+2)/8``, ``none``.

    >>> str(parse_meter("2 + 3/8")), str(parse_meter("C|"))
    ('(2+3)/8', 'C|')
    """
    word = text.strip()
    if word.lower() in ("none", "", "free"):
        return FREE_METER
    if word in ("C", "c"):
        return Meter(4, 4, "C")
    if word in ("C|", "c|"):
        return Meter(2, 2, "C|")
    match = re.fullmatch(r"\(?\s*(\d+(?:\s*\+\s*\d+)*)\s*\)?\s*/\s*(\d+)", word)
    if not match:
        raise ValueError(f"{word!r} is not a meter; write it like 6/8, C| or none")
    groups = tuple(int(n) for n in match[1].split("+"))
    beats, unit = sum(groups), int(match[2])
    if not 1 <= beats <= 255 or unit not in (1, 2, 4, 8, 16, 32, 64, 128):
        raise ValueError(f"{word!r} is not a meter; beats are 1-255, of 1, 1/2, 1/4 ... 1/128")
    return Meter(beats, unit, "", groups if len(groups) > 1 else ())


@lru_cache(maxsize=256)
def parse_unit(text: str) -> Ticks:
    """Read the value of ``L:`` in ticks: ``1/8`` is 240."""
    match = re.fullmatch(r"(\d{1,3})\s*(?:/\s*(\d{1,3}))?", text.strip())
    if not match or not int(match[1]) or match[2] == "0" or int(match[2] or 1) > 512:
        raise ValueError(f"{text.strip()!r} is not a note length; write it like 1/8")
    return exact(Fraction(WHOLE * int(match[1]), int(match[2] or 1)))


def default_unit(meter: Meter) -> Ticks:
    """Return the unit note length where no ``L:`` says it: 1/16 below 3/4, else 1/8."""
    if meter.free:
        return WHOLE // 8
    return WHOLE // 16 if meter.numerator * 4 < 3 * meter.denominator else WHOLE // 8


@lru_cache(maxsize=256)
def parse_tempo(text: str, unit: Ticks) -> Tempo:
    """Read the value of ``Q:``: ``1/4=120``, ``"Allegro" 3/8=90``, the old ``120``, ``C3=80``."""
    words = " ".join(re.findall(r'"([^"]*)"', text))
    rest = re.sub(r'"[^"]*"', " ", text).strip()
    if not rest:
        return Tempo(0, text=words)
    match = re.fullmatch(r"([^=]*?)\s*=?\s*(\d+(?:\.\d+)?)", rest)
    if not match or not 1 <= float(match[2]) <= 10_000:
        raise ValueError(f"{rest!r} is not a tempo; write it like 1/4=120")
    bpm = float(match[2])
    lengths = re.findall(r"(\d{1,3})\s*/\s*(\d{1,3})", match[1])
    if lengths and all(int(d) for _, d in lengths):
        beat = exact(sum((Fraction(WHOLE * int(n), int(d)) for n, d in lengths), Fraction(0)))
        if not beat:
            raise ValueError(f"{rest!r} is not a tempo; write it like 1/4=120")
        return Tempo(bpm, beat, words)
    old = re.fullmatch(r"[Cc](\d{0,2})", match[1].strip())
    return Tempo(bpm, exact(unit * int(old[1] or 1)) if old else WHOLE // 4, words)


@lru_cache(maxsize=2048)
def _parse_key(text: str) -> tuple[Key | None, tuple[tuple[str, str], ...]]:
    found = re.findall(r'([\w:]+)=("[^"]*"|\S+)', text)
    options = {name.lower(): value.strip('"') for name, value in found}
    rest = re.sub(r'[\w:]+=("[^"]*"|\S+)', " ", text).strip()
    if rest in ("HP", "Hp"):
        return Key(mode=rest), tuple(options.items())
    match = re.match(r"(?!alto|bass)([A-Ga-g])(#|b|♯|♭)?(?![a-z]{4,})\s*", rest)
    words = rest[match.end() :].split() if match else rest.split()
    mode = "major" if match else "none"
    explicit: list[tuple[int, int]] = []
    only = known = False
    for word in words:
        found = re.findall(r"(\^\^|\^|__|_|=)([A-Ga-g])", word)
        clef = re.fullmatch(r"([A-Za-z]+\d?)([+-]8(?:va|vb)?)?", word)
        if found and "".join(a + n for a, n in found) == word:
            explicit += [(LETTERS.index(n.upper()), ALTERS[a]) for a, n in found]
        elif word.lower() == "exp":
            only = True
        elif word.lower() == "none":
            known = True
        elif match and mode_named(word) and word.lower() not in _CLEFS:
            mode = mode_named(word) or mode
        elif clef and (clef[1].lower() in _CLEFS or clef[1][:-1].lower() in _CLEFS):
            options.setdefault("clef", word)
        elif word.startswith(("t=", "m=")):
            continue
        else:
            raise ValueError(f"{text.strip()!r} is not a key; write it like D, Bm or Ador")
    if not match:
        if not (known or explicit or options):
            if rest:
                raise ValueError(f"{text.strip()!r} is not a key; write it like D, Bm or Ador")
            known = True
        if not known and not explicit and not only:
            return None, tuple(options.items())
        return Key(mode="none", explicit=tuple(explicit), exact=only), tuple(options.items())
    alter = {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(match[2] or "", 0)
    tonic = LETTERS.index(match[1].upper())
    return Key(tonic, alter, mode, tuple(explicit), only), tuple(options.items())


def parse_key(text: str) -> tuple[Key | None, dict[str, str]]:
    """Read the value of ``K:``: the key (None where it only names a clef) and its options."""
    key, options = _parse_key(text.strip())
    return key, dict(options)


def parse_clef(text: str) -> str:
    """Return a clef as `Voice.clef` has it; empty where it is none that we know."""
    match = re.fullmatch(r"([A-Za-z]+\d?)([+-]8)?(?:va|vb)?", text.strip())
    word = match[1].lower() if match else ""
    clef = _CLEFS.get(word) or _CLEFS.get(word.rstrip("0123456789"), "")
    return clef + (match[2] or "") if match and clef else clef


def parse_options(text: str) -> tuple[str, dict[str, str]]:
    """Read the value of ``V:``: its first word, and its ``name=value`` options."""
    word, _, rest = text.strip().partition(" ")
    options = {
        name.lower(): value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', rest)
    }
    for bare in re.sub(r'\w+=("[^"]*"|\S+)', " ", rest).split():
        if parse_clef(bare):
            options.setdefault("clef", bare)
    return word, options


def parse_parts(text: str) -> str:
    """Expand the value of a header ``P:``: ``(AB)2C`` is ABABC.

    Raises `ValueError` where brackets do not pair or it would be more than 5,000 parts.
    """
    stack: list[list[str]] = [[]]
    word = re.sub(r"[.\s,]", "", text)
    for token in re.findall(r"[A-Za-z()]|\d+|.", word):
        if token == "(":
            stack.append([])
        elif token == ")":
            if len(stack) == 1:
                raise ValueError(f"{text!r} closes a bracket that was not opened")
            stack[-2].append("".join(stack.pop()))
        elif token.isdigit():
            if stack[-1]:
                if len(stack[-1][-1]) * int(token[:6]) > MAX_PARTS:
                    raise ValueError(f"a part order of more than {MAX_PARTS:,} parts")
                stack[-1][-1] *= int(token)
        elif token.isalpha():
            stack[-1].append(token)
        else:
            raise ValueError(f"{token!r} stands in a part order; it holds letters and numbers")
        if len(stack) > 32 or sum(map(len, stack[-1])) > MAX_PARTS:
            raise ValueError(f"a part order of more than {MAX_PARTS:,} parts")
    if len(stack) > 1:
        raise ValueError(f"{text!r} does not close a bracket")
    return "".join(stack[0])


def plain_text(text: str) -> str:
    r"""Return a text field as people read it: ``\'e`` and ``&eacute;`` become é.

    >>> plain_text(r"Caf\'e")
    'Café'
    """
    word = text.strip()
    if "&" in word:
        word = html.unescape(word)
    if "\\" in word:
        for mnemonic, letter in _LIGATURES.items():
            word = word.replace("\\" + mnemonic, letter)
        word = re.sub(
            r"\\([`'^~\"cvuHo])([A-Za-z])",
            lambda m: unicodedata.normalize("NFC", m[2] + _COMBINING[m[1]]),
            word,
        )
        word = word.replace("\\%", "%").replace("\\&", "&").replace("\\\\", "\\")
    return word if word.isprintable() else "".join(c for c in word if c.isprintable())


__all__ = [
    "ALTERS", "COMMON_TIME", "default_unit", "parse_clef", "parse_key", "parse_meter",
    "parse_options", "parse_parts", "parse_tempo", "parse_unit", "plain_text",
]  # fmt: skip
