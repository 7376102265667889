"""`tratteggio demo`: make a synthetic panel, fill its losses, and write a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, conversation

LAYERS = ("", ".history.json", ".lost.tif", ".confidence.tif")
FILES = (
    *("truth.tif", "panel.tif", "lost.png", "report.html", "curtain.html"),
    *("proposal.ora", "proposal.ora.history.json"),
    *(f"proposal.tif{layer}" for layer in LAYERS),
)


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")] = Path(
        "tratteggio-demo"
    ),
    engine: Annotated[str, typer.Option(help="The engine that fills.")] = "auto",
    finish: Annotated[
        str, typer.Option(help="How the fill looks: mimetic, hatched, neutral or outlined.")
    ] = "mimetic",
    rows: Annotated[int, typer.Option(min=64, max=20_000, help="Height of the panel in pixels.")] = 1280,
    cols: Annotated[int, typer.Option(min=64, max=20_000, help="Width of the panel in pixels.")] = 960,
    seed: Annotated[int, typer.Option(help="A different seed makes a different panel.")] = 0,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a damaged synthetic panel, fill it, and write the layers, a comparison page and a report.

    Example: tratteggio demo -o out/
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio import files
        from tratteggio.evaluation import evaluate
        from tratteggio.files.outputs import require_outputs
        from tratteggio.pages import compare, report
        from tratteggio.phantom import panel
        from tratteggio.seeds import require_seed
        from tratteggio.treatment import FillOptions, inpaint_file, reopen

        require_seed(seed)
        output.mkdir(parents=True, exist_ok=True)
        require_outputs([output / name for name in FILES], overwrite=overwrite)
        phantom = panel(rows, cols, seed=seed, depth="uint16")
        truth, damaged, lost = (output / name for name in ("truth.tif", "panel.tif", "lost.png"))
        for scan, path in ((phantom.painted, truth), (phantom.damaged, damaged)):
            files.write(scan.pixels, path, metadata=scan.metadata)
        files.write_lacunae(phantom.lacunae, lost)
        proposal = output / "proposal.tif"
        with console.progress("filling") as progress:
            history = inpaint_file(
                damaged, lost, proposal, engine=engine, options=FillOptions(finish=finish, seed=seed),
                overwrite=overwrite, progress=progress,
            )  # fmt: skip
        restoration = reopen(proposal)
        restoration.save(output / "proposal.ora")
        report(restoration, output / "report.html", overwrite=overwrite)
        compare(damaged, proposal, output / "curtain.html", overwrite=overwrite)
        scores = evaluate(files.read(truth), files.read(proposal), phantom.lacunae)
        written = sorted(str(path) for path in output.iterdir() if path.is_file())
        console.result(
            {"files": written, "history": history, "scores": scores.as_dict()},
            "\n".join(
                [
                    f"{output / 'panel.tif'}: a synthetic panel with losses; lost.png marks them",
                    f"{output / 'proposal.tif'}: the proposal, 16 bit; known paint is unchanged",
                    f"{output / 'proposal.ora'}: the proposal in layers (original, lacunae, fill)",
                    f"{output / 'report.html'}, curtain.html: open these pages in a browser",
                    "",
                    scores.as_text(),
                ]
            ),
        )
