"""Fill lacunae with patches of the painting's own paint, chosen together: a Markov random field of patches.

Nothing is invented: what is laid into a lacuna was painted elsewhere on the same painting, and only its tone
is moved, to meet the paint at the rim. A measure of squares likes smooth fills better, and smooth engines
reach more decibels; this one keeps the texture. `tratteggio.patches` says how.

Where no whole patch of known paint is left in a window, the tension engine fills it instead, and the log
says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.engines import tension
from tratteggio.engines._painter import cpu_only
from tratteggio.metrics.confidence import nearness
from tratteggio.painting import Lacunae, Stack
from tratteggio.painting.pixels import Array
from tratteggio.patches import fill_from_patches

PATCH = 8  # pixels; 12 and 16 measure alike or less
HALO = 64  # pixels of paint around lacunae to choose from
CAPACITY_PX = 1 << 18


def make(*, seed: int = 0, device: str = "cpu") -> PatchMrf:
    """Build the engine.

    Args:
        seed: fixes the order in which nodes of equal certainty are visited.
        device: "cpu" or "auto".

    Raises:
        BadUsage: another device was asked for.
    """
    cpu_only("patch_mrf", device)
    return PatchMrf(seed=seed)


@dataclass(frozen=True)
class PatchMrf:
    """The engine; satisfies `roles.Engine`."""

    seed: int
    name: str = "patch_mrf"
    reads: tuple[str, ...] = field(default=())
    halo: int = HALO
    capacity: int = CAPACITY_PX
    local: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """What was chosen, for the history."""
        return {"patch_px": PATCH, "cost": "pixels"}

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:
        """Nothing yet: a window is filled from its own paint."""

    def fill(
        self,
        window: Stack,
        lacunae: Lacunae,
        context: Any,  # noqa: ARG002
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window; confidence is how well the patches fit."""
        lost, colour = lacunae.read(), window.primary.colour()
        filled = fill_from_patches(colour, lost, patch=PATCH, rng=np.random.default_rng(self.seed))
        if filled is None:
            logging.getLogger("tratteggio").warning(
                "no patch of %d x %d pixels is whole in a window of %d x %d around lacunae of %s; "
                "engine tension fills it instead of patch_mrf",
                PATCH,
                PATCH,
                *lost.shape,
                lacunae.name,
            )
            return tension.make().fill(window, lacunae, None)[0], nearness(lost)
        return filled.colours, filled.sure
