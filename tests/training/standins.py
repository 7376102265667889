"""Stand-ins that are small enough to train in a second: a net, patches, a loss."""

import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tratteggio.errors import UnreadableFile
from tratteggio.losses.terms import Terms
from tratteggio.training.recipe import Recipe

Array = NDArray[np.float32]


class TinyNet(nn.Module):
    """Two layers; `noisy` adds what makes a resume hard: running statistics and random numbers."""

    def __init__(self, *, width: int = 8, noisy: bool = False) -> None:
        super().__init__()
        between = [nn.BatchNorm2d(width), nn.Dropout(0.2)] if noisy else []
        self.layers = nn.Sequential(
            nn.Conv2d(4, width, 3, padding=1), *between, nn.ReLU(), nn.Conv2d(width, 3, 3, padding=1)
        )

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        return self.layers(torch.cat([x, known], dim=1))


def tiny_net(*, width: int = 8, noisy: bool = False) -> TinyNet:
    torch.manual_seed(3)
    return TinyNet(width=width, noisy=noisy)


@dataclass
class Waves:
    """Patch i is a wave whose length and direction follow from i; a square in it is lost.

    Attributes:
        side: of a patch, in pixels.
        broken: patch that cannot be read.
        infinite: patch that holds infinity.
        unreadable: pictures that were left out.
        seconds: as a sequence may count them.
    """

    side: int = 16
    broken: int = -1
    infinite: int = -1
    unreadable: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=lambda: {"decode": 0.0, "damage": 0.0})

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        if index == self.broken:
            raise UnreadableFile(f"wave {index} cannot be read")
        rows, cols = np.mgrid[: self.side, : self.side]
        wave = 0.5 + 0.5 * np.sin((index % 7 + 1) * rows / 5 + (index % 3) * cols / 4)
        truth = np.stack([wave, 1 - wave, wave * wave]).astype(np.float32)
        if index == self.infinite:
            truth[:, 0, 0] = np.inf
        known = np.ones((1, self.side, self.side), np.float32)
        corner = index % (self.side // 2)
        known[:, corner : corner + 5, corner : corner + 5] = 0
        self.seconds["decode"] += 0.002
        self.seconds["damage"] += 0.001
        return truth, known


@contextmanager
def disk() -> Iterator[Callable[[int], None]]:
    """Give a function after whose call no file can grow beyond a size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def squared(out: Tensor, truth: Tensor, known: Tensor) -> Terms:
    error = (out - truth).square().mean()
    return Terms(
        error, {"mse": error.detach(), "lost": ((out - truth).square() * (1 - known)).mean().detach()}
    )


def recipe(**choices: Any) -> Recipe:
    small: Mapping[str, Any] = {
        "name": "waves", "model": "tiny", "steps": 20, "batch": 4, "side": 16, "rate": 0.01,
        "keep_every": 5, "validate_every": 10,
    }  # fmt: skip
    return Recipe(**{**small, **choices})
