"""A technical examination of a painted panel: before and during treatment, infrared, X-ray, ultraviolet.

    Painting (wood, ground, drawing, paint, damage, overpaint, varnish)
      -> Modality (what it shows) -> Capture (blur, light, warp, noise) -> Scan

Every pixel depends on the options and its own place: whole or in pieces, the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.painting.pixels import Array, Lost, Pixels
from tratteggio.painting.region import Region
from tratteggio.phantom.capture import Capture
from tratteggio.phantom.layer import Depth, Layer, require_depth
from tratteggio.phantom.modalities import MODALITIES, Modality, intact
from tratteggio.phantom.motifs import Motif
from tratteggio.phantom.overpaint import Overpaint, retouched
from tratteggio.phantom.strata import Painting
from tratteggio.phantom.support import Support
from tratteggio.phantom.warp import Warp
from tratteggio.phantom.work import Work, scaled
from tratteggio.seeds import require_seed

RETOUCHED = 0.5  # share of the losses that an earlier restorer hid


@dataclass(frozen=True, eq=False)
class Truth:
    """What is really there, on the grid of the stack.

    Attributes:
        painted: the cleaned paint without any damage, taken like `rgb_during`: what a fill should propose.
        cracks: the craquelure, without what lies in losses.
        losses: where paint has flaked, retouched or not.
        lacunae: both: what is lost once overpaint and retouches are off (`rgb_during`).
        overpaint: (H, W) bool, broad later paint that hides old paint in `rgb_before`.
        retouch: (H, W) bool, retouches over losses and a little beyond.
        underdrawing: (H, W) bool, carbon black on the ground, whatever was painted over it.
        displacements: by modality, (H, W, 2) float32: the place (row, column) of each pixel in the scan as it
            was taken, less its own place; in pixels of the scan.
    """

    painted: Scan
    cracks: Lacunae
    losses: Lacunae
    lacunae: Lacunae
    overpaint: Pixels
    retouch: Pixels
    underdrawing: Pixels
    displacements: Mapping[str, Pixels]


@dataclass(frozen=True, eq=False)
class Examination:
    """All scans of one panel, and the truth.

    Attributes:
        stack: the scans on the grid of the panel, perfectly registered: rgb_before (3 channels),
            rgb_during (3), irr (1), xray (1), uvf (3).
        scans: the same as they were taken; each on a grid of its own if `misregistered`.
        truth: what is really there.
    """

    stack: Stack
    scans: tuple[Scan, ...]
    truth: Truth


def multimodal(
    rows: int = 1024,
    cols: int = 768,
    *,
    seed: int = 0,
    um_per_px: float = 100.0,
    depth: Depth = "uint8",
    motif: Motif | None = None,
    cracks: float = 0.02,
    losses: float = 0.03,
    overpaint: float = 0.06,
    cradled: bool = False,
    misregistered: bool = False,
) -> Examination:
    """Paint a panel, let it age, have it retouched, and examine it.

    Nothing is computed before pixels are read, but for the composition (at most 1280 pixels a side) on
    the first reading. The same seed without damage is the same panel before it was damaged.

    Args:
        rows, cols: size in pixels.
        seed: another seed is another panel.
        um_per_px: micrometres per pixel; sets the size of strokes, wood grain, cracks, losses and blur.
        depth: type of one sample; "float32" is 0 .. 1.
        motif: "saint", "landscape" or "still life"; None draws one from the seed.
        cracks: share of the area to crack, 0 .. 0.1. A target: the truth says what came of it.
        losses: share of the area to flake, 0 .. 0.5; likewise. Half of the losses were retouched.
        overpaint: share of the area to overpaint, 0 .. 0.5; likewise.
        cradled: whether slats are glued to the back of the panel (they show in the radiograph).
        misregistered: whether `scans` differ from `stack` by a homography, a smooth field of up to 5 pixels
            and, in the infrared, resolution. `rgb_before` is the reference and stays.

    Raises:
        BadUsage: a size, share or scale that cannot be, or an unknown depth or motif.

    Example:
        >>> found = multimodal(64, 48, seed=3)
        >>> {name: found.stack[name].channels for name in found.stack}
        {'rgb_before': 3, 'rgb_during': 3, 'irr': 1, 'xray': 1, 'uvf': 3}
    """
    require_depth(depth)
    require_seed(seed)
    if not 0 <= overpaint <= 0.5:
        raise BadUsage(f"the share of overpaint must lie in 0 .. 0.5, got {overpaint}")
    grid = (rows, cols)
    work = Work(grid, seed, float(um_per_px), float(cracks), float(losses), motif, matter=True)
    painting = Painting(
        work,
        Support(grid, seed, work.um_per_px, cradled),
        Overpaint.aimed(overpaint, seed=seed, um_per_px=work.um_per_px, grid=grid),
        retouched(work.losses, RETOUCHED),
    )
    name = f"phantom {seed}"

    def taken(kind: str, modality: Modality, stream: int, warp: Warp | None = None) -> Scan:
        capture = Capture(painting, modality, warp, seed * 64 + stream, depth)
        size = warp.scan_grid if warp else grid
        shape = (*size, modality.channels) if modality.channels > 1 else size
        return Scan(
            Layer(shape, np.dtype(depth), capture.at),
            modality=kind,
            metadata=scaled(work.um_per_px * rows / size[0]),
            name=f"{name} ({kind})",
        )

    def lazily(
        read: Callable[[Region], Array], kind: type[np.generic] = np.bool_, channels: int = 0
    ) -> Layer:
        return Layer((*grid, channels) if channels else grid, np.dtype(kind), read)

    def lost(read: Callable[[Region], Lost], kind: str) -> Lacunae:
        return Lacunae(lazily(read), name=f"{name} ({kind})")

    warps = {
        kind: Warp.from_seed(grid, scale=modality.scale, seed=seed, stream=number)
        if misregistered and number
        else Warp.none(grid)
        for number, (kind, modality) in enumerate(MODALITIES.items())
    }
    stack = Stack(tuple(taken(kind, modality, k) for k, (kind, modality) in enumerate(MODALITIES.items())))
    scans = stack.scans
    if misregistered:
        scans = (
            scans[0],
            *(
                taken(kind, modality, 32 + k, warps[kind])
                for k, (kind, modality) in enumerate(MODALITIES.items())
                if k
            ),
        )
    during = list(MODALITIES).index("rgb_during")
    truth = Truth(
        painted=taken("rgb", replace(MODALITIES["rgb_during"], shows=intact), during),
        cracks=lost(lambda region: painting.at(region).damage.cracked, "cracks"),
        losses=lost(lambda region: painting.at(region).damage.flaked, "losses"),
        lacunae=lost(lambda region: painting.at(region).damage.lost, "lacunae"),
        overpaint=lazily(lambda region: painting.at(region).overpaint > 0.5),
        retouch=lazily(lambda region: painting.at(region).retouch),
        underdrawing=lazily(lambda region: painting.at(region).drawn),
        displacements={kind: lazily(warp.displacement, np.float32, 2) for kind, warp in warps.items()},
    )
    return Examination(stack, scans, truth)
