"""The first look at a file: is it there, is it whole, and what kind of scan is it?"""

from __future__ import annotations

from pathlib import Path

from tratteggio.errors import BadUsage, UnreadableFile, UnsupportedFile

SIGNATURES = {
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
}
# Camera raw goes by its name: most of it begins as a TIFF does, whose first picture is a thumbnail.
RAW_SUFFIXES = (
    ".dng", ".nef", ".nrw", ".cr2", ".cr3", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef", ".srw",
    ".3fr", ".fff", ".iiq", ".erf", ".mef", ".mos", ".kdc", ".dcr", ".rwl", ".x3f",
)  # fmt: skip
# Formats that cannot be read by region are decoded whole; above this they could not be held.
MOST_PIXELS_WHOLE = 2_000_000_000


def kind_of(path: Path) -> str:
    """Return "tiff", "png" or "jpeg", from the first bytes; "raw" from the suffix.

    Raises:
        BadUsage: the path is a folder.
        UnreadableFile: missing, empty or not allowed to be read.
        UnsupportedFile: not one of these kinds.
    """
    if path.is_dir():
        raise BadUsage(f"{path} is a folder, expected one image file; name a file in it")
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    if not start:
        raise UnreadableFile(f"{path} is empty (0 bytes); copy it again from its source")
    if path.suffix.lower() in RAW_SUFFIXES:
        return "raw"
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return kind
    raise UnsupportedFile(f"{path} is not a TIFF, PNG or JPEG file; convert it to TIFF first")


def is_zarr(path: Path) -> bool:
    """True if a folder is a Zarr, of whatever format and however damaged: by its metadata or its name."""
    marks = ("zarr.json", ".zgroup", ".zattrs", ".zarray")
    return path.is_dir() and (
        path.suffix.lower() == ".zarr" or any((path / mark).is_file() for mark in marks)
    )


def is_ome_tiff(path: Path) -> bool:
    """True if a file calls itself an OME-TIFF, by its name, as the specification asks."""
    return path.name.lower().endswith((".ome.tif", ".ome.tiff")) and path.is_file()


def check_plausible(path: Path, *, rows: int, cols: int, raw_bytes: int, file_bytes: int, ratio: int) -> None:
    """Refuse a file whose header claims more pixels than its bytes can hold.

    Args:
        path: for the message.
        rows: height that the header claims.
        cols: width that the header claims.
        raw_bytes: size of the claimed pixels once decoded.
        file_bytes: size of the compressed data.
        ratio: the strongest compression that the format can reach.

    Raises:
        UnreadableFile: the claim cannot be true, or the whole would not fit into memory.
    """
    if rows < 1 or cols < 1:
        raise UnreadableFile(f"{path} claims {rows} x {cols} pixels; its header is damaged")
    if raw_bytes > ratio * file_bytes + 65_536:
        raise UnreadableFile(
            f"{path} claims {rows} x {cols} pixels but holds only {file_bytes:,} bytes of them; "
            "it is damaged or a decompression bomb, so it is not opened"
        )


def check_whole(path: Path, rows: int, cols: int) -> None:
    """Refuse to decode in one piece what no memory would hold."""
    if rows * cols > MOST_PIXELS_WHOLE:
        raise UnreadableFile(
            f"{path} has {rows} x {cols} pixels, too many for a format that is decoded whole; "
            "convert it to a tiled TIFF, which is read by region"
        )
