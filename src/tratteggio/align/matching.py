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


def match(
    reference: Orientation, moving: Orientation, corners: NDArray[np.intp], *, patch: int, radius: int
) -> Matches:
    """Find patches of the reference in another map on the same grid.

    The correlation is normalised: mean and contrast of either patch do not count. Patches are weighted
    with a Hann window, so that their middle counts most.

    Args:
        reference: (H, W).
        moving: (H + 2 radius, W + 2 radius), with `radius` pixels more on each side.
        corners: (k, 2) top left corners of the patches in the reference.
        patch: side of a patch, pixels.
        radius: farthest shift tried along each axis, pixels.
    """
    found = [
        _match(reference, moving, corners[start : start + BATCH], patch, radius)
        for start in range(0, len(corners), BATCH)
    ]
    surfaces = np.concatenate(found) if found else np.zeros((0, 2 * radius + 1, 2 * radius + 1))
    return _peaks(surfaces, radius)


def _match(
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


def _peaks(surfaces: Floats, radius: int) -> Matches:
    """Read each correlation surface: its peak by a parabola through 3 x 3, and how it stands out."""
    k, side, _ = surfaces.shape
    index = np.arange(k)
    row, col = np.unravel_index(surfaces.reshape(k, -1).argmax(axis=1), (side, side)) if k else (index, index)
    peaks = surfaces[index, row, col]
    inner = (row > 0) & (row < side - 1) & (col > 0) & (col < side - 1)
    r, c = np.clip(row, 1, side - 2), np.clip(col, 1, side - 2)
    near = np.stack([[surfaces[index, r + i, c + j] for j in (-1, 0, 1)] for i in (-1, 0, 1)])
    shifts = np.stack([row, col], axis=1) - radius + np.where(inner[:, None], _parabola(near), 0)
    offsets = np.arange(side)
    apart = (np.abs(offsets[None, :, None] - row[:, None, None]) > LOBE) | (
        np.abs(offsets[None, None, :] - col[:, None, None]) > LOBE
    )
    others = np.where(apart, surfaces, -1).reshape(k, side * side).max(axis=1)
    return Matches(shifts, peaks, peaks - others, inner)


def _parabola(near: Floats) -> Floats:
    """Return the top (k, 2) of the quadric that fits (3, 3, k) values best, at most 1 pixel away."""
    slope_r = (near[2] - near[0]).sum(axis=0) / 6
    slope_c = (near[:, 2] - near[:, 0]).sum(axis=0) / 6
    bend_r = (near[2] - 2 * near[1] + near[0]).sum(axis=0) / 3
    bend_c = (near[:, 2] - 2 * near[:, 1] + near[:, 0]).sum(axis=0) / 3
    twist = (near[2, 2] - near[2, 0] - near[0, 2] + near[0, 0]) / 4
    det = bend_r * bend_c - twist * twist
    sound = (bend_r < 0) & (bend_c < 0) & (det > 1e-12)
    det = np.where(sound, det, 1)
    top = (
        np.stack([twist * slope_c - bend_c * slope_r, twist * slope_r - bend_r * slope_c], axis=1)
        / det[:, None]
    )
    return np.where(sound[:, None], np.clip(top, -1, 1), 0)
