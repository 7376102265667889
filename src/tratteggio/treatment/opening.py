"""Open paintings and lacunae in any form: files, arrays, scans, stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tratteggio import files
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.files import provenance
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.record import Input
from tratteggio.files.sensor import sensor_of
from tratteggio.files.white import with_white
from tratteggio.names import rows_and_columns
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.painting.pixels import COLOURS, Lost
from tratteggio.roles import Detector, Engine


def open(  # noqa: A001 - reads as `tg.open`
    painting: Painting | Mapping[str, str | Path], *, raw: bool = False, white: float | None = None
) -> Stack:
    """Open a scan, or several registered ones, lazily.

    Args:
        painting: a file (modality `rgb`), an OME-Zarr, an OME-TIFF that we wrote, a folder with a
            `painting.toml`, or files by modality name; or an array, a scan, a stack, a restoration.
        raw: accept camera raw too, a mosaic that is not developed yet.
        white: the sample that stands for white in every scan, as 4095 for 12 bit in 16; None takes what the
            files state, else that of the depth.

    Raises:
        BadUsage: a folder of another kind, a `painting.toml` that cannot be followed, a white that a scan
            cannot have, files with different orientation tags, or camera raw without `raw`.
        UnreadableFile: a file is missing, damaged or of a kind we do not read.
        GridMismatch: the scans differ in size.
    """
    if isinstance(painting, Mapping):
        stack = Stack(tuple(files.read(path, modality=name) for name, path in painting.items()))
        for scan in stack.scans:
            require_same_orientation(stack.primary, scan)
    elif isinstance(painting, str | Path):
        stack = files.read_stack(painting)
    else:
        stack = stack_of(painting, raw=raw)
    return _require_developed(with_white(stack, white), raw=raw)


def stack_of(painting: Painting | Mapping[str, str | Path], *, raw: bool = False) -> Stack:
    """Return a painting in any form as a stack; `raw` as in `open`."""
    if isinstance(painting, str | Path | Mapping):
        return open(painting, raw=raw)
    return _require_developed(
        painting if isinstance(painting, Stack) else Stack((scan_of(painting),)), raw=raw
    )


def _require_developed(stack: Stack, *, raw: bool) -> Stack:
    for scan in stack.scans:
        if not raw and sensor_of(scan) is not None:
            raise BadUsage(
                f"{scan.name} is camera raw, which is not developed yet; develop it first, with "
                "`tratteggio.enhance(enhancer='lowlight:route=raw')`"
            )
    return stack


def require_picture(scan: Scan) -> None:
    """Refuse channels of unknown meaning.

    Raises:
        BadUsage: the scan is neither grey nor RGB.
    """
    if scan.channels not in (1, COLOURS):
        raise BadUsage(
            f"{scan.name} has {scan.channels} channels (without opacity), but an image is grey or RGB; "
            "keep only these channels, or save each scan in a file of its own"
        )


def lacunae_of(
    lost: Lost | Lacunae | str | Path,
    scan: Scan,
    *,
    mask_orientation: str | None = None,
    mask_sense: str = "lost",
    mask_layer: str | None = None,
) -> Lacunae:
    """Return lacunae in any form, on the grid of the scan; arrays as stored, files as `read_lacunae`."""
    if isinstance(lost, str | Path):
        return files.read_lacunae(
            lost, scan, mask_orientation=mask_orientation, mask_sense=mask_sense, mask_layer=mask_layer
        )
    lacunae = lost if isinstance(lost, Lacunae) else Lacunae(lost)
    if lacunae.grid != scan.grid:
        raise GridMismatch(
            f"{lacunae.name} has {rows_and_columns(lacunae.grid)}, but {scan.name} has "
            f"{rows_and_columns(scan.grid)}; export the mask at the size of the scan"
        )
    return lacunae


def select_scans(one: Engine | Detector, stack: Stack) -> Stack:
    """Return the primary scan and those that an engine or a detector reads; the others need no memory."""
    if one.reads is None:
        return stack
    kept = (stack.primary.modality, *one.reads)
    return replace(stack, scans=tuple(scan for scan in stack.scans if scan.modality in kept))


def describe_others(stack: Stack) -> dict[str, dict[str, Any]]:
    """Describe the scans that are read in addition to the primary one, by modality, for the history."""
    return {
        scan.modality: {"name": provenance.short_name(scan.name), "sha256": provenance.sha256_of(scan)}
        for scan in stack.scans
        if scan is not stack.primary
    }


def describe_scan(scan: Scan) -> dict[str, Any]:
    """Describe a scan for the history: name, hash, size, depth."""
    stated = {} if scan.metadata.white is None else {"white": scan.metadata.white}
    return {
        "name": provenance.short_name(scan.name),
        "modality": scan.modality,
        "sha256": provenance.sha256_of(scan),
        "rows": scan.grid[0],
        "cols": scan.grid[1],
        "channels": scan.channels,
        "depth": scan.dtype.name,
        **stated,
    }


def list_inputs(source: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> list[Input]:
    """List as inputs what `describe_scan` and `describe_others` describe."""
    first = Input(source["modality"], source["name"], source["sha256"])
    return [first, *(Input(role, one["name"], one["sha256"]) for role, one in others.items())]
