"""The pieces of one tile on disk: an NPZ file whose claims are checked before anything is allocated."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from tratteggio.errors import UnreadableFile
from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Region
from tratteggio.windows.blend import Piece
from tratteggio.windows.plan import Window

REMEDY = "remove this file, then continue with `resume=True`"
WHAT = "tile of a ledger"
SIDE = 2**40  # px; no painting is larger, and no sum of such numbers overflows
HEADERS = 2**16  # bytes that a file may hold beside its samples


class _Kind(NamedTuple):
    """What an array of a tile must be: kinds of samples, and columns, None for any number of them."""

    kinds: str
    columns: tuple[int | None, ...]


ARRAYS = {
    "windows": _Kind("i", (9,)),
    "regions": _Kind("i", (4,)),
    "lost": _Kind("u", ()),
    "values": _Kind("f", (None,)),
    "confidence": _Kind("f", ()),
    "sources": _Kind("u", ()),
}


def read_tile(file: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of a tile and make sure that they belong together.

    Returns:
        windows (n, 9), regions (n, 4), lost, values (m, channels), confidence (m,) and sources, as
        `DiskLedger` keeps them.

    Raises:
        UnreadableFile: missing, damaged, or an array is not what a tile holds.
    """
    with untrusted(file, what=WHAT, remedy=REMEDY), zipfile.ZipFile(file) as archive:
        _require_members(file, archive)
        arrays = {name: _array(file, archive, name) for name in ARRAYS}
    _require_pieces(file, arrays)
    return arrays


def pieces_of(arrays: Mapping[str, NDArray[Any]]) -> list[Piece]:
    """Return the pieces that the arrays of a tile hold."""
    pieces = []
    bits = values = 0
    told = _unpack_sources(arrays["sources"])
    boxes = zip(arrays["windows"].tolist(), arrays["regions"].tolist(), strict=True)
    for number, (window, extent) in enumerate(boxes):
        region = Region(*extent)
        packed = -(-region.rows * region.cols // 8)
        flat = np.unpackbits(arrays["lost"][bits : bits + packed], count=region.rows * region.cols)
        lost = flat.astype(bool).reshape(region.rows, region.cols)
        n = int(np.count_nonzero(lost))
        # The groups matter only while filling; a piece that is read back is only laid down.
        made_by = Window(Region(*window[:4]), Region(*window[4:8]), (), window[8])
        taken = slice(values, values + n)
        pieces.append(
            Piece(made_by, region, lost, arrays["values"][taken], arrays["confidence"][taken], told[number])
        )
        bits, values = bits + packed, values + n
    return pieces


def pack_sources(pieces: Sequence[Piece]) -> NDArray[np.uint8]:
    """Return what pieces come from as the bytes of a JSON list, one object for each piece."""
    text = json.dumps([dict(piece.sources) for piece in pieces])
    return np.frombuffer(text.encode(), np.uint8)


def _unpack_sources(packed: NDArray[Any]) -> list[dict[str, float]]:
    return msgspec.json.decode(packed.astype(np.uint8).tobytes(), type=list[dict[str, float]])


def _require_members(file: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive that would unfold to more than its own size."""
    members = archive.infolist()
    names = sorted(member.filename for member in members)
    if names != sorted(f"{name}.npy" for name in ARRAYS):
        raise _damaged(file, f"it must hold {', '.join(ARRAYS)}")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise _damaged(file, f"{member.filename} is compressed, which no tile is")
    if sum(member.file_size for member in members) > file.stat().st_size:
        raise _damaged(file, "it claims to hold more than its size")


def _array(file: Path, archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Read one array, once its header is known to state no more than there is."""
    kind, size = ARRAYS[name], archive.getinfo(f"{name}.npy").file_size
    with archive.open(f"{name}.npy") as stream:
        shape, dtype = _header(stream)
    stated = math.prod(shape) * dtype.itemsize
    columns = shape[1:]
    fits = len(columns) == len(kind.columns) and all(
        wanted in (None, there) for wanted, there in zip(kind.columns, columns, strict=True)
    )
    if not fits or dtype.kind not in kind.kinds or not stated <= size <= stated + HEADERS:
        raise _damaged(file, f"{name} is {dtype} of shape {shape}, which no tile holds")
    with archive.open(f"{name}.npy") as stream:
        return np.asarray(npy.read_array(stream, allow_pickle=False))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type of the samples that an NPY file states."""
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def _require_pieces(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Make sure that the counts and places of all pieces fit each other."""
    windows, regions = arrays["windows"], arrays["regions"]
    if len(windows) != len(regions):
        raise _damaged(file, f"it has {len(windows)} windows for {len(regions)} regions")
    with untrusted(file, what=WHAT, remedy=REMEDY):
        told = len(_unpack_sources(arrays["sources"]))
    if told != len(windows):
        raise _damaged(file, f"it tells the sources of {told} windows instead of {len(windows)}")
    places = (windows[:, :4], windows[:, 4:8], regions)
    if not all(_is_sound(boxes) for boxes in places) or not _is_side(windows[:, 8:]):
        raise _damaged(file, "a window or a region is no part of a painting")
    # In whole numbers of Python, which do not overflow.
    sizes = [(bottom - top) * (right - left) for top, left, bottom, right in regions.tolist()]
    if sum(-(-size // 8) for size in sizes) != len(arrays["lost"]):
        raise _damaged(file, "its regions do not have the size of what is lost")
    lost = sum(int(np.count_nonzero(piece.lost)) for piece in pieces_of(arrays))
    if not lost == len(arrays["values"]) == len(arrays["confidence"]):
        raise _damaged(file, f"it has {len(arrays['values'])} values for {lost} lost pixels")
    if not (np.isfinite(arrays["values"]).all() and np.isfinite(arrays["confidence"]).all()):
        raise _damaged(file, "a value is no finite number")


def _is_sound(boxes: NDArray[Any]) -> bool:
    """True if all boxes (n, 4) hold a pixel."""
    return _is_side(boxes) and bool((boxes[:, :2] < boxes[:, 2:]).all())


def _is_side(numbers: NDArray[Any]) -> bool:
    return bool(((numbers >= 0) & (numbers <= SIDE)).all())


def _damaged(file: Path, why: str) -> UnreadableFile:
    return UnreadableFile(f"{file} is not a sound {WHAT}: {why}; {REMEDY}")
