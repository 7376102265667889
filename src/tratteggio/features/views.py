"""A painting as an autoencoder sees it: latents, errors and disagreement, computed where they are read.

All three are pixels on the grid of the latents, so that a painting of any size can be read, or written to
disk, region by region. Windows on one lattice overlap by what the net looks at: the result is that of one
pass over the whole, up to the rounding of sums, and its bits do not depend on what is read.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tratteggio.errors import BadPixels, BadUsage
from tratteggio.models import to_tensors
from tratteggio.models.fpcae import CELL, LATENT, LEAST, Autoencoder
from tratteggio.names import rows_and_columns
from tratteggio.painting import Region, Stack
from tratteggio.windows.executing import Computers
from tratteggio.windows.windowed import Windowed

log = logging.getLogger("tratteggio")

Floats = NDArray[np.float32]
Runs = list[tuple[int, Tensor]]

HALO = 4 * CELL  # px that a window shows beyond its own: what comes back looks no further
WINDOW = 64  # latents a side that are computed at a time: features of one window stay in the cache
CENTRE_PX = 9.5  # from the first pixel to the middle of what latent 0 looks at, along each axis
CELL_FROM = 6  # the 8 x 8 pixels about that middle begin here
SMALLEST = 32  # px a side: the patches that nets have learnt from


@dataclass(frozen=True, eq=False)
class View:
    """A stack, and a net that looks at it.

    Attributes:
        stack: the painting; of the modalities that the net knows, one at least.
        net: ready to answer, on its device.

    Raises:
        BadUsage: the stack has none of the net's modalities, one with other channels, or is smaller than the
            patches that nets learn from, 32 x 32.
    """

    stack: Stack
    net: Autoencoder

    def __post_init__(self) -> None:
        rows, cols = self.stack.grid
        if min(rows, cols) < SMALLEST:
            raise BadUsage(
                f"{self.stack.primary.name} has {rows_and_columns((rows, cols))}, but the net needs at least "
                f"{SMALLEST} rows and {SMALLEST} columns"
            )
        knows = ", ".join(f"{name} ({channels})" for name, channels in self.net.modalities.items())
        if not self.present:
            raise BadUsage(
                f"the net was trained on {knows} (channels), but the stack has only {', '.join(self.stack)}; "
                "name the scans by their modality, or use another net"
            )
        for name, channels in self.present.items():
            scan = self.stack[name]
            if scan.channels != channels:
                raise BadUsage(
                    f"the net needs {name} with {channels} channels, but {scan.name} has {scan.channels}"
                )
        if self.missing:
            log.warning(
                "the painting lacks %s, which the net was trained on; the features use only %s",
                ", ".join(self.missing),
                ", ".join(self.present),
            )

    @property
    def present(self) -> Mapping[str, int]:
        """Channels of the modalities that stack and net share, in the net's order."""
        return {name: count for name, count in self.net.modalities.items() if name in set(self.stack)}

    @property
    def missing(self) -> tuple[str, ...]:
        """Modalities that the net knows and the stack has not."""
        return tuple(name for name in self.net.modalities if name not in set(self.stack))

    @cached_property
    def grid(self) -> tuple[int, int]:
        """(rows, cols) of the latents."""
        rows, cols = (max(-(-n // CELL), LEAST // CELL) - 1 for n in self.stack.grid)
        return rows, cols

    def shown(self, core: Region) -> Region:
        """Return the pixels that some latents, and the paint in their cells, can depend on."""
        under = Region(CELL * core.top, CELL * core.left, CELL * (core.bottom + 1), CELL * (core.right + 1))
        return under.grow(HALO, within=self.stack.grid)

    def tensors(self, region: Region) -> tuple[Tensor, Runs | None]:
        """Read a region: x (1, C, h, w), and where each modality is known, None if everywhere.

        Raises:
            BadPixels: a float scan holds NaN or infinite values there.
        """
        device = next(self.net.parameters()).device
        parts: list[Tensor] = []
        runs: Runs = []
        for name, channels in self.net.modalities.items():
            if name in self.missing:
                parts.append(torch.zeros(1, channels, region.rows, region.cols))
                runs.append((channels, torch.zeros(1, 1, region.rows, region.cols)))
                continue
            scan = self.stack[name]
            x, known = to_tensors(scan.colour(region), ~scan.read_seen(region), white=scan.white)
            if scan.dtype.kind == "f" and not bool(x.isfinite().all()):
                raise BadPixels(f"{scan.name} contains NaN or infinite values in {region}; correct the file")
            parts.append(x)
            runs.append((channels, known))
        whole = not self.missing and all(self.stack[name].seen is None for name in self.present)
        x = torch.cat(parts, dim=1).to(device)
        return x, None if whole else [(channels, known.to(device)) for channels, known in runs]


class _Seen(Windowed):
    """Pixels on the grid of the latents; a subclass computes a window.

    Args:
        view: what looks at what.
        executor: see `Windowed`.
    """

    def __init__(self, view: View, *, executor: Computers | None = None) -> None:
        self.view = view
        super().__init__(window=WINDOW, executor=executor)

    @property
    def channels(self) -> int:
        """How many numbers there are at each place: the modalities that are there, in the net's order."""
        return len(self.view.present)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(h, w, channels), h and w being those of the painting over 8, less 1, rounded up."""
        return (*self.view.grid, self.channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def _compute(self, window: Region) -> Floats:
        with torch.inference_mode():  # of the thread that computes
            output: Floats = self._output(window, self.view.shown(window)).movedim(0, -1).cpu().numpy()
        return output

    @abstractmethod
    def _output(self, core: Region, shown: Region) -> Tensor:
        """Work on one window: (channels, h, w) of the core."""


class Latents(_Seen):
    """The features of a painting: (h, w, 80) float32, computed where they are read.

    Attributes:
        view: what looks at what.
    """

    @property
    def channels(self) -> int:
        """80."""
        return LATENT

    def _output(self, core: Region, shown: Region) -> Tensor:
        z = self.view.net.encode(*self.view.tensors(shown))[0]
        at = core.shift(-(shown.top // CELL), -(shown.left // CELL))
        return z[:, at.top : at.bottom, at.left : at.right]


class Errors(_Seen):
    """How far each modality comes back from what it was, on the grid of the latents.

    (h, w, modalities) float32: the mean absolute difference, 0 .. 1, over the channels and the known pixels
    of the 8 x 8 in the middle of what a latent looks at; 0 where none is known. What a net has seldom met,
    such as damage, comes back worse.

    Attributes:
        view: what looks at what.
    """

    def _output(self, core: Region, shown: Region) -> Tensor:
        x, runs = self.view.tensors(shown)
        every = _differences(self.view, x, self.view.net(x, runs), runs)
        return torch.cat([_in_cells(*of, core, shown) for of in every.values()])


class Disagreement(_Seen):
    """How far each modality is from what the others tell of it, on the grid of the latents.

    (h, w, modalities) float32: as `Errors`, but of an output for which the modality itself was hidden. High
    where one scan shows what the others do not: a drawing under paint in infrared, a retouch in fluorescence.
    Nets that were trained with modalities missing (recipe setting `absent`) tell it best.

    Attributes:
        view: what looks at what; two modalities at least are there.

    Raises:
        BadUsage: there is one modality alone.
    """

    def __init__(self, view: View, *, executor: Computers | None = None) -> None:
        super().__init__(view, executor=executor)
        if len(view.present) < 2:
            raise BadUsage(
                "disagreement needs at least two modalities that the net was trained on, but the stack has "
                f"only {', '.join(view.present)}"
            )

    def _output(self, core: Region, shown: Region) -> Tensor:
        x, runs = self.view.tensors(shown)
        every = runs or [(count, torch.ones_like(x[:, :1])) for count in self.view.net.modalities.values()]
        maps = []
        for index, name in enumerate(self.view.net.modalities):
            if name not in self.view.present:
                continue
            count, known = every[index]
            hidden = [*every[:index], (count, torch.zeros_like(known)), *every[index + 1 :]]
            difference = _differences(self.view, x, self.view.net(x, hidden), every)[name]
            maps.append(_in_cells(*difference, core, shown))
        return torch.cat(maps)


def _differences(view: View, x: Tensor, y: Tensor, runs: Runs | None) -> dict[str, tuple[Tensor, Tensor]]:
    """Give the mean absolute difference of each modality that is there, and where it counts: (1, 1, h, w)."""
    counts = list(view.net.modalities.values())
    off = torch.split((x - y).abs(), counts, dim=1)
    masks = [known for _, known in runs] if runs else [torch.ones_like(x[:, :1])] * len(counts)
    every = zip(view.net.modalities, off, masks, strict=True)
    return {name: (part.mean(1, keepdim=True), known) for name, part, known in every if name in view.present}


def _in_cells(difference: Tensor, known: Tensor, core: Region, shown: Region) -> Tensor:
    """Average over the known pixels of the cells of some latents: (1, h, w)."""
    cells = Region(
        CELL * core.top + CELL_FROM,
        CELL * core.left + CELL_FROM,
        CELL * core.bottom + CELL_FROM,
        CELL * core.right + CELL_FROM,
    )
    at = cells.relative_to(shown)
    # The last cells may reach beyond the painting, where nothing is known.
    beyond = (0, max(0, at.right - shown.cols), 0, max(0, at.bottom - shown.rows))
    sums = [
        functional.avg_pool2d(functional.pad(of, beyond)[..., at.top : at.bottom, at.left : at.right], CELL)
        for of in (difference * known, known)
    ]
    return (sums[0] / sums[1].clamp(min=1 / CELL**2))[0]
