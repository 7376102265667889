"""The former name of `tratteggio.windows`; for one release it says so."""

from typing import NoReturn

from tratteggio.renamed import refuse_former

_FORMER = {
    name: f"tratteggio.windows.{name}"
    for name in ("DiskLedger", "Ledger", "MemoryLedger", "Plan", "Tile", "Window", "plan", "run")
}


def __getattr__(name: str) -> NoReturn:
    refuse_former(__name__, name, _FORMER | {"Answers": "tratteggio.windows.Outputs"})
