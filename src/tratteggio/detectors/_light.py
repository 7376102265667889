"""What detectors see of a window: grey light, and planes of even contrast whatever the exposure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting import Scan, Stack
from tratteggio.painting.modalities import MODALITIES
from tratteggio.painting.pixels import COLOURS, LUMA, Array
from tratteggio.windows.light import Light

Floats = NDArray[np.float32]

AROUND = 32  # px to each side, in which mean and contrast are measured
FAINTEST = np.float32(
    0.012
)  # contrast, as a share of the range, that is not made stronger: 3 levels of 8 bit
OTHERS = tuple(name for name, one in MODALITIES.items() if one.trained and not one.visible)
PLANES = COLOURS + len(OTHERS)


def grey(scan: Scan) -> Floats:
    """Return how light a scan in memory is: (h, w), 0 black .. 1 white."""
    return _grey(Light(scan, np.dtype(np.float32))[:, :])


def even_planes(window: Stack) -> Floats:
    """Return what a net sees of a window: (6, h, w), of even contrast, 0 where there is nothing to see.

    The colours of the primary scan, then those of `OTHERS` (irr, xray, uvf) that are there. The mean over
    65 x 65 pixels is subtracted from each, and the rest is brought to one contrast there, so that a dark
    corner counts as much as a bright one and the exposure does not matter.
    """
    rows, cols = window.grid
    planes = np.zeros((PLANES, rows, cols), np.float32)
    light = Light(window.primary, np.dtype(np.float32))[:, :]
    colours = light if light.shape[2] == COLOURS else np.repeat(_grey(light)[..., None], COLOURS, axis=2)
    planes[:COLOURS] = equalize_contrast(np.moveaxis(colours, 2, 0), seen=window.primary)
    for number, name in enumerate(OTHERS, start=COLOURS):
        if name in list(window) and name != window.primary.modality:
            planes[number] = equalize_contrast(grey(window[name])[None], seen=window[name])[0]
    return planes


def equalize_contrast(planes: Array, *, seen: Scan | None = None) -> Floats:
    """Bring planes (n, h, w) of one scan to even contrast, all by one measure; see `even_planes`.

    Args:
        planes: of one scan, 0 .. 1.
        seen: that scan, if it may not show the painting everywhere; the planes are 0 where it does not.
    """
    side = 2 * AROUND + 1
    away = np.stack(
        [
            plane - ndimage.uniform_filter(plane, side, mode="reflect")
            for plane in np.asarray(planes, np.float32)
        ]
    )
    power = ndimage.uniform_filter(np.mean(away * away, axis=0), side, mode="reflect")
    # Contrast is held to a few times the usual: beyond that, more says nothing more.
    evened = np.clip(away / (2 * np.sqrt(np.maximum(power, 0)) + 2 * FAINTEST), -3, 3)
    if seen is not None and seen.seen is not None:
        evened *= seen.read_seen()
    return np.asarray(evened, np.float32)


def _grey(light: Array) -> Floats:
    if light.shape[2] == COLOURS:
        grey_light: Floats = light @ np.array(LUMA, np.float32)
        return grey_light
    return np.asarray(light.mean(axis=2), np.float32)
