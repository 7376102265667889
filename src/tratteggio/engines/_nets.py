"""What engines with a net share: where it runs, its weights, and how a window comes to it and back.

The net sees a window stretched so that the known paint runs from 0 to 1 over all its channels together: a
fill then follows the contrast and the brightness of the paint around, whatever the depth and the units of the
scan, and no precision of 16 bit is lost. Nets know three colours: of another number of channels each is
filled by itself, as a grey picture, and the answers are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tratteggio import registry
from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.painting.pixels import Array, Lost

if TYPE_CHECKING:
    from torch import Tensor, nn

DEVICES = ("auto", "cpu", "cuda")
COLOURS = 3


class Loaded(NamedTuple):
    """A net ready to fill.

    Attributes:
        net: on its device.
        parameters: which weights, for the history.
    """

    net: nn.Module
    parameters: dict[str, Any]


def loaded(
    asking: str, *, weights: str | Path, homes: Sequence[str], device: str, role: str = "engine"
) -> Loaded:
    """Load weights and bring them to a device.

    Args:
        asking: name of the engine or enhancer that asks, for messages.
        weights: a safetensors file that `tratteggio train` wrote, or the name of weights that came with this
            installation.
        homes: files of `models/` whose nets it takes.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        role: "engine" or "enhancer", for messages.

    Raises:
        BadUsage: no such device.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another net.
    """
    import torch  # noqa: PLC0415  (takes seconds; only those who fill with a net wait for it)

    from tratteggio import models  # noqa: PLC0415  (the same)

    if device not in DEVICES:
        raise registry.unknown("device", device, DEVICES)
    if device == "cuda" and not torch.cuda.is_available():
        raise BadUsage("there is no cuda device that torch can use here; use 'cpu' or 'auto'")
    file = models.find(weights)
    net, card = models.load(file)
    taken = [name for home in homes for name in registry.load("models", home).NAMES]
    if card.model.partition(":")[0] not in taken:
        raise UnsupportedFile(
            f"{file} holds weights of {card.model!r}, but {role} {asking} takes those of {', '.join(taken)}"
        )
    on_gpu = device != "cpu" and torch.cuda.is_available()
    net = net.to("cuda" if on_gpu else "cpu")
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stubs
    return Loaded(net, {"weights": file.stem, "weights_sha256": models.sha256(file), "model": card.model})


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
