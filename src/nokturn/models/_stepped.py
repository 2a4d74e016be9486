"""Logits of a batch from a model that is only ever asked symbol by symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nokturn.models.base import Model

if TYPE_CHECKING:
    import torch


def stepped(model: Model, ids: torch.Tensor) -> torch.Tensor:
    """Return what the model's streams say of each row of symbols, (B, T, V)."""
    import torch

    rows = []
    for row in ids.tolist():
        stream = model.stream()
        rows.append(np.stack([stream.step(symbol) for symbol in row]))
    return torch.from_numpy(np.stack(rows)).to(ids.device)
