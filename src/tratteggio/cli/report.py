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

    A contact sheet shows the alternative fills of `inpaint --samples`.

    Example: tratteggio report proposal.tif
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.files.outputs import require_outputs
        from tratteggio.pages import report_file
        from tratteggio.treatment import reopen, reopen_samples

        page = output or proposal.with_name(proposal.stem + ".report.html")
        require_outputs([page], inputs=[proposal, *([source] if source else [])], overwrite=overwrite)
        samples = reopen_samples(proposal, source=source, white=white)
        saved = reopen(proposal, source=source, white=white)
        report_file(saved, page, samples=samples, rows=rows, overwrite=overwrite)
        console.result({"output": str(page)}, f"Wrote {page}. Open it in a browser.")
