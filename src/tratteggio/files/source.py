"""The first look at a file: can it be read from any place, and can it hold what its header claims?"""

from __future__ import annotations

from pathlib import Path

from tratteggio.errors import BadUsage, UnreadableFile


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
