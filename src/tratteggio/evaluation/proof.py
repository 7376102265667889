"""Proof that a proposal left the paint alone: every pixel that was not lost is bit-identical."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import files, treatment
from tratteggio.credentials import Signature, read_signature
from tratteggio.errors import BadUsage
from tratteggio.evaluation.metadata import Finding, compare_files
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.provenance import file_named, sha256_pixels
from tratteggio.files.source_type import same_but_for_source_type
from tratteggio.painting import Lacunae, Metadata, Region, Restoration, Scan
from tratteggio.painting.pixels import Array, Lost
from tratteggio.renamed import renamed_arguments

Progress = Callable[[int, int], None]

CARRIED = ("resolution", "orientation", "icc", "exif", "xmp")  # of `Metadata`, compared one by one
ROUNDING = 1e-3  # of a resolution: PNG keeps whole pixels a metre, whatever the unit of the source


@dataclass(frozen=True)
class Verification:
    """What was found when a result was held against its source.

    Attributes:
        source: name of the scan as it came.
        result: name of the scan that holds the proposal.
        lacunae: name of the lacunae.
        same_grid: source, result and lacunae have the same rows and columns.
        same_depth: source and result have the same type of sample.
        same_channels: source and result have the same channels, alpha included.
        differing_px: pixels outside the lacunae, of any channel or alpha, that differ in any bit;
            None if grid, depth or channels do not allow the comparison.
        first_difference: (row, column) of the first of them in reading order, or None.
        lost_share: share of the area that is lost, 0 to 1; None if the lacunae are on another grid.
        metadata: for resolution (with its unit), orientation, icc, exif and xmp, whether the result has the
            source's.
        tags: the tags that are missing, changed, added or invalid in the result, as independent parsers read
            both files (see `evaluation.metadata`); None if the files could not be compared.
        source_as_recorded: the source file has the SHA-256 that the history beside the result gives; None
            if no history was asked.
        lacunae_as_recorded: the lacunae beside the result are those that the history gives; None if others
            were given, or no history was asked.
        signature: who signed the result, and whether it was changed since; None if it is not signed.
    """

    source: str
    result: str
    lacunae: str
    same_grid: bool
    same_depth: bool
    same_channels: bool
    differing_px: int | None
    first_difference: tuple[int, int] | None
    lost_share: float | None
    metadata: Mapping[str, bool]
    source_as_recorded: bool | None = None
    lacunae_as_recorded: bool | None = None
    tags: tuple[Finding, ...] | None = None
    signature: Signature | None = None

    @property
    def passed(self) -> bool:
        """True if every pixel outside the lacunae is that of the source which the history names.

        It does not depend on the metadata, which is only reported. What is signed must be as it was signed;
        whether to trust the signer is only reported.
        """
        as_recorded = self.source_as_recorded is not False and self.lacunae_as_recorded is not False
        as_signed = self.signature is None or self.signature.passed
        return self.differing_px == 0 and as_recorded and as_signed

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, `passed` included."""
        tags = None if self.tags is None else [finding._asdict() for finding in self.tags]
        signature = None if self.signature is None else self.signature.as_dict()
        return {"passed": self.passed} | asdict(self) | {"tags": tags, "signature": signature}

    def as_text(self) -> str:
        """Return the result for people: passed or not, why, and the metadata that changed."""
        lines = [f"{self.result}: {self.why}"]
        if self.lost_share is not None:
            lines.append(f"lost: {100 * self.lost_share:.2f} % of the area ({self.lacunae})")
        signed = [] if self.signature is None else [self.signature.as_text()]
        return "\n".join([*lines, *self._metadata_lines(), *signed])

    def _metadata_lines(self) -> list[str]:
        changed = [name for name, same in self.metadata.items() if not same]
        if self.tags is None:
            how = f"differs in {', '.join(changed)}" if changed else "as in the source"
            return [f"metadata: {how} (as read by tratteggio; the tags of the files were not compared)"]
        faults = [finding for finding in self.tags if not finding.intended]
        lines = ["metadata: " + ("differs from the source" if faults else "as in the source, tag by tag")]
        for finding in (*faults, *(finding for finding in self.tags if finding.intended)):
            purpose = "on purpose, " if finding.intended else ""
            why = f" ({purpose}{finding.reason})" if finding.reason else ""
            lines.append(f"  {finding.state}: {finding.tag}{why}")
        return lines

    @property
    def why(self) -> str:
        """Why it passed, or what differs and where."""
        if self.passed:
            return f"every pixel outside the lacunae is identical to {self.source}"
        if self.first_difference is not None:
            row, column = self.first_difference
            return (
                f"{self.differing_px:,} pixels outside the lacunae differ from {self.source}, "
                f"the first at row {row:,}, column {column:,}"
            )
        if self.source_as_recorded is False:
            return f"{self.source} is not the file that the history names; its SHA-256 differs"
        if self.lacunae_as_recorded is False and self.differing_px == 0:
            return f"{self.lacunae} is not what was filled; the history names other lacunae"
        if self.signature is not None and self.differing_px == 0:
            return self.signature.why
        equal = {"size": self.same_grid, "depth": self.same_depth, "channels": self.same_channels}
        unequal = " and ".join(name for name, same in equal.items() if not same)
        return f"it cannot be compared with {self.source} and {self.lacunae}; {unequal} differ"


def verify_scans(
    source: Scan, result: Scan, lacunae: Lacunae, *, band: int = 512, progress: Progress | None = None
) -> Verification:
    """Compare a scan with its source; as `verify`."""
    same_grid = source.grid == result.grid == lacunae.grid
    same_depth = source.dtype.name == result.dtype.name
    same_channels = source.channels == result.channels and source.alpha == result.alpha
    differing_px = first = None
    if same_grid and same_depth and same_channels:
        differing_px, first = _differences(source, result, lacunae, band, progress)
    return Verification(
        source=source.name,
        result=result.name,
        lacunae=lacunae.name,
        same_grid=same_grid,
        same_depth=same_depth,
        same_channels=same_channels,
        differing_px=differing_px,
        first_difference=first,
        lost_share=lacunae.share if lacunae.grid == source.grid else None,
        metadata={name: _same(name, source.metadata, result.metadata) for name in CARRIED},
    )


@renamed_arguments({"target": "proposal", "result": "proposal", "mask": "lost", "lacunae": "lost"})
def verify(
    proposal: Painting,
    *,
    source: Painting | None = None,
    lost: Lost | Lacunae | str | Path | None = None,
    mask_orientation: str | None = None,
    trusted: str | Path | None = None,
    band: int = 512,
    progress: Progress | None = None,
) -> Verification:
    """Compare a proposal with its source, band by band. Differences are reported, not raised.

    If the file of the proposal is signed, its signature is checked, too.

    Args:
        proposal: the file of a proposal that `inpaint` wrote, or a restoration: both know their source and
            their lacunae. With `source` and `lost` also an array, a scan, a stack or any file.
        source: the original, if it is not where the history beside the file says: a file or the stack that
            holds it; an array or a scan if `lost` is given, too.
        lost: the lacunae, if not those of the proposal: (H, W) bool, lacunae or a mask file.
        mask_orientation: of a mask file, "displayed" or "stored", as for `files.read_lacunae`.
        trusted: certificates (PEM) that you trust, for a proposal that is signed.
        band: rows read at once. The finding does not depend on it.
        progress: called with (rows done, rows in all).

    Raises:
        MissingExtra: the proposal is signed, and c2pa-python is not installed.
        BadUsage: an array or a scan without source and lacunae.
        UnreadableFile: the proposal, its history or its source is missing or damaged.
        GridMismatch: a mask file is not on the grid of the source.

    Example:
        >>> paint = np.arange(16, dtype=np.uint8).reshape(4, 4)
        >>> lost = np.zeros((4, 4), bool); lost[1, 2] = True
        >>> proposal = paint.copy(); proposal[1, 2] = 99
        >>> verify(proposal, source=paint, lost=lost).passed
        True
        >>> proposal[3, 1] += 1
        >>> verify(proposal, source=paint, lost=lost).first_difference
        (3, 1)
    """
    recorded: Mapping[str, Any] | None = None
    if isinstance(proposal, Restoration):
        original = proposal.original if source is None else treatment.stack_of(source).primary
        own: Lacunae | None = proposal.lacunae
    elif source is not None and lost is not None:
        original, own = treatment.stack_of(source).primary, None
    elif isinstance(proposal, str | Path) and (source is None or isinstance(source, str | Path)):
        saved = treatment.reopen(proposal, source=source)
        original, own, recorded = saved.original, saved.lacunae, saved.history
    else:
        raise BadUsage(f"{type(proposal).__name__} alone does not name its source; give source and lost")
    lacunae = own if lost is None else lacunae_in(lost, original, mask_orientation)
    assert lacunae is not None
    found = verify_scans(original, scan_of(proposal), lacunae, band=band, progress=progress)
    if recorded is not None:
        # Of a proposal that leaves some open, the history also names those that were filled.
        filled = recorded.get("left_open", recorded["lacunae"]).get("raster_sha256")
        checked = lost is None and filled is not None
        found = replace(
            found,
            source_as_recorded=files.sha256_of(original) == recorded["source"]["sha256"],
            lacunae_as_recorded=sha256_pixels(lacunae.lost) == filled if checked else None,
        )
    if not isinstance(proposal, str | Path):
        return found
    signature = read_signature(proposal, trusted=trusted)
    return replace(found, tags=_tags(original, Path(proposal)), signature=signature)


def lacunae_in(lost: Lost | Lacunae | str | Path, source: Scan, mask_orientation: str | None) -> Lacunae:
    """Return lacunae from any form. Another grid is not refused here: `verify` reports it."""
    if isinstance(lost, str | Path):
        return files.read_lacunae(lost, source, mask_orientation=mask_orientation)
    return lost if isinstance(lost, Lacunae) else Lacunae(lost)


def _tags(source: Scan, target: Path) -> tuple[Finding, ...] | None:
    """Compare the tags of two files; None if the source is not a file of its own."""
    file = file_named(source.name)
    return compare_files(file, target, grid=source.grid) if file else None


def _same(name: str, one: Metadata, other: Metadata) -> bool:
    """Return whether a property of two files is the same; a resolution may have another unit."""
    if name == "xmp":  # but for the statement that every proposal makes
        return same_but_for_source_type(one.xmp, other.xmp)
    if name != "resolution":
        return bool(getattr(one, name) == getattr(other, name))
    if one.spacing_um and other.spacing_um:
        return bool(np.allclose(one.spacing_um, other.spacing_um, rtol=ROUNDING, atol=0))
    return (one.resolution, one.unit) == (other.resolution, other.unit)


def differing(a: Array, b: Array) -> Lost:
    """Return where two arrays of one depth and shape differ in any bit of any channel: (h, w) bool.

    Bits, not values: a NaN equals itself, and 0.0 is not -0.0.
    """
    a, b = (array[..., None] if array.ndim == 2 else array for array in (a, b))
    unequal: Lost = (_bits(a) != _bits(b)).any(axis=-1)
    return unequal


def _bits(array: Array) -> Array:
    """View samples as unsigned integers of this machine's byte order."""
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return native.view(f"u{native.dtype.itemsize}")


def _differences(
    source: Scan, result: Scan, lacunae: Lacunae, band: int, progress: Progress | None
) -> tuple[int, tuple[int, int] | None]:
    """Count differing known pixels and find the first in reading order."""
    count, first = 0, None
    for rows in Region.whole(source.grid).bands(band):
        touched = differing(source.read(rows), result.read(rows)) & ~lacunae.read(rows)
        found = int(np.count_nonzero(touched))
        if found and first is None:
            row, column = divmod(int(np.argmax(touched)), touched.shape[1])
            first = rows.top + row, column
        count += found
        if progress:
            progress(rows.bottom, source.grid[0])
    return count, first
