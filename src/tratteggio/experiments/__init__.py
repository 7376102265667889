"""Published tables refilled: one experiment per file, found by its file name.

A module of this package has

    TITLE       one line: what was published, and by whom
    SCALES      name -> what a scale means, a frozen dataclass of the module's own
    run(scale, *, data, out, seed, progress) -> Report
    inputs(folder) -> names of what `data` holds, if that is anything but pictures

and keeps what it has finished in the folder `out`, so that a stopped run continues from there.
`reproduce` chooses the module, prepares the folder and writes the report. Looking at experiments imports
nothing heavy; running one does.
"""

from tratteggio.experiments._report import Claim, Column, Report, Row, Table
from tratteggio.experiments._reproduce import about, names, reproduce

__all__ = [
    "Claim",
    "Column",
    "Report",
    "Row",
    "Table",
    "about",
    "names",
    "reproduce",
]
