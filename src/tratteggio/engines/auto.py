"""Fill each lacuna with the engine that measures best on lacunae of its kind, width and surroundings.

Evidence is of two kinds. `MEASURED` tells fidelity, by kind (lines or spots) and width: which engine errs
least by squares. With its weights installed that is the net of engine `pconv` everywhere; without them torch
is not loaded. Frequency-selective reconstruction counts where OpenCV is installed; the tension engine can
always be used. `SEEN` tells appearance as well: how far patches of a fill are from those of the lost paint.
The least error is a mean of all that could be there, and in a wide lacuna that is a smear which anyone sees.

With `favour=appearance`, the default, a row of `SEEN` goes to engine `brushwork` if its patches are at least
`CLOSER` times as near to the paint as those of the most faithful engine, and it errs by no more than
`COST_DB` more. Such rows begin where smears do, at 12 pixels. A lacuna on smooth ground, as a plain sky
or gold, stays with the most faithful engine: there is no brushwork to continue. With `favour=fidelity` the
least error decides everywhere.

The width of a lacuna is twice the greatest distance of its pixels to known paint, so a crack that runs into
a loss counts as that loss. It is a line if it covers more than `LINE` times the square of its width. Of a
lacuna that is given to brushwork, the cracks that run into it still go to the most faithful engine.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.engines import brushwork, pconv
from tratteggio.engines._painter import by_group, cpu_only, reach
from tratteggio.engines._surface import CAPACITY_PX, REACH, surface
from tratteggio.engines.patch_mrf import Elsewhere
from tratteggio.errors import MissingExtra
from tratteggio.metrics.confidence import nearness
from tratteggio.metrics.fidelity import data_range_of
from tratteggio.painting import Lacunae, Stack
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Array, Lost
from tratteggio.registry import unknown

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

FAVOURS = ("appearance", "fidelity")
BRUSHWORK = "brushwork"
CLOSER = 2.0  # times nearer by patches
COST_DB = 2.0  # less by PSNR, at most
NARROWEST = 12  # pixels: below, the least error decides whatever patches say
SMOOTH = 0.5 / 255  # of the range: neighbours that differ by less, root mean square, have no brushwork
AROUND = 16  # pixels around a lacuna that tell of it


class Seen(NamedTuple):
    """How fills of one engine came out: PSNR in dB, and patch distance of 5 px in levels."""

    psnr: float
    patches: float


# Means over 5 paintings of 300 px that no net has learnt from; printed by `benchmarks/appearance.py --kinds
# disc-9,...`. "brushwork" is led by the net beside pconv, and by a smooth surface without it.
SEEN: Mapping[str, Mapping[int, Mapping[str, Seen]]] = {
    "line": {
        5: {"tension": Seen(27.7, 2.34), "pconv": Seen(28.4, 2.02), BRUSHWORK: Seen(27.3, 0.83)},
        9: {"tension": Seen(25.7, 3.78), "pconv": Seen(26.9, 3.31), BRUSHWORK: Seen(25.2, 1.10)},
        12: {"tension": Seen(25.5, 4.53), "pconv": Seen(25.9, 4.05), BRUSHWORK: Seen(24.3, 1.04)},
    },
    "spot": {
        7: {"tension": Seen(27.9, 2.37), "pconv": Seen(28.6, 2.02), BRUSHWORK: Seen(27.2, 0.78)},
        12: {"tension": Seen(25.6, 4.02), "pconv": Seen(27.4, 3.45), BRUSHWORK: Seen(25.9, 1.12)},
        20: {"tension": Seen(23.9, 4.72), "pconv": Seen(25.6, 3.91), BRUSHWORK: Seen(24.2, 0.86)},
        30: {"tension": Seen(23.7, 5.73), "pconv": Seen(24.7, 5.12), BRUSHWORK: Seen(22.9, 1.17)},
        45: {"tension": Seen(24.0, 6.17), "pconv": Seen(24.4, 5.66), BRUSHWORK: Seen(23.8, 1.60)},
    },
}

Choice = Mapping[str, Mapping[int, str]]
"""Kind -> from which width, in pixels -> name of the engine."""

Part = Callable[[Array, Lost, Lost], Array]
"""(h, w, channels), lost, which of these to fill -> fill (h, w, channels), read where it was to be filled."""


def make(
    *,
    seed: int = 0,
    device: str = "auto",
    favour: str = "appearance",
    weights: str | Path | None = None,
    copy_damage: bool = False,
) -> Auto:
    """Build the engine; where OpenCV would be best and cannot be used, the log says why.

    Args:
        seed: of the search for patches.
        device: "cpu" or "auto"; with the net also "cuda", which it alone uses.
        favour: "appearance" fills wide lacunae with brushwork, "fidelity" with what errs least.
        weights: of the net, instead of those that engine pconv takes by itself.
        copy_damage: brushwork may show damage that a damage map keeps, as cracks.

    Raises:
        BadUsage: no such device, or nothing that would use it.
        UnknownName: nothing of that name can be favoured.
    """
    if favour not in FAVOURS:
        raise unknown("favour", favour, FAVOURS)
    usable = ["tension"]
    if weights is not None or pconv.ships():
        usable.append("pconv")
    try:
        from tratteggio.engines import fsr  # noqa: PLC0415  (optional)
    except MissingExtra as error:
        if "fsr" in _names(best([*usable, "fsr"])):
            logging.getLogger("tratteggio").warning("%s; until then other engines fill in its place", error)
    else:
        usable.append("fsr")
    faithful = best(usable)
    choice = favoured(faithful) if favour == "appearance" else faithful
    halo, capacity = REACH, CAPACITY_PX
    parameters: dict[str, Any] = {
        kind: {f"from {width} px": name for width, name in rows.items()} for kind, rows in choice.items()
    }
    parameters |= {"favour": favour, "tension": TENSION}
    parts: dict[str, Part] = {"tension": _tension}
    if "fsr" in _names(faithful):
        halo = max(halo, reach(fsr.MARGIN))
        parts["fsr"] = _fsr(fsr.paint_crop, margin=fsr.MARGIN, choice=faithful)
    if "pconv" in _names(faithful):
        net = pconv.make(seed=seed, device=device, weights=weights)
        halo = max(halo, net.halo)
        parameters |= net.parameters
        parts["pconv"] = lambda colour, lost, _: net.paint(colour, lost)
    else:
        cpu_only("auto", device)
    brush = None
    if BRUSHWORK in _names(choice):
        lead = "net" if "pconv" in parts else "tension"
        brush = brushwork.make(
            seed=seed, device=device, structure=lead, weights=weights if lead == "net" else None,
            copy_damage=copy_damage,
        )  # fmt: skip
        halo = max(halo, brush.halo)
        # A smooth surface is solved for directly, so it takes less at a time than net and patches do.
        capacity = brush.capacity if _names(faithful) == {"pconv"} else min(capacity, brush.capacity)
        parameters |= brush.parameters
    return Auto(
        parts=parts,
        faithful=faithful,
        choice=choice,
        brush=brush,
        halo=halo,
        capacity=capacity,
        parameters=parameters,
        local=brush is None and "pconv" not in parts,
        learnt="pconv" in parts,
    )


@dataclass(frozen=True, kw_only=True)
class Auto:
    """The engine; satisfies `roles.Engine`.

    Attributes:
        parts: name -> what fills.
        faithful: which engine errs least.
        choice: which engine is taken.
        brush: what fills the rows of engine `brushwork`; None if there are none.
    """

    parts: Mapping[str, Part]
    faithful: Choice
    choice: Choice
    brush: brushwork.Brushwork | None
    halo: int
    capacity: int
    parameters: dict[str, Any]
    local: bool
    learnt: bool
    name: str = "auto"
    reads: tuple[str, ...] | None = ()

    def prepare(self, stack: Stack, lacunae: Lacunae) -> Elsewhere | None:
        """Look for other places of the painting that brushwork may come from, if any is wanted."""
        return None if self.brush is None else self.brush.prepare(stack, lacunae)

    def fill(
        self, window: Stack, lacunae: Lacunae, context: Elsewhere | None
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window.

        Confidence is nearness to known paint, and in brushwork how well the patches fit.
        """
        lost, colour = lacunae.read(), window.primary.colour()
        wide = chosen(lost, self.choice).get(BRUSHWORK)
        if wide is not None:
            wide = wide_parts(wide & ~on_smooth_ground(colour, lost, wide))
        sure = nearness(lost)
        if self.brush is None or wide is None or not wide.any():
            return self._faithful(colour, lost), sure
        return self._with_brushwork(self.brush, window, lacunae, wide, context)

    def _faithful(self, colour: Array, lost: Lost) -> Array:
        """Fill all lacunae with the engines that err least."""
        fill = np.zeros(colour.shape)
        for name, mine in chosen(lost, self.faithful).items():
            fill[mine] = self.parts[name](colour, lost, mine)[mine]
        return fill

    def _with_brushwork(
        self,
        brush: brushwork.Brushwork,
        window: Stack,
        lacunae: Lacunae,
        wide: Lost,
        context: Elsewhere | None,
    ) -> tuple[Array, NDArray[np.float32]]:
        """Lay brushwork into wide lacunae; fills of the others are seen there, and never copied."""
        lost, colour = lacunae.read(), window.primary.colour()
        sure = nearness(lost)
        fill, rest = self._faithful(colour, lost), lost & ~wide
        netted = _names(self.faithful) == {"pconv"}
        structure = fill if netted else brush.structure(colour, lost)
        more = [] if context is None else context.like(window, lost)
        shown = np.where(rest[..., None], fill, colour)
        barred = rest | lacunae.read_kept_damage() if brush.sound else rest
        laid = brush.lay(shown, wide, structure, more=more, barred=barred)
        if laid is None:
            logging.getLogger("tratteggio").warning(
                "%s shows too little paint in a window of %d x %d to take patches from. "
                "Wide lacunae are filled smoothly there.",
                window.primary.name,
                *lost.shape,
            )
            return fill, sure
        fill, sure = fill.copy(), sure.copy()
        fill[wide], sure[wide] = laid[0][wide], laid[1][wide]
        return fill, sure


def favoured(faithful: Choice) -> Choice:
    """Give rows to engine brushwork where the evidence of appearance outweighs that of fidelity."""
    joined: dict[str, dict[int, str]] = {}
    for kind, rows in faithful.items():
        found = joined[kind] = {}
        for width in sorted({*rows, *SEEN[kind]}):
            name = rows[max(w for w in rows if w <= width)]
            seen = [w for w in SEEN[kind] if w <= width]
            if seen and width >= NARROWEST and _outweighs(SEEN[kind][max(seen)], name):
                name = BRUSHWORK
            if not found or found[max(found)] != name:
                found[width] = name
    return joined


def _outweighs(row: Mapping[str, Seen], name: str) -> bool:
    """Tell whether brushwork is much nearer by patches than an engine, and errs by little more."""
    rival, brush = row.get(name, row["tension"]), row[BRUSHWORK]
    return brush.patches * CLOSER <= rival.patches and brush.psnr >= rival.psnr - COST_DB


def wide_parts(lost: Lost) -> Lost:
    """Leave out narrow parts of lacunae, below `NARROWEST` pixels: (h, w) bool -> (h, w) bool.

    What is narrow within `NARROWEST` pixels of a wide part stays, so that ragged rims are filled like the
    rest, and no seam follows the rim.
    """
    inner = ndimage.distance_transform_cdt(lost, metric="chessboard") >= NARROWEST // 2
    found: Lost = lost & ndimage.maximum_filter(inner, size=3 * NARROWEST - 1)
    return found


def on_smooth_ground(colour: Array, lost: Lost, mine: Lost) -> Lost:
    """Find the lacunae of `mine` around which neighbours hardly differ: (h, w) bool, True all over them.

    Args:
        colour: (h, w, channels) of any depth.
        lost: (h, w) bool, all lacunae.
        mine: (h, w) bool, those that are asked for.
    """
    labels, count = ndimage.label(mine, structure=EIGHT)
    if not count:
        return np.zeros_like(mine)
    away, (rows, cols) = ndimage.distance_transform_edt(~mine, return_indices=True)
    near = np.where((away <= AROUND) & ~lost, labels[rows, cols], 0)
    tone = colour.astype(np.float64).mean(axis=2) / _range(colour, lost)
    squares, pairs = np.zeros(count + 1), np.zeros(count + 1)
    for there, here in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = (near[there] > 0) & (near[here] > 0)
        at = near[here][both]
        squares += np.bincount(at, ((tone[there] - tone[here])[both]) ** 2, minlength=count + 1)
        pairs += np.bincount(at, minlength=count + 1)
    smooth = squares < SMOOTH**2 * pairs
    smooth[0] = False
    found: Lost = smooth[labels]
    return found


def _range(colour: Array, lost: Lost) -> float:
    """Return the range of integers; of floats, which may have any unit, the largest known value."""
    if colour.dtype.kind != "f":
        return data_range_of(colour.dtype)
    return float(np.abs(colour[~lost]).max(initial=0)) or 1.0


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
