"""JPEG: a viewing copy of 8 bit, decoded whole.

Source: ITU-T T.81.
"""

from __future__ import annotations

from pathlib import Path

from tratteggio.painting import Metadata, Pixels, Scan
from tratteggio.roles import Facts, Keeps

FACTS = Facts(
    title="JPEG",
    suffixes=(".jpg", ".jpeg"),
    keeps=Keeps(
        depths=("uint8",),
        profile=True,
        resolution=True,
        orientation=True,
        exif=True,
        foreign=("jpeg", "photoshop"),
        lossless=False,
        longest=65_535,
    ),
    codec="jpeg",
)


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a file begins as a JPEG does."""
    return start.startswith(b"\xff\xd8\xff")


def open_scan(path: Path, *, modality: str, bilevel: bool) -> Scan:
    """Open a scan, see `ScanReader`."""
    del bilevel  # a JPEG has 8 bit
    from tratteggio.formats._jpeg import read  # noqa: PLC0415 brings the codecs

    return read.open_scan(path, modality=modality)


def write_scan(
    pixels: Pixels, file: Path, *, metadata: Metadata, alpha: bool, compression: str | None, name: str
) -> None:  # fmt: skip
    """Write pixels, see `ScanWriter`; a note says that JPEG changes every pixel a little."""
    del alpha, compression  # it has none, and there is one quality
    from tratteggio.formats._jpeg.write import write_jpeg  # noqa: PLC0415 brings the codecs

    with file.open("wb") as stream:
        write_jpeg(pixels, stream, metadata=metadata, name=name)
