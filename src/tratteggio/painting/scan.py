"""One modality of a painting on one pixel grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadPixels, BadUsage, GridMismatch
from tratteggio.names import rows_and_columns
from tratteggio.painting.lacunae import Lacunae
from tratteggio.painting.pixels import Array, Pixels, can_be_white, white
from tratteggio.painting.reduced import read_reduced
from tratteggio.painting.region import Region

DEPTHS = ("uint8", "uint16", "float32", "float64")
UM_PER_UNIT = {"inch": 25_400.0, "cm": 10_000.0}


@dataclass(frozen=True)
class Metadata:
    """What a file says about its pixels, carried from the source to the output untouched.

    Attributes:
        resolution: (x, y) pixels per unit, or None if the file does not say.
        unit: "inch", "cm" or "none" (an aspect ratio only).
        orientation: the EXIF / TIFF orientation tag, 1 to 8. Pixels stay as stored; viewers turn them.
        icc: the embedded colour profile.
        exif: EXIF block (TIFF-structured, without the "Exif\\0\\0" prefix).
        xmp: XMP packet.
        white: the sample that stands for white, where the file or the user states it; None: that of the
            dtype. Black is 0.
        foreign: what one format alone knows, by name (PNG chunks, TIFF tags), kept for a same-format output.
    """

    resolution: tuple[float, float] | None = None
    unit: str = "none"
    orientation: int = 1
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    white: float | None = None
    foreign: Mapping[str, Any] = field(default_factory=dict)

    @property
    def clear(self) -> tuple[int, ...] | None:
        """The colour that stands for transparent (PNG's tRNS), a sample for each channel, or None."""
        colour: tuple[int, ...] | None = self.foreign.get("clear")
        return colour

    @property
    def um_per_px(self) -> float | None:
        """Micrometres per pixel along x, or None if the file gives no physical scale."""
        if self.resolution is None or self.unit not in UM_PER_UNIT or self.resolution[0] <= 0:
            return None
        return UM_PER_UNIT[self.unit] / self.resolution[0]

    @property
    def spacing_um(self) -> tuple[float, float] | None:
        """Micrometres per pixel (down, across), or None; they differ in line scans."""
        if self.um_per_px is None or self.resolution is None or self.resolution[1] <= 0:
            return None
        return UM_PER_UNIT[self.unit] / self.resolution[1], self.um_per_px


@dataclass(frozen=True, eq=False)
class Scan:
    """One modality of a painting: pixels, and what is known about them.

    Attributes:
        pixels: (H, W) grey, (H, W, 3) RGB, either with one alpha channel more if `alpha`;
            uint8, uint16, float32 or float64; 0 is black; may live on disk.
        modality: "rgb", "irr", "xray", "uvf", ... (see the glossary in docs/).
        alpha: True if the last channel is opacity. It is carried along; a fill is opaque.
        metadata: profile, resolution, orientation, white, EXIF, XMP.
        name: where the scan came from, for messages.
        seen: (H, W) bool, True where the scan shows the painting; False beyond the rim of a scan that was
            warped onto this grid, where its pixels mean nothing. None: it shows the painting everywhere.

    Raises:
        BadUsage: the pixels or `seen` have a shape or depth that is not one of the above, or the stated
            white is no sample of that depth.
        GridMismatch: `seen` is not on the grid of the pixels.
    """

    pixels: Pixels
    modality: str = "rgb"
    alpha: bool = False
    metadata: Metadata = field(default_factory=Metadata)
    name: str = "array"
    seen: Pixels | None = None

    def __post_init__(self) -> None:
        shape, dtype = tuple(self.pixels.shape), np.dtype(self.pixels.dtype)
        if len(shape) not in (2, 3) or 0 in shape:
            raise BadUsage(
                f"{self.name}: a scan is (H, W) or (H, W, C) with at least one pixel, got shape {shape}"
            )
        if dtype.name not in DEPTHS:
            raise BadUsage(f"{self.name}: a scan holds {', '.join(DEPTHS)}, got {dtype.name}")
        if self.alpha and (len(shape) == 2 or shape[2] < 2):
            raise BadUsage(f"{self.name}: alpha needs a channel of its own, got shape {shape}")
        stated = self.metadata.white
        if stated is not None and not can_be_white(stated, dtype):
            raise BadUsage(
                f"{self.name}: white is a number above 0 that {dtype.name} can hold"
                + (f", at most {white(dtype):,.0f}" if dtype.kind == "u" else "")
                + f", got {stated:g}"
            )
        if self.seen is not None:
            seen = tuple(self.seen.shape)
            if len(seen) != 2 or np.dtype(self.seen.dtype) != np.bool_:
                raise BadUsage(f"{self.name}: `seen` is (H, W) bool, got {self.seen.dtype} {seen}")
            if seen != self.grid:
                raise GridMismatch(
                    f"{self.name} has {rows_and_columns(self.grid)}, but its `seen` has "
                    f"{rows_and_columns(seen)}"
                )

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""
        return np.dtype(self.pixels.dtype)

    @property
    def channels(self) -> int:
        """Number of colour channels, alpha not counted."""
        return (1 if len(self.pixels.shape) == 2 else self.pixels.shape[2]) - int(self.alpha)

    @property
    def um_per_px(self) -> float | None:
        """Micrometres per pixel, or None."""
        return self.metadata.um_per_px

    @property
    def white(self) -> float:
        """The sample that stands for white: as stated, else 255, 65535, or 1 for floats."""
        return white(self.dtype) if self.metadata.white is None else self.metadata.white

    def read(self, region: Region | None = None, *, step: int = 1) -> Array:
        """Bring a region (or all) into memory, all channels, own dtype, as stored: (h, w) or (h, w, c).

        With a step above 1 each pixel returned is the mean of step x step pixels, for looking at. A file with
        smaller copies (a pyramidal TIFF, an OME-Zarr) is read at the copy that fits. See `read_reduced`.

        Raises:
            BadUsage: step is less than 1.
        """
        region = region or Region.whole(self.grid)
        if step != 1:
            return read_reduced(self.pixels, region, step=step)
        return np.asarray(self.pixels[region.slices])

    def colour(self, region: Region | None = None) -> Array:
        """Bring the colour channels of a region into memory: a copy, (h, w, channels), without alpha."""
        array = self.read(region)
        array = array[..., None] if array.ndim == 2 else array[..., : self.channels]
        return array.copy()

    def read_seen(self, region: Region | None = None) -> NDArray[np.bool_]:
        """Bring into memory where the scan shows the painting: (h, w) bool; all True without `seen`."""
        region = region or Region.whole(self.grid)
        if self.seen is None:
            return np.ones((region.rows, region.cols), dtype=bool)
        return np.asarray(self.seen[region.slices])

    def known(self, lacunae: Lacunae, region: Region | None = None) -> NDArray[np.bool_]:
        """Bring into memory where there is paint to go by: (h, w) bool, seen and not lost."""
        return self.read_seen(region) & ~lacunae.read(region)

    def require_finite(self, lacunae: Lacunae) -> None:
        """Read the known paint of a float scan once, in bands; what is lost or not seen may hold anything.

        Raises:
            BadPixels: some known pixel is NaN or infinite; the message says where.
        """
        if self.dtype.kind != "f":
            return
        for band in Region.whole(self.grid).bands(256):
            bad = ~np.isfinite(self.colour(band)).all(axis=-1) & self.known(lacunae, band)
            if bad.any():
                row, col = np.argwhere(bad)[0]
                raise BadPixels(
                    f"{self.name}: {int(bad.sum())} known pixels are NaN or infinite, the first at row "
                    f"{band.top + row}, column {col}; mark such places as lost, or correct the file"
                )

    def crop(self, region: Region) -> Scan:
        """Return the scan of a region, in memory."""
        seen = None if self.seen is None else self.read_seen(region)
        return replace(self, pixels=self.read(region), seen=seen)
