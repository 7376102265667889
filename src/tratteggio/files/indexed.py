"""Maps of numbered classes as palette PNG or TIFF: what a viewer shows in colours, and a program counts."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.files.beside import beside
from tratteggio.files.exif import ORIENTATION
from tratteggio.files.limits import require_decodable
from tratteggio.files.source import require_seekable
from tratteggio.files.untrusted import untrusted
from tratteggio.files.writing import UNTOUCHED, kind_for
from tratteggio.painting import Metadata, Pixels, Region
from tratteggio.painting.pixels import Array

Colour = tuple[int, int, int]

SUFFIXES = {".png": "png", ".tif": "tiff", ".tiff": "tiff"}
BAND = 256
RGB = 3  # channels
PALETTE, MINISWHITE = 3, 0  # the numbers of TIFF for its colours
TOLD = 8  # colours that are listed in a message


def write_indexed(
    indices: Pixels,
    path: str | os.PathLike[str],
    palette: Sequence[Colour],
    *,
    metadata: Metadata = UNTOUCHED,
) -> None:
    """Write numbered classes, streamed; they may be huge and lazy.

    Args:
        indices: (H, W) uint8, each less than the length of the palette.
        path: .png .tif
        palette: RGB of each number, 0 .. 255; at most 256.
        metadata: resolution and orientation are kept.

    Raises:
        BadUsage: another suffix.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    kind = kind_for(path, SUFFIXES)
    with beside([path]) as [temporary]:
        if kind == "png":
            from tratteggio.files.png_write import write_png  # noqa: PLC0415

            with temporary.open("wb") as stream:
                write_png(indices, stream, metadata=metadata, name=str(path), palette=palette)
        else:
            _write_tiff(indices, temporary, palette, metadata)


def read_indexed(path: str | os.PathLike[str], palette: Mapping[Colour, int]) -> NDArray[np.uint8]:
    """Read numbered classes by their colours: an indexed file, or one that was painted in RGB.

    Args:
        path: PNG or TIFF, 8 bit; what is wholly transparent has the number 0.
        palette: colour -> number.

    Returns:
        (H, W) uint8, in memory.

    Raises:
        BadUsage: another suffix.
        UnsupportedFile: colours that are not in the palette, which are listed; or a file of another kind.
        UnreadableFile: missing or damaged.
    """
    path = Path(path)
    colours, opacity = _colours(path)
    numbers = {(red << 16) | (green << 8) | blue: number for (red, green, blue), number in palette.items()}
    nothing = next(colour for colour, number in palette.items() if number == 0)
    grid = (colours.shape[0], colours.shape[1])
    found = np.empty(grid, np.uint8)
    foreign: set[int] = set()
    for band in Region.whole(grid).bands(BAND):
        clear = np.zeros(1, bool) if opacity is None else opacity[band.slices] == 0
        red, green, blue = np.moveaxis(colours[band.slices].astype(np.uint32), 2, 0)
        red, green, blue = (
            np.where(clear, level, own) for level, own in zip(nothing, (red, green, blue), strict=True)
        )
        there, places = np.unique((red << 16) | (green << 8) | blue, return_inverse=True)
        foreign |= set(there.tolist()) - numbers.keys()
        table = np.array([numbers.get(one, 0) for one in there.tolist()], np.uint8)
        found[band.slices] = table[places.reshape(red.shape)]
    if foreign:
        said = ", ".join(f"#{one:06x}" for one in sorted(foreign)[:TOLD])
        more = f" and {len(foreign) - TOLD} more" if len(foreign) > TOLD else ""
        known = ", ".join(f"#{one:06x}" for one in numbers)
        raise UnsupportedFile(
            f"{path} has colours that are no class: {said}{more}; the colours of the classes are {known}. "
            "Paint with a hard brush and save as PNG"
        )
    return found


def stated_orientation(path: str | os.PathLike[str]) -> int:
    """Return the orientation tag of a map, 1 to 8; 1 if it has none.

    Raises:
        BadUsage: another suffix.
        UnreadableFile: missing or damaged.
    """
    path = Path(path)
    if kind_for(path, SUFFIXES) == "png":
        from tratteggio.files.png_read import orientation_in  # noqa: PLC0415 brings the codecs

        return orientation_in(path)
    from tratteggio.files.tiff_open import open_tiff  # noqa: PLC0415

    with open_tiff(path) as file:
        page: Any = file.pages.first
        tag = page.tags.get(ORIENTATION)
        value = int(tag.value) if tag else 1
        return value if 1 <= value <= 8 else 1


def _colours(path: Path) -> tuple[Array, Array | None]:
    """Decode a file to colours (H, W, 3) uint8, and opacity (H, W) if it states any."""
    require_seekable(path)
    kind = kind_for(path, SUFFIXES)
    with untrusted(path, what="map of classes"):
        decoded = _read_png(path) if kind == "png" else _read_tiff(path)
    if decoded.dtype != np.uint8:
        raise UnsupportedFile(f"{path} holds {decoded.dtype.name}, but a map of classes is 8 bit")
    decoded = np.atleast_3d(decoded)
    opacity = decoded[..., -1] if decoded.shape[2] in (2, 4) else None
    if decoded.shape[2] < 3:
        return np.repeat(decoded[..., :1], 3, axis=2), opacity
    return decoded[..., :3], opacity


def _read_png(path: Path) -> Array:
    import imagecodecs  # noqa: PLC0415

    from tratteggio.files.png_read import list_chunks, read_header  # noqa: PLC0415

    with path.open("rb") as file:
        read_header(path, file, list_chunks(path, file))
    decoded: Array = imagecodecs.png_decode(path.read_bytes())
    return decoded


def _read_tiff(path: Path) -> Array:
    from tratteggio.files.tiff_open import open_tiff  # noqa: PLC0415
    from tratteggio.files.tiff_read import require_whole  # noqa: PLC0415

    with open_tiff(path) as file:
        page: Any = file.pages.first
        if page.dtype is None:
            raise UnsupportedFile(f"{path} holds samples that are not read; a map of classes is 8 bit")
        require_whole(path, page)
        require_decodable(path, RGB * math.prod(page.shape) * page.dtype.itemsize)
        decoded = np.asarray(page.asarray())
        if page.photometric == PALETTE and decoded.dtype == np.uint8:
            # 16 bit a colour in the file; ours were 8.
            decoded = (np.asarray(page.colormap).T >> 8).astype(np.uint8)[decoded]
        if page.photometric == MINISWHITE and decoded.dtype.kind == "u":
            decoded = np.iinfo(decoded.dtype).max - decoded
        return decoded


def _write_tiff(indices: Pixels, file: Path, palette: Sequence[Colour], metadata: Metadata) -> None:
    import tifffile  # noqa: PLC0415

    if len(palette) > 256:
        raise BadUsage(f"a palette has 256 colours at most, got {len(palette)}")
    colours = np.zeros((3, 256), np.uint16)
    colours[:, : len(palette)] = np.array(palette, np.uint16).T * 257
    grid = (indices.shape[0], indices.shape[1])

    def strips() -> Iterator[bytes]:
        for band in Region.whole(grid).bands(BAND):
            yield zlib.compress(np.ascontiguousarray(indices[band.slices]).tobytes())

    unit = {"inch": "INCH", "cm": "CENTIMETER", "none": "NONE"}[metadata.unit]
    tifffile.imwrite(
        file,
        strips(),
        shape=grid,
        dtype=np.uint8,
        photometric="palette",
        colormap=colours,
        rowsperstrip=BAND,
        compression="deflate",
        resolution=metadata.resolution or (1, 1),
        resolutionunit=unit if metadata.resolution else "NONE",
        extratags=[(274, "H", 1, metadata.orientation, True)],
        metadata=None,
        bigtiff=grid[0] * grid[1] > 1 << 32,
    )
