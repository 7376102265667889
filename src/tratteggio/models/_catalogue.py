"""Which nets there are: the `NAMES` of every architecture file of this package, and of other packages."""

from __future__ import annotations

from functools import cache
from types import ModuleType

import torch
from torch import nn

from tratteggio import options, registry
from tratteggio.errors import BadUsage, BrokenPlugin

LONGEST = 1000  # letters of a name, options included


@cache
def _homes() -> dict[str, ModuleType]:
    # Files may hold tensors of their own, which must be real even if the first net is built without memory.
    with torch.device("cpu"):
        modules = [found for file in registry.names("models") if (found := _module(file))]
        return {name: module for module in modules for name in module.NAMES}


def _module(file: str) -> ModuleType | None:
    """Import one architecture; None if it is another package's and broken, as `tratteggio doctor` tells."""
    try:
        module = registry.load("models", file)
        with registry.usable("models", file):
            tuple(module.NAMES)
    except BrokenPlugin:
        if file not in registry.plugins("models"):
            raise
        return None
    return module


def names() -> list[str]:
    """List the nets that can be built, in alphabetical order."""
    return sorted(_homes())


def parameters(net: nn.Module) -> int:
    """Count the weights of a net or a layer, learnt ones; on the device "meta" that takes no memory.

    Example:
        A hundred filters of 10 x 10 have ten thousand, however large the picture:

        >>> parameters(nn.Conv2d(1, 100, 10, bias=False))
        10000
    """
    return sum(parameter.numel() for parameter in net.parameters())


def build(name: str) -> nn.Module:
    """Build a net by name, with first weights from torch's random numbers, in training mode, on the CPU.

    Args:
        name: one of `names()`. For nets of several modalities it may go on with these, as in
            "fp-cae:rgb=3,irr=1", see `tratteggio.models.fpcae`.

    Raises:
        UnknownName: no net has that name; the message gives the nearest and all.
        BadUsage: what the name goes on with cannot be.
    """
    if len(name) > LONGEST:
        raise BadUsage(f"the name of a net has at most {LONGEST} letters, got {len(name)}")
    homes = _homes()
    kind = options.name_of(name)
    if kind in registry.plugins("models"):  # a net is mostly called as the file that it comes from
        registry.load("models", kind)
    if kind not in homes:
        raise registry.unknown("model", name, homes)
    net: nn.Module = homes[kind].build(name)
    return net
