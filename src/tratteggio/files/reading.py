"""From a file to a scan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tratteggio.errors import BadUsage
from tratteggio.files.settling import settle, settle_all
from tratteggio.files.source import is_ome_tiff, is_zarr, kind_of
from tratteggio.files.untrusted import untrusted
from tratteggio.files.white import scan_with_white
from tratteggio.painting import Scan, Stack

NAMES = {"tiff": "TIFF file", "png": "PNG file", "jpeg": "JPEG file", "raw": "camera raw file"}


def read(path: str | os.PathLike[str], *, modality: str | None = None, white: float | None = None) -> Scan:
    """Open a scan: TIFF, BigTIFF, PNG, JPEG, camera raw, or one of a stack (as "panel.ome.zarr/irr").

    Only the header is read here. TIFF and OME-Zarr are then read by region; PNG and JPEG are decoded whole on
    first use. Samples keep the file's depth; pixels stay as stored, whatever the orientation tag says. Where
    the file stores white as 0, samples are turned, so that 0 is black; writing turns them back, bit by bit.

    Args:
        path: the file, or a scan in an OME-Zarr or OME-TIFF, by its modality.
        modality: what the scan shows: "rgb", "irr", "xray", "uvf", ...; None takes what the file says, else
            "rgb".
        white: the sample that stands for white; None takes what the file states, else that of the depth.

    Raises:
        BadUsage: the path is a folder of another kind, a stack of several scans, or a white that the scan
            cannot have.
        UnknownName: the stack has no such scan.
        UnreadableFile: missing, empty, truncated, damaged or a decompression bomb.
        UnsupportedFile: sound, but CMYK, palette, signed integers, a sensor that is no Bayer one, ...
        MissingExtra: camera raw, and rawpy is not installed.
    """
    path = Path(path)
    stack = stack_at(path)
    if stack is None:
        return scan_with_white(open_scan(path, modality=modality or "rgb"), white)
    if len(stack) > 1:
        raise BadUsage(
            f"{path} is a stack of {', '.join(stack)}, but one scan is needed; name it, for example "
            f"{path / stack.primary.modality}"
        )
    return scan_with_white(replace(stack.primary, modality=modality or stack.primary.modality), white)


def stack_at(path: Path) -> Stack | None:
    """Open an OME-Zarr, an OME-TIFF that we wrote, or one scan of either by its modality; None: another kind.

    Raises:
        UnknownName: the OME-TIFF has no such scan.
        UnreadableFile, UnsupportedFile, GridMismatch: as the readers of both.
    """
    # Only stacks on disk need their readers, which bring zarr and tifffile.
    # A channel that is a scan of its own has a label, but no folder.
    folder = path.parent if not path.exists() and is_zarr(path.parent) else path
    if is_zarr(folder):
        from tratteggio.files.omezarr_read import read_ome_zarr  # noqa: PLC0415

        with untrusted(folder, what="OME-Zarr"):
            found = settle_all(read_ome_zarr(folder))
        return found if folder is path else Stack((found[path.name],), title=found.title)
    file = path.parent if is_ome_tiff(path.parent) else path
    if not is_ome_tiff(file):
        return None
    from tratteggio.files.ometiff_read import read_ome_tiff  # noqa: PLC0415

    with untrusted(file, what="OME-TIFF file"):
        stack = read_ome_tiff(file)
    if stack is None:
        return None
    return settle_all(stack if file is path else Stack((stack[path.name],), title=stack.title))


def open_scan(path: Path, *, modality: str = "rgb", bilevel: bool = False) -> Scan:
    """Open a scan; `bilevel` takes 1-bit files too, as 0 and 255 (for masks)."""
    kind = kind_of(path)
    # Each format brings its codecs, so it is imported when the first file of its kind is opened.
    if kind == "tiff":
        from tratteggio.files import tiff_read as door  # noqa: PLC0415
    elif kind == "png":
        from tratteggio.files import png_read as door  # type: ignore[no-redef]  # noqa: PLC0415
    elif kind == "raw":
        from tratteggio.files import raw_read as door  # type: ignore[no-redef]  # noqa: PLC0415
    else:
        from tratteggio.files import jpeg_read as door  # type: ignore[no-redef]  # noqa: PLC0415
    with untrusted(path, what=NAMES[kind]):
        return settle(door.open_scan(path, modality=modality, bilevel=bilevel))
