"""Fill lacunae by letting the paint around them flow in: Laplace's equation, any width at little cost."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tratteggio.engines._painter import Painter, by_group, cpu_only, reach
from tratteggio.engines._surface import surface
from tratteggio.filters.diffusion import diffuse
from tratteggio.painting.pixels import Array, Lost
from tratteggio.roles import Engine

DIRECT_PX = 4096  # components up to this size are solved directly; multigrid takes milliseconds to set up
MARGIN = 8  # multigrid starts from means of known paint; this much of it is plenty


def make(*, seed: int = 0, device: str = "cpu") -> Engine:  # noqa: ARG001  (nothing here is random)
    """Build the engine.

    Args:
        seed: not used; there is nothing random.
        device: "cpu" or "auto".

    Raises:
        BadUsage: another device was asked for.
    """
    cpu_only("diffusion", device)
    return Painter(
        name="diffusion",
        paint=paint,
        halo=reach(MARGIN),
        capacity=1 << 20,  # multigrid takes half a second and some 100 MB for a crop of 1024 x 1024
        parameters={},
    )


def paint(colour: Array, lost: Lost) -> Array:
    """Fill (h, w, channels) where lost: small components by a direct solver, large ones by multigrid."""
    # Linked by sides only, as in the equation: diagonal neighbours do not see each other.
    labels, _ = ndimage.label(lost)
    wide = (np.bincount(labels.ravel()) > DIRECT_PX)[labels] & lost
    fill = surface(colour, lost & ~wide, bending=0.0, tension=1.0)
    return fill + by_group(_multigrid, colour, lost, margin=MARGIN, only=wide) if wide.any() else fill


def _multigrid(colour: Array, lost: Lost) -> Array:
    """Diffuse in units of the known range, so that float32 is fine enough for float64 scans too."""
    low, high = (bound(colour[~lost].astype(np.float64)) for bound in (np.min, np.max))
    scale = (high - low) or 1.0
    return diffuse((colour - low) / scale, lost) * np.float64(scale) + low
