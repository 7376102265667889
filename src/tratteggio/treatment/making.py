"""Engines made by name, once for any number of paintings."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from pathlib import Path

from tratteggio import registry
from tratteggio.errors import BadUsage
from tratteggio.filters import words
from tratteggio.roles import Engine, Sampler


def make_engine(
    name: str,
    *,
    seed: int = 0,
    device: str = "auto",
    weights: str | Path | None = None,
    attributes: Sequence[str] = (),
) -> Engine:
    """Make an engine by name, for any number of paintings.

    Args:
        name: from `tratteggio.registry.names("engines")`, with options of its own if need be, as
            "patch_mrf:paste=mean".
        seed: fixes every random choice.
        device: "auto", "cpu" or "cuda".
        weights: what the engine's net goes by instead of the weights that ship, for engines that have a net.
        attributes: what the painting shows, for engines whose net has learnt to be told of that.

    Raises:
        UnknownName: no such engine or option, or an attribute that the net has not learnt.
        BadUsage: the engine cannot run on the device, or has no net that weights could serve or that is told
            of attributes.
        MissingExtra: an optional dependency is not installed, or no such weights are.
        UnreadableFile, UnsupportedFile: the weights are missing, damaged, or of another net.
    """
    name, told = words.read(name, _options)
    make = registry.load("engines", name).make
    taken = signature(make).parameters
    if weights is not None and "weights" not in taken:
        raise BadUsage(f"engine {name} has no net, so there is nothing for weights to serve; leave them out")
    if attributes and "attributes" not in taken:
        raise BadUsage(f"engine {name} is told of no attributes; leave them out, or take engine vae")
    own = (
        told
        | ({"weights": weights} if weights is not None else {})
        | ({"attributes": attributes} if attributes else {})
    )
    made: Engine = make(seed=seed, device=device, **own)
    return made


def _options(name: str) -> dict[str, words.Option]:
    return words.options(registry.load("engines", name).make, given=("seed", "device", "attributes"))


def samplers(engine: Engine, number: int) -> list[Engine]:
    """Return engines that give as many other plausible fills, in place of the one that is held for best.

    Raises:
        BadUsage: a number below 1, or an engine that knows one fill only.
    """
    if number < 1:
        raise BadUsage(f"--samples is the number of other fills, 1 or more, got {number}")
    if not isinstance(engine, Sampler):
        raise BadUsage(f"engine {engine.name} knows one fill only; for several take engine vae or patch_mrf")
    return [engine.sample(one) for one in range(1, number + 1)]
