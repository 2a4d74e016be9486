"""The Groove MIDI Dataset: drummers on an electronic kit, to a click, beats and fills.

It does not come along; give the folder with its ``info.csv``. Held out is the dataset's own
validation split. Only 4/4 is taken: of other meters there are eleven files. File names tell the
style and whether it is a beat or a fill (``1_funk-groove1_138_beat_4-4.mid``).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from nokturn.corpora.base import Source
from nokturn.errors import InputError, UsageError

TABLE = "info.csv"
METER = "4-4"


class Groove(Source):
    """The dataset in a folder.

    Parameters
    ----------
    path
        Folder with ``info.csv`` and the MIDI files that it names; those missing are passed over.
    fills
        Whether fills, of a bar or two, are taken too.
    """

    path: Path | None = None
    fills: bool = True

    title = "Groove MIDI Dataset"
    licence = "CC BY 4.0"
    citation = (
        "Groove MIDI Dataset, Magenta/Google, CC BY 4.0; Gillick, Roberts, Engel, Eck and Bamman, "
        "'Learning to Groove with Inverse Sequence Transformations', 2019"
    )
    ship = True

    def files(self) -> Sequence[Path]:
        """Return the files of the training split."""
        return self._split("train")

    def valid_files(self) -> Sequence[Path]:
        """Return the files of the validation split."""
        return self._split("validation")

    def _split(self, split: str) -> list[Path]:
        if self.path is None:
            raise UsageError(
                "The Groove MIDI Dataset does not come along.",
                "Fetch it from magenta.tensorflow.org/datasets/groove and give its folder.",
            )
        try:
            with (self.path / TABLE).open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
        except OSError as error:
            raise InputError(
                f"There is no {TABLE} in {self.path}.", "Give the folder that holds it."
            ) from error
        kinds = ("beat", "fill") if self.fills else ("beat",)
        named = [
            self.path / row["midi_filename"]
            for row in rows
            if row["split"] == split
            and row["time_signature"] == METER
            and row["beat_type"] in kinds
        ]
        return [path for path in named if path.is_file()]
