"""Fill lacunae with a net that has learnt from paintings: a U-Net of partial convolutions.

A window is filled in one pass; `_nets` says how the net sees it.

The same window gives the same bits on one machine with one number of threads; with another number,
convolutions are cut up differently, and fills differ by about a millionth of the known range.
"""

from __future__ import annotations

from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from tratteggio.engines._nets import answered
from tratteggio.engines._painter import Painter
from tratteggio.painting.pixels import Array, Lost

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "pconv-compact"
ARCHITECTURES = ("pconv_deep", "pconv_compact", "pconv_unet")  # files of `models/` whose nets take (x, known)
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
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    net, parameters = loaded(
        "engine pconv", weights=WEIGHTS if weights is None else weights, homes=ARCHITECTURES, device=device
    )
    return Painter(
        name="pconv",
        paint=partial(_paint, net=net),
        halo=HALO,
        capacity=CAPACITY_PX,
        parameters=parameters,
        local=False,
    )


def ships() -> bool:
    """Tell whether weights came with this installation, without loading torch."""
    return (resources.files("tratteggio") / "weights" / f"{WEIGHTS}.safetensors").is_file()


def _paint(colour: Array, lost: Lost, *, net: nn.Module) -> Array:
    """Fill (h, w, channels) of any depth; returns floats in its units, all of it as the net sees it."""
    return answered(colour, lost, net, lambda x, known: [net(x, known)])[0]
