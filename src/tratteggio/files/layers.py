"""Layers of a file by their names: one is chosen as a mask, and lies where the canvas has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files.kinds import recognize, what_is
from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.roles import LayerReader


def open_layer(path: Path, name: str | None) -> tuple[Scan, str] | None:
    """Open a layer of a file by its name; None: what lies there has no layers.

    Args:
        path: the file.
        name: of the layer; None takes the only one.

    Returns:
        the layer on the canvas, and its name.

    Raises:
        BadUsage: a name is needed, no layer has that name, or several have it; or the file has no layers but
            a name was given. The message lists the layers.
        UnreadableFile, UnsupportedFile: as the reader of the format.
    """
    found = recognize(path, LayerReader)
    if not found:
        if name is not None:
            raise BadUsage(
                f"{path} has no layers, so it has no layer {name!r}; leave the layer out, or give an .ora or "
                ".psd file",
                option="mask_layer",
            )
        return None
    reader = found[0]
    with untrusted(path, what=what_is(reader.FACTS)):
        names = reader.list_layers(path)
        number = _choose(path, names, name)
        return reader.open_layer(path, number), names[number]


def _choose(path: Path, names: list[str], wanted: str | None) -> int:
    """Return the place of the layer in the list."""
    listed = ", ".join(repr(name) for name in names)
    if not names:
        raise BadUsage(f"{path} has no layer with pixels; draw the losses on a layer and save it again")
    if wanted is None:
        if len(names) == 1:
            return 0
        raise BadUsage(f"{path} has {len(names)} layers ({listed}); say which one with `mask_layer=...`")
    fitting = [number for number, name in enumerate(names) if name == wanted]
    if not fitting:
        raise BadUsage(f"{path} has no layer {wanted!r}; its layers are {listed}", option="mask_layer")
    if len(fitting) > 1:
        raise BadUsage(f"{path} has {len(fitting)} layers called {wanted!r}; give them different names")
    return fitting[0]


@dataclass(frozen=True, eq=False, repr=False)
class PlacedLayer(LazyPixels):
    """A layer on its canvas: zeros, and so clear, where it has no pixels.

    Attributes:
        pixels: (h, w, C), the last channel opacity.
        grid: (rows, cols) of the canvas.
        top, left: where the layer begins; it may reach beyond the canvas on all sides.
    """

    pixels: Array
    grid: tuple[int, int]
    top: int
    left: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, C)."""
        return (*self.grid, self.pixels.shape[2])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the layer."""
        return self.pixels.dtype

    def _read(self, region: Region) -> Array:
        made = np.zeros((region.rows, region.cols, self.pixels.shape[2]), self.dtype)
        rows, cols = self.pixels.shape[:2]
        top, bottom = max(region.top, self.top), min(region.bottom, self.top + rows)
        left, right = max(region.left, self.left), min(region.right, self.left + cols)
        if top < bottom and left < right:
            made[top - region.top : bottom - region.top, left - region.left : right - region.left] = (
                self.pixels[top - self.top : bottom - self.top, left - self.left : right - self.left]
            )
        return made


def place_layer(
    path: Path, pixels: Array, grid: tuple[int, int], *, top: int, left: int, alpha: bool
) -> Scan:
    """Put a layer on its canvas, as a scan with opacity; an opaque layer that covers the canvas has none.

    Args:
        path: the file.
        pixels: (h, w), or (h, w, C) with opacity as the last channel if `alpha`; uint8 or uint16.
        grid: (rows, cols) of the canvas.
        top, left: where the layer begins on it.
        alpha: True if the last channel is opacity.
    """
    most = np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if not alpha:
        pixels = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), most, pixels.dtype)], axis=2)
    opaque = bool((pixels[..., -1] == most).all())
    covers = top <= 0 and left <= 0 and top + pixels.shape[0] >= grid[0] and left + pixels.shape[1] >= grid[1]
    if opaque and covers:
        shown = pixels[-top : grid[0] - top, -left : grid[1] - left, :-1]
        whole: Pixels = shown[..., 0] if shown.shape[2] == 1 else shown
        return Scan(whole, "lost", name=str(path))
    return Scan(PlacedLayer(pixels, grid, top, left), "lost", alpha=True, name=str(path))
