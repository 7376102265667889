"""Where each place of the reference lies in another scan: moved by a smooth field, then a homography.

Places are (row, column) of pixel centres: pixel (0, 0) reaches from -0.5 to 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tratteggio.painting import Region

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Field:
    """A smooth displacement over a grid: cubic B-splines whose knots lie evenly from rim to rim.

    Beyond the grid the displacement goes on as it is at the rim.

    Attributes:
        coefficients: (m, n, 2) in pixels, rows and columns; m and n are 4 or more.
        grid: (rows, cols) that it covers.
    """

    coefficients: Floats
    grid: tuple[int, int]

    def at(self, rows: Floats, cols: Floats) -> Floats:
        """Return the displacement at places: two arrays of one shape in, (*shape, 2) out."""
        across, across_weights = _spline(cols, self.grid[1], self.coefficients.shape[1])
        down, down_weights = _spline(rows, self.grid[0], self.coefficients.shape[0])
        moved = np.zeros((*rows.shape, 2))
        for i in range(4):
            for j in range(4):
                weight = (down_weights[i] * across_weights[j])[..., None]
                moved += weight * self.coefficients[down + i, across + j]
        return moved

    def over(self, rows: Floats, cols: Floats) -> Floats:
        """Return the displacement where each of `rows` crosses each of `cols`: (h, w, 2)."""
        # Sums in a fixed order, not a matrix product: the same place gives the same bits in any region.
        m, n = self.coefficients.shape[:2]
        bands, moved = np.zeros((len(rows), n, 2)), np.zeros((len(rows), len(cols), 2))
        first, weights = _spline(rows, self.grid[0], m)
        for i in range(4):
            bands += weights[i][:, None, None] * self.coefficients[first + i]
        first, weights = _spline(cols, self.grid[1], n)
        for j in range(4):
            moved += weights[j][None, :, None] * bands[:, first + j]
        return moved

    def design(self, places: Floats) -> sparse.csr_array:
        """Return the matrix (k, m * n) that takes the coefficients to the displacements at (k, 2) places."""
        m, n = self.coefficients.shape[:2]
        down, down_weights = _spline(places[:, 0], self.grid[0], m)
        across, across_weights = _spline(places[:, 1], self.grid[1], n)
        sixteen = [(i, j) for i in range(4) for j in range(4)]
        weights = np.stack([down_weights[i] * across_weights[j] for i, j in sixteen], axis=1)
        columns = np.stack([(down + i) * n + across + j for i, j in sixteen], axis=1)
        starts = np.arange(0, 16 * len(places) + 1, 16)
        return sparse.csr_array((weights.ravel(), columns.ravel(), starts), shape=(len(places), m * n))


@dataclass(frozen=True, eq=False)
class Transform:
    """The map from the reference to a source scan.

    Attributes:
        homography: (3, 3), takes (row, column, 1) of the reference to the source.
        grid: (rows, cols) of the reference.
        source_grid: (rows, cols) of the source.
        field: what is added before the homography, in reference pixels; None adds nothing.

    Example:
        >>> shift = Transform(np.array([[1, 0, 5], [0, 1, -2], [0, 0, 1.0]]), (40, 30), (60, 50))
        >>> shift.at(np.array([[0.0, 0.0], [10.0, 20.0]])).tolist()
        [[5.0, -2.0], [15.0, 18.0]]
    """

    homography: Floats
    grid: tuple[int, int]
    source_grid: tuple[int, int]
    field: Field | None = None

    def at(self, places: Floats) -> Floats:
        """Return where (k, 2) places of the reference lie in the source."""
        moved = places + self.bent(places)
        return self._project(moved[:, 0], moved[:, 1])

    def bent(self, places: Floats) -> Floats:
        """Return by how much the field displaces (k, 2) places of the reference."""
        return np.zeros_like(places) if self.field is None else self.field.at(places[:, 0], places[:, 1])

    def over(self, region: Region) -> Floats:
        """Return where each pixel of a region of the reference lies in the source: (h, w, 2)."""
        return self.crossing(
            np.arange(region.top, region.bottom, dtype=np.float64),
            np.arange(region.left, region.right, dtype=np.float64),
        )

    def crossing(self, rows: Floats, cols: Floats) -> Floats:
        """Return where the crossings of rows and columns of the reference lie: (h, w, 2)."""
        down, across = rows[:, None], cols[None, :]
        if self.field is None:
            return self._project(down, across)
        bent = self.field.over(rows, cols)
        return self._project(down + bent[..., 0], across + bent[..., 1])

    def scale(self) -> float:
        """Return how many source pixels one reference pixel is wide, at the centre."""
        centre = np.array([(self.grid[0] - 1) / 2, (self.grid[1] - 1) / 2])
        middle, down, across = self.at(centre + np.array([[0, 0], [1, 0], [0, 1]]))
        (a, b), (c, d) = down - middle, across - middle
        return float(np.sqrt(abs(a * d - b * c)))

    def sees_all(self) -> bool:
        """Tell if every place of the reference lies inside the source; what holds at the rim holds within."""
        rows, cols = (np.arange(side, dtype=np.float64) for side in self.grid)
        rims = (
            self.crossing(rows[[0, -1]], cols).reshape(-1, 2),
            self.crossing(rows, cols[[0, -1]]).reshape(-1, 2),
        )
        return bool(inside(np.concatenate(rims), self.source_grid).all())

    def as_json(self) -> dict[str, Any]:
        """Return it as lists and numbers; `from_json` gives it back, bit by bit."""
        return {
            "maps": "(row, column) of the reference to that of the source, pixel centres at integers",
            "homography": self.homography.tolist(),
            "reference_grid": list(self.grid),
            "source_grid": list(self.source_grid),
            "field": None if self.field is None else self.field.coefficients.tolist(),
            "field_basis": "uniform cubic B-splines, added before the homography, in reference pixels",
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Transform:
        """Make a transform of what `as_json` returned."""
        grid = tuple(values["reference_grid"])
        field = values["field"]
        return cls(
            np.asarray(values["homography"], dtype=np.float64),
            grid,
            tuple(values["source_grid"]),
            None if field is None else Field(np.asarray(field, dtype=np.float64), grid),
        )

    def _project(self, rows: Floats, cols: Floats) -> Floats:
        h = self.homography
        down = h[2, 0] * rows + h[2, 1] * cols + h[2, 2]
        return np.stack(
            [
                (h[0, 0] * rows + h[0, 1] * cols + h[0, 2]) / down,
                (h[1, 0] * rows + h[1, 1] * cols + h[1, 2]) / down,
            ],
            axis=-1,
        )


def inside(places: Floats, grid: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which (..., 2) places lie on the pixels of a grid."""
    rows, cols = places[..., 0], places[..., 1]
    seen: NDArray[np.bool_] = (
        (rows >= -0.5) & (rows <= grid[0] - 0.5) & (cols >= -0.5) & (cols <= grid[1] - 0.5)
    )
    return seen


def _spline(places: Floats, side: int, knots: int) -> tuple[NDArray[np.intp], list[Floats]]:
    """Return the first of four coefficients that count at each place, and the weights of the four."""
    along = np.clip(places / max(side - 1, 1), 0, 1) * (knots - 3)
    first = np.minimum(along.astype(np.intp), knots - 4)
    t = along - first
    return first, [
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    ]
