"""Lightness and colour apart: CIE L*a*b* of sRGB as tensors, there and back, and what a screen can show.

The white is that of sRGB, D65, so that grey has a* = b* = 0: what is evaluated and printed goes by profiles
instead, see `tratteggio.files`.

Source: IEC 61966-2-1 for sRGB; CIE 15:2004 for L*a*b*.
"""

from __future__ import annotations

import torch
from torch import Tensor

XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
"""From linear red, green, blue; the sum of each row is that of white."""

KNEE = 6 / 29  # below it the cube root gives way to a line
HALVINGS = 12  # of the way to the border of what can be shown: chroma to 1/4000


def to_lab(rgb: Tensor) -> Tensor:
    """Return L* (0 .. 100), a* and b* of sRGB.

    Args:
        rgb: (B, 3, H, W), 0 .. 1.

    Returns:
        the same shape.

    Example:
        >>> to_lab(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)).flatten().round(decimals=1)
        tensor([53.2000, 80.1000, 67.2000])
    """
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    x, y, z = (_root(part) for part in _mixed(linear, _matrix(rgb)).unbind(1))
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def lightness(grey: Tensor) -> Tensor:
    """Return L* of grey that is coded as sRGB: what `to_lab` gives of three equal channels.

    Args:
        grey: any shape, 0 .. 1.
    """
    linear = torch.where(grey <= 0.04045, grey / 12.92, ((grey.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    return 116 * _root(linear) - 16


def to_rgb(lab: Tensor) -> Tensor:
    """Return sRGB of L*a*b*; what no screen can show lies below 0 or above 1.

    Args:
        lab: (B, 3, H, W).
    """
    y = (lab[:, :1] + 16) / 116
    bent = torch.cat([y + lab[:, 1:2] / 500, y, y - lab[:, 2:] / 200], dim=1)
    parts = torch.where(bent > KNEE, bent**3, 3 * KNEE**2 * (bent - 4 / 29))
    linear = _mixed(parts, torch.linalg.inv(_matrix(lab)))
    # The line continues below 0, where a power would be no number.
    curve = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, curve)


def shown(lab: Tensor) -> Tensor:
    """Return sRGB within 0 .. 1 of the same lightness and hue: where needed, as much chroma as can be shown.

    To cut channels at 0 and 1 would change the lightness.

    Args:
        lab: (B, 3, H, W), L* in 0 .. 100.

    Returns:
        the same shape, 0 .. 1.
    """
    rgb = to_rgb(lab)
    beyond = ~_can_be_shown(rgb).squeeze(1)
    if beyond.any():
        rgb.movedim(1, -1)[beyond] = _duller(lab.movedim(1, -1)[beyond])
    return rgb.clamp(0, 1)


def _duller(lab: Tensor) -> Tensor:
    """Halve the way to the border of what can be shown: (n, 3) -> sRGB (n, 3)."""
    colours = lab.T[None, :, :, None]
    share, step = torch.zeros_like(colours[:, :1]), 1.0
    for _ in range(HALVINGS):
        step /= 2
        share += step * _can_be_shown(to_rgb(_with_chroma(colours, share + step)))
    return to_rgb(_with_chroma(colours, share))[0, :, :, 0].T


def _with_chroma(lab: Tensor, share: Tensor) -> Tensor:
    return torch.cat([lab[:, :1], lab[:, 1:] * share], dim=1)


def _can_be_shown(rgb: Tensor) -> Tensor:
    """Return (B, 1, H, W), with what float32 needs for white."""
    return ((rgb >= -1e-5) & (rgb <= 1 + 1e-5)).all(dim=1, keepdim=True)


def _mixed(parts: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,bjhw->bihw", matrix, parts)


def _matrix(like: Tensor) -> Tensor:
    """Return XYZ as shares of white."""
    matrix = torch.tensor(XYZ, dtype=torch.float64)
    return (matrix / matrix.sum(dim=1, keepdim=True)).to(like)


def _root(t: Tensor) -> Tensor:
    # The branch not taken must have a finite slope as well: the root of 0 has none.
    return torch.where(t > KNEE**3, t.clamp(min=KNEE**3) ** (1 / 3), t / (3 * KNEE**2) + 4 / 29)
