"""Problems: every error as the page shows it: what happened, why, and what to do now.

    {"code": "missing", "status": 404, "what": "There is no such piece.", "why": "", "fix": "...",
     "said": {"what": [{"code": "library.noPiece", "params": {}}], ...}}

The texts are English; ``said`` has the codes of those that are known, see `sentences`.
"""

from __future__ import annotations

import errno
from typing import Any

from nokturn.errors import (
    ConstraintError,
    Error,
    InputError,
    LimitError,
    ModelError,
    ResourceError,
    UsageError,
)
from nokturn.studio.sentences import coded

RETRY_AFTER_S = 5


class BusyError(Error):
    """There is more work waiting than the studio takes."""


class MissingError(Error):
    """There is nothing under this address."""


KINDS: tuple[tuple[type[BaseException], str, int], ...] = (  # the first that fits
    (BusyError, "busy", 503),
    (MissingError, "missing", 404),
    (LimitError, "limit", 413),
    (InputError, "input", 422),
    (ModelError, "model", 422),
    (ConstraintError, "constraint", 422),
    (ResourceError, "resource", 507),
    (UsageError, "usage", 400),
    (MemoryError, "resource", 507),
)
FULL = (errno.ENOSPC, errno.EDQUOT)


def problem(error: BaseException) -> dict[str, Any]:
    """Return an error as plain data: code, status, what, why, fix, said.

    >>> problem(UsageError("--bars 0 is out of range.", "A piece has 1 to 256 bars."))["code"]
    'usage'
    """
    if isinstance(error, OSError) and error.errno in FULL:
        return document("resource", 507, "The disk is full.", "", "Make room, then try again.")
    code, status = next(((c, s) for kind, c, s in KINDS if isinstance(error, kind)), ("", 0))
    if isinstance(error, MemoryError):
        fix = (
            "Ask for less at once: fewer variations, fewer bars, a shorter track, a smaller model."
        )
        return document(code, status, "There is not enough memory for this.", "", fix)
    if code and isinstance(error, Error):
        what = str(error).removesuffix(error.hint).strip() if error.hint else str(error)
        return document(code, status, what, "", error.hint)
    why = f"{type(error).__name__}: {error}"[:500]
    fix = "Try again. If it happens again, tell us what you did and this line."
    return document("internal", 500, "Something broke in the studio.", why, fix)


def document(code: str, status: int, what: str, why: str = "", fix: str = "") -> dict[str, Any]:
    """Return what went wrong as plain data, with codes of what is said."""
    texts = {"code": code, "status": status, "what": what, "why": why, "fix": fix}
    return coded(texts, "what", "why", "fix")
