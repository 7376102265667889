"""From matches, some of them wrong, to a homography and a smooth field.

Both are least squares whose weights fall with the error (Geman and McClure), begun with a wide scale that
shrinks to the spread of the good matches, so that few wrong ones cannot pull.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from tratteggio.align.transform import Field, Floats

LEAST = 0.3  # pixels: matches are hardly ever better than this
STIFFNESSES, FOLDS = (0.003, 0.03, 0.3, 3.0, 100.0), 3


def fit_homography(
    places: Floats, found: Floats, *, weights: Floats, widest: float, least: float = LEAST
) -> Floats:
    """Return the homography (3, 3) that takes (k, 2) places to where they were found.

    Args:
        weights: (k,) trust in each match.
        widest: error, in pixels of `found`, at which a match begins to count little.
        least: error up to which a match always counts: what is left to a field must not look wrong.
    """
    from_unit, to_unit = _unit(places), _unit(found)
    p, q = _projected(from_unit, places), _projected(to_unit, found)
    homography = np.eye(3)

    def fit(trust: Floats) -> Floats:
        nonlocal homography
        homography = np.linalg.inv(to_unit) @ _direct(p, q, trust) @ from_unit
        homography = homography / homography[2, 2]
        return np.asarray(np.linalg.norm(_projected(homography, places) - found, axis=1))

    _robustly(fit, weights, widest=widest, least=least)
    return np.asarray(homography)


def fit_field(
    places: Floats,
    displacements: Floats,
    *,
    weights: Floats,
    widest: float,
    grid: tuple[int, int],
    knots: tuple[int, int],
    stiffness: float,
) -> Field:
    """Return the smooth field that comes near (k, 2) displacements at places and bends little.

    Args:
        weights, widest: as for `fit_homography`.
        grid: what the field covers.
        knots: (m, n) coefficients, 4 or more along each axis.
        stiffness: what bending costs beside errors; 0 goes through all matches if it can.
    """
    field = Field(np.zeros((*knots, 2)), grid)
    design = field.design(places)
    # A trace of plain weight keeps coefficients that no match reaches at rest.
    bending = stiffness * _bending(*knots) + 1e-6 * sparse.eye_array(knots[0] * knots[1])

    def fit(trust: Floats) -> Floats:
        nonlocal field
        weighted = design.T @ sparse.diags_array(trust)
        solved = splu((weighted @ design + bending).tocsc()).solve(weighted @ displacements)
        field = Field(solved.reshape(*knots, 2), grid)
        return np.asarray(np.linalg.norm(design @ solved - displacements, axis=1))

    _robustly(fit, weights, widest=widest, least=LEAST)
    return field


def choose_stiffness(
    places: Floats,
    displacements: Floats,
    *,
    weights: Floats,
    widest: float,
    grid: tuple[int, int],
    knots: tuple[int, int],
) -> float:
    """Return the stiffness whose fields best foretell matches that they were not fitted to.

    Where matches are few or rough a stiff field is right, where they are dense and good a soft one. The
    options are those of `fit_field`.
    """
    fold = np.random.default_rng(0).permutation(len(places)) % FOLDS

    def missed(stiffness: float) -> float:
        total = 0.0
        for out in range(FOLDS):
            kept, left = fold != out, fold == out
            field = fit_field(
                places[kept],
                displacements[kept],
                weights=weights[kept],
                widest=widest,
                grid=grid,
                knots=knots,
                stiffness=stiffness,
            )
            apart = displacements[left] - field.at(places[left, 0], places[left, 1])
            # Wrong matches count alike under any field.
            total += float(weights[left] @ np.minimum(np.linalg.norm(apart, axis=1), widest))
        return total

    return min(STIFFNESSES, key=missed)


def _robustly(fit: Callable[[Floats], Floats], weights: Floats, *, widest: float, least: float) -> None:
    """Call `fit` with weights that fall with the errors it returned, until the scale has settled."""
    errors, scale = fit(weights), max(widest, least)
    while True:
        errors = fit(weights * (scale**2 / (scale**2 + errors**2)) ** 2)
        spread = float(np.median(errors)) / 1.18  # of errors whose rows and columns are normal
        narrower = max(least, min(scale / 1.4, max(2.5 * spread, scale / 2)))
        if narrower >= scale:
            return
        scale = narrower


def _direct(p: Floats, q: Floats, weights: Floats) -> Floats:
    """Solve for a homography from (k, 2) to (k, 2) by the direct linear transform, weighted."""
    one, zero = np.ones((len(p), 1)), np.zeros((len(p), 3))
    home = np.hstack([p, one])
    rows = np.hstack([home, zero, -q[:, :1] * home])
    cols = np.hstack([zero, home, -q[:, 1:] * home])
    stacked = np.concatenate([rows, cols]) * np.sqrt(np.tile(weights, 2))[:, None]
    # The smallest eigenvector of the 9 x 9 normal matrix; places near 1 keep it well conditioned.
    _, vectors = np.linalg.eigh(stacked.T @ stacked)
    return vectors[:, 0].reshape(3, 3)


def _unit(places: Floats) -> Floats:
    """Return the similarity that brings places to mean 0 and mean distance 1."""
    middle = places.mean(axis=0)
    spread = max(float(np.linalg.norm(places - middle, axis=1).mean()), 1e-9)
    return np.array([[1 / spread, 0, -middle[0] / spread], [0, 1 / spread, -middle[1] / spread], [0, 0, 1]])


def _projected(homography: Floats, places: Floats) -> Floats:
    moved = np.hstack([places, np.ones((len(places), 1))]) @ homography.T
    projected: Floats = moved[:, :2] / moved[:, 2:]
    return projected


def _bending(m: int, n: int) -> sparse.csr_array:
    """Return the bending energy of (m, n) coefficients as a matrix (m n, m n): second differences squared."""
    down, across = _differences(m, 2), _differences(n, 2)
    twist = np.sqrt(2) * sparse.kron(_differences(m, 1), _differences(n, 1))
    parts = (sparse.kron(down, sparse.eye_array(n)), sparse.kron(sparse.eye_array(m), across), twist)
    stacked = sparse.vstack(parts)
    return sparse.csr_array(stacked.T @ stacked)


def _differences(side: int, order: int) -> sparse.csr_array:
    return sparse.csr_array(np.diff(np.eye(side), n=order, axis=0))
