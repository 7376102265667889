"""Features as pictures for people to look at: like looks alike, unlike differs; colours mean nothing else."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray
from scipy.cluster import vq

from tratteggio.errors import BadUsage
from tratteggio.painting import Pixels, Region
from tratteggio.painting.pixels import Array
from tratteggio.seeds import require_seed

Floats = NDArray[np.float64]
Rgb = NDArray[np.uint8]

SAMPLE = 1 << 16  # vectors that axes and clusters are found from
BAND = 256  # rows that are read at a time
STRETCH = (1, 99)  # percentiles that become black and white
GOLDEN = 0.618034  # turn from one hue to the next: neighbours in number are far apart in colour


def principal_picture(features: Pixels) -> Rgb:
    """Show the three directions in which features vary most as red, green and blue.

    Args:
        features: (h, w, channels), floating point; may live on disk, and is read in bands.

    Returns:
        (h, w, 3) uint8; a direction in which nothing varies is middle grey.

    Raises:
        BadUsage: not (h, w, channels).

    Example:
        >>> z = np.zeros((4, 4, 5)); z[:2, :, 3] = 7
        >>> principal_picture(z)[[0, 3], 0].tolist()
        [[255, 128, 128], [0, 128, 128]]
    """
    sample = _sample(features)
    mean = sample.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov(sample - mean, rowvar=False, ddof=0).reshape(len(mean), -1))
    axes = axes[:, ::-1][:, :3]
    # An axis has no sign of its own; its strongest channel decides, so that pictures can be compared.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    # What is left of a direction without variance is rounding, which no stretch should show.
    axes = axes * (values[::-1][:3] > 1e-12 * max(values[-1], 1e-30))
    low, high = np.percentile((sample - mean) @ axes, STRETCH, axis=0)
    flat = high <= low
    low, high = np.where(flat, -1, low), np.where(flat, 1, high)
    picture = np.full((*features.shape[:2], 3), 128, np.uint8)
    for band in _bands(features):
        along = (_vectors(features, band) - mean) @ axes
        shade = np.rint(255 * np.clip((along - low) / (high - low), 0, 1)).astype(np.uint8)
        picture[band.slices][..., : shade.shape[1]] = shade.reshape(band.rows, band.cols, -1)
    return picture


def cluster_picture(features: Pixels, *, count: int = 8, seed: int = 0) -> Rgb:
    """Show which features belong together: k-means, each cluster in a colour of its own, the largest first.

    Args:
        features: (h, w, channels), floating point; may live on disk, and is read in bands.
        count: clusters, 2 to 64; fewer where features differ less.
        seed: of the first centres.

    Returns:
        (h, w, 3) uint8.

    Raises:
        BadUsage: not (h, w, channels), or a count out of range.
    """
    require_seed(seed)
    require_count(count)
    sample = _sample(features)
    count = min(count, len(np.unique(sample, axis=0)))
    centres, labels = vq.kmeans2(sample, count, minit="++", seed=seed)
    order = np.argsort(-np.bincount(labels, minlength=count), kind="stable")
    colours = np.empty((count, 3), np.uint8)
    colours[order] = _colours(count)
    picture = np.empty((*features.shape[:2], 3), np.uint8)
    for band in _bands(features):
        nearest, _ = vq.vq(_vectors(features, band), centres)
        picture[band.slices] = colours[nearest].reshape(band.rows, band.cols, 3)
    return picture


def require_count(count: int) -> None:
    """Make sure, before the work, that a picture can show so many clusters.

    Raises:
        BadUsage: fewer than 2 or more than 64.
    """
    if not 2 <= count <= 64:
        raise BadUsage(f"a picture shows 2 to 64 clusters, got {count}")


def _colours(count: int) -> Rgb:
    """Give so many colours, each far from the next."""
    hues = [colorsys.hsv_to_rgb(k * GOLDEN % 1, 0.65, 0.95 - 0.35 * (k % 3) / 2) for k in range(count)]
    colours: Rgb = np.rint(255 * np.array(hues)).astype(np.uint8)
    return colours


def _bands(features: Pixels) -> list[Region]:
    return list(Region.whole((features.shape[0], features.shape[1])).bands(BAND))


def _vectors(features: Pixels, region: Region) -> Floats:
    """Read a region as vectors (pixels, channels)."""
    array: Array = np.asarray(features[region.slices])
    return array.reshape(-1, array.shape[-1]).astype(np.float64)


def _sample(features: Pixels) -> Floats:
    """Read about 65,536 vectors, evenly spread; all of them if there are fewer."""
    if len(features.shape) != 3 or 0 in features.shape:
        raise BadUsage(f"features are (h, w, channels), got {tuple(features.shape)}")
    rows, cols, _ = features.shape
    each = max(1, round((rows * cols / SAMPLE) ** 0.5))
    lines = [Region(row, 0, row + 1, cols) for row in range(each // 2, rows, each)]
    return np.concatenate([_vectors(features, line)[each // 2 :: each] for line in lines])
