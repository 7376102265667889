"""Which nets there are: the `NAMES` of every architecture file of this room, and of other packages."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from torch import nn

from tratteggio import registry


@cache
def _homes() -> dict[str, ModuleType]:
    modules = [registry.load("models", file) for file in registry.names("models")]
    return {name: module for module in modules for name in module.NAMES}


def names() -> list[str]:
    """List the nets that can be built, in alphabetical order."""
    return sorted(_homes())


def build(name: str) -> nn.Module:
    """Build a net by name, with first weights from torch's random numbers, in training mode, on the CPU.

    Raises:
        UnknownName: no net has that name; the message gives the nearest and all.
    """
    homes = _homes()
    if name not in homes:
        raise registry.unknown("model", name, homes)
    net: nn.Module = homes[name].build(name)
    return net
