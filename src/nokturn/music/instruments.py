"""How high and how low the instruments of General MIDI play.

    room(score)   ->   (-3, 9): three semitones down, nine up, and the flute is at its end

Ranges are sounding pitches, by and large those of the General MIDI Level 1 Developer Guidelines
(MIDI Manufacturers Association, 1996), wider where good players go further. Synthesisers and sound
effects have all of MIDI. A track that is beyond its instrument already may stay there, as many
files leave the program at "piano"; it only must not go further. Drums never move.
"""

from __future__ import annotations

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


def family(program: int) -> str:
    """Return the family of a General MIDI program, 0-127.

    >>> family(33), family(73)
    ('bass', 'pipe')
    """
    return FAMILIES[program // 8]


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
