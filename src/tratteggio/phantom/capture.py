"""Capture of a scan: point spread of the optics, uneven light, position of the camera, noise, depth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.degradation.simulation.value_noise import Floats, bits
from tratteggio.painting.pixels import Array
from tratteggio.painting.region import Region
from tratteggio.phantom.layer import Depth, stored
from tratteggio.phantom.modalities import Modality
from tratteggio.phantom.strata import Painting
from tratteggio.phantom.surface import bits_of
from tratteggio.phantom.warp import Warp

_SHARPEST = 0.42  # standard deviation in pixels: no lens is sharper than its pixels
_GRAIN = np.float32(1 / (4 * (256**2 - 1) / 12) ** 0.5)  # 1 / standard deviation of the sum of four bytes
_SPLINE = 2  # pixels that a cubic spline reaches to each side


@dataclass(frozen=True, eq=False)
class Capture:
    """One scan of a painting, read by region.

    Attributes:
        painting: what stands before the camera.
        modality: what the camera sees.
        warp: where the scan lies on the panel; None takes the panel pixel by pixel.
        seed: of the noise.
        depth: type of one sample.
    """

    painting: Painting
    modality: Modality
    warp: Warp | None
    seed: int
    depth: Depth

    def at(self, region: Region) -> Array:
        """Return the scan within a region of its own grid: (h, w, 3), or (h, w) for one channel."""
        light = self.lit(region) if self.warp is None else self._warp(region, self.warp)
        value = np.sqrt(light) if self.modality.encoded else light
        value = np.clip(value + self._noise(region, value), 0, 1)
        return stored(value if self.modality.channels > 1 else value[..., 0], self.depth)

    def lit(self, region: Region) -> Floats:
        """Return the linear light of a region of the panel, without noise: (h, w, channels)."""
        far = len(self._spread) // 2
        wide = Region(region.top - far, region.left - far, region.bottom + far, region.right + far)
        light = self.modality.shows(self.painting.at(wide)) * self._light(wide)
        for axis in (0, 1):
            light = ndimage.correlate1d(light, self._spread, axis=axis, mode="nearest")
        inner: Floats = np.clip(light[far : far + region.rows, far : far + region.cols], 0, 1)
        return inner

    @cached_property
    def _spread(self) -> NDArray[np.float64]:
        """Weights of the point spread along one axis."""
        sigma = max(self.modality.blur_um / self.painting.work.um_per_px, _SHARPEST)
        at = np.arange(-int(3 * sigma + 1), int(3 * sigma + 1) + 1)
        weights: NDArray[np.float64] = np.exp(-0.5 * (at / sigma) ** 2)
        weights /= weights.sum()
        return weights

    def _light(self, region: Region) -> Floats:
        """Lamps: full in the middle of the panel, falling off with the square of the distance."""
        rows, cols = self.painting.work.grid
        y = ((np.arange(region.top, region.bottom) + 0.5) / rows - 0.5).astype(np.float32)[:, None, None]
        x = ((np.arange(region.left, region.right) + 0.5) / cols - 0.5).astype(np.float32)[None, :, None]
        dimmed: Floats = np.float32(1) - np.float32(2 * self.modality.falloff) * (y * y + x * x)
        return dimmed

    def _warp(self, region: Region, warp: Warp) -> Floats:
        """Look at the panel through the warp; black cloth lies around it.

        A cubic B-spline joins the pixels: it blurs by 0.58 pixels more, everywhere alike, and rings nowhere.
        """
        # Rounded, so that taking off whole pixels below loses no bits and any region gives the same.
        place = np.rint(warp.seen(region) * 2.0**20) * 2.0**-20
        rows, cols = self.painting.work.grid
        near = np.clip(place, [-1 - _SPLINE, -1 - _SPLINE], [rows + _SPLINE, cols + _SPLINE])
        top, left = (int(np.floor(near[..., axis].min())) - _SPLINE for axis in (0, 1))
        bottom, right = (int(np.floor(near[..., axis].max())) + _SPLINE + 2 for axis in (0, 1))
        source = self.lit(Region(top, left, bottom, right))
        at = (near[..., 0] - top, near[..., 1] - left)
        inside = np.ones(place.shape[:2], np.float32)
        for axis, side in ((0, rows), (1, cols)):
            within = np.minimum(place[..., axis] + 1, side - place[..., axis])
            inside *= np.clip(within, 0, 1).astype(np.float32)
        seen = np.stack(
            [
                ndimage.map_coordinates(source[..., channel], at, order=3, prefilter=False, mode="nearest")
                for channel in range(source.shape[-1])
            ],
            axis=-1,
        )
        framed: Floats = np.clip(seen, 0, 1) * inside[..., None]
        return framed

    def _noise(self, region: Region, value: Floats) -> Floats:
        """Noise of each sample by itself: near enough to Gaussian, a quarter of its variance at black."""
        place = bits_of(region)[..., None]
        word = bits(place, self.seed, np.arange(value.shape[-1]))
        total = np.zeros(value.shape, np.float32)
        for shift in (0, 8, 16, 24):
            total += ((word >> np.uint32(shift)) & np.uint32(255)).astype(np.float32)
        grain = (total - np.float32(510)) * _GRAIN
        grain *= np.sqrt(value * np.float32(0.75) + np.float32(0.25))
        grain *= np.float32(self.modality.noise)
        return grain
