"""What is painted where: a painting divided into blocks of one texture each, and which of them are alike.

T. Ruzic and A. Pizurica 2015, doi:10.1109/TIP.2014.2372479, section III: pixels are told apart by a bank of
Gabor filters and gathered into textons; a block is described by how often each texton occurs in it, divided
as long as its halves differ, and matched with blocks that are described alike. Patches for a lacuna then come
from the blocks that match those around it, wherever they lie on the painting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.cluster.vq import kmeans, vq

from tratteggio.painting import Region
from tratteggio.painting.pixels import Lost
from tratteggio.patches.lattice import Floats, Numbers

SCALES, ORIENTATIONS = 3, 6
PAD = 32  # pixels that a picture is mirrored beyond its edges, since filters look around
CONTRAST = 0.03  # response, of a range of 1, from which on strength counts by its logarithm
TEXTONS = 18
TAUGHT = 20_000  # pixels that textons are learnt from
RELIABLE = 0.5  # share of a block that is known, above which its histogram is trusted
DIFFERENT = 0.15  # chi-square distance of halves that are divided
ALIKE = 0.15  # chi-square distance of blocks that match
LEAST, MOST = 2, 10  # matches of a block
SMALLEST = 16  # pixels, side of a block whose histogram says something


@dataclass(frozen=True, eq=False)
class Blocks:
    """A picture divided.

    Attributes:
        places: regions that tile the picture.
        grid: rows and columns of the picture.
        reliable: (n,) bool, where enough of a block is known.
        histograms: (n, textons), the share of each texton in what is known; all 0 where nothing is.
    """

    places: tuple[Region, ...]
    grid: tuple[int, int]
    reliable: NDArray[np.bool_]
    histograms: Floats

    def around(self, where: Lost) -> Numbers:
        """Return the reliable blocks that hold pixels of `where`, (h, w), or lie beside them."""
        near = ndimage.binary_dilation(where, np.ones((3, 3)))
        held = np.array([near[place.slices].any() for place in self.places])
        return np.flatnonzero(held & self.reliable)

    def matching(self, wanted: Numbers) -> Numbers:
        """Return the blocks that match some block of `wanted`, these themselves included, the best first."""
        if not len(wanted):
            return wanted
        others = np.flatnonzero(self.reliable)
        far = chi_square(self.histograms[wanted][:, None], self.histograms[others])
        rank = far.argsort(axis=1, kind="stable").argsort(axis=1)
        matched = (rank < LEAST) | ((rank < MOST) & (far < ALIKE))
        nearest = np.where(matched, far, np.inf).min(axis=0)
        return others[np.argsort(nearest, kind="stable")[: matched.any(axis=0).sum()]]


def divide(tone: Floats, known: Lost, *, smallest: int = SMALLEST) -> Blocks:
    """Divide a picture into blocks of one texture each.

    Args:
        tone: (h, w) of 0 .. 1, smooth where nothing is known.
        known: (h, w) bool.
        smallest: side of a block in pixels, below which it is not divided.
    """
    textons = textons_of(tone, known)
    sums = np.zeros((int(textons.max()) + 1, tone.shape[0] + 1, tone.shape[1] + 1), np.int32)
    for number, plane in enumerate(sums):
        np.cumsum(np.cumsum(known & (textons == number), axis=0), axis=1, out=plane[1:, 1:])

    def count(of: Region) -> NDArray[np.int32]:
        corners = sums[:, of.bottom, of.right] + sums[:, of.top, of.left]
        counted: NDArray[np.int32] = corners - sums[:, of.top, of.right] - sums[:, of.bottom, of.left]
        return counted

    def reliable(block: Region) -> bool:
        return bool(count(block).sum() > RELIABLE * block.rows * block.cols)

    def divided(block: Region, across: bool) -> Iterator[Region]:
        if reliable(block):
            for way in (across, not across):
                halves = _halves(block, across=way)
                if min(min(half.rows, half.cols) for half in halves) < smallest:
                    continue
                one, other = (shares(count(half)) for half in halves)
                if chi_square(one, other) > DIFFERENT:
                    for half in halves:
                        yield from divided(half, not way)
                    return
        yield block

    whole = Region.whole(tone.shape)
    quarters = [part for half in _halves(whole, across=True) for part in _halves(half, across=False)]
    places = tuple(block for part in quarters if not part.empty for block in divided(part, True))
    histograms = np.stack([shares(count(place)) for place in places])
    return Blocks(places, tone.shape, np.array([reliable(place) for place in places]), histograms)


def _halves(block: Region, *, across: bool) -> tuple[Region, Region]:
    """Cut a block across, into an upper and a lower half, or into a left and a right one."""
    row, col = (block.top + block.bottom) // 2, (block.left + block.right) // 2
    if across:
        return block._replace(bottom=row), block._replace(top=row)
    return block._replace(right=col), block._replace(left=col)


def textons_of(tone: Floats, known: Lost) -> Numbers:
    """Number the pixels by their texton: (h, w) of 0 .. 17, or fewer where there is less to tell apart."""
    found = contrast(gabor(tone)).reshape(-1, SCALES * ORIENTATIONS)
    taught = np.flatnonzero(known)
    taught = taught[:: -(-len(taught) // TAUGHT)]
    first = taught[np.linspace(0, len(taught) - 1, TEXTONS).astype(np.intp)]
    centres, _ = kmeans(found[taught], np.unique(found[first], axis=0))
    numbers: Numbers = vq(found, centres, check_finite=False)[0].astype(np.intp).reshape(tone.shape)
    return numbers


def gabor(tone: Floats) -> Floats:
    """Filter a picture by three scales and six orientations: (h, w) -> (h, w, 18) magnitudes."""
    rows, cols = tone.shape
    padded = np.pad(tone, PAD, mode="symmetric")
    shape = [fft.next_fast_len(side) for side in padded.shape]
    spectrum = fft.fft2(padded - padded.mean(), s=shape)
    down, right = fft.fftfreq(shape[0])[:, None], fft.fftfreq(shape[1])
    frequency, angle = np.hypot(down, right), np.arctan2(down, right)
    found = np.empty((rows, cols, SCALES * ORIENTATIONS), np.float32)
    for number in range(SCALES * ORIENTATIONS):
        scale, orientation = divmod(number, ORIENTATIONS)
        off = frequency * 1.85**scale / 0.3 - 1
        turned = angle - np.pi * orientation / ORIENTATIONS
        turned = (turned + np.pi) % (2 * np.pi) - np.pi
        kernel = np.exp(-3.5 * off**2 - 2 * np.pi * (16 * ORIENTATIONS**2 / 32**2) * turned**2)
        answer = fft.ifft2(spectrum * kernel.astype(np.float32))
        found[..., number] = np.abs(answer[PAD : PAD + rows, PAD : PAD + cols])
    return found


def contrast(found: Floats) -> Floats:
    """Let the strength of responses (h, w, filters) count by its logarithm, as the eye does."""
    strength = np.linalg.norm(found, axis=2, keepdims=True)
    scaled: Floats = found * (np.log10(1 + strength / CONTRAST) / np.maximum(strength, 1e-9))
    return scaled


def shares(counts: NDArray[np.int32]) -> Floats:
    """Turn counts (..., textons) into shares of their sum; none into 0."""
    found: Floats = (counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)).astype(np.float32)
    return found


def chi_square(one: Floats, other: Floats) -> Floats:
    """Compare histograms (..., textons): 0 where equal, 1 where nothing is shared.

    Example:
        >>> float(chi_square(np.array([1.0, 0.0]), np.array([0.0, 1.0])))
        1.0
    """
    total = one + other
    squares = np.divide((one - other) ** 2, total, out=np.zeros_like(total), where=total > 0)
    distance: Floats = squares.sum(axis=-1) / 2
    return distance
