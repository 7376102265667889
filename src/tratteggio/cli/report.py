"""`tratteggio report`: the record of a proposal, as one page for the treatment file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation


def report(
    proposal: Annotated[Path, typer.Argument(metavar="OUT", help="A proposal that `inpaint` wrote.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The page to write [default: OUT.report.html].")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="The original, if it is not where the history says.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Lacunae listed, the largest first.")] = 200,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write an HTML report: before, proposal, lacunae, a table of the lacunae, the history.

    Other fills that `inpaint --samples` wrote beside the proposal are shown as a contact sheet.

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
        console.result({"output": str(page)}, f"{page}: open it in a browser")
