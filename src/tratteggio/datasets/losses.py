"""Patches with paint losses as a scan shows them: the ground shows where paint is lost, and where is known.

To a net that fills, a lacuna is a place that it is not shown. A net that finds lacunae has to see them, so
their look is simulated as well:

    paint (an intact image) + lost (a kind of damage)
      -> ground (gesso, fill, canvas, plaster, wood, ... with texture) where paint is lost, its rim soft or
         hard, with a shadow
      -> cracks here and there, which are no losses
      -> light, blur, noise and compression over all, so that none of these tells paint from ground

One patch in four comes from a phantom panel, whose losses are exact. Some patches are intact, since a tool
that finds damage where there is none is worse than none. This simulation is ours: no collection of losses of
real panels has a licence that lets weights be distributed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.datasets.images import damaged_patches, split_request
from tratteggio.degradation import draw_damage, make_damage
from tratteggio.degradation.simulation.capture import photograph, random_photograph
from tratteggio.degradation.simulation.crack_drawing import darken_cracks
from tratteggio.degradation.simulation.ground import simulate_losses
from tratteggio.filters.ground import planes
from tratteggio.painting.pixels import Lost
from tratteggio.painting.region import Region
from tratteggio.phantom import panel
from tratteggio.phantom.motifs import Motif
from tratteggio.seeds import require_seed
from tratteggio.training.dataset import Request, Samples
from tratteggio.training.patches import Patches
from tratteggio.training.sources import Chosen, Joined, Reduced, Source

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float32]

INTACT = 0.3  # share of the patches without any loss
FROM_PHANTOMS = 0.25
PANELS, PANEL_GRID = 24, (512, 512)
UM_PER_PX = (200.0, 100.0, 60.0)  # of panels, by turns
FAR = 640  # px of the longer side that images are also brought to: wide losses are then seen whole
MOTIFS: tuple[Motif, ...] = ("saint", "landscape", "still life")


class LossPatches:
    """Patches of paintings and of phantoms, in part with losses. Each is a pure function of its index.

    Args:
        patches: of intact paintings, RGB; what is lost in them is where losses are drawn.
        seed: another seed, other patches.
    """

    def __init__(self, patches: Patches, *, seed: int = 0) -> None:
        self.patches, self.seed = patches, require_seed(seed)

    @property
    def seconds(self) -> dict[str, float]:
        """Running totals by stage, for the journal."""
        return self.patches.seconds

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of pictures that could not be read so far."""
        return self.patches.unreadable

    def __getitem__(self, index: int) -> tuple[Floats, Floats]:
        """Return truth (9, side, side), what a net is shown and 1 where lost, and known, all 1."""
        rng = np.random.default_rng([self.seed, 7, index])
        if rng.random() < FROM_PHANTOMS:
            shown, lost = self._of_phantom(rng)
        else:
            truth, known, *_ = self.patches[index]
            shown, lost = truth.transpose(1, 2, 0), known[0] < 0.5
            if rng.random() < INTACT:
                lost = np.zeros_like(lost)
            if rng.random() < 0.3:
                shown = _with_cracks(shown, rng)
            shown = simulate_losses(shown, lost, rng)
        shown = photograph(shown, random_photograph(shown.shape, rng))
        truth = np.concatenate([planes(shown), lost[None].astype(np.float32)])
        return truth, np.ones_like(truth[:1])

    def _of_phantom(self, rng: Generator) -> tuple[Floats, Lost]:
        colour, lost = self._panels[int(rng.integers(len(self._panels)))]
        side = self.patches.side
        top, left = (int(rng.integers(max(1, n - side + 1))) for n in PANEL_GRID)
        here = Region(top, left, top + side, left + side).slices
        turns, flip = int(rng.integers(4)), bool(rng.random() < 0.5)
        shown, gone = (np.rot90(a[here], turns) for a in (colour, lost))
        if flip:
            shown, gone = shown[:, ::-1], gone[:, ::-1]
        return shown.astype(np.float32) / np.float32(255), np.ascontiguousarray(gone)

    @cached_property
    def _panels(self) -> Sequence[tuple[NDArray[np.uint8], Lost]]:
        made = (
            panel(
                *PANEL_GRID,
                seed=self.seed + number,
                um_per_px=UM_PER_PX[number // len(MOTIFS) % len(UM_PER_PX)],
                cracks=0.015,
                losses=0.10,
                motif=MOTIFS[number % len(MOTIFS)],
            )
            for number in range(PANELS)
        )
        return [(one.damaged.colour(), one.losses.read()) for one in made]


def make(request: Request) -> Samples:
    """Make patches with simulated losses, of images as they are and from afar, and of phantoms.

    No validation samples: what a detector finds is no proposal to look at. The validation split of the images
    is kept apart all the same, and named in the manifest.

    Raises:
        BadUsage, UnreadableFile: as `images.split_images`.
    """
    found = split_request(request)
    patches = damaged_patches(request, _near_and_far(found.learnt, request.recipe.side))
    training = LossPatches(patches, seed=request.recipe.seed)
    return Samples(training, [], found.names, found.manifest, shown=without_truth)


def _near_and_far(source: Source, side: int) -> Source:
    """Show each image as it is, and once more from afar, unless it is then smaller than a patch."""
    far = Reduced(source, FAR)
    large = [number for number in range(len(far)) if min(far.grid(number)) >= side]
    return Joined((source, Chosen(far, tuple(large))))


def without_truth(patches: Tensor) -> Tensor:
    """Return what a net is shown of patches (B, 9, H, W): all but where paint is lost."""
    return patches[:, :-1]


def _with_cracks(paint: Floats, rng: Generator) -> Floats:
    """Draw dark cracks, which are not to be found as losses."""
    damage = make_damage("craquelure" if rng.random() < 0.5 else "cracks")
    lines = draw_damage(damage, (paint.shape[0], paint.shape[1]), rng)
    return darken_cracks(paint, lines, blur_px=rng.uniform(0.3, 0.8), strength=rng.uniform(0.4, 0.9))
