"""What engines share: their frame, and lacunae taken group by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.metrics.confidence import nearness
from tratteggio.painting import Lacunae, Region, Stack
from tratteggio.painting.pixels import Array, Lost

Paint = Callable[[Array, Lost], Array]
"""(h, w, channels) in the scan's own dtype, lost (h, w) -> fill (h, w, channels) float, same units."""

LINK = 8  # lacunae at most this many pixels apart are filled together, since each hides the other's rim


@dataclass(frozen=True)
class Painter:
    """An engine that paints from the pixels of a window alone. Satisfies `roles.Engine`.

    Attributes:
        paint: fills an array; the rest is as in `roles.Engine`.
    """

    name: str
    paint: Paint
    halo: int
    capacity: int
    parameters: dict[str, Any]
    reads: tuple[str, ...] | None = ()
    local: bool = True
    learnt: bool = False

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:
        """Nothing: these engines do not look at the whole."""

    def fill(
        self,
        window: Stack,
        lacunae: Lacunae,
        context: Any,  # noqa: ARG002
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window; confidence is nearness to known paint."""
        lost = lacunae.read()
        return self.paint(window.primary.colour(), lost), nearness(lost)


@dataclass(frozen=True, kw_only=True)
class Several:
    """What engines share that know several plausible fills. Satisfies `roles.Sampler`.

    Attributes:
        parameters: as in `roles.Engine`.
        number: which fill is given, from 1 on; 0 gives the one held for best.
    """

    parameters: dict[str, Any]
    number: int = 0

    def sample(self, number: int) -> Self:
        """Return the engine that gives fill `number`, from 1 on.

        Raises:
            BadUsage: a number below 1.
        """
        if number < 1:
            raise BadUsage(f"fills are numbered from 1, got {number}")
        return replace(self, number=number, parameters={**self.parameters, "sample": number})


def cpu_only(name: str, device: str) -> None:
    """Refuse any device but the processor.

    Raises:
        BadUsage: another device was asked for.
    """
    if device not in ("auto", "cpu"):
        raise BadUsage(f"engine {name} runs on the CPU only, got device {device!r}; use 'cpu' or 'auto'")


def by_group(paint: Paint, colour: Array, lost: Lost, *, margin: int, only: Lost | None = None) -> Array:
    """Fill each group of lacunae from its own crop: its bounding box and some pixels around.

    The crop, and so the fill, depends on the group alone and not on the window that happens to hold it,
    even for a method that works on a grid of blocks or looks at all pixels that it is given. Lacunae of
    other groups that reach into a crop are lost there too: nobody paints from another's guess. Groups are
    linked over at most `LINK` pixels, less than what separates the groups of `Lacunae.groups`, so a group
    that the window cuts off never joins a whole one.

    Args:
        paint: fills one crop.
        colour: (h, w, channels) of any depth.
        lost: (h, w), True where paint is lost.
        margin: pixels around a group that `paint` sees at least; `reach(margin)` at most.
        only: part of `lost` to fill, if not all.

    Returns:
        (h, w, channels) float64 in the units of `colour`; 0 where not filled.
    """
    fill = np.zeros(colour.shape)
    wanted = lost if only is None else only
    groups = _link(wanted)
    for number, (rows, cols) in enumerate(ndimage.find_objects(groups), start=1):
        box = Region(rows.start, cols.start, rows.stop, cols.stop).grow(margin, within=lost.shape).slices
        mine = (groups[box] == number) & wanted[box]
        fill[box][mine] = paint(colour[box], lost[box])[mine]
    return fill


def reach(margin: int) -> int:
    """Return the halo that `by_group` needs: the margin and the linking distance around a bounding box."""
    return margin + LINK // 2


def _link(lost: Lost) -> NDArray[np.int32]:
    """Label lacunae that lie at most `LINK` pixels apart alike: (h, w) int32, 0 far from any."""
    # Squares of side LINK + 1 around two pixels touch if these are at most LINK + 1 steps apart.
    near = ndimage.maximum_filter(lost, size=LINK + 1, mode="constant", cval=0)
    labels, _ = ndimage.label(near, structure=np.ones((3, 3)))
    linked: NDArray[np.int32] = labels.astype(np.int32, copy=False)
    return linked
