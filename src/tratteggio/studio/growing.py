"""Select by example: a selection grows from a stroke over paint of its colours, up to an edge.

Colours are compared in CIELAB, as people see them. A pixel belongs to the selection if it is near one of the
colours under the stroke and connected to the stroke by such pixels. Where neighbours differ by more than the
tolerance there is an edge, which is not crossed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio import files
from tratteggio.errors import BadUsage
from tratteggio.painting import Region
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Lost
from tratteggio.studio.desk import VIEW_PX, Desk
from tratteggio.studio.marks import shape_of_mask
from tratteggio.studio.strokes import brush_spans

COLOURS = 12  # of the stroke that are compared with: the most frequent ones
CELL = 3.0  # side of a cell of CIELAB whose colours count as one
SPECK_PX = 16  # holes up to this size are filled: craquelure and noise


def grow_marks(
    desk: Desk,
    points: list[tuple[float, float]],
    radius: float,
    damage: str | None,
    *,
    view: Region,
    tolerance: float,
    edges: bool,
) -> Region | None:
    """Mark what has the colours under a stroke and is connected to it, within a view.

    Args:
        desk: the painting.
        points, radius, damage: as for `Marking.brush`.
        view: what may be marked.
        tolerance, edges: as for `grow_selection`.

    Returns:
        what changed.

    Raises:
        BadUsage: the view is too large, or the stroke lies outside it.
    """
    scan = desk.stack.primary
    region = view.meet(Region.whole(scan.grid))
    if region.empty or region.rows * region.cols > VIEW_PX:
        raise BadUsage("the view is too large to select by colour; zoom in")
    within = np.asarray(points, float) - (region.left, region.top)
    stroke = np.zeros((region.rows, region.cols), bool)
    for row, start, stop in zip(*brush_spans(within, radius, (region.rows, region.cols)), strict=True):
        stroke[row, start:stop] = True
    if not stroke.any():
        raise BadUsage("the stroke lies outside the view")
    colours = np.nan_to_num(scan.colour(region))
    if colours.shape[2] not in (1, 3):  # as on the screen: the first channel
        colours = colours[..., :1]
    lab = files.to_lab(colours, scan.metadata.icc, scan.white).astype(np.float32)
    grown = grow_selection(lab, stroke, tolerance=tolerance, edges=edges)
    told = {"tool": "select", "tolerance": tolerance}
    return desk.marking.paint(shape_of_mask(grown, top=region.top, left=region.left), damage, told)


def grow_selection(lab: NDArray[np.float32], stroke: Lost, *, tolerance: float, edges: bool = True) -> Lost:
    """Grow a selection from a stroke.

    Args:
        lab: (h, w, 3) CIELAB.
        stroke: (h, w) bool, not empty.
        tolerance: how far colours may be from those of the stroke, in CIELAB (1 is just visible).
        edges: stop where neighbours differ by more than the tolerance.

    Returns:
        (h, w) bool, the stroke included.
    """
    near = _distance(lab, _colours(lab[stroke])) <= tolerance
    passable = near & ~_edges(lab, tolerance) if edges else near
    labels, count = ndimage.label(passable | stroke)
    reached = np.zeros(count + 1, bool)
    reached[labels[stroke]] = True
    reached[0] = False
    grown = reached[labels]
    if edges:
        # The edge itself lies on both sides: the near half of it is taken.
        grown |= ndimage.binary_dilation(grown, EIGHT) & near
    return _without_specks(grown | stroke)


def _colours(seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the colours that are most frequent under the stroke: (n, 3)."""
    cells, which, counts = np.unique(
        np.rint(seen / CELL).astype(np.int32), axis=0, return_inverse=True, return_counts=True
    )
    means = np.stack(
        [np.bincount(which.ravel(), seen[:, channel], len(cells)) / counts for channel in range(3)], axis=1
    )
    return means[np.argsort(-counts, kind="stable")[:COLOURS]].astype(np.float32)


def _distance(lab: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each pixel is from the nearest colour."""
    least = np.full(lab.shape[:2], np.inf, np.float32)
    for colour in colours:
        apart = lab - colour
        np.minimum(least, np.einsum("ijk,ijk->ij", apart, apart), out=least)
    return np.sqrt(least)


def _edges(lab: NDArray[np.float32], tolerance: float) -> Lost:
    """Return where neighbours, a pixel apart on each side, differ by more than the tolerance."""
    found = np.zeros(lab.shape[:2], bool)
    for axis in (0, 1):
        if lab.shape[axis] > 2:
            step = np.take(lab, range(2, lab.shape[axis]), axis) - np.take(
                lab, range(lab.shape[axis] - 2), axis
            )
            inner = (slice(1, -1), slice(None)) if axis == 0 else (slice(None), slice(1, -1))
            found[inner] |= np.einsum("ijk,ijk->ij", step, step) > tolerance**2
    return found


def _without_specks(grown: Lost) -> Lost:
    labels, count = ndimage.label(~grown)
    if not count:
        return grown
    sizes = np.bincount(labels.ravel())
    small = sizes <= SPECK_PX
    small[0] = False
    filled: Lost = grown | small[labels]
    return filled
