"""A page as PDF/A-3b, with files attached. Nothing is loaded from outside the page."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tratteggio.errors import BadUsage, MissingExtra
from tratteggio.extras import optional
from tratteggio.files.beside import beside
from tratteggio.markup import Markup

VARIANT = "pdf/a-3b"  # ISO 19005-3: with attachments of any kind; level B: looks alike everywhere
MISSING = ".notdef glyph rendered"  # how the library's note on a character without a glyph begins
MOST_NAMED = 8
SYSTEM_FONTS = 0  # FcSetSystem, of fontconfig


class Attached(NamedTuple):
    """A file in a PDF.

    Attributes:
        text: its content.
        description: for readers.
        relationship: as ISO 32000-2, 7.11.3 names it: "Source", "Data", ...
    """

    text: str
    description: str
    relationship: str


def pdf_path(target: str | Path) -> Path:
    """Take the name of a PDF, before work on it begins.

    Raises:
        BadUsage: it is not a .pdf file.
    """
    target = Path(target)
    if target.suffix.lower() != ".pdf":
        raise BadUsage(f"a PDF is a .pdf file, got {target.name}; name it {target.stem}.pdf")
    return target


def require_pdf() -> None:
    """Make sure, before the work, that PDF can be written.

    Raises:
        MissingExtra: WeasyPrint, or Pango which it needs, is not installed; or there is no font at all.
    """
    with optional("weasyprint", needs="a PDF needs WeasyPrint", install="pip install 'tratteggio[pdf]'"):
        from weasyprint.text.ffi import ffi, fontconfig  # noqa: PLC0415 an extra
    config = fontconfig.FcInitLoadConfigAndFonts()
    fonts = fontconfig.FcConfigGetFonts(config, SYSTEM_FONTS)
    count = 0 if fonts == ffi.NULL else fonts.nfont
    fontconfig.FcConfigDestroy(config)
    if not count:  # Pango would end the process
        raise MissingExtra("a PDF needs fonts, and no font is installed; install one, for example Liberation")


def write_pdf(page: Markup, target: Path, *, attached: Mapping[str, Attached]) -> None:
    """Lay a page out and write it as PDF/A-3b.

    Args:
        page: a whole document.
        target: where to.
        attached: by file name.

    Raises:
        MissingExtra: WeasyPrint is not installed, or no installed font has a character of the page.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    require_pdf()
    import weasyprint  # noqa: PLC0415 an extra
    from weasyprint.urls import URLFetcher  # noqa: PLC0415 the same

    inside = URLFetcher(allowed_protocols=["data"])
    files = [
        weasyprint.Attachment(
            string=one.text, name=name, description=one.description, relationship=one.relationship
        )
        for name, one in attached.items()
    ]
    with _glyphs() as missing, warnings.catch_warnings():
        # The library leaves the profile of its output intent open.
        warnings.simplefilter("ignore", ResourceWarning)
        content = weasyprint.HTML(string=page, url_fetcher=inside).write_pdf(
            pdf_variant=VARIANT, pdf_tags=True, attachments=files
        )
    if missing:
        named = ", ".join(f"{one!r} (U+{ord(one):04X})" for one in sorted(missing)[:MOST_NAMED])
        raise MissingExtra(
            f"{target} cannot be written: no installed font has {named}; install a font that has them, for "
            "example Noto"
        )
    with beside([target]) as [temporary]:
        temporary.write_bytes(content)


@contextmanager
def _glyphs() -> Iterator[set[str]]:
    """Collect the characters that no font has: an archive forbids the boxes that stand for them."""
    missing: set[str] = set()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.msg, str) and record.msg.startswith(MISSING):
                values: Any = record.args
                missing.add(str(values[0]))

    logger, collector = logging.getLogger("weasyprint"), Collector(logging.WARNING)
    handlers, propagate = list(logger.handlers), logger.propagate
    logger.handlers, logger.propagate = [collector], False
    try:
        yield missing
    finally:
        logger.handlers, logger.propagate = handlers, propagate
