"""Settings: how a studio is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from nokturn.workflows.places import library_folder

PORT = 8765


@dataclass(frozen=True)
class Settings:
    """How a studio is started.

    Attributes
    ----------
    host, port
        Where it listens. Anything but this machine itself needs a token.
    library
        The folder of the pieces; everything that the studio writes lies in it, but for models and
        trainings, which the command line has too.
    read_only
        Nothing can be made, changed or deleted, and nothing is written into the library: it may lie
        on a medium that cannot be written.
    scratch
        Where a read-only studio writes what can be made again; None = into the library.
    token
        What must be shown once to be let in; empty = nothing.
    workers
        Long jobs that run at once.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    library: Path = field(default_factory=library_folder)
    read_only: bool = False
    scratch: Path | None = None
    token: str = ""
    workers: int = 2

    @property
    def cache(self) -> Path:
        """The folder of what can be made again: stems, exports."""
        return (self.scratch or self.library) / ".cache"

    @property
    def jobs(self) -> Path:
        """The folder of what is known of jobs."""
        return (self.scratch or self.library) / ".jobs"
