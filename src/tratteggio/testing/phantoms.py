"""Small paintings and damage that the laws make for themselves. The same seed gives the same pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Scan, Stack

WHITES = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


def draw_painting(
    rows: int, cols: int, depth: str = "uint8", channels: int = 3, seed: int = 0
) -> NDArray[Any]:
    """Draw a smooth image with some grain.

    Args:
        rows, cols: pixels.
        depth: one of `WHITES`.
        channels: 0 for grey without an axis of channels.
        seed: of waves and grain.

    Returns:
        (rows, cols, channels), or (rows, cols) for 0 channels, over the range of the depth.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    waves = [np.sin(x / (7 + 5 * c) + seed) * np.cos(y / (11 - 2 * c)) for c in range(max(1, channels))]
    unit = 0.5 + 0.35 * np.stack(waves, axis=-1) + rng.normal(0, 0.03, (rows, cols, max(1, channels)))
    unit = np.clip(unit if channels else unit[..., 0], 0, 1)
    return np.asarray((unit * WHITES[depth]).astype(depth))


def draw_lacunae(rows: int, cols: int, seed: int = 0) -> NDArray[np.bool_]:
    """Draw cracks, flakes, and one lacuna at the border, (rows, cols) bool; never everything is lost."""
    rng = np.random.default_rng(seed)
    lost = np.zeros((rows, cols), bool)
    for _ in range(3):
        col = rng.integers(0, cols)
        lost[rng.integers(0, rows) :, col] = True
    for _ in range(4):
        top, left = rng.integers(0, rows), rng.integers(0, cols)
        lost[top : top + rng.integers(1, 14), left : left + rng.integers(1, 14)] = True
    lost[: rows // 6, : cols // 8] = True
    lost[rows // 2, cols // 2] = True
    lost[-1, 0] = False
    return lost


def draw_wall(rows: int, cols: int, seed: int = 0) -> NDArray[np.uint8]:
    """Draw a rough wall with dark cracks and a bare spot: (rows, cols, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    light = 0.65 + 0.1 * np.sin(x / 37 + seed) * np.cos(y / 51) + rng.normal(0, 0.02, (rows, cols))
    for slope, offset, half in ((0.3, 20, 1.2), (-0.8, 90, 0.7), (4.0, -160, 2.0)):
        away = np.abs(y - slope * x - offset) / np.hypot(1, slope)
        light *= 1 - 0.7 * np.clip(half + 0.5 - away, 0, 1)
    spot = np.hypot(y - rows * 0.7, x - cols * 0.3) < 14
    light = np.where(spot, 0.92, light)
    colours = light[..., None] * np.array([1.0, 0.93, 0.8])
    return np.asarray(np.rint(255 * np.clip(colours, 0, 1)), np.uint8)


def add_scans(scan: Scan) -> Stack:
    """Add infrared and ultraviolet to a scan: of other depths, and the second one not seen everywhere."""
    rows, cols = scan.grid
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:rows, 0:cols]
    waves = np.stack([np.sin(x / 5) + np.cos(y / 9), np.sin(y / 6), np.cos(x / 8 + y / 5)], axis=-1)
    levels = 0.5 + 0.15 * waves + rng.normal(0, 0.02, waves.shape)
    seen = np.ones((rows, cols), bool)
    seen[:, cols - cols // 4 :] = False
    infrared = Scan((levels[..., 0].clip(0, 1) * 65535).astype(np.uint16), "irr")
    return Stack((scan, infrared, Scan((levels.clip(0, 1) * 255).astype(np.uint8), "uvf", seen=seen)))
