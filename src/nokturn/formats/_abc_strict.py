"""What the ABC standard forbids in so many words, and only a strict reading minds.

    next(forbidden("K:C\\nabc| 1 abc:|"))   ->   (7, "a space stands between bar line and ending")

Real files have all of it, and what is meant is clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_RULES = [
    (re.compile(pattern, re.MULTILINE), what)
    for pattern, what in (
        (r"^(?![A-Za-z+]:|%)[^%\n]*?\|[ \t]+\d", "a space stands between bar line and ending"),
        (
            r"^(?![A-Za-z+]:|%)[^%\n\"]*!(?=[a-z]*[ :\[\]])[a-z :\[\]]+!",
            "a decoration holds a space, a colon or a bracket",
        ),
        (r"\\\s*\Z", "an empty line follows a line that goes on"),
        (r"^(?![A-Za-z+]:|%).*\[m:", "a macro is defined within a line"),
        (r"^(?![A-Za-z+]:|%)[^%\n]+%%", "a directive stands within a line"),
        (r"^%%barsperstaff[ \t]+(?!\d+[ \t]*$)", "%%barsperstaff needs a whole number"),
        (r"^K:[^\0]*^I:linebreak", "I:linebreak stands in the tune and not in its header"),
    )
]
_LINE_BREAK = re.compile(r"^I:linebreak[ \t]+(.*)$", re.MULTILINE)
_DOLLAR = re.compile(r"^(?![A-Za-z+]:|%)[^%\n]*\$", re.MULTILINE)


def forbidden(text: str) -> Iterator[tuple[int, str]]:
    """Yield where in a tune something forbidden stands, and what."""
    for pattern, what in _RULES:
        match = pattern.search(text)
        if match:
            yield match.end() - 1, what
    breaks, dollar = _LINE_BREAK.search(text), _DOLLAR.search(text)
    if breaks and dollar and "$" not in breaks[1]:
        yield dollar.end() - 1, "$ is no line break here, says I:linebreak"
