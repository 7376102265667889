"""Stacks on disk: OME-Zarr and OME-TIFF in and out, and folders with a `painting.toml` in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.files.beside import Before
from tratteggio.files.omezarr_metadata import stack_history
from tratteggio.files.painting_toml import NAME, read_folder
from tratteggio.files.reading import open_scan, stack_at
from tratteggio.files.source import is_ome_tiff, is_zarr
from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Stack

KINDS = {".ome.zarr": "ome-zarr", ".ome.tif": "ome-tiff", ".ome.tiff": "ome-tiff"}


def read_stack(path: str | os.PathLike[str]) -> Stack:
    """Open a stack lazily: OME-Zarr 0.5, our OME-TIFF, a folder with a `painting.toml`, or one file alone.

    Args:
        path: a folder like `panel.ome.zarr`, or what `read` takes.

    Raises:
        BadUsage: a folder of another kind, or a `painting.toml` that cannot be followed.
        GridMismatch: the scans are not on one grid; `tratteggio register` brings them onto one.
        UnreadableFile: missing or damaged.
        UnsupportedFile: sound, but of a kind that we do not read (Zarr format 2, other axes, ...).
    """
    path = Path(path)
    if (stack := stack_at(path)) is not None:
        return stack
    if (path / NAME).is_file():
        return read_folder(path)
    if path.is_dir():
        raise BadUsage(
            f"{path} is a folder, but not an OME-Zarr, and it has no {NAME} that says what each file shows; "
            "write one, or name a file in the folder"
        )
    return Stack((open_scan(path),))


def write_stack(
    stack: Stack,
    path: str | os.PathLike[str],
    *,
    history: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    before: Before | None = None,
) -> None:
    """Write a stack of any size as OME-Zarr or OME-TIFF; each scan is read once, from top to bottom.

    Depth, profile, scale, title and where each scan is seen are kept, and `read_stack` gives them back.

    Args:
        stack: what to write; nothing in it is changed.
        path: .ome.zarr (a folder) .ome.tif .ome.tiff
        history: how the stack came to be; what JSON can hold.
        progress: called with (pixels read, pixels in all), scans counted one by one.
        before: as for `beside`.

    Raises:
        BadUsage: an unknown suffix, a modality or channels that the format cannot hold.
        UnsafeOutput: the output is a source of the stack.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    if kind_of_stack(path) == "ome-zarr":
        from tratteggio.files.omezarr_write import write_ome_zarr  # noqa: PLC0415 brings zarr

        write_ome_zarr(stack, path, history=history, progress=progress, before=before)
    else:
        from tratteggio.files.ometiff_write import write_ome_tiff  # noqa: PLC0415 brings the codecs

        write_ome_tiff(stack, path, history=history, progress=progress, before=before)


def history_of(path: Path) -> dict[str, Any] | None:
    """Return how a stack on disk came to be, or None if it does not say."""
    with untrusted(path, what="stack: its history cannot be read"):
        return _history_of(path)


def _history_of(path: Path) -> dict[str, Any] | None:
    if is_ome_tiff(path):
        from tratteggio.files.ometiff_read import ome_tiff_history  # noqa: PLC0415 brings tifffile

        return ome_tiff_history(path)
    return stack_history(path) if is_zarr(path) else None


def is_stack(path: Path) -> bool:
    """True if a folder is one painting: an OME-Zarr, or scans with a `painting.toml`."""
    return is_zarr(path) or (path / NAME).is_file()


def kind_of_stack(path: Path) -> str:
    """Return "ome-zarr" or "ome-tiff", from the suffix.

    Raises:
        BadUsage: another suffix.
    """
    for suffix, kind in KINDS.items():
        if path.name.lower().endswith(suffix):
            return kind
    raise BadUsage(f"{path}: the suffix of a stack must be one of {' '.join(KINDS)}")
