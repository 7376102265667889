"""Colour profiles: what they are called, and what pixels mean through them. Without a profile: sRGB.

Conversions are littleCMS's (relative colorimetric); profile connection white is D50.
"""

from __future__ import annotations

import io
import logging
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.pixels import Array, to_depth
from tratteggio.painting.pixels import white as white_of

log = logging.getLogger("tratteggio")


def profile_name(icc: bytes | None) -> str | None:
    """Return the description in a profile, None without profile, "damaged profile" if it cannot be read."""
    if icc is None:
        return None
    from PIL import ImageCms  # noqa: PLC0415 only names need Pillow

    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc))).strip()
    except Exception:  # noqa: BLE001 hostile profiles make the library raise anything
        return "damaged profile"


def srgb_profile() -> bytes:
    """Return a profile for colours in sRGB, the same bytes at any time."""
    import imagecodecs  # noqa: PLC0415 only conversions need it

    return dated(imagecodecs.cms_profile("srgb"))


def dated(profile: bytes) -> bytes:
    """Return a profile with a fixed date; its header says when it was made: now (ICC.1:2022, 7.2.8)."""
    return profile[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + profile[36:]


def to_8bit(array: Array, white: float | None = None) -> NDArray[np.uint8]:
    """Round to 8 bit; floats are 0 to 1, what lies outside is clipped (for viewing only).

    Args:
        array: of any depth.
        white: the sample that stands for white; None: that of the dtype.
    """
    array = _in_range_of_depth(array, white)
    if array.dtype == np.uint16:
        array = (array.astype(np.uint32) + 128) // 257
    elif array.dtype.kind == "f":
        array = np.rint(_within_range(array) * 255)
    return array.astype(np.uint8, copy=False)


def _in_range_of_depth(array: Array, white: float | None) -> Array:
    """Return samples as shares of a white that is not that of their dtype; else as they are."""
    if white is None or white == white_of(array.dtype):
        return array
    shares: Array = array / np.float64(white)
    return shares


def _within_range(array: Array) -> Array:
    clipped: Array = np.clip(np.nan_to_num(array), 0, 1)
    return clipped


def to_srgb8(array: Array, icc: bytes | None, white: float | None = None) -> NDArray[np.uint8]:
    """Return colours as a screen shows them.

    Args:
        array: (h, w) or (h, w, 1) grey or (h, w, 3) RGB; floats are 0 to 1.
        icc: its profile; None is sRGB, and a profile that does not fit is left aside with a note.
        white: the sample that stands for white; None: that of the dtype.

    Returns:
        (h, w, 3) uint8 sRGB.
    """
    colours = _in_range_of_depth(_grey_without_axis(array), white)
    if icc is not None:
        samples = (
            np.rint(_within_range(colours) * 65535).astype(np.uint16)
            if colours.dtype.kind == "f"
            else colours
        )
        converted: NDArray[np.uint8] | None = _convert(samples, icc, to="srgb")
        if converted is not None:
            return converted
    shown = to_8bit(colours)
    return np.stack([shown] * 3, axis=-1) if shown.ndim == 2 else shown


def to_lab(array: Array, icc: bytes | None, white: float | None = None) -> NDArray[np.float64]:
    """Return CIE L*a*b* (D50) of colours, computed in floating point from the full depth.

    Args:
        array: (h, w) or (h, w, 1) grey or (h, w, 3) RGB; uint8, uint16, or floats 0 to 1.
        icc: its profile; None is sRGB, and a profile that does not fit is left aside with a note.
        white: the sample that stands for white; None: that of the dtype.

    Returns:
        (h, w, 3) float64: L* 0 to 100, a*, b*.
    """
    colours = _grey_without_axis(array)
    exact = colours / np.float64(white_of(colours.dtype) if white is None else white)
    lab = None if icc is None else _convert(exact, icc, to="lab")
    if lab is None:
        rgb = np.stack([exact] * 3, axis=-1) if exact.ndim == 2 else exact
        lab = _convert(rgb, None, to="lab")
    result: NDArray[np.float64] = lab
    return result


def to_profile(array: Array, icc: bytes | None, target: bytes | None, white: float | None = None) -> Array:
    """Return colours of one profile as samples of another, at their own depth.

    Args:
        array: (h, w, 1) grey or (h, w, 3) RGB; uint8, uint16, or floats 0 to 1.
        icc: its profile; None is sRGB.
        target: the other profile; None is sRGB.
        white: the sample that stands for white; None: that of the dtype.

    Returns:
        an array of the same shape and depth; unchanged, with a note, if a profile does not fit.
    """
    import imagecodecs  # noqa: PLC0415 only conversions need it

    grey = array.shape[2] == 1
    top = white_of(array.dtype) if white is None else white
    exact = np.ascontiguousarray(array / np.float64(top))
    srgb = imagecodecs.cms_profile("srgb")
    # sRGB is a profile of three channels: grey goes in, and comes out, as three equal ones.
    source = exact[..., 0] if grey and icc else np.repeat(exact, 3, axis=2) if grey else exact
    try:
        converted = imagecodecs.cms_transform(
            source,
            icc or srgb,
            target or srgb,
            colorspace="gray" if grey and icc else "rgb",
            outcolorspace="gray" if grey and target else "rgb",
            outdtype="float64",
            flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE,
        )
    except (imagecodecs.CmsError, ValueError) as error:
        log.warning("colours cannot be converted between their profiles (%s); samples are compared", error)
        return array
    values = np.atleast_3d(converted)[..., : array.shape[2]]
    return to_depth(values * top, array.dtype, white=white)


def _grey_without_axis(array: Array) -> Array:
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _convert(array: Array, icc: bytes | None, *, to: str) -> Any:
    """Convert to "srgb" (uint8) or "lab" (float64); None, and a note, if the profile does not fit."""
    import imagecodecs  # noqa: PLC0415 only conversions need it

    profile, space, dtype = {"srgb": ("srgb", "rgb", "uint8"), "lab": ("lab4", "lab", "float64")}[to]
    kind = "gray" if array.ndim == 2 else "rgb"
    # littleCMS's short cuts are exact for 8 bit, but for 16 bit off by up to 12 of 255 levels.
    flags = None if array.dtype == np.uint8 else imagecodecs.CMS.FLAGS.NOOPTIMIZE
    try:
        return imagecodecs.cms_transform(
            np.ascontiguousarray(array),
            icc or imagecodecs.cms_profile("srgb"),
            imagecodecs.cms_profile(profile),
            colorspace=kind,
            outcolorspace=space,
            outdtype=dtype,
            flags=flags,
        )
    except (imagecodecs.CmsError, ValueError) as error:
        log.warning(
            "the colour profile %r does not fit %s pixels (%s); sRGB is assumed",
            profile_name(icc),
            kind,
            error,
        )
        return None
