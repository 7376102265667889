"""Pyramids: an image at every scale, and two images joined without a seam.

A Gaussian pyramid halves the image again and again. A Laplacian pyramid keeps what each halving loses, so the
image can be rebuilt. Two images that are joined band by band, coarse bands softly and fine bands sharply,
show no seam.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import blend, collapsed, composite, gaussian_pyramid, laplacian_pyramid, strip


def show(example: Example) -> None:
    paint = example.panel().painted.read()
    other = example.panel(seed=4).painted.read()
    example.show(strip(paint), "1, 1/2, 1/4, 1/8", wide=True)
    bands = laplacian_pyramid(paint, levels=4)
    for number, band in enumerate(bands[:2], start=1):
        grey = band.mean(axis=2)
        example.show(0.5 + grey / (2 * np.abs(grey).max()), f"What halving number {number} loses")
    whole = collapsed(bands)
    example.check(
        "largest difference after the bands are joined again",
        float(np.abs(whole - paint).max()),
        0.0,
        within=1e-3,
    )
    example.check("levels", len(gaussian_pyramid(paint, levels=4)), 4)

    left = np.repeat(
        (np.arange(example.side) < example.side / 2)[None].astype(np.float32), example.side, axis=0
    )
    example.show(composite(paint, other, left), "Two panels side by side: a seam")
    example.show(blend(paint, other, left, levels=5), "Joined band by band")


if __name__ == "__main__":
    build(Path(__file__))
