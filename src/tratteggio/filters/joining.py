"""Two pictures in one, and bands of one: what chains offer of compositing, blending and pyramids."""

from __future__ import annotations

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.filters._window import floats, require_image
from tratteggio.filters.point import composite
from tratteggio.filters.pyramids import blend, expanded, gaussian_pyramid, laplacian_pyramid
from tratteggio.painting.pixels import Array, to_depth, white


def lay_over(near: Array, far: Array, *, share: float = 0.5) -> Array:
    """Lay another picture over this one, evenly transparent: share far + (1 - share) near.

    Args:
        near: (H, W) or (H, W, C); uint8, uint16 or float.
        far: of the same shape and depth: laid over it, for example an X-ray over the visible.
        share: how opaque it is, 0 .. 1.

    Returns:
        an array like the two.

    Raises:
        BadUsage: no pictures, two depths, or another share.
        GridMismatch: the shapes differ.
    """
    if not 0 <= share <= 1:
        raise BadUsage(f"share lies in 0 .. 1, got {share}")
    return composite(far, near, np.full(near.shape[:2], share, np.float32))


def blend_across(near: Array, far: Array, *, across: float = 0.5, levels: int = 5) -> Array:
    """Join this picture on the left with another on the right, band by band, without a seam.

    See `pyramids.blend`. It looks at the whole picture.

    Args:
        near: (H, W) or (H, W, C); uint8, uint16 or float.
        far: of the same shape and depth.
        across: where they meet, a share of the width.
        levels: bands; 1 cuts sharply.

    Returns:
        an array like the two.

    Raises:
        BadUsage: no pictures, two depths, another share, or a number of levels that does not fit.
        GridMismatch: the shapes differ.
    """
    if not 0 <= across <= 1:
        raise BadUsage(f"across lies in 0 .. 1, got {across}")
    require_image(near)
    matte = np.arange(near.shape[1]) < across * near.shape[1]
    return blend(near, far, np.repeat(matte[None], near.shape[0], axis=0), levels=levels)


def coarse(image: Array, *, level: int = 2) -> Array:
    """Show what a Gaussian pyramid keeps at a level, at full size: halved so often, and enlarged again.

    It looks at the whole picture.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        level: times that the picture is halved, 1 and more.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or more levels than it can be halved.
    """
    return to_depth(_enlarged(gaussian_pyramid(image, levels=_count(level)), level), image.dtype)


def laplacian(image: Array, *, level: int = 1) -> Array:
    """Show what halving number `level` of a pyramid loses, at full size; grey is 0.

    It looks at the whole picture.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        level: 1 for the finest details, and more.

    Returns:
        an array like the image, mid-grey and half of the details above or below it.

    Raises:
        BadUsage: no picture, or more levels than it can be halved.
    """
    bands = laplacian_pyramid(image, levels=_count(level))
    grids = gaussian_pyramid(image, levels=level)
    band = _enlarged([*grids[:-1], bands[level - 1]], level - 1)
    return to_depth(white(image.dtype) / 2 + band / 2, image.dtype)


def _count(level: int) -> int:
    if level < 1:
        raise BadUsage(f"level is 1 and more, got {level}")
    return level + 1


def _enlarged(pyramid: list[Array], level: int) -> Array:
    """Enlarge picture number `level` to the grid of the first."""
    image = pyramid[level].astype(floats(pyramid[level].dtype), copy=False)
    for finer in reversed(pyramid[:level]):
        image = expanded(image, (finer.shape[0], finer.shape[1]))
    return image
