"""Places: the folders that Nokturn writes to, and the one of its fonts."""

from __future__ import annotations

from pathlib import Path

from nokturn.rendering.pictures import FONTS as FONTS
from nokturn.training.runs import home


def logs_folder() -> Path:
    """Return the folder for reports of what broke; it is made where there is none."""
    folder = home() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def library_folder() -> Path:
    """Return the folder of the studio's pieces; it need not exist."""
    return home() / "library"
