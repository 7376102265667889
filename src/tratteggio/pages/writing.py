"""Pages to disk: whole or not at all, and never in the place of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tratteggio.errors import BadUsage
from tratteggio.files.beside import beside
from tratteggio.files.outputs import require_outputs
from tratteggio.files.white import note_range
from tratteggio.markup import Markup
from tratteggio.names import encodable
from tratteggio.pages.comparison import LONGEST_PX, compare
from tratteggio.pages.report import report
from tratteggio.painting import Restoration


def report_file(
    restoration: Restoration,
    page: str | Path,
    *,
    samples: Sequence[Restoration] = (),
    rows: int = 200,
    overwrite: bool = False,
) -> None:
    """Write the report on a proposal.

    Args:
        restoration: the proposal.
        page: an .html file.
        samples: other plausible fills of the same lacunae, shown as a contact sheet.
        rows: how many lacunae the table lists, largest first.
        overwrite: replace a page that is there already.

    Raises:
        UnsafeOutput: the page is there already, or is an input.
        BadUsage: `page` is not an .html file.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    target = html_path(page)
    require_outputs([target], inputs=[restoration.original.name], overwrite=overwrite)
    note_range(restoration.original)
    write_page(target, report(restoration, samples=samples, rows=rows))


def curtain_file(
    before: str | Path,
    after: str | Path,
    page: str | Path,
    *,
    longest: int = LONGEST_PX,
    white: float | None = None,
    overwrite: bool = False,
) -> None:
    """Write a page that compares two scans with a slider.

    Args:
        before, after: files of one size.
        page: an .html file.
        longest: the longer side of the viewing copies is at most this many pixels.
        white: the sample that stands for white; None takes what the files state, else that of the depth.
        overwrite: replace a page that is there already.

    Raises:
        UnsafeOutput: the page is there already, or is an input.
        BadUsage: `page` is not an .html file.
        GridMismatch: the scans differ in size.
        UnreadableFile: a file is missing or damaged.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    target = html_path(page)
    require_outputs([target], inputs=[before, after], overwrite=overwrite)
    write_page(target, compare(before, after, longest=longest, white=white))


def html_path(page: str | Path) -> Path:
    """Take the name of a page, before work on it begins.

    Raises:
        BadUsage: it is not an .html file.
    """
    page = Path(page)
    # Also keeps a page from being written over a scan.
    if page.suffix.lower() not in (".html", ".htm"):
        raise BadUsage(f"a page is an .html file, got {page.name}; name it {page.stem}.html")
    return page


def write_page(page: Path, html: Markup) -> None:
    """Write a page, or nothing.

    Raises:
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    with beside([page]) as (temporary,):
        temporary.write_text(encodable(html), encoding="utf-8")
