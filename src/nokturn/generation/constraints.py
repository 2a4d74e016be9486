"""Constraints: what may be written next, so that nothing wrong is written.

    guide = AbcGuide(encoding, Wishes(bars=32))
    guide.allows(symbol)        may this stand here, a character or a word of several?
    guide.take(symbol)          it stands here

The guide of ABC text counts along with the bar clock: no note may burst its bar, no bar line may
come too early (but for a pickup and the bar that completes it), no repeat may overshoot the number
of bars, and the tune ends where all is full. What it lets through can still be wrong in the large;
the reader has the last word (`nokturn.generation.compose`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nokturn.encodings._abc_clock import BarClock
from nokturn.encodings._abc_learned import AbcLearned
from nokturn.encodings.base import BOUNDARY

MAX_BAR_CHARACTERS = 160
MAX_CHARACTERS = 12_000
_FULL = 1  # of the clock's channel "left"
_TOO_MUCH = 51
_MAY_DIVIDE = re.compile(r"[A-Ga-gxz\],']\d*$")  # what a slash may follow
_FIELD = re.compile(r"\[?[A-Za-z]:(?![|:])")  # d:| is a note, and the end of a repeat
_HEADER_LINE = re.compile(r"([A-Z]):(.*)\n")


@dataclass(frozen=True)
class Wishes:
    """What is asked of a tune, as ABC writes it; empty or 0 = the model chooses.

    ``bars`` counts as played, repeats and all.
    """

    meter: str = ""
    key: str = ""
    bars: int = 0


class AbcGuide:
    """Follows an ABC text and knows what may come next.

    Parameters
    ----------
    encoding
        Whose ids it reads.
    wishes
        What the tune should be.
    """

    def __init__(self, encoding: AbcLearned, wishes: Wishes) -> None:
        self.symbols = encoding.vocabulary
        self.by_word = max(map(len, self.symbols[1:]), default=1) > 1
        self.wishes = wishes
        self.text = ""
        self.clock = BarClock(wishes.bars)
        self.in_body = False
        self.bar_from = 0  # where in the text the open bar begins
        self.closed = 0  # bars that have their bar line

    def copy(self) -> AbcGuide:
        """Return a guide that goes its own way from here."""
        twin = AbcGuide.__new__(AbcGuide)
        twin.__dict__.update(self.__dict__)
        twin.clock = self.clock.copy()
        return twin

    @property
    def forced(self) -> str:
        """What must come next, word for word: the meter and key asked for, in their lines."""
        if self.in_body:
            return ""
        done, _, line = self.text.rpartition("\n")
        if not done and self.wishes.meter:
            return f"M:{self.wishes.meter}\n"[len(line) :]
        key_is_next = self.by_word and not line and "\nL:" in f"\n{done}"  # in one word
        if (line.startswith("K:") or key_is_next) and self.wishes.key:
            return f"K:{self.wishes.key}\n"[len(line) :]
        return ""

    @property
    def at_bar_start(self) -> bool:
        """Whether a bar line was just completed: a good place to come back to."""
        return self.in_body and len(self.text) == self.bar_from

    @property
    def stuck(self) -> bool:
        """Whether the bar or the tune has grown beyond all measure, or past its length."""
        too_long = len(self.text) - self.bar_from > MAX_BAR_CHARACTERS
        return too_long or len(self.text) > MAX_CHARACTERS or self._past_goal(self.clock)

    def _past_goal(self, clock: BarClock) -> bool:
        return bool(self.wishes.bars) and clock.total > self.wishes.bars

    def allows(self, symbol: int) -> bool:
        """Return whether a symbol may come next."""
        if symbol == BOUNDARY:
            return self._may_end()
        word = self.symbols[symbol]
        if not self.in_body:
            return all(
                self._allows_in_header(self.text + word[:k], character)
                for k, character in enumerate(word)
            )
        first, last = word[0], self.text[-1]
        if (last == "[" and first in "IKLMPQUVRr") or _FIELD.match(word):  # no changes in mid-tune
            return False
        if first in "|:" and last not in "|:[]" and not self._bar_may_end():
            return False
        if first == "/" and not _MAY_DIVIDE.search(self.text):
            return False
        clock = self.clock.copy()
        for character in word:
            left = clock.step(character)[1]
        if left == _TOO_MUCH:
            return len(word) == 1 and self._may_shrink(word)
        if self._past_goal(clock):
            return False
        # once the last bar is written, only its bar line and the line may end
        return not self._reached() or set(word) <= set("|]:\n")

    @staticmethod
    def _allows_in_header(text: str, character: str) -> bool:
        line = text.rpartition("\n")[2]
        if not line:
            done = {match[1] for match in _HEADER_LINE.finditer(text)}
            return (
                character in "MLK" and character not in done and (character != "K" or "L" in done)
            )
        if len(line) == 1:
            return character == ":"
        return len(line) < 12 and (character != "\n" or len(line) > 2)

    def _may_shrink(self, character: str) -> bool:
        """Whether a length that bursts the bar may yet be divided: 3 on its way to ``3/2``."""
        length = re.search(r"[A-Ga-gz\]][,']*(\d?)$", self.text)
        return length is not None and (character == "/" if length[1] else character in "357")

    def _bar_may_end(self) -> bool:
        left, pickup = self.clock.values[1], self.clock.values[5]
        if left in (0, _FULL):
            return True
        if not self.closed:
            return self.clock.values[0] > 1  # a pickup begins the tune
        return pickup > 0 and left == _FULL + 2 * pickup  # it is counted in 32nds and 16ths

    def _reached(self) -> bool:
        """Whether the last bar that was asked for has its bar line."""
        bars = self.wishes.bars
        return bool(bars) and self.closed > 0 and not self.clock.music and self.clock.total >= bars

    def _may_end(self) -> bool:
        if not self.in_body or self.closed < 2 or self.clock.music:
            return False
        if self.clock.values[4] == 2 or self.clock.values[4] == 3:  # a repeat is open
            return False
        if self.wishes.bars and self.clock.total != self.wishes.bars:
            return False
        return self.text.rstrip("\n")[-1] in "|]:"

    def take(self, symbol: int) -> None:
        """Note that a symbol was written."""
        if symbol != BOUNDARY:
            for character in self.symbols[symbol]:
                self._take(character)

    def _take(self, character: str) -> None:
        before = self.text[-1:]
        self.text += character
        self.clock.step(character)
        if not self.in_body:
            header = self.text.endswith("\n") and "\nK:" in self.text
            self.in_body, self.bar_from = header, len(self.text)
            return
        if character in "|:]" and before in "|:":
            self.bar_from = len(self.text)  # the bar line goes on
        elif character == "|":
            self.bar_from = len(self.text)
            self.closed += 1
