"""How many images a second the training loop learns from, beside a plain one, and where the time goes.

    python benchmarks/training.py [--data FOLDER] [--model pconv-256-quarter] [--side 256] [--steps 60]

FOLDER holds images (JPEG, PNG or TIFF); without it phantoms are painted and stored as JPEG. The plain loop
is what one writes first: decode an image and cut a patch of it for every item, partial convolutions with a
mask for every channel (`pconv_unet.py`), torch's own memory layout, Adam as it comes. Net, patch, batch,
damage and objective are the same. Prints seconds of a step by stage, images a second, and their ratio
(goal 1.5). The loops run one after the other, ten steps to warm up each; then medians of means over ten
steps, since some damage is costly and rare. On a busy machine only core seconds with OMP_NUM_THREADS=1 mean
anything. What a patch costs by itself is told by `patches.py`, what the net costs by `pconv_unet.py`.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

import tratteggio  # noqa: F401  # before torch: it asks for huge pages

import torch  # isort: skip
from pconv_unet import naive  # isort: skip
from torch import Tensor

from tratteggio.degradation import draw_damage, make_damage
from tratteggio.losses import Terms, mse
from tratteggio.models import build
from tratteggio.phantom import panel
from tratteggio.training.loop import TELL_EVERY, train
from tratteggio.training.patches import Patches
from tratteggio.training.recipe import Recipe
from tratteggio.training.sources import Folder, pictures

STAGES = ("decode", "cut", "damage", "forward", "backward", "step")
WARM = TELL_EVERY
Costs = dict[str, float]
"""Seconds of a step by stage; of the whole step as "all"; of all cores together as "core"."""


def objective(out: Tensor, truth: Tensor, known: Tensor) -> Terms:  # noqa: ARG001
    total = mse(out, truth)
    return Terms(total, {"mse": total.detach()})


def of_tens(steps: list[Costs]) -> Costs:
    """Take the median of means over ten steps, the first ten left out."""
    tens = [steps[k : k + WARM] for k in range(WARM, len(steps), WARM)]
    return {
        stage: statistics.median(statistics.mean(step[stage] for step in ten) for ten in tens)
        for stage in steps[0]
    }


def ours(data: Path, recipe: Recipe, run: Path) -> Costs:
    """Train by the loop of the package, and read its journal."""
    torch.manual_seed(0)
    net, patches = build(recipe.model), Patches(Folder(data), side=recipe.side, seed=0)
    marks: list[tuple[float, float]] = []

    def mark(done: int, total: int) -> None:  # noqa: ARG001
        marks.append((time.perf_counter(), time.process_time()))

    train(net, patches, objective, recipe, run, device="cpu", progress=mark)
    lines = [json.loads(line) for line in (run / "journal.jsonl").read_text("utf-8").splitlines()]
    stages = [line["stages"] for line in lines if "stages" in line for _ in range(WARM)]
    spent = [{"all": wall, "core": core} for wall, core in np.diff(marks, axis=0).tolist()]
    # A step ends where the next begins, so the first has no length; the last also saves weights and state.
    spent = [spent[0], *spent[:-1], spent[-2]]
    return of_tens([{**stage, **one} for stage, one in zip(stages, spent, strict=True)])


def plain(data: Path, recipe: Recipe) -> Costs:
    """Train by a loop without any of our means."""
    torch.manual_seed(0)
    net = naive(build(recipe.model)).train()
    optimiser = torch.optim.Adam(net.parameters(), lr=recipe.rate)
    files, rng = pictures(data), np.random.default_rng(0)
    taken: list[Costs] = []
    for _ in range(recipe.steps):
        spent: Costs = dict.fromkeys(STAGES, 0.0)

        @contextmanager
        def stage(name: str, spent: Costs = spent) -> Iterator[None]:
            start = time.perf_counter()
            yield
            spent[name] += time.perf_counter() - start

        start, core = time.perf_counter(), time.process_time()
        truths, knowns = [], []
        for _ in range(recipe.batch):
            with stage("decode"):
                picture = np.asarray(Image.open(data / files[rng.integers(len(files))]).convert("RGB"))
            with stage("cut"):
                top, left = (rng.integers(0, size - recipe.side + 1) for size in picture.shape[:2])
                patch = picture[top : top + recipe.side, left : left + recipe.side]
                truths.append(torch.from_numpy(patch.astype(np.float32) / 255).permute(2, 0, 1))
            with stage("damage"):
                lost = draw_damage(make_damage("mixed"), (recipe.side, recipe.side), rng)
                knowns.append(torch.from_numpy(~lost).float()[None])
        with stage("forward"):
            truth, known = torch.stack(truths), torch.stack(knowns)
            value = objective(net(truth * known, known), truth, known).total
        with stage("backward"):
            value.backward()
        with stage("step"):
            optimiser.step()
            optimiser.zero_grad()
        taken.append({**spent, "all": time.perf_counter() - start, "core": time.process_time() - core})
    return of_tens(taken)


def paint(folder: Path) -> None:
    for seed in range(4):
        picture = panel(1024, 1024, seed=seed, depth="uint8").painted.read()
        Image.fromarray(picture).save(folder / f"phantom-{seed}.jpg", quality=92)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of images; default: phantoms as JPEG")
    parser.add_argument("--model", default="pconv-256-quarter")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument(
        "--steps", type=int, default=60, help="of each loop, in tens; the first ten to warm up"
    )
    options = parser.parse_args()
    if options.steps % WARM or options.steps < 2 * WARM:
        parser.error(f"--steps is a multiple of {WARM}, {2 * WARM} or more")
    recipe = Recipe(
        name="benchmark",
        model=options.model,
        steps=options.steps,
        batch=options.batch,
        side=options.side,
        keep_every=options.steps,
    )
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    print(f"{options.model}, batches of {options.batch} patches of {options.side} px\n")
    with tempfile.TemporaryDirectory(prefix="training-") as scratch:
        data = options.data or Path(scratch) / "pictures"
        if not options.data:
            data.mkdir()
            paint(data)
        costs = {"ours": ours(data, recipe, Path(scratch) / "run"), "plain": plain(data, recipe)}
    columns = (*STAGES, "all", "core")
    print("| ms a step | " + " | ".join(columns) + " | images / s |")
    print("| --- |" + " --- |" * (len(columns) + 1))
    for name, cost in costs.items():
        cells = [f"{cost.get(column, 0.0) * 1000:.1f}" for column in columns]
        print(f"| {name} | " + " | ".join(cells) + f" | {options.batch / cost['all']:.2f} |")
    ratio = {column: costs["plain"][column] / costs["ours"][column] for column in ("all", "core")}
    print(f"\nratio {ratio['all']:.2f}, of core seconds {ratio['core']:.2f}; goal 1.5")


if __name__ == "__main__":
    main()
