"""Self-contained HTML pages that open from disk: the report and the curtain."""

from tratteggio.pages.curtain import curtain
from tratteggio.pages.report import report

__all__ = ["curtain", "report"]
