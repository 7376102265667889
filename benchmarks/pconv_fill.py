"""What engine pconv costs: a small image, a large painting through the command line, and the halo.

    python benchmarks/pconv_fill.py [--quick] [--weights FILE] [--data FOLDER]

1. 512 x 512, 10 % lost, through `tratteggio.inpaint`: the first call, which loads torch and weights, and the
   median of later ones (goal 0.5 s on two cores); beside it the full-width U-Net `pconv-256` in the naive
   formulation of `pconv_unet.py`, which alone takes turns with it (goal: three times as long at least).
2. 4096 x 4096, RGB of 8 bit, some 5 % lost in cracks and losses of a phantom panel, by `tratteggio inpaint`
   in a process of its own: seconds (goal 20 on two cores), peak memory above that of a process which
   has loaded engine and weights and filled nothing (goal 1.5 GiB), and what the windows cover.
3. With --data, a folder of paintings: PSNR of single lacunae filled in crops with more and less paint around
   them. This is the ground on which the engine's halo stands; random weights would say nothing.

Without --weights those that ship are taken; where none do, random ones: they cost the same.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from gigapixel import measured
from scipy import ndimage

import tratteggio as tg
from engines import cracks, discs, losses, pictures
from tratteggio import files, models, phantom
from tratteggio.engines import pconv
from tratteggio.roles import Engine
from tratteggio.windows.plan import plan

import torch  # isort: skip
from pconv_unet import costs, naive  # isort: skip

SIDE, LARGE = 512, 4096
HALOS = (8, 16, 32, 48, 64, 96, 128)
# The command line and an idle process, both with weights from a folder of our choice.
WITH_WEIGHTS = (
    "import sys; from pathlib import Path; from tratteggio.models import weights;"
    "weights.SHIPPED = Path({folder!r});"
)
COMMAND = WITH_WEIGHTS + "from tratteggio.cli.main import main; main()"
IDLE = WITH_WEIGHTS + (
    "import tratteggio.treatment, tratteggio.windows, tratteggio.files, tifffile, imagecodecs, scipy.ndimage;"
    "from tratteggio.engines import pconv; pconv.make()"
)
FIRST_CALL = WITH_WEIGHTS.replace("import sys", "import sys, numpy as np, tratteggio as tg") + (
    "grid = {side}, {side}; rng = np.random.default_rng(0);"
    "image = rng.integers(0, 256, (*grid, 3)).astype(np.uint8);"
    "tg.inpaint(image, rng.random(grid) < 0.1, engine='pconv')"
)


def weights_in(folder: Path, given: Path | None) -> str:
    """Lay weights into a folder under the name that the engine looks for, and tell whose they are."""
    target = folder / f"{pconv.WEIGHTS}.safetensors"
    if given is None and pconv.ships():
        given = models.find(pconv.WEIGHTS)
    if given is not None:
        target.write_bytes(given.read_bytes())
        return str(given)
    torch.manual_seed(0)
    card = models.Card(
        model=pconv.WEIGHTS, recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none"
    )
    models.save(models.build(pconv.WEIGHTS), target, card)
    return "random, since none ship"


def small(folder: Path, rounds: int) -> None:
    """Print the first call, later ones, and how long the naive U-Net takes beside them."""
    first, *_ = measured([sys.executable, "-c", FIRST_CALL.format(folder=str(folder), side=SIDE)])
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    lost = losses((SIDE, SIDE), 0.08, rng, sigma=8) | cracks((SIDE, SIDE), 0.02, rng)
    unet = naive(models.build("pconv-256")).eval()
    x, known = models.to_tensors(picture, lost)

    def fill() -> None:
        tg.inpaint(picture, lost, engine="pconv")

    def fill_naively() -> None:
        with torch.inference_mode():
            unet(x, known)

    ours, theirs = costs([fill, fill_naively], rounds)
    ratio = f"{theirs.wall / ours.wall:7.1f} ({theirs.core / ours.core:6.1f})"
    print(f"\n{SIDE} x {SIDE}, {lost.mean():.1%} lost, {torch.get_num_threads()} threads, s (core s)")
    print(f"  first call, from the start of Python  {first:7.3f}")
    print(f"  later calls, median                   {ours}   goal 0.5")
    print(f"  naive pconv-256, its forward alone    {theirs}")
    print(f"  ratio                                 {ratio}   goal 3", flush=True)


def large(folder: Path, side: int) -> None:
    """Print time and memory of the command line."""
    damaged = phantom.panel(side, side, seed=0, depth="uint8", cracks=0.02, losses=0.03)
    scan, mask, target = folder / "panel.tif", folder / "lost.png", folder / "proposal.tif"
    files.write(damaged.damaged.pixels, scan, metadata=damaged.damaged.metadata)
    files.write_lacunae(damaged.lacunae, mask)
    *_, idle = measured([sys.executable, "-c", IDLE.format(folder=str(folder))])
    command = [sys.executable, "-c", COMMAND.format(folder=str(folder)), "inpaint", str(scan), "--quiet"]
    command += ["--mask", str(mask), "-o", str(target), "--engine", "pconv"]
    wall, core, peak = measured(command)
    engine = pconv.make()
    windows = list(plan(damaged.lacunae, halo=engine.halo, capacity=engine.capacity).windows)
    covered = sum(window.box.rows * window.box.cols for window in windows)
    print(f"\n{side} x {side}, {damaged.lacunae.share:.2%} lost, by `tratteggio inpaint --engine pconv`")
    print(f"  s (core s)                            {wall:7.1f} ({core:6.1f})   goal 20")
    print(f"  peak above idle ({idle:.0f} MiB), MiB       {peak - idle:7.0f}            goal 1536")
    print(f"  {len(windows)} windows, which cover the painting {covered / side**2:.2f} times", flush=True)


def halos(folder: Path, count: int) -> None:
    """Print PSNR by the paint that is shown around single lacunae."""
    engine = pconv.make()
    images = pictures(folder, count, SIDE, 0)
    shapes = {f"disc {w}": (discs, w) for w in (5, 17, 41)}
    print(f"\nmean PSNR of {len(images)} paintings by halo, in pixels; lacunae of one width, one by one")
    print("| | " + " | ".join(map(str, HALOS)) + " |\n| --- |" + " --- |" * len(HALOS))
    for name, (draw, width) in shapes.items():
        cells = []
        for halo in HALOS:
            shown = replace(engine, halo=halo)
            cells.append(np.mean([_one_by_one(shown, p, draw, width, k) for k, p in enumerate(images)]))
        print(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |", flush=True)


def _one_by_one(
    engine: Engine, picture: np.ndarray, draw: Callable[..., np.ndarray], width: int, seed: int
) -> float:
    """Fill some lacunae, each as if it were the only one; PSNR over all."""
    labels, count = ndimage.label(draw(picture.shape[:2], width, np.random.default_rng(seed)))
    errors = []
    for label in range(1, min(count, 6) + 1):
        mine = labels == label
        fill = tg.inpaint(picture, mine, engine=engine)
        errors.append((fill[mine].astype(float) - picture[mine]).ravel() ** 2)
    return float(10 * np.log10(255**2 / max(np.mean(np.concatenate(errors)), 1e-9)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 rounds, and 1024 x 1024 for 4096 x 4096")
    parser.add_argument("--weights", type=Path, help="safetensors file; default: those that ship")
    parser.add_argument("--data", type=Path, help="folder of paintings, for the table of halos")
    parser.add_argument("--images", type=int, default=12, help="of that folder")
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {os.cpu_count()} CPUs, {platform.machine()}")
    with tempfile.TemporaryDirectory(prefix="pconv-fill-") as scratch:
        folder = Path(scratch)
        print(f"weights: {weights_in(folder, options.weights)}")
        models.weights.SHIPPED = folder
        small(folder, 3 if options.quick else 9)
        large(folder, 1024 if options.quick else LARGE)
        if options.data:
            halos(options.data, options.images)


if __name__ == "__main__":
    main()
