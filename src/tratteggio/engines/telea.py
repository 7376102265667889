"""Fill lacunae inwards from the rim, each pixel a weighted mean of what is known nearby.

A. Telea 2004, "An image inpainting technique based on the fast marching method",
doi:10.1080/10867651.2004.10487596, in OpenCV's implementation. Fast, and a little streaky.
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
    cpu_only("telea", device)
    if not 1 <= radius <= 32:
        raise BadUsage(f"radius is 1 to 32 pixels, got {radius}")
    # The march runs `radius` pixels outwards too, to know the distances there.
    margin = radius + 2
    return Painter(
        name="telea",
        paint=partial(by_group, partial(march, method="telea", radius=radius), margin=margin),
        halo=reach(margin),
        capacity=1 << 18,
        parameters={"radius": radius},
    )
