"""Random parameters of a batch, one number an image."""

from __future__ import annotations

import torch
from torch import Tensor


def uniform_like(truth: Tensor, low: float, high: float) -> Tensor:
    """Draw one number an image, uniformly: (B, 1, 1, 1). Uses torch's global random numbers."""
    return low + (high - low) * torch.rand(len(truth), 1, 1, 1, device=truth.device)
