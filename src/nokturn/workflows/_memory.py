"""Memory: whether there is enough of it for a long track, asked before it is made.

A track with seven stems takes 240 MB a minute and 120 MB more (measured at 1, 5 and 10 minutes):
all stems are held until their sum has its loudness. Only Linux says how much is free.
"""

from __future__ import annotations

import re
from pathlib import Path

from nokturn.errors import ResourceError

MB_A_MINUTE = 240
MB_FIRST = 120
INFO = Path("/proc/meminfo")


def check_memory(minutes: float) -> None:
    """Raise `ResourceError` where a track of so many minutes would not fit into what is free."""
    free, needed = free_mb(), MB_FIRST + MB_A_MINUTE * minutes
    if free is not None and needed > free:
        raise ResourceError(
            f"{minutes:.0f} minutes of sound take {needed / 1000:.1f} GB of memory while they are "
            f"made, and {free / 1000:.1f} are free.",
            "Ask for fewer minutes, or let them flow:  "
            f"nokturn lofi --endless --minutes {minutes:.0f} -o - > track.wav",
        )


def free_mb() -> float | None:
    """Return how many megabytes of memory may be taken; None where nobody says."""
    try:
        told = re.search(r"^MemAvailable:\s+(\d+) kB", INFO.read_text(encoding="ascii"), re.M)
    except OSError:
        return None
    return int(told[1]) / 1000 if told else None
