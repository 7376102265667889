"""PNG: 8 or 16 bit, decoded whole.

Source: PNG Specification, Third Edition (W3C 2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tratteggio.painting import Metadata, Pixels, Scan
from tratteggio.painting.pixels import Array
from tratteggio.roles import Facts, Keeps

# Codecs are imported when the first file is opened: every format is looked at for every file.

FACTS = Facts(
    title="PNG",
    suffixes=(".png",),
    keeps=Keeps(
        depths=("uint8", "uint16"),
        alpha=True,
        profile=True,
        resolution=True,
        orientation=True,
        exif=True,
        white=True,
        foreign=("png",),
    ),
    codec="deflate",
)


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a file begins as a PNG does."""
    return start.startswith(b"\x89PNG")


def open_scan(path: Path, *, modality: str, bilevel: bool) -> Scan:
    """Open a scan, see `ScanReader`."""
    from tratteggio.formats._png import read  # noqa: PLC0415

    return read.open_scan(path, modality=modality, bilevel=bilevel)


def write_scan(
    pixels: Pixels, file: Path, *, metadata: Metadata, alpha: bool, compression: str | None, name: str
) -> None:  # fmt: skip
    """Write pixels, see `ScanWriter`."""
    del alpha, compression  # the number of channels says the one, and there is one compression
    from tratteggio.formats._png.write import write_png  # noqa: PLC0415

    with file.open("wb") as stream:
        write_png(pixels, stream, metadata=metadata, name=name)


def write_classes(
    indices: Pixels, file: Path, palette: Sequence[tuple[int, int, int]], *, metadata: Metadata, name: str
) -> None:  # fmt: skip
    """Write a map of classes, see `ClassMaps`."""
    from tratteggio.formats._png.write import write_png  # noqa: PLC0415

    with file.open("wb") as stream:
        write_png(indices, stream, metadata=metadata, name=name, palette=palette)


def read_classes(path: Path) -> Array:
    """Read a map of classes as colours, see `ClassMaps`."""
    from tratteggio.formats._png.read import read_colours  # noqa: PLC0415

    return read_colours(path)


def read_orientation(path: Path) -> int:
    """Return the orientation tag of a PNG of any kind, see `ClassMaps`."""
    from tratteggio.formats._png.read import orientation_in  # noqa: PLC0415

    return orientation_in(path)
