"""Settings of the training: how long, how fast, on what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from nokturn.settings import Seconds, Settings
from nokturn.training.schedule import Shape

WHOLE = 1_000_000  # symbols of a chunk that cuts no piece


def _symbols(value: object) -> object:
    return WHOLE if value == "whole" else value


Chunk = Annotated[int, BeforeValidator(_symbols)]


class TrainingSettings(Settings):
    """Settings of the training; the table ``[training]`` of a recipe."""

    seed: int = Field(default=1, ge=0)  # of weights, order, transposition and dropout
    time: Seconds | None = Field(default=None, gt=0)  # budget, e.g. "10m"; or
    epochs: int | None = Field(default=None, ge=1)  # passes over the corpus; neither = 40
    # Symbols between two updates; "whole" cuts no piece. The state goes on from chunk to chunk of a
    # piece, and never from one piece to another.
    chunk: Chunk = Field(default=96, ge=2, le=WHOLE)
    excerpt: int = Field(default=0, ge=0)  # frames, or symbols, met at once; 0 = whole pieces
    lanes: int = Field(default=0, ge=0, le=512)  # pieces side by side in a shard; 0 = by the corpus
    shards: int = Field(default=0, ge=0, le=64)  # parts of a batch; 0 = one for each thread
    threads: int = Field(default=0, ge=0, le=256)  # 0 = one for each core; never changes the result
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # of the recurrent weights
    learning_rate: float = Field(default=2.5e-3, gt=0, lt=1)
    warm_up: int = Field(default=200, ge=0)  # steps; a tenth of all at most
    schedule: Shape = "cosine"  # of the rate; "constant", "trapezoid" falls in the last fifth
    beta1: float = Field(default=0.9, ge=0, lt=1)  # Adam's momentum; 0 makes it RMSProp
    beta2: float = Field(default=0.99, gt=0, lt=1)  # how long Adam remembers squares
    weight_decay: float = Field(default=0.03, ge=0, lt=1)
    clip: float = Field(default=1.0, gt=0)  # longest gradient
    ema: float = Field(default=0.998, ge=0, lt=1)  # how long the average of the weights remembers
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    balance: float = Field(default=0.0, ge=0, le=1)  # rare symbols count more in the loss
    transpose_share: float = Field(default=0.6, ge=0, le=1)  # of the pieces met in another key
    hide_hints: float = Field(default=0.5, ge=0, le=1)  # of the pieces, whose hints are hidden
    patience: float = Field(default=0.3, gt=0, le=1)  # stop after this part of the run without gain
    until: float | None = Field(default=None, gt=0, le=1)  # stop at this accuracy in training
    report_every: int = Field(default=0, ge=0)  # epochs from report to report; 0 = by time
    keep_every: int = Field(default=1, ge=1)  # reports from kept model to kept model
    save_every: Seconds = Field(default=60.0, ge=0)  # between checkpoints
    tensorboard: bool = False  # also write TensorBoard files (extra "tensorboard")

    @model_validator(mode="after")
    def _one_budget(self) -> TrainingSettings:
        if self.time is not None and self.epochs is not None:
            raise ValueError("the budget is time or epochs, not both")
        return self
