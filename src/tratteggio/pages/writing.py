"""Pages to disk: whole or not at all, and never in the place of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tratteggio.errors import BadUsage
from tratteggio.files.beside import beside
from tratteggio.files.outputs import require_outputs
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
    page = html_path(page)
    require_outputs([page], inputs=[restoration.original.name], overwrite=overwrite)
    write_page(page, report(restoration, samples=samples, rows=rows))


def curtain_file(
    before: str | Path,
    after: str | Path,
    page: str | Path,
    *,
    longest: int = LONGEST_PX,
    overwrite: bool = False,
) -> None:
    """Write the curtain page of two scans.

    Args:
        before, after: files of one size.
        page: an .html file.
        longest: the longer side of the viewing copies is at most this many pixels.
        overwrite: replace a page that is there already.

    Raises:
        UnsafeOutput: the page is there already, or is an input.
        BadUsage: `page` is not an .html file.
        GridMismatch: the scans differ in size.
        UnreadableFile: a file is missing or damaged.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    page = html_path(page)
    require_outputs([page], inputs=[before, after], overwrite=overwrite)
    write_page(page, compare(before, after, longest=longest))


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


def write_page(page: Path, html: str) -> None:
    """Write a page, or nothing.

    Raises:
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    with beside([page]) as (temporary,):
        temporary.write_text(encodable(html), encoding="utf-8")
