"""Where a scan saw the panel: a homography (where the camera stood) and a smooth field (lens, film, wood).

Places are (row, column) of pixel centres. The way from the scan to the panel is a closed form; the way
back is found by iteration, to far below a thousandth of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tratteggio.degradation.simulation.value_noise import Doubles, Floats, draw, field, field_at
from tratteggio.painting.region import Region

FIELD_PX = 5.0  # largest displacement by the smooth field, in panel pixels, along each axis
_SHARE = 0.006  # of the shorter side, which bounds it on small panels
_ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Warp:
    """How one scan lies on the panel.

    Attributes:
        grid: (rows, cols) of the panel.
        scan_grid: (rows, cols) of the scan.
        homography: (3, 3), takes (row, column, 1) of the scan to the panel.
        field_px: largest displacement that the smooth field adds, in panel pixels.
        seed, stream: of the smooth field.
    """

    grid: tuple[int, int]
    scan_grid: tuple[int, int]
    homography: Doubles
    field_px: float
    seed: int
    stream: int

    @classmethod
    def from_seed(cls, grid: tuple[int, int], *, scale: float, seed: int, stream: int) -> Warp:
        """Draw a warp for a scan with `scale` pixels for each of the panel.

        Up to 0.7 degrees of rotation, 1 % of scale and shear, 1.2 % of the longer side of shift, 0.4 % of
        perspective.
        """
        scan_grid = (max(1, round(grid[0] * scale)), max(1, round(grid[1] * scale)))

        def draw_within(name: str, most: float) -> float:
            return draw(seed, f"warp {stream} {name}", -most, most)

        turn = draw_within("turn", 0.012)
        pose = np.array(
            [
                [
                    1 + draw_within("tall", 0.01),
                    turn + draw_within("shear", 0.003),
                    draw_within("down", 0.024),
                ],
                [-turn, 1 + draw_within("wide", 0.01), draw_within("right", 0.024)],
                [draw_within("tip", 0.004), draw_within("pan", 0.004), 1],
            ]
        )
        homography = _centred(grid) @ pose @ np.linalg.inv(_centred(scan_grid))
        return cls(
            grid, scan_grid, homography / homography[2, 2], min(FIELD_PX, _SHARE * min(grid)), seed, stream
        )

    @classmethod
    def none(cls, grid: tuple[int, int]) -> Warp:
        """Return the warp of a scan that lies on the panel pixel by pixel."""
        return cls(grid, grid, np.eye(3), 0.0, 0, 0)

    def seen(self, region: Region) -> Doubles:
        """Return which place of the panel each pixel of a region of the scan shows: (h, w, 2)."""
        row, col = _axes(region)
        place = _project(self.homography, row[:, None], col[None, :])
        if self.field_px:
            y, x = row / self._cell, col / self._cell
            for axis in range(2):
                place[..., axis] += self.field_px * field(y, x, self.seed, self.stream, axis)
        return place

    def places(self, region: Region) -> Doubles:
        """Return where each pixel of a region of the panel lies in the scan: (h, w, 2)."""
        rows, cols = _axes(region)
        row, col = rows[:, None], cols[None, :]
        back = np.linalg.inv(self.homography).astype(np.float64)
        place = _project(back, row, col)
        if self.field_px:
            # Each round shrinks the error by the slope of the field, below a tenth.
            for _ in range(_ROUNDS):
                y, x = place[..., 0] / self._cell, place[..., 1] / self._cell
                down, right = (
                    field_at(y, x, self.seed, self.stream, axis).astype(np.float64) * self.field_px
                    for axis in range(2)
                )
                place = _project(back, row - down, col - right)
        return place

    def displacement(self, region: Region) -> Floats:
        """Return the place in the scan of each pixel of a region of the panel, less its own: (h, w, 2)."""
        row, col = _axes(region)
        own = np.stack(np.broadcast_arrays(row[:, None], col[None, :]), axis=-1)
        moved: Floats = (self.places(region) - own).astype(np.float32)
        return moved

    @cached_property
    def _cell(self) -> float:
        """Side of a lattice cell of the smooth field, in pixels of the scan."""
        return max(self.scan_grid) / 4.0


def _axes(region: Region) -> tuple[Doubles, Doubles]:
    return np.arange(region.top, region.bottom, dtype=np.float64), np.arange(
        region.left, region.right, dtype=np.float64
    )


def _centred(grid: tuple[int, int]) -> Doubles:
    """Return what takes (-1 .. 1) on the longer side, 0 in the middle, to pixels."""
    half = max(grid) / 2
    return np.array([[half, 0, (grid[0] - 1) / 2], [0, half, (grid[1] - 1) / 2], [0, 0, 1]])


def _project(h: Doubles, row: Doubles, col: Doubles) -> Doubles:
    depth = h[2, 0] * row + h[2, 1] * col + h[2, 2]
    return np.stack(
        [
            (h[0, 0] * row + h[0, 1] * col + h[0, 2]) / depth,
            (h[1, 0] * row + h[1, 1] * col + h[1, 2]) / depth,
        ],
        axis=-1,
    )
