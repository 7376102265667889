"""OME-TIFF: the scans of a stack as pictures of one TIFF, or one picture with an OME-XML.

An OME-TIFF of another program is read as a TIFF. Source: OME-TIFF specification, OME data model 2016-06.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.formats import tiff
from tratteggio.painting import Metadata, Pixels, Stack
from tratteggio.roles import Facts

FACTS = Facts(
    title="OME-TIFF",
    suffixes=(".ome.tif", ".ome.tiff"),
    keeps=replace(tiff.FACTS.keeps, scans=True),
    names_scans=True,
    compressions=tiff.FACTS.compressions,
)


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a file calls itself an OME-TIFF by its name, as the specification asks."""
    return path.name.lower().endswith(FACTS.suffixes) and path.is_file()


def open_stack(path: Path) -> Stack | None:
    """Open a stack that we wrote, see `StackReader`."""
    from tratteggio.formats._ome_tiff.read import read_ome_tiff  # noqa: PLC0415 brings the codecs

    return read_ome_tiff(path)


def read_history(path: Path) -> dict[str, Any] | None:
    """Return the history in the OME-XML, see `StackReader`."""
    from tratteggio.formats._ome_tiff.read import ome_tiff_history  # noqa: PLC0415 brings the codecs

    return ome_tiff_history(path)


def require_stack(stack: Stack, target: Path) -> None:
    """Refuse scans that are neither grey nor RGB, see `StackWriter`."""
    for scan in stack.scans:
        if scan.channels not in (1, 3):
            raise BadUsage(
                f"{target}: an OME-TIFF takes grey and colour scans, but {scan.modality} has {scan.channels} "
                "channels; write it as .ome.zarr"
            )


def write_stack(
    stack: Stack,
    place: Path,
    *,
    history: dict[str, Any] | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write a stack, see `StackWriter`."""
    from tratteggio.formats._ome_tiff.write import write_ome_tiff  # noqa: PLC0415 brings the codecs

    write_ome_tiff(stack, place, history=history, progress=progress)


def write_scan(
    pixels: Pixels, file: Path, *, metadata: Metadata, alpha: bool, compression: str | None, name: str
) -> None:  # fmt: skip
    """Write pixels with an OME-XML, see `ScanWriter`; that of the source is kept if it is true of them."""
    from tratteggio.formats._ome_tiff.write import is_described_by_ome, write_alone  # noqa: PLC0415

    if is_described_by_ome(metadata):
        tiff.write_scan(
            pixels, file, metadata=metadata, alpha=alpha, compression=compression, name=name
        )  # fmt: skip
    else:
        write_alone(pixels, file, metadata=metadata, alpha=alpha, compression=compression)
