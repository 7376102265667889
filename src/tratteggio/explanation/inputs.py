"""A painting as input of any net: channels, mask, and the same window as an image for people.

A net with `modalities` takes registered scans. A net with `from_rgb` computes its own input from light,
(B, 3, H, W) of 0 .. 1. Any other net takes images of three channels or of one; trying it shows which.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadPixels, BadUsage
from tratteggio.layers import Known
from tratteggio.models import to_tensors
from tratteggio.models.fitting import counted, fitted
from tratteggio.names import rows_and_columns
from tratteggio.painting import Region, Scan, Stack
from tratteggio.painting.pixels import COLOURS

Rgb = NDArray[np.uint8]

SIDES = (
    16,
    32,
    48,
    96,
)  # px a side of inputs to try: some nets halve, some enlarge threefold
SMALLEST = 32  # px a side: smaller windows show too little


@dataclass(frozen=True, eq=False)
class NetInput:
    """A window of a painting as input of a net.

    Attributes:
        x: (1, C, h, w) float32.
        known: the mask that the net takes; None if it needs none.
        images: the same window for people, (h, w, 3) uint8, by modality.
    """

    x: Tensor
    known: Known | None
    images: Mapping[str, Rgb]


def fills(net: nn.Module) -> bool:
    """Return whether a net fills lacunae: it requires a mask."""
    mask = inspect.signature(net.forward).parameters.get("known")
    return mask is not None and mask.default is inspect.Parameter.empty


def all_known(net: nn.Module, x: Tensor) -> Tensor | None:
    """Make the mask that says all of x is known; None if the net requires none."""
    return x.new_ones(len(x), 1, *x.shape[2:]) if fills(net) else None


def run_net(net: nn.Module, x: Tensor, known: Known | None) -> Tensor:
    """Run a net, with a mask if there is one."""
    output: Tensor = net(x) if known is None else net(x, known)
    return output


@dataclass(frozen=True)
class InputSpec:
    """What a net takes.

    Attributes:
        light: channels of the scan, or of all scans together.
        side: pixels; sides of windows are multiples of it, or equal to it if `fixed`.
        fixed: whether it takes images of one size only.
        channels, inner: `light` and `side` after `from_rgb`; the same as these if the net has none.
    """

    light: int
    side: int
    fixed: bool
    channels: int
    inner: int


def find_input_spec(net: nn.Module) -> InputSpec:
    """Find what a net takes, by trying it.

    Raises:
        BadUsage: neither three channels nor one, and the net has no `from_rgb`.
    """
    modalities: Mapping[str, int] | None = getattr(net, "modalities", None)
    fixed: int | None = getattr(net, "side", None)
    counts = (sum(modalities.values()),) if modalities else (COLOURS, 1)
    refused = ""
    for side in (fixed,) if fixed else SIDES:
        for count in counts:
            try:
                with torch.no_grad():
                    x = _compute(net, torch.zeros(1, count, side, side))
                    run_net(net, x, all_known(net, x))
            except (
                BadUsage,
                RuntimeError,
                IndexError,
            ) as error:  # of torch, if it does not fit
                refused = str(error)
                continue
            return InputSpec(count, side, fixed is not None, x.shape[1], x.shape[2])
    raise BadUsage(
        f"{type(net).__name__} takes neither three channels nor one, so it needs a method from_rgb to be "
        f"explained (the error was: {refused})"
    )


def _compute(net: nn.Module, x: Tensor) -> Tensor:
    """Compute what a net takes from light (B, C, H, W)."""
    if not hasattr(net, "from_rgb"):
        return x
    output: Tensor = net.from_rgb(x)  # type: ignore[operator]  # torch does not know its methods
    return output


def prepare(net: nn.Module, stack: Stack, light: int) -> Stack:
    """Bring a painting to the modalities and channels that a net knows; notes say what changes.

    Raises:
        BadUsage: it has none of the modalities, or channels that do not fit.
    """
    modalities: Mapping[str, int] | None = getattr(net, "modalities", None)
    if modalities is None:
        scan = counted(stack.primary, light)
        _require(scan, light)
        return Stack((scan,))
    fit = fitted(stack, modalities)
    there = tuple(fit[name] for name in modalities if name in set(fit))
    if not there:
        raise BadUsage(
            f"the net was trained on {', '.join(modalities)}, but {stack.primary.name} has only "
            f"{', '.join(stack)}; name the scans by their modality, for example irr=FILE"
        )
    for scan in there:
        _require(scan, modalities[scan.modality])
    return Stack(there)


def _require(scan: Scan, count: int) -> None:
    if scan.channels != count:
        raise BadUsage(
            f"the net needs {scan.modality} with {count} channels, but {scan.name} has {scan.channels}"
        )


def show(net: nn.Module, stack: Stack, region: Region) -> NetInput:
    """Make the input of a net from a window of a painting.

    Args:
        net: any of `models/`.
        stack: as `prepared` gives it.
        region: of the painting.

    Raises:
        BadPixels: a scan holds NaN or infinite values there.
    """
    parts: dict[str, Tensor] = {}
    masks: dict[str, Tensor] = {}
    for scan in stack.scans:
        x, known = to_tensors(scan.colour(region), ~scan.read_seen(region), white=scan.white)
        if not bool(x.isfinite().all()):
            raise BadPixels(f"{scan.name} contains NaN or infinite values in {region}; correct the file")
        parts[scan.modality], masks[scan.modality] = x, known
    images = {name: to_image(x) for name, x in parts.items()}
    modalities: Mapping[str, int] | None = getattr(net, "modalities", None)
    if modalities is None:
        (x,), (mask,) = parts.values(), masks.values()
        if not hasattr(net, "from_rgb"):
            return NetInput(x, mask if fills(net) else None, images)
        made = _compute(net, x)
        return NetInput(made, all_known(net, made), {name: to_image(_onto(x, made)) for name in images})
    empty = torch.zeros(1, 1, region.rows, region.cols)
    x = torch.cat([parts.get(name, empty.expand(-1, n, -1, -1)) for name, n in modalities.items()], dim=1)
    runs = [(n, masks.get(name, empty)) for name, n in modalities.items()]
    complete = all(bool(mask.all()) for _, mask in runs)
    return NetInput(x, None if complete else runs, images)


def _onto(x: Tensor, made: Tensor) -> Tensor:
    """Bring light onto the grid of what `from_rgb` made of it: smaller, or mirrored beyond its border."""
    if made.shape[2] <= x.shape[2]:
        return functional.interpolate(x, made.shape[2:], mode="area")
    wider = [there - here for there, here in zip(made.shape[2:], x.shape[2:], strict=True)]
    beyond = [(0, 0), (0, 0), *((by // 2, by - by // 2) for by in wider)]
    return torch.from_numpy(np.pad(x.numpy(), beyond, mode="symmetric"))


def to_image(x: Tensor) -> Rgb:
    """Convert (1, 1 or 3, h, w) of 0 .. 1 to (h, w, 3) uint8."""
    image: Rgb = (x[0].expand(COLOURS, -1, -1).clamp(0, 1) * 255).round().byte().movedim(0, -1).numpy()
    return np.ascontiguousarray(image)


def choose_windows(
    what: InputSpec, grid: tuple[int, int], *, longest: int, count: int, name: str
) -> list[Region]:
    """Choose windows of a painting: one in its centre, or several that are evenly spaced.

    Args:
        what: the net takes.
        grid: of the painting.
        longest: the largest side of a window, in pixels.
        count: how many at most; fewer if fewer fit side by side.
        name: of the painting, for messages.

    Raises:
        BadUsage: the painting is too small.
    """
    least = what.side if what.fixed else -(-SMALLEST // what.side) * what.side
    if min(grid) < least:
        raise BadUsage(
            f"{name} has {rows_and_columns(grid)}, but this net needs at least {least} rows and "
            f"{least} columns"
        )
    rows, cols = (what.side if what.fixed else min(longest, n) // what.side * what.side for n in grid)
    most_down, most_across = grid[0] // rows, grid[1] // cols
    down = min(most_down, max(1, round((count * most_down / most_across) ** 0.5)))
    across = min(most_across, max(1, count // down))
    return [
        Region(top, left, top + rows, left + cols)
        for top in _spread(grid[0], rows, down)
        for left in _spread(grid[1], cols, across)
    ]


def _spread(n: int, side: int, steps: int) -> list[int]:
    """Place windows along an axis: in the centre of each of so many equal parts."""
    return [round((n - steps * side) * (step + 0.5) / steps) + step * side for step in range(steps)]
