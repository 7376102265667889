"""Fill lacunae with a net that has learnt from paintings: a U-Net of partial convolutions.

A window is filled in one pass. The net sees it stretched so that the known paint runs from 0 to 1 over all
its channels together: a fill then follows the contrast and the brightness of the paint around, whatever the
depth and the units of the scan, and no precision of 16 bit is lost. Nets know three colours: of another
number of channels each is filled by itself, as a grey picture, and the three answers are averaged.

The same window gives the same bits on one machine with one number of threads; with another number,
convolutions are cut up differently, and fills differ by about a millionth of the known range.
"""

from __future__ import annotations

from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tratteggio import registry
from tratteggio.engines._painter import Painter
from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.painting.pixels import Array, Lost

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "pconv-compact"
ARCHITECTURES = ("pconv_compact", "pconv_unet")  # files of `models/` whose nets take (x, known)
DEVICES = ("auto", "cpu", "cuda")
COLOURS = 3
HALO = 32  # pixels of paint around a lacuna that the net is shown; 16 to 128 measure alike (`pconv_fill.py`)
CAPACITY_PX = 1 << 18  # the net works on whole windows, lost or not; memory goes with their size


def make(
    *,
    seed: int = 0,  # noqa: ARG001  (nothing here is random)
    device: str = "auto",
    weights: str | Path | None = None,
) -> Painter:
    """Build the engine: load the weights.

    Args:
        seed: not used; there is nothing random.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        weights: a safetensors file that `tratteggio train` wrote, or the name of weights that came with this
            installation; None takes "pconv-compact" of these.

    Raises:
        BadUsage: no such device.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds no weights of a net that fills.
    """
    import torch  # noqa: PLC0415  (takes seconds; only those who fill with a net wait for it)

    from tratteggio import models  # noqa: PLC0415  (the same)

    if device not in DEVICES:
        raise registry.unknown("device", device, DEVICES)
    if device == "cuda" and not torch.cuda.is_available():
        raise BadUsage("there is no cuda device that torch can use here; use 'cpu' or 'auto'")
    file = models.find(WEIGHTS if weights is None else weights)
    net, card = models.load(file)
    fillers = [name for home in ARCHITECTURES for name in registry.load("models", home).NAMES]
    if card.model not in fillers:
        raise UnsupportedFile(
            f"{file} holds weights of {card.model!r}, but engine pconv takes those of {', '.join(fillers)}"
        )
    on_gpu = device != "cpu" and torch.cuda.is_available()
    net = net.to("cuda" if on_gpu else "cpu")
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stubs
    return Painter(
        name="pconv",
        paint=partial(_paint, net=net),
        halo=HALO,
        capacity=CAPACITY_PX,
        parameters={"weights": file.stem, "weights_sha256": models.sha256(file), "model": card.model},
        local=False,
    )


def ships() -> bool:
    """Tell whether weights came with this installation, without loading torch."""
    return (resources.files("tratteggio") / "weights" / f"{WEIGHTS}.safetensors").is_file()


def _paint(colour: Array, lost: Lost, *, net: nn.Module) -> Array:
    """Fill (h, w, channels) of any depth; returns floats in its units, all of it as the net sees it."""
    import torch  # noqa: PLC0415  (loaded by now)

    from tratteggio.models import to_tensors, to_units  # noqa: PLC0415  (the same)

    # float32 holds every integer of 16 bit; differences of large float32 need more.
    values: Array = colour.astype(np.float32 if colour.dtype.kind == "u" else np.float64)
    shown = values[~lost]
    low, high = float(shown.min()), float(shown.max())
    if low == high:  # nothing to learn from: one tone
        return np.full(values.shape, low, values.dtype)
    x, known = to_tensors((values - low) / (high - low), lost)
    if x.shape[1] != COLOURS:
        x = x.movedim(1, 0).expand(-1, COLOURS, -1, -1)
    device = next(net.parameters()).device
    with torch.inference_mode():
        y = net(x.to(device).contiguous(memory_format=torch.channels_last), known.to(device))
    if colour.shape[2] != COLOURS:
        y = y.mean(dim=1)[None]
    return low + to_units(y, np.float32).astype(values.dtype) * (high - low)
