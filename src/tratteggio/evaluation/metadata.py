"""Compare the metadata of a result with that of its source, tag by tag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape

import numpy as np

from tratteggio.evaluation.metadata_tags import LAYERS, Tags, read_tags
from tratteggio.files.exif import note_is_bound

ROUNDING = 1e-3  # of a resolution: PNG stores whole pixels per metre, whatever the unit of the source

State = Literal["missing", "changed", "invalid", "added"]


class Finding(NamedTuple):
    """One tag that the result does not keep as it should.

    Attributes:
        tag: its name.
        state: "missing", "changed", "added", or "invalid": it is there, but cannot be right in the result.
        reason: why that is intended or what is wrong with it; "" where there is no reason.
        intended: True if it is left out or changed on purpose.
    """

    tag: str
    state: State
    reason: str = ""
    intended: bool = False


def compare_files(source: Path, result: Path, *, grid: tuple[int, int]) -> tuple[Finding, ...] | None:
    """Compare the metadata of two files, tag by tag.

    Args:
        source: the original.
        result: what was made from it, on the same grid.
        grid: rows and columns of the image.

    Returns:
        the tags that are missing, changed, added or invalid; None if a file is neither TIFF, PNG nor JPEG.
    """
    tags = [read_tags(path, grid) for path in (source, result)]
    if tags[0] is None or tags[1] is None:
        return None
    return tuple(_find(tags[0], tags[1]))


def _find(source: Tags, result: Tags) -> Iterator[Finding]:
    for tag, value in sorted(source.tags.items()):
        if tag not in result.tags:
            reason = _why_missing(tag, value, source, result)
            yield Finding(tag, "missing", reason, bool(reason))
        elif not _same(value, result.tags[tag]):
            reason = _why_changed(tag, value, result.tags[tag])
            yield Finding(tag, "changed", reason, bool(reason))
    yield from _find_added(source, result)
    if source.resolution and not result.resolution:
        yield Finding("resolution", "missing")
    elif source.resolution and not np.allclose(
        source.resolution, result.resolution or (), rtol=ROUNDING, atol=0
    ):
        yield Finding("resolution", "changed")
    if source.thumbnail and not result.thumbnail:
        yield Finding("thumbnail", "missing", "it shows the source", intended=True)
    elif source.thumbnail and source.thumbnail == result.thumbnail:
        yield Finding("thumbnail", "invalid", "it still shows the source")
    if source.note and result.note and _is_misplaced(source.note, result.note):
        yield Finding("EXIF MakerNote", "invalid", "it was moved, and its offsets were not")
    for tag, why in result.broken.items():
        if tag not in source.broken or result.kind != source.kind:
            yield Finding(tag, "invalid", why)


def _find_added(source: Tags, result: Tags) -> Iterator[Finding]:
    """Yield tags that only the result has, if both files are of one kind; an orientation always."""
    like = source.kind == result.kind and source.alone
    for tag in sorted(result.tags.keys() - source.tags.keys()):
        if tag == "orientation" or (like and not _is_ours(tag, result.tags[tag])):
            yield Finding(tag, "added")
    if like and result.resolution and not source.resolution:
        yield Finding("resolution", "added")


def _is_ours(tag: str, value: Any) -> bool:
    """True for what our writers add: the white that the user states, and what describes an OME-TIFF."""
    return tag in OURS or (tag == "ImageDescription" and _states_layout(value))


SOURCE_TYPE = "XMP DigitalSourceType"
OURS = ("TIFF 281", "TIFF 341", "PNG tEXt MaxSampleValue", SOURCE_TYPE)  # MaxSampleValue, SMaxSampleValue
DESCRIPTION_REASON = "it states the layout of the source"
REASONS = {
    "XMP Thumbnails": "they show the source",
    "PNG hIST": "it counts the colours of a palette that is not kept",
    f"TIFF {LAYERS}": "the layers do not show what was filled",
}
# The formats that have a place for tags of one group.
HOMES = {"PNG": ("png",), "TIFF": ("tiff",), "Photoshop": ("tiff", "jpeg"), "JPEG": ("jpeg",)}


def _why_changed(tag: str, value: Any, now: Any) -> str:
    """Return why a tag is changed on purpose, "" if there is no reason."""
    if tag == SOURCE_TYPE:
        return "it says how parts of the picture were made"
    if tag != "ImageDescription":
        return ""
    if _states_layout(value):
        return DESCRIPTION_REASON
    return "it stands in the OME-XML" if "<OME" in str(now) and escape(str(value)) in str(now) else ""


def _is_misplaced(one: tuple[bytes, int], other: tuple[bytes, int]) -> bool:
    return one[0] == other[0] and one[1] != other[1] and note_is_bound(one[0])


def _why_missing(tag: str, value: Any, source: Tags, result: Tags) -> str:
    """Return why a tag is left out on purpose, "" if there is no reason."""
    group = tag.partition(" ")[0]
    if group in HOMES and result.kind not in HOMES[group]:
        return f"{result.kind.upper()} has no place for it"
    if tag == "ImageDescription" and _states_layout(value):
        return DESCRIPTION_REASON
    if tag == "EXIF MakerNote" and source.note and note_is_bound(source.note[0]):
        return "its offsets hold in the source only"
    return REASONS.get(tag, "")


def _states_layout(value: Any) -> bool:
    text = str(value).lstrip()
    return text.startswith(("ImageJ=", '{"shape"', "shape=(")) or "<OME" in text[:2048]


def _same(one: Any, other: Any) -> bool:
    """True if two values are equal; a text may have lost zeros and spaces at its end."""
    one, other = (_plain(value) for value in (one, other))
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(_same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.rstrip("\0 ").encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ")
    if isinstance(value, np.ndarray):
        return tuple(value.ravel().tolist())
    return tuple(value) if isinstance(value, list) else value
