"""`tratteggio studio`: look, mark, fill and compare in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Quiet, White, conversation


def studio(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A scan, an OME-Zarr or OME-TIFF, a folder with a painting.toml, a proposal, or a folder of "
            "paintings, which are listed.",
        ),
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on this machine. Default: any free port.")
    ] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only show the painting. Nothing is written.")
    ] = False,
    white: White = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Open a painting in the browser: look, mark damage, fill and compare.

    The studio listens on this machine only. It prints an address with a token: whoever has the address can
    use the studio. Marks and the treatment log are kept in INPUT.studio beside the painting. Press Ctrl-C to
    end.

    Example: tratteggio studio panel.tif
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.extras import optional

        with optional(
            "starlette", needs="the studio needs starlette", install="pip install 'tratteggio[studio]'"
        ):
            import starlette  # noqa: F401
        with optional(
            "uvicorn", needs="the studio needs uvicorn", install="pip install 'tratteggio[studio]'"
        ):
            import uvicorn  # noqa: F401
        from tratteggio.studio.serving import serve

        def ready(address: str) -> None:
            text = f"The studio shows {source.name} at {address}\nPress Ctrl-C to end."
            console.result({"address": address}, text)
            if browser:
                typer.launch(address)

        serve(source, port=port, read_only=read_only, white=white, ready=ready)
