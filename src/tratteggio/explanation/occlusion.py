"""Which pixels a net's output depends on: a grey square moves over an image, and the change is measured.

The output that is measured depends on the net: of a net that fills, the centre of a lacuna; of a net that
encodes, its latent code; of any other net, the centre of its output.

Source: Zeiler and Fergus, ECCV 2014, section 4.2. The measure of change is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tratteggio.explanation.inputs import fills, run_net
from tratteggio.layers import Known
from tratteggio.painting import Region

GREY = 0.5
BATCH = 8

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Occlusion:
    """How much an output changes, depending on where a square hides the image.

    Attributes:
        target: "fill", "code" or "output".
        change: (h, w) float32, 0 or more: root mean square change of the target, averaged over all squares
            that hide a pixel; for a code as a share of its root mean square.
        place: pixels of the image that the target shows; None for a code, which shows all of it.
        square, step: pixels.
    """

    target: str
    change: Floats
    place: Region | None
    square: int
    step: int


@torch.no_grad()
def occlusion(net: nn.Module, x: Tensor, known: Known | None, *, square: int, step: int) -> Occlusion:
    """Move a square of middle grey over an image.

    Args:
        net: any of `models/`, in evaluation mode.
        x: (1, C, H, W) of 0 .. 1.
        known: the mask that the net takes; a net that fills gets a lacuna of the square's size in the centre.
        square: side of the square, in pixels.
        step: pixels from one position to the next.
    """
    rows, cols = x.shape[2:]
    middle = Region(
        *(n // 2 - square // 2 for n in (rows, cols)), *(n // 2 + square // 2 for n in (rows, cols))
    )
    target, ask, known = _target(net, known, x, middle)
    whole = ask(x, known)
    size = float(whole.square().mean().sqrt()) if target == "code" else 1.0
    changes = np.zeros((rows, cols))
    hidden = np.zeros((rows, cols))
    places = [
        Region(top, left, min(top + square, rows), min(left + square, cols))
        for top in _starts(rows, square, step)
        for left in _starts(cols, square, step)
    ]
    for begin in range(0, len(places), BATCH):
        some = places[begin : begin + BATCH]
        many = x.repeat(len(some), 1, 1, 1)
        for number, place in enumerate(some):
            many[number, :, place.top : place.bottom, place.left : place.right] = GREY
        apart = (ask(many, known) - whole).flatten(1).square().mean(dim=1).sqrt() / max(size, 1e-12)
        for place, change in zip(some, apart.tolist(), strict=True):
            changes[place.slices] += change
            hidden[place.slices] += 1
    shown = (changes / np.maximum(hidden, 1)).astype(np.float32)
    return Occlusion(target, shown, None if target == "code" else middle, square, step)


Ask = Callable[[Tensor, Known | None], Tensor]


def _target(net: nn.Module, known: Known | None, x: Tensor, middle: Region) -> tuple[str, Ask, Known | None]:
    if fills(net):
        mask = torch.ones(1, 1, *x.shape[2:]) if not isinstance(known, Tensor) else known.clone()
        mask[..., middle.top : middle.bottom, middle.left : middle.right] = 0
        return "fill", lambda many, lost: _core(run_net(net, many, lost), x, middle), mask
    if hasattr(net, "encode"):
        encode: Callable[..., Tensor] = net.encode  # type: ignore[assignment]  # torch does not know its methods
        return "code", lambda many, lost: encode(many) if lost is None else encode(many, lost), known
    return "output", lambda many, lost: _core(run_net(net, many, lost), x, middle), known


def _core(output: Tensor, x: Tensor, middle: Region) -> Tensor:
    """Cut the two pixels a side at the centre of `middle` out of an output of any scale."""
    row, col = (middle.top + middle.bottom) / 2, (middle.left + middle.right) / 2
    down, across = (got / n for got, n in zip(output.shape[2:], x.shape[2:], strict=True))
    top, left = int(row * down) - 1, int(col * across) - 1
    return output[..., top : top + 2, left : left + 2]


def _starts(n: int, square: int, step: int) -> list[int]:
    """List where squares begin so that every pixel is hidden once at least; the last may be narrower."""
    return list(range(0, max(n - square, 0) + step, step)) if n > square else [0]
