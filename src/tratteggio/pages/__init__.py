"""Self-contained HTML pages that open from disk: the report and the curtain."""

from typing import NoReturn

from tratteggio.pages.comparison import compare
from tratteggio.pages.curtain import curtain
from tratteggio.pages.report import report
from tratteggio.renamed import refuse_former

__all__ = ["compare", "curtain", "report"]


def __getattr__(name: str) -> NoReturn:
    former = {"curtain_file": "compare", "report_file": "report"}
    refuse_former(__name__, name, former)
