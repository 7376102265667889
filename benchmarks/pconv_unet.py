"""What the nets that fill lacunae cost, beside the same nets in the naive formulation.

    python benchmarks/pconv_unet.py [--quick]

Naive is partial convolution as it is first written down: the mask is repeated over all channels and
convolved with a kernel of ones as large as that of the features, in torch's own memory layout. Ours counts
one mask per run of channels and keeps the channels of a pixel together (channels-last). Both have the same
weights and give the same answer, which is checked first.

Forward: 512 x 512, 20 % lost in blocks of 8 pixels. `pconv-compact` is the only form meant for two cores,
so its time also stands against the naive U-Net `pconv-256`, which it replaces. Learning: forward and
backward of a batch of 4 patches. Ours and naive take turns; the figures are medians, in
wall time and in core seconds. On a busy machine only core seconds with OMP_NUM_THREADS=1 mean anything: two
threads wait for each other at every layer. Takes five minutes on two quiet cores, --quick two.
"""

from __future__ import annotations

import argparse
import copy
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tratteggio  # noqa: F401  # before torch: it asks for huge pages

import torch  # isort: skip
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.layers import PartialConv2d, PartialUpConv2d
from tratteggio.models import build
from tratteggio.models.pconv_unet import doubled

FORMS = ["pconv-compact", "pconv-256-quarter", "pconv-256", "pconv-512"]
LEARNING = {"pconv-compact": 128, "pconv-256-quarter": 256}  # side of a patch
SIDE, BATCH = 512, 4


class Naive(nn.Module):
    """Partial convolution with a mask for every channel (Liu et al. 2018, eq. 1 and 2, taken at its word)."""

    def __init__(self, layer: PartialConv2d) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias
        self.walk = (layer.stride, layer.padding)
        self.register_buffer("ones", torch.ones_like(layer.weight))

    def forward(self, x: Tensor, known: Tensor, *, gated: bool = False) -> tuple[Tensor, Tensor]:
        mask = known.expand(-1, x.shape[1], -1, -1) if known.shape[1] == 1 else known
        with torch.no_grad():
            seen = functional.conv2d(mask, self.ones, None, *self.walk)
            answered = seen.clamp(0, 1)
            ratio = self.ones[0].numel() / (seen + 1e-8) * answered
        y = functional.conv2d(x if gated else x * mask, self.weight, None, *self.walk) * ratio
        return (y if self.bias is None else (y + self.bias.view(1, -1, 1, 1)) * answered), answered


class NaiveUp(Naive):
    """The same over features that are doubled and joined first, and their masks with them."""

    def forward(self, coarse: Tensor, small: Tensor, fine: Tensor, large: Tensor) -> tuple[Tensor, Tensor]:
        masks = [doubled(small).expand(-1, coarse.shape[1], -1, -1), large.expand(-1, fine.shape[1], -1, -1)]
        return super().forward(torch.cat([doubled(coarse), fine], 1), torch.cat(masks, 1), gated=True)


def naive(net: nn.Module) -> nn.Module:
    """Return the same net with every partial convolution in the naive formulation."""
    twin = copy.deepcopy(net)
    for module in list(twin.modules()):
        for name, child in module.named_children():
            if isinstance(child, PartialConv2d):
                setattr(module, name, (NaiveUp if isinstance(child, PartialUpConv2d) else Naive)(child))
    return twin


def damaged(batch: int, side: int) -> tuple[Tensor, Tensor]:
    blocks = (torch.rand(batch, 1, side // 8, side // 8) > 0.2).float()
    return torch.rand(batch, 3, side, side), blocks.repeat_interleave(8, 2).repeat_interleave(8, 3)


class Cost(NamedTuple):
    """Seconds of the clock and of all cores together."""

    wall: float
    core: float

    def __str__(self) -> str:
        return f"{self.wall:7.3f} ({self.core:6.3f})"


def costs(steps: Sequence[Callable[[], object]], rounds: int) -> list[Cost]:
    """Let the steps take turns; the median of each."""
    taken: list[list[Cost]] = [[] for _ in steps]
    for turn in range(rounds + 1):
        for step, of_step in zip(steps, taken, strict=True):
            wall, core = time.perf_counter(), time.process_time()
            step()
            if turn:  # the first is for warming up
                of_step.append(Cost(time.perf_counter() - wall, time.process_time() - core))
    return [Cost(*map(statistics.median, zip(*of_step, strict=True))) for of_step in taken]


def ratios(ours: Cost, theirs: Cost) -> str:
    return f"{theirs.wall / ours.wall:6.1f} ({theirs.core / ours.core:4.1f})"


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """Build a net as we run it and its naive twin."""
    torch.manual_seed(0)
    net = build(name)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d) and not layer.weight.any():
            nn.init.normal_(layer.weight, std=0.01)  # what begins at 0 would hide a difference
    return copy.deepcopy(net).to(memory_format=torch.channels_last), naive(net)


def agree(net: nn.Module, twin: nn.Module) -> float:
    """Give the largest difference of their answers, as a share of the largest answer."""
    x, known = damaged(1, 256)
    with torch.inference_mode():
        ours, theirs = net(x, known), twin(x, known)
    return float((ours - theirs).abs().max() / theirs.abs().max())


def forward(rounds: int) -> None:
    x, known = damaged(1, SIDE)
    last = x.to(memory_format=torch.channels_last)
    print(f"\n{SIDE} x {SIDE}, s (core s)  {'ours':>16} {'naive':>16} {'ratio':>13}   largest difference")
    slow: dict[str, tuple[Cost, Cost]] = {}
    for name in FORMS:
        net, twin = (side.eval() for side in pair(name))
        with torch.inference_mode():
            ours, theirs = costs([lambda n=net: n(last, known), lambda t=twin: t(x, known)], rounds)
        slow[name] = ours, theirs
        print(f"{name:21} {ours} {theirs} {ratios(ours, theirs)}   {agree(net, twin):.0e}", flush=True)
    replaced = ratios(slow["pconv-compact"][0], slow["pconv-256"][1])
    print(f"pconv-compact against the naive pconv-256: {replaced}")


def learning(rounds: int) -> None:
    print(f"\nbatch of {BATCH}, s (core s)  {'ours':>16} {'naive':>16} {'ratio':>13}   images/s")
    for name, side in LEARNING.items():
        x, known = damaged(BATCH, side)
        last = x.to(memory_format=torch.channels_last)

        def step(net: nn.Module, x: Tensor, known: Tensor = known) -> None:
            net.zero_grad()
            (net(x, known) - x).abs().mean().backward()

        net, twin = pair(name)
        ours, theirs = costs([lambda n=net, x=last: step(n, x), lambda t=twin, x=x: step(t, x)], rounds)
        speed = f"{BATCH / ours.wall:.1f} of {side} x {side}"
        print(f"{name:21} {ours} {theirs} {ratios(ours, theirs)}   {speed}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true", help="3 rounds instead of 9")
    rounds = 3 if options.parse_args().quick else 9
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    forward(rounds)
    learning(rounds)


if __name__ == "__main__":
    main()
