"""The reader: what napari asks when a file or folder is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari_tratteggio.layers import LayerData, read_layers
from tratteggio.files.kinds import recognize
from tratteggio.roles import ScanReader, StackReader

Reader = Callable[[str | Sequence[str]], list[LayerData]]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return a function that reads a path, or None if it is nothing that tratteggio reads.

    Args:
        path: one path; several, which napari would stack, are left to other readers.
    """
    if not isinstance(path, str):
        return None
    place = Path(path)
    known = recognize(place, StackReader) or (place.is_file() and recognize(place, ScanReader))
    return _read if known else None


def _read(path: str | Sequence[str]) -> list[LayerData]:
    return read_layers(path if isinstance(path, str) else path[0])
