"""An even, quieter tone per lacuna: the loss is closed and nothing is invented.

The tone is the mean of the fill over a group of lacunae that lie close together, in linear light (what the
eye would see from afar), with half its saturation taken away at equal luminance, so that it stays behind the
paint around it. A net of cracks may span the whole painting, where one tone would be wrong everywhere: there
the mean is taken block by block and eased between blocks, so that it follows the paint slowly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.painting import Groups, Lacunae, Pixels, Region, Restoration
from tratteggio.painting.pixels import Array, Lost
from tratteggio.painting.tone import Light, from_light, luminance, to_light

SATURATION = 0.5  # what is left of it
CELL_PX = 16  # lacunae closer than this share a tone
BLOCK_PX = 128  # within nets of cracks
NET_SHARE, NET_PX = (
    0.25,
    512,
)  # a net: fills less than this of its bounding box, and reaches further than this


@dataclass(frozen=True)
class Tones:
    """Linear light per group, and for nets of cracks per block.

    Attributes:
        groups: where the groups lie.
        of_group: (n + 1, channels).
        is_net: (n + 1,) bool.
        net_sum: (block rows, block cols, channels), light summed over net pixels.
        net_count: (block rows, block cols), number of net pixels.
    """

    groups: Groups
    of_group: Light
    is_net: NDArray[np.bool_]
    net_sum: Light
    net_count: Light


@dataclass(frozen=True, eq=False)
class Neutral:
    """Lays the tones in. The first reading looks once at all of the fill, in bands."""

    fill: Pixels
    lacunae: Lacunae
    white: float | None = None
    saturation: float = SATURATION
    halo: int = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """How much saturation is left, and what counts as one lacuna."""
        return {"saturation": self.saturation, "cell_px": CELL_PX}

    @cached_property
    def tones(self) -> Tones:
        """The tones of this painting."""
        return mean_tones(self.fill, self.lacunae, white=self.white)

    def apply(self, fill: Array, lost: Lost, at: Region) -> Array:
        """Return the tone of each lost pixel."""
        shown = fill.copy()
        rows, cols = np.nonzero(lost)
        group = self.tones.groups.label_map(at)[rows, cols]
        light = self.tones.of_group[group]
        net = self.tones.is_net[group]
        light[net] = _net_light(self.tones, at.top + rows[net], at.left + cols[net])
        grey = luminance(light)
        shown[rows, cols] = from_light(grey + self.saturation * (light - grey), fill.dtype, self.white)
        return shown


def make(restoration: Restoration, *, saturation: float = SATURATION) -> Neutral:
    """Make the finish for a restoration.

    Args:
        restoration: the proposal.
        saturation: share of the saturation that is left, 0 (grey) to 1 (all).

    Raises:
        BadUsage: a share below 0 or above 1.
    """
    if not 0 <= saturation <= 1:
        raise BadUsage(f"neutral: saturation must be 0 to 1, got {saturation}")
    return Neutral(restoration.fill, restoration.lacunae, restoration.original.metadata.white, saturation)


def mean_tones(fill: Pixels, lacunae: Lacunae, *, white: float | None = None) -> Tones:
    """Average a fill over each group of lacunae, in one pass over bands of 256 rows.

    Args:
        fill: (H, W, channels).
        lacunae: on the same grid.
        white: of the fill; None: that of its dtype.
    """
    groups = lacunae.groups(CELL_PX)
    boxes = np.array([(region.rows, region.cols) for region in groups.regions], dtype=np.int64).reshape(-1, 2)
    sparse = groups.lost_px < NET_SHARE * boxes.prod(axis=1)
    is_net = np.concatenate([[False], sparse & (boxes.max(axis=1, initial=0) > NET_PX)])
    channels, across = fill.shape[2], -(-lacunae.grid[1] // BLOCK_PX)
    blocks = -(-lacunae.grid[0] // BLOCK_PX) * across
    of_group, of_block = np.zeros((len(is_net), channels + 1)), np.zeros((blocks, channels + 1))
    for band in Region.whole(lacunae.grid).bands(2 * BLOCK_PX):
        rows, cols = np.nonzero(lacunae.read(band))
        if len(rows) == 0:
            continue
        light = to_light(np.asarray(fill[band.slices])[rows, cols], white)
        group = groups.label_map(band)[rows, cols]
        block = (band.top + rows) // BLOCK_PX * across + cols // BLOCK_PX
        net = is_net[group]
        of_group += _sums(light, group, len(is_net))
        of_block += _sums(light[net], block[net], blocks)
    by_place = of_block.reshape(-1, across, channels + 1)
    return Tones(
        groups,
        of_group[:, :-1] / np.maximum(of_group[:, -1:], 1),
        is_net,
        by_place[..., :-1],
        by_place[..., -1],
    )


def _sums(light: Light, index: NDArray[Any], length: int) -> Light:
    """Sum (n, channels) by index: (length, channels + 1), the last column the number of pixels."""
    columns = [np.bincount(index, weights=channel, minlength=length) for channel in light.T]
    return np.stack([*columns, np.bincount(index, minlength=length).astype(np.float64)], axis=1)


def _net_light(tones: Tones, rows: NDArray[Any], cols: NDArray[Any]) -> Light:
    """Ease between the means of the four nearest blocks: (n, channels)."""
    # Sums and counts are eased apart and divided last, so that a block without cracks has no say. A pixel's
    # own block counts at least a quarter, hence the count is never zero.
    where = np.stack([(rows + 0.5) / BLOCK_PX - 0.5, (cols + 0.5) / BLOCK_PX - 0.5])
    count = ndimage.map_coordinates(tones.net_count, where, order=1, mode="nearest")
    channels = range(tones.net_sum.shape[2])
    total = [ndimage.map_coordinates(tones.net_sum[..., c], where, order=1, mode="nearest") for c in channels]
    return np.asarray(np.stack(total, axis=1) / count[:, None])
