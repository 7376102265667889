"""The fill with a thin contour just inside the border of each lacuna: one sees at once what is proposed.

The contour is the fill's own colour, far darker where the fill around is light and far lighter where it is
dark. It lies on lost pixels only. A crack narrower than three contours would be contour and nothing else: it
gets a broken line instead, a third of its length in short pieces, and shows its fill between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.painting import Region, Restoration
from tratteggio.painting.pixels import Array, Lost
from tratteggio.painting.tone import MIDDLE, Light, from_light, luminance, to_light

OUTLINE_UM = 150.0
OUTLINE_PX = 2  # where the scan does not know its scale
PIECE = 4  # length of the pieces of a broken line, in contour widths
DARKENED, LIGHTENED = 0.12, 0.6  # share of the light that stays; share of the way to white


@dataclass(frozen=True)
class Outlined:
    """Draws the contour.

    Attributes:
        outline_px: width of the contour in pixels.
        um_per_px: micrometres per pixel, or None; for the history.
        white: of the fill; None: that of its dtype.
    """

    outline_px: int
    um_per_px: float | None = None
    white: float | None = None

    @property
    def halo(self) -> int:
        """Reach of the search for thin places, and of the look at the tone around."""
        return 8 * self.outline_px + 2

    @property
    def parameters(self) -> dict[str, Any]:
        """Width of the contour, in pixels and, if the scan knows its scale, in micrometres."""
        known = {} if self.um_per_px is None else {"outline_um": round(self.outline_px * self.um_per_px, 1)}
        return {"outline_px": self.outline_px, **known}

    def apply(self, fill: Array, lost: Lost, at: Region) -> Array:
        """Return the fill with its contour."""
        drawn = contour(lost, top=at.top, left=at.left, outline_px=self.outline_px)
        light = np.zeros(fill.shape)
        light[lost] = to_light(fill[lost], self.white)
        shown = fill.copy()
        shown[drawn] = from_light(_against(light, lost, 2 * self.outline_px)[drawn], fill.dtype, self.white)
        return shown


def make(restoration: Restoration, *, outline_px: int | None = None) -> Outlined:
    """Choose the width of the contour: as given, else from the scan's scale.

    Args:
        restoration: the proposal.
        outline_px: width of the contour in pixels, 1 or more; None: 150 µm, or 2 pixels if the scan has no
            scale.

    Raises:
        BadUsage: a contour of no width.
    """
    um_per_px = restoration.original.um_per_px
    if outline_px is not None:
        if outline_px < 1:
            raise BadUsage(f"outlined: outline_px must be 1 or more, got {outline_px}")
        return Outlined(outline_px, um_per_px, restoration.original.metadata.white)
    wanted = OUTLINE_PX if um_per_px is None else round(OUTLINE_UM / um_per_px)
    return Outlined(max(1, wanted), um_per_px, restoration.original.metadata.white)


def contour(lost: Lost, *, top: int, left: int, outline_px: int) -> Lost:
    """Return which lost pixels the contour covers: (h, w) bool.

    Args:
        lost: (h, w) bool.
        top, left: where the array lies in the painting, for the pieces of broken lines.
        outline_px: width of the contour in pixels.
    """
    if lost.all():
        return np.zeros_like(lost)  # no border in sight
    half = 1.5 * outline_px
    depth = ndimage.distance_transform_edt(lost)  # from the nearest known pixel; its neighbours have 1
    core = depth > half
    near_core = ndimage.distance_transform_edt(~core) <= half + outline_px if core.any() else core
    border = lost & (depth <= outline_px)
    rows = (top + np.arange(lost.shape[0])) // (PIECE * outline_px)
    cols = (left + np.arange(lost.shape[1])) // (PIECE * outline_px)
    return np.asarray(border & (near_core | _piece(rows[:, None], cols)))


def _against(light: Light, lost: Lost, sigma: int) -> Light:
    """Return colours that stand out from the fill around: (h, w, channels) linear light."""
    # Means over lost pixels nearby, so that a speckled fill does not make a speckled contour.
    blur = {"sigma": sigma, "radius": 3 * sigma, "axes": (0, 1), "mode": "constant"}
    share = ndimage.gaussian_filter(lost[..., None].astype(np.float64), **blur)
    around = ndimage.gaussian_filter(light, **blur) / np.maximum(share, 1e-12)
    lighter = around + LIGHTENED * (1 - around)
    return np.asarray(np.where(luminance(around) > MIDDLE, DARKENED * around, lighter))


def _piece(rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Lost:
    """Choose a third of the squares of a lattice by their place, so that no straight crack misses all."""
    x = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + cols.astype(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((x ^ (x >> np.uint64(31))) % np.uint64(3) == 0)
