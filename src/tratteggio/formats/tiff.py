"""TIFF and BigTIFF: all depths, read by region, tiled and pyramidal when large.

Source: TIFF 6.0 (Adobe 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tratteggio.painting import Metadata, Pixels, Scan
from tratteggio.painting.pixels import Array
from tratteggio.roles import Facts, Keeps

FACTS = Facts(
    title="TIFF",
    suffixes=(".tif", ".tiff"),
    keeps=Keeps(
        depths=("uint8", "uint16", "float32", "float64"),
        alpha=True,
        profile=True,
        resolution=True,
        orientation=True,
        exif=True,
        white=True,
        inverted=True,
        alpha_kinds=True,
        bound_notes=False,
        foreign=("tiff", "photoshop"),
        pyramid=True,
    ),
    compressions=("none", "lzw", "deflate", "zstd"),
)

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a file begins as a TIFF or a BigTIFF does, in either byte order."""
    return start.startswith(SIGNATURES)


def open_scan(path: Path, *, modality: str, bilevel: bool) -> Scan:
    """Open a scan, see `ScanReader`."""
    from tratteggio.formats._tiff import read  # noqa: PLC0415 brings the codecs

    return read.open_scan(path, modality=modality, bilevel=bilevel)


def write_scan(
    pixels: Pixels, file: Path, *, metadata: Metadata, alpha: bool, compression: str | None, name: str
) -> None:  # fmt: skip
    """Write pixels, see `ScanWriter`."""
    del name  # there is nothing to say about the output
    from tratteggio.formats._tiff.write import write_tiff  # noqa: PLC0415 brings the codecs

    write_tiff(pixels, file, metadata=metadata, alpha=alpha, compression=compression)


def write_classes(
    indices: Pixels, file: Path, palette: Sequence[tuple[int, int, int]], *, metadata: Metadata, name: str
) -> None:  # fmt: skip
    """Write a map of classes, see `ClassMaps`."""
    del name
    from tratteggio.formats._tiff.classes import write_palette  # noqa: PLC0415 brings the codecs

    write_palette(indices, file, palette, metadata)


def read_classes(path: Path) -> Array:
    """Read a map of classes as colours, see `ClassMaps`."""
    from tratteggio.formats._tiff.classes import read_colours  # noqa: PLC0415 brings the codecs

    return read_colours(path)


def read_orientation(path: Path) -> int:
    """Return the orientation tag of a TIFF of any kind, see `ClassMaps`."""
    from tratteggio.formats._tiff.classes import read_orientation  # noqa: PLC0415 brings the codecs

    return read_orientation(path)
