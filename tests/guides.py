"""Other scans of the painting, for engines that look at them beside the scan that they fill."""

from functools import cache

import numpy as np

from tratteggio import registry
from tratteggio.painting import Scan, Stack


@cache
def looks_at_others(engine: str) -> bool:
    return registry.load("engines", engine).make().reads != ()


def beside(scan: Scan, engine: str) -> Stack:
    """A scan as an engine needs it: alone, or with two others, of another depth and not seen everywhere."""
    if not looks_at_others(engine):
        return Stack((scan,))
    rows, cols = scan.grid
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:rows, 0:cols]
    waves = np.stack([np.sin(x / 5) + np.cos(y / 9), np.sin(y / 6), np.cos(x / 8 + y / 5)], axis=-1)
    levels = 0.5 + 0.15 * waves + rng.normal(0, 0.02, waves.shape)
    seen = np.ones((rows, cols), bool)
    seen[:, cols - cols // 4 :] = False
    infrared = Scan((levels[..., 0].clip(0, 1) * 65535).astype(np.uint16), "irr")
    return Stack((scan, infrared, Scan((levels.clip(0, 1) * 255).astype(np.uint8), "uvf", seen=seen)))
