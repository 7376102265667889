"""Views of a painting on a page: copies for the eye, figures, and what to show of a lacuna."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tratteggio.files.embedding import img
from tratteggio.markup import Markup, html
from tratteggio.pages.census import Lacuna
from tratteggio.pages.tables import mm
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.pixels import Array

DETAIL_PX = 360  # of the longer side of a lacuna seen close


class Overview(Protocol):
    """Makes an upright viewing copy: (h, w, 3) uint8, its longer side at most `longest`, never enlarged."""

    def __call__(
        self, scan: Scan, *, longest: int, pixels: Pixels | None = None, region: Region | None = None
    ) -> Array:
        """Show `pixels` (the scan's own if None) of a region (all if None) as the scan's profile asks."""


def figure(image: Array, alt: str, caption: Markup, *, pins: Markup | None = None, css: str = "") -> Markup:
    """Return an image with a caption below."""
    return html(
        '<figure class="{}"><div class="wall"><div class="held">{}{}</div></div>'
        "<figcaption>{}</figcaption></figure>\n",
        css, img(image, alt), pins or "", caption,
    )  # fmt: skip


def around(lacuna: Lacuna, grid: tuple[int, int]) -> tuple[Region, str]:
    """Return what to show of a lacuna: all of it, or of a wide net of cracks its widest place."""
    box, (row, col) = lacuna.box, lacuna.deepest
    longest = max(box.rows, box.cols)
    if longest <= DETAIL_PX or 4 * lacuna.lost_px > box.rows * box.cols:
        return box.grow(max(8, longest // 3), within=grid), ""
    reach = max(DETAIL_PX // 4, round(1.5 * (lacuna.width_px or 0)))
    return Region(row, col, row + 1, col + 1).grow(reach, within=grid), " at the widest point"


def rgb(image: Array) -> Array:
    """Return a grey image in three channels."""
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image


def extent(region: Region, um_per_px: float | None) -> str:
    """Return the size of a region as text, in millimetres if the scale is known."""
    if um_per_px is None:
        return f"{region.cols:,} × {region.rows:,} px"
    return f"{mm(region.cols, um_per_px)} × {mm(region.rows, um_per_px)} mm"
