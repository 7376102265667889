"""Partial convolution on the way up a U-Net: coarse features, doubled in size, beside finer ones.

What is doubled repeats each sample 2 x 2, so a 3 x 3 window sees it at no more than 2 x 2 places. Those taps
of the kernel that fall on one sample are added up first, which makes of them a transposed convolution of
4 x 4 taps and stride 2: the same answers for 4 products in place of 9, and nothing is doubled or joined.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers.counts import window_counts
from tratteggio.layers.known import as_runs, known_channels
from tratteggio.layers.partial import PartialConv2d, _answered, _complete


class PartialUpConv2d(PartialConv2d):
    """Partial convolution, 3 x 3, over coarse features doubled in size and finer ones beside them.

    The same as `PartialConv2d(coarse + fine, out, 3, padding=1)` on both joined, with its parameters; the
    coarse ones come first. Unlike there all features must hold 0 where they are lost.

    Args:
        coarse_channels: of the features that are doubled.
        fine_channels: of those beside them.
        out_channels: of the answer.
        bias: as in `torch.nn.Conv2d`.

    Shapes:
        coarse (B, coarse, H, W), known (B, 1, H, W), fine (B, fine, 2 H, 2 W), known (B, 1, 2 H, 2 W)
        -> y (B, out, 2 H, 2 W), known (B, 1, 2 H, 2 W)

    Raises:
        GridMismatch: the fine features do not have twice the height and width of the coarse ones.
        BadUsage: batch or channels do not fit.

    Example:
        >>> up = PartialUpConv2d(1, 1, 1, bias=False)
        >>> _ = torch.nn.init.constant_(up.weight, 1 / 18)
        >>> y, known = up(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2), *[torch.ones(1, 1, 4, 4)] * 2)
        >>> torch.allclose(y, torch.ones(1, 1, 4, 4)), bool(known.all())
        (True, True)
    """

    def __init__(
        self, coarse_channels: int, fine_channels: int, out_channels: int, *, bias: bool = True
    ) -> None:
        super().__init__(coarse_channels + fine_channels, out_channels, 3, padding=1, bias=bias)
        self.coarse_channels = coarse_channels

    def forward(  # type: ignore[override]  # it takes what the other takes joined
        self, coarse: Tensor, coarse_known: Tensor, fine: Tensor, fine_known: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Convolve both -> (y, known of y)."""
        sizes = coarse.shape[2:]
        if [*fine.shape[2:]] != [2 * size for size in sizes]:
            raise GridMismatch(
                f"the finer features must have twice the height and width of the coarser ones, "
                f"got {tuple(fine.shape)} beside {tuple(coarse.shape)}"
            )
        if coarse.shape[1] != self.coarse_channels:
            raise BadUsage(f"coarse must have {self.coarse_channels} channels, got {tuple(coarse.shape)}")
        [(_, small)], [(_, known)] = as_runs(coarse_known, coarse), as_runs(fine_known, fine)
        runs = [(coarse.shape[1], _doubled(small)), (fine.shape[1], known)]
        axes = self._axes(fine.shape[2:])
        channels, each = known_channels(runs, 1)
        of_coarse, of_fine = torch.split(self.weight, [self.coarse_channels, fine.shape[1]], dim=1)
        z = functional.conv_transpose2d(coarse, _like(_widened(of_coarse), coarse), stride=2, padding=1)
        z = z.add_(functional.conv2d(fine, _like(of_fine, fine), padding=1))
        seen = window_counts(channels, axes)
        return self._scaled(z, seen, each * _complete(axes)), _answered(seen, runs, fine_known)


def _widened(weight: Tensor) -> Tensor:
    """Turn a kernel for doubled features (out, in, 3, 3) into one for the features as they are.

    Returns:
        (in, out, 4, 4), for a transposed convolution of stride 2.
    """
    wide = functional.pad(weight.transpose(0, 1).flip(2, 3), (1, 1, 1, 1))
    return wide[..., :-1, :-1] + wide[..., 1:, :-1] + wide[..., :-1, 1:] + wide[..., 1:, 1:]


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def _like(weight: Tensor, x: Tensor) -> Tensor:
    """Lay a kernel out in memory as the features are; what was cut or added up is in no order else."""
    last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return weight.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
