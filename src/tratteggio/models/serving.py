"""Nets made ready to serve: their weights found and checked, on the device that was asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from tratteggio import registry
from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.models.weights import Card, find, load, sha256
from tratteggio.options import name_of

DEVICES = ("auto", "cpu", "cuda")


class Loaded(NamedTuple):
    """A net ready to serve.

    Attributes:
        net: on its device.
        parameters: which weights, for the history.
    """

    net: nn.Module
    parameters: dict[str, Any]


def resolve_device(device: str) -> str:
    """Choose where a net works: "cpu" or "cuda".

    Args:
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".

    Raises:
        UnknownName: no such device.
        BadUsage: torch can use no GPU here.
    """
    if device not in DEVICES:
        raise registry.unknown("device", device, DEVICES)
    if device == "cuda" and not torch.cuda.is_available():
        raise BadUsage("there is no cuda device that torch can use here; use 'cpu' or 'auto'")
    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


def loaded(asking: str, *, weights: str | Path, homes: Sequence[str], device: str) -> Loaded:
    """Load weights and bring them to a device.

    Args:
        asking: who asks, for messages, as "engine pconv".
        weights: a safetensors file that `tratteggio train` wrote, or the name of weights that came with this
            installation.
        homes: files of `models/` whose nets it takes.
        device: as for `resolve_device`.

    Raises:
        UnknownName, BadUsage: as `resolve_device`.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another net.
    """
    there = resolve_device(device)
    file = find(weights)
    net, card = load(file)
    taken = [name for home in homes for name in registry.load("models", home).NAMES]
    if name_of(card.model) not in taken:
        raise UnsupportedFile(
            f"{file} holds weights of {card.model!r}, but {asking} takes those of {', '.join(taken)}"
        )
    net = net.to(there).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stubs
    parameters = {"weights": file.stem, "weights_sha256": sha256(file), "model": card.model}
    return Loaded(net, parameters | _adapted(card))


def _adapted(card: Card) -> dict[str, Any]:
    """Say for the history how weights were fitted to one painting, if they were (`recipes.adapt`)."""
    try:
        recipe = json.loads(card.recipe)
    except ValueError:  # a card may name its recipe alone
        return {}
    if not isinstance(recipe, dict) or recipe.get("name") != "adapt":
        return {}
    adapted = {"from": recipe["init_from"], "steps": recipe["steps"], "minutes": round(60 * card.hours, 2)}
    return {"adapted": adapted}
