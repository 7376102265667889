"""Measure how close a proposal comes to the truth, band by band.

In addition to the scores, `evaluation.appearance` measures how the fills look inside the lacunae.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadPixels, BadUsage, GridMismatch
from tratteggio.evaluation.appearance import BROAD, PATCHES, appearance
from tratteggio.evaluation.proof import differing, lacunae_in
from tratteggio.evaluation.scores import Evaluation, Scores
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.icc import profile_name, to_lab, to_profile
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.white import note_range, on_one_white
from tratteggio.metrics.colour import ciede2000
from tratteggio.metrics.fidelity import psnr_from_mse, ssim_map
from tratteggio.names import rows_and_columns
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.painting.pixels import Array, Lost
from tratteggio.renamed import renamed_arguments
from tratteggio.windows.cluster import Scheduler, cluster_at
from tratteggio.windows.executing import Computers, compute_in_order

Progress = Callable[[int, int], None]

# SSIM as published (Wang et al. 2004): Gaussian window, constants for the range of the depth.
SIGMA, SIZE, K1, K2 = 1.5, 11, 0.01, 0.03
MARGIN = SIZE // 2
# Colour differences are counted in bins this wide, so that a percentile needs no second look at the pixels
# and is off by at most one bin: far below what anyone sees. Differences above 200 do not occur.
BIN, BINS = 0.01, 20_000


@renamed_arguments({"mask": "lost", "lacunae": "lost"})
def evaluate(
    reference: Painting,
    result: Painting,
    lost: Lost | Lacunae | str | Path | None = None,
    *,
    mask_orientation: str | None = None,
    white: float | None = None,
    band: int = 512,
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Evaluation:
    """Compare a result with the truth, band by band: memory depends on the band, not on the painting.

    It compares colour, not alpha; `verify` compares both. Each scan is brought to CIE L*a*b* through its
    own profile; for PSNR and SSIM the result is brought to the profile of the reference, at its depth.

    Args:
        reference: the truth, for example the panel before it was damaged: an array, a scan, a stack, a
            restoration or a file.
        result: on the same grid, with the same depth and channels; in any of these forms.
        lost: where paint was lost: (H, W) bool, lacunae or a mask file (white = lost); None measures the
            whole only.
        mask_orientation: of a mask file, "displayed" or "stored", as for `files.read_lacunae`.
        white: of files: the sample that stands for white; None takes what they state, else that of the depth.
        band: rows read at once. The answer does not depend on it.
        progress: called with (steps done, steps in all).
        scheduler: compute on the workers of a Dask cluster: an address, "local:2" for two processes here, or
            a `distributed.Client`. The bits are the same. See `windows.cluster`.

    Raises:
        GridMismatch: the three are not on one grid.
        BadUsage: reference and result differ in depth, channels or stated white.
        BadPixels: a float scan holds NaN or infinity.
        UnreadableFile: a file is missing, damaged or of a kind we do not read.

    Example:
        >>> truth = np.full((32, 32), 100, np.uint8)
        >>> evaluate(truth, truth + 5).whole.mse
        25.0
    """
    truth, proposal = scan_of(reference, white=white), scan_of(result, white=white)
    note_range(truth, proposal)
    lacunae = None if lost is None else lacunae_in(lost, truth, mask_orientation)
    with cluster_at(scheduler) as executor:
        return _measure(truth, proposal, lacunae, band=band, progress=progress, executor=executor)


def _measure(
    reference: Scan,
    result: Scan,
    lacunae: Lacunae | None,
    *,
    band: int,
    progress: Progress | None,
    executor: Computers | None,
) -> Evaluation:
    _require_match(reference, result, lacunae)
    reference, result = on_one_white((reference, result))
    data_range = reference.white
    pieces = list(Region.whole(reference.grid).tiles(band))
    whole, inside, changed = _Tally(), _Tally(), 0
    measured = compute_in_order(_Pair(reference, result, lacunae).measure, pieces, executor=executor)
    with closing(measured):
        for piece, sums in zip(pieces, measured, strict=True):
            whole.add(sums.whole)
            inside.add(sums.inside)
            changed += sums.changed
            if progress and piece.right == reference.grid[1]:
                progress(piece.bottom, 2 * reference.grid[0])

    def report(done: int, in_all: int) -> None:
        if progress:
            progress(in_all + done, 2 * in_all)

    look = None
    if lacunae is not None:
        look = appearance(reference, result, lacunae, band=band, progress=report, executor=executor)
    if progress and lacunae is None:
        progress(2 * reference.grid[0], 2 * reference.grid[0])
    return Evaluation(
        reference=reference.name,
        result=result.name,
        whole=whole.scores(data_range),
        inside=None if lacunae is None else inside.scores(data_range),
        changed_outside=None if lacunae is None else changed,
        parameters=_parameters(reference, result, lacunae, data_range),
        seen=look,
    )


class _Sums(NamedTuple):
    """What was measured in one piece.

    Attributes:
        whole: over all of it.
        inside: over its lacunae.
        changed: pixels outside them that differ.
    """

    whole: _Tally
    inside: _Tally
    changed: int


@dataclass(frozen=True, eq=False)
class _Pair:
    """What is compared."""

    reference: Scan
    result: Scan
    lacunae: Lacunae | None

    def measure(self, core: Region) -> _Sums:
        """Measure one piece: the measures need some 100 bytes per pixel and channel."""
        grid, data_range = self.reference.grid, self.reference.white
        profiles = self.reference.metadata.icc, self.result.metadata.icc
        view = core.grow(MARGIN, within=grid)
        own = core.relative_to(view).slices
        truth, proposal = _finite(self.reference, view), _finite(self.result, view)
        # Samples mean the same only in one profile; colour differences go through both.
        alike = proposal
        if profiles[0] != profiles[1]:
            alike = to_profile(proposal, profiles[1], profiles[0], data_range)
        x, y, z = truth[own], proposal[own], alike[own]
        differs = differing(x, y)
        measured = _Measured(
            squared=np.square(x.astype(np.float64) - z).mean(axis=-1),
            similarity=_similarity(truth, alike, data_range)[own],
            windowed=_window_fits(core, grid),
            colour=_colour(x, y, differs, profiles, data_range),
        )
        lost = np.zeros((core.rows, core.cols), bool) if self.lacunae is None else self.lacunae.read(core)
        whole = _Tally.of(measured, np.ones_like(lost))
        return _Sums(whole, _Tally.of(measured, lost), int(np.count_nonzero(differs & ~lost)))


def _similarity(x: Array, y: Array, data_range: float) -> NDArray[np.float64]:
    similarity: NDArray[np.float64] = ssim_map(
        x, y, data_range=data_range, window="gaussian", sigma=SIGMA, size=SIZE, k1=K1, k2=K2
    ).mean(axis=-1)
    return similarity


def _colour(
    x: Array, y: Array, differs: Lost, profiles: tuple[bytes | None, bytes | None], white: float
) -> NDArray[np.float64]:
    """Return CIEDE2000 (h, w); equal samples of one profile are one colour, and most are equal."""
    if profiles[0] != profiles[1]:
        return ciede2000(to_lab(x, profiles[0], white), to_lab(y, profiles[1], white))
    colour = np.zeros(x.shape[:2])
    if differs.any():
        x, y = x[differs][:, None], y[differs][:, None]  # (n, 1, channels): an image one pixel wide
        colour[differs] = ciede2000(to_lab(x, profiles[0], white), to_lab(y, profiles[1], white))[:, 0]
    return colour


@dataclass(frozen=True)
class _Measured:
    """The measures at each pixel of a piece, all (h, w).

    Attributes:
        squared: squared error, mean over channels.
        similarity: SSIM, mean over channels.
        windowed: True where the SSIM window lies wholly inside the image.
        colour: CIEDE2000.
    """

    squared: NDArray[np.float64]
    similarity: NDArray[np.float64]
    windowed: Lost
    colour: NDArray[np.float64]


class _Tally:
    """Sums over the pixels seen so far."""

    def __init__(self) -> None:
        self.pixels = self.windows = 0
        self.squared = self.similarity = self.colour = 0.0
        self.histogram = np.zeros(BINS + 1, np.int64)

    @classmethod
    def of(cls, measured: _Measured, where: Lost) -> _Tally:
        """Sum up one piece."""
        sums = cls()
        windowed = where & measured.windowed
        colour = measured.colour[where]
        sums.pixels = int(np.count_nonzero(where))
        sums.windows = int(np.count_nonzero(windowed))
        sums.squared = float(measured.squared[where].sum())
        sums.similarity = float(measured.similarity[windowed].sum())
        sums.colour = float(colour.sum())
        bins = np.minimum(np.ceil(colour / BIN), BINS).astype(np.intp)  # bin 0 holds no difference at all
        sums.histogram = np.bincount(bins, minlength=BINS + 1)
        return sums

    def add(self, sums: _Tally) -> None:
        """Add those of the next piece."""
        self.pixels += sums.pixels
        self.windows += sums.windows
        self.squared += sums.squared
        self.similarity += sums.similarity
        self.colour += sums.colour
        self.histogram += sums.histogram

    def scores(self, data_range: float) -> Scores:
        mse = _ratio(self.squared, self.pixels)
        return Scores(
            pixels=self.pixels,
            mse=mse,
            psnr=psnr_from_mse(mse, data_range=data_range),
            ssim_windows=self.windows,
            ssim=_ratio(self.similarity, self.windows),
            ciede2000_mean=_ratio(self.colour, self.pixels),
            ciede2000_p95=self._percentile(0.95),
        )

    def _percentile(self, share: float) -> float:
        """Return the upper edge of the bin in which that share of the pixels is reached."""
        if not self.pixels:
            return math.nan
        reached = int(np.searchsorted(np.cumsum(self.histogram), math.ceil(share * self.pixels)))
        return round(reached * BIN, 2)


def _require_match(reference: Scan, result: Scan, lacunae: Lacunae | None) -> None:
    if not reference.grid == result.grid == (lacunae or reference).grid:
        named = (reference, result) if lacunae is None else (reference, result, lacunae)
        sizes = ", ".join(f"{thing.name} has {rows_and_columns(thing.grid)}" for thing in named)
        raise GridMismatch(f"images can be compared only if they have the same size, but {sizes}")
    require_same_orientation(reference, result)
    kinds = [(scan.dtype.name, scan.channels) for scan in (reference, result)]
    if kinds[0] != kinds[1]:
        listed = " and ".join(
            f"{scan.name} is {depth} with {channels} colour channel{'s' * (channels > 1)}"
            for scan, (depth, channels) in zip((reference, result), kinds, strict=True)
        )
        raise BadUsage(
            f"images can be compared only if depth and channels are the same, but {listed}; convert "
            "one of them"
        )


def _finite(scan: Scan, region: Region) -> Array:
    """Read the colour of a region; unlike filling, measuring has no use for NaN, also inside lacunae."""
    colour = scan.colour(region)
    if colour.dtype.kind == "f" and not np.isfinite(colour).all():
        row, column, _ = np.argwhere(~np.isfinite(colour))[0]
        raise BadPixels(
            f"{scan.name}: NaN or infinite value at row {region.top + row}, column {region.left + column}; "
            "replace such values before measuring"
        )
    return colour


def _window_fits(core: Region, grid: tuple[int, int]) -> Lost:
    """Return where, within `core`, an SSIM window lies wholly inside the image: (h, w) bool."""
    rows, cols = np.arange(core.top, core.bottom), np.arange(core.left, core.right)
    in_rows = (rows >= MARGIN) & (rows < grid[0] - MARGIN)
    in_cols = (cols >= MARGIN) & (cols < grid[1] - MARGIN)
    fits: Lost = in_rows[:, None] & in_cols
    return fits


def _parameters(reference: Scan, result: Scan, lacunae: Lacunae | None, data_range: float) -> dict[str, Any]:
    """Return the parameters of every measure."""
    return {
        "grid": list(reference.grid),
        "depth": reference.dtype.name,
        "channels": reference.channels,
        "lacunae": None if lacunae is None else lacunae.name,
        "samples": "as stored" if _profiles_agree(reference, result) else "result in the reference's profile",
        "psnr": {"data_range": data_range, "mse": "over all colour channels"},
        "ssim": {
            "source": "Wang et al. 2004",
            "data_range": data_range,
            "window": "gaussian",
            "sigma_px": SIGMA,
            "size_px": SIZE,
            "k1": K1,
            "k2": K2,
            "channels": "mean over colour channels",
            "borders": "windows wholly inside the image",
        },
        "ciede2000": {
            "source": "Sharma et al. 2005",
            "k_l": 1.0,
            "k_c": 1.0,
            "k_h": 1.0,
            "lab": "D50, relative colorimetric",
            "reference_profile": _profile(reference),
            "result_profile": _profile(result),
            "percentile_step": BIN,
        },
        "appearance": {
            "patches": f"sliced Wasserstein, Rabin et al. 2011, 64 vectors, about {PATCHES} patches",
            "haarpsi": "Reisenhofer et al. 2018, C 30, alpha 4.2",
            "seam": "lines 2 to 4 px from the rim",
            "broad_sigma_px": BROAD,
        },
    }


def _profiles_agree(reference: Scan, result: Scan) -> bool:
    return reference.metadata.icc == result.metadata.icc


def _profile(scan: Scan) -> str:
    return profile_name(scan.metadata.icc) or "none, taken as sRGB"


def _ratio(total: float, count: int) -> float:
    return total / count if count else math.nan
