"""How strong the noise of a scan is, dark and bright, and what its black and white have cut off.

Differences along diagonals, where paint shows least, tell the noise of a block of 32 x 32 pixels: their
median size is that of noise alone (Donoho and Johnstone 1994). Where a block is cut off at black or white,
its mean and the spread of these differences tell how strong the noise was before (Foi 2009, "Clipped noisy
images").

Sensors count photons, so noise depends on light: its variance is taken for a straight line over brightness,
as that of a sensor is in linear light (Foi et al. 2008); after a tone curve it falls instead. The line runs
below most of the blocks, since paint only adds to their spread (quantile regression).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import Array
from tratteggio.windows.light import Light

WINDOWS, SIDE = 8, 64  # along each side of the scan, and the side of each in pixels
BLOCK = 32  # side of what is judged at once, in pixels
QUIET = 0.3  # of the blocks show less than the noise that is believed
UNCUT = 0.005  # of a block may be black or white without its being called cut off
MOST_CUT = 0.9  # of a block; of more, too little is seen of the noise
ALIKE = 0.1  # that share and the one which the noise found would cut off
TO_SIGMA = 1 / 0.6745  # from the median size of a normal deviate to its standard deviation
FEWEST = 24  # blocks for a line
WIDEST = 0.1  # brightness that they must span for one

_MU = np.linspace(-2.5, 6, 512)
"""Means of normal deviates of standard deviation 1, before what is below 0 becomes 0."""
_MEAN = _MU * special.ndtr(_MU) + np.exp(-(_MU**2) / 2) / np.sqrt(2 * np.pi)
_SPREAD = np.sqrt(
    (_MU**2 + 1) * special.ndtr(_MU) + _MU * np.exp(-(_MU**2) / 2) / np.sqrt(2 * np.pi) - _MEAN**2
)
"""Mean and standard deviation after that."""


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Strength of noise by brightness: variances lie on a straight line between two points, and go on even.

    Attributes:
        dark, bright: brightness of the two points, shares of white.
        sigma_dark, sigma_bright: standard deviation of the noise there, shares of white.
        cut: whether the scan cuts noise off at black and white.
    """

    dark: float = 0.0
    bright: float = 1.0
    sigma_dark: float
    sigma_bright: float
    cut: bool

    @classmethod
    def even(cls, sigma: float, *, cut: bool) -> Noise:
        """Return noise of one strength."""
        return cls(sigma_dark=sigma, sigma_bright=sigma, cut=cut)

    def at(self, brightness: Array) -> NDArray[np.float32]:
        """Return the standard deviation where paint is so bright."""
        variance = np.interp(brightness, (self.dark, self.bright), (self.sigma_dark**2, self.sigma_bright**2))
        return np.sqrt(variance).astype(np.float32)

    @property
    def sigma(self) -> float:
        """Return the standard deviation halfway between the two points."""
        return float(self.at(np.array((self.dark + self.bright) / 2)))

    def restore(self, cleaned: Array, sigma: Array) -> Array:
        """Take back what black and white did to the mean: noise cut off at black makes darkness brighter.

        Args:
            cleaned: light without its noise, any shape.
            sigma: of the noise at each place, of a shape that fits.

        Returns:
            light of that shape; as it is if nothing was cut.
        """
        if not self.cut:
            return cleaned
        level = np.maximum(sigma, 1e-6)
        lifted = 1 - level * _before((1 - cleaned) / level)
        return np.asarray(level * _before(lifted / level), cleaned.dtype)


def _before(mean: Array) -> Array:
    """Return the mean before what is below 0 became 0, in standard deviations; not below 0."""
    return np.where(mean < _MEAN[-1], np.interp(mean, _MEAN, _MU).clip(0), mean)


def estimate(scan: Scan) -> Noise:
    """Read the noise off 8 x 8 windows of 64 pixels all over a scan.

    Paint that changes evenly does not count; canvas and brushwork finer than two pixels do, and raise it.

    Args:
        scan: of any depth. Blocks with pixels that it does not show do not count.

    Returns:
        the noise; of strength 0 if there is none, or no room to see it. A line over brightness needs 24
        blocks that span a tenth of the range; fewer make one strength.

    Raises:
        BadPixels: NaN or infinite values.

    Example:
        >>> noisy = np.random.default_rng(0).normal(0.5, 0.04, (256, 256)).astype(np.float32)
        >>> round(estimate(Scan(noisy)).sigma, 2)
        0.04
    """
    light = Light(scan, np.dtype(np.float32))
    # Of whole numbers the differences are multiples of half a level, and so would their median be: spread
    # evenly over that half.
    rng, step = np.random.default_rng(0), 0.5 / scan.white if scan.dtype.kind == "u" else 0.0
    found: list[tuple[float, float]] = []
    cut = True
    for window in _windows(scan.grid):
        x, seen = light[window.slices], scan.read_seen(window)
        cut = cut and bool(x.min() >= 0 and x.max() <= 1)
        for top in range(0, x.shape[0], BLOCK):
            for left in range(0, x.shape[1], BLOCK):
                block = (slice(top, top + BLOCK), slice(left, left + BLOCK))
                if seen[block].all():
                    found += _judge(x[block], step * rng.uniform(-0.5, 0.5, (BLOCK // 2, BLOCK // 2)))
    if not found:
        return Noise.even(0.0, cut=cut)
    brightness, sigma = np.array(found).T
    dark, bright = (float(end) for end in np.quantile(brightness, (0.05, 0.95)))
    if len(found) < FEWEST or bright - dark < WIDEST:
        return Noise.even(float(np.quantile(sigma, QUIET)), cut=cut)
    ends = _line((brightness - dark) / (bright - dark), sigma**2)
    return Noise(dark=dark, bright=bright, sigma_dark=ends[0] ** 0.5, sigma_bright=ends[1] ** 0.5, cut=cut)


def _judge(block: Array, jitter: Array) -> list[tuple[float, float]]:
    """Return (mean, standard deviation of noise) of each channel of a block that shows it."""
    rows, cols = (side // 2 * 2 for side in block.shape[:2])
    if not rows or not cols:
        return []
    a, b, c, d = (block[r:rows:2, k:cols:2] for r in (0, 1) for k in (0, 1))
    detail = np.abs((a - b - c + d) / 2 + jitter[: rows // 2, : cols // 2, None])
    found = []
    for channel in range(block.shape[2]):
        x = block[..., channel]
        black, white = float((x <= 0).mean()), float((x >= 1).mean())
        mean = float(x.mean())
        if black + white < UNCUT:
            found.append((mean, float(np.median(detail[..., channel])) * TO_SIGMA))
        elif max(black, white) <= MOST_CUT:
            spread = float(np.sqrt((detail[..., channel] ** 2).mean()))
            ratio = (mean if black > white else 1 - mean) / max(spread, 1e-9)
            mu = float(np.interp(ratio, _MEAN / _SPREAD, _MU))
            # A frame is black without noise: so much of it would not be cut off by such noise.
            if abs(float(special.ndtr(-mu)) - max(black, white)) <= ALIKE:
                found.append((mean, spread / float(np.interp(mu, _MU, _SPREAD))))
    return found


def _line(place: Array, variance: Array) -> tuple[float, float]:
    """Return the variances at places 0 and 1 of the line below which a share of `QUIET` lies; none below
    0."""
    count, scale = len(place), float(np.median(variance)) or 1.0
    solved = optimize.linprog(
        np.r_[0, 0, np.full(count, QUIET), np.full(count, 1 - QUIET)],
        A_eq=np.concatenate([np.stack([1 - place, place], axis=1), np.eye(count), -np.eye(count)], axis=1),
        b_eq=variance / scale,
    )
    return float(solved.x[0] * scale), float(solved.x[1] * scale)


def _windows(grid: tuple[int, int]) -> list[Region]:
    """Lay windows evenly over a scan; all of it if it is small."""
    firsts = [sorted({int(first) for first in np.linspace(0, max(0, side - SIDE), WINDOWS)}) for side in grid]
    whole = Region.whole(grid)
    return [Region(top, left, top + SIDE, left + SIDE).meet(whole) for top in firsts[0] for left in firsts[1]]
