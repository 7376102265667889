"""How well one fill of one square came out, by all measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from tratteggio.evaluation.appearance import appearance
from tratteggio.experiments._images import Levels
from tratteggio.metrics import mse, ssim_map
from tratteggio.metrics.fidelity import psnr_from_mse
from tratteggio.painting import Lacunae, Scan
from tratteggio.painting.pixels import Lost

SSIM_PX = 7
EXACT_DB = 99.0  # what an exact fill counts for, as a mean knows no infinity

Filler = Callable[[Levels, Lost], "tuple[Levels, float] | None"]
"""Takes picture and lost; returns the picture, filled, and the core seconds; None if it failed."""


class Score(NamedTuple):
    """How well one fill of one square came out; all None where the system failed.

    What the eye sees is as in `evaluation.Appearance`, texture and seam as a share of those of the truth.
    """

    psnr: float | None
    ssim: float | None
    seconds: float | None
    patches_5: float | None = None
    patches_9: float | None = None
    texture: float | None = None
    haarpsi: float | None = None
    seam: float | None = None
    broad_colour: float | None = None


Scores = Mapping[tuple[str, str], Sequence[Score]]
"""(name of the system, kind of damage) -> one score for each picture, in the order of the pictures."""


def score(image: Levels, lost: Lost, fill: Filler) -> Score:
    """Let a system fill lost pixels and measure how close it comes.

    PSNR in dB over the lost pixels alone (peak 255). SSIM is the mean of scikit-image's similarity map
    (windows of 7 x 7, samples, mean of the channels) over all pixels whose window holds a lost one. The
    rest is what `evaluation.appearance` sees.
    """
    answer = fill(np.where(lost[..., None], np.uint8(0), image), lost)
    if answer is None:
        return Score(None, None, None)
    proposal, seconds = answer
    decibels = min(psnr_from_mse(mse(image, proposal, where=lost), data_range=255), EXACT_DB)
    similar = ssim_map(image, proposal, data_range=255, window="uniform", size=SSIM_PX, sample=True)
    touched = ndimage.maximum_filter(lost, size=SSIM_PX)
    seen = appearance(Scan(image), Scan(proposal), Lacunae(lost))
    return Score(
        decibels,
        float(similar[touched].mean()),
        seconds,
        *(
            _finite_or_none(value)
            for value in (
                seen.patches_5,
                seen.patches_9,
                _share(seen.texture, seen.texture_reference),
                seen.haarpsi,
                _share(seen.seam, seen.seam_reference),
                seen.broad_colour,
            )
        ),
    )


def _share(value: float, whole: float) -> float:
    return value / whole if whole else float("nan")


def _finite_or_none(value: float) -> float | None:
    """Return what the ledger can keep; what is over nothing is None."""
    return value if np.isfinite(value) else None


def mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None
