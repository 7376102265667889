"""What to look at after registration: two scans on a checkerboard, and what is left aside, place by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tratteggio.align.residual import Residual
from tratteggio.files import overview
from tratteggio.painting import Scan

FIELDS = 8  # along the longer side
STEPS = ((0.25, (40, 150, 90)), (0.5, (150, 190, 60)), (1.0, (235, 190, 50)), (2.0, (230, 110, 40)))
WORST, UNMEASURED = (200, 30, 40), (120, 120, 120)
LONGER = 20.0  # times that the shifts are drawn


def overlay(reference: Scan, other: Scan, *, longest: int = 1400) -> NDArray[np.uint8]:
    """Lay two scans of one grid out on a checkerboard: contours that go on across its lines lie well.

    Returns:
        (h, w, 3) uint8, the longer side at most `longest`.
    """
    ours, theirs = (_stretch(overview(scan, longest=longest)) for scan in (reference, other))
    side = -(-max(ours.shape[:2]) // FIELDS)
    rows, cols = np.ogrid[: ours.shape[0], : ours.shape[1]]
    return np.where(((rows // side + cols // side) % 2 == 0)[..., None], ours, theirs)


def residual_picture(residual: Residual, reference: Scan, *, longest: int = 1400) -> NDArray[np.uint8]:
    """Draw the residual over the reference: a dot a held-out place, with its shift 20 times as long.

    Green is below 0.5 pixels, yellow below 1, orange below 2, red above; grey could not be measured.

    Returns:
        (h, w, 3) uint8.
    """
    shown = overview(reference, longest=longest)
    image = Image.fromarray((shown * 0.4 + 100).astype(np.uint8))
    draw, scale = ImageDraw.Draw(image), max(shown.shape[:2]) / max(reference.grid)
    dot = max(2, max(shown.shape[:2]) // 250)
    for (row, col), (down, right), error in zip(
        residual.places * scale, residual.shifts * scale, residual.errors, strict=True
    ):
        if np.isfinite(error):
            colour = next((colour for most, colour in STEPS if error < most), WORST)
            draw.line((col, row, col + LONGER * right, row + LONGER * down), fill=colour, width=2)
        else:
            colour = UNMEASURED
        draw.ellipse((col - dot, row - dot, col + dot, row + dot), fill=colour)
    return np.asarray(image)


def _stretch(shown: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Widen the contrast, for reflectograms and X-rays are often flat."""
    low, high = np.percentile(shown, (1, 99))
    wide = (shown.astype(np.float32) - low) * (255 / max(float(high - low), 1.0))
    return np.asarray(np.clip(np.rint(wide), 0, 255), dtype=np.uint8)
