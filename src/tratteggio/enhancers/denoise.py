"""Remove noise from a scan with a small net. The strength of the noise is an option, or is estimated.

The strength is told, then it is the same everywhere; or it is read off the scan, dark and bright, and the
net is told by how bright each place is. Noise that black and white have cut off makes darkness brighter
than it was: that is taken back. Canvas and craquelure finer than two pixels are taken for noise as well,
which is why what comes out is a hypothesis.

Scans have any number of channels and any depth; see `tratteggio.models.denoiser`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy import ndimage

from tratteggio.enhancers._noise_level import Noise, estimate
from tratteggio.errors import BadUsage
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import Array

if TYPE_CHECKING:
    from tratteggio.models.denoiser import Denoiser

WEIGHTS = "denoiser"
STRONGEST = 55 / 255  # that the net has learnt
AROUND = 2  # px to each side over which brightness is judged


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
        """Return the strength of the noise, dark and bright, if it was not told."""
        if self.sigma is not None:
            return {}
        noise = estimate(scan)
        return {
            "sigma": noise.sigma,
            f"sigma at {noise.dark:.2f} of white": noise.sigma_dark,
            f"sigma at {noise.bright:.2f} of white": noise.sigma_bright,
        }

    def prepare(self, scan: Scan) -> Noise:
        """Return the noise: as told, or as found."""
        if self.sigma is None:
            return estimate(scan)
        return Noise.even(self.sigma, cut=estimate(scan).cut)

    def enhance(self, window: Array, region: Region, context: Noise) -> Array:  # noqa: ARG002
        """Clean one window."""
        import torch  # noqa: PLC0415  (loaded by now)

        # What is beyond the net counts as its most.
        bright = ndimage.uniform_filter(window.mean(axis=2), 2 * AROUND + 1, mode="nearest")
        sigma = context.at(bright).clip(max=STRONGEST)
        device = next(self.net.parameters()).device
        with torch.inference_mode():
            x = torch.from_numpy(window).to(device).movedim(-1, 0)[None]
            cleaned: Array = (
                self.net.clean(x, torch.from_numpy(sigma).to(device))[0].movedim(0, -1).cpu().numpy()
            )
        return np.ascontiguousarray(context.restore(cleaned, sigma[..., None]))


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
        net=cast("Denoiser", net),
        sigma=sigma,
        reach=REACH + AROUND,
        step=STEP,
        parameters={**told, **parameters},
    )
