"""How well an autoencoder brings patches back: similarity by two windows, colour, and near the edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tratteggio import files
from tratteggio.losses import grey, ssim
from tratteggio.losses.ssim import Border
from tratteggio.metrics import ciede2000, edge_distance_ssim
from tratteggio.training.patches import AS_THEY_ARE, Patches
from tratteggio.training.sources import Source
from tratteggio.training.spatial_split import split_spatially

SIDE = 32  # of a patch, in pixels
AT_ONCE = 256  # patches that go through a net together
RGB = 3  # channels


class Figures(NamedTuple):
    """How well a net brings patches back; similarities are means over patches, then over modalities.

    Attributes:
        valid: SSIM by Gaussian windows of 11 x 11 that lie wholly inside, as the objective takes them.
        same: SSIM by one around every pixel, so that edges weigh in full.
        colour: CIEDE2000, mean over all pixels of the modalities of 3 channels, read as sRGB; nan without.
        edges: SSIM of crops of 8 x 8 by distance from the edge, 0 .. 24.
        each: `valid` by modality.
    """

    valid: float
    same: float
    colour: float
    edges: list[float]
    each: dict[str, float]


def held_out(source: Source, *, count: int, seed: int) -> Tensor:
    """Cut patches from the second halves of paintings, 32 pixels away from the first: (count, C, 32, 32).

    Raises:
        BadUsage: a painting is too small to be cut.
    """
    _, aside = split_spatially(source)
    patches = Patches(aside, side=SIDE, damage="none", augment=AS_THEY_ARE, seed=seed, per_picture=None)
    return torch.from_numpy(np.stack([patches[index][0] for index in range(count)]))


def measure(net: nn.Module, patches: Tensor, modalities: Mapping[str, int]) -> Figures:
    """Let a net encode and decode patches, and compare; modalities of 3 channels in grey, as it learnt.

    Args:
        net: takes and gives patches, on whatever device.
        patches: (n, C, 32, 32) of 0 .. 1.
        modalities: channels of each by name, in the order of the channels.
    """
    device = next(net.parameters()).device
    net.eval()
    with torch.inference_mode():
        answers = torch.cat([net(part.to(device)).cpu() for part in torch.split(patches, AT_ONCE)])
        valid, same, colour, edges = {}, {}, [], []
        for name, truth, answer in _each(modalities, patches, answers):
            if truth.shape[1] == RGB:
                colour.append(_colour_error(truth, answer))
            x, y = (grey(of) if of.shape[1] == RGB else of for of in (truth, answer))
            valid[name] = _similarity(x, y, "valid")
            same[name] = _similarity(x, y, "same")
            planes = (of.flatten(0, 1).numpy() for of in (x, y))
            edges.append(edge_distance_ssim(*planes, data_range=1.0).ssim)
    return Figures(
        valid=float(np.mean(list(valid.values()))),
        same=float(np.mean(list(same.values()))),
        colour=float(np.mean(colour)) if colour else float("nan"),
        edges=[float(value) for value in np.mean(edges, axis=0)],
        each=valid,
    )


def _each(
    modalities: Mapping[str, int], truth: Tensor, answers: Tensor
) -> Iterator[tuple[str, Tensor, Tensor]]:
    channels = list(modalities.values())
    yield from zip(
        modalities, torch.split(truth, channels, dim=1), torch.split(answers, channels, dim=1), strict=True
    )


def _similarity(x: Tensor, y: Tensor, padding: Border) -> float:
    """Compare part by part: the statistics of thousands of patches at once would fill the memory."""
    parts = zip(torch.split(x, AT_ONCE), torch.split(y, AT_ONCE), strict=True)
    return float(torch.cat([ssim(*pair, padding=padding, each="picture") for pair in parts]).mean())


def _colour_error(truth: Tensor, answer: Tensor) -> float:
    labs = (files.to_lab(of.movedim(1, -1).flatten(0, 1).clamp(0, 1).numpy(), None) for of in (truth, answer))
    return float(ciede2000(*labs).mean())
