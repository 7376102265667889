"""The tone curve of sRGB: from what a display is given to light, and back (IEC 61966-2-1)."""

from __future__ import annotations

import torch
from torch import Tensor


def linear(x: Tensor) -> Tensor:
    """Undo the tone curve: display 0 .. 1 -> light 0 .. 1."""
    return torch.where(x <= 0.04045, x / 12.92, ((x.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4)


def displayed(light: Tensor) -> Tensor:
    """Apply the tone curve: the inverse of `linear`.

    Example:
        >>> displayed(linear(torch.tensor([0.0, 0.02, 0.5, 1.0])))
        tensor([0.0000, 0.0200, 0.5000, 1.0000])
    """
    curved = 1.055 * light.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(light <= 0.0031308, light * 12.92, curved)
