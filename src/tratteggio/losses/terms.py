"""What an objective answers: one number to go downhill on, and its parts by name for the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tratteggio.errors import BadUsage, GridMismatch


@dataclass(frozen=True)
class Terms:
    """The value of an objective.

    Attributes:
        total: the weighted sum, a scalar with its graph; call `total.backward()`.
        parts: each term as it is, before its weight, by name; scalars without a graph, so that a journal
            may keep them.
    """

    total: Tensor
    parts: dict[str, Tensor]


Objective = Callable[[Tensor, Tensor, Tensor], Terms]
"""`(out, truth, known) -> Terms`: what the net answered, what is right, and where it was shown the right."""


def weighed(terms: Mapping[str, tuple[float, Tensor]]) -> Terms:
    """Add terms up, each given as name: (weight, value).

    Example:
        >>> weighed({"near": (1.0, torch.tensor(2.0)), "far": (0.5, torch.tensor(4.0))}).total
        tensor(4.)
    """
    total = torch.stack([weight * value for weight, value in terms.values()]).sum()
    return Terms(total, {name: value.detach() for name, (_, value) in terms.items()})


def check_pair(x: Tensor, y: Tensor) -> None:
    """See that two pictures can be compared.

    Raises:
        GridMismatch: they are not (B, C, H, W) of one shape.
        BadUsage: they are not floating point.
    """
    if x.shape != y.shape or x.dim() != 4:
        raise GridMismatch(
            f"two pictures are compared in one shape (B, C, H, W), got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    if not (x.is_floating_point() and y.is_floating_point()):
        raise BadUsage(f"losses compare floating point tensors, got {x.dtype} and {y.dtype}")


def as_pair(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Check two pictures and bring them to one dtype of at least float32, in which sums do not overflow."""
    check_pair(x, y)
    dtype = torch.promote_types(torch.promote_types(x.dtype, y.dtype), torch.float32)
    return x.to(dtype), y.to(dtype)


def middle(x: Tensor, y: Tensor) -> Tensor:
    """Crop x (B, C, H, W) to the grid of y: a net may see more than it answers for.

    Example:
        >>> middle(torch.arange(16.0).view(1, 1, 4, 4), torch.empty(1, 1, 2, 2))
        tensor([[[[ 5.,  6.],
                  [ 9., 10.]]]])
    """
    (rows, cols), (height, width) = x.shape[2:], y.shape[2:]
    top, left = max(0, rows - height) // 2, max(0, cols - width) // 2
    return x[..., top : top + height, left : left + width]


def as_chosen(chosen: Tensor, x: Tensor) -> Tensor:
    """Read a mask (B, 1, H, W) or (1, 1, H, W) that fits x (B, C, H, W) as bool, cut at one half.

    Raises:
        GridMismatch: its height or width are not those of x.
        BadUsage: its batch or channels do not fit.
    """
    got = f"got {tuple(chosen.shape)} for pictures {tuple(x.shape)}"
    if chosen.dim() != 4 or chosen.shape[2:] != x.shape[2:]:
        raise GridMismatch(
            f"a mask must share the grid of the pictures, {got}; resize or crop one of them first"
        )
    if chosen.shape[1] != 1 or chosen.shape[0] not in (1, x.shape[0]):
        raise BadUsage(f"a mask has 1 channel, and the batch of the pictures or 1 for all, {got}")
    return chosen > 0.5
