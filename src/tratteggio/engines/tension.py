"""Fill lacunae with a thin plate under tension: gradients run on near the rims, and level out inside.

Between the biharmonic engine (bending alone, best in narrow lacunae) and diffusion (tension alone, best in
wide ones); on paintings it equals or beats both at every width, see `benchmarks/engines.py`.
"""

from __future__ import annotations

from functools import partial

from tratteggio.engines._painter import Painter, cpu_only
from tratteggio.engines._surface import CAPACITY_PX, REACH, surface
from tratteggio.errors import BadUsage
from tratteggio.roles import Engine


def make(*, seed: int = 0, device: str = "cpu", tension: float = 2.0) -> Engine:  # noqa: ARG001
    """Build the engine.

    Args:
        seed: not used; there is nothing random.
        device: "cpu" or "auto".
        tension: weight against bending, at least 0. Gradients reach about 1 / sqrt(tension) pixels into a
            lacuna. 1 to 4 measure alike on paintings; 0 is the biharmonic engine.

    Raises:
        BadUsage: another device was asked for, or a negative tension.
    """
    cpu_only("tension", device)
    if not tension >= 0:
        raise BadUsage(f"tension is at least 0, got {tension}")
    return Painter(
        name="tension",
        paint=partial(surface, bending=1.0, tension=tension),
        halo=REACH,
        capacity=CAPACITY_PX,
        parameters={"tension": tension},
    )
