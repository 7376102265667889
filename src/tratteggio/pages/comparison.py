"""Two scans under one curtain: read, reduced to viewing copies of one size, and laid over each other."""

from __future__ import annotations

from pathlib import Path

from tratteggio.errors import GridMismatch
from tratteggio.files import overview, read
from tratteggio.files.white import note_range
from tratteggio.markup import Markup
from tratteggio.names import rows_and_columns
from tratteggio.pages.curtain import curtain
from tratteggio.painting import Scan

LONGEST_PX = 2400


def compare(
    before: Scan | str | Path,
    after: Scan | str | Path,
    *,
    longest: int = LONGEST_PX,
    white: float | None = None,
) -> Markup:
    """Return a curtain page for two scans of one size, each seen through its own profile.

    Args:
        before: a scan or its file, left of the curtain.
        after: the same, right of it.
        longest: the longer side of the viewing copies is at most this many pixels.
        white: of files, the sample that stands for white; None takes what they state, else that of the depth.

    Raises:
        GridMismatch: the scans differ in size.
        UnreadableFile: a file is missing or damaged.
    """
    left, right = (
        scan if isinstance(scan, Scan) else read(Path(scan), white=white) for scan in (before, after)
    )
    note_range(left, right)
    if left.grid != right.grid:
        sizes = [f"{scan.name} has {rows_and_columns(scan.grid)}" for scan in (left, right)]
        raise GridMismatch(
            f"two scans can be compared only if they have the same size, but {sizes[0]} and {sizes[1]}; "
            "compare a proposal with its own source"
        )
    names = Path(left.name).name, Path(right.name).name
    rows, cols = left.grid
    reduced = max(rows, cols) / longest
    note = f"{cols:,} × {rows:,} pixels" + (f", reduced {reduced:.1f} times here." if reduced > 1 else ".")
    return curtain(
        overview(left, longest=longest),
        overview(right, longest=longest),
        title=f"{names[0]} and {names[1]}",
        labels=names,
        note=note,
    )
