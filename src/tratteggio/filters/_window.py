"""What every filter asks of a picture and of its window: depth, border, side, reach."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

import numpy as np

from tratteggio.errors import BadPixels, BadUsage, TooNarrow
from tratteggio.extras import optional
from tratteggio.names import rows_and_columns
from tratteggio.painting.pixels import Array
from tratteggio.painting.scan import DEPTHS
from tratteggio.registry import unknown

Border = Literal["reflect", "mirror", "replicate", "zero", "wrap", "partial"]
"""What lies beyond the edge, for a row a b c d:

    reflect     b a | a b c d | d c        the edge pixel counts twice
    mirror      c b | a b c d | c b        the edge pixel counts once
    replicate   a a | a b c d | d d
    zero        0 0 | a b c d | 0 0        dims the edge
    wrap        c d | a b c d | a b
    partial     nothing: weights inside the picture alone count, and are brought to the same sum
"""

MODES = {"reflect": "reflect", "mirror": "mirror", "replicate": "nearest", "zero": "constant", "wrap": "wrap"}


def require_image(image: Array, *, reach: int = 0) -> None:
    """Refuse what is no picture, or a window that looks further than the picture is wide.

    Raises:
        BadUsage: not (H, W) or (H, W, C) with a pixel at least, of a depth that scans have.
        TooNarrow: H or W is at most `reach`.
    """
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise BadUsage(f"a filter takes (H, W) or (H, W, C) with at least one pixel, got shape {image.shape}")
    if image.dtype.name not in DEPTHS:
        raise BadUsage(f"a filter takes {', '.join(DEPTHS)}, got {image.dtype.name}")
    require_reach(reach, (image.shape[0], image.shape[1]))


def require_reach(reach: int, grid: tuple[int, int]) -> None:
    """Refuse a window that looks further than the picture is wide.

    Raises:
        TooNarrow: it does.
    """
    if reach >= min(grid):
        raise TooNarrow(
            f"the filter window extends {reach} pixels from its centre, but the image has only "
            f"{rows_and_columns(grid)}; use a smaller window"
        )


def require_positive(name: str, value: float) -> None:
    """Refuse 0, what is below, infinity and NaN.

    Raises:
        BadUsage: the value is none of a size.
    """
    if not 0 < value < np.inf:
        raise BadUsage(f"{name} is a number above 0, got {value:g}")


def require_share(name: str, value: float) -> None:
    """Refuse what is no share.

    Raises:
        BadUsage: the value is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise BadUsage(f"{name} is a share from 0 to 1, got {value:g}")


def require_finite(name: str, value: float) -> None:
    """Refuse infinity and NaN.

    Raises:
        BadUsage: the value is one of them.
    """
    if not np.isfinite(value):
        raise BadUsage(f"{name} is a finite number, got {value:g}")


def require_unit_range(image: Array, filter_name: str) -> None:
    """Refuse floats beyond black and white, for filters that need to know where these lie.

    Raises:
        BadPixels: some value is below 0, above 1 or NaN.
    """
    if image.dtype.kind == "f" and not (image.min() >= 0 and image.max() <= 1):
        raise BadPixels(
            f"{filter_name} takes floats from 0 (black) to 1 (white), got {image.min():g} to "
            f"{image.max():g}; bring them to that range first, with contrast and brightness"
        )


def half(size: int, *, name: str = "size") -> int:
    """Return how far a window of `size` pixels a side reaches beyond its middle.

    Raises:
        BadUsage: size is even, so there is no middle, or below 1.
    """
    if size < 1 or size % 2 == 0:
        raise BadUsage(f"{name} is an odd number of pixels, so that a window has a middle, got {size}")
    return size // 2


def floats(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which a depth is worked on: float32, or float64 for itself."""
    return np.dtype(np.float64) if dtype == np.float64 else np.dtype(np.float32)


def mode(border: str, *, partial: bool = False) -> str:
    """Return SciPy's word for a border.

    Raises:
        UnknownName: no such border, or a partial one where weights are not summed.
    """
    known = [*MODES, "partial"] if partial else list(MODES)
    if border not in known:
        raise unknown("border", border, known)
    return MODES.get(border, "constant")


def summed(image: Array, border: str, weigh: Callable[[Array, str], Array]) -> Array:
    """Sum a window's weighted pixels, with any border.

    Args:
        image: (H, W) or (H, W, C).
        border: of `Border`.
        weigh: takes a picture and SciPy's word for a border, returns floats of that shape.
    """
    sums = weigh(image, mode(border, partial=True))
    if border != "partial":
        return sums
    inside = weigh(np.ones(image.shape[:2]), "constant")
    return np.asarray(sums / (inside if image.ndim == 2 else inside[..., None]), sums.dtype)


def flat(size: int, image: Array) -> tuple[int, ...]:
    """Return the shape of a square window that leaves channels apart."""
    return (size, size, 1)[: image.ndim]


def channels(image: Array, work: Callable[[Array], Array]) -> Array:
    """Do work on each channel alone: (h, w), contiguous."""
    if image.ndim == 2:
        return work(np.ascontiguousarray(image))
    parts = [work(np.ascontiguousarray(image[..., channel])) for channel in range(image.shape[2])]
    return np.stack(parts, axis=-1)


def opencv(filter_name: str) -> ModuleType:
    """Import OpenCV.

    Raises:
        MissingExtra: it is not installed.
    """
    needs = f"the filter {filter_name} needs OpenCV"
    with optional("cv2", needs=needs, install="pip install 'tratteggio[cv]'"):
        import cv2  # noqa: PLC0415 # optional
    module: ModuleType = cv2
    return module
