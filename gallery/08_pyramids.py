"""Pyramids: a picture at every scale, and two pictures joined without a seam.

A Gaussian pyramid halves again and again; a Laplacian one keeps what each halving loses, so nothing is lost
altogether. Two pictures that are joined band by band, coarse bands softly and fine ones sharply, show no
seam.
"""

from pathlib import Path

import numpy as np

from tratteggio.filters import blend, collapsed, composite, gaussian_pyramid, laplacian_pyramid, strip
from wall import Wall, build


def hang(wall: Wall) -> None:
    paint = wall.panel().painted.read()
    other = wall.panel(seed=4).painted.read()
    wall.hang(strip(paint), "1, 1/2, 1/4, 1/8", wide=True)
    bands = laplacian_pyramid(paint, levels=4)
    for number, band in enumerate(bands[:2], start=1):
        grey = band.mean(axis=2)
        wall.hang(0.5 + grey / (2 * np.abs(grey).max()), f"What halving {number} loses")
    whole = collapsed(bands)
    wall.check(
        "largest difference of the bands put together again",
        float(np.abs(whole - paint).max()),
        0.0,
        within=1e-3,
    )
    wall.check("levels", len(gaussian_pyramid(paint, levels=4)), 4)

    left = np.repeat((np.arange(wall.side) < wall.side / 2)[None].astype(np.float32), wall.side, axis=0)
    wall.hang(composite(paint, other, left), "Two panels side by side: a seam")
    wall.hang(blend(paint, other, left, levels=5), "Joined band by band")


if __name__ == "__main__":
    build(Path(__file__))
