"""What engines with a net share: how a window comes to it and back.

The net sees a window stretched so that the known paint runs from 0 to 1 over all its channels together: a
fill then follows the contrast and the brightness of the paint around, whatever the depth and the units of the
scan, and no precision of 16 bit is lost. Nets know three colours: of another number of channels each is
filled by itself, as a grey picture, and the answers are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tratteggio.painting.pixels import COLOURS, Array, Lost

if TYPE_CHECKING:
    from torch import Tensor, nn


def answered(
    colour: Array, lost: Lost, net: nn.Module, ask: Callable[[Tensor, Tensor], Sequence[Tensor]]
) -> list[Array]:
    """Show a window to a net and bring its answers back.

    Args:
        colour: (h, w, channels) of any depth.
        lost: (h, w), True where paint is lost; some is known.
        net: whose device the window goes to.
        ask: pictures (B, 3, h, w) and where they are known -> answers (B, 3, h, w), one or more.

    Returns:
        for each answer, (h, w, channels) in the units of `colour`, all of it as the net sees it.
    """
    import torch  # noqa: PLC0415  (loaded by now)

    from tratteggio.models import to_tensors, to_units  # noqa: PLC0415  (the same)

    # float32 holds every integer of 16 bit; differences of large float32 need more.
    values: Array = colour.astype(np.float32 if colour.dtype.kind == "u" else np.float64)
    shown = values[~lost]
    low, high = float(shown.min()), float(shown.max())
    if low == high:  # nothing to learn from: one tone
        return [np.full(values.shape, low, values.dtype)]
    x, known = to_tensors((values - low) / (high - low), lost)
    coloured = x.shape[1] == COLOURS
    if not coloured:
        x = x.movedim(1, 0).expand(-1, COLOURS, -1, -1)
    device = next(net.parameters()).device
    with torch.inference_mode():
        answers = ask(x.to(device).contiguous(memory_format=torch.channels_last), known.to(device))
    return [
        low + to_units(y if coloured else y.mean(dim=1)[None], np.float32).astype(values.dtype) * (high - low)
        for y in answers
    ]
