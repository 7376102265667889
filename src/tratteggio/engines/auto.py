"""Fill each lacuna with the engine that measures best on lacunae of its kind and width.

`MEASURED` is the evidence, by kind (lines or spots) and width; the best engine of a row that can be used
here gets the lacuna. With its weights installed that is the net of engine pconv everywhere; without them
torch is not loaded. Frequency-selective reconstruction counts where OpenCV is installed; where it is best of
the others it leads by up to a decibel and takes its time. The tension engine can always be used. No other
engine leads anywhere (docs/performance.md): `vae` comes close at several times the seconds, `patch_mrf` keeps
texture at fewer decibels.

The width of a lacuna is twice the greatest distance of its pixels to known paint, so a crack that runs into
a loss counts as that loss. It is a line if it covers more than `LINE` times the square of its width.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from tratteggio.engines import pconv
from tratteggio.engines._painter import Painter, by_group, cpu_only, reach
from tratteggio.engines._surface import CAPACITY_PX, REACH, surface
from tratteggio.errors import MissingExtra
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Array, Lost

TENSION = 2.0  # as the tension engine's own default
LINE = 4.0  # a disc covers 0.8 times the square of its width, a square 1

# Mean PSNR in dB on 16 paintings of 256 px that the net has not learnt from; `benchmarks/engines.py` prints
# such figures. Each row holds from a width in pixels up to that of the next row. Where engines are equal the
# first stands. Of the discs, that of 25 px measures 22 here: the way to known paint is counted in king's
# moves.
MEASURED: Mapping[str, Mapping[int, Mapping[str, float]]] = {
    "line": {
        1: {"tension": 33.3, "fsr": 30.7, "pconv": 33.5},  # lines of 1 px
        3: {"tension": 30.1, "fsr": 29.7, "pconv": 30.6},  # 3 px
        5: {"tension": 28.5, "fsr": 28.4, "pconv": 29.2},  # 5 px
        9: {"tension": 26.4, "fsr": 26.3, "pconv": 26.9},  # 9 px
        25: {"tension": 20.6, "fsr": 19.2, "pconv": 21.0},  # irregular losses over 30 % of the area (median)
    },
    "spot": {
        1: {"tension": 33.3, "fsr": 30.7, "pconv": 33.5},  # lines of 1 px: specks were not measured
        3: {"tension": 32.9, "fsr": 33.0, "pconv": 33.4},  # discs of 5 px
        7: {"tension": 29.2, "fsr": 30.1, "pconv": 30.4},  # 9 px
        11: {"tension": 26.4, "fsr": 27.3, "pconv": 27.8},  # 17 px
        20: {"tension": 25.5, "fsr": 25.7, "pconv": 26.7},  # 25 px
        30: {"tension": 22.8, "fsr": 22.8, "pconv": 23.7},  # 41 px
        45: {"tension": 25.1, "fsr": 24.3, "pconv": 25.2},  # 61 px
    },
}

Choice = Mapping[str, Mapping[int, str]]
"""Kind -> from which width, in pixels -> name of the engine."""

Part = Callable[[Array, Lost, Lost], Array]
"""(h, w, channels), lost, which of these to fill -> fill (h, w, channels), read where it was to be filled."""


def make(*, seed: int = 0, device: str = "auto", weights: str | Path | None = None) -> Painter:
    """Build the engine; where OpenCV would be best and is not installed it says so in the log.

    Args:
        seed: not used; there is nothing random.
        device: "cpu" or "auto"; with the net also "cuda", which it alone uses.
        weights: what the net goes by instead of the weights that ship, as in engine pconv.

    Raises:
        BadUsage: no such device, or nothing that would use it.
    """
    usable = ["tension"]
    if weights is not None or pconv.ships():
        usable.append("pconv")
    try:
        from tratteggio.engines import fsr  # noqa: PLC0415  (optional)
    except MissingExtra:
        if "fsr" in _names(best([*usable, "fsr"])):
            logging.getLogger("tratteggio").warning(
                "OpenCV is not installed, so other engines fill what it would fill best; "
                "pip install 'tratteggio[cv]'"
            )
    else:
        usable.append("fsr")
    choice = best(usable)
    halo, capacity = REACH, CAPACITY_PX
    parameters: dict[str, Any] = {
        kind: {f"from {width} px": name for width, name in rows.items()} for kind, rows in choice.items()
    }
    parameters["tension"] = TENSION
    parts: dict[str, Part] = {"tension": _tension}
    if "fsr" in _names(choice):
        halo = max(halo, reach(fsr.MARGIN))
        parts["fsr"] = _fsr(fsr.paint_crop, margin=fsr.MARGIN, choice=choice)
    if "pconv" in _names(choice):
        net = pconv.make(seed=seed, device=device, weights=weights)
        halo = max(halo, net.halo)
        parameters |= net.parameters
        parts["pconv"] = lambda colour, lost, _: net.paint(colour, lost)
    else:
        cpu_only("auto", device)

    def paint(colour: Array, lost: Lost) -> Array:
        fill = np.zeros(colour.shape)
        for name, mine in chosen(lost, choice).items():
            fill[mine] = parts[name](colour, lost, mine)[mine]
        return fill

    return Painter(
        name="auto",
        paint=paint,
        halo=halo,
        capacity=capacity,
        parameters=parameters,
        local="pconv" not in parts,
    )


def best(usable: Iterable[str]) -> Choice:
    """Choose the engine of each row of the evidence among those that can be used; equal rows are joined."""
    usable = set(usable)
    choice: dict[str, dict[int, str]] = {}
    for kind, rows in MEASURED.items():
        joined = choice[kind] = {}
        for width, figures in sorted(rows.items()):
            here = {name: figure for name, figure in figures.items() if name in usable}
            name = max(here, key=here.__getitem__)
            if not joined or joined[max(joined)] != name:
                joined[width] = name
    return choice


def chosen(lost: Lost, choice: Choice) -> dict[str, Lost]:
    """Share lacunae (diagonal neighbours touch) out among engines: name -> its lacunae (h, w) bool."""
    labels, count = ndimage.label(lost, structure=EIGHT)
    depth = ndimage.distance_transform_cdt(lost, metric="chessboard")  # 1 at the rim
    deepest = np.zeros(count + 1, dtype=np.int64)
    np.maximum.at(deepest, labels[lost], depth[lost])
    width = 2 * deepest  # a lacuna is 2 deepest - 1 or 2 deepest pixels wide
    kinds = np.where(np.bincount(labels.ravel(), minlength=count + 1) > LINE * width**2, "line", "spot")
    found: dict[str, Lost] = {}
    for kind, rows in choice.items():
        ends = [*rows, np.iinfo(np.int64).max]
        for (low, name), high in zip(rows.items(), ends[1:], strict=True):
            picked = (kinds == kind) & (width >= low) & (width < high)
            picked[0] = False  # what is known
            if picked.any():
                found[name] = found.get(name, False) | picked[labels]
    return found


def _names(choice: Choice) -> set[str]:
    return {name for rows in choice.values() for name in rows.values()}


def _tension(colour: Array, lost: Lost, mine: Lost) -> Array:
    """Solve only what hangs together with `mine`: a wide loss that another engine fills may cost a lot."""
    near = ndimage.binary_dilation(lost, ndimage.generate_binary_structure(2, 1))
    labels, _ = ndimage.label(near)
    together = lost & np.isin(labels, np.unique(labels[mine]))
    return surface(colour, together, bending=1.0, tension=TENSION)


def _fsr(paint_crop: Callable[[Array, Lost], Array], *, margin: int, choice: Choice) -> Part:
    def fill_crop(colour: Array, lost: Lost) -> Array:
        # Other lacunae in the crop are filled first and then count as known: where one is next to a
        # crack, its fill is a better neighbour than nothing, and the slow method has less to do.
        mine = chosen(lost, choice).get("fsr", np.zeros_like(lost))
        others = lost & ~mine
        filled = surface(colour, lost, bending=1.0, tension=TENSION)
        return paint_crop(np.where(others[..., None], filled, colour), mine)

    return lambda colour, lost, mine: by_group(fill_crop, colour, lost, margin=margin, only=mine)
