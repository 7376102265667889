"""Point operations: each pixel by itself, or by how often its value occurs (Szeliski 2022, section 3.1).

Values beyond black and white are cut off at integer depths, since they cannot hold them, and kept as floats.
Shares are of the range from black to white: 255, 65535, or 1 for floats. Channels are worked on one by one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadPixels, BadUsage, GridMismatch
from tratteggio.filters._window import (
    channels,
    floats,
    opencv,
    require_finite,
    require_image,
    require_positive,
    require_unit_range,
)
from tratteggio.painting.pixels import Array, to_depth, white

LEVELS = 65536  # into which floats are counted


def contrast(image: Array, *, gain: float) -> Array:
    """Multiply: g = gain f.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        gain: the lecture's example is 1.1; above 1 brightens, too, since black stays black.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or a gain that is not finite.

    Example:
        >>> contrast(np.array([[100, 240]], np.uint8), gain=1.1)
        array([[110, 255]], dtype=uint8)
    """
    require_image(image)
    require_finite("gain", gain)
    return to_depth(np.multiply(image, gain, dtype=floats(image.dtype)), image.dtype)


def brightness(image: Array, *, by: float) -> Array:
    """Add: g = f + by, a share of the range.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        by: the lecture's example is 16 of 255 levels.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or an addend that is not finite.

    Example:
        >>> brightness(np.array([[100, 240]], np.uint8), by=16 / 255)
        array([[116, 255]], dtype=uint8)
    """
    require_image(image)
    require_finite("by", by)
    added = np.add(image, by * white(image.dtype), dtype=floats(image.dtype))
    return to_depth(added, image.dtype)


def gamma(image: Array, *, exponent: float) -> Array:
    """Raise to a power: g = f^exponent, where white is 1; below 1 brightens the dark parts.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float of 0 and above.
        exponent: above 0.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or an exponent of 0 or below.
        BadPixels: floats below 0, of which there is no power.
    """
    require_image(image)
    require_positive("exponent", exponent)
    if image.dtype.kind == "f" and image.min() < 0:
        raise BadPixels(f"gamma takes values of 0 and above, got {image.min():g}; add brightness first")
    top = white(image.dtype)
    values = np.multiply(image, 1 / top, dtype=floats(image.dtype))
    np.power(values, exponent, out=values)
    return to_depth(np.multiply(values, top, out=values), image.dtype)


def histogram(image: Array) -> NDArray[np.int64]:
    """Count how often each value occurs, by channel.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16, or float from 0 to 1, counted in 65536 levels.

    Returns:
        (C, 256) for uint8, else (C, 65536).

    Raises:
        BadUsage: no picture.
        BadPixels: floats beyond 0 .. 1.
    """
    require_image(image)
    levels = _levels(image).reshape(-1, 1 if image.ndim == 2 else image.shape[2])
    count = 256 if image.dtype == np.uint8 else LEVELS
    return np.stack([np.bincount(channel, minlength=count) for channel in levels.T])


def equalise(image: Array, *, histogram: NDArray[np.int64] | None = None) -> Array:
    """Spread the values so that each share of the range holds as many pixels, channel by channel.

    A value becomes the share of pixels at or below it (the cumulative histogram), stretched so that the
    darkest is black. It looks at the whole picture, if only at its histogram. Colours shift, since each
    channel is spread by itself.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16, or float from 0 to 1.
        histogram: of the whole picture if the image is part of one; None counts the image.

    Returns:
        an array like the image; one of a single value comes back as it is.

    Raises:
        BadUsage: no picture.
        BadPixels: floats beyond 0 .. 1.
    """
    require_image(image)
    counts = _counted(image) if histogram is None else histogram
    below = np.cumsum(counts, axis=1)
    darkest = np.take_along_axis(below, (below > 0).argmax(axis=1)[:, None], axis=1)
    span = below[:, -1:] - darkest
    own = np.arange(counts.shape[1]) / (counts.shape[1] - 1)
    shares = np.where(span > 0, (below - darkest) / np.maximum(span, 1), own) * white(image.dtype)
    levels = _levels(image)
    if image.ndim == 2:
        spread = shares[0].astype(floats(image.dtype))[levels]
    else:
        spread = np.stack(
            [row.astype(floats(image.dtype))[levels[..., k]] for k, row in enumerate(shares)], -1
        )
    return to_depth(spread, image.dtype)


_counted = histogram  # `equalise` has an option of that name


def _levels(image: Array) -> Array:
    """Return values as whole numbers that can be counted."""
    if image.dtype.kind == "u":
        return image
    require_unit_range(image, "equalise")
    return to_depth(image * (LEVELS - 1), np.dtype(np.uint16))


def clahe(image: Array, *, clip: float = 2.0, tiles: int = 8) -> Array:
    """Equalise within tiles and blend between them, slopes clipped (Zuiderveld 1994), by OpenCV.

    It looks at the whole picture, whose sides the tiles divide. At 16 bits and in floats, which are worked
    on at 16 bits, small tiles have fewer pixels than levels, and slopes are hardly clipped.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16, or float from 0 to 1.
        clip: the steepest slope, as a multiple of that of an even histogram; above 0.
        tiles: along each side.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, fewer pixels than tiles, or a clip of 0 or below.
        BadPixels: floats beyond 0 .. 1.
        MissingExtra: OpenCV is not installed.
    """
    require_image(image)
    require_positive("clip", clip)
    if not 1 <= tiles <= min(image.shape[:2]):
        raise BadUsage(f"tiles along a side are at least 1 and at most its pixels, got {tiles}")
    equaliser = opencv("clahe").createCLAHE(clip, (tiles, tiles))
    if image.dtype.kind == "u":
        return channels(image, equaliser.apply)
    spread = channels(_levels(image), equaliser.apply)
    return np.asarray(spread / floats(image.dtype).type(LEVELS - 1), image.dtype)


def composite(front: Array, back: Array, matte: Array) -> Array:
    """Lay one picture over another: matte front + (1 - matte) back (Porter and Duff 1984, "over").

    Args:
        front: (H, W) or (H, W, C).
        back: of the same shape and depth.
        matte: (H, W) float from 0 (back) to 1 (front).

    Returns:
        an array like the two.

    Raises:
        BadUsage: no pictures, two depths, or a matte that is not made of shares.
        GridMismatch: the shapes differ.
    """
    _require_alike(front, back)
    if matte.shape != front.shape[:2]:
        raise GridMismatch(f"a matte is (H, W) of its pictures, {front.shape[:2]}, got {matte.shape}")
    if matte.dtype.kind != "f" or not (matte.min() >= 0 and matte.max() <= 1):
        raise BadUsage(f"a matte holds floats from 0 to 1, got {matte.dtype.name} up to {matte.max():g}")
    share = matte if front.ndim == 2 else matte[..., None]
    return to_depth(share * front + (1 - share) * back, front.dtype)


def matte(over_black: Array, over_white: Array) -> NDArray[np.float32]:
    """Return how opaque a thing is, from a picture of it before black and one before white.

    What is seen before white is brighter by as much as shines through: 1 - matte (Smith and Blinn 1996,
    "Blue screen matting", triangulation, here the mean over channels). A float picture may leave 0 .. 1 by
    its noise; the matte is held there.

    Args:
        over_black: (H, W) or (H, W, C).
        over_white: of the same shape and depth.

    Returns:
        (H, W) float32 from 0 to 1.

    Raises:
        BadUsage: no pictures, or two depths.
        GridMismatch: the shapes differ.
    """
    _require_alike(over_black, over_white)
    through = np.subtract(over_white, over_black, dtype=np.float32) / np.float32(white(over_black.dtype))
    mean = through if through.ndim == 2 else through.mean(axis=-1)
    return np.asarray(np.clip(1 - mean, 0, 1), np.float32)


def _require_alike(first: Array, second: Array) -> None:
    require_image(first)
    require_image(second)
    if first.shape != second.shape:
        raise GridMismatch(f"two pictures share a shape, got {first.shape} and {second.shape}")
    if first.dtype != second.dtype:
        raise BadUsage(f"two pictures share a depth, got {first.dtype.name} and {second.dtype.name}")
