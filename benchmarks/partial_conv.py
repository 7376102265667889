"""What partial convolution costs beside torch's plain convolution, as ratios measured pair by pair.

    python benchmarks/partial_conv.py [--quick]

Each figure is the median over pairs (plain, partial, plain, partial, ...) of one run. A thread that has to
wait for its core holds up every pass, and a partial layer has more of them, so pairs during which other
processes took a tenth of a core are dropped where /proc tells (in brackets: pairs that count; 0: none
was quiet, and the figure is that of all). Plain means torch's layer
with a bias, in the same memory layout. "naive" is the formulation of Liu et al. written out: the mask
repeated over the channels and convolved with ones. Lacunae are squares of 8 pixels, 20 % of the area.
Goals: padding only 1.10, lacunae 1.30. Takes five minutes on two quiet cores, --quick one; up to five
times as long on busy ones.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import tratteggio  # noqa: F401  # before torch: it asks for huge pages

import torch  # isort: skip
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.layers import partial

SHAPES = [((16, 64, 64, 64), 3), ((8, 64, 128, 128), 5), ((4, 128, 64, 64), 3)]
LAYOUTS = {"first": torch.contiguous_format, "last": torch.channels_last}
Step = Callable[[], Tensor]


def naive(layer: nn.Module, x: Tensor, known: Tensor) -> Tensor:
    """Count known samples with a convolution as large as that of the features."""
    each = known.expand_as(x)
    convolve = functional.conv_transpose2d if layer.transposed else functional.conv2d
    walk = (layer.stride, layer.padding)
    with torch.no_grad():
        count = convolve(each, torch.ones_like(layer.weight), None, *walk)
        seen = (count > 0).to(x.dtype)
        ratio = count.max() / (count + 1e-8) * seen
    z = convolve(x * each, layer.weight, None, *walk)
    return (z * ratio + layer.bias.view(1, -1, 1, 1)) * seen


def learning(step: Step, layer: nn.Module, x: Tensor) -> Step:
    """Make a step forward and backward again."""
    gradient = torch.randn_like(step())
    for leaf in (x, *layer.parameters()):
        leaf.requires_grad_()

    def both() -> Tensor:
        layer.zero_grad()
        x.grad = None
        y = step()
        y.backward(gradient)
        return y

    return both


def seconds(step: Step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def others() -> float:
    """Give the core seconds that other processes have used so far; 0 where the system does not say."""
    table = Path("/proc/stat")
    if not table.exists():
        return 0.0
    user, nice, system, _, _, irq, soft, steal = map(int, table.read_text().split(maxsplit=9)[1:9])
    used = (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")
    own = resource.getrusage(resource.RUSAGE_SELF)
    return used - own.ru_utime - own.ru_stime


def ratio(plain: Step, ours: Step, budget: float) -> str:
    """Time pairs until `budget` seconds of them were quiet, or five times that -> "median (quiet pairs)"."""
    for step in (plain, ours):
        step()
    quiet: list[float] = []
    loud: list[float] = []
    end, spent = time.perf_counter() + 5 * budget, 0.0
    while spent < budget and (time.perf_counter() < end or len(quiet) + len(loud) < 5):
        pairs, before, start = [], others(), time.perf_counter()
        while not pairs or time.perf_counter() - start < 0.25:  # the clock of /proc ticks 100 times a second
            base = seconds(plain)
            pairs.append(seconds(ours) / base)
        wall = time.perf_counter() - start
        if others() - before < 0.1 * wall:
            quiet += pairs
            spent += wall
        else:
            loud += pairs
    return f"{statistics.median(quiet or loud):.2f} ({len(quiet)})"


def row(
    kind: type[nn.Module], shape: tuple[int, ...], size: tuple[int, int], layout: str, budget: float
) -> str:
    (batch, channels, side, _), (kernel, stride), memory = shape, size, LAYOUTS[layout]
    plain = kind(channels, channels, kernel, stride=stride, padding=(kernel - 1) // 2).to(
        memory_format=memory
    )
    twin = partial(plain)
    x = torch.randn(shape).contiguous(memory_format=memory)
    known = (torch.rand(batch, 1, side // 8, side // 8) > 0.2).float()
    known = functional.interpolate(known, scale_factor=8.0)
    steps: dict[str, Step] = {
        "padding": lambda: twin(x),
        "lacunae": lambda: twin(x, known)[0],
        "naive": lambda: naive(plain, x, known),
    }
    cells = [kind.__name__.removesuffix("2d"), "x".join(map(str, shape)), f"k{kernel} s{stride}", layout]
    for step in steps.values():
        with torch.no_grad():
            forward = ratio(lambda: plain(x), step, budget)
        both = ratio(learning(lambda: plain(x), plain, x), learning(step, plain, x), budget)
        for leaf in (x, *plain.parameters()):
            leaf.requires_grad_(False)
        cells += [forward, both]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="Conv2d only, fewer pairs, noisier figures")
    quick = parser.parse_args().quick
    torch.manual_seed(0)
    # A process that has once freed a large buffer keeps its memory; a fresh one gives each buffer of this
    # size back to the system and pays for it anew, more often the more buffers a layer needs.
    torch.ones(31 * 2**18).sum()
    print(
        f"{os.cpu_count()} cores ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()}), "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}\n"
    )
    modes = [f"{mode}, {way}" for mode in ("padding only", "lacunae", "naive") for way in ("fwd", "fwd+bwd")]
    print("| layer | x | kernel | channels | " + " | ".join(modes) + " |")
    print("|---" * (4 + len(modes)) + "|")
    plans = [(nn.Conv2d, shape, (kernel, 1)) for shape, kernel in SHAPES]
    if not quick:
        plans += [(nn.ConvTranspose2d, shape, (kernel, 1)) for shape, kernel in SHAPES]
        plans += [(nn.ConvTranspose2d, shape, (4, 2)) for shape, _ in SHAPES]
    for plan in plans:
        for layout in LAYOUTS:
            print(row(*plan, layout, 0.5 if quick else 2.0), flush=True)


if __name__ == "__main__":
    main()
