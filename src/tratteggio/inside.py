"""The former name of `tratteggio.explanation`; for one release it says so."""

from typing import NoReturn

from tratteggio.renamed import refuse_former

_FORMER = ("Explanation", "explain", "explain_file", "explain_page")


def __getattr__(name: str) -> NoReturn:
    refuse_former(__name__, name, {former: f"tratteggio.explanation.{former}" for former in _FORMER})
