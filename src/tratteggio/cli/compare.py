"""`tratteggio compare`: a page that shows two images with a slider between them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation


def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="The image on the left of the slider.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The image on the right.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("curtain.html"),
    longest: Annotated[int, typer.Option(help="Longest side of the images on the page, in pixels.")] = 2400,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a page that compares two images. Drag the slider to see one or the other.

    Example: tratteggio compare panel.tif proposal.tif -o curtain.html
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.pages import compare as write_curtain

        write_curtain(before, after, output, longest=longest, white=white, overwrite=overwrite)
        console.result({"output": str(output)}, f"Wrote {output}. Open it in a browser.")
