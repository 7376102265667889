"""Where a proposal comes from: hashes, the files that belong to an output, and its history."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.beside import beside
from tratteggio.files.documents import read_json
from tratteggio.files.histories import SCHEMA, WHAT, require_history, require_proposal
from tratteggio.files.kinds import stack_format
from tratteggio.files.source import require_seekable
from tratteggio.files.untrusted import untrusted
from tratteggio.names import json_safe
from tratteggio.painting import Pixels, Region, Scan

UNNAMED = ("array",)  # what scans and lacunae are called that come from no file
SIDECARS = {
    "history": ".history.json",
    "lost": ".lost.tif",
    "confidence": ".confidence.tif",
    "damage": ".damage.png",
    "overlay": ".overlay.png",
    "receipt": ".receipt.json",
}


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, in hexadecimal; the file is streamed.

    Raises:
        BadUsage: it is a pipe or a device.
        UnreadableFile: it cannot be read.
    """
    try:
        require_seekable(Path(path))
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error


def sha256_pixels(pixels: Pixels) -> str:
    """Return the SHA-256 of a raster, in hexadecimal: of its type, its shape and its little-endian samples.

    The same pixels give the same hash, however they are stored.

    Example:
        >>> sha256_pixels(np.zeros((2, 3), np.uint8)) == sha256_pixels(np.zeros((3, 2), np.uint8))
        False
    """
    dtype, shape = np.dtype(pixels.dtype).newbyteorder("<"), tuple(pixels.shape)
    digest = hashlib.sha256(f"{dtype.str} {shape}".encode())
    for band in Region.whole((shape[0], shape[1])).bands(256):
        digest.update(np.ascontiguousarray(pixels[band.slices], dtype).data)
    return digest.hexdigest()


def sha256_of(scan: Scan) -> str:
    """Return the SHA-256 of the file that a scan is, or of its samples: of an array, of part of a stack."""
    file = file_named(scan.name)
    return sha256(file) if file else sha256_pixels(scan.pixels)


def file_named(name: str) -> Path | None:
    """Return the file that a scan or its lacunae came from, or None if the name is no file's."""
    path = Path(name)
    # A file needs no suffix; but an array is no file, even where a file happens to be called so.
    try:
        return path if name not in UNNAMED and path.is_file() else None
    except (OSError, ValueError):  # too long for a file name: what a detector found in a file of a long name
        return None


def short_name(name: str) -> str:
    """Return the name of a scan or its lacunae without folders; of a scan in a stack with that of the stack.

    Example:
        >>> short_name("somewhere/visible.tif"), short_name("array")
        ('visible.tif', 'array')
    """
    path, place = Path(name), place_named(name)
    in_stack = place is not None and stack_format(place.parent) is not None
    return f"{path.parent.name}/{path.name}" if in_stack else path.name or name


def place_named(name: str) -> Path | None:
    """Return where a scan lies, as `read` takes it: a file, or part of an OME-Zarr or OME-TIFF; else None."""
    if "://" in name:  # an address
        return None
    path = Path(name)
    try:
        if (path.suffix or path.parent.suffix) and stack_format(path):
            return path
        # A scan in a file, or a channel that is a scan.
        if path.parent.suffix and not path.exists() and stack_format(path.parent):
            return path
    except (OSError, ValueError):  # as in `file_named`
        return None
    return file_named(name)


def sidecar(path: str | os.PathLike[str], kind: str) -> Path:
    """Name the file that lies beside an output; the full name of the output is part of it.

    Args:
        path: the output.
        kind: "history", "lost", "confidence", "damage", "overlay" or "receipt".

    Example:
        >>> sidecar("panel/out.tif", "lost").as_posix()
        'panel/out.tif.lost.tif'
    """
    if kind not in SIDECARS:
        raise BadUsage(f"no sidecar named {kind!r}; known: {', '.join(SIDECARS)}")
    path = Path(path)
    return path.with_name(path.name + SIDECARS[kind])


def write_history(path: str | os.PathLike[str], history: Mapping[str, Any]) -> None:
    """Write a history as JSON, beside and renamed.

    Args:
        path: the JSON file, see `sidecar`.
        history: what JSON can hold; NumPy numbers and paths are turned into plain ones.

    Raises:
        UnwritableFile: no such folder, no permission, no space.
    """
    with beside([Path(path)]) as [temporary]:
        temporary.write_text(history_json(history), encoding="utf-8")


def history_json(history: Mapping[str, Any]) -> str:
    """Return a history as JSON text, its schema version first; names that are not UTF-8 are escaped."""
    stamped = {"schema": SCHEMA} | dict(history) | {"schema": SCHEMA}
    return json_safe(json.dumps(stamped, indent=2, ensure_ascii=False, default=_plain)) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a history holds what JSON can hold, got {type(value).__name__}: {value!r}")


def read_history(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a history; keys that this version does not know are kept.

    Args:
        path: the JSON file, see `sidecar`; or an OME-Zarr, which holds its own.

    Raises:
        UnreadableFile: missing, no JSON, too large, written by a later version, or a key that our code reads
            holds something else; the message names the key.
    """
    path = Path(path)
    if path.is_dir():
        one = stack_format(path)
        if one is None:
            raise UnreadableFile(f"{path} is a folder, but no stack; name a history or a stack")
        with untrusted(path, what="stack: its history cannot be read"):
            history = one.read_history(path)
        if history is None:
            raise UnreadableFile(f"{path} holds no history")
        return history
    return require_history(read_json(path, what=WHAT), path)


def read_proposal(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the history of a proposal that `inpaint` wrote.

    Args:
        path: the JSON file, see `sidecar`.

    Raises:
        UnreadableFile: as `read_history`, or it is the history of something else.
    """
    return require_proposal(read_history(path), Path(path))
