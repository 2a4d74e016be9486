"""A model in one file: weights, settings, vocabulary and card, with a SHA-256 over all of it.

    file = ModelFile.load("folk.safetensors")
    stream = file.model.stream()

Reading one never imports torch and runs no code from the file: the model's class is found by name
among the modules of this package, its settings are checked, and its weights must have exactly the
names and shapes that those settings ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from nokturn import registry
from nokturn.errors import ModelError, UsageError
from nokturn.models import _tensors
from nokturn.models.base import Inputs, Model
from nokturn.settings import Settings, build
from nokturn.writing import cannot_write, write_whole

VERSION = 1
Precision = Literal["float16", "bfloat16", "float32"]


class _Header(Settings):
    """The JSON text in a model file."""

    version: Literal[1]
    model: str = Field(max_length=64)
    model_settings: dict[str, Any]
    encoding: str = Field(max_length=64)
    encoding_settings: dict[str, Any]
    vocabulary: list[str] = Field(min_length=2, max_length=65_536)
    channels: dict[str, int]
    hints: list[str]
    card: dict[str, Any]


@dataclass
class ModelFile:
    """A model with all that is needed to write music with it.

    Parameters
    ----------
    model
        The network with its weights.
    encoding, encoding_settings
        How symbols become music.
    vocabulary
        The symbols; number 0 is the boundary.
    channels
        Name of each side input -> number of its values, in the order in which they are fed.
    hints
        The side inputs that are known only where somebody says so.
    card
        Corpus, licence, counts, held-out figures, how it was trained.
    sha256
        Hash of the file it was read from; empty before it is saved.
    """

    model: Model
    encoding: str
    vocabulary: list[str]
    encoding_settings: dict[str, Any] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)
    card: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""

    def dumps(self, precision: Precision = "float16") -> bytes:
        """Return the bytes of the file, weights stored in that precision."""
        meta = {
            "version": VERSION,
            "model": type(self.model).__module__.rpartition(".")[2],
            "model_settings": self.model.settings.model_dump(mode="json"),
            "encoding": self.encoding,
            "encoding_settings": self.encoding_settings,
            "vocabulary": self.vocabulary,
            "channels": self.channels,
            "hints": self.hints,
            "card": self.card,
        }
        stored = "" if precision == "float32" else precision
        return _tensors.dumps(self.model.weights, meta, stored)

    def save(self, path: str | Path, precision: Precision = "float16") -> None:
        """Write the file; whole or not at all. Raises `ResourceError` where that fails."""
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error
        write_whole(path, self.dumps(precision))

    @classmethod
    def loads(cls, data: bytes, source: str = "<data>") -> ModelFile:
        """Read a model from the bytes of a file.

        Raises
        ------
        ModelError
            The file is damaged, hostile, or of another version.
        """
        return cls._made(*_tensors.loads(data, source), source)

    @classmethod
    def load(cls, path: str | Path) -> ModelFile:
        """Read a model file; see `loads`."""
        return cls._made(*_tensors.read(path), str(path))

    @classmethod
    def _made(
        cls, weights: dict[str, Any], meta: dict[str, Any], sha256: str, source: str
    ) -> ModelFile:
        try:
            header = _Header.model_validate(meta)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ModelError(
                f"{source} is no model that this version can read: {where}: {first['msg']}."
            ) from error
        try:
            kind: type[Model] = registry.find("models", header.model)
            settings = build(kind.settings_class, header.model_settings, "model")
            inputs = Inputs(len(header.vocabulary), tuple(header.channels.values()))
            model = kind(inputs, settings, weights)
        except (UsageError, ModelError) as error:
            raise ModelError(f"{source}: {error.message}", error.hint) from error
        return cls(
            model=model,
            encoding=header.encoding,
            vocabulary=header.vocabulary,
            encoding_settings=header.encoding_settings,
            channels=header.channels,
            hints=header.hints,
            card=header.card,
            sha256=sha256,
        )
