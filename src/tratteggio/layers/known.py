"""Where features are known: one mask for all channels, one per channel, or one per run of channels.

All forms are read as runs `[(channels, known)]`. Features are gated run by run; counting needs only the
number of known channels at each place, so masks are added up before any window is slid over them and a
mask is never convolved channel by channel.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tratteggio.errors import BadUsage, GridMismatch

Known = Tensor | Sequence[tuple[int, Tensor]]
"""(B, 1, ...) for all channels, (B, C, ...) for each, or runs [(channels, known), ...] in channel order.

1 (True) is known, 0 lost; other values are cut at one half. B may be 1 for a whole batch.
"""


def as_runs(known: Known, x: Tensor) -> list[tuple[int, Tensor]]:
    """Read any form of known as runs of masks of 0 and 1 that fit x, in its dtype.

    Raises:
        GridMismatch: a mask has another grid than x.
        BadUsage: its batch or channels do not fit x, or the runs do not add up to the channels of x.
    """
    runs = [(x.shape[1], known)] if isinstance(known, Tensor) else list(known)
    if sum(channels for channels, _ in runs) != x.shape[1]:
        raise BadUsage(
            f"the runs of known must cover the {x.shape[1]} channels of x {tuple(x.shape)}, "
            f"got runs of {[channels for channels, _ in runs]}"
        )
    for channels, mask in runs:
        _check(mask, channels, x)
    return [(channels, (mask > 0.5).to(x.dtype)) for channels, mask in runs]


def _check(mask: Tensor, channels: int, x: Tensor) -> None:
    got = f"got known {tuple(mask.shape)} for x {tuple(x.shape)}"
    if mask.dim() != x.dim() or mask.shape[2:] != x.shape[2:]:
        raise GridMismatch(f"known must share the grid of x, {got}; resize or crop one of them first")
    if mask.shape[0] not in (1, x.shape[0]):
        raise BadUsage(f"known must have the batch size of x, or 1 for all, {got}")
    if mask.shape[1] not in (1, channels):
        raise BadUsage(f"known must have 1 channel, or one for each of its {channels}, {got}")


def nothing_lost(runs: Sequence[tuple[int, Tensor]]) -> bool:
    """Look whether all lacunae have closed, where looking is cheap: no graph, no device to wait for."""
    if torch.compiler.is_compiling() or runs[0][1].device.type != "cpu":
        return False
    return all(bool(mask.all()) for _, mask in runs)


def gate(x: Tensor, runs: Sequence[tuple[int, Tensor]]) -> Tensor:
    """Set lost features to 0."""
    parts = torch.split(x, [channels for channels, _ in runs], dim=1) if len(runs) > 1 else [x]
    gated = [part * mask for part, (_, mask) in zip(parts, runs, strict=True)]
    return torch.cat(gated, dim=1) if len(gated) > 1 else gated[0]


def known_channels(runs: Sequence[tuple[int, Tensor]], groups: int) -> tuple[Tensor, int]:
    """Count the known channels at each place.

    Returns:
        float32 (B, 1, ...), or (B, groups, ...) where the groups of a layer may see different masks;
        and the count where all is known.
    """
    if len(runs) == 1 and runs[0][1].shape[1] == 1:
        return runs[0][1].float(), 1
    total = sum(channels for channels, _ in runs)
    if groups == 1:
        counts = [
            mask.sum(1, keepdim=True, dtype=torch.float32) * (channels // mask.shape[1])
            for channels, mask in runs
        ]
        return sum(counts[1:], start=counts[0]), total
    batch = max(mask.shape[0] for _, mask in runs)
    each = torch.cat([mask.expand(batch, channels, *mask.shape[2:]) for channels, mask in runs], dim=1)
    return torch.unflatten(each, 1, (groups, total // groups)).sum(2, dtype=torch.float32), total // groups
