"""`tratteggio explain`: write a page that shows what a net responds to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, conversation
from tratteggio.cli.encode import painting_of


def explain(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="Included weights (`tratteggio models` lists them), or a weights file."
        ),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INPUT]", help="A painting, or its scans as MODALITY=FILE. Default: a synthetic panel."
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("inside.html"),
    data: Annotated[
        Path | None, typer.Option(help="A folder of images in which the strongest patches are searched.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="The layer to show in detail. Default: three layers.")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Look inside a net: its filters, feature maps, strongest patches with deconvolutions, and occlusion.

    Example: tratteggio explain descriptor-v32 panel.tif -o inside.html
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.explanation import explain_file

        painting = painting_of(sources) if sources else None
        with console.progress(f"explain {model}") as progress:
            found = explain_file(
                model, output, painting, data=data, layer=layer, overwrite=overwrite, progress=progress
            )
        shown = [one.layer.name for one in found.shown]
        console.result(
            {
                "output": str(output),
                "model": dict(found.facts),
                "layers": [
                    {
                        "name": one.name,
                        "kind": one.kind,
                        "features": one.outer,
                        "above_0": one.active,
                        "sees_px": [
                            line and line.size
                            for line in (found.fields[one.name].rows, found.fields[one.name].cols)
                        ],
                    }
                    for one in found.layers
                ],
                "shown": shown,
            },
            f"Wrote {output}: {found.name}, layers {', '.join(shown)}. Open it in a browser.",
        )
