"""The first guess: rotations and scales are tried at thumbnail size, every shift at once by FFT.

Orientation maps of two thumbnails are correlated over all shifts, normalised by what overlaps. What counts
is how unlikely a correlation is by chance: it grows with the root of the overlap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from tratteggio.align.maps import Grey, orientation
from tratteggio.align.pyramid import Pyramid
from tratteggio.align.transform import Floats, Transform

THUMBNAIL_PX = 80
SIGMA, AROUND = 1.2, 8.0
LEAST_OVERLAP = 0.15
RIM = 3  # pixels left out along the border, which is an edge that only one of the two has


@dataclass(frozen=True, eq=False)
class Guess:
    """A similarity that may bring two scans together.

    Attributes:
        transform: from the reference to the source.
        score: correlation times root of the overlapping pixels.
        scale: source pixels per reference pixel.
    """

    transform: Transform
    score: float
    scale: float


def guesses(
    reference: Pyramid,
    source: Pyramid,
    *,
    scales: Iterable[float],
    turns: Iterable[float],
    longest: int = THUMBNAIL_PX,
    overlap: float = LEAST_OVERLAP,
    count: int = 6,
) -> list[Guess]:
    """Return the most promising similarities, best first, each clearly different from those before it.

    Args:
        scales: source pixels per reference pixel to try.
        turns: degrees to try.
        longest: longest side of the larger thumbnail, pixels.
        overlap: share of the smaller thumbnail that must lie on the other.
        count: how many to return at most.
    """
    found = []
    for scale in scales:
        spacing = max(*reference.grid, *(side / scale for side in source.grid)) / longest
        fixed = _thumbnail(reference, spacing, 0.0)
        thumbnails = [_thumbnail(source, spacing * scale, turn) for turn in turns]
        for moving in thumbnails:
            score, shift = _best_shift(fixed, moving, overlap)
            back = np.array([[1, 0, -shift[0]], [0, 1, -shift[1]], [0, 0, 1.0]])
            homography = moving.matrix @ back @ np.linalg.inv(fixed.matrix)
            found.append(Guess(Transform(homography, reference.grid, source.grid), score, scale))
    kept: list[Guess] = []
    for guess in sorted(found, key=lambda guess: -guess.score):
        if guess.score <= 0 or len(kept) == count:
            break
        if all(_differ(guess, other) for other in kept):
            kept.append(guess)
    return kept


@dataclass(frozen=True, eq=False)
class _Thumbnail:
    """An orientation map with mean 0, where it is seen, and the matrix from its pixels to the scan's."""

    map: NDArray[np.complex64]
    seen: Grey
    power: Grey
    matrix: Floats


def _thumbnail(pyramid: Pyramid, spacing: float, turn: float) -> _Thumbnail:
    """Look at a scan turned and reduced: thumbnail pixels are `spacing` pixels of the scan apart."""
    rows, cols = pyramid.grid
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    turned = (abs(c) * rows + abs(s) * cols, abs(s) * rows + abs(c) * cols)
    grid = (max(1, int(turned[0] / spacing)), max(1, int(turned[1] / spacing)))
    linear = spacing * np.array([[c, -s], [s, c]])
    middle = np.array([(rows - 1) / 2, (cols - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = middle - linear @ np.array([(grid[0] - 1) / 2, (grid[1] - 1) / 2])
    image, seen = pyramid.at(
        Transform(matrix, grid, pyramid.grid).crossing(*(np.arange(n, dtype=float) for n in grid)),
        spacing=spacing,
    )
    inner = ndimage.binary_erosion(seen, iterations=RIM).astype(np.float32)
    edges = orientation(image, sigma=SIGMA, around=AROUND) * inner
    edges -= edges.sum() / max(float(inner.sum()), 1.0) * inner
    return _Thumbnail(edges.astype(np.complex64), inner, np.abs(edges) ** 2, matrix)


def _best_shift(fixed: _Thumbnail, moving: _Thumbnail, least_overlap: float) -> tuple[float, tuple[int, int]]:
    """Try all shifts of one thumbnail over another; return the best score and its shift."""
    size = tuple(fft.next_fast_len(a + b) for a, b in zip(fixed.map.shape, moving.map.shape, strict=True))

    def correlated(one: Grey, other: Grey) -> Grey:
        return np.asarray(fft.irfft2(fft.rfft2(one, size) * np.conj(fft.rfft2(other, size)), size)).clip(0)

    shared = fft.ifft2(fft.fft2(fixed.map, size) * np.conj(fft.fft2(moving.map, size))).real
    # The power of either map where the other is seen: its mean is about 1, so it counts what overlaps too.
    powers = correlated(fixed.power, moving.seen) * correlated(fixed.seen, moving.power)
    least = least_overlap * min(float(fixed.power.sum()), float(moving.power.sum()))
    score = np.where(powers > max(least, 1.0) ** 2, shared / np.maximum(powers, 1.0) ** 0.25, 0)
    row, col = np.unravel_index(int(score.argmax()), score.shape)
    shift = [
        int(at) - (n if at >= m else 0) for at, n, m in zip((row, col), size, fixed.map.shape, strict=True)
    ]
    return float(score[row, col]), (shift[0], shift[1])


def _differ(one: Guess, other: Guess) -> bool:
    """Tell if two guesses put the middle or the corners at clearly different places."""
    rows, cols = one.transform.grid
    places = np.array([[0, 0], [0, cols], [rows, 0], [rows, cols], [rows / 2, cols / 2]], dtype=np.float64)
    apart = np.linalg.norm(one.transform.at(places) - other.transform.at(places), axis=1).max()
    return bool(apart > 0.12 * max(rows, cols) * one.scale)
