"""What variational autoencoders cost: an epoch of the compact form, and resuming the published one.

    python benchmarks/vae.py [--data FOLDER] [--steps 20]
    python benchmarks/vae.py --published                      8 GB of memory, 8 GB of disk, some minutes

Without --published the recipe `vae_inpainting` is trained for some steps, 32 grey images of 100 x 100 each,
on the images of FOLDER or on phantoms. Prints seconds of a step and of 2,000 images (goal: 2 minutes on
two cores), by the clock and of all cores together, medians with the first five steps left out; and what a
state to resume from weighs, optimiser included (goal: 40 MB). On a busy machine only core seconds with
OMP_NUM_THREADS=1 mean anything.

With --published the 301 million parameters are built and trained for four steps of two images, once
undisturbed, once killed with SIGKILL after the state of step 2 and resumed. Prints sizes (goal: a state is at
most twice the weights) and the SHA-256 of the weights of both; exits 1 if they differ.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import safe_open

import tratteggio  # noqa: F401  # before torch: it asks for huge pages

import torch  # isort: skip

from tratteggio import models, recipes
from tratteggio.phantom import panel

EPOCH = 2000  # images
WARM = 5  # steps
BATCH = 32
MB = 1e6
PUBLISHED = (
    "model=vae-published", "loss_options.signed=true", "loss_options.alpha=true", "loss_options.warmup=0",
    "fixed=true", "rate=1e-4", "moments=bf16", "batch=2", "steps=4", "keep_every=2",
)  # fmt: skip


def paint(folder: Path, count: int) -> Path:
    """Write phantoms as images."""
    folder.mkdir()
    for seed in range(count):
        picture = panel(128, 128, seed=seed, depth="uint8").painted.read()
        Image.fromarray(picture).save(folder / f"phantom-{seed}.png")
    return folder


def parameters(name: str) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in models.build(name).parameters())


def sizes(run: Path) -> tuple[float, float]:
    """Return MB of the weights and of the last state."""
    (state,) = (run / "state").glob("step-*.safetensors")
    return (run / "weights.safetensors").stat().st_size / MB, state.stat().st_size / MB


def compact(data: Path, run: Path, steps: int) -> None:
    marks: list[tuple[float, float]] = []

    def mark(done: int, total: int) -> None:  # noqa: ARG001
        marks.append((time.perf_counter(), time.process_time()))

    settings = [f"steps={steps}", f"batch={BATCH}", f"keep_every={steps}", f"validate_every={steps}"]
    recipes.train("vae_inpainting", data, run, settings=settings, set_aside=0, device="cpu", progress=mark)
    # The last step saves weights and state as well.
    wall, core = (statistics.median(spent[WARM:-1]) for spent in np.diff(marks, axis=0).T.tolist())
    weights, state = sizes(run)
    model = recipes.load("vae_inpainting").model
    print(f"{model}, {parameters(model):,} parameters, torch {torch.__version__}, "
          f"{torch.get_num_threads()} threads\n")  # fmt: skip
    print("| | by the clock | of all cores |\n| --- | --- | --- |")
    print(f"| s a step of {BATCH} images | {wall:.2f} | {core:.2f} |")
    print(f"| s for {EPOCH:,} images | {wall * EPOCH / BATCH:.0f} | {core * EPOCH / BATCH:.0f} |")
    print(f"\nweights {weights:.1f} MB, state with optimiser {state:.1f} MB (goal 40)")


def published(data: Path, scratch: Path) -> bool:
    """Train twice, once with a kill; returns whether the same bits came out."""

    def command(run: Path, *more: str) -> list[str]:
        tool = str(Path(sys.executable).with_name("tratteggio"))
        settings = [word for setting in PUBLISHED for word in ("--set", setting)]
        words = ["train", "vae_inpainting", "--data", str(data), "-o", str(run), "--device", "cpu", "--quiet"]
        return [tool, *words, "--set-aside", "0", *settings, *more]

    print(f"vae-published, {parameters('vae-published'):,} parameters", flush=True)
    alone, killed = scratch / "alone", scratch / "killed"
    start = time.perf_counter()
    subprocess.run(command(alone), check=True, stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    weights, state = sizes(alone)
    print(f"undisturbed: {time.perf_counter() - start:.0f} s, {peak:.1f} GiB of memory at most")
    print(f"weights {weights:.0f} MB, state {state:.0f} MB, {state / weights:.2f} times the weights (goal 2)")
    one = digest(alone)
    for file in (alone / "state").iterdir():  # room for the other run
        file.unlink()
    process = subprocess.Popen(command(killed), stdout=subprocess.DEVNULL)
    while not (killed / "state" / "step-00000002.safetensors").exists() and process.poll() is None:
        time.sleep(0.2)
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    print(
        f"killed; states there: {', '.join(file.name for file in (killed / 'state').iterdir())}", flush=True
    )
    subprocess.run(command(killed, "--resume"), check=True, stdout=subprocess.DEVNULL)
    other = digest(killed)
    print(f"undisturbed {one}\nresumed     {other}\n{'identical' if one == other else 'DIFFERENT'}")
    return one == other


def digest(run: Path) -> str:
    """Hash the weights, without the card, whose hours differ from run to run."""
    sums = hashlib.sha256()
    with safe_open(run / "weights.safetensors", framework="pt") as file:
        for name in sorted(file.keys()):
            sums.update(file.get_tensor(name).numpy().tobytes())
    return sums.hexdigest()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of images; default: phantoms")
    parser.add_argument("--steps", type=int, default=20, help="of the compact form")
    parser.add_argument("--published", action="store_true", help="kill and resume the published form")
    options = parser.parse_args()
    if options.steps < WARM + 3:
        parser.error(f"--steps is {WARM + 3} or more")
    with tempfile.TemporaryDirectory(prefix="vae-") as scratch:
        data = options.data or paint(Path(scratch) / "pictures", 16)
        if options.published:
            raise SystemExit(not published(data, Path(scratch)))
        compact(data, Path(scratch) / "run", options.steps)


if __name__ == "__main__":
    main()
