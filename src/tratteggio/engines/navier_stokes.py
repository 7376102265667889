"""Fill lacunae inwards from the rim along lines of equal brightness.

M. Bertalmio, A. L. Bertozzi and G. Sapiro 2001, "Navier-Stokes, fluid dynamics, and image and video
inpainting", doi:10.1109/CVPR.2001.990497, in OpenCV's implementation.
"""

from __future__ import annotations

from functools import partial

from tratteggio.engines._opencv import march
from tratteggio.engines._painter import Painter, by_group, cpu_only, reach
from tratteggio.errors import BadUsage
from tratteggio.roles import Engine


def make(*, seed: int = 0, device: str = "cpu", radius: int = 3) -> Engine:  # noqa: ARG001
    """Build the engine.

    Args:
        seed: not used; there is nothing random.
        device: "cpu" or "auto".
        radius: how far, in pixels, the known paint is looked at, 1 to 32.

    Raises:
        BadUsage: another device was asked for, or a radius out of range.
    """
    cpu_only("navier_stokes", device)
    if not 1 <= radius <= 32:
        raise BadUsage(f"radius is 1 to 32 pixels, got {radius}")
    # The march runs `radius` pixels outwards too, to know the distances there.
    margin = radius + 2
    return Painter(
        name="navier_stokes",
        paint=partial(by_group, partial(march, method="navier_stokes", radius=radius), margin=margin),
        halo=reach(margin),
        capacity=1 << 18,
        parameters={"radius": radius},
    )
