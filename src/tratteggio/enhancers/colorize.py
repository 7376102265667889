"""Colour a grey scan from hints, from a reference, or, for teaching, with a net; a hypothesis.

    hints       dots or strokes in colour, drawn on a copy of the scan or a transparent layer, spread along
                even lightness (Levin, Lischinski, Weiss 2004)
    reference   a picture in colour: the part of the painting that still has its colours, or a sister
                painting; colours come from places of like lightness and texture (Welsh, Ashikhmin, Mueller
                2002), where chosen regions name which goes with which
    neither     a net that was trained on paintings. On paintings that it has not seen it is no nearer than
                one constant tint: it shows how such nets work, and what they cannot know

The net looks at the lightness of the whole composition, reduced, and says for each of its parts how probable
313 colours are; the annealed mean of these is laid over the scan. The scan keeps its own lightness at full
resolution in any case.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tratteggio import files
from tratteggio.enhancers._given_colours import GivenColours, Lines
from tratteggio.errors import BadUsage
from tratteggio.files.icc import profile_name, to_lab
from tratteggio.files.rasters import to_stored
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import COLOURS, Array

if TYPE_CHECKING:
    from torch import Tensor

    from tratteggio.models.colorizer import Colorizer

log = logging.getLogger("tratteggio")

WEIGHTS = "colorizer-compact"
SCANS = ("refuse", "redo")

Floats = NDArray[np.float32]


class Look(NamedTuple):
    """What one look at the whole gives.

    Attributes:
        lines: a* and b* of cells.
        cell: (down, across), pixels of the scan a side of a cell.
        icc: profile of the scan.
    """

    lines: Lines
    cell: tuple[float, float]
    icc: bytes | None


@dataclass(frozen=True, kw_only=True)
class Colorize:
    """The enhancer. Satisfies `roles.Enhancer`.

    Attributes:
        colours: those that were given, or the net.
        redo: whether the lightness of a scan in colour is taken, and its colour made anew.
    """

    colours: GivenColours | NetColours
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

    @property
    def reads(self) -> tuple[Path, ...]:
        """Files that are read beside the scan."""
        return self.colours.paths

    def prepare(self, scan: Scan) -> Look:
        """Lay colours out over the whole, reduced."""
        lines = self.colours.spread(scan)
        down, across = (n / cells for n, cells in zip(scan.grid, lines.offset.shape, strict=False))
        return Look(lines, (down, across), scan.metadata.icc)

    def enhance(self, window: Array, region: Region, context: Look) -> Floats:
        """Lay colours over the lightness of one window."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.layers.lab import shown  # noqa: PLC0415  (the same)

        slope, offset = (
            torch.from_numpy(_laid(part, region, context.cell)).movedim(-1, 0)[None] for part in context.lines
        )
        light = _lightness(window, context.icc)
        lab = torch.cat([light, slope * light + offset], dim=1)
        return np.ascontiguousarray(shown(lab)[0].movedim(0, -1).numpy())


@dataclass(frozen=True, kw_only=True)
class NetColours:
    """Colours that a net expects.

    Attributes:
        net: on its device.
        temperature: of the annealed mean.
    """

    net: Colorizer
    temperature: float
    paths: tuple[Path, ...] = ()

    def spread(self, scan: Scan) -> Lines:
        """Look at the whole as the net learnt to: reduced, upright, by its lightness."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.layers.lab import to_lab as lab_of  # noqa: PLC0415  (the same)
        from tratteggio.models import to_tensors  # noqa: PLC0415  (the same)
        from tratteggio.models.colorizer import CELL, LONGEST  # noqa: PLC0415  (the same)

        log.warning(
            "the net of colorize is for teaching: its colours are no nearer than one constant tint; "
            "for better ones draw hints or name a reference"
        )
        reduced = files.overview(scan, longest=LONGEST)
        x, _ = to_tensors(reduced, np.zeros(reduced.shape[:2], bool))
        device = next(self.net.parameters()).device
        with torch.inference_mode():
            coarse = self.net.coarse(lab_of(x)[:, :1].to(device), temperature=self.temperature)
            # The cells beyond the picture go, or those of a picture that is turned would lie elsewhere.
            fine = torch.nn.functional.interpolate(coarse, scale_factor=CELL, mode="bilinear")
        upright = fine[0].movedim(0, -1).cpu().numpy()[: reduced.shape[0], : reduced.shape[1]]
        ab = np.ascontiguousarray(to_stored(upright, scan.metadata.orientation))
        return Lines(np.zeros_like(ab), ab)


def make(
    *,
    device: str = "auto",
    temperature: float = 0.38,
    colour: str = "refuse",
    hints: str | Path | None = None,
    reference: str | Path | None = None,
    regions: str | Path | None = None,
    reference_regions: str | Path | None = None,
    weights: str | Path | None = None,
) -> Colorize:
    """Build the enhancer; load the weights if neither hints nor a reference are given.

    Args:
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        temperature: 0 .. 1: 0 is the most probable colour, vivid and patchy; 1 the mean of all, dull.
        colour: what becomes of a scan in colour: "refuse" it, or "redo" its colour from its lightness.
        hints: a picture of the size of the scan with dots or strokes in colour: on a transparent layer, or
        on a
            copy of the grey scan. Black and transparent say nothing.
        reference: a picture in colour, of any size; what is transparent in it is left out.
        regions: a picture of the size of the scan, each region filled with a colour of its own.
        reference_regions: likewise of the reference: a region takes its colours from that of the same colour.
        weights: of the net, a file that `tratteggio train colorizer_compact` wrote; None takes those that
        ship.

    Raises:
        BadUsage: no such temperature, colour or device, regions without a reference, or weights beside
        hints or
            a reference, which need no net.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: a file is missing or damaged.
        UnsupportedFile: the file holds weights of another kind of net.
    """
    if not 0 <= temperature <= 1:
        raise BadUsage(f"the temperature of colorize lies in 0 .. 1, got {temperature}")
    if colour not in SCANS:
        raise BadUsage(f"colour of colorize is one of {', '.join(SCANS)}, got {colour!r}")
    given = {
        "hints": hints,
        "reference": reference,
        "regions": regions,
        "reference_regions": reference_regions,
    }
    if any(given.values()):
        if weights is not None:
            raise BadUsage("colorize uses no net beside hints or a reference; omit the weights")
        paths = {name: None if path is None else Path(path) for name, path in given.items()}
        told = {name: str(path) for name, path in paths.items() if path is not None}
        return Colorize(
            colours=GivenColours(**paths), redo=colour == "redo", parameters={"colour": colour, **told}
        )
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    found, parameters = loaded(
        "enhancer colorize", weights=weights or WEIGHTS, homes=("colorizer",), device=device
    )
    return Colorize(
        colours=NetColours(net=cast("Colorizer", found), temperature=temperature),
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


def _laid(cells: Floats, region: Region, px: tuple[float, float]) -> Floats:
    """Interpolate cells to the pixels of a region: (n, m, 2) -> (h, w, 2)."""
    rows = _sampled(cells, (region.top, region.bottom), px[0])
    laid = _sampled(rows.swapaxes(0, 1), (region.left, region.right), px[1]).swapaxes(0, 1)
    return np.ascontiguousarray(laid)


def _sampled(cells: Floats, span: tuple[int, int], px: float) -> Floats:
    """Interpolate between the middles of cells along the first axis, for pixels first to last."""
    at = np.clip((np.arange(*span) + 0.5) / px - 0.5, 0, len(cells) - 1)
    low = at.astype(int)
    share = (at - low).astype(np.float32)[:, None, None]
    high = np.minimum(low + 1, len(cells) - 1)
    sampled: Floats = cells[low] * (1 - share) + cells[high] * share
    return sampled
