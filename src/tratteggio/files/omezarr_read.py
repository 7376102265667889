"""From OME-Zarr to a stack: metadata are read, pixels stay on the disk until a region is asked for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files.omezarr_metadata import (
    first_image,
    metadata_from,
    metadata_of_image,
    read_attributes,
    require_ome,
    series_of,
    white_of,
)
from tratteggio.files.zarr_pixels import ZarrPixels, open_pixels, require_plausible
from tratteggio.painting import Mapped, Scan, Stack
from tratteggio.painting.pixels import Array
from tratteggio.painting.scan import DEPTHS

log = logging.getLogger("tratteggio")


def read_ome_zarr(path: Path) -> Stack:
    """Open a stack, or a single image; only metadata are read.

    Files of other programs are taken too, if their axes are (y, x) or (c, y, x): a scan then has the name of
    its group for its modality, and "rgb" if it stands alone.

    Raises:
        UnreadableFile: metadata or arrays are missing or damaged.
        UnsupportedFile: sound, but of another version, with other axes, or no image at all.
        GridMismatch: the images are not on one grid.
    """
    attributes = read_attributes(path)
    ome = require_ome(path, attributes)
    own = attributes.get("tratteggio") or {}
    if "multiscales" in ome:
        return Stack((_read_scan(path, "rgb"),))
    title = own.get("title") if isinstance(own, dict) else None
    return Stack(
        tuple(_read_scan(path / name, name) for name in series_of(path, ome)), title=str(title or "")
    )


def _read_scan(folder: Path, modality: str) -> Scan:
    """Open one image as a scan."""
    attributes = read_attributes(folder)
    ome = require_ome(folder, attributes)
    image = first_image(folder, ome)
    own = attributes.get("tratteggio")
    pixels = _open_levels(folder, image, complete=own is not None)
    try:
        metadata = metadata_of_image(image) if own is None else metadata_from(own)
        if own is None:
            metadata = replace(metadata, white=white_of(ome, pixels.dtype, path=folder))
        modality = modality if own is None else str(own["modality"])
        alpha = own is not None and bool(own["alpha"])
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise UnreadableFile(
            f"{folder / 'zarr.json'} is damaged: {error!r} in what it says of the scan"
        ) from error
    seen = None
    if (folder / "labels" / "seen").is_dir():
        label = folder / "labels" / "seen"
        levels = _open_levels(
            label, first_image(label, require_ome(label, read_attributes(label))), complete=True
        )
        seen = Mapped(levels, _is_seen, 0, np.dtype(bool))
    return Scan(pixels, modality, alpha=alpha, metadata=metadata, name=str(folder), seen=seen)


def _is_seen(flags: Array) -> Array:
    seen: Array = flags != 0
    return seen


def _open_levels(folder: Path, image: Mapping[str, Any], *, complete: bool) -> ZarrPixels:
    """Open the arrays of a pyramid.

    Raises:
        UnreadableFile: an array is missing, or has not the axes that the image states.
        UnsupportedFile: samples of a depth that we do not read.
    """
    base, *smaller = (folder / dataset["path"] for dataset in image["datasets"])
    axes = len(image["axes"])
    pixels = _open_level(base, axes, complete=complete)
    levels = []
    for level in smaller:
        try:
            levels.append(_open_level(level, axes, complete=complete))
        except UnreadableFile as error:
            log.warning("a smaller copy in the pyramid of %s is left out: %s", folder, error)
    return replace(pixels, levels=tuple(levels))


def _open_level(folder: Path, axes: int, *, complete: bool) -> ZarrPixels:
    level = open_pixels(folder, complete)
    if len(level.array.shape) != axes or 0 in level.array.shape:
        raise UnreadableFile(f"{folder} has shape {level.array.shape}, but its image states {axes} axes")
    if level.dtype.name not in DEPTHS:
        raise UnsupportedFile(
            f"{folder} holds {level.dtype.name}, which is not read; convert it to {', '.join(DEPTHS)}"
        )
    require_plausible(level)
    return level
