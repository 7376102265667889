"""A stack to OME-TIFF: one file for other programs, each scan a picture of its own, pyramidal when large.

Scans keep their depth, profile and EXIF; the OME-XML in the first picture tells names, scale and history.
Where a scan is seen, if not everywhere, follows it as a picture of its own: 255 seen, 0 not.
Source: OME-TIFF specification, OME data model 2016-06 (docs.openmicroscopy.org); the XML is tifffile's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tratteggio.files import exif
from tratteggio.files.layout import described_anew, states_ome
from tratteggio.formats._tiff import tags
from tratteggio.formats._tiff.write import (
    CLASSIC_BYTES,
    CODECS,
    WORKERS,
    codec_for,
    pyramid_bytes,
    write_image,
)
from tratteggio.painting import Mapped, Metadata, Pixels, Region, Scan, Stack
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.version import __version__

DESCRIPTION = 270  # the tag that holds the OME-XML, and in other TIFFs a text
NAMESPACE = "tratteggio"
SEEN = " seen"  # after a modality: the picture that tells where that scan is seen


@dataclass(frozen=True, eq=False, repr=False)
class _Counted(LazyPixels):
    """Pixels that tell how many of them were read."""

    pixels: Pixels
    tell: Callable[[int], None]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.pixels.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.pixels.dtype)

    def _read(self, region: Region) -> Array:
        part = np.asarray(self.pixels[region.slices])
        self.tell(part.shape[0] * part.shape[1])
        return part


def write_ome_tiff(
    stack: Stack,
    file: Path,
    *,
    history: Mapping[str, Any] | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write a stack of any size; each scan is read once, from top to bottom.

    Args:
        stack: grey and colour scans.
        file: an existing folder's file; scratch files are made beside it.
        history: how the stack came to be, in plain JSON values.
        progress: called with (pixels read, pixels in all), scans counted one by one.
    """
    facts = {"history": history} if history else {}
    pages = list(_pages(stack))
    total, done = sum(page.grid[0] * page.grid[1] for page in pages), 0

    def tell(pixels: int) -> None:
        nonlocal done
        done += pixels
        if progress:
            progress(done, total)

    with (
        ThreadPoolExecutor(WORKERS) as pool,
        tifffile.TiffWriter(
            file,
            bigtiff=sum(pyramid_bytes(page.pixels) for page in pages) > CLASSIC_BYTES,
            byteorder="<",
            ome=True,
        ) as tiff,
    ):
        for page in pages:
            write_image(
                tiff,
                pool,
                _Counted(page.pixels, tell),
                folder=file.parent,
                metadata=page.metadata,
                alpha=page.alpha,
                codec=CODECS["deflate"],
                ome=_ome(page, stack.title, facts),
            )
    with file.open("rb+") as stream:
        for number, page in enumerate(pages):
            tags.put_metadata(stream, _without_description(page.metadata), page=number)


def write_alone(
    pixels: Pixels, path: Path, *, metadata: Metadata, alpha: bool, compression: str | None = None
) -> None:
    """Write a picture under the name of an OME-TIFF: with one OME-XML, which says nothing of a stack.

    Args:
        pixels, path, metadata, alpha, compression: as for `write_tiff`.

    Raises:
        OSError: as the file system says.
    """
    grey = len(pixels.shape) == 2 or pixels.shape[2] == 1
    big = pyramid_bytes(pixels) > CLASSIC_BYTES
    with (
        ThreadPoolExecutor(WORKERS) as pool,
        tifffile.TiffWriter(path, bigtiff=big, byteorder="<", ome=True) as tiff,
    ):
        write_image(
            tiff,
            pool,
            pixels,
            folder=path.parent,
            metadata=metadata,
            alpha=alpha,
            codec=codec_for(metadata, compression),
            ome={"axes": "YX" if grey else "YXS", **_stated(metadata)},
        )
    with path.open("rb+") as file:
        tags.put_metadata(file, _without_description(metadata))


def is_described_by_ome(metadata: Metadata) -> bool:
    """True if the source brings an OME-XML along that is true of the picture."""
    entry = exif.parse(metadata.exif).find(DESCRIPTION) if metadata.exif else None
    return entry is not None and states_ome(entry.data)


def _pages(stack: Stack) -> Iterator[Scan]:
    """Each scan, and after it where it is seen."""
    for scan in stack.scans:
        yield scan
        if scan.seen is not None:
            levels = Mapped(scan.seen, lambda part: part.astype(np.uint8) * 255, 0, np.dtype(np.uint8))
            geometry = Metadata(scan.metadata.resolution, scan.metadata.unit, scan.metadata.orientation)
            yield Scan(levels, scan.modality + SEEN, metadata=geometry, name=scan.name)


def _ome(page: Scan, title: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the OME-XML says of a picture, in tifffile's words."""
    facts = {"modality": page.modality, "title": title, "tratteggio": __version__}
    facts |= {key: json.dumps(value, ensure_ascii=False) for key, value in more.items()}
    grey = page.channels == 1 and not page.alpha
    ome: dict[str, Any] = {
        "axes": "YX" if grey else "YXS",
        "Name": page.modality,
        "MapAnnotation": {"Namespace": NAMESPACE, **facts},
    }
    return ome | _stated(page.metadata)


def _stated(metadata: Metadata) -> dict[str, Any]:
    """Return description, scale and significant bits, in tifffile's words."""
    ome: dict[str, Any] = {}
    if text := _description(metadata):
        ome["Description"] = text
    if spacing := metadata.spacing_um:
        down, across = spacing
        ome |= {"PhysicalSizeX": across, "PhysicalSizeXUnit": "µm"}
        ome |= {"PhysicalSizeY": down, "PhysicalSizeYUnit": "µm"}
    bits = math.log2(metadata.white + 1) if metadata.white else 0.0
    if bits > 1 and bits.is_integer():
        ome["SignificantBits"] = int(bits)
    return ome


def _description(metadata: Metadata) -> str:
    """Return the text that described the source."""
    entry = exif.parse(metadata.exif).find(DESCRIPTION) if metadata.exif else None
    # The text of another OME-TIFF or stack would state its layout, and an OME-TIFF holds one OME-XML.
    text = described_anew(entry.data.rstrip(b"\0")) if entry else None
    return text.decode("utf-8", "replace") if text else ""


def _without_description(metadata: Metadata) -> Metadata:
    """Leave the place of the description to the OME-XML, which holds it."""
    if not metadata.exif:
        return metadata
    found = exif.parse(metadata.exif)
    main = tuple(entry for entry in found.main if entry.code != DESCRIPTION)
    if main == found.main:
        return metadata
    return replace(metadata, exif=exif.build(replace(found, main=main)))
