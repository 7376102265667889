"""How many known samples each window of a convolution sees: the geometry behind partial layers.

Any torch convolution, transposed or not, is one walk along each axis: put `stretch - 1` zeros between
neighbours, pad (a negative pad crops), then slide a window of `taps` samples, `dilation` apart, in steps
of `step`. Stretched zeros and padding are never known. Axes do not mix, so a window's count is the
product of its counts along the axes when all samples are known, and a sum along one axis after the
other when some are lost.

Counts are whole numbers in float32: exact up to 2**24, where half precision ends at 2048 and bfloat16
at 256. They are sums of slices instead of a convolution with ones, which autocast, TF32 or a Winograd
kernel could round.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


class Axis(NamedTuple):
    """The walk of a window along one axis; pads are (before, after), negative where they crop."""

    taps: int
    dilation: int
    step: int
    stretch: int
    before: int
    after: int

    @property
    def reach(self) -> int:
        """Samples from the first tap of a window to its last, both included."""
        return self.dilation * (self.taps - 1) + 1

    @property
    def most(self) -> int:
        """Most taps that can meet a sample: the count of a complete window, whatever the size of x.

        Taps that are not a multiple of `stretch` apart never meet samples together, so this is the
        largest phase: 3 taps over a line stretched by 2 see 2 samples or 1 in turn.
        """
        phases = [tap * self.dilation % self.stretch for tap in range(self.taps)]
        return max(phases.count(phase) for phase in phases)

    def length(self, n: int) -> int:
        """Count the windows over n samples."""
        return (self.before + (n - 1) * self.stretch + 1 + self.after - self.reach) // self.step + 1


class LineCounts(NamedTuple):
    """Samples seen by each window along one axis whose samples are all known."""

    counts: np.ndarray[tuple[int], np.dtype[np.float32]]
    complete: bool
    gapless: bool


# Numbers are remembered, not tensors: a tensor would carry over the mode (inference, fake) it was made in.
@lru_cache(maxsize=256)
def line_counts(n: int, axis: Axis) -> LineCounts:
    """Count along one axis of n known samples.

    Example:
        A transposed convolution of 3 taps and stride 2 over 3 samples (FP-CAE, figure 3):

        >>> line_counts(3, Axis(taps=3, dilation=1, step=1, stretch=2, before=1, after=1)).counts
        array([1., 2., 1., 2., 1.], dtype=float32)
    """
    first = np.arange(axis.length(n))[:, None] * axis.step - axis.before
    place = first + np.arange(axis.taps) * axis.dilation
    met = (place >= 0) & (place <= (n - 1) * axis.stretch) & (place % axis.stretch == 0)
    counts = met.sum(axis=1, dtype=np.float32)
    return LineCounts(counts, bool((counts == axis.most).all()), bool((counts > 0).all()))


def ratio(seen: Tensor, complete: int) -> Tensor:
    """Give complete / seen: exactly 1 for a complete window.

    Where nothing is seen it is of no account, as the answer there is a sum of zeros. Counts are whole,
    so 1 stands for 0 and no epsilon is needed: in half precision that would be 0, and 0 / 0 is NaN.
    """
    # A number / tensor is computed as number * (1 / tensor), which is not 1 for 41 / 41.
    return torch.tensor(complete, dtype=seen.dtype, device=seen.device) / seen.clamp(min=1)


def full_counts(sizes: Sequence[int], axes: Sequence[Axis], *, device: torch.device) -> Tensor:
    """Count for samples that are all known: float32 (1, 1, *out)."""
    if torch.compiler.is_compiling():
        # Sizes may be symbols there, which no table can hold.
        return window_counts(torch.ones(1, 1, *sizes, device=device), axes)
    counts = torch.ones((1, 1) + (1,) * len(axes), device=device)
    for dim, (n, axis) in enumerate(zip(sizes, axes, strict=True), start=2):
        line = torch.tensor(line_counts(n, axis).counts, device=device)
        counts = counts * line.view(-1, *(1,) * (len(axes) + 1 - dim))
    return counts


def window_counts(known: Tensor, axes: Sequence[Axis]) -> Tensor:
    """Sum known (B, G, *sizes), float32, over each window -> (B, G, *out); G is never mixed."""
    for dim, axis in enumerate(axes, start=2):
        line = _padded(_stretched(known, dim, axis.stretch), dim, axis)
        span = (axis.length(known.shape[dim]) - 1) * axis.step + 1
        known = _every(line, dim, 0, span, axis.step)
        for tap in range(1, axis.taps):
            start = tap * axis.dilation
            known = known + _every(line, dim, start, start + span, axis.step)
    return known


def _stretched(line: Tensor, dim: int, stretch: int) -> Tensor:
    """Put stretch - 1 zeros between neighbours: 1 1 1 -> 1 0 1 0 1."""
    if stretch == 1:
        return line
    line = line.unsqueeze(dim + 1)
    line = functional.pad(line, _pad_of(line, dim + 1, 0, stretch - 1)).flatten(dim, dim + 1)
    return line.narrow(dim, 0, line.shape[dim] - (stretch - 1))


def _padded(line: Tensor, dim: int, axis: Axis) -> Tensor:
    if axis.before == axis.after == 0:
        return line
    return functional.pad(line, _pad_of(line, dim, axis.before, axis.after))


def _pad_of(line: Tensor, dim: int, before: int, after: int) -> list[int]:
    """Spell a pad of one dimension as torch wants it: pairs, last dimension first."""
    return [0, 0] * (line.dim() - 1 - dim) + [before, after]


def _every(line: Tensor, dim: int, start: int, stop: int, step: int) -> Tensor:
    return line[(slice(None),) * dim + (slice(start, stop, step),)]
