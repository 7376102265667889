"""`tratteggio compare`: two pictures under one curtain, as a page that opens from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation


def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="Shown to the left of the curtain.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Shown to the right.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("curtain.html"),
    longest: Annotated[int, typer.Option(help="Longest side of the viewing copies, in pixels.")] = 2400,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a curtain page: drag the divider to see one picture or the other.

    Example: tratteggio compare panel.tif proposal.tif -o curtain.html
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.pages import curtain_file

        curtain_file(before, after, output, longest=longest, white=white, overwrite=overwrite)
        console.result({"output": str(output)}, f"{output}: open it in a browser")
