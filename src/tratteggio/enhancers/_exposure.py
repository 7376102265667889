"""The route of `lowlight` that needs no net: more light on all of the scan, until its white point is white.

Too little light is a factor on linear light, the same for every pixel and colour. So the values are brought
to linear light, multiplied by one number and brought back: hues and relations stay, as with a longer
exposure. Noise is multiplied, too.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import COLOURS, Array
from tratteggio.painting.tone import from_light, to_light
from tratteggio.windows.light import Light

BRIGHTEST = 0.995
"""Share of the pixels that stay below white. Up to 0.999 paintings gain 4 dB more, but a few hot pixels or
highlights on varnish would then stand for the white of the painting."""
BRIGHT_ENOUGH = 0.2
"""Linear light of the white point from which on a scan is left alone: of 118 paintings none is below 0.25."""
MOST_RATIO = 300.0
LEVELS = 65535  # in which values are counted
BAND_ROWS = 256

log = logging.getLogger("tratteggio")


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """The enhancer by exposure. Satisfies `roles.Enhancer` and `roles.Finder`."""

    told: float | None  # the ratio; not called so, or it would be taken for a developer of raw
    parameters: dict[str, Any]
    name: str = "lowlight"
    scale: int = 1
    reach: int = 0
    step: int = 1
    learnt: bool = False

    @classmethod
    def of(cls, *, ratio: float | None) -> Exposure:
        """Build it.

        Raises:
            BadUsage: a ratio out of its range.
        """
        if ratio is not None and not 1 <= ratio <= MOST_RATIO:
            raise BadUsage(f"ratio of lowlight lies between 1 and {MOST_RATIO:g}, got {ratio:g}")
        told = {} if ratio is None else {"ratio": ratio}
        return cls(told=ratio, parameters={"route": "exposure", **told})

    def channels(self, scan: Scan) -> int:
        """Return as many as the scan has, 1 or 3."""
        if scan.channels not in (1, COLOURS):
            raise BadUsage(f"lowlight takes grey or RGB, got {scan.channels} channels in {scan.name}")
        return scan.channels

    def found(self, scan: Scan) -> dict[str, float]:
        """Return the ratio read off the scan, if none was told."""
        return {"ratio": missing_light(scan)} if self.told is None else {}

    def prepare(self, scan: Scan) -> float:
        """Return the ratio: as told, or as found; say so if the scan is bright enough."""
        if self.told is not None:
            return self.told
        ratio = missing_light(scan)
        if ratio == 1:
            log.warning(
                "%s is bright enough, so lowlight changes nothing; to brighten it all the same, "
                "state how many times, as lowlight:ratio=2",
                scan.name,
            )
        return ratio

    def enhance(self, window: Array, region: Region, context: float) -> Array:  # noqa: ARG002
        """Multiply the light of one window; what passes white becomes white."""
        if context == 1:
            return window
        lit = from_light(to_light(window).clip(0, 1) * context, np.dtype(np.float32))
        return np.asarray(lit.clip(0, 1))


def missing_light(scan: Scan) -> float:
    """Return how many times more light brings the white point of a scan to white.

    The white point is the linear light below which the brightest channel of 99.5 % of the pixels
    lies. The curve of sRGB is assumed, whatever the profile.

    Args:
        scan: grey or RGB, of any depth. Pixels that it does not show do not count.

    Returns:
        1 to 300; exactly 1 if the white point lies at a fifth of white or above, or if all is black.

    Raises:
        BadPixels: NaN or infinite values.

    Example:
        >>> half = np.full((8, 8), 0.1, np.float32)
        >>> round(missing_light(Scan(half)))
        100
        >>> missing_light(Scan(half * 5))
        1.0
    """
    light = Light(scan, np.dtype(np.float32))
    counts = np.zeros(LEVELS + 1, np.int64)
    for band in Region.whole(scan.grid).bands(BAND_ROWS):
        brightest = light[band.slices].max(axis=2)[scan.read_seen(band)]
        counts += np.bincount(np.rint(brightest.clip(0, 1) * LEVELS).astype(np.int64), minlength=LEVELS + 1)
    level = int(np.searchsorted(np.cumsum(counts), BRIGHTEST * counts.sum()))
    point = float(to_light(np.array(level / LEVELS)))
    if level == 0 or point >= BRIGHT_ENOUGH:
        return 1.0
    return float(min(1 / point, MOST_RATIO))
