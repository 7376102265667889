"""Other scans of a painting as guides: brought to one scale, and not trusted where they show the loss itself.

Where paint has flaked off, guides show bare ground: then they step at the rim of the lacuna, all around in
one direction, as paint under a mask does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.engines._painter import Paint
from tratteggio.errors import BadPixels
from tratteggio.painting import Scan
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Array, Lost

SMOOTH = 3.0  # px: beside each pixel of a guide, its surroundings tell of the paint
RIM = 2  # pixels from the rim inwards in which a step is looked for: scans blur, and masks are not exact
STEP = 0.6  # a step, in what known paint around changes by over as many pixels
NEAR = 12.0  # px: how far around the rim that is measured
GRAIN = 0.07  # of a guide's spread: a change by less is noise


def require_finite(guide: Scan) -> None:
    """Refuse a guide, in memory, that holds no numbers.

    Raises:
        BadPixels: it holds NaN or infinite values where it shows the painting.
    """
    if not np.isfinite(guide.colour()[guide.read_seen()]).all():
        raise BadPixels(
            f"{guide.name} contains NaN or infinite values, so it cannot guide a fill; correct the file"
        )


def scaled(guide: Scan) -> Array:
    """Bring a guide in memory about 0, with a spread of about 1; not seen, it is what is seen around."""
    values, seen = guide.colour().astype(np.float64), guide.read_seen()
    if not seen.any():
        return np.zeros(values.shape)
    spread = values[seen].std(axis=0)
    even = (values - values[seen].mean(axis=0)) / np.where(spread > 0, spread, 1)
    return np.where(seen[..., None], even, smooth(even, seen, SMOOTH))


def stepping(guide: Array, lost: Lost, *, across: Paint) -> Lost:
    """Find the lacunae at whose rim guides (h, w, channels) step: (h, w), True all over them.

    A step is what a guide is more, or less, than a smooth surface across the lacuna, averaged around the rim:
    what is painted there goes up in one place and down in another.

    Args:
        guide: one or more, scaled.
        lost: (h, w) bool.
        across: makes that surface.
    """
    labels, count = ndimage.label(lost, structure=EIGHT)
    depth = ndimage.distance_transform_cdt(lost, metric="chessboard")
    rim = np.where(depth <= RIM, labels, 0)
    step = guide - across(guide, lost)
    step /= np.sqrt(_change(guide, ~lost) + GRAIN**2)
    lacunae = np.arange(1, count + 1)
    means = np.stack([ndimage.mean(plane, rim, lacunae) for plane in np.moveaxis(step, 2, 0)])
    found: Lost = np.concatenate([[False], np.sqrt((means**2).mean(axis=0)) > STEP])[labels]
    return found


def _change(guide: Array, known: Lost) -> Array:
    """Return the mean square of how known paint around changes over RIM pixels: (h, w, channels)."""
    squares, pairs = np.zeros(guide.shape), np.zeros(known.shape)
    for there, here in ((np.s_[RIM:], np.s_[:-RIM]), (np.s_[:, RIM:], np.s_[:, :-RIM])):
        both = known[there] & known[here]
        squares[here] += np.where(both[..., None], (guide[there] - guide[here]) ** 2, 0)
        pairs[here] += both
    near = ndimage.gaussian_filter(pairs, NEAR, mode="constant")[..., None]
    change: Array = ndimage.gaussian_filter(squares, (NEAR, NEAR, 0), mode="constant") / np.maximum(
        near, 1e-6
    )
    return change


def smooth(values: Array, where: NDArray[np.bool_], sigma: float) -> Array:
    """Average (h, w, channels) under a bell over the pixels of `where`; 0 far from all of them."""
    weight = ndimage.gaussian_filter(where.astype(float), sigma, mode="nearest")[..., None]
    total = ndimage.gaussian_filter(values * where[..., None], (sigma, sigma, 0), mode="nearest")
    mean: Array = total / np.maximum(weight, 1e-6)
    return mean
