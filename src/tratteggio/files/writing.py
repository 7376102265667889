"""From pixels to a file: the suffix chooses the format, and the file appears whole or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files import exif
from tratteggio.files.beside import beside
from tratteggio.files.holding import Shape, require_kept
from tratteggio.files.kinds import by_suffix, formats, list_for_choice, usable
from tratteggio.painting import Lacunae, Mapped, Metadata, Pixels, Scan
from tratteggio.roles import Facts, Keeps, ScanWriter

log = logging.getLogger("tratteggio")

UNTOUCHED = Metadata()
WHITES = (281, 341)  # tags that `Metadata.white` stands for


def write(
    pixels: Pixels,
    path: str | os.PathLike[str],
    *,
    metadata: Metadata = UNTOUCHED,
    alpha: bool = False,
    compression: str | None = None,
) -> None:
    """Write pixels as TIFF, PNG or JPEG; TIFF and PNG are streamed, so that pixels may be huge and lazy.

    A TIFF is tiled and pyramidal when a side is above 4096 pixels, and a BigTIFF above 4 GB. It takes the
    source's compression if that is none, LZW, deflate or zstd, else deflate. JPEG is a viewing copy.

    Args:
        pixels: (H, W) or (H, W, C); uint8, uint16, float32 or float64 as far as the format can hold them.
        path: where to; the suffix of a format that holds pixels, as .tif .png .jpg.
        metadata: profile, resolution, orientation, EXIF, XMP and more, as `read` gave them.
        alpha: True if the last channel is opacity.
        compression: of a TIFF: "none", "lzw", "deflate", "zstd"; None chooses as said above.

    Raises:
        BadUsage: an unknown suffix, a depth that the format cannot hold, or a scan in place of its pixels.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    if isinstance(pixels, Scan):
        raise BadUsage(f"{path}: got a scan; give `scan.pixels`, with `metadata=scan.metadata`")
    by_suffix(path, ScanWriter)
    with beside([path]) as [temporary]:
        write_as(pixels, temporary, path, metadata=metadata, alpha=alpha, compression=compression)


def write_lacunae(lacunae: Lacunae, path: str | os.PathLike[str], *, metadata: Metadata = UNTOUCHED) -> None:
    """Write a mask file: 8-bit grey, 255 = lost, 0 = known; TIFF or PNG.

    Raises:
        BadUsage: JPEG, which would blur the edges, or an unknown suffix.
        UnwritableFile: as `write`.
    """
    require_mask_suffix(Path(path))
    write(white_where_lost(lacunae), path, metadata=metadata)


def require_mask_suffix(path: Path) -> None:
    """Make sure that a suffix is that of a format which keeps the edges of a mask.

    Raises:
        BadUsage: JPEG, which would blur them, or an unknown suffix.
    """
    facts = by_suffix(path, ScanWriter).FACTS
    if not facts.keeps.lossless:
        able = list_for_choice(one for one in formats(ScanWriter).values() if one.FACTS.keeps.lossless)
        raise BadUsage(f"{path}: {facts.title} blurs the edges of a mask; choose {able}")


def white_where_lost(lacunae: Lacunae) -> Pixels:
    """Return lacunae as grey levels: 255 = lost, 0 = known."""
    return Mapped(
        lacunae.lost, lambda lost: np.where(lost, np.uint8(255), np.uint8(0)), 0, np.dtype(np.uint8)
    )


def white_where_sure(confidence: Pixels) -> Pixels:
    """Return a confidence of 0 .. 1 as grey levels: 255 = sure, 0 = unsure."""
    return Mapped(confidence, lambda sure: np.rint(sure * 255).astype(np.uint8), 0, np.dtype(np.uint8))


def write_as(
    pixels: Pixels,
    file: Path,
    target: Path,
    *,
    metadata: Metadata,
    alpha: bool,
    compression: str | None = None,
) -> None:
    """Write into `file` what shall become `target`, in the format of the target's suffix."""
    one = by_suffix(target, ScanWriter)
    require_kept(Shape(tuple(pixels.shape), np.dtype(pixels.dtype), alpha, metadata), one, str(target))
    if compression is not None and not one.FACTS.compressions:
        able = [other.FACTS.title for other in formats(ScanWriter).values() if other.FACTS.compressions]
        raise BadUsage(f"{target}: compression can be chosen for {able[0]} only")
    _note_left_out(metadata, target, one.FACTS, alpha=alpha)
    with usable(one):
        one.write_scan(
            pixels, file, metadata=metadata, alpha=alpha, compression=compression, name=str(target)
        )


def _note_left_out(metadata: Metadata, target: Path, facts: Facts, *, alpha: bool) -> None:
    """Say what the source knows and this format cannot hold."""
    left = list(_left_out(metadata, facts.keeps))
    if left:
        log.warning("%s cannot hold all metadata of its source; left out: %s", target, ", ".join(left))
    if alpha and not facts.keeps.alpha_kinds and metadata.foreign.get("extrasample", 2) != 2:
        log.warning(
            "%s: the extra channel of the source is not plain opacity, but %s shows it as opacity",
            target,
            facts.title,
        )


def _left_out(metadata: Metadata, keeps: Keeps) -> Iterator[str]:
    foreign = {key: value for key, value in metadata.foreign.items() if key not in keeps.foreign}
    yield from (f"PNG chunk {name.decode('latin-1')}" for name, _, _ in foreign.get("png", ()))
    yield from (f"TIFF tag {entry.code}" for entry in foreign.get("tiff", ()) if entry.code not in WHITES)
    if "jpeg" in foreign:
        yield "JPEG comments"
    if "photoshop" in foreign:
        yield "Photoshop resources (IPTC)"
    if metadata.white is not None and not keeps.white:
        yield f"that white is {metadata.white:g}"
    if metadata.exif and not keeps.exif:
        yield "EXIF"
    elif metadata.exif and not keeps.bound_notes and exif.without_bound_note(exif.parse(metadata.exif))[1]:
        yield "its maker note, which contains positions in the source file"
    if metadata.xmp and not keeps.exif:
        yield "XMP"
    if metadata.icc and not keeps.profile:
        yield "the colour profile"
    if metadata.resolution and not keeps.resolution:
        yield "the resolution"
    if metadata.orientation != 1 and not keeps.orientation:
        yield "the orientation"
    yield from foreign.get("left", ())
