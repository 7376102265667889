"""Self-contained HTML pages that open from disk, the report and the curtain; and the report as PDF."""

from typing import NoReturn

from tratteggio.pages.comparison import compare
from tratteggio.pages.curtain import curtain
from tratteggio.pages.report import report
from tratteggio.pages.treatment_report import treatment_report
from tratteggio.renamed import refuse_former

__all__ = ["compare", "curtain", "report", "treatment_report"]


def __getattr__(name: str) -> NoReturn:
    former = {"curtain_file": "compare", "report_file": "report"}
    refuse_former(__name__, name, former)
