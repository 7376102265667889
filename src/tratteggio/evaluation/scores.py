"""How close a proposal comes to the truth: PSNR, SSIM and colour difference, whole and inside the lacunae.

Beside these, what the eye sees inside the lacunae; see `evaluation.appearance`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio import files
from tratteggio.errors import BadPixels, BadUsage, GridMismatch
from tratteggio.evaluation.appearance import BROAD, FAVOURS, PATCHES, Appearance, appearance
from tratteggio.evaluation.proof import differing
from tratteggio.files.icc import profile_name, to_lab
from tratteggio.metrics.colour import ciede2000
from tratteggio.metrics.fidelity import data_range_of, psnr_from_mse, ssim_map
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.painting.pixels import Array, Lost

Progress = Callable[[int, int], None]

# SSIM as published (Wang et al. 2004): Gaussian window, constants for the range of the depth.
SIGMA, SIZE, K1, K2 = 1.5, 11, 0.01, 0.03
MARGIN = SIZE // 2
# Colour differences are counted in bins this wide, so that a percentile needs no second look at the pixels
# and is off by at most one bin: far below what anyone sees. Differences above 200 do not occur.
BIN, BINS = 0.01, 20_000


@dataclass(frozen=True)
class Scores:
    """The measures over one set of pixels.

    Attributes:
        pixels: how many pixels count.
        mse: mean squared error over colour channels, in squared units of the data.
        psnr: in dB; infinity where nothing differs.
        ssim_windows: how many of the pixels have an SSIM window that lies wholly inside the picture.
        ssim: mean over those windows and over colour channels, at most 1.
        ciede2000_mean: mean colour difference.
        ciede2000_p95: 95 % of the pixels differ by no more than this (to 0.01).

    A measure over no pixel is nan.
    """

    pixels: int
    mse: float
    psnr: float
    ssim_windows: int
    ssim: float
    ciede2000_mean: float
    ciede2000_p95: float


@dataclass(frozen=True)
class Evaluation:
    """A result compared with its reference, with everything that is needed to repeat the measurement.

    Attributes:
        reference: name of the scan that holds the truth.
        result: name of the scan that was measured.
        whole: scores over all pixels.
        inside: scores over the lacunae, or None if none were given.
        changed_outside: number of pixels outside the lacunae whose colour differs from the reference in
            any bit, or None if no lacunae were given.
        parameters: what was measured how: data range, SSIM window and constants, colour conversion.
        seen: what the eye sees of the fills inside the lacunae, or None if none were given.
    """

    reference: str
    result: str
    whole: Scores
    inside: Scores | None
    changed_outside: int | None
    parameters: Mapping[str, Any]
    seen: Appearance | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, where infinity and nan do not exist: both become None.

        An infinite `psnr` is told by its `mse` of 0, a nan by `pixels` (or `ssim_windows`) of 0.
        """
        return {
            "reference": self.reference,
            "result": self.result,
            "whole": _plain(self.whole),
            "inside": None if self.inside is None else _plain(self.inside),
            "appearance": None if self.seen is None else _plain(self.seen),
            "changed_outside": self.changed_outside,
            "parameters": dict(self.parameters),
        }

    def as_text(self) -> str:
        """Return a table for people, parameters included."""
        columns = {"whole": self.whole} | ({} if self.inside is None else {"in lacunae": self.inside})
        rows = {
            "pixels": [f"{scores.pixels:,}" for scores in columns.values()],
            "PSNR (dB)": [_number(scores.psnr, 2) for scores in columns.values()],
            "SSIM": [_number(scores.ssim, 4) for scores in columns.values()],
            "CIEDE2000, mean": [_number(scores.ciede2000_mean, 2) for scores in columns.values()],
            "CIEDE2000, 95 %": [_number(scores.ciede2000_p95, 2) for scores in columns.values()],
        }
        lines = [f"{self.result} measured against {self.reference}", ""]
        lines.append(f"{'':18}" + "".join(f"{name:>16}" for name in columns))
        lines += [f"{name:18}" + "".join(f"{cell:>16}" for cell in cells) for name, cells in rows.items()]
        if self.seen is not None:
            lines += ["", "in lacunae, as the eye sees them", *_seen_lines(self.seen)]
        if self.changed_outside is not None:
            lines += ["", f"pixels outside the lacunae that differ: {self.changed_outside:,}"]
        lines += ["", *(f"{name}: {_phrase(value)}" for name, value in self.parameters.items())]
        return "\n".join(lines)


def _seen_lines(seen: Appearance) -> list[str]:
    """Tell each measure of appearance with what it favours."""
    rows = {
        "patches of 5 px, levels": (_number(seen.patches_5, 2), "patches_5"),
        "patches of 9 px, levels": (_number(seen.patches_9, 2), "patches_9"),
        "texture kept": (f"{_number(seen.texture, 2)} ({_number(seen.texture_reference, 2)})", "texture"),
        "HaarPSI": (_number(seen.haarpsi, 3), "haarpsi"),
        "seam at the rim": (f"{_number(seen.seam, 2)} ({_number(seen.seam_reference, 2)})", "seam"),
        "CIEDE2000 from afar": (_number(seen.broad_colour, 2), "broad_colour"),
    }
    lines = [f"{name:24}{cell:>14}   favours {FAVOURS[key]}" for name, (cell, key) in rows.items()]
    return [*lines, "in brackets: the reference itself"]


def evaluate(
    reference: Scan,
    result: Scan,
    lacunae: Lacunae | None = None,
    *,
    band: int = 512,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure a result against the truth, band by band: memory depends on the band, not on the painting.

    Only colour is measured, not alpha; `verify` looks at both. Each scan is brought to CIE L*a*b* through its
    own profile.

    Args:
        reference: the truth, for example the panel before it was damaged.
        result: on the same grid, with the same depth and channels.
        lacunae: where paint was lost; None measures the whole only.
        band: rows read at once. The answer does not depend on it.
        progress: called with (steps done, steps in all).

    Raises:
        GridMismatch: the three are not on one grid.
        BadUsage: reference and result differ in depth or channels.
        BadPixels: a float scan holds NaN or infinity.
    """
    _must_match(reference, result, lacunae)
    data_range = data_range_of(reference.dtype)
    profiles = reference.metadata.icc, result.metadata.icc
    whole, inside, changed = _Tally(), _Tally(), 0
    for rows in Region.whole(reference.grid).bands(band):
        lost = np.zeros((rows.rows, rows.cols), bool) if lacunae is None else lacunae.read(rows)
        read = rows.grow(MARGIN, within=reference.grid)
        truth, proposal = _finite(reference, read), _finite(result, read)
        for core in _pieces(rows, band):
            view = core.grow(MARGIN, within=reference.grid)
            seen, own = view.relative_to(read).slices, core.relative_to(view).slices
            x, y = truth[seen][own], proposal[seen][own]
            differs = differing(x, y)
            measured = _Measured(
                squared=np.square(x.astype(np.float64) - y).mean(axis=-1),
                similarity=_similarity(truth[seen], proposal[seen], data_range)[own],
                windowed=_window_fits(core, reference.grid),
                colour=_colour(x, y, differs, profiles),
            )
            lost_here = lost[core.relative_to(rows).slices]
            whole.add(measured, np.ones_like(lost_here))
            inside.add(measured, lost_here)
            changed += int(np.count_nonzero(differs & ~lost_here))
        if progress:
            progress(rows.bottom, 2 * reference.grid[0])

    def looked(done: int, in_all: int) -> None:
        if progress:
            progress(in_all + done, 2 * in_all)

    eyed = None if lacunae is None else appearance(reference, result, lacunae, band=band, progress=looked)
    if progress and lacunae is None:
        progress(2 * reference.grid[0], 2 * reference.grid[0])
    return Evaluation(
        reference=reference.name,
        result=result.name,
        whole=whole.scores(data_range),
        inside=None if lacunae is None else inside.scores(data_range),
        changed_outside=None if lacunae is None else changed,
        parameters=_parameters(reference, result, lacunae, data_range),
        seen=eyed,
    )


def _similarity(x: Array, y: Array, data_range: float) -> NDArray[np.float64]:
    similarity: NDArray[np.float64] = ssim_map(
        x, y, data_range=data_range, window="gaussian", sigma=SIGMA, size=SIZE, k1=K1, k2=K2
    ).mean(axis=-1)
    return similarity


def _colour(
    x: Array, y: Array, differs: Lost, profiles: tuple[bytes | None, bytes | None]
) -> NDArray[np.float64]:
    """Return CIEDE2000 (h, w); equal samples of one profile are one colour, and most are equal."""
    if profiles[0] != profiles[1]:
        return ciede2000(to_lab(x, profiles[0]), to_lab(y, profiles[1]))
    colour = np.zeros(x.shape[:2])
    if differs.any():
        x, y = x[differs][:, None], y[differs][:, None]  # (n, 1, channels): a picture one pixel wide
        colour[differs] = ciede2000(to_lab(x, profiles[0]), to_lab(y, profiles[1]))[:, 0]
    return colour


def evaluate_file(
    reference: str | Path,
    result: str | Path,
    mask: str | Path | None = None,
    *,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure a file against the truth; see `evaluate`.

    Args:
        reference: the truth.
        result: the proposal.
        mask: where paint was lost (white = lost); None measures the whole only.

    Raises:
        UnreadableFile: a file is missing, damaged or of a kind we do not read; else as `evaluate`.
    """
    truth = files.read(reference)
    lacunae = files.read_lacunae(mask, truth) if mask else None
    return evaluate(truth, files.read(result), lacunae, progress=progress)


@dataclass(frozen=True)
class _Measured:
    """What was measured at each pixel of a piece, all (h, w).

    Attributes:
        squared: squared error, mean over channels.
        similarity: SSIM, mean over channels.
        windowed: True where the SSIM window lies wholly inside the picture.
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

    def add(self, measured: _Measured, where: Lost) -> None:
        windowed = where & measured.windowed
        colour = measured.colour[where]
        self.pixels += int(np.count_nonzero(where))
        self.windows += int(np.count_nonzero(windowed))
        self.squared += float(measured.squared[where].sum())
        self.similarity += float(measured.similarity[windowed].sum())
        self.colour += float(colour.sum())
        bins = np.minimum(np.ceil(colour / BIN), BINS).astype(np.intp)  # bin 0 holds no difference at all
        self.histogram += np.bincount(bins, minlength=BINS + 1)

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


def _must_match(reference: Scan, result: Scan, lacunae: Lacunae | None) -> None:
    if not reference.grid == result.grid == (lacunae or reference).grid:
        named = (reference, result) if lacunae is None else (reference, result, lacunae)
        sizes = ", ".join(f"{thing.name} is {thing.grid[0]} x {thing.grid[1]}" for thing in named)
        raise GridMismatch(f"what is compared must share one grid (rows x columns), but {sizes}")
    kinds = [(scan.dtype.name, scan.channels) for scan in (reference, result)]
    if kinds[0] != kinds[1]:
        listed = " and ".join(
            f"{scan.name} is {depth} with {channels} colour channel{'s' * (channels > 1)}"
            for scan, (depth, channels) in zip((reference, result), kinds, strict=True)
        )
        raise BadUsage(f"what is compared must share depth and channels, but {listed}; convert one of them")


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


def _pieces(rows: Region, side: int) -> Iterator[Region]:
    """Cut a band into pieces of `side` columns: the measures need some 100 bytes per pixel and channel."""
    for left in range(rows.left, rows.right, side):
        yield Region(rows.top, left, rows.bottom, min(left + side, rows.right))


def _window_fits(core: Region, grid: tuple[int, int]) -> Lost:
    """Return where, within `core`, an SSIM window lies wholly inside the picture: (h, w) bool."""
    rows, cols = np.arange(core.top, core.bottom), np.arange(core.left, core.right)
    in_rows = (rows >= MARGIN) & (rows < grid[0] - MARGIN)
    in_cols = (cols >= MARGIN) & (cols < grid[1] - MARGIN)
    fits: Lost = in_rows[:, None] & in_cols
    return fits


def _parameters(reference: Scan, result: Scan, lacunae: Lacunae | None, data_range: float) -> dict[str, Any]:
    """State everything that a number depends on."""
    return {
        "grid": list(reference.grid),
        "depth": reference.dtype.name,
        "channels": reference.channels,
        "lacunae": None if lacunae is None else lacunae.name,
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
            "borders": "windows wholly inside the picture",
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


def _profile(scan: Scan) -> str:
    return profile_name(scan.metadata.icc) or "none, taken as sRGB"


def _ratio(total: float, count: int) -> float:
    return total / count if count else math.nan


def _plain(scores: Scores | Appearance) -> dict[str, Any]:
    return {name: value if math.isfinite(value) else None for name, value in asdict(scores).items()}


def _number(value: float, digits: int) -> str:
    if math.isnan(value):
        return "-"
    return "infinite" if math.isinf(value) else f"{value:.{digits}f}"


def _phrase(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)
