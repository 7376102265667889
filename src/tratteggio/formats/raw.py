"""Camera raw, through LibRaw: the mosaic as the sensor wrote it, before anyone has made a picture of it.

A raw file becomes a grey scan of its visible pixels at 16 bits, and `Sensor` beside it tells which colour
each pixel saw. Nothing is demosaiced, balanced or toned here.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.extras import optional
from tratteggio.files.limits import require_decodable
from tratteggio.files.sensor import SENSOR, Sensor
from tratteggio.painting import Metadata, Scan
from tratteggio.roles import Facts, Keeps

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger("tratteggio")

FACTS = Facts(
    title="camera raw",
    suffixes=(
        ".dng", ".nef", ".nrw", ".cr2", ".cr3", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef",
        ".srw", ".3fr", ".fff", ".iiq", ".erf", ".mef", ".mos", ".kdc", ".dcr", ".rwl", ".x3f",
    ),
    keeps=Keeps(depths=("uint16",), channels=(1,)),
    codec="camera raw",
)  # fmt: skip

Rows = tuple[tuple[float, float, float], ...]
UNTURNED: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# From XYZ (D65) to linear sRGB, IEC 61966-2-1.
XYZ_TO_SRGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def recognizes(path: Path, start: bytes) -> bool:
    """True if the name of a file is that of camera raw.

    The content does not say: most raw begins as a TIFF does, whose first picture is a thumbnail.
    """
    return bool(start) and path.suffix.lower() in FACTS.suffixes


def open_scan(path: Path, *, modality: str, bilevel: bool) -> Scan:  # noqa: ARG001 no mask is raw
    """Read a raw file of a Bayer sensor.

    Args:
        path: the file.
        modality: of the scan that is returned.
        bilevel: not used: no mask is raw.

    Returns:
        a scan (H, W) uint16 of the visible pixels, in the units of the sensor, with a `Sensor` in its
        metadata.

    Raises:
        MissingExtra: rawpy is not installed.
        UnreadableFile: damaged, or not raw at all.
        UnsupportedFile: a camera that LibRaw does not know, or whose sensor is no Bayer one (X-Trans, Foveon,
            linear DNG).
    """
    needs = f"{path} is camera raw, and reading that needs rawpy"
    with optional("rawpy", needs=needs, install="pip install 'tratteggio[raw]'"):
        import rawpy  # noqa: PLC0415  (an extra)
    try:
        with rawpy.imread(str(path)) as raw:
            require_decodable(path, 2 * raw.sizes.raw_height * raw.sizes.raw_width)
            sensor = _sensor(path, raw)
            mosaic: NDArray[np.uint16] = np.array(raw.raw_image_visible)
    except rawpy.LibRawFileUnsupportedError as error:
        raise UnsupportedFile(
            f"{path} is not a raw file that LibRaw {'.'.join(map(str, rawpy.libraw_version))} can read; "
            "convert it to DNG, or make a TIFF with the software of the camera"
        ) from error
    except rawpy.LibRawError as error:
        raise UnreadableFile(f"{path} cannot be read as camera raw: {_message(error)}") from error
    if not sensor.white > sensor.black:
        raise UnreadableFile(
            f"{path} is damaged: its black level, {sensor.black:g}, is not below its white level, "
            f"{sensor.white:g}; copy it again from its source"
        )
    return Scan(mosaic, modality, metadata=Metadata(foreign={SENSOR: sensor}), name=str(path))


def _sensor(path: Path, raw: Any) -> Sensor:
    pattern = raw.raw_pattern if raw.raw_type.name == "Flat" else None
    colours = raw.color_desc.decode("ascii", "replace")
    bayer = pattern is not None and pattern.shape == (2, 2) and colours == "RGBG"
    if not bayer:
        what = "no mosaic" if pattern is None else f"a mosaic of {pattern.shape[0]} x {pattern.shape[1]}"
        raise UnsupportedFile(
            f"{path} has {what} of {colours}, but only Bayer sensors (2 x 2 of RGBG) can be developed; "
            "make a TIFF with the software of the camera"
        )
    row, col = (int(k) for k in np.argwhere(raw.raw_colors_visible[:2, :2] == colours.index("R"))[0])
    return Sensor(
        red=(row, col),
        black=float(np.mean(raw.black_level_per_channel)),
        white=float(raw.white_level),
        balance=_balance(raw.camera_whitebalance),
        to_srgb=_to_srgb_or_plain(path, np.asarray(raw.rgb_xyz_matrix, np.float64)[:3]),
    )


def _balance(gains: Any) -> tuple[float, float, float]:
    """Bring what the camera measured to green 1; nothing is balanced where it measured nothing."""
    red, green, blue = (float(gain) for gain in gains[:3])
    if not all(0 < gain < math.inf for gain in (red, green, blue)):
        return 1.0, 1.0, 1.0
    return red / green, 1.0, blue / green


def _to_srgb_or_plain(path: Path, camera_of_xyz: NDArray[np.float64]) -> Rows:
    """Return the matrix of a camera; if it makes no sense, colours are taken as they are, with a note."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is found below
            rows = _to_srgb(camera_of_xyz)
    except np.linalg.LinAlgError:
        rows = None
    if rows is None or not np.isfinite(rows).all():
        log.warning("%s is damaged: its colour matrix makes no sense and is left out", path)
        return UNTURNED
    return rows


def _to_srgb(camera_of_xyz: NDArray[np.float64]) -> Rows:
    """Return the matrix from balanced camera colours to linear sRGB, as dcraw makes it: white stays white."""
    if not camera_of_xyz.any():
        return UNTURNED
    camera_of_srgb = camera_of_xyz @ np.linalg.inv(XYZ_TO_SRGB)
    camera_of_srgb /= camera_of_srgb.sum(axis=1, keepdims=True)
    first, second, third = np.linalg.inv(camera_of_srgb).tolist()
    return tuple(first), tuple(second), tuple(third)


def _message(error: Exception) -> str:
    """Return the message of LibRaw, which comes as bytes."""
    message = error.args[0] if error.args else error
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
