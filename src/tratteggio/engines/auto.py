"""Fill each lacuna with the engine that measures best at its width.

Hairlines and wide losses go to the tension engine, what lies between to frequency-selective
reconstruction, which leads there by up to a decibel and takes its time (see `benchmarks/engines.py`, whose
table by width is the reason for the two limits). The width of a lacuna is twice the greatest distance of
its pixels to known paint, so a crack that runs into a loss counts as that loss. Without OpenCV the tension
engine fills everything.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from scipy import ndimage

from tratteggio.engines._painter import Painter, by_group, cpu_only, reach
from tratteggio.engines._surface import CAPACITY_PX, REACH, surface
from tratteggio.errors import MissingExtra
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Array, Lost
from tratteggio.roles import Engine

TENSION = 2.0  # as the tension engine's own default
# Mean PSNR in dB, tension against frequency-selective reconstruction, on 8 paintings of 320 px: lines of
# 1 px 29.5 / 28.6, 3 px 26.0 / 26.5, 5 px 24.7 / 25.1, 9 px 23.2 / 23.2; discs of 5 px 27.3 / 28.0, 17 px
# 22.8 / 23.6, 25 px 22.3 / 22.8, 61 px 20.4 / 18.9; irregular losses over 30 % of the area 19.4 / 18.7. Of
# the discs, that of 25 px measures 22 here: the way to known paint is counted in a king's moves.
FROM_PX, TO_PX = 3, 24


def make(*, seed: int = 0, device: str = "cpu") -> Engine:  # noqa: ARG001  (nothing here is random)
    """Build the engine; without OpenCV it says so in the log and goes without.

    Args:
        seed: not used; there is nothing random.
        device: "cpu" or "auto".

    Raises:
        BadUsage: another device was asked for.
    """
    cpu_only("auto", device)
    parameters: dict[str, Any] = {"narrow and wide": "tension", "tension": TENSION}
    try:
        from tratteggio.engines import fsr  # noqa: PLC0415  (optional)
    except MissingExtra:
        logging.getLogger("tratteggio").warning(
            "OpenCV is not installed, so the tension engine fills cracks too; pip install 'tratteggio[cv]'"
        )
        return Painter(name="auto", paint=_tension, halo=REACH, capacity=CAPACITY_PX, parameters=parameters)

    def fill_crop(colour: Array, lost: Lost) -> Array:
        # Other lacunae in the crop are filled first and then count as known: where one is next to a
        # crack, its fill is a better neighbour than nothing, and the slow method has less to do.
        mine = between(lost)
        return fsr.paint_crop(np.where((lost & ~mine)[..., None], _tension(colour, lost), colour), mine)

    def paint(colour: Array, lost: Lost) -> Array:
        fill = _tension(colour, lost)
        chosen = between(lost)
        if chosen.any():
            fill[chosen] = by_group(fill_crop, colour, lost, margin=fsr.MARGIN, only=chosen)[chosen]
        return fill

    parameters |= {"between": "fsr", "from_px": FROM_PX, "to_px": TO_PX}
    return Painter(
        name="auto", paint=paint, halo=reach(fsr.MARGIN), capacity=CAPACITY_PX, parameters=parameters
    )


def between(lost: Lost) -> Lost:
    """Pick the lacunae (diagonal neighbours touch) that are `FROM_PX` to `TO_PX` wide: (h, w) bool."""
    labels, count = ndimage.label(lost, structure=EIGHT)
    depth = ndimage.distance_transform_cdt(lost, metric="chessboard")  # 1 at the rim
    deepest = np.zeros(count + 1, dtype=depth.dtype)
    np.maximum.at(deepest, labels[lost], depth[lost])
    # A lacuna is 2 deepest - 1 or 2 deepest pixels wide.
    picked: Lost = ((2 * deepest >= FROM_PX) & (2 * deepest <= TO_PX))[labels]
    return picked


def _tension(colour: Array, lost: Lost) -> Array:
    return surface(colour, lost, bending=1.0, tension=TENSION)
