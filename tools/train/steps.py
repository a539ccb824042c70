"""What every training loop needs: an optimizer, an averaged network, checkpoints that appear whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn


def adamw(model: nn.Module, rate: float, weight_decay: float, *, fused: bool = False) -> torch.optim.AdamW:
    """AdamW that decays matrices and filters, not biases and scales; `fused` in one pass over its tables."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=rate,
        fused=fused,
    )


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the weights of `average` towards those of `model`."""
    for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)


def save(state: dict[str, Any], file: Path) -> None:
    """Write a checkpoint, whole or not at all."""
    torch.save(state, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)
