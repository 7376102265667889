"""What a run hands on: a running mean of its weights, blended with those that it began with.

A mean is steadier than the weights, without a rate that must fall first. In fine-tuning a blend keeps what
the first weights knew.

Sources: Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging"
(doi:10.1137/0330046); the exponential form is that of Tarvainen and Valpola 2017, "Mean teachers are better
role models"; the blend is that of Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The mean of the weights of a net over the last steps, or the weights themselves if nothing is kept.

    With a blend below 1 it is mixed with the first weights.

    Args:
        net: whose weights.
        kept: how much of the mean stays at each step, 0 up to 1. At the first steps less is kept, so that
            the first weights are soon forgotten.
        blend: how far what is shown lies from the first weights, above 0 and at most 1.

    Attributes:
        mean: by name of the weight; empty if nothing is kept and nothing blended.
        first: the first weights by name; empty if nothing is blended.
    """

    def __init__(self, net: nn.Module, kept: float, blend: float = 1.0) -> None:
        self.kept, self.blend = kept, blend
        self._weights = dict(net.named_parameters()) if kept or blend < 1 else {}
        self.mean = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self.first = {name: mean.clone() for name, mean in self.mean.items()} if blend < 1 else {}

    def begin(self) -> None:
        """Take the weights as they are for the first ones."""
        for kept in (self.mean, self.first):
            for name, tensor in kept.items():
                tensor.copy_(self._weights[name].detach())

    @torch.no_grad()
    def add(self, step: int) -> None:
        """Take the weights after a step, counted from 0, into the mean."""
        if self.mean:
            kept = min(self.kept, (1 + step) / (10 + step))
            torch._foreach_lerp_(list(self.mean.values()), list(self._weights.values()), 1 - kept)

    def put(self, mean: Mapping[str, Tensor], first: Mapping[str, Tensor]) -> None:
        """Go on with a mean and first weights that were kept."""
        for kept, found in ((self.mean, mean), (self.first, first)):
            for name, tensor in found.items():
                kept[name].copy_(tensor)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Let the net have what is handed on as its weights while this is open."""
        learnt = {name: self._weights[name].data for name in self.mean}
        for name, mean in self.mean.items():
            self._weights[name].data = self._blend(name, mean)
        try:
            yield
        finally:
            for name, tensor in learnt.items():
                self._weights[name].data = tensor

    def _blend(self, name: str, mean: Tensor) -> Tensor:
        return torch.lerp(self.first[name], mean, self.blend) if self.first else mean
