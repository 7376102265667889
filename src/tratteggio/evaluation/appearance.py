"""What the eye sees of a fill beside its error: patches, texture, edges, the seam at the rim, broad tones.

Each measure favours some kind of fill, so none of them is enough; `FAVOURS` says which. A fill that people
accept is good by most of them at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tratteggio.files.icc import to_lab
from tratteggio.metrics.colour import broad_colour_difference
from tratteggio.metrics.fidelity import data_range_of
from tratteggio.metrics.haarpsi import haarpsi_sums, similarity_of
from tratteggio.metrics.seams import seam_of, seam_sums
from tratteggio.metrics.swatches import distance_of_patches, patches_at
from tratteggio.metrics.texture import texture_of, texture_sums
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.painting.pixels import Lost
from tratteggio.windows.executing import Computers, compute_in_order

SIDES = (5, 9)  # pixels, of the patches that are compared
PATCHES = 20_000  # that are compared, about; of larger lacunae a share, chosen by position
BROAD = 8.0  # pixels, standard deviation of the blur that leaves broad tones
MARGIN = 34  # pixels around a piece: four times that blur, and even
LEVELS = 255.0  # distances are in levels of 8 bits, whatever the depth

FAVOURS: Mapping[str, str] = {
    "psnr": "smooth fills: a mean of all that could be there errs least",
    "ssim": "smooth fills that follow the paint at the rim",
    "patches_5": "brushwork of the right strength, wherever it lies; fills from patches",
    "patches_9": "the same for wider strokes",
    "texture": "1 is best: below, the fill is a smear; above, it is noisy",
    "haarpsi": "edges and strokes at their position",
    "seam": "as near as possible to that of the reference: above, the rim shows",
    "broad_colour": "the right tones from afar; smooth fills too",
}
"""Name of a measure -> which kind of fill it favours."""


@dataclass(frozen=True)
class Appearance:
    """What the eye sees of the fills inside the lacunae. A measure over nothing is nan.

    Attributes:
        patches_5: sliced Wasserstein distance of patches of 5 x 5 pixels to those of the reference, in levels
            of 255; see `metrics.patch_distance`.
        patches_9: the same of 9 x 9.
        texture: energy of gradients as a share of that around, see `metrics.texture_kept`.
        texture_reference: that of the reference.
        haarpsi: similarity of edges, 0 to 1, see `metrics.haarpsi`.
        seam: change across the rim as a share of that beside it, see `metrics.seam_visibility`.
        seam_reference: that of the reference, where nobody has touched the paint.
        broad_colour: mean CIEDE2000 of colours blurred by 8 pixels.
    """

    patches_5: float
    patches_9: float
    texture: float
    texture_reference: float
    haarpsi: float
    seam: float
    seam_reference: float
    broad_colour: float


def appearance(
    reference: Scan,
    result: Scan,
    lacunae: Lacunae,
    *,
    band: int = 512,
    progress: Callable[[int, int], None] | None = None,
    executor: Computers | None = None,
) -> Appearance:
    """Measure what the eye sees of fills, piece by piece; pieces without lacunae are not read.

    Args:
        reference: the truth.
        result: on the same grid, of the same depth and channels.
        lacunae: where it was filled.
        band: side of a piece in pixels, made even. The answer does not depend on it, but for rounding.
        progress: called with (rows done, rows in all).
        executor: looks at pieces, see `windows.compute_in_order`. The bits are the same.
    """
    look = _Look(reference, result, lacunae, min(1.0, PATCHES / max(lacunae.lost_px, 1)))
    pieces = list(Region.whole(reference.grid).tiles(band + band % 2))
    tally = _Tally()
    seen = compute_in_order(look.sums, pieces, executor=executor)
    with closing(seen):
        for piece, sums in zip(pieces, seen, strict=True):
            if sums is not None:
                tally.add(sums)
            if progress and piece.right == reference.grid[1]:
                progress(piece.bottom, reference.grid[0])
    return tally.appearance()


@dataclass(frozen=True, eq=False)
class _Look:
    """What is compared where.

    Attributes:
        share: of the patches that are compared.
    """

    reference: Scan
    result: Scan
    lacunae: Lacunae
    share: float

    def sums(self, inner: Region) -> _Tally | None:
        """Return what a piece shows; None: nothing was filled there."""
        read = inner.grow(MARGIN, within=self.reference.grid)
        lost = self.lacunae.read(read)
        if not lost.any():
            return None
        sums, scans = _Tally(), (self.reference, self.result)
        data_range = data_range_of(self.reference.dtype)
        pair = [scan.colour(read) for scan in scans]
        core = np.zeros(lost.shape, np.bool_)
        core[inner.relative_to(read).slices] = True
        for number, image in enumerate(pair):
            unit = image / data_range
            sums.texture[number] += texture_sums(unit, lost, core=core)
            sums.seam[number] += seam_sums(unit, lost, core=core)
        mine = lost & core
        sums.edges += haarpsi_sums(pair[0], pair[1], data_range=data_range, where=mine)
        chosen = mine & _draw_pixels(read, self.share)
        for side, kept in sums.patches.items():
            rows, cols = _whole_patches(chosen, read, self.reference.grid, side)
            for into, image in zip(kept, pair, strict=True):
                into.append(patches_at(image * (LEVELS / data_range), rows, cols, side=side))
        if mine.any():
            labs = [to_lab(p, scan.metadata.icc) for p, scan in zip(pair, scans, strict=True)]
            count = np.count_nonzero(mine)
            sums.broad += broad_colour_difference(*labs, sigma=BROAD, where=mine) * count, count
        return sums


class _Tally:
    """Sums over the pieces seen so far."""

    def __init__(self) -> None:
        self.patches: dict[int, tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]] = {
            side: ([], []) for side in SIDES
        }
        self.texture, self.seam = (np.zeros((2, 2, 2)), np.zeros((2, 3, 2)))
        self.edges, self.broad = np.zeros(2), np.zeros(2)

    def add(self, sums: _Tally) -> None:
        """Add those of the next piece."""
        self.texture += sums.texture
        self.seam += sums.seam
        self.edges += sums.edges
        self.broad += sums.broad
        for side, kept in self.patches.items():
            for into, found in zip(kept, sums.patches[side], strict=True):
                into.extend(found)

    def appearance(self) -> Appearance:
        apart = {}
        for side, kept in self.patches.items():
            sets = [np.concatenate(found) if found else np.zeros((0, 1), np.float32) for found in kept]
            apart[side] = distance_of_patches(*sets)
        return Appearance(
            patches_5=apart[5],
            patches_9=apart[9],
            texture=texture_of(self.texture[1]),
            texture_reference=texture_of(self.texture[0]),
            haarpsi=similarity_of(self.edges),
            seam=seam_of(self.seam[1]),
            seam_reference=seam_of(self.seam[0]),
            broad_colour=float(self.broad[0] / self.broad[1]) if self.broad[1] else math.nan,
        )


def _draw_pixels(read: Region, share: float) -> Lost:
    """Choose a share of the pixels by their position on the painting, whatever the bands."""
    rows = np.arange(read.top, read.bottom, dtype=np.uint64)[:, None]
    cols = np.arange(read.left, read.right, dtype=np.uint64)
    mixed = (rows * np.uint64(0x9E3779B97F4A7C15)) ^ (cols * np.uint64(0xC2B2AE3D27D4EB4F))
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    chosen: Lost = (mixed >> np.uint64(11)) / 2.0**53 < share
    return chosen


def _whole_patches(
    chosen: Lost, read: Region, grid: tuple[int, int], side: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns, in the part that was read, of chosen pixels whose patch fits the image."""
    rows, cols = np.nonzero(chosen)
    reach = side // 2
    down, right = rows + read.top, cols + read.left
    fits = (down >= reach) & (down < grid[0] - reach) & (right >= reach) & (right < grid[1] - reach)
    return rows[fits], cols[fits]
