"""What a training tells while it runs, as plain values: the loop prints nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True)
class Forecast:
    """What will be done, told before it starts."""

    device: str
    threads: int
    shards: int
    lanes: int
    precision: str
    parameters: int
    pieces: int  # to train on
    held_out: int
    symbols: int  # in the pieces to train on, as they stand
    symbols_per_s: float  # measured on this machine just now
    steps: int
    epochs: float
    seconds: float


@dataclass(frozen=True)
class Step:
    """A sign of life between two reports."""

    epoch: int  # the one that is being read, from 1
    step: int
    steps: int
    nats: float | None  # a symbol, since the epoch began; None where there is no likelihood
    symbols_per_s: float
    elapsed_s: float
    left_s: float


@dataclass(frozen=True)
class Epoch:
    """What is known after some passes over the corpus; epoch 0 is the untrained network."""

    epoch: int
    epochs: int  # expected
    train_nats: float | None  # a symbol, met with dropout; None at epoch 0
    valid_nats: float | None  # a symbol, held out; None where nothing is held out
    bits_per_character: float | None  # held out
    accuracy: float | None  # held out
    seconds: float  # since the report before
    elapsed_s: float
    left_s: float
    best_epoch: int
    best_bits_per_character: float | None
    model: Path  # the model as it is now
    distance: float | None = None  # of what it writes from what is held out, without likelihood
    notes: Mapping[str, float] = field(default_factory=dict)  # of models over frames: `judging`
    unit: str = "symbol"  # what bits_per_character is of: "character" where the symbols are text
    valid_bars: float | None = None  # share of the bars of what it writes, where it writes ABC
    copied: float | None = (
        None  # share of the runs of 8 notes in it that the corpus has, in any key
    )


@dataclass(frozen=True)
class Notice:
    """Something that the user should know: a damaged checkpoint was passed over ..."""

    text: str


@dataclass(frozen=True)
class Done:
    """The training came to its end."""

    reason: str
    epochs: int
    steps: int
    elapsed_s: float
    best_epoch: int
    valid_nats: float | None
    bits_per_character: float | None
    accuracy: float | None
    model: Path  # the best one


@dataclass(frozen=True)
class Interrupted:
    """The training was stopped and saved; it goes on from there when resumed."""

    folder: Path
    epoch: int
    step: int
    steps: int


Event: TypeAlias = Forecast | Step | Epoch | Notice | Done | Interrupted
