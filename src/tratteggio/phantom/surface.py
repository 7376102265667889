"""The hand and the matter: brush strokes that follow the form, grain, varnish, all in micrometres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.degradation.simulation.value_noise import Floats, field, millimetres, uniform
from tratteggio.painting.region import Region
from tratteggio.phantom.cartoon import Cartoon

WAYS = 8  # directions of the brush over half a turn
SIDE = 512  # texels of a tile of strokes, which repeats
STROKE_UM = (290.0, 3600.0)  # width and length of a stroke of a fine pointed brush
TEXEL_UM = 80.0


@dataclass(frozen=True, eq=False)
class Surface:
    """The painted surface of a panel, made from its cartoon.

    Attributes:
        cartoon: the composition.
        grid: (rows, cols) of the panel.
        seed: another seed, other strokes.
        um_per_px: micrometres per pixel.
    """

    cartoon: Cartoon
    grid: tuple[int, int]
    seed: int
    um_per_px: float

    def at(self, region: Region, *, varnished: bool = True) -> Floats:
        """Return the encoded RGB of a region: (h, w, 3) float32 in 0 .. 1; with or without its thin varnish.

        A region may reach beyond the panel; the composition goes on there as it is at the rim.
        """
        y, x = millimetres(region, self.um_per_px)
        maps = enlarged(self._maps, self.grid, region)
        colour, hatch, gold = maps[..., :3], maps[..., 3:6], maps[..., 6]
        brush, other = self._strokes(region, maps[..., 7], maps[..., 8])
        rubbed = field(y / 7, x / 7, self.seed, 51)
        grain = field(y / 14, x / 0.55, self.seed, 52)  # upright wood grain, printed through the ground
        aged = field(y / 31, x / 31, self.seed, 53)
        pigment = uniform(bits_of(region), self.seed) - np.float32(0.5)
        rgb = colour + hatch * (brush * (np.float32(1) + np.float32(0.3) * rubbed))[..., None]
        light = (
            grain * np.float32(0.008)
            + pigment * np.float32(0.022)
            + gold * (other * np.float32(0.004) + rubbed * np.float32(0.02))
        )
        warm = (np.float32(1) - gold) * other * np.float32(0.013)
        # Varnish takes blue away, unevenly; pigments of single strokes lean to warm or cool.
        veil = np.float32(0.11) + np.float32(0.04) * aged
        for channel, (lean, takes) in enumerate(((1.0, 0.15), (0.1, 0.45), (-0.9, 1.0))):
            rgb[..., channel] += light + warm * np.float32(lean)
            if varnished:
                rgb[..., channel] *= np.float32(1) - veil * np.float32(takes)
        return np.clip(rgb, 0, 1, out=rgb)

    def gilt(self, region: Region) -> Floats:
        """Return where leaf lies within a region: (h, w), 0 .. 1."""
        return enlarged(self._maps[..., 6:7], self.grid, region)[..., 0]

    def brush(self, region: Region) -> Floats:
        """Return the strokes of the brush within a region: (h, w), about -2 .. 2."""
        way = enlarged(self._maps[..., 7:], self.grid, region)
        return self._strokes(region, way[..., 0], way[..., 1])[0]

    @cached_property
    def _maps(self) -> Floats:
        """(h, w, 9) colour, hatch, gold, and cosine and sine of twice the direction of the brush."""
        cartoon = self.cartoon
        tone = cartoon.colour.mean(axis=2)
        soft = 0.016 * cartoon.sheet.scale
        # The brush follows the form: along the lines of equal tone (structure tensor, Bigun 1987).
        down, right = (ndimage.gaussian_filter(tone, soft / 3, order=o, truncate=3) for o in ((1, 0), (0, 1)))
        twice = np.stack([right * right - down * down, 2 * right * down], axis=-1)
        twice = ndimage.gaussian_filter(twice, (soft, soft, 0), truncate=3)
        twice = twice / (np.hypot(twice[..., :1], twice[..., 1:]) + 1e-7)
        return np.concatenate(
            [cartoon.colour, cartoon.hatch, cartoon.gold[..., None], -twice], axis=-1
        ).astype(np.float32)

    @cached_property
    def _tiles(self) -> Floats:
        """(WAYS, SIDE + 1, SIDE + 1) strokes in each direction, unit variance, repeating."""
        texel = self._texel_um
        width, length = (max(um / texel, 0.7) for um in STROKE_UM)
        fy, fx = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :]
        at = np.arange(SIDE)
        tiles = []
        for way in range(WAYS):
            angle = np.pi * way / WAYS
            along, across = fx * np.cos(angle) + fy * np.sin(angle), fy * np.cos(angle) - fx * np.sin(angle)
            shape = np.exp(-((along * length) ** 2) * 1.2 - ((across * width) ** 2) * 1.2)
            shape *= 1 - np.exp(-((across * width * 3.5) ** 2))  # no blotches, only strokes
            noise = uniform(at[:, None], at[None, :], self.seed, 40 + way) - 0.5
            tile = np.fft.irfft2(np.fft.rfft2(noise) * shape, (SIDE, SIDE))
            tile /= tile.std() + 1e-12
            tiles.append(np.pad(np.clip(tile, -2.2, 2.2), (0, 1), mode="wrap"))
        # Strokes finer than a pixel average out.
        return (np.stack(tiles) * min(1.0, 2 * STROKE_UM[0] / texel)).astype(np.float32)

    @property
    def _texel_um(self) -> float:
        return max(TEXEL_UM, self.um_per_px)

    def _strokes(self, region: Region, cosine: Floats, sine: Floats) -> tuple[Floats, Floats]:
        """Return strokes along the given directions, and how the two nearest directions differ."""
        turn = _way(cosine, sine)
        first = np.floor(turn)
        part = turn - first
        scale = self.um_per_px / self._texel_um
        row, row_part = _wrap(region.top, region.bottom, scale)
        col, col_part = _wrap(region.left, region.right, scale)
        line = SIDE + 1
        place = row[:, None] * line + col[None, :]
        one = first.astype(np.int32) % WAYS
        a = self._sample(place + one * (line * line), row_part, col_part)
        b = self._sample(place + ((one + 1) % WAYS) * (line * line), row_part, col_part)
        return a + (b - a) * part, b - a

    def _sample(self, place: NDArray[np.int32], row_part: Floats, col_part: Floats) -> Floats:
        """Read the tiles between texels."""
        flat, line = self._tiles.reshape(-1), SIDE + 1
        if not row_part.any() and not col_part.any():
            return flat[place]
        a, b = flat[place], flat[place + line]
        a += (flat[place + 1] - a) * col_part
        b += (flat[place + (line + 1)] - b) * col_part
        a += (b - a) * row_part[:, None]
        return a


def enlarged(maps: Floats, grid: tuple[int, int], region: Region) -> Floats:
    """Return maps of a cartoon (h, w, n) at the pixels of a region, joined linearly between its pixels.

    Args:
        maps: over the whole sheet.
        grid: (rows, cols) of the panel.
        region: of the panel; beyond it the maps go on as at the rim.
    """
    row, row_part = _between(region.top, region.bottom, maps.shape[0] / grid[0], maps.shape[0])
    col, col_part = _between(region.left, region.right, maps.shape[1] / grid[1], maps.shape[1])
    after = np.minimum(col + 1, maps.shape[1] - 1)
    first, last = int(col[0]), int(after[-1]) + 1
    low, high = maps[row, first:last], maps[np.minimum(row + 1, maps.shape[0] - 1), first:last]
    by_row = low + (high - low) * row_part[:, None, None]
    left = np.take(by_row, col - first, axis=1)
    right = np.take(by_row, after - first, axis=1)
    right -= left
    right *= col_part[:, None]
    left += right
    return left


def bits_of(region: Region) -> NDArray[np.uint32]:
    """Return a number for each pixel of a region that no neighbour shares."""
    rows, cols = (
        np.arange(low, high).astype(np.uint32)
        for low, high in ((region.top, region.bottom), (region.left, region.right))
    )
    return rows[:, None] * np.uint32(0x9E3779B1) + cols[None, :] * np.uint32(0x85EBCA77)


def _between(start: int, stop: int, scale: float, size: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the cartoon pixel before each panel pixel, and how far on towards the next."""
    at = np.clip((np.arange(start, stop) + 0.5) * scale - 0.5, 0, size - 1)
    whole = np.floor(at).astype(np.int64)
    return whole, (at - whole).astype(np.float32)


def _wrap(start: int, stop: int, scale: float) -> tuple[NDArray[np.int32], Floats]:
    """Return the texel of each pixel on the repeating tile, and the part towards the next."""
    at = np.arange(start, stop) * scale
    whole = np.floor(at)
    return (whole % SIDE).astype(np.int32), (at - whole).astype(np.float32)


def _way(cosine: Floats, sine: Floats) -> Floats:
    """Return a direction as a number in 0 .. WAYS, from cosine and sine of twice its angle.

    Without a transcendental function: the diamond angle rises as the angle does, and is exact everywhere.
    """
    size = np.abs(cosine) + np.abs(sine) + np.float32(1e-9)
    quarter = sine / size
    turned = np.where(
        cosine >= 0, np.where(sine >= 0, quarter, np.float32(4) + quarter), np.float32(2) - quarter
    )
    return turned * np.float32(WAYS / 4)
