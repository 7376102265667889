"""Compare two scans under one curtain: read them, reduce them to one size, show one over the other."""

from __future__ import annotations

from pathlib import Path

from tratteggio.errors import GridMismatch
from tratteggio.files import overview
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.outputs import require_outputs
from tratteggio.files.white import note_range
from tratteggio.markup import Markup
from tratteggio.names import rows_and_columns
from tratteggio.pages.curtain import curtain
from tratteggio.pages.writing import html_path, write_page
from tratteggio.painting import Scan

LONGEST_PX = 2400


def compare(
    before: Painting,
    after: Painting,
    page: str | Path | None = None,
    *,
    longest: int = LONGEST_PX,
    white: float | None = None,
    overwrite: bool = False,
) -> Markup:
    """Make a curtain page of two images of one size, each seen through its own profile.

    Args:
        before: an array, a scan, a stack, a restoration or a file; left of the curtain.
        after: the same, right of it.
        page: the .html file to write; None writes none.
        longest: the longer side of the viewing copies is at most this many pixels.
        white: of files, the sample that stands for white; None takes what they state, else that of the depth.
        overwrite: replace a page that is there already.

    Returns:
        the page.

    Raises:
        GridMismatch: the images differ in size.
        UnreadableFile: a file is missing or damaged.
        UnsafeOutput: the page is there already, or is an input.
        BadUsage: `page` is not an .html file.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    target = None if page is None else html_path(page)
    if target is not None:
        read = [one for one in (before, after) if isinstance(one, str | Path)]
        require_outputs([target], inputs=read, overwrite=overwrite)
    made = _curtain(scan_of(before, white=white), scan_of(after, white=white), longest)
    if target is not None:
        write_page(target, made)
    return made


def _curtain(left: Scan, right: Scan, longest: int) -> Markup:
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
    note = f"{cols:,} × {rows:,} pixels" + (
        f", reduced {reduced:.1f} times here. Choose a larger longest side to see true pixels."
        if reduced > 1
        else "."
    )
    return curtain(
        overview(left, longest=longest),
        overview(right, longest=longest),
        title=f"{names[0]} and {names[1]}",
        labels=names,
        note=note,
        reduced=max(reduced, 1.0),
    )
