"""Fill wide lacunae with brushwork of the painting itself, laid along what a net expects there.

The net of engine `pconv` is right in broad tones and leaves a smear: the mean of all that could be there.
Engine `patch_mrf` has brushwork and does not know what was there. This engine takes broad tones from the net,
most of all near the rim, and whole pieces of paint from nearby that fit the rim, each other and those tones.
Where pieces meet their tones do. `tratteggio.patches.joint` says how.

Without weights of the net, or with `structure=tension`, a smooth surface leads instead.

Other labels that the nodes kept make other fills, nearly as plausible: `inpaint --samples N`. Where no whole
patch of known paint is left, the structure is the fill, and the log says so.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.engines import pconv
from tratteggio.engines._painter import Paint, Several, cpu_only
from tratteggio.engines._surface import surface
from tratteggio.engines.patch_mrf import Elsewhere
from tratteggio.errors import BadUsage
from tratteggio.metrics.confidence import nearness
from tratteggio.painting import Lacunae, Stack
from tratteggio.painting.pixels import Array, Lost
from tratteggio.patches import Swatch, fill_along
from tratteggio.patches.places import SIDE
from tratteggio.registry import unknown

STRUCTURES = ("net", "tension")
TENSION = 2.0  # as the tension engine's own default
HALO = 64  # pixels of paint around lacunae to choose from, and that the net is shown
CAPACITY_PX = 1 << 18


def make(
    *,
    seed: int = 0,
    device: str = "auto",
    weights: str | Path | None = None,
    structure: str | None = None,
    copy_damage: bool = False,
) -> Brushwork:
    """Build the engine: load the net.

    Args:
        seed: of the search for patches.
        device: of the net, "auto", "cpu" or "cuda"; patches are laid on the CPU.
        weights: for the net, as for engine pconv; None takes those that ship.
        structure: what leads, "net" or "tension"; None takes the net if its weights ship.
        copy_damage: patches may show damage that a damage map keeps, as cracks.

    Raises:
        BadUsage: no such device, or weights for a structure that has no net.
        UnknownName: no such structure.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file of weights is missing or damaged.
        UnsupportedFile: the file holds no weights of a net that fills.
    """
    if structure is None:
        structure = "net" if weights is not None or pconv.ships() else "tension"
    if structure not in STRUCTURES:
        raise unknown("structure", structure, STRUCTURES)
    parameters: dict[str, Any] = {"patch_px": SIDE, "structure": structure, "copy_damage": copy_damage}
    sound = not copy_damage
    if structure == "net":
        net = pconv.make(seed=seed, device=device, weights=weights)
        return Brushwork(
            seed=seed,
            structure=net.paint,
            learnt=net.learnt,
            sound=sound,
            parameters=parameters | net.parameters,
        )
    if weights is not None:
        raise BadUsage("weights serve the net, and structure=tension has none; leave one of them out")
    cpu_only("brushwork:structure=tension", device)
    smooth = partial(surface, bending=1.0, tension=TENSION)
    return Brushwork(
        seed=seed,
        structure=smooth,
        learnt=False,
        sound=sound,
        parameters=parameters | {"tension": TENSION},
    )


@dataclass(frozen=True, kw_only=True)
class Brushwork(Several):
    """The engine; satisfies `roles.Engine`. Other fills are by other labels of those that nodes kept.

    Attributes:
        structure: fills an array smoothly; leads the patches.
        sound: damage that is kept is not copied.
    """

    seed: int
    structure: Paint
    learnt: bool
    sound: bool = True
    name: str = "brushwork"
    reads: tuple[str, ...] | None = ()
    halo: int = HALO
    capacity: int = CAPACITY_PX
    local: bool = False

    def prepare(self, stack: Stack, lacunae: Lacunae) -> Elsewhere | None:
        """Divide the painting into blocks that are alike; None if a window shows as much as there is."""
        return Elsewhere.of(stack, lacunae, sound=self.sound)

    def fill(
        self, window: Stack, lacunae: Lacunae, context: Elsewhere | None
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window; confidence is how well the patches fit."""
        lost, colour = lacunae.read(), window.primary.colour()
        structure = self.structure(colour, lost)
        more = [] if context is None else context.like(window, lost)
        barred = lacunae.read_kept_damage() if self.sound else None
        laid = self.lay(colour, lost, structure, more=more, barred=barred)
        if laid is None:
            logging.getLogger("tratteggio").warning(
                "No patch of %d x %d pixels is whole in a window of %d x %d around lacunae of %s. "
                "The fill there is the smooth structure, without brushwork.",
                SIDE,
                SIDE,
                *lost.shape,
                lacunae.name,
            )
            return structure, nearness(lost)
        return laid

    def lay(
        self,
        colour: Array,
        lost: Lost,
        structure: Array,
        *,
        more: Sequence[Swatch] = (),
        barred: Lost | None = None,
    ) -> tuple[Array, NDArray[np.float32]] | None:
        """Lay patches along a structure; see `tratteggio.patches.fill_along`. None without a whole patch."""
        filled = fill_along(
            colour,
            lost,
            structure,
            rng=np.random.default_rng(self.seed),
            chance=np.random.default_rng([self.seed, self.number]) if self.number else None,
            more=more,
            barred=barred,
        )
        return None if filled is None else (filled.colours, filled.sure)
