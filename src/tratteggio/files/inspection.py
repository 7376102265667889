"""What is in a file or a stack, without decoding it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.icc import profile_name
from tratteggio.files.kinds import name_of, recognize, scan_format
from tratteggio.files.provenance import sha256, sha256_pixels
from tratteggio.files.rasters import DecodedWhole
from tratteggio.files.reading import open_scan, stack_at
from tratteggio.files.sense import Turned
from tratteggio.files.stacks import history_of, read_stack
from tratteggio.files.white import scan_with_white, with_white
from tratteggio.painting import Restoration, Scan, Stack
from tratteggio.painting.pixels import Array
from tratteggio.renamed import renamed_arguments
from tratteggio.roles import StackReader


@renamed_arguments({"path": "painting"})
def inspect(painting: Painting | os.PathLike[str], *, white: float | None = None) -> dict[str, Any]:
    """Describe a scan, a mask or a stack.

    Args:
        painting: a file or a stack on disk; or an array, a scan, a stack or a restoration in Python.
        white: of what is on disk: the sample that stands for white; None takes what the file states, else
            that of the depth.

    Returns:
        plain values, ready for JSON. Of a file: file, format, compression, rows, cols, channels (alpha not
        counted), depth, white, alpha, layout ("strips", "tiles" or "whole"), levels (list of [rows, cols]),
        profile, resolution ([x, y] or None), unit, um_per_px, orientation, exif, xmp (present?), pixel_bytes
        (uncompressed), by_region (True: a region is read without decoding the whole), pages, picture (which
        of them is read), file_bytes, sha256.
        Of a stack: file, format ("ome-zarr", "ome-tiff" or "folder"), title, rows, cols, history (present?),
        file_bytes, scans; each of them with modality, seen_everywhere and the keys above that make sense for
        it, for one that is no file of its own raster_sha256 (of its samples) in place of sha256.
        Of what is in Python: file (its name), and the keys above that make sense for it.

    Raises:
        BadUsage, UnreadableFile, UnsupportedFile: as `read` and `read_stack`.
        GridMismatch: as `read_stack`.
    """
    if not isinstance(painting, str | os.PathLike):
        return _held(painting)
    path = Path(painting)
    if path.is_dir() or stack_at(path) is not None:
        return _stack(path, white)
    one = scan_format(path)
    scan = scan_with_white(open_scan(path, bilevel=True), white)
    compression = scan.metadata.foreign.get("compression") or one.FACTS.codec
    stored = scan.pixels.pixels if isinstance(scan.pixels, Turned) else scan.pixels
    facts = {"file": str(path), "format": name_of(one), "compression": compression} | _scan(scan)
    return facts | {
        "pages": getattr(stored, "pages", 1),
        "picture": getattr(stored, "place", "page 1"),
        "file_bytes": path.stat().st_size,
        "sha256": sha256(path),
    }


def _held(painting: Array | Scan | Stack | Restoration) -> dict[str, Any]:
    """Describe what is held in Python."""
    if isinstance(painting, Stack) and len(painting) > 1:
        scans = [{"modality": scan.modality, "file": scan.name} | _scan(scan) for scan in painting.scans]
        rows, cols = painting.grid
        return {"file": painting.primary.name, "format": "stack", "rows": rows, "cols": cols, "scans": scans}
    scan = scan_of(painting)
    return {"file": scan.name, "format": "scan", "modality": scan.modality} | _scan(scan)


def _stack(path: Path, white: float | None) -> dict[str, Any]:
    """Describe an OME-Zarr, an OME-TIFF, or a folder with a `painting.toml`."""
    stack = with_white(read_stack(path), white)
    place = path if path.exists() else path.parent  # of one scan in a file or folder of several
    one = recognize(place, StackReader)[0]
    scans = []
    for scan in stack.scans:
        named = one.FACTS.names_scans
        own = {"raster_sha256": sha256_pixels(scan.pixels)} if named else {"sha256": sha256(scan.name)}
        seen = {"modality": scan.modality, "file": scan.name, "seen_everywhere": scan.seen is None}
        scans.append(seen | _scan(scan) | own)
    files = [place] if place.is_file() else list(place.rglob("*"))
    if one.FACTS.folder and not one.FACTS.names_scans:  # other files may lie in the folder
        files = [place / one.FACTS.folder, *(Path(scan.name) for scan in stack.scans)]
    return {
        "file": str(path),
        "format": name_of(one),
        "title": stack.title,
        "rows": stack.grid[0],
        "cols": stack.grid[1],
        "history": history_of(place) is not None,
        "file_bytes": sum(file.stat().st_size for file in files if file.is_file()),
        "scans": scans,
    }


def _scan(scan: Scan) -> dict[str, Any]:
    """Describe a scan, wherever it lies."""
    pixels, metadata = scan.pixels, scan.metadata
    whole = isinstance(pixels, DecodedWhole)
    return {
        "rows": scan.grid[0],
        "cols": scan.grid[1],
        "channels": scan.channels,
        "depth": scan.dtype.name,
        "white": int(scan.white) if scan.white == int(scan.white) else scan.white,
        "alpha": scan.alpha,
        "layout": "whole" if whole else getattr(pixels, "layout", "whole"),
        "levels": [list(level.shape[:2]) for level in getattr(pixels, "levels", ())],
        "profile": profile_name(metadata.icc),
        "resolution": list(metadata.resolution) if metadata.resolution else None,
        "unit": metadata.unit,
        "um_per_px": metadata.um_per_px,
        "orientation": metadata.orientation,
        "exif": metadata.exif is not None,
        "xmp": metadata.xmp is not None,
        "pixel_bytes": int(np.prod(pixels.shape, dtype=np.int64)) * scan.dtype.itemsize,
        "by_region": not whole and getattr(pixels, "by_region", True),
    }
