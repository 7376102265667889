"""`tratteggio report`: document a proposal in one page for the treatment file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation
from tratteggio.cli.folders import is_folder, list_proposals, work_through


def report(
    proposal: Annotated[
        Path, typer.Argument(metavar="OUT", help="A proposal that `inpaint` wrote, or a folder of them.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page to write. Default: NAME.report.html for NAME.tif."),
    ] = None,
    source: Annotated[Path | None, typer.Option(help="The original scan, if it was moved.")] = None,
    rows: Annotated[int, typer.Option(help="The number of lacunae in the table, the largest first.")] = 200,
    true_pixels: Annotated[
        bool,
        typer.Option(
            "--true-pixels",
            help="Also write a page that compares scan and proposal at true pixels, and link to it. Above 24 "
            "megapixels it is a folder.",
        ),
    ] = False,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write an HTML report: the scan, the proposal, the lacunae with a table, and the history.

    A CSV table of the lacunae is written beside it. A contact sheet shows the alternative fills of
    `inpaint --samples`. Of a folder, each proposal gets a report.

    Example: tratteggio report proposal.tif
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.pages import report as write_report
        from tratteggio.pages.report import comparison_page, table_file
        from tratteggio.treatment import reopen

        def write_one(file: Path, page: Path) -> tuple[dict[str, str], str]:
            write_report(
                file,
                page,
                rows=rows,
                source=source,
                white=white,
                true_pixels=true_pixels,
                overwrite=overwrite,
            )
            values = {"output": str(page), "lacunae": str(table_file(page))}
            shown = ""
            if true_pixels:
                place = comparison_page(page, reopen(file, source=source).original.grid)
                values["comparison"], shown = str(place), f", and {place.relative_to(page.parent)}"
            return values, f"Wrote {page} and the list of lacunae, {table_file(page).name}{shown}."

        def page_of(file: Path) -> Path:
            return file.with_name(file.stem + ".report.html")

        if is_folder(proposal):
            if output or source:
                raise BadUsage(
                    f"{proposal} is a folder, whose reports are written beside its proposals; "
                    "--output and --source are for one proposal"
                )
            work_through(
                console, proposal, list_proposals(proposal), lambda file: write_one(file, page_of(file)),
                done="reported",
            )  # fmt: skip
            return
        values, line = write_one(proposal, output or page_of(proposal))
        console.result(values, f"{line} Open the page in a browser, or print it.")
