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


def require_seekable(path: Path) -> None:
    """Refuse pipes, sockets and devices: a file is read more than once, and from any place in it.

    Raises:
        BadUsage: the path is such a thing.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadUsage(
            f"{path} is a pipe or a device, but a file that can be read from any position is needed; "
            "save it to a file first"
        )


def kind_of(path: Path) -> str:
    """Return "tiff", "png" or "jpeg", from the first bytes; "raw" from the suffix.

    Raises:
        BadUsage: the path is a folder, a pipe or a device.
        UnreadableFile: missing, empty or not allowed to be read.
        UnsupportedFile: not one of these kinds.
    """
    if path.is_dir():
        raise BadUsage(f"{path} is a folder, expected one image file; name a file in it")
    require_seekable(path)
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
        UnreadableFile: the claim cannot be true.
    """
    if rows < 1 or cols < 1:
        raise UnreadableFile(f"{path} claims {rows} x {cols} pixels; its header is damaged")
    if raw_bytes > ratio * file_bytes + 65_536:
        raise UnreadableFile(
            f"{path} claims {rows} x {cols} pixels but holds only {file_bytes:,} bytes of them; "
            "it is damaged or a decompression bomb, so it is not opened"
        )
