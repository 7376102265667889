"""What heads see of a window: statistics around each pixel, and latents of FP-CAE."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.features.encoding import load_net
from tratteggio.features.views import CENTRE_PX, Latents, View
from tratteggio.models.fitting import fitted
from tratteggio.models.fpcae import CELL
from tratteggio.painting import Region, Stack
from tratteggio.windows.light import Light

Floats = NDArray[np.float32]

BLURS = (1.0, 3.0, 8.0)  # px, standard deviations of what is "around"


def seen(window: Stack, latents: Latents, region: Region) -> Floats:
    """Return the features of a window: (h, w, features).

    Each channel of each scan with its mean and its standard deviation around, at three widths; then the
    latents, interpolated between their middles.

    Args:
        window: in memory.
        latents: of the whole painting.
        region: where the window lies in it.
    """
    lights = [Light(scan, np.dtype(np.float32))[:, :] for scan in window.scans]
    planes = []
    for light in lights:
        planes.append(light)
        for blur in BLURS:
            across = (blur, blur, 0)
            mean = ndimage.gaussian_filter(light, across, mode="nearest", truncate=4)
            power = ndimage.gaussian_filter(light * light, across, mode="nearest", truncate=4)
            planes += [mean, np.sqrt(np.maximum(power - mean * mean, 0))]
    planes.append(_between(latents, region))
    return np.concatenate(planes, axis=2)


def _between(latents: Latents, region: Region) -> Floats:
    """Interpolate latents at the pixels of a region: (h, w, 80)."""
    (first, top, down), (second, left, across) = (
        _places(begin, end, count)
        for begin, end, count in (
            (region.top, region.bottom, latents.shape[0]),
            (region.left, region.right, latents.shape[1]),
        )
    )
    coarse = latents[first, second]
    rows = coarse[top] * (1 - down)[:, None, None] + coarse[top + 1] * down[:, None, None]
    between = rows[:, left] * (1 - across)[:, None] + rows[:, left + 1] * across[:, None]
    return between.astype(np.float32, copy=False)


def _places(begin: int, end: int, count: int) -> tuple[slice, NDArray[np.int64], Floats]:
    """Tell which latents lie about pixels of an axis -> (slice of them, the one before each pixel, share)."""
    at = np.clip((np.arange(begin, end) - CENTRE_PX) / CELL, 0, max(count - 1, 0))
    before = np.minimum(at.astype(np.int64), max(count - 2, 0))
    read = slice(int(before[0]), int(before[-1]) + 2)
    return read, before - read.start, (at - before).astype(np.float32)


def latents_of(stack: Stack, *, device: str) -> Latents:
    """Bring a painting before FP-CAE, by the scans of it that the net knows.

    Raises:
        BadUsage: it knows none of them, or the painting is smaller than 32 pixels.
        UnknownName: no such device.
    """
    net, _ = load_net(None, None, device=device)
    return Latents(View(fitted(stack, net.modalities), net))
