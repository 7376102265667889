"""What a wide lacuna looks like from afar: a smooth fill at reduced scale, so that structure crosses the gap.

Windows cut from a wide group may see no paint at all on some side. There they are held to this guide, which
all of them share, and so they meet without seams.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.filters.diffusion import diffuse
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.painting.pixels import Array, Lost, block_sums

SIDE = 768  # longest side of a guide, in reduced pixels
MARGIN = 64  # paint around the group that the guide looks at, in full-size pixels
BAND_PX = 2**21  # full-size pixels read at a time


@dataclass(frozen=True, eq=False)
class Guide:
    """A coarse fill of one wide group.

    Attributes:
        region: the part of the painting it covers.
        factor: full-size pixels per reduced pixel.
        colours: (h, w, channels) float32, in the units of the scan.
        known: (h, w) bool, False where no paint is known and colours are diffused.
    """

    region: Region
    factor: int
    colours: NDArray[np.float32]
    known: Lost

    def at(self, where: Lost, box: Region) -> Array:
        """Interpolate the guide at the True pixels of `where`, an array that covers `box`: (n, channels)."""
        rows, cols = np.nonzero(where)
        # Reduced pixel k covers full-size pixels k * factor ... (k + 1) * factor - 1: centres, not corners.
        y = (rows + box.top - self.region.top + 0.5) / self.factor - 0.5
        x = (cols + box.left - self.region.left + 0.5) / self.factor - 0.5
        channels = [
            ndimage.map_coordinates(self.colours[..., c], (y, x), order=1, mode="nearest")
            for c in range(self.colours.shape[2])
        ]
        return np.stack(channels, axis=-1)


def guide(scan: Scan, lacunae: Lacunae, group: Region) -> Guide:
    """Fill a region at reduced scale: the mean of the known paint in each block, the rest diffused.

    Args:
        scan: read once over the group's bounding box, in bands.
        group: bounding box of the wide group.

    Raises:
        BadUsage: the scan shows nothing around the group.
    """
    region = group.grow(MARGIN, within=scan.grid)
    factor = max(1, -(-max(region.rows, region.cols) // SIDE))
    sums, weights = [], []
    for band in region.bands(factor * max(1, BAND_PX // (region.cols * factor))):
        known = scan.known(lacunae, band)
        colours = np.where(known[..., None], scan.colour(band), 0).astype(np.float32)
        sums.append(block_sums(colours, factor))
        weights.append(block_sums(known[..., None].astype(np.float32), factor))
    total, weight = np.concatenate(sums), np.concatenate(weights)
    unknown = weight[..., 0] == 0
    if unknown.all():
        raise nothing_known(scan, region)
    return Guide(region, factor, diffuse(total / np.maximum(weight, 1), unknown), ~unknown)


def nothing_known(scan: Scan, region: Region) -> BadUsage:
    """Return the error for lacunae around which a scan shows nothing."""
    return BadUsage(
        f"{scan.name} does not show the painting in rows {region.top} to {region.bottom}, columns "
        f"{region.left} to {region.right}, so no paint is known there to fill lacunae from; "
        "take them out of the mask"
    )
