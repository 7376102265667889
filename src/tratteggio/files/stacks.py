"""Stacks on disk: OME-Zarr in and out, OME-TIFF out, and folders with a `painting.toml` in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.files.omezarr_metadata import stack_history
from tratteggio.files.painting_toml import NAME, read_folder
from tratteggio.files.reading import open_scan
from tratteggio.files.source import is_zarr
from tratteggio.painting import Stack

KINDS = {".ome.zarr": "ome-zarr", ".ome.tif": "ome-tiff", ".ome.tiff": "ome-tiff"}


def read_stack(path: str | os.PathLike[str]) -> Stack:
    """Open a stack lazily: an OME-Zarr 0.5, a folder with a `painting.toml`, or one file as its only scan.

    Args:
        path: a folder like `panel.ome.zarr`, or what `read` takes.

    Raises:
        BadUsage: a folder of another kind, or a `painting.toml` that cannot be followed.
        GridMismatch: the scans are not on one grid; `tratteggio register` brings them onto one.
        UnreadableFile: missing or damaged.
        UnsupportedFile: sound, but of a kind that we do not read (Zarr format 2, other axes, ...).
    """
    path = Path(path)
    if is_zarr(path):
        from tratteggio.files.omezarr_read import read_ome_zarr  # noqa: PLC0415 only stacks on disk need it

        return read_ome_zarr(path)
    if (path / NAME).is_file():
        return read_folder(path)
    if path.is_dir():
        raise BadUsage(
            f"{path} is a folder, but neither an OME-Zarr nor one with a {NAME}, which says what each file "
            "shows; write one, or name a file in it"
        )
    return Stack((open_scan(path),))


def write_stack(
    stack: Stack,
    path: str | os.PathLike[str],
    *,
    history: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a stack of any size as OME-Zarr or OME-TIFF; each scan is read once, from top to bottom.

    Depth, profile, scale, title and where each scan is seen are kept; OME-Zarr is what `read_stack` gives
    back, OME-TIFF is for other programs.

    Args:
        stack: what to write; nothing in it is changed.
        path: .ome.zarr (a folder) .ome.tif .ome.tiff
        history: how the stack came to be; what JSON can hold.
        progress: called with (pixels read, pixels in all), scans counted one by one.

    Raises:
        BadUsage: an unknown suffix, a modality or channels that the format cannot hold.
        UnsafeOutput: the output is a source of the stack.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    if kind_of_stack(path) == "ome-zarr":
        from tratteggio.files.omezarr_write import write_ome_zarr  # noqa: PLC0415 brings zarr

        write_ome_zarr(stack, path, history=history, progress=progress)
    else:
        from tratteggio.files.ometiff import write_ome_tiff  # noqa: PLC0415 brings the codecs

        write_ome_tiff(stack, path, history=history, progress=progress)


def history_of(path: Path) -> dict[str, Any] | None:
    """Return how a stack on disk came to be, or None if it does not say."""
    return stack_history(path) if is_zarr(path) else None


def kind_of_stack(path: Path) -> str:
    """Return "ome-zarr" or "ome-tiff", from the suffix.

    Raises:
        BadUsage: another suffix.
    """
    for suffix, kind in KINDS.items():
        if path.name.lower().endswith(suffix):
            return kind
    raise BadUsage(f"{path}: the suffix chooses the format of a stack, one of {' '.join(KINDS)}")
