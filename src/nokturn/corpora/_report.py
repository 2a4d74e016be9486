"""What became of each file that was to be learned from, and of the pieces in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

WORDS = {"accepted": "read", "repaired": "mended", "rejected": "refused"}


@dataclass
class FileReport:
    """One file: how many pieces came of it, what was mended, what was refused and why."""

    path: str
    pieces: int = 0
    repairs: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """``accepted``, ``repaired`` (something was mended or refused in it) or ``rejected``."""
        if not self.pieces:
            return "rejected"
        return "repaired" if self.repairs or self.refusals else "accepted"


@dataclass
class IngestReport:
    """All files.

    ``duplicates`` counts pieces that repeat another's melody note for note (in any key),
    ``near_duplicates`` those that are a version of another, duplicates among them.
    """

    files: list[FileReport] = field(default_factory=list)
    duplicates: int = 0
    near_duplicates: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def pieces(self) -> int:
        """Pieces that were read."""
        return sum(file.pieces for file in self.files)

    @property
    def refused_pieces(self) -> int:
        """Pieces refused in files of which others were read."""
        return sum(len(file.refusals) for file in self.files if file.pieces)

    def count(self, status: str) -> int:
        """Return how many files have a status."""
        return sum(file.status == status for file in self.files)

    def reasons(self, most: int = 5) -> list[str]:
        """Return the commonest reasons for refusal, without positions, with how often."""
        found = Counter(
            reason.partition(": ")[2] or reason for file in self.files for reason in file.refusals
        )
        return [f"{count} x {reason}" for reason, count in found.most_common(most)]

    def __str__(self) -> str:
        """As a table: the counts, then every file that was not simply read."""
        lines = [
            f"{len(self.files):6} files: "
            + ", ".join(f"{self.count(status)} {word}" for status, word in WORDS.items()),
            f"{self.pieces:6} pieces ({self.refused_pieces} more refused in files read)",
            f"{self.duplicates:6} duplicates, {self.near_duplicates} near-duplicates (any key)",
            *self.notes,
        ]
        for file in self.files:
            if file.status != "accepted":
                lines.append(f"{file.status:9} {file.path}  ({file.pieces} pieces)")
                lines += [f"            {reason}" for reason in (*file.refusals, *file.repairs)]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            "files": [
                {
                    "path": file.path,
                    "status": file.status,
                    "pieces": file.pieces,
                    "repairs": file.repairs,
                    "refusals": file.refusals,
                }
                for file in self.files
            ],
            "pieces": self.pieces,
            "duplicates": self.duplicates,
            "near_duplicates": self.near_duplicates,
            "notes": self.notes,
        }
