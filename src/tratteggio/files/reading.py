"""From a file to a scan."""

from __future__ import annotations

import os
from pathlib import Path

from tratteggio.errors import UnreadableFile
from tratteggio.files.source import kind_of
from tratteggio.painting import Scan


def read(path: str | os.PathLike[str], *, modality: str = "rgb") -> Scan:
    """Open a scan: TIFF, BigTIFF, PNG or JPEG.

    Only the header is read here. A TIFF is then read by region; PNG and JPEG are decoded whole on first use.
    Samples keep the file's depth; pixels stay as stored, whatever the orientation tag says.

    Args:
        path: the file.
        modality: what the scan shows: "rgb", "irr", "xray", "uvf", ...

    Raises:
        BadUsage: the path is a folder.
        UnreadableFile: missing, empty, truncated, damaged or a decompression bomb.
        UnsupportedFile: sound, but CMYK, palette, signed integers, ...
    """
    return open_scan(Path(path), modality=modality)


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
