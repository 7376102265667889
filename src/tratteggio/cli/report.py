"""`tratteggio report`: document a proposal in one page for the treatment file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation


def report(
    proposal: Annotated[Path, typer.Argument(metavar="OUT", help="A proposal that `inpaint` wrote.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page to write. Default: NAME.report.html for NAME.tif."),
    ] = None,
    source: Annotated[Path | None, typer.Option(help="The original scan, if it was moved.")] = None,
    rows: Annotated[int, typer.Option(help="The number of lacunae in the table, the largest first.")] = 200,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write an HTML report: the scan, the proposal, the lacunae with a table, and the history.

    A CSV table of the lacunae is written beside it. A contact sheet shows the alternative fills of
    `inpaint --samples`.

    Example: tratteggio report proposal.tif
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.pages import report as write_report
        from tratteggio.pages.report import table_file

        page = output or proposal.with_name(proposal.stem + ".report.html")
        write_report(proposal, page, rows=rows, source=source, white=white, overwrite=overwrite)
        table = table_file(page)
        console.result(
            {"output": str(page), "lacunae": str(table)},
            f"Wrote {page} and the list of lacunae, {table.name}. Open the page in a browser, or print it.",
        )
