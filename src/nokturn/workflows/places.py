"""Places: the folders that Nokturn writes to."""

from __future__ import annotations

from pathlib import Path


def logs_folder() -> Path:
    """Return the folder for reports of what broke; it is made where there is none."""
    from nokturn.training.runs import home

    folder = home() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
