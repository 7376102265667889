"""How far patches of one orientation map must move to lie on another, to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tratteggio.align.maps import Orientation
from tratteggio.align.transform import Floats

BATCH = 64  # patches at a time: a few megabytes
LOBE = 3  # pixels around a peak that belong to it


@dataclass(frozen=True, eq=False)
class Matches:
    """What was found for each of k patches.

    Attributes:
        shifts: (k, 2) pixels, rows and columns.
        peaks: (k,) correlation at the best shift, -1 .. 1.
        lead: (k,) by how much the best shift is better than any other place of the search.
        inner: (k,) True if the best shift is not at the rim of the search.
    """

    shifts: Floats
    peaks: Floats
    lead: Floats
    inner: NDArray[np.bool_]


def match(surfaces: Floats) -> Matches:
    """Read (k, s, s) correlation surfaces: each peak by a parabola through 3 x 3, and how it stands out."""
    k, side, _ = surfaces.shape
    index, radius = np.arange(k), side // 2
    row, col = np.unravel_index(surfaces.reshape(k, -1).argmax(axis=1), (side, side)) if k else (index, index)
    peaks = surfaces[index, row, col]
    inner = (row > 0) & (row < side - 1) & (col > 0) & (col < side - 1)
    tops = top(around(surfaces, row, col))
    shifts = np.stack([row, col], axis=1) - radius + np.where(inner[:, None], tops, 0)
    offsets = np.arange(side)
    apart = (np.abs(offsets[None, :, None] - row[:, None, None]) > LOBE) | (
        np.abs(offsets[None, None, :] - col[:, None, None]) > LOBE
    )
    others = np.where(apart, surfaces, -1).reshape(k, side * side).max(axis=1)
    return Matches(shifts, peaks, peaks - others, inner)


def correlate(
    reference: Orientation, moving: Orientation, corners: NDArray[np.intp], *, patch: int, radius: int
) -> Floats:
    """Lay patches of the reference on another map on the same grid, at every shift of whole pixels.

    The correlation is normalised: mean and contrast of either patch do not count. Patches are weighted
    with a Hann window, so that their middle counts most.

    Args:
        reference: (H, W).
        moving: (H + 2 radius, W + 2 radius), with `radius` pixels more on each side.
        corners: (k, 2) top left corners of the patches in the reference.
        patch: side of a patch, pixels.
        radius: farthest shift tried along each axis, pixels.

    Returns:
        (k, 2 radius + 1, 2 radius + 1) correlations, -1 .. 1; no shift is in the middle.
    """
    found = [
        _correlate(reference, moving, corners[start : start + BATCH], patch, radius)
        for start in range(0, len(corners), BATCH)
    ]
    return np.concatenate(found) if found else np.zeros((0, 2 * radius + 1, 2 * radius + 1))


def _correlate(
    reference: Orientation, moving: Orientation, corners: NDArray[np.intp], patch: int, radius: int
) -> Floats:
    """Return the correlation surfaces (k, 2 radius + 1, 2 radius + 1)."""
    wide = patch + 2 * radius
    fixed = np.stack([reference[r : r + patch, c : c + patch] for r, c in corners])
    search = np.stack([moving[r : r + wide, c : c + wide] for r, c in corners])
    hann = np.sin(np.pi * (np.arange(patch) + 0.5) / patch) ** 2
    weight = np.outer(hann, hann).astype(np.float32)
    weight /= weight.sum()
    fixed = fixed - (fixed * weight).sum(axis=(1, 2), keepdims=True)
    size = fft.next_fast_len(wide)

    def correlated(kernel: NDArray[np.complex64], over: NDArray[np.complex64]) -> NDArray[np.complex64]:
        across = fft.fft2(over, (size, size)) * np.conj(fft.fft2(kernel, (size, size)))
        kept: NDArray[np.complex64] = fft.ifft2(across)[..., : 2 * radius + 1, : 2 * radius + 1]
        return kept

    plain = weight.astype(np.complex64)[None]
    shared = correlated((fixed * weight).astype(np.complex64), search).real
    power = correlated(plain, (np.abs(search) ** 2).astype(np.complex64)).real
    spread = power - np.abs(correlated(plain, search)) ** 2
    own = (np.abs(fixed) ** 2 * weight).sum(axis=(1, 2))[:, None, None]
    scale = np.sqrt(np.maximum(own * spread, 1e-8))
    return np.asarray(np.clip(shared / scale, -1, 1), dtype=np.float64)


def around(surfaces: Floats, row: NDArray[np.intp], col: NDArray[np.intp]) -> Floats:
    """Return the 3 x 3 values about a place, or the nearest to it, of (k, s, s) surfaces: (3, 3, k)."""
    index, last = np.arange(len(surfaces)), surfaces.shape[1] - 2
    r, c = np.clip(row, 1, last), np.clip(col, 1, last)
    return np.stack([[surfaces[index, r + i, c + j] for j in (-1, 0, 1)] for i in (-1, 0, 1)])


def quadric(near: Floats) -> tuple[Floats, Floats]:
    """Return slope (k, 2) and curvature (k, 2, 2), in the middle, of quadrics fitted to (3, 3, k) values."""
    slope_r = (near[2] - near[0]).sum(axis=0) / 6
    slope_c = (near[:, 2] - near[:, 0]).sum(axis=0) / 6
    bend_r = (near[2] - 2 * near[1] + near[0]).sum(axis=0) / 3
    bend_c = (near[:, 2] - 2 * near[:, 1] + near[:, 0]).sum(axis=0) / 3
    twist = (near[2, 2] - near[2, 0] - near[0, 2] + near[0, 0]) / 4
    bend = np.stack([np.stack([bend_r, twist], -1), np.stack([twist, bend_c], -1)], -2)
    return np.stack([slope_r, slope_c], -1), bend


def top(near: Floats) -> Floats:
    """Return the top (k, 2) of the quadric that fits (3, 3, k) values best, at most 1 pixel away."""
    slope, bend = quadric(near)
    sound = np.linalg.eigvalsh(bend)[:, -1] < -1e-6
    there = -np.linalg.solve(np.where(sound[:, None, None], bend, np.eye(2)), slope[..., None])[..., 0]
    return np.where(sound[:, None], np.clip(there, -1, 1), 0)
