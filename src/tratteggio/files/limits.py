"""How much memory a file may ask for: one stated limit for all formats, raised by the user alone.

A header of a few bytes can claim any size. What a file makes us allocate is checked against these limits
before it is allocated: pixels that are decoded in one piece, and metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from tratteggio.errors import BadUsage, UnreadableFile

GIB = 1 << 30
DECODED_GIB = 4.0
METADATA_BYTES = 64 << 20

_decoded_gib: ContextVar[float] = ContextVar("decoded_gib", default=DECODED_GIB)


@contextmanager
def decoded_limit(gib: float) -> Iterator[None]:
    """Let files that are opened in this block decode up to `gib` GiB in one piece.

    Raises:
        BadUsage: no positive number.
    """
    if not gib > 0:
        raise BadUsage(f"the read limit is a positive number of GiB, got {gib:g}")
    token = _decoded_gib.set(gib)
    try:
        yield
    finally:
        _decoded_gib.reset(token)


def is_decodable(size: int) -> bool:
    """True if a file may ask for that many bytes in one piece."""
    return size <= _decoded_gib.get() * GIB


def require_decodable(path: Path, size: int, *, what: str = "pixels") -> None:
    """Refuse what would take more memory than a file may ask for.

    Args:
        path: the file, for the message.
        size: bytes that would be allocated in one piece.
        what: what they are, for the message.

    Raises:
        UnreadableFile: the limit would be passed.
    """
    if not is_decodable(size):
        raise UnreadableFile(
            f"{path} needs {size / GIB:,.1f} GiB of memory for its {what}, more than the limit of "
            f"{_decoded_gib.get():g} GiB; raise the read limit if the file is sound"
        )


def require_metadata(path: Path, size: int) -> None:
    """Refuse metadata larger than any that is sound.

    Raises:
        UnreadableFile: above `METADATA_BYTES` in all.
    """
    if size > METADATA_BYTES:
        raise UnreadableFile(
            f"{path} claims {size:,} bytes of metadata, more than {METADATA_BYTES:,}; it is damaged"
        )
