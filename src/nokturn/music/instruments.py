"""How high and how low the instruments of General MIDI play.

    room(score)   ->   (-3, 9): three semitones down, nine up, and the flute is at its end

Ranges are sounding pitches, by and large those of the General MIDI Level 1 Developer Guidelines
(MIDI Manufacturers Association, 1996), wider where good players go further. Synthesisers and sound
effects have all of MIDI. A track that is beyond its instrument already may stay there, as many
files leave the program at "piano"; it only must not go further. Drums never move.
"""

from __future__ import annotations

from collections.abc import Sequence

from nokturn.errors import UsageError, did_you_mean
from nokturn.music.score import Score, Track

ALL = (0, 127)
FAMILIES = (  # of eight programs each
    "piano", "mallets", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "lead", "pad", "synth effects", "folk", "percussion", "effects",
)  # fmt: skip
# Lowest and highest sounding MIDI pitch of programs 0-127, a family each line.
RANGES: tuple[tuple[int, int], ...] = (
    (21, 108), (21, 108), (21, 108), (21, 108), (28, 103), (28, 103), (29, 89), (36, 96),
    (60, 108), (72, 108), (60, 96), (53, 89), (45, 96), (65, 108), (60, 77), (50, 86),
    (24, 96), (24, 96), (24, 96), (21, 108), (36, 96), (41, 93), (48, 96), (41, 93),
    (40, 84), (40, 84), (40, 88), (40, 88), (40, 88), (40, 88), (40, 88), (40, 100),
    (23, 67), (23, 67), (23, 67), (23, 67), (23, 67), (23, 67), (23, 67), (23, 67),
    (55, 103), (48, 93), (36, 84), (23, 67), (28, 103), (28, 103), (23, 104), (36, 60),
    (23, 103), (23, 103), (23, 103), (23, 103), (36, 84), (36, 84), (36, 84), (36, 84),
    (52, 94), (34, 77), (26, 65), (52, 87), (34, 77), (26, 94), (26, 96), (26, 96),
    (54, 91), (49, 86), (42, 80), (36, 72), (58, 93), (52, 84), (34, 76), (50, 94),
    (74, 108), (59, 98), (53, 98), (55, 98), (55, 98), (50, 91), (60, 108), (60, 93),
    *[ALL] * 24,
    (48, 84), (43, 86), (45, 84), (43, 86), (48, 91), (48, 84), (55, 103), (48, 84),
    (60, 108), (48, 96), (48, 91), *[ALL] * 5,
    *[ALL] * 8,
)  # fmt: skip

NAMES: tuple[str, ...] = tuple(  # of programs 0-127, a family each line
    name
    for line in (
        "Acoustic Grand Piano|Bright Acoustic Piano|Electric Grand Piano|Honky-tonk Piano|"
        "Electric Piano 1|Electric Piano 2|Harpsichord|Clavinet",
        "Celesta|Glockenspiel|Music Box|Vibraphone|Marimba|Xylophone|Tubular Bells|Dulcimer",
        "Drawbar Organ|Percussive Organ|Rock Organ|Church Organ|"
        "Reed Organ|Accordion|Harmonica|Bandoneon",
        "Nylon Guitar|Steel Guitar|Jazz Guitar|Clean Guitar|"
        "Muted Guitar|Overdriven Guitar|Distortion Guitar|Guitar Harmonics",
        "Acoustic Bass|Fingered Bass|Picked Bass|Fretless Bass|"
        "Slap Bass 1|Slap Bass 2|Synth Bass 1|Synth Bass 2",
        "Violin|Viola|Cello|Contrabass|Tremolo Strings|Pizzicato Strings|Harp|Timpani",
        "String Ensemble 1|String Ensemble 2|Synth Strings 1|Synth Strings 2|"
        "Choir Aahs|Voice Oohs|Synth Voice|Orchestra Hit",
        "Trumpet|Trombone|Tuba|Muted Trumpet|French Horn|Brass Section|Synth Brass 1|Synth Brass 2",
        "Soprano Sax|Alto Sax|Tenor Sax|Baritone Sax|Oboe|English Horn|Bassoon|Clarinet",
        "Piccolo|Flute|Recorder|Pan Flute|Blown Bottle|Shakuhachi|Whistle|Ocarina",
        "Square Lead|Sawtooth Lead|Calliope Lead|Chiff Lead|"
        "Charang Lead|Voice Lead|Fifths Lead|Bass Lead",
        "New Age Pad|Warm Pad|Polysynth Pad|Choir Pad|Bowed Pad|Metallic Pad|Halo Pad|Sweep Pad",
        "Rain|Soundtrack|Crystal|Atmosphere|Brightness|Goblins|Echoes|Sci-fi",
        "Sitar|Banjo|Shamisen|Koto|Kalimba|Bagpipe|Fiddle|Shanai",
        "Tinkle Bell|Agogo|Steel Drums|Woodblock|Taiko Drum|Melodic Tom|Synth Drum|Reverse Cymbal",
        "Guitar Fret Noise|Breath Noise|Seashore|Bird Tweet|"
        "Telephone Ring|Helicopter|Applause|Gunshot",
    )
    for name in line.split("|")
)
_SHORT = {  # what people say
    "piano": 0, "electric piano": 4, "rhodes": 4, "vibes": 11, "organ": 16, "guitar": 24,
    "bass": 33, "double bass": 32, "strings": 48, "choir": 52, "horn": 60, "sax": 66, "pad": 89,
}  # fmt: skip


def family(program: int) -> str:
    """Return the family of a General MIDI program, 0-127.

    >>> family(33), family(73)
    ('bass', 'pipe')
    """
    return FAMILIES[program // 8]


def program_of(text: str) -> int:
    """Return the General MIDI program 0-127 that a name or a number from 1 means.

    Raises `UsageError` with the nearest name where there is none.

    >>> program_of("Flute"), program_of("74"), program_of("vibes")
    (73, 73, 11)
    """
    wanted = text.strip().lower()
    if wanted.isdigit():
        if not 1 <= int(wanted) <= 128:
            raise UsageError(f"There is no instrument {wanted}.", "Instruments are 1 to 128.")
        return int(wanted) - 1
    known = {name.lower(): program for program, name in enumerate(NAMES)} | _SHORT
    if wanted not in known:
        near = did_you_mean(wanted, known).partition(" Known")[0]
        raise UsageError(
            f"There is no instrument {text!r}.", f"{near} Names are General MIDI's.".strip()
        )
    return known[wanted]


def room(score: Score) -> tuple[int, int]:
    """Return how many semitones a score may go down (0 or negative) and up (0 or more).

    (0, 0) where nothing is pitched.

    >>> flute = Track.of([(0, 480, 60, 80), (480, 480, 90, 80)], program=73)
    >>> room(Score([flute]))
    (-1, 8)
    """
    pitched = [track for track in score.tracks if not track.drums and len(track.notes)]
    if not pitched:
        return 0, 0
    rooms = [_room(track) for track in pitched]
    return max(down for down, _ in rooms), min(up for _, up in rooms)


def _room(track: Track) -> tuple[int, int]:
    low, high = RANGES[track.program]
    lowest, highest = int(track.notes["pitch"].min()), int(track.notes["pitch"].max())
    return min(0, low - lowest), max(0, high - highest)


def track_names(tracks: Sequence[Track]) -> list[str]:
    """Return a name for each track that no other has: its own, else its instrument's.

    A piece of one track has a melody.

    >>> track_names([Track.of([], program=40), Track.of([], drums=True), Track.of([], program=40)])
    ['Violin', 'Drums', 'Violin 2']
    """
    names: list[str] = []
    for track in tracks:
        plain = "Drums" if track.drums else NAMES[track.program]
        name = track.name.strip() or (plain if len(tracks) > 1 or track.drums else "Melody")
        numbered = (name, *(f"{name} {k}" for k in range(2, len(tracks) + 2)))
        names.append(next(free for free in numbered if free not in names))
    return names
