"""How different two colours look (CIEDE2000), and how near colours are that a net gave to grey (AuC)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch

Array = NDArray[Any]
Floats = NDArray[np.float64]


def ciede2000(lab_a: Array, lab_b: Array, *, k_l: float = 1.0, k_c: float = 1.0, k_h: float = 1.0) -> Floats:
    """Return the CIEDE2000 difference of two sets of colours, pair by pair; 1 is about the least one sees.

    Written out here instead of taken from scikit-image, so that `evaluate` and the report work without an
    extra; the tests hold it to scikit-image and to the published data.

    Args:
        lab_a: CIE L*a*b*, (..., 3), L* in 0 .. 100.
        lab_b: as lab_a, of the same shape. The difference is symmetric.
        k_l: weight of lightness; 1 for the reference viewing conditions, 2 is used for textiles.
        k_c: weight of chroma.
        k_h: weight of hue.

    Returns:
        (...) float64, 0 or more.

    Raises:
        GridMismatch: the shapes differ, or the last axis is not L*, a*, b*.

    Source:
        G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula: implementation notes,
        supplementary test data, and mathematical observations", Color Research & Application 30(1), 2005,
        eq. 2 to 22.

    Example:
        >>> ciede2000(np.array([50.0, 2.5, 0.0]), np.array([73.0, 25.0, -18.0])).round(4)
        np.float64(27.1492)
    """
    if np.shape(lab_a) != np.shape(lab_b) or np.shape(lab_a)[-1:] != (3,):
        raise GridMismatch(
            "two sets of Lab colours must share one shape (..., 3), "
            f"got {np.shape(lab_a)} and {np.shape(lab_b)}"
        )
    light_a, chroma_a, hue_a, light_b, chroma_b, hue_b = _adapted(lab_a, lab_b)
    light, chroma = (light_a + light_b) / 2, (chroma_a + chroma_b) / 2
    hue, turn = _mean_hue(hue_a, hue_b, grey=chroma_a * chroma_b == 0)

    t = (  # eq. 15
        1
        - 0.17 * _cos(hue - 30)
        + 0.24 * _cos(2 * hue)
        + 0.32 * _cos(3 * hue + 6)
        - 0.20 * _cos(4 * hue - 63)
    )
    scale_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    scale_c = 1 + 0.045 * chroma
    scale_h = 1 + 0.015 * chroma * t
    # Blues: chroma and hue differences are not seen independently there (eq. 16, 17 and 21).
    blue = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    rotation = -np.sin(np.deg2rad(2 * blue)) * 2 * _saturating(chroma)

    by_light = (light_b - light_a) / (k_l * scale_l)
    by_chroma = (chroma_b - chroma_a) / (k_c * scale_c)
    by_hue = 2 * np.sqrt(chroma_a * chroma_b) * np.sin(np.deg2rad(turn / 2)) / (k_h * scale_h)
    squared = by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    # Rounding can leave -1e-17 for equal colours.
    difference: Floats = np.sqrt(np.maximum(squared, 0))
    return difference


def broad_colour_difference(
    lab_a: Array, lab_b: Array, *, sigma: float = 8.0, where: NDArray[np.bool_] | None = None
) -> float:
    """Return how far broad tones are off: the mean CIEDE2000 of colours blurred by a Gaussian.

    It sees a fill from far away: brushwork does not count, a patch of the wrong hue does. It favours engines
    that keep to the tones around, smooth ones too, and so complements measures of texture.

    Args:
        lab_a: CIE L*a*b*, (H, W, 3).
        lab_b: the same shape.
        sigma: standard deviation of the Gaussian in pixels; the picture is mirrored beyond its border.
        where: (H, W) bool, pixels that count; None: all.

    Returns:
        the mean; nan where no pixel counts.

    Raises:
        GridMismatch: the shapes differ.
        BadUsage: a sigma that is not positive.

    Example:
        >>> grey = np.full((8, 8, 3), [50.0, 0.0, 0.0])
        >>> round(broad_colour_difference(grey, grey + [1.0, 0.0, 0.0]), 2)
        1.0
    """
    if not sigma > 0:
        raise BadUsage(f"colours are blurred by a sigma above 0 pixels, got {sigma}")
    blurred = [
        ndimage.gaussian_filter(np.asarray(lab, np.float64), (sigma, sigma, 0)) for lab in (lab_a, lab_b)
    ]
    difference = ciede2000(*blurred)
    chosen = difference if where is None else difference[where]
    return float(chosen.mean()) if chosen.size else float("nan")


def colour_auc(error: Array, weights: Array | None = None, *, most: float = 150.0) -> float:
    """Return how near colours are to the truth: the area under their cumulative curve, in percent.

    The curve tells, for each distance from 0 to `most`, which share of the pixels lies within it. The area
    under it is the mean of what a distance lacks to `most`, so no steps need to be chosen.

    Args:
        error: distances in the plane of a* and b*, any shape, 0 or more.
        weights: how much each pixel counts, same shape; None counts all alike. By the reciprocal of how
            frequent their colour is, all colours count alike ("rebalanced").
        most: from where on a colour is merely wrong.

    Raises:
        GridMismatch: the shapes differ.
        BadUsage: no pixel counts.

    Source:
        R. Zhang, P. Isola, A. A. Efros, "Colorful image colorization", ECCV 2016, section 3.1.

    Example:
        >>> colour_auc(np.array([0.0, 75.0])), colour_auc(np.array([0.0, 75.0]), np.array([3.0, 1.0]))
        (75.0, 87.5)
    """
    counts = np.ones(np.shape(error)) if weights is None else np.asarray(weights, np.float64)
    if counts.shape != np.shape(error):
        raise GridMismatch(f"each pixel has one weight, got {counts.shape} for {np.shape(error)}")
    if not counts.sum() > 0:
        raise BadUsage("the area under the curve of no pixel is not defined; give weights above 0")
    lacking = 1 - np.minimum(np.asarray(error, np.float64), most) / most
    return float(100 * (lacking * counts).sum() / counts.sum())


def _adapted(lab_a: Array, lab_b: Array) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Return lightness, chroma and hue (0 .. 360°) of both, with a* stretched near grey (eq. 2 to 7)."""
    a, b = np.asarray(lab_a, np.float64), np.asarray(lab_b, np.float64)
    mean_chroma = (np.hypot(a[..., 1], a[..., 2]) + np.hypot(b[..., 1], b[..., 2])) / 2
    stretch = 1 + 0.5 * (1 - _saturating(mean_chroma))
    red_a, red_b = a[..., 1] * stretch, b[..., 1] * stretch
    hue_a = np.rad2deg(np.arctan2(a[..., 2], red_a)) % 360
    hue_b = np.rad2deg(np.arctan2(b[..., 2], red_b)) % 360
    return a[..., 0], np.hypot(red_a, a[..., 2]), hue_a, b[..., 0], np.hypot(red_b, b[..., 2]), hue_b


def _mean_hue(hue_a: Floats, hue_b: Floats, *, grey: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the mean hue and the turn from a to b along the shorter arc, in degrees (eq. 10 and 14).

    Grey has no hue: the other's hue is the mean then, and the turn is 0.
    """
    turn = hue_b - hue_a
    turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn))
    far = np.abs(hue_b - hue_a) > 180
    total = hue_a + hue_b
    mean = np.where(far, np.where(total < 360, total + 360, total - 360), total) / 2
    return np.where(grey, total, mean), np.where(grey, 0.0, turn)


def _saturating(chroma: Floats) -> Floats:
    """Return sqrt(C⁷ / (C⁷ + 25⁷)): 0 near grey, 1 for vivid colours."""
    seventh = chroma**7
    share: Floats = np.sqrt(seventh / (seventh + 25.0**7))
    return share


def _cos(degrees: Floats) -> Floats:
    cosine: Floats = np.cos(np.deg2rad(degrees))
    return cosine
