"""From OME-Zarr to a stack: metadata are read, pixels stay on the disk until a region is asked for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files.sense import turned
from tratteggio.formats._ome_zarr.metadata import (
    described_channels,
    first_image,
    is_colour,
    labels_of,
    metadata_from,
    metadata_of_image,
    read_attributes,
    require_ome,
    series_of,
    white_of,
)
from tratteggio.formats._ome_zarr.pixels import ZarrPixels, open_pixels, require_plausible
from tratteggio.painting import Mapped, Pixels, Region, Scan, Stack
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import COLOURS, Array
from tratteggio.painting.scan import DEPTHS

log = logging.getLogger("tratteggio")


def read_ome_zarr(path: Path) -> Stack:
    """Open a stack, or a single image; only metadata are read.

    Files of other programs are taken too, if their axes are (y, x) or (c, y, x): a scan then has the name of
    its group for its modality, and "rgb" if it stands alone. Channels that are labelled as anything but red,
    green, blue (and opacity) are scans of their own, each under its label.

    Raises:
        UnreadableFile: metadata or arrays are missing or damaged.
        UnsupportedFile: sound, but of another version, with other axes, with channels of which nobody can say
            what they show, or no image at all.
        GridMismatch: the images are not on one grid.
    """
    attributes = read_attributes(path)
    ome = require_ome(path, attributes)
    own = attributes.get("tratteggio") or {}
    if "multiscales" in ome:
        return Stack(tuple(_scans(_read_scan(path, "rgb"), path, ome, alone=True)))
    title = own.get("title") if isinstance(own, dict) else None
    scans: list[Scan] = []
    for name in series_of(path, ome):
        scan = _read_scan(path / name, name)
        scans += _scans(scan, path / name, read_attributes(path / name).get("ome", {}), alone=False)
    return Stack(tuple(scans), title=str(title or ""))


def _scans(scan: Scan, folder: Path, ome: Mapping[str, Any], *, alone: bool) -> list[Scan]:
    """Return an image of another program as scans: its channels are what their labels say.

    Args:
        scan: the image, all channels together.
        folder: where it lies.
        ome: what it says in the words of the specification.
        alone: True if it is no part of a collection, so that labels alone name the scans.

    Raises:
        UnsupportedFile: channels that are not named, or two of one name.
    """
    if read_attributes(folder).get("tratteggio") is not None:
        return [scan]
    labels = labels_of(ome, scan.channels)
    # Three channels without a description are red, green and blue; a description of some is not clear.
    plain = labels is None and scan.channels == COLOURS and described_channels(ome) in (0, COLOURS)
    if scan.channels == 1 or plain:
        return [scan]
    if labels is None:
        raise UnsupportedFile(
            f"{folder} has {scan.channels} channels without labels, so it is not clear what they show; label "
            "them under `omero` in its zarr.json, or keep only grey or RGB"
        )
    if is_colour(labels):
        return [replace(scan, alpha=scan.channels > COLOURS)]
    names = [label if alone else f"{scan.modality}-{label}" for label in labels]
    if len(set(names)) < len(names) or not all(labels):
        raise UnsupportedFile(
            f"{folder} labels its channels {', '.join(map(repr, labels))}; give each a different name"
        )
    if unfit := [label for label in labels if "/" in label or label in (".", "..")]:
        raise UnsupportedFile(
            f"{folder} labels a channel {unfit[0]!r}, which cannot be part of a path; rename it under "
            "`omero` in its zarr.json"
        )
    first = "rgb" if "rgb" in names else names[0]
    log.warning(
        "%s: each channel is read as a scan: %s; the main scan is %s", folder, ", ".join(names), first
    )
    return [
        replace(scan, pixels=Channel(scan.pixels, number), modality=name, name=str(folder / label))
        for number, (name, label) in enumerate(zip(names, labels, strict=True))
    ]


@dataclass(frozen=True, eq=False, repr=False)
class Channel(LazyPixels):
    """One channel of pixels, by itself.

    Attributes:
        pixels: (H, W, C).
        number: of the channel, from 0.
    """

    pixels: Pixels
    number: int

    layout = "tiles"

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W)."""
        return tuple(self.pixels.shape[:2])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""
        return np.dtype(self.pixels.dtype)

    @property
    def levels(self) -> tuple[Channel, ...]:
        """Smaller and smaller copies."""
        return tuple(Channel(level, self.number) for level in getattr(self.pixels, "levels", ()))

    @property
    def by_region(self) -> bool:
        """False if all pixels are decoded together."""
        return bool(getattr(self.pixels, "by_region", True))

    def _read(self, region: Region) -> Array:
        return np.ascontiguousarray(np.asarray(self.pixels[region.slices])[..., self.number])


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
    stored = turned(pixels, metadata, alpha=alpha)
    return Scan(stored, modality, alpha=alpha, metadata=metadata, name=str(folder), seen=seen)


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
