"""Self-contained HTML pages that open from disk: the report and the curtain."""

from tratteggio.pages.comparison import compare
from tratteggio.pages.curtain import curtain
from tratteggio.pages.report import report
from tratteggio.pages.writing import curtain_file, report_file

__all__ = ["compare", "curtain", "curtain_file", "report", "report_file"]
