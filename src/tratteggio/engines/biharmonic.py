"""Fill lacunae with the smoothest surface: the biharmonic equation, as in scikit-image, several times faster.

Gradients run on into a lacuna, so narrow ones are met well; in wide ones the surface overshoots.
"""

from __future__ import annotations

from functools import partial

from tratteggio.engines._painter import Painter, cpu_only
from tratteggio.engines._surface import CAPACITY_PX, REACH, surface
from tratteggio.roles import Engine


def make(*, seed: int = 0, device: str = "cpu") -> Engine:  # noqa: ARG001  (nothing here is random)
    """Build the engine.

    Args:
        seed: not used; there is nothing random.
        device: "cpu" or "auto".

    Raises:
        BadUsage: another device was asked for.
    """
    cpu_only("biharmonic", device)
    return Painter(
        name="biharmonic",
        paint=partial(surface, bending=1.0, tension=0.0),
        halo=REACH,
        capacity=CAPACITY_PX,
        parameters={},
    )
