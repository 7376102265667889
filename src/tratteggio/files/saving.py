"""What was made to files: the picture and its history; of a proposal its lacunae and confidence, too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.files.beside import Before, beside, refuse_overwrite, require_creatable
from tratteggio.files.kinds import by_suffix, find_by_suffix, suffixes, usable
from tratteggio.files.provenance import file_named, history_json, place_named, sidecar
from tratteggio.files.source_type import state_source_type
from tratteggio.files.writing import white_where_lost, white_where_sure, write_as
from tratteggio.names import followed, quoted
from tratteggio.painting import Metadata, Restoration, Scan
from tratteggio.roles import ProposalWriter, ScanWriter


def require_writable(target: str | os.PathLike[str]) -> None:
    """Make sure, before long work starts, that a proposal could be saved there.

    Raises:
        BadUsage: an unknown suffix.
        UnwritableFile: no such folder, a folder stands there, or no permission.
    """
    _layered(Path(target))
    require_creatable(Path(target))


def require_scan_writable(target: str | os.PathLike[str]) -> None:
    """Make sure, before long work starts, that pixels could be saved there.

    Raises:
        BadUsage: an unknown suffix.
        UnwritableFile: no such folder, a folder stands there, or no permission.
    """
    by_suffix(Path(target), ScanWriter)
    require_creatable(Path(target))


def holds_layers(path: Path) -> bool:
    """True if a suffix is that of a format which holds original, fill and lacunae in one file."""
    return find_by_suffix(path, ProposalWriter) is not None


def saved_files(path: str | os.PathLike[str]) -> list[Path]:
    """List the files that `save` writes: the picture first, then what lies beside it.

    Raises:
        BadUsage: an unknown suffix.
    """
    kinds = ("history",) if _layered(Path(path)) else ("history", "lost", "confidence")
    return [Path(path), *(sidecar(path, name) for name in kinds)]


def save_made(
    made: Scan,
    path: str | os.PathLike[str],
    *,
    source: Scan,
    history: Mapping[str, Any],
    before: Before | None = None,
) -> Mapping[str, Any]:
    """Write a scan that was made from another, with its metadata, and its history (`OUT.history.json`).

    Both appear when both are complete; the picture is streamed.

    Args:
        made: what is written.
        path: .tif .tiff .png .jpg .jpeg
        source: what it was made from.
        history: what JSON can hold; where the source lies is added.
        before: as for `beside`.

    Returns:
        the history as it is written.

    Raises:
        BadUsage: an unknown suffix, or a depth that the format cannot hold.
        UnsafeOutput: a file to be written is the source.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    by_suffix(path, ScanWriter)
    targets = [path, sidecar(path, "history")]
    place = place_named(source.name)
    for precious in filter(None, (place, place and place.parent)):
        for target in targets:
            refuse_overwrite(precious, target)
    located = _add_location(history, place, path)
    with beside(targets, before=before) as [image, beside_it]:
        beside_it.write_text(history_json(located), encoding="utf-8")
        metadata = _stating(made.metadata, history, path, name=source.name)
        write_as(made.pixels, image, path, metadata=metadata, alpha=made.alpha)
    return located


def save(restoration: Restoration, path: str | os.PathLike[str], *, before: Before | None = None) -> None:
    """Write a proposal and its sidecars (`OUT.history.json`, `OUT.lost.tif`, `OUT.confidence.tif`).

    All of them appear when all are complete. The picture is streamed in the source's depth with its metadata;
    .jpg is a viewing copy; .ora is an 8-bit exchange copy that holds the lacunae itself, beside its history.

    Args:
        restoration: what to write; nothing in it is changed.
        path: .tif .tiff .png .jpg .jpeg .ora
        before: as for `beside`.

    Raises:
        BadUsage: an unknown suffix, or a depth that the format cannot hold.
        UnsafeOutput: a file to be written is the source or the mask.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    layered = _layered(path)
    targets = saved_files(path)
    source, mask = place_named(restoration.original.name), file_named(restoration.lacunae.name)
    stack = source and source.parent  # an OME-TIFF, if the scan lies in one
    for precious in filter(None, (source, stack, mask)):
        for target in targets:
            refuse_overwrite(precious, target)
    metadata = restoration.original.metadata
    # The sidecars lie on the same grid: they are as large in centimetres and turned the same way.
    geometry = Metadata(metadata.resolution, metadata.unit, metadata.orientation)
    confidence = white_where_sure(restoration.confidence)
    with beside(targets, before=before) as [image, history, *layers]:
        # The history is small and may hold what JSON cannot: that should show before hours of writing.
        history.write_text(history_json(_add_location(restoration.history, source, path)), encoding="utf-8")
        if layered is not None:
            with usable(layered):
                layered.write_proposal(restoration, image)
            return
        stating = _stating(metadata, restoration.history, path, name=restoration.original.name)
        write_as(restoration.pixels, image, path, metadata=stating, alpha=restoration.original.alpha)
        for pixels, file, target in zip(
            (white_where_lost(restoration.lacunae), confidence), layers, targets[2:], strict=True
        ):
            write_as(pixels, file, target, metadata=geometry, alpha=False)


def _layered(path: Path) -> ProposalWriter | None:
    """Return the format that takes a proposal as layers, or None if the suffix is that of plain pixels.

    Raises:
        BadUsage: another suffix.
    """
    one = find_by_suffix(path, ProposalWriter)
    if one is None and find_by_suffix(path, ScanWriter) is None:
        able = " ".join([*suffixes(ScanWriter), *suffixes(ProposalWriter)])
        raise BadUsage(f"{path}: the suffix must be one of {able}; got {path.suffix!r}")
    return one


def _stating(metadata: Metadata, history: Mapping[str, Any], path: Path, *, name: str) -> Metadata:
    """Let metadata say how the picture was made, if the format can hold that."""
    able = by_suffix(path, ScanWriter).FACTS.keeps.exif
    return state_source_type(metadata, history, name=name) if able else metadata


def _add_location(history: Mapping[str, Any], source: Path | None, target: Path) -> Mapping[str, Any]:
    """Add where the source lies, seen from the target: a folder that holds both can be moved as one.

    A path that text cannot hold is added byte by byte, too, with percent signs.
    """
    if source is None:
        return history
    where = os.path.relpath(followed(source), followed(target).parent)
    exact = {} if (bytewise := quoted(where)) is None else {"file_quoted": bytewise}
    return {**history, "source": {**history.get("source", {}), "file": where, **exact}}
