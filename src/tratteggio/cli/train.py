"""`tratteggio train`: train a net with a recipe on the images of a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tratteggio.cli.console import Json, Quiet, conversation

if TYPE_CHECKING:
    from tratteggio.models import Card


def train(
    recipe: Annotated[str, typer.Argument(help="The recipe: a name from `tratteggio recipes`.")],
    data: Annotated[Path, typer.Option(help="The folder of training images. Subfolders are included.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="A new folder for the results of the run.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting of the recipe. Repeatable."),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Resume from the last saved state. On a CPU the weights are bit-identical."
        ),
    ] = False,
    set_aside: Annotated[
        float, typer.Option(help="The share of images kept for validation. 0: no validation.")
    ] = 0.1,
    only: Annotated[
        Path | None, typer.Option(help="A text file with the names of the images to use, one per line.")
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            help="Weights of the feature net of the loss: torchvision's VGG16 or a net from tratteggio."
        ),
    ] = None,
    licence: Annotated[
        str, typer.Option(help="The licence of the images, for the card of the weights.")
    ] = "unknown",
    workers: Annotated[int, typer.Option(min=0, help="The number of data worker processes.")] = 0,
    seed: Annotated[
        int | None, typer.Option(help="The random seed. Default: the seed of the recipe.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start again. The old run is removed.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a net. Ctrl-C saves the state after the current step; --resume continues from it.

    Example: tratteggio train pconv_dunhuang --data paintings/ -o runs/pconv
    """
    leading = os.environ.get("RANK", "0") == "0"  # of several processes under torchrun, one speaks for all
    with conversation(as_json=json, quiet=quiet or not leading) as console:
        from tratteggio import models, recipes

        chosen = [*(settings or []), *([] if seed is None else [f"seed={seed}"])]
        with console.progress(f"training {recipe}") as progress:
            weights = recipes.train(
                recipe, data, output, settings=chosen, set_aside=set_aside, only=only, features=features,
                licence=licence, resume=resume, overwrite=overwrite, device=device, workers=workers,
                progress=progress,
            )  # fmt: skip
        if leading:
            card = models.read_card(weights)
            console.result(_values(output, weights, card), _text(output, weights, card))


def _places(run: Path) -> dict[str, Path]:
    """Say where in a run's folder things are."""
    files = {"journal": "journal.jsonl", "curves": "tensorboard", "samples": "samples"}
    lists = {"learnt_from": "pictures.txt", "set_aside": "set_aside.txt", "settings": "recipe.json"}
    return {what: run / name for what, name in (files | lists).items() if (run / name).exists()}


def _values(run: Path, weights: Path, card: Card) -> dict[str, Any]:
    return {
        "weights": str(weights),
        **{what: str(place) for what, place in _places(run).items()},
        "model": card.model,
        "hours": card.hours,
        "figures": dict(card.figures),
    }


def _text(run: Path, weights: Path, card: Card) -> str:
    lines = [("weights", f"{weights} ({card.model}, {weights.stat().st_size / 1e6:.1f} MB)")]
    lines += [(what.replace("_", " "), str(place)) for what, place in _places(run).items()]
    lines += [("hours", f"{card.hours:.2f}")]
    if card.figures:
        where, ratio = ("psnr", "PSNR") if "psnr" in card.figures else ("psnr_lost", "PSNR where lost")
        figures = f"{ratio} {card.figures[where]:.2f} dB, loss {card.figures['loss']:.4g}"
        lines += [("validation", f"{figures}, on patches of the validation images")]
    if "active_units" in card.figures:
        lines += [("latent", f"{card.figures['active_units']:.0f} of its numbers depend on the image")]
    return "\n".join(f"{what:<12} {value}" for what, value in lines)
