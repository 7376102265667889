"""OME-Zarr: a folder with the scans of a stack, each a pyramid of small chunks.

Source: OME-Zarr specification 0.5 (ngff.openmicroscopy.org), which stands on Zarr format 3.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tratteggio.painting import Stack
from tratteggio.roles import Facts, Keeps

FACTS = Facts(
    title="OME-Zarr",
    suffixes=(".ome.zarr",),
    keeps=Keeps(
        depths=("uint8", "uint16", "float32", "float64"),
        channels=None,
        alpha=True,
        profile=True,
        resolution=True,
        orientation=True,
        exif=True,
        white=True,
        inverted=True,
        alpha_kinds=True,
        scans=True,
        pyramid=True,
    ),
    folder="zarr.json",
    names_scans=True,
)

MARKS = ("zarr.json", ".zgroup", ".zattrs", ".zarray")


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a folder is a Zarr, of whatever version and however damaged: by its metadata or its name."""
    return path.is_dir() and (
        path.suffix.lower() == ".zarr" or any((path / mark).is_file() for mark in MARKS)
    )


def open_stack(path: Path) -> Stack | None:
    """Open a stack or a single image, see `StackReader`."""
    from tratteggio.formats._ome_zarr.read import read_ome_zarr  # noqa: PLC0415 brings zarr

    return read_ome_zarr(path)


def read_history(path: Path) -> dict[str, Any] | None:
    """Return the history in the attributes, see `StackReader`."""
    from tratteggio.formats._ome_zarr.metadata import stack_history  # noqa: PLC0415

    return stack_history(path)


def require_stack(stack: Stack, target: Path) -> None:
    """Refuse modalities that cannot name a folder, see `StackWriter`."""
    del target
    from tratteggio.formats._ome_zarr.write import require_names  # noqa: PLC0415 brings zarr

    require_names(stack)


def write_stack(
    stack: Stack,
    place: Path,
    *,
    history: dict[str, Any] | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write a stack, see `StackWriter`."""
    from tratteggio.formats._ome_zarr.write import write_ome_zarr  # noqa: PLC0415 brings zarr

    write_ome_zarr(stack, place, history=history, progress=progress)
