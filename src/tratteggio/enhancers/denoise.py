"""Remove noise from a scan with a small net. The strength of the noise is an option, or is estimated.

The noise is taken for white and Gaussian, alike in all channels: that of a sensor at one exposure, as in
infrared and ultraviolet. Its strength is told, or read off the scan: differences along diagonals, where paint
shows least, in windows all over it; the median of their sizes in a quiet window is that of noise alone
(Donoho and Johnstone 1994). Canvas and craquelure finer than two pixels are taken for noise as well, which is
why what comes out is a hypothesis.

Scans have any number of channels and any depth; see `tratteggio.models.denoiser`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import Array
from tratteggio.windows.light import Light

if TYPE_CHECKING:
    from tratteggio.models.denoiser import Denoiser

WEIGHTS = "denoiser"
STRONGEST = 55 / 255  # that the net has learnt
WINDOWS, SIDE = 8, 64  # along each side of the scan, and the side of each in pixels
QUIET = 0.25  # of the windows hold less detail than the one that is believed
SEEN = 0.25  # of a window must be neither black nor white
TO_SIGMA = 1 / 0.6745  # from the median size of a normal deviate to its standard deviation


@dataclass(frozen=True, kw_only=True)
class Denoise:
    """The enhancer. Satisfies `roles.Enhancer` and `roles.Finder`."""

    net: Denoiser
    sigma: float | None
    name: str = "denoise"
    learnt: bool = True
    scale: int = 1
    reach: int
    step: int
    parameters: dict[str, Any]

    def channels(self, scan: Scan) -> int:
        """Return as many as the scan has."""
        return scan.channels

    def found(self, scan: Scan) -> dict[str, float]:
        """Return the strength of the noise, if it was not told; what is beyond the net counts as its most."""
        return {"sigma": min(estimated(scan), STRONGEST)} if self.sigma is None else {}

    def prepare(self, scan: Scan) -> float:
        """Return the strength of the noise: as told, or as found."""
        return self.found(scan)["sigma"] if self.sigma is None else self.sigma

    def enhance(self, window: Array, region: Region, context: float) -> Array:  # noqa: ARG002
        """Clean one window."""
        import torch  # noqa: PLC0415  (loaded by now)

        device = next(self.net.parameters()).device
        with torch.inference_mode():
            x = torch.from_numpy(window).to(device).movedim(-1, 0)[None]
            answer: Array = self.net.clean(x, context)[0].movedim(0, -1).cpu().numpy()
        return np.ascontiguousarray(answer)


def make(*, device: str = "auto", sigma: float | None = None, weights: str | Path | None = None) -> Denoise:
    """Build the enhancer: load the weights.

    Args:
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        sigma: standard deviation of the noise as a share of white, 0.1 being 25.5 of 255 levels, up to 0.215;
            None reads it off the scan.
        weights: a file that `tratteggio train denoiser` wrote; None takes those that ship.

    Raises:
        BadUsage: no such device, or a sigma out of its range.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another kind of net.
    """
    if sigma is not None and not 0 < sigma <= STRONGEST:
        raise BadUsage(f"sigma of denoise lies above 0 and up to {STRONGEST:.3f} of white, got {sigma:g}")
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    net, parameters = loaded(
        "enhancer denoise", weights=weights or WEIGHTS, homes=("denoiser",), device=device
    )
    from tratteggio.models.denoiser import REACH, STEP  # noqa: PLC0415  (brings torch)

    told = {} if sigma is None else {"sigma": sigma}
    return Denoise(
        net=cast("Denoiser", net), sigma=sigma, reach=REACH, step=STEP, parameters={**told, **parameters}
    )


def estimated(scan: Scan) -> float:
    """Read off a scan how strong its noise is.

    In each of 8 x 8 windows of 64 pixels and in each channel the median size of (a - b - c + d) / 2 over
    2 x 2 pixels, times 1.4826: paint that changes evenly leaves it alone. Pixels that are black or white,
    where sensors cut noise off, do not count, nor do windows with few others. Of the windows the one is
    believed that a quarter of them stay below; of the channels, the middle one. Strong noise that is cut off
    at black or white is underrated: by a sixth at 50 of 255 levels.

    Args:
        scan: of any depth.

    Returns:
        the standard deviation, as a share of white; 0 if there is none, or no room to see it.

    Raises:
        BadPixels: NaN or infinite values.

    Example:
        >>> noisy = np.random.default_rng(0).normal(0.5, 0.04, (256, 256)).astype(np.float32)
        >>> round(estimated(Scan(noisy)), 2)
        0.04
    """
    light = Light(scan, np.dtype(np.float32))
    # Of whole numbers these differences are multiples of half a level, and so would their median be: spread
    # evenly over that half.
    rng, step = np.random.default_rng(0), 0.5 / scan.white if scan.dtype.kind == "u" else 0.0
    found = []
    for window in _windows(scan.grid):
        x = light[window.slices]
        a, b, c, d = (x[r : len(x) // 2 * 2 : 2, k : x.shape[1] // 2 * 2 : 2] for r in (0, 1) for k in (0, 1))
        detail = np.abs((a - b - c + d) / 2 + rng.uniform(-step / 2, step / 2, a.shape))
        cut = np.any([(part == 0) | (part == 1) for part in (a, b, c, d)], axis=(0, 3))
        if np.count_nonzero(~cut) > SEEN * cut.size:
            found.append(np.median(detail[~cut], axis=0) * TO_SIGMA)
    if not found:
        return 0.0
    return float(np.median(np.quantile(found, QUIET, axis=0)))


def _windows(grid: tuple[int, int]) -> list[Region]:
    """Lay windows evenly over a scan; all of it if it is small."""
    firsts = [sorted({int(first) for first in np.linspace(0, max(0, side - SIDE), WINDOWS)}) for side in grid]
    whole = Region.whole(grid)
    return [Region(top, left, top + SIDE, left + SIDE).meet(whole) for top in firsts[0] for left in firsts[1]]
