"""Write pages: complete or not at all, and never over a scan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tratteggio.errors import BadUsage
from tratteggio.files.beside import beside
from tratteggio.markup import Markup
from tratteggio.names import encodable


def html_path(page: str | Path) -> Path:
    """Take the name of a page, before work on it begins.

    Raises:
        BadUsage: it is not an .html file.
    """
    page = Path(page)
    # Also keeps a page from being written over a scan.
    if page.suffix.lower() not in (".html", ".htm"):
        pdf = "; for a PDF use `tratteggio.treatment_report`" if page.suffix.lower() == ".pdf" else ""
        raise BadUsage(f"a page is an .html file, got {page.name}; name it {page.stem}.html{pdf}")
    return page


def write_page(page: Path, html: Markup, *, beside_it: Mapping[Path, str] | None = None) -> None:
    """Write a page and text files that belong to it, or nothing.

    Raises:
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    texts: dict[Path, str] = {page: html, **(beside_it or {})}
    with beside(list(texts)) as temporaries:
        for temporary, text in zip(temporaries, texts.values(), strict=True):
            temporary.write_text(encodable(text), encoding="utf-8")
