"""`tratteggio models`: list the nets and the included weights, and print their cards."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tratteggio.cli.console import Console, Json, Quiet, conversation

if TYPE_CHECKING:
    from torch import nn

ACTIONS = ("list", "info")


def models(
    action: Annotated[str, typer.Argument(help="list, or info.")] = "list",
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME|FILE]", help="A net, included weights, or a file.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List nets and included weights, or describe one of them: parameters, card, hash.

    Example: tratteggio models info runs/pconv/weights.safetensors
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.registry import unknown

        if action not in ACTIONS:
            raise unknown("action of models", action, ACTIONS)
        if (action == "info") != (name is not None):
            raise BadUsage("`models info` needs the name of a net or file; `models list` takes no name")
        if name is None:
            _list(console)
        else:
            _info(console, name)


def _list(console: Console) -> None:
    from tratteggio import models as room

    nets: list[dict[str, Any]] = [
        {"name": name, "parameters": room.parameters(_build(name))} for name in room.names()
    ]
    weights = [_weights(room.find(name)) | {"name": name} for name in room.shipped()]
    width = max(len(entry["name"]) for entry in [*nets, *weights])
    lines = ["nets"]
    lines += [f"  {net['name']:<{width}}  {net['parameters'] / 1e6:6.2f} million parameters" for net in nets]
    lines += ["", "included weights"]
    lines += [
        f"  {entry['name']:<{width}}  {entry['bytes'] / 1e6:6.2f} MB, {entry['model']}, "
        f"{_data(len(entry['data']), entry['licence'])}"
        for entry in weights
    ] or ["  none"]
    console.result({"nets": nets, "weights": weights}, "\n".join(lines))


def _data(count: int, licence: str) -> str:
    if licence == "open":
        return f"trained on {count:,} openly licensed images"
    return f"trained on {count:,} images, licence {licence}"


def _info(console: Console, name: str) -> None:
    from tratteggio import models as room
    from tratteggio.registry import unknown

    if name in room.shipped():
        facts = _weights(room.find(name))
    elif Path(name).exists() or Path(name).suffix == ".safetensors":
        facts = _weights(Path(name))
    elif name in room.names():
        import inspect

        net = _build(name)
        about = inspect.getdoc(inspect.getmodule(type(net))) or ""
        facts = {"model": name, "parameters": room.parameters(net), "about": about.partition("\n")[0]}
    else:
        raise unknown("net, weights or file", name, [*room.names(), *room.shipped()])
    console.result(facts, _text(facts))


def _build(name: str) -> nn.Module:
    """Build a net without memory for its weights."""
    import torch

    from tratteggio import models as room

    with torch.device("meta"):
        return room.build(name)


def _weights(file: Path) -> dict[str, Any]:
    """Return the card of a file, and what the file itself shows."""
    from dataclasses import asdict

    from tratteggio import models as room

    card = room.read_card(file)
    return {"file": str(file), "bytes": file.stat().st_size, "sha256": room.sha256(file), **asdict(card)}


def _text(facts: dict[str, Any]) -> str:
    lines = [(key, line) for key, value in facts.items() for line in _lines(key, value)]
    return "\n".join(f"{key:<10}  {line}" for key, line in lines)


def _recipe_name(text: str) -> str:
    """Return the name of the recipe that a card holds in full; it need not be one that this version knows."""
    import json

    with contextlib.suppress(ValueError, RecursionError, LookupError, TypeError):
        return str(json.loads(text)["name"])[:100]
    return "one that cannot be read"


def _lines(key: str, value: Any) -> list[str]:
    if key == "data" and len(value) > 1:
        return [f"{len(value)} images, {value[0]} ... {value[-1]}"]
    if key == "recipe":
        return [_recipe_name(value) + " (all settings with --json)"] if "{" in value else [value]
    if isinstance(value, dict):
        return [f"{name} {figure:.4g}" for name, figure in value.items()]
    return [f"{value:.4g}" if isinstance(value, float) else str(value)]
