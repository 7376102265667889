"""Fill lacunae with the surface that meets the known paint and costs the least energy.

The fill u minimises

    bending * sum of (L u)**2  +  tension * sum of (u(p) - u(q))**2 over neighbours p, q

with u equal to the paint where that is known; L is the Laplacian on the grid of pixels (sum of neighbours
minus their number times the centre; at the borders of the painting only the neighbours that exist). With
deg(p) of them, the equation of a lost pixel p has the weights

                            bending                tension
    p itself                deg(p)**2 + deg(p)     deg(p)      (20 and 4 inside)
    the next pixel q        -(deg(p) + deg(q))     -1          (-8 and -1)
    two steps straight on   1                      0
    diagonal                2                      0

Bending alone is the biharmonic equation (S. B. Damelin and N. S. Hoang 2018, "On surface completion and
image inpainting by biharmonic functions: numerical aspects", doi:10.1155/2018/3950312), tension alone
Laplace's, both together a thin-plate spline under tension. The system is symmetric and positive definite
wherever anything is known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from tratteggio.painting.pixels import Array, Lost

CAPACITY_PX = 40_000  # a square of 200 x 200 factorises in some 120 MB and 0.4 s
REACH = 2  # pixels that the stencil looks away from its centre
OFFSETS = [(r, c) for r in range(-2, 3) for c in range(-2, 3) if abs(r) + abs(c) <= REACH]  # raster order
DENSE = 40  # components of at most this many pixels are solved as dense stacks: no set-up cost for each
BATCH = 1 << 16  # unknowns assembled at a time: 13 neighbours each, some 20 MB

KNOWN, OUTSIDE = -1, -2  # in the map of unknowns, whose numbers count from 0

Numbers = NDArray[np.intp]


def surface(colour: Array, lost: Lost, *, bending: float, tension: float) -> Array:
    """Fill every lacuna of an array, each connected component on its own.

    Components are linked at the stencil's reach. Each is solved by itself, in its own pixel order, so
    its fill is the same to the last bit whatever else the array holds.

    Args:
        colour: (h, w, channels) of any depth.
        lost: (h, w), True where paint is lost.
        bending: weight of the squared Laplacian, at least 0; one of both weights is above 0.
        tension: weight of the squared differences, at least 0.

    Returns:
        (h, w, channels) float64 in the units of `colour`; 0 where known, and where nothing is known at all.
    """
    fill = np.zeros(colour.shape)
    if lost.all():
        return fill
    rows, cols, sizes = _components(lost)
    number = np.full((lost.shape[0] + 2 * REACH, lost.shape[1] + 2 * REACH), OUTSIDE, dtype=np.int32)
    number[REACH:-REACH, REACH:-REACH] = KNOWN
    number[rows + REACH, cols + REACH] = np.arange(len(rows))
    ends = np.concatenate([[0], np.cumsum(sizes)])
    for first, last in _batches(sizes):
        part = slice(ends[first], ends[last])
        weights, neighbours, rhs = _equations(
            colour, number, rows[part], cols[part], bending=bending, tension=tension
        )
        neighbours -= np.where(neighbours >= 0, ends[first], 0)
        solve = _dense if sizes[first] <= DENSE else _sparse
        fill[rows[part], cols[part]] = solve(weights, neighbours, rhs, sizes[first:last])
    return fill


def _components(lost: Lost) -> tuple[Numbers, Numbers, Numbers]:
    """Return rows and cols of all lost pixels, component by component, and the sizes, ascending."""
    cross = ndimage.generate_binary_structure(2, 1)
    # Crosses around two pixels touch if these are at most 3 steps apart: all that the stencil links, and
    # a few pairs more, which costs nothing.
    labels, _ = ndimage.label(ndimage.binary_dilation(lost, cross), structure=cross)
    rows, cols = np.nonzero(lost)
    label = labels[rows, cols]
    count = np.bincount(label)
    order = np.lexsort((label, count[label]))  # stable: raster order within a component
    return rows[order], cols[order], np.sort(count[count > 0])


def _batches(sizes: Numbers) -> Iterator[tuple[int, int]]:
    """Cut ascending sizes into runs [first, last): equal ones if small, else up to `BATCH` unknowns."""
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        size = int(sizes[first])
        last = int(np.searchsorted(ends, ends[first] - size + BATCH, side="right"))
        limit = size if size <= DENSE else BATCH
        last = max(first + 1, min(last, int(np.searchsorted(sizes, limit, side="right"))))
        yield first, last
        first = last


def _equations(
    colour: Array, number: NDArray[np.int32], rows: Numbers, cols: Numbers, *, bending: float, tension: float
) -> tuple[Array, NDArray[np.int32], Array]:
    """Write one equation per lost pixel.

    Returns:
        weights (n, 13) and numbers (n, 13) of the stencil's pixels (negative if not an unknown),
        right hand side (n, channels).
    """
    height, width = colour.shape[:2]
    weights = np.empty((len(rows), len(OFFSETS)))
    neighbours = np.empty((len(rows), len(OFFSETS)), dtype=np.int32)
    rhs = np.zeros((len(rows), colour.shape[2]))
    here = _degree(rows, cols, height, width)
    for k, (down, right) in enumerate(OFFSETS):
        r, c = rows + down, cols + right
        neighbours[:, k] = number[r + REACH, c + REACH]
        if down == right == 0:
            weights[:, k] = bending * (here * here + here) + tension * here
        elif abs(down) + abs(right) == 1:
            weights[:, k] = -bending * (here + _degree(r, c, height, width)) - tension
        else:
            weights[:, k] = bending if 0 in (down, right) else 2 * bending
        if not weights[:, k].any():  # tension alone looks one step away; what lies beyond may be NaN
            neighbours[:, k] = OUTSIDE
        known = np.flatnonzero(neighbours[:, k] == KNOWN)
        rhs[known] -= weights[known, k, None] * colour[r[known], c[known]]
    return weights, neighbours, rhs


def _degree(rows: Numbers, cols: Numbers, height: int, width: int) -> Numbers:
    """Count the neighbours (up, down, left, right) that exist."""
    return (rows > 0).astype(np.intp) + (rows < height - 1) + (cols > 0).astype(np.intp) + (cols < width - 1)


def _dense(weights: Array, neighbours: NDArray[np.int32], rhs: Array, sizes: Numbers) -> Array:
    """Solve components of one size as a stack of small dense systems."""
    size = int(sizes[0])
    matrices = np.zeros((len(sizes), size, size))
    pixel, k = np.nonzero(neighbours >= 0)
    matrices[pixel // size, pixel % size, neighbours[pixel, k] % size] = weights[pixel, k]
    solved: Array = np.linalg.solve(matrices, rhs.reshape(len(sizes), size, -1))
    return solved.reshape(rhs.shape)


def _sparse(weights: Array, neighbours: NDArray[np.int32], rhs: Array, sizes: Numbers) -> Array:
    """Factorise components one by one, all channels at once."""
    unknown = neighbours >= 0
    data, indices = weights[unknown], neighbours[unknown]
    pointers = np.concatenate([[0], np.cumsum(np.count_nonzero(unknown, axis=1))])
    solved = np.empty_like(rhs)
    end = 0
    for size in sizes:
        start, end = end, end + int(size)
        a, b = pointers[start], pointers[end]
        # The matrix is symmetric, so its rows serve as columns; offsets in raster order keep them sorted.
        matrix = csc_array((data[a:b], indices[a:b] - start, pointers[start : end + 1] - a), (size, size))
        # Symmetric ordering and no pivoting, as positive definiteness allows: a third of the time and
        # 2/3 of the fill-in of the orderings for unsymmetric matrices. Panels of one column are faster here.
        factors = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            panel_size=1,
            options={"SymmetricMode": True},
        )
        solved[start:end] = factors.solve(rhs[start:end])
    return solved
