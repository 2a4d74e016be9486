"""Echo: what followed in this piece, the last times that it went as it goes now.

    echo = Echo()
    for symbol in ids:
        exact, length, loose, share = echo.step(symbol)

Music repeats itself, and a network of this size cannot keep a page in its state. So it is told. The
*exact* echo goes on where the last few symbols stood before, and is dropped as soon as it errs; the
*loose* one goes on through small differences, which is how a varied repeat is heard. Both say the
symbol that followed then, 0 for none, and how far they can be trusted. All of it follows from what
was read, never from what comes.
"""

from __future__ import annotations

from nokturn.encodings.base import BOUNDARY, Tracker

SHORT, LONG = 5, 10  # symbols that must agree before an echo begins
LENGTHS = (0, 6, 8, 11, 15, 20, 28, 40, 60, 90)  # symbols that agreed so far, in steps
HITS = 8  # symbols by which a loose echo is judged
MOST = 255  # symbols told apart


class Echo(Tracker):
    """Follows a piece and says what followed when it went the same way before."""

    def __init__(self) -> None:
        self._read: list[int] = []
        self._seen: dict[tuple[int, ...], int] = {}  # last symbols -> where it went on
        self._exact = self._length = 0  # where the echo goes on, 0 = nowhere; how much agreed
        self._loose = 0
        self._hits = 0  # the last HITS symbols of the loose echo, a bit each

    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol; the boundary begins anew."""
        if symbol == BOUNDARY:
            self.__init__()  # type: ignore[misc]
            self._read.append(symbol)
            return self.values
        self._follow(symbol)
        self._read.append(symbol)
        self._look()
        return self.values

    @property
    def values(self) -> tuple[int, ...]:
        """Exact echo, how much agreed (steps of LENGTHS), loose echo, its hits of late."""
        exact = self._read[self._exact] if self._exact else 0
        loose = self._read[self._loose] if self._loose else 0
        agreed = sum(self._length >= step for step in LENGTHS) if self._exact else 0
        hits = 1 + self._hits.bit_count() if self._loose else 0
        return min(exact, MOST), agreed, min(loose, MOST), hits

    def _follow(self, symbol: int) -> None:
        """Move both echoes on."""
        if self._exact:
            if self._read[self._exact] == symbol:
                self._exact, self._length = self._exact + 1, self._length + 1
            else:
                self._exact = self._length = 0
        if self._loose:
            hit = self._read[self._loose] == symbol
            self._hits = (self._hits << 1 | hit) & (1 << HITS) - 1
            self._loose += 1
            if self._hits.bit_count() < HITS // 2:
                self._loose = 0

    def _look(self) -> None:
        """Begin echoes where what was read last stood before, and remember it."""
        read = self._read
        for size in (LONG, SHORT):
            if len(read) <= size:
                continue
            context = tuple(read[-size:])
            there = self._seen.get(context, 0)
            self._seen[context] = len(read)
            if not there:
                continue
            if not self._exact:
                self._exact, self._length = there, size
            if not self._loose:
                self._loose, self._hits = there, (1 << HITS) - 1

    def copy(self) -> Echo:
        """Return an echo that goes its own way from here."""
        twin = Echo.__new__(Echo)
        twin.__dict__.update(self.__dict__)
        twin._read, twin._seen = self._read.copy(), self._seen.copy()
        return twin


def channels(symbols: int) -> dict[str, int]:
    """Return the names and sizes of what `Echo` says, for a vocabulary of so many symbols."""
    told = min(symbols, MOST + 1)
    return {
        "echo": told,
        "echo_length": len(LENGTHS) + 1,
        "loose_echo": told,
        "loose_hits": HITS + 2,
    }
