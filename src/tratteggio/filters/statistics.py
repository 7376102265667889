"""What light looks like around each pixel, from near to far: colour, spread, edges, blobs.

Of each plane of a scan (L*, a* and b* of colours, lightness of other scans), at Gaussians of several widths:

    level    the mean around
    spread   the standard deviation around
    apart    the difference of two means, a blob or a rim (a Laplacian, nearly)

and of the first plane of each scan, besides

    edge     how strong the gradient is
    grain    both eigenvalues of the structure tensor: one is large along an edge, both in texture
    curve    both eigenvalues of the Hessian: one is large along a line, both on a spot

Every number is kept at 8 bits, small ones finer than large ones, so that all planes of a megapixel take less
than 100 MB. The set is that of ilastik (Berg et al., "ilastik: interactive machine learning for
(bio)image analysis", Nature Methods 16, 2019), with means that reach further.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting.pixels import COLOURS, Array

Floats = NDArray[np.float32]
Levels = NDArray[np.uint8]

WIDTHS = (0.7, 1.6, 3.5, 8.0, 20.0, 50.0)  # px, standard deviations of what is "around"
SPREADS = (1.6, 3.5, 8.0, 20.0)
FAR_APART = ((3.5, 50.0), (8.0, 50.0))  # beside neighbours of `WIDTHS`
EDGES = (1.0, 3.5)
TRUNCATE = 3
REACH = 160  # three times the widest, and whole blocks
STEP = 16  # px a side of the largest block that wide means are computed from
FINEST = 4.0  # px; wider means are computed from blocks
LARGEST = 60.0  # difference or spread, in units of L*, that is told from larger ones
WHITE = (0.9505, 1.0, 1.089)
TO_XYZ = np.array([(0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)], np.float32)


def statistics(light: Array) -> dict[str, Levels]:
    """Return all planes of a scan by name, each (h, w) uint8.

    Args:
        light: (h, w, C), 0 black .. 1 white, sRGB if C is 3. Blocks are counted from its upper left corner:
            of a window that begins at a multiple of `STEP` and has `REACH` pixels around it that are left
            out, the planes are those of the whole.
    """
    found: dict[str, Levels] = {}
    planes = lab(light) if light.shape[2] == COLOURS else 100 * light.mean(axis=2, keepdims=True)
    for name, plane in zip("Lab", np.moveaxis(planes, 2, 0), strict=False):
        middle = 0.0 if name == "L" else 128.0
        scale = 2.55 if name == "L" else 1.0
        means = {width: mean_around(plane, width) for width in WIDTHS}
        for width, mean in means.items():
            found[f"{name} level {width:g}"] = _bits(middle + scale * mean)
        for width in SPREADS:
            power = mean_around(plane * plane, width) - means[width] ** 2
            found[f"{name} spread {width:g}"] = _of_size(np.sqrt(np.maximum(power, 0)))
        for near, far in (*pairwise(WIDTHS), *FAR_APART):
            found[f"{name} apart {near:g} {far:g}"] = _signed(means[near] - means[far])
    for width in EDGES:
        for kind, values in _edges(planes[..., 0], width):
            found[f"{kind} {width:g}"] = values
    return found


def _edges(plane: Array, width: float) -> Iterator[tuple[str, Levels]]:
    down, across = np.gradient(mean_around(plane, width))
    yield "edge", _of_size(np.hypot(down, across))
    dd, aa, da = (mean_around(np.asarray(one), 2 * width) for one in (down**2, across**2, down * across))
    half, root = (dd + aa) / 2, np.hypot((dd - aa) / 2, da)
    yield "grain along", _of_size(np.sqrt(half + root))
    yield "grain across", _of_size(np.sqrt(np.maximum(half - root, 0)))
    (dd, da), aa = np.gradient(down), np.gradient(across, axis=1)
    half, root = (dd + aa) / 2, np.hypot((dd - aa) / 2, da)
    yield "curve most", _signed(half + root)
    yield "curve least", _signed(half - root)


def mean_around(plane: Array, width: float) -> Floats:
    """Blur by a Gaussian; a wide one from means of blocks, as good in a fraction of the time."""
    if width <= FINEST:
        blurred = ndimage.gaussian_filter(plane, width, mode="nearest", truncate=TRUNCATE)
        return np.asarray(blurred, np.float32)
    block = int(2 ** np.floor(np.log2(width / 2)))
    rows, cols = plane.shape
    padded = np.pad(plane, ((0, -rows % block), (0, -cols % block)), mode="edge")
    means = padded.reshape(padded.shape[0] // block, block, -1, block).mean(axis=(1, 3))
    means = ndimage.gaussian_filter(means, width / block, mode="nearest", truncate=TRUNCATE)
    between = ndimage.zoom(means, block, order=1, mode="nearest", grid_mode=True)
    return np.asarray(between[:rows, :cols], np.float32)


def lab(light: Array) -> Floats:
    """Return CIE L*, a*, b* of sRGB light (h, w, 3) under D65."""
    values = np.asarray(light, np.float32)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = linear.astype(np.float32) @ TO_XYZ.T / np.array(WHITE, np.float32)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    planes = (116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2]))
    return np.stack(planes, axis=2).astype(np.float32)


def _bits(values: Array) -> Levels:
    return np.asarray(np.rint(np.clip(values, 0, 255)), np.uint8)


def _of_size(values: Array) -> Levels:
    return _bits(255 * np.sqrt(np.minimum(values / LARGEST, 1)))


def _signed(values: Array) -> Levels:
    return _bits(127.5 + 127.5 * np.sign(values) * np.sqrt(np.minimum(np.abs(values) / LARGEST, 1)))
