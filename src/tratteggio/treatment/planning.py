"""Checks before the first pixel: outputs, inputs, options, formats, free space on the disk.

All functions that fill use them. An error in names, headers or options is raised here, before detection and
filling, and before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tratteggio import files
from tratteggio.damage import policies
from tratteggio.damage.damage_map import length_px
from tratteggio.files import provenance
from tratteggio.files.holding import least_bytes, require_holds, require_space
from tratteggio.files.outputs import require_name, require_outputs
from tratteggio.files.saving import saved_files
from tratteggio.files.stacks import is_stack
from tratteggio.painting import Metadata, Scan
from tratteggio.treatment.opening import open  # noqa: A004 - reads as `tg.open`
from tratteggio.treatment.reopening import sample_file

FILL_BYTES = 4  # of a channel of a lost pixel, and of its confidence, in the ledger


class Proposal(NamedTuple):
    """One painting that will be filled.

    Attributes:
        source: what `open` takes.
        mask: the mask or damage map; None: damage will be detected, and its map lies beside the target.
        target: the proposal.
    """

    source: Path
    mask: Path | None
    target: Path


def require_proposals(
    items: Sequence[Proposal],
    *,
    samples: int = 0,
    inputs: Iterable[str | Path] = (),
    overwrite: bool = False,
    resume: bool = False,
) -> None:
    """Check all outputs of a run against all its inputs, before the first pixel.

    Args:
        items: every painting of the run.
        samples: other fills written beside each.
        inputs: what else is read: weights above all.
        overwrite: existing outputs may be replaced.
        resume: existing outputs are looked at later, one by one: some may be complete.

    Raises:
        TratteggioError: as `tratteggio.files.outputs.require_outputs`.
    """
    outputs = [path for item in items for path in proposal_files(item, samples=samples)]
    read = [Path(path) for path in inputs]
    for item in items:
        read += [*input_files(item.source), *([] if item.mask is None else [item.mask])]
    require_outputs(outputs, inputs=read, overwrite=overwrite or resume)
    for item in items:
        _require_short([item.target, *_samples(item.target, samples)])


def proposal_files(item: Proposal, *, samples: int = 0) -> list[Path]:
    """List all files that a proposal and its other fills will have."""
    targets = [item.target, *_samples(item.target, samples)]
    made = [path for target in targets for path in saved_files(target)]
    made.append(files.sidecar(item.target, "overlay"))
    if item.mask is None:
        shown = files.sidecar(item.target, "damage")
        made += [shown, files.sidecar(shown, "history")]
    return made


def ledger_folder(target: Path) -> Path:
    """Return the folder that keeps the finished tiles of a proposal until it is complete."""
    return target.with_name(target.name + ".job")


def input_files(source: str | Path) -> list[Path]:
    """List the files of a painting: those that a `painting.toml` names, or the one file or stack."""
    source = Path(source)
    if is_stack(source) and (source / "painting.toml").is_file():
        return [source / "painting.toml", *map(Path, (scan.name for scan in open(source).scans))]
    return [source]


def _samples(target: Path, count: int) -> list[Path]:
    return [sample_file(target, number) for number in range(1, count + 1)]


def _require_short(targets: Sequence[Path]) -> None:
    for target in targets:
        require_name(ledger_folder(target))


def require_policy(policy: str | None, grow: str | None) -> None:
    """Check what is chosen for damage maps, before a painting is opened.

    Raises:
        UnknownName: no such class of damage or policy.
        BadUsage: another form.
    """
    policies(policy)
    if grow is not None and not grow.endswith("um"):
        length_px(grow, Metadata())


def require_savable(scan: Scan, target: Path, *, lost_px: int = 0, grow: str | None = None) -> None:
    """Check, from the header of a scan, that the target can hold it and the disk has room.

    Args:
        scan: what is filled; its pixels are not read.
        target: .tif .png .jpg .ora
        lost_px: pixels that will be filled, if that is known.
        grow: a length that may need the scale of the scan.

    Raises:
        BadUsage: the format cannot hold the scan, or the scan has no scale.
        UnreadableFile: its metadata are damaged.
        UnwritableFile: the disk clearly has too little room.
    """
    if grow is not None:
        length_px(grow, scan.metadata)
    require_holds(scan, target)
    lost = lost_px * (scan.channels + 1) * FILL_BYTES
    size = lost + least_bytes(scan, target, provenance.file_named(scan.name))
    require_space(target.parent, size, what=f"filling {scan.name}")
