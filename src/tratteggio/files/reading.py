"""From a file to a scan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.source import is_zarr, kind_of
from tratteggio.painting import Scan


def read(path: str | os.PathLike[str], *, modality: str | None = None) -> Scan:
    """Open a scan: TIFF, BigTIFF, PNG, JPEG, or one scan of an OME-Zarr ("panel.ome.zarr/irr").

    Only the header is read here. TIFF and OME-Zarr are then read by region; PNG and JPEG are decoded whole on
    first use. Samples keep the file's depth; pixels stay as stored, whatever the orientation tag says.

    Args:
        path: the file, or the folder of a scan in an OME-Zarr.
        modality: what the scan shows: "rgb", "irr", "xray", "uvf", ...; None takes what the file says, else
            "rgb".

    Raises:
        BadUsage: the path is a folder of another kind, or an OME-Zarr of several scans.
        UnreadableFile: missing, empty, truncated, damaged or a decompression bomb.
        UnsupportedFile: sound, but CMYK, palette, signed integers, ...
    """
    path = Path(path)
    if not is_zarr(path):
        return open_scan(path, modality=modality or "rgb")
    from tratteggio.files.omezarr_read import read_ome_zarr  # noqa: PLC0415 only stacks on disk need it

    stack = read_ome_zarr(path)
    if len(stack) > 1:
        raise BadUsage(
            f"{path} is a stack of {', '.join(stack)}, where one scan is asked for; name it, as in "
            f"{path / stack.primary.modality}"
        )
    return replace(stack.primary, modality=modality or stack.primary.modality)


def open_scan(path: Path, *, modality: str = "rgb", bilevel: bool = False) -> Scan:
    """Open a scan; `bilevel` takes 1-bit files too, as 0 and 255 (for masks)."""
    kind = kind_of(path)
    # Each format brings its codecs, so it is imported when the first file of its kind is opened.
    if kind == "tiff":
        from tratteggio.files import tiff_read as door  # noqa: PLC0415
    elif kind == "png":
        from tratteggio.files import png_read as door  # type: ignore[no-redef]  # noqa: PLC0415
    else:
        from tratteggio.files import jpeg_read as door  # type: ignore[no-redef]  # noqa: PLC0415
    try:
        return door.open_scan(path, modality=modality, bilevel=bilevel)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
