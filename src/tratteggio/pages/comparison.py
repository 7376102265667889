"""Compare two scans under one curtain: read them, reduce them to one size, show one over the other."""

from __future__ import annotations

from pathlib import Path

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.files import overview
from tratteggio.files.beside import folder_beside, refuse_overwrite, require_creatable
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.outputs import refuse_existing, require_outputs
from tratteggio.files.white import note_range
from tratteggio.markup import Markup
from tratteggio.names import encodable, rows_and_columns
from tratteggio.pages.curtain import curtain
from tratteggio.pages.true_pixels import BESIDE, MOST_INSIDE, keep_beside, keep_inside
from tratteggio.pages.true_pixels import true_pixels as tile
from tratteggio.pages.writing import html_path, write_page
from tratteggio.painting import Scan

LONGEST_PX = 2400
INDEX = "index.html"


def compare(
    before: Painting,
    after: Painting,
    page: str | Path | None = None,
    *,
    longest: int = LONGEST_PX,
    true_pixels: bool = False,
    white: float | None = None,
    overwrite: bool = False,
) -> Markup:
    """Make a curtain page of two images of one size, each seen through its own profile.

    Args:
        before: an array, a scan, a stack, a restoration or a file; left of the curtain.
        after: the same, right of it.
        page: the .html file to write; None writes none. With `true_pixels` also a folder: the page is its
            index.html, and the tiles are files in it.
        longest: the longer side of the viewing copies is at most this many pixels.
        true_pixels: also show every pixel at 1:1 and 2:1, in tiles that the browser opens where one looks. In
            an .html file that holds all, for scans up to 24 megapixels.
        white: of files, the sample that stands for white; None takes what they state, else that of the depth.
        overwrite: replace a page that is there already.

    Returns:
        the page.

    Raises:
        GridMismatch: the images differ in size.
        UnreadableFile: a file is missing or damaged.
        UnsafeOutput: the page is there already, or is an input.
        BadUsage: `page` is not an .html file; or the scans are too large for the tiles to be in one.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    read = [one for one in (before, after) if isinstance(one, str | Path)]
    if true_pixels and page is not None and not Path(page).suffix:
        return _compare_in_folder(
            _pair(before, after, white), Path(page), longest, inputs=read, overwrite=overwrite
        )
    target = None if page is None else html_path(page)
    if target is not None:
        require_outputs([target], inputs=read, overwrite=overwrite)
    pair = _pair(before, after, white)
    if true_pixels:
        require_inside(pair[0], target)
    made = _curtain(*pair, longest, tiles=tile(*pair, keep_inside) if true_pixels else None)
    if target is not None:
        write_page(target, made)
    return made


def require_inside(scan: Scan, page: Path | None) -> None:
    """Refuse scans whose tiles would make one page too large.

    Raises:
        BadUsage: more than 24 megapixels.
    """
    rows, cols = scan.grid
    if rows * cols > MOST_INSIDE:
        name = "comparison" if page is None else page.stem
        raise BadUsage(
            f"{scan.name} has {rows_and_columns(scan.grid)}, too many for true pixels in one file (at most "
            f"{MOST_INSIDE:,}); name a folder instead, such as {name}"
        )


def _compare_in_folder(
    pair: tuple[Scan, Scan], folder: Path, longest: int, *, inputs: list[str | Path], overwrite: bool
) -> Markup:
    """Write a page as the index of a folder, with its tiles as files beside it."""
    require_creatable(folder, replaces=INDEX)
    for one in inputs:
        refuse_overwrite(one, folder)
    if not overwrite:
        refuse_existing([folder])
    with folder_beside(folder, replaces=INDEX) as place:
        tiles = tile(*pair, keep_beside(place))
        made = _curtain(*pair, longest, tiles=tiles, images=BESIDE)
        (place / INDEX).write_text(encodable(made), encoding="utf-8")
    return made


def _pair(before: Painting, after: Painting, white: float | None) -> tuple[Scan, Scan]:
    """Open two scans of one size."""
    left, right = scan_of(before, white=white), scan_of(after, white=white)
    note_range(left, right)
    if left.grid != right.grid:
        sizes = [f"{scan.name} has {rows_and_columns(scan.grid)}" for scan in (left, right)]
        raise GridMismatch(
            f"two scans can be compared only if they have the same size, but {sizes[0]} and {sizes[1]}; "
            "compare a proposal with its own source"
        )
    require_same_orientation(left, right)
    return left, right


def _curtain(
    left: Scan, right: Scan, longest: int, *, tiles: Markup | None = None, images: str = "data:"
) -> Markup:
    names = Path(left.name).name, Path(right.name).name
    rows, cols = left.grid
    reduced = max(rows, cols) / longest
    note = f"{cols:,} × {rows:,} pixels"
    if tiles is not None:
        note += ". 1:1 and 2:1 show true pixels."
    elif reduced > 1:
        note += f", reduced {reduced:.1f} times here. Ask for true pixels to see each of them."
    else:
        note += "."
    return curtain(
        overview(left, longest=longest),
        overview(right, longest=longest),
        title=f"{names[0]} and {names[1]}",
        labels=names,
        note=note,
        reduced=max(reduced, 1.0),
        tiles=tiles,
        images=images,
    )
