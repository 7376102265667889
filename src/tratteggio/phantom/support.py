"""What lies under the paint and shows in the radiograph: planks with their grain, joins, nails, a cradle.

Absorbance at 30 keV: 12 mm of seasoned wood about 0.24, 0.3 mm of chalk ground 0.07, iron opaque.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tratteggio.degradation.simulation.value_noise import Doubles, Floats, draw, field, millimetres, uniform
from tratteggio.painting.region import Region

WOOD, GROUND, SLAT, IRON = 0.24, 0.07, 0.07, 1.6
SLATTED = (0.42, 0.34)  # share of the back that slats along and across the grain cover
_JOIN_MM = 0.35
_PLANK_MM = 260.0  # widest plank
_HEAD_MM = 4.0  # radius of the head of a nail


@dataclass(frozen=True, eq=False)
class Support:
    """The support of a panel.

    Attributes:
        grid: (rows, cols) of the panel.
        seed: another seed, other planks.
        um_per_px: micrometres per pixel.
        cradled: whether a grid of slats was glued to its back.
    """

    grid: tuple[int, int]
    seed: int
    um_per_px: float
    cradled: bool

    def absorbance(self, region: Region) -> Floats:
        """Return how much X-radiation wood and ground take within a region, the ground whole: (h, w)."""
        y, x = millimetres(region, self.um_per_px)
        dense = self._wood(y, x)
        if self.cradled:
            dense = dense + self._cradle(y, x)
        return dense + np.float32(GROUND) * (
            np.float32(1) + np.float32(0.12) * field(y / 5, x / 5, self.seed, 520)
        )

    def nailed(self, region: Region) -> Floats:
        """Return how far nails cover each pixel of a region, 0 .. 1: a head, and a shank that lies aslant."""
        cover = np.zeros((region.rows, region.cols), np.float32)
        soft = max(self.um_per_px / 1000, 0.12)
        y, x = (axis.astype(np.float32) for axis in millimetres(region, self.um_per_px))
        for down, right, radius, lean in self._nails:
            dy, dx = (y - np.float32(down))[:, None], (x - np.float32(right))[None, :]
            head = np.float32(radius) - np.sqrt(dy * dy + dx * dx)
            along = np.clip(dy, 0, np.float32(5 * radius))
            off = dx - along * np.float32(lean)
            shank = np.float32(0.32 * radius) * (np.float32(1) - along / np.float32(6 * radius)) - np.sqrt(
                off * off + (dy - along) * (dy - along)
            )
            np.maximum(
                cover, np.clip(np.maximum(head, shank) / np.float32(soft) + np.float32(0.5), 0, 1), out=cover
            )
        return cover

    @property
    def cradle_mean(self) -> float:
        """What the cradle absorbs on average."""
        return SLAT * sum(SLATTED) if self.cradled else 0.0

    @property
    def size_mm(self) -> tuple[float, float]:
        """Height and width."""
        return self.grid[0] * self.um_per_px / 1000, self.grid[1] * self.um_per_px / 1000

    @cached_property
    def _nails(self) -> Doubles:
        """(n, 4) y, x, radius of the head in mm, slant: two rows, where battens were nailed on."""
        tall, wide = self.size_mm
        radius = min(_HEAD_MM, 0.012 * min(tall, wide))
        nails = []
        for row, share in enumerate((0.14, 0.86)):
            for col in range(4):
                name = f"nail {row} {col}"
                nails.append(
                    (
                        tall * (share + draw(self.seed, name + " y", -0.012, 0.012)),
                        wide * (0.14 + 0.24 * col + draw(self.seed, name + " x", -0.03, 0.03)),
                        radius * draw(self.seed, name + " r", 0.75, 1.1),
                        draw(self.seed, name + " lean", -0.35, 0.35),
                    )
                )
        return np.array(nails)

    def _wood(self, y: Doubles, x: Doubles) -> Floats:
        """Year rings of each plank, dense at the end of the year; a dark line where two planks meet.

        A plank is cut from a trunk whose axis leans a little against it: rings are circles around that
        axis. Near the axis they make the pointed arches of a flat-sawn board, far from it straight lines.
        """
        wide = self.size_mm[1]
        plank = min(_PLANK_MM, 0.58 * wide)
        place = x / plank + draw(self.seed, "first plank")
        number = np.floor(place).astype(np.int64)
        random = [uniform(number, self.seed, 500 + k).astype(np.float64) for k in range(5)]
        across = (place - number - 0.5) * plank
        axis = np.where(random[0] < 0.35, (random[1] - 0.5) * 0.8 * plank, 260 + 300 * random[1])
        depth = 12 + 25 * random[2] + (0.03 + 0.05 * random[3]) * (y[:, None] - 1000 * (random[4] > 0.5))
        wave = field(y / 70, x / 26, self.seed, 510) * np.float32(3.0) + field(
            y / 18, x / 9, self.seed, 511
        ) * np.float32(0.5)
        ring_mm = 1.5 + 1.4 * random[3]
        rings = (np.sqrt((across - axis) ** 2 + depth * depth) + wave) / ring_mm
        year = np.floor(rings)
        part = (rings - year).astype(np.float32)
        # Latewood comes slowly and ends at once.
        late = part * part * np.clip((np.float32(1) - part) * np.float32(9), 0, 1)
        late *= np.float32(0.6) + np.float32(0.8) * uniform(year.astype(np.int64), number, self.seed, 512)
        # Rings too fine for the pixels are an even tone.
        seen = np.clip(ring_mm * 1000 / self.um_per_px / 3 - 0.7, 0, 1).astype(np.float32)
        fibre = field(y / 21, x / 0.35, self.seed, 513) * np.float32(0.05)
        tone = (late - np.float32(0.27)) * seen * np.float32(0.36) + fibre
        tone += (random[2] * 0.22 - 0.11).astype(np.float32)
        wood = np.float32(WOOD) * (np.float32(1) + tone)
        edge = np.minimum(place - number, number + 1 - place) * plank
        gap = np.clip((_JOIN_MM + self.um_per_px / 2000 - edge) / (self.um_per_px / 1000), 0, 1)
        joined: Floats = wood * (np.float32(1) - np.float32(0.35) * gap.astype(np.float32))
        return joined

    def _cradle(self, y: Doubles, x: Doubles) -> Floats:
        """Slats on the back: upright ones glued on, level ones behind them."""
        bars = []
        for at, side, share in ((x, self.size_mm[1], SLATTED[0]), (y, self.size_mm[0], SLATTED[1])):
            pitch = max(min(95.0, side / 3.5), 1e-6)
            off = np.abs((at / pitch + 0.25) % 1 - 0.5) * pitch
            bars.append(
                np.clip((share * pitch / 2 - off) / max(self.um_per_px / 1000, 0.4) + 0.5, 0, 1).astype(
                    np.float32
                )
            )
        upright, level = bars[0][None, :], bars[1][:, None]
        return np.float32(SLAT) * (upright + level)
