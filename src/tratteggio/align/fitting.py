"""From what patches say to a homography and a smooth field, and how well these are known.

Both are found at once, as what is most likely given all patches, given that scans are hardly sheared and
that fields are smooth. Newton's method: each patch gives slope and curvature of its log likelihood near the
present fit. Curvatures add up to what is known, so the fit comes with the error to be expected of it, also
where nothing could be matched.

The field's prior is a Matern field as a sparse precision matrix (Lindgren, Rue and Lindstrom, J. R. Stat.
Soc. B 73, 2011, section 2.2, alpha = 2, on a regular lattice).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from tratteggio.align.evidence import Evidence
from tratteggio.align.transform import Field, Floats, Transform

KNOTS = 16  # intervals between knots along the longer side
REACH_KNOTS = 2.0  # places some six knots apart bend independently
BENT_SHARE = 0.002  # of the longer side: root mean square of the field before anything is known
# Of half the longer side, likewise: shear, one side longer, perspective. Shift, turn and scale are free.
SKEWED_SHARE = 0.01
STRAIGHT = np.array([False, False, False, False, True, True, True, True])  # which of the eight are skewed


@dataclass(frozen=True, eq=False)
class Fit:
    """A transform, and what is known of it.

    Attributes:
        transform: most likely.
        known: the factors of the inverse covariance of its unknowns.
    """

    transform: Transform
    known: SuperLU

    def spread(self, places: Floats) -> Floats:
        """Return the root mean square error (k,) to be expected at (k, 2) places, reference pixels."""
        design = _design(self.transform.grid, places, bent=self.transform.field is not None)
        variances = np.einsum("ki,ik->k", design.toarray(), self.known.solve(design.T.toarray()))
        spread: Floats = np.sqrt(variances.reshape(2, -1).sum(axis=0))
        return spread


def fit(transform: Transform, evidence: Evidence, *, bent: bool, within_px: tuple[float, ...]) -> Fit:
    """Return the most likely transform near another.

    Args:
        transform: under which the evidence was gathered.
        evidence: of at least one patch.
        bent: whether to fit a field beside the homography.
        within_px: how far patches look for what suits them, one Newton step each; see `Evidence.near`.
    """
    grid = transform.grid
    design = _design(grid, evidence.places, bent=bent)
    prior = _prior(grid, bent=bent)
    # What is expected to be near 0 is the whole skew, not that by which it changes now.
    upright = prior @ np.concatenate([_skew(transform), np.zeros(prior.shape[0] - 8)])
    displacements = evidence.laid
    for reach in within_px:
        weights, pulls = evidence.near(displacements, within_px=reach)
        blocks = [[sparse.diags_array(weights[:, i, j]) for j in (0, 1)] for i in (0, 1)]
        known = splu((design.T @ sparse.block_array(blocks) @ design + prior).tocsc())
        solved = known.solve(design.T @ pulls.T.ravel() - upright)
        displacements = (design @ solved).reshape(2, -1).T
    knots = _knots(grid)
    field = Field(solved[8:].reshape(2, *knots).transpose(1, 2, 0), grid) if bent else None
    homography = transform.homography @ _straight(solved[:8], grid)
    return Fit(replace(transform, homography=homography / homography[2, 2], field=field), known)


def _design(grid: tuple[int, int], places: Floats, *, bent: bool) -> sparse.csr_array:
    """Return the matrix (2 k, unknowns) from unknowns to displacements of k places: rows, then columns."""
    r, c = ((places - (np.array(grid) - 1) / 2) / _half(grid)).T
    one, none = np.ones(len(places)), np.zeros(len(places))
    # Shift down and right, scale, turn, shear, stretch, and perspective along rows and columns.
    down = np.stack([one, none, r, c, c, r, r * r, r * c], axis=1)
    right = np.stack([none, one, c, -r, r, -c, r * c, c * c], axis=1)
    straight = sparse.csr_array(np.concatenate([down, right]))
    if not bent:
        return straight
    splines = Field(np.zeros((*_knots(grid), 2)), grid).design(places)
    return sparse.csr_array(sparse.hstack([straight, sparse.block_diag([splines, splines])]))


def _prior(grid: tuple[int, int], *, bent: bool) -> sparse.csr_array:
    """Return the inverse covariance (unknowns, unknowns) before anything is known."""
    spread = np.where(STRAIGHT, SKEWED_SHARE, 100.0) * _half(grid)
    straight = sparse.diags_array(1 / spread**2)
    if not bent:
        return sparse.csr_array(straight)
    field = _smooth(*_knots(grid)) / (BENT_SHARE * max(grid)) ** 2
    return sparse.csr_array(sparse.block_diag([straight, field, field]))


def _smooth(m: int, n: int) -> sparse.csr_array:
    """Return the inverse covariance (m n, m n) of a smooth lattice of variance about 1."""
    squared = 1 / REACH_KNOTS**2
    down, across = (np.diff(np.eye(side), axis=0) for side in (m, n))
    rough = sparse.kron(down.T @ down, sparse.eye_array(n)) + sparse.kron(
        sparse.eye_array(m), across.T @ across
    )
    operator = squared * sparse.eye_array(m * n) + rough
    return sparse.csr_array(operator @ operator) / (4 * np.pi * squared)


def _straight(unknowns: Floats, grid: tuple[int, int]) -> Floats:
    """Return the homography (3, 3) of the reference whose displacements the first eight unknowns give."""
    down, right, scale, turn, shear, stretch, tip, pan = unknowns / _half(grid)
    pose = np.array(
        [
            [1 + scale + stretch, shear + turn, down],
            [shear - turn, 1 + scale - stretch, right],
            [-tip, -pan, 1],
        ]
    )
    centred = np.array([[_half(grid), 0, (grid[0] - 1) / 2], [0, _half(grid), (grid[1] - 1) / 2], [0, 0, 1]])
    homography: Floats = centred @ pose @ np.linalg.inv(centred)
    return homography


def _skew(transform: Transform) -> Floats:
    """Return by how much a homography differs from shift, turn and scale, as the eight unknowns of a fit."""
    grid = transform.grid
    half = _half(grid)
    centred = np.array([[half, 0, (grid[0] - 1) / 2], [0, half, (grid[1] - 1) / 2], [0, 0, 1]])
    there = transform.homography @ centred
    there = there / there[2, 2]
    slopes = there[:2, :2] - np.outer(there[:2, 2], there[2, :2])
    # As complex numbers, a place p = row + i column goes to z p + w conj(p): w / z is what is not conformal.
    (a, b), (c, d) = slopes
    skew = complex(a - d, c + b) / complex(a + d, c - b)
    return half * np.array([0, 0, 0, 0, skew.imag, skew.real, -there[2, 0], -there[2, 1]])


def _half(grid: tuple[int, int]) -> float:
    return max(grid) / 2


def _knots(grid: tuple[int, int]) -> tuple[int, int]:
    """Return how many coefficients a field has along each axis."""
    rows, cols = (3 + max(1, round(KNOTS * side / max(grid))) for side in grid)
    return rows, cols
