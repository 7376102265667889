"""A running mean of the weights of a run: steadier than the weights, without a rate that must fall first.

Source: Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging"
(doi:10.1137/0330046); the exponential form is that of Tarvainen and Valpola 2017, "Mean teachers are better
role models".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The mean of the weights of a net over the last steps, or the weights themselves if nothing is kept.

    Args:
        net: whose weights.
        kept: how much of the mean stays at each step, 0 up to 1. At the first steps less is kept, so that
            the first weights are soon forgotten.

    Attributes:
        mean: by name of the weight; empty if `kept` is 0.
    """

    def __init__(self, net: nn.Module, kept: float) -> None:
        self.kept = kept
        self._weights = dict(net.named_parameters()) if kept else {}
        self.mean = {name: weight.detach().clone() for name, weight in self._weights.items()}

    @torch.no_grad()
    def add(self, step: int) -> None:
        """Take the weights after a step, counted from 0, into the mean."""
        if self.mean:
            kept = min(self.kept, (1 + step) / (10 + step))
            torch._foreach_lerp_(list(self.mean.values()), list(self._weights.values()), 1 - kept)

    def put(self, mean: Mapping[str, Tensor]) -> None:
        """Go on with a mean that was kept."""
        for name, tensor in mean.items():
            self.mean[name].copy_(tensor)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Let the net have the mean as its weights while this is open."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for name, mean in self.mean.items():
            self.mean[name], self._weights[name].data = self._weights[name].data, mean
