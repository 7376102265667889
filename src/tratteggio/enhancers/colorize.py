"""Colour a grey scan with a net trained on paintings. The colours are a hypothesis.

The net looks at the lightness of the whole composition, reduced, and says for each of its parts how probable
313 colours are; the annealed mean of these is laid over the scan, which keeps its own lightness at full
resolution. Colours come from other paintings: they say what such a thing often was painted in, never what
this one was. Colour is coarse, one for a fiftieth of the longer side, so it does not follow fine outlines.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tratteggio import files
from tratteggio.errors import BadUsage
from tratteggio.files.icc import profile_name, to_lab
from tratteggio.files.rasters import to_stored
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import COLOURS, Array

if TYPE_CHECKING:
    from torch import Tensor

    from tratteggio.models.colorizer import Colorizer

WEIGHTS = "colorizer-compact"
SCANS = ("refuse", "redo")

Floats = NDArray[np.float32]


class Look(NamedTuple):
    """What one look at the whole gives.

    Attributes:
        ab: (n, m, 2), a* and b* of cells.
        cell: (down, across), pixels of the scan a side of a cell.
        icc: profile of the scan.
    """

    ab: Floats
    cell: tuple[float, float]
    icc: bytes | None


@dataclass(frozen=True, kw_only=True)
class Colorize:
    """The enhancer. Satisfies `roles.Enhancer`.

    Attributes:
        net: on its device.
        temperature: of the annealed mean.
        redo: whether the lightness of a scan in colour is taken, and its colour made anew.
    """

    net: Colorizer
    temperature: float
    redo: bool
    parameters: dict[str, Any]
    name: str = "colorize"
    learnt: bool = True
    scale: int = 1
    reach: int = 0
    step: int = 1

    def channels(self, scan: Scan) -> int:
        """Return 3.

        Raises:
            BadUsage: the scan has colours of its own and they are not to be redone, has two channels, or
                channels of another profile than sRGB.
        """
        if scan.channels not in (1, COLOURS):
            raise BadUsage(f"colorize takes grey scans, but {scan.name} has {scan.channels} channels")
        if scan.channels == COLOURS and not self.redo:
            raise BadUsage(
                f"colorize takes grey scans, but {scan.name} has three channels; "
                "use colorize:colour=redo to keep only its lightness and colour it again"
            )
        if scan.channels == COLOURS and "srgb" not in (profile_name(scan.metadata.icc) or "sRGB").lower():
            raise BadUsage(
                f"colorize works in sRGB, but {scan.name} has the profile "
                f"{profile_name(scan.metadata.icc)!r}; convert it to sRGB first"
            )
        return COLOURS

    def prepare(self, scan: Scan) -> Look:
        """Look at the whole as the net learnt to: reduced, upright, by its lightness."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.layers.lab import to_lab as lab_of  # noqa: PLC0415  (the same)
        from tratteggio.models import to_tensors  # noqa: PLC0415  (the same)
        from tratteggio.models.colorizer import CELL, LONGEST  # noqa: PLC0415  (the same)

        reduced = files.overview(scan, longest=LONGEST)
        x, _ = to_tensors(reduced, np.zeros(reduced.shape[:2], bool))
        device = next(self.net.parameters()).device
        with torch.inference_mode():
            coarse = self.net.coarse(lab_of(x)[:, :1].to(device), temperature=self.temperature)
            # The cells beyond the picture go, or those of a picture that is turned would lie elsewhere.
            fine = torch.nn.functional.interpolate(coarse, scale_factor=CELL, mode="bilinear")
        upright = fine[0].movedim(0, -1).cpu().numpy()[: reduced.shape[0], : reduced.shape[1]]
        ab = np.ascontiguousarray(to_stored(upright, scan.metadata.orientation))
        down, across = (n / cells for n, cells in zip(scan.grid, ab.shape, strict=False))
        return Look(ab, (down, across), scan.metadata.icc)

    def enhance(self, window: Array, region: Region, context: Look) -> Floats:
        """Lay colours over the lightness of one window."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.layers.lab import shown  # noqa: PLC0415  (the same)

        ab = _sampled(context.ab, (region.top, region.bottom), context.cell[0])
        ab = _sampled(ab.swapaxes(0, 1), (region.left, region.right), context.cell[1]).swapaxes(0, 1)
        lab = torch.cat([_lightness(window, context.icc), torch.from_numpy(ab).movedim(-1, 0)[None]], dim=1)
        return np.ascontiguousarray(shown(lab)[0].movedim(0, -1).numpy())


def make(
    *,
    device: str = "auto",
    temperature: float = 0.38,
    colour: str = "refuse",
    weights: str | Path | None = None,
) -> Colorize:
    """Build the enhancer: load the weights.

    Args:
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        temperature: 0 .. 1: 0 is the most probable colour, vivid and patchy; 1 the mean of all, dull.
        colour: what becomes of a scan in colour: "refuse" it, or "redo" its colour from its lightness.
        weights: a file that `tratteggio train colorizer_compact` wrote; None takes those that ship.

    Raises:
        BadUsage: no such temperature, colour or device.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another kind of net.
    """
    if not 0 <= temperature <= 1:
        raise BadUsage(f"the temperature of colorize lies in 0 .. 1, got {temperature}")
    if colour not in SCANS:
        raise BadUsage(f"colour of colorize is one of {', '.join(SCANS)}, got {colour!r}")
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    found, parameters = loaded(
        "enhancer colorize", weights=weights or WEIGHTS, homes=("colorizer",), device=device
    )
    return Colorize(
        net=cast("Colorizer", found),
        temperature=temperature,
        redo=colour == "redo",
        parameters={"temperature": temperature, "colour": colour, **parameters},
    )


def _lightness(window: Array, icc: bytes | None) -> Tensor:
    """Return L* of a window: (1, 1, h, w)."""
    import torch  # noqa: PLC0415  (loaded by now)

    from tratteggio.layers.lab import lightness  # noqa: PLC0415  (the same)
    from tratteggio.layers.lab import to_lab as lab_of  # noqa: PLC0415  (the same)

    if window.shape[2] == COLOURS:
        return lab_of(torch.from_numpy(window).movedim(-1, 0)[None])[:, :1]
    if icc is None:
        return lightness(torch.from_numpy(window).movedim(-1, 0)[None])
    return torch.from_numpy(to_lab(window, icc)[..., 0].astype(np.float32))[None, None]


def _sampled(cells: Floats, span: tuple[int, int], px: float) -> Floats:
    """Interpolate between the middles of cells along the first axis, for pixels first to last."""
    at = np.clip((np.arange(*span) + 0.5) / px - 0.5, 0, len(cells) - 1)
    low = at.astype(int)
    share = (at - low).astype(np.float32)[:, None, None]
    high = np.minimum(low + 1, len(cells) - 1)
    sampled: Floats = cells[low] * (1 - share) + cells[high] * share
    return sampled
