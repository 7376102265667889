"""From pixels to a file: the suffix chooses the format, and the file appears whole or not at all."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files import exif
from tratteggio.files.beside import beside
from tratteggio.files.holding import SUFFIXES
from tratteggio.painting import Lacunae, Mapped, Metadata, Pixels
from tratteggio.painting.pixels import COLOURS

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
        path: where to; .tif .tiff .png .jpg .jpeg.
        metadata: profile, resolution, orientation, EXIF, XMP and more, as `read` gave them.
        alpha: True if the last channel is opacity.
        compression: of a TIFF: "none", "lzw", "deflate", "zstd"; None chooses as said above.

    Raises:
        BadUsage: an unknown suffix, or a depth that the format cannot hold.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    kind_for(path, SUFFIXES)
    with beside([path]) as [temporary]:
        write_as(pixels, temporary, path, metadata=metadata, alpha=alpha, compression=compression)


def write_lacunae(lacunae: Lacunae, path: str | os.PathLike[str], *, metadata: Metadata = UNTOUCHED) -> None:
    """Write a mask file: 8-bit grey, 255 = lost, 0 = known; TIFF or PNG.

    Raises:
        BadUsage: JPEG, which would blur the edges, or an unknown suffix.
        UnwritableFile: as `write`.
    """
    if kind_for(Path(path), SUFFIXES) == "jpeg":
        raise BadUsage(f"{path}: JPEG blurs the edges of a mask; choose .png or .tif")
    write(white_where_lost(lacunae), path, metadata=metadata)


def white_where_lost(lacunae: Lacunae) -> Pixels:
    """Return lacunae as grey levels: 255 = lost, 0 = known."""
    return Mapped(
        lacunae.lost, lambda lost: np.where(lost, np.uint8(255), np.uint8(0)), 0, np.dtype(np.uint8)
    )


def kind_for(path: Path, suffixes: dict[str, str]) -> str:
    """Return the format that a suffix asks for.

    Raises:
        BadUsage: not one of the suffixes.
    """
    kind = suffixes.get(path.suffix.lower())
    if kind is None:
        raise BadUsage(f"{path}: the suffix must be one of {' '.join(suffixes)}; got {path.suffix!r}")
    return kind


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
    kind = kind_for(target, SUFFIXES)
    _require_colours(pixels, target, alpha=alpha)
    _note_left_out(metadata, target, kind, alpha=alpha)
    # Each format brings its codecs, so it is imported when the first file of its kind is written.
    if kind == "tiff":
        from tratteggio.files.ometiff_write import is_described_by_ome, write_alone  # noqa: PLC0415
        from tratteggio.files.tiff_write import write_tiff  # noqa: PLC0415

        named = target.name.lower().endswith((".ome.tif", ".ome.tiff"))
        write_it = write_alone if named and not is_described_by_ome(metadata) else write_tiff
        write_it(pixels, file, metadata=metadata, alpha=alpha, compression=compression)
        return
    if compression is not None:
        raise BadUsage(f"{target}: compression can be chosen for TIFF only")
    with file.open("wb") as stream:
        if kind == "png":
            from tratteggio.files.png_write import write_png  # noqa: PLC0415

            write_png(pixels, stream, metadata=metadata, name=str(target))
        else:
            from tratteggio.files.jpeg_write import write_jpeg  # noqa: PLC0415

            write_jpeg(pixels, stream, metadata=metadata, alpha=alpha, name=str(target))


def _require_colours(pixels: Pixels, target: Path, *, alpha: bool) -> None:
    """Refuse channels without a meaning, which no reader would take again."""
    channels = 1 if len(pixels.shape) == 2 else pixels.shape[2]
    if channels - int(alpha) not in (1, COLOURS):
        raise BadUsage(
            f"{target}: an image is grey or RGB, with or without opacity, but the pixels have {channels} "
            "channels; write a stack of scans (.ome.zarr)"
        )


def _note_left_out(metadata: Metadata, target: Path, kind: str, *, alpha: bool) -> None:
    """Say what the source's format knows and this one cannot hold."""
    foreign = metadata.foreign
    left = []
    if kind != "png":
        left += [f"PNG chunk {name.decode('latin-1')}" for name, _, _ in foreign.get("png", ())]
    if kind != "tiff":
        left += [f"TIFF tag {entry.code}" for entry in foreign.get("tiff", ()) if entry.code not in WHITES]
    if kind != "jpeg" and "jpeg" in foreign:
        left.append("JPEG comments")
    if kind == "png" and "photoshop" in foreign:
        left.append("Photoshop resources (IPTC)")
    if kind == "jpeg" and metadata.white is not None:
        left.append(f"that white is {metadata.white:g}")
    if kind == "tiff" and metadata.exif and exif.without_bound_note(exif.parse(metadata.exif))[1]:
        left.append("its maker note, which contains positions in the source file")
    left += foreign.get("left", ())
    if left:
        log.warning("%s cannot hold all metadata of its source; left out: %s", target, ", ".join(left))
    if kind == "png" and alpha and foreign.get("extrasample", 2) != 2:
        log.warning(
            "%s: the extra channel of the source is not plain opacity, but PNG shows it as opacity", target
        )
