"""What is in a file, without decoding it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.files.icc import profile_name
from tratteggio.files.provenance import sha256
from tratteggio.files.rasters import DecodedWhole
from tratteggio.files.reading import open_scan
from tratteggio.files.source import kind_of


def inspect(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Describe a scan or mask file.

    Returns:
        plain values, ready for JSON: file, format, rows, cols, channels (alpha not counted), depth, alpha,
        compression, layout ("strips", "tiles" or "whole"), levels (list of [rows, cols]), pages, profile,
        resolution ([x, y] or None), unit, um_per_px, orientation, exif, xmp (present?), file_bytes,
        pixel_bytes (uncompressed), by_region (True: a region is read without decoding the whole), sha256.

    Raises:
        BadUsage, UnreadableFile, UnsupportedFile: as `read`.
    """
    path = Path(path)
    kind = kind_of(path)
    scan = open_scan(path, bilevel=True)
    pixels, metadata = scan.pixels, scan.metadata
    whole = isinstance(pixels, DecodedWhole)
    return {
        "file": str(path),
        "format": kind,
        "rows": scan.grid[0],
        "cols": scan.grid[1],
        "channels": scan.channels,
        "depth": scan.dtype.name,
        "alpha": scan.alpha,
        "compression": {"png": "deflate", "jpeg": "jpeg"}.get(kind) or metadata.foreign["compression"],
        "layout": "whole" if whole else getattr(pixels, "layout", "whole"),
        "levels": [list(level.shape[:2]) for level in getattr(pixels, "levels", ())],
        "pages": getattr(pixels, "pages", 1),
        "profile": profile_name(metadata.icc),
        "resolution": list(metadata.resolution) if metadata.resolution else None,
        "unit": metadata.unit,
        "um_per_px": metadata.um_per_px,
        "orientation": metadata.orientation,
        "exif": metadata.exif is not None,
        "xmp": metadata.xmp is not None,
        "file_bytes": path.stat().st_size,
        "pixel_bytes": int(np.prod(pixels.shape, dtype=np.int64)) * scan.dtype.itemsize,
        "by_region": not whole and getattr(pixels, "by_region", True),
        "sha256": sha256(path),
    }
