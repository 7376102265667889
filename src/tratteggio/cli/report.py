"""`tratteggio report`: document a proposal in one page for the treatment file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation
from tratteggio.cli.folders import is_folder, list_proposals, work_through

KINDS = ("html", "pdf")


def report(
    proposal: Annotated[
        Path, typer.Argument(metavar="OUT", help="A proposal that `inpaint` wrote, or a folder of them.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The report to write. Default: NAME.report.html for NAME.tif."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="html, a page for the browser, or pdf, a report for the archive. Default: by -o."),
    ] = None,
    source: Annotated[Path | None, typer.Option(help="The original scan, if it was moved.")] = None,
    about: Annotated[
        Path | None,
        typer.Option(
            help="For pdf: a painting.toml with inventory number, artist and so on. Default: the one beside "
            "the scan, if it names the scan."
        ),
    ] = None,
    damage: Annotated[
        Path | None, typer.Option(help="For pdf: a damage map. Default: OUT.damage.png, if there is one.")
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(help="The number of lacunae in the table, the largest first. Default: 200; for pdf 40."),
    ] = None,
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
    """Write a report: the scan, the proposal, the lacunae with a table, and the history.

    The page for the browser has a CSV table of the lacunae beside it and a contact sheet of the alternative
    fills of `inpaint --samples`. The PDF is for the archive of a museum (PDF/A-3b): object data, condition
    by class, the painting at 300 dpi, treatment log, a place for signatures, and the history attached. Of a
    folder, each proposal gets a report.

    Example: tratteggio report proposal.tif
    Example: tratteggio report proposal.tif --to pdf --about painting.toml
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.pages import report as write_report
        from tratteggio.pages import treatment_report
        from tratteggio.pages.report import ROWS, comparison_page, table_file
        from tratteggio.pages.treatment_report import ROWS as PRINTED_ROWS
        from tratteggio.registry import unknown
        from tratteggio.treatment import reopen

        kind = to or ("pdf" if output is not None and output.suffix.lower() == ".pdf" else "html")
        if kind not in KINDS:
            raise unknown("kind of report", kind, KINDS)
        if kind == "html" and (about or damage):
            raise BadUsage("--about and --damage are for a PDF; add --to pdf, or omit them")
        if kind == "pdf" and true_pixels:
            raise BadUsage("--true-pixels is for html; omit it, or write the html report too")

        def write_one(file: Path, page: Path) -> tuple[dict[str, str], str]:
            if kind == "pdf":
                treatment_report(
                    file, page, about=about, damage=damage, rows=PRINTED_ROWS if rows is None else rows,
                    source=source, white=white, overwrite=overwrite,
                )  # fmt: skip
                return {"output": str(page)}, f"Wrote {page}, with the history attached."
            write_report(
                file, page, rows=ROWS if rows is None else rows, source=source, white=white,
                true_pixels=true_pixels, overwrite=overwrite,
            )  # fmt: skip
            values = {"output": str(page), "lacunae": str(table_file(page))}
            shown = ""
            if true_pixels:
                place = comparison_page(page, reopen(file, source=source).original.grid)
                values["comparison"], shown = str(place), f", and {place.relative_to(page.parent)}"
            return values, f"Wrote {page} and the list of lacunae, {table_file(page).name}{shown}."

        def page_of(file: Path) -> Path:
            return file.with_name(f"{file.stem}.report.{kind}")

        if is_folder(proposal):
            if output or source or damage:
                raise BadUsage(
                    f"{proposal} is a folder, whose reports are written beside its proposals; "
                    "--output, --source and --damage are for one proposal"
                )
            work_through(
                console, proposal, list_proposals(proposal), lambda file: write_one(file, page_of(file)),
                done="reported",
            )  # fmt: skip
            return
        values, line = write_one(proposal, output or page_of(proposal))
        console.result(values, line if kind == "pdf" else f"{line} Open the page in a browser, or print it.")
