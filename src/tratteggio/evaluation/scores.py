"""The scores of a result, as data and text: PSNR, SSIM and colour difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tratteggio.evaluation.appearance import FAVOURS, Appearance


@dataclass(frozen=True)
class Scores:
    """The measures over one set of pixels.

    Attributes:
        pixels: how many pixels count.
        mse: mean squared error over colour channels, in squared units of the data.
        psnr: in dB; infinity where nothing differs.
        ssim_windows: how many of the pixels have an SSIM window that lies wholly inside the image.
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
        parameters: of each measure: data range, SSIM window and constants, colour conversion.
        seen: measures of the appearance of the fills inside the lacunae, or None if none were given.
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

        `mse` is 0 where `psnr` is infinite; `pixels` (or `ssim_windows`) is 0 where a score is nan.
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
        lines = [f"{self.result} compared with {self.reference}", ""]
        lines.append(f"{'':18}" + "".join(f"{name:>16}" for name in columns))
        lines += [f"{name:18}" + "".join(f"{cell:>16}" for cell in cells) for name, cells in rows.items()]
        if self.seen is not None:
            lines += ["", "appearance inside the lacunae", *_seen_lines(self.seen)]
        if self.changed_outside is not None:
            lines += ["", f"pixels outside the lacunae that differ: {self.changed_outside:,}"]
        lines += ["", *(f"{name}: {_phrase(value)}" for name, value in self.parameters.items())]
        return "\n".join(lines)


def _seen_lines(seen: Appearance) -> list[str]:
    """Format each measure of appearance, and what it favours."""
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
