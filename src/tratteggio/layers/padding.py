"""Padding of a convolution, spelled torch's way or side by side, and the rule behind "same"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tratteggio.errors import BadUsage

Size = int | Sequence[int]
Padding = Size | Literal["same", "valid"] | Sequence[tuple[int, int]]
"""torch's own padding, or a pair (before, after) for each axis, the last axis last.

"same" answers at ceil(n / stride) places along an axis of n, or n * stride when transposed, at any
stride, odd samples at the end: torch's rule where torch has one, TensorFlow's elsewhere.
"""
Spelled = str | tuple[int, ...] | tuple[tuple[int, int], ...]


def spelled(padding: Padding, axes: int) -> Spelled:
    """Bring padding into the form kept on a layer: "same", "valid", one number or one pair an axis.

    Raises:
        BadUsage: it is none of these, or negative.
    """
    if isinstance(padding, str):
        if padding in ("same", "valid"):
            return padding
    elif isinstance(padding, int):
        if padding >= 0:
            return (padding,) * axes
    elif len(padding) == axes:
        numbers = tuple(pad for pad in padding if isinstance(pad, int) and pad >= 0)
        uneven = tuple((pad[0], pad[1]) for pad in padding if not isinstance(pad, int) and _is_pair(pad))
        if len(numbers) == axes:
            return numbers
        if len(uneven) == axes:
            return uneven
    raise BadUsage(
        f"padding must be 'same', 'valid', a number, or {axes} numbers or pairs (before, after), "
        f"none of them negative, got {padding!r}"
    )


def _is_pair(pad: tuple[int, ...]) -> bool:
    return len(pad) == 2 and min(pad) >= 0


def pairs(padding: Spelled, axes: int) -> list[tuple[int, int]]:
    """Give (before, after) for each axis; "same" is not for here, as it needs the size of x."""
    if isinstance(padding, str):
        return [(0, 0)] * axes
    return [(pad, pad) if isinstance(pad, int) else pad for pad in padding]


def same(n: int, reach: int, stride: int) -> tuple[int, int]:
    """Pad an axis of n so that windows of `reach` samples answer at ceil(n / stride) places.

    Example:
        >>> same(8, reach=3, stride=2), same(32, reach=4, stride=2)
        ((0, 1), (1, 1))
    """
    total = max((-(-n // stride) - 1) * stride + reach - n, 0)
    return total // 2, total - total // 2


def same_crop(reach: int, stride: int) -> tuple[int, int]:
    """Crop a transposed convolution to n * stride answers; a negative crop adds answers at the end.

    Example:
        >>> same_crop(reach=3, stride=2), same_crop(reach=4, stride=2), same_crop(reach=1, stride=2)
        ((0, 1), (1, 1), (0, -1))
    """
    total = reach - stride
    before = max(total, 0) // 2
    return before, total - before
