"""What long work can be asked for, checked before it waits in the queue.

The names are those of the command line.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from nokturn.studio.library import Library

MAX_SEED = 2**31 - 1
MODEL = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(@([0-9]{1,6}|best|last))?$"  # never the name of a file
RUN = r"^[A-Za-z0-9][A-Za-z0-9_-]*([.][A-Za-z0-9_-]+)*$"
Name = Annotated[str, Field(max_length=120)]
Model = Annotated[str, Field(pattern=MODEL)]
Preset = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


Run = Annotated[str, Field(pattern=RUN, max_length=64)]
Line = Annotated[str, Field(max_length=300)]


class Arguments(BaseModel):
    """What a verb is asked for."""

    model_config = ConfigDict(extra="forbid")


class Card(BaseModel):
    """What people write on the card of a model of theirs."""

    model_config = ConfigDict(extra="forbid")

    title: Line = ""
    corpus: Line = ""
    licence: Line = ""


class Generate(Arguments):
    """Compose pieces with a model."""

    model: Model = "folk"
    key: Name = "any"
    meter: Name = "any"
    tempo: Name = ""
    bars: int | None = Field(default=None, ge=1, le=256)
    n: int = Field(default=1, ge=1, le=16)
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    temperature: FiniteFloat = Field(default=0.9, ge=0.05, le=3)
    top_p: FiniteFloat = Field(default=1.0, gt=0, le=1)
    top_k: int = Field(default=0, ge=0, le=100_000)
    min_p: FiniteFloat = Field(default=0.0, ge=0, lt=1)
    instrument: Name = ""
    primer: str = Field(default="", max_length=20_000)
    primer_piece: str = Field(default="", max_length=16, description="id of a piece to begin with")
    primer_bars: int = Field(default=0, ge=0, le=256, description="of it, from the front; 0 = all")

    def made(self, library: Library) -> dict[str, Any]:
        """Return what the verb is given; an id has become the path of its piece."""
        told = self.model_dump(exclude={"primer_piece"})
        if self.primer_piece:
            told["primer_path"] = str(library.path(self.primer_piece))
        return told


class Lofi(Arguments):
    """Make a lo-fi track, or with ``piece`` the sound of one that is in the library.

    It is begun by `routes.lofi`, which finds the files of the pieces that are named.
    """

    preset: Preset = "dusty"
    settings: dict[str, Any] = Field(default_factory=dict, description="see /api/lofi/schema")
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    model: Model | Literal[""] = ""
    source: str = Field(default="", max_length=16, description="id of a piece to make it from")
    piece: str = Field(default="", max_length=16, description="id of a track without sound")


class Train(Arguments):
    """Train a model on files that were brought, or with ``resume`` go on with a training.

    It is begun by `routes.trainings`, which finds the files.
    """

    name: Run
    corpus: str = Field(default="", max_length=16, description="id of the files to learn from")
    base: Model | Literal[""] = Field(default="", description="to begin with; empty = from scratch")
    seconds: FiniteFloat = Field(default=600, ge=5, le=14 * 86_400, description="time it has")
    learning_rate: FiniteFloat | None = Field(default=None, gt=0, lt=1)
    card: Card = Field(default_factory=lambda: Card())
    resume: bool = False
