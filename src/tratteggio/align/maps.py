"""What modalities share: where edges run. Orientation maps, and scans at reduced size to make them from.

Paint, infrared and X-rays disagree about what is light and what is dark, but a contour runs the same way in
all of them. A gradient gx + i gy points the other way where dark and light are exchanged; its square does
not. So an orientation map holds the gradient with its angle doubled, its length made comparable from place
to place: the same contour gives the same complex number in every modality.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import Array

Grey = NDArray[np.float32]
Orientation = NDArray[np.complex64]

BAND_ROWS = 512
FLOOR = 0.1  # of the mean gradient: what is weaker is noise
QUIET = 0.01  # of the strongest frequency: what is weaker is noise
TAPS = 12  # pixels that whitening reaches to each side


def grey(scan: Scan, factor: int = 1) -> Grey:
    """Return the mean of the colour channels over factor x factor pixels; incomplete ones at the end go.

    The scan is read once, band by band. Not finite samples count as 0.
    """
    rows, cols = (side // factor for side in scan.grid)
    bands = Region.whole((rows * factor, cols * factor)).bands(factor * max(1, BAND_ROWS // factor))
    return np.concatenate([_reduce(scan.colour(band), factor) for band in bands])


def _reduce(colour: Array, factor: int) -> Grey:
    flat = np.nan_to_num(colour.astype(np.float32), nan=0, posinf=0, neginf=0).mean(axis=-1)
    rows, cols = (side // factor for side in flat.shape)
    reduced: Grey = flat.reshape(rows, factor, cols, factor).mean(axis=(1, 3), dtype=np.float32)
    return reduced


def orientation(image: Grey, *, sigma: float, around: float) -> Orientation:
    """Return the orientation map of a grey picture: (H, W) complex64, length about 1 at edges.

    Args:
        picture: (H, W) float32.
        sigma: of the Gaussian whose derivative finds edges, in pixels.
        around: of the Gaussian neighbourhood whose mean contrast counts as 1, in pixels.
    """
    gradient = (
        ndimage.gaussian_filter(image, sigma, order=(1, 0), mode="nearest")
        + np.complex64(1j) * ndimage.gaussian_filter(image, sigma, order=(0, 1), mode="nearest")
    ).astype(np.complex64)
    length = np.abs(gradient)
    local = np.sqrt(ndimage.gaussian_filter(length * length, around, mode="nearest"))
    scale = local + np.float32(FLOOR) * np.float32(np.sqrt(np.mean(length * length)))
    doubled = gradient * gradient / np.maximum(length * scale, np.finfo(np.float32).tiny)
    return np.asarray(doubled, dtype=np.complex64)


def whitened(edges: Orientation, corners: NDArray[np.intp], *, patch: int) -> Orientation:
    """Return an orientation map in which no frequency outweighs the others.

    Wood grain, canvas and brushwork fill a map with one pattern that matches itself at many shifts; weighed
    down to what all else has, it no longer drowns contours that two scans share.

    Args:
        edges: (H, W).
        corners: (k, 2) top left corners of the patches whose mean spectrum counts.
        patch: side of a patch, pixels.
    """
    hann = np.sin(np.pi * (np.arange(patch) + 0.5) / patch) ** 2
    cut = np.stack([edges[r : r + patch, c : c + patch] for r, c in corners]) - edges.mean()
    power = np.mean(np.square(np.abs(fft.fft2(cut * np.outer(hann, hann)))), axis=0)
    power = ndimage.gaussian_filter(power, 1, mode="wrap")
    kernel = fft.fftshift(fft.ifft2(1 / np.sqrt(power + max(QUIET * power.max(), 1e-12))))
    middle = slice(patch // 2 - TAPS, patch // 2 + TAPS + 1)
    taper = np.cos(np.pi / 2 * np.arange(-TAPS, TAPS + 1) / (TAPS + 1)) ** 2
    kernel = kernel[middle, middle] * np.outer(taper, taper)
    return np.asarray(signal.fftconvolve(edges, kernel, mode="same"), dtype=np.complex64)
