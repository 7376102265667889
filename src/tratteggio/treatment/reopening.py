"""Open a saved proposal again, with all its layers."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import files
from tratteggio.errors import GridMismatch, UnreadableFile
from tratteggio.files import provenance
from tratteggio.names import rows_and_columns, unquoted
from tratteggio.painting import Mapped, Restoration
from tratteggio.painting.pixels import Array
from tratteggio.treatment.opening import lacunae_of, open  # noqa: A004 - reads as `tg.open`

log = logging.getLogger("tratteggio")


def reopen(
    target: str | Path, *, source: str | Path | None = None, white: float | None = None
) -> Restoration:
    """Open a saved proposal again with all its layers, from the files beside it.

    Args:
        target: a proposal that `inpaint` wrote.
        source: the original, or the stack that holds it, if it is no longer where the history says.
        white: the sample that stands for white; None takes what the history says, else the source.

    Raises:
        UnreadableFile: the proposal, its history or its source is missing or damaged.
    """
    target = Path(target)
    beside = provenance.sidecar(target, "history")
    if not os.path.exists(target):  # noqa: PTH110 false of a name that no file can have, too
        raise UnreadableFile(f"{target}: no such file; check the path")
    if target.is_file() and not beside.exists():
        raise UnreadableFile(
            f"{target} is not a proposal: {beside.name} is not beside it. A proposal is an image that "
            "`tratteggio.inpaint` wrote; keep the files beside it, or give the proposal instead of the scan"
        )
    history = provenance.read_proposal(beside)
    if source is None:
        recorded = recorded_source(history)
        if recorded is None or not _is_there(target.parent / recorded):
            raise UnreadableFile(f"{target}: its source {recorded} is not there; give it with `source=FILE`")
        source = target.parent / recorded
    stated = history.get("source", {}).get("white") if white is None else white
    original = open(source, white=stated).primary
    proposal = files.read(target)
    if proposal.grid != original.grid or proposal.channels != original.channels:
        raise GridMismatch(
            f"{target} has {rows_and_columns(proposal.grid)} and {proposal.channels} channels, but its "
            f"source {source} has {rows_and_columns(original.grid)} and {original.channels} channels"
        )
    lacunae = lacunae_of(provenance.sidecar(target, "lost"), original, mask_orientation="stored")
    confidence = files.read(provenance.sidecar(target, "confidence"))
    channels = original.channels
    return Restoration(
        original,
        lacunae,
        Mapped(proposal.pixels, lambda a: _colours(a, channels), channels, original.dtype),
        Mapped(confidence.pixels, lambda a: (a / np.float32(255)).astype(np.float32), 0, np.dtype("f4")),
        history,
        files.save,
        files.preview,
    )


def recorded_source(history: Mapping[str, Any]) -> str | None:
    """Return where a history says that the source lies, seen from the proposal."""
    source = history.get("source", {})
    exact: str | None = source.get("file_quoted")
    return source.get("file") if exact is None else unquoted(exact)


def sample_file(target: str | Path, number: int) -> Path:
    """Return where fill `number` of a proposal lies, from 1 on: proposal.sample-1.tif beside proposal.tif."""
    target = Path(target)
    return target.with_name(f"{target.stem}.sample-{number}{target.suffix}")


def reopen_samples(
    target: str | Path, *, source: str | Path | None = None, white: float | None = None
) -> list[Restoration]:
    """Open the other fills that lie beside a proposal, as `reopen`; none if there are none.

    A file of that name which fills other lacunae or another painting is left out with a warning.
    """
    files_there = list(takewhile(Path.exists, (sample_file(target, number) for number in count(1))))
    if not files_there:
        return []
    wanted = provenance.read_proposal(provenance.sidecar(Path(target), "history"))
    samples = []
    for file in files_there:
        sample = reopen(file, source=source, white=white)
        if _what(sample.history) == _what(wanted):
            samples.append(sample)
        else:
            log.warning("%s fills other lacunae than %s, so it is left out", file, target)
    return samples


def _is_there(path: Path) -> bool:
    """Whether a scan lies where a history says; a name that the system cannot take is not there."""
    try:
        return provenance.place_named(str(path)) is not None
    except (OSError, ValueError):
        return False


def _what(history: Mapping[str, Any]) -> tuple[str, str]:
    """Return which painting and which lacunae a proposal is about, by hash."""
    return history["source"]["sha256"], history["lacunae"]["raster_sha256"]


def _colours(array: Array, channels: int) -> Array:
    """Drop alpha and give grey a channel axis."""
    return array[..., None] if array.ndim == 2 else array[..., :channels]
