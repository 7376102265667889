"""A net fitted to the painting at hand: it learns on from known paint, with damage like the painting's."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tratteggio import losses, models
from tratteggio.errors import BadUsage
from tratteggio.files import provenance
from tratteggio.models.serving import place
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.painting.pixels import Array, Lost
from tratteggio.training import loop
from tratteggio.training.adapt import OwnPaint, where_true
from tratteggio.training.recipe import Recipe, from_json, to_json
from tratteggio.treatment.opening import lacunae_of, stack_of

RECIPE = Recipe(
    name="adapt",
    model="pconv-deep",
    steps=1,
    batch=4,
    side=128,
    rate=2e-4,
    schedule="cosine",
    warmup=10,
    clip=1.0,
    loss="depth_psnr_ssim",
    keep_every=25,
)
TIMED = 3  # steps whose time tells how many fit into the minutes


def adapt(
    painting: Array | str | Path | Scan | Stack,
    lost: Lost | Lacunae | str | Path,
    run: str | Path,
    *,
    minutes: float,
    weights: str | Path = "pconv-compact",
    seed: int = 0,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Continue the training of a net that fills on one painting, and keep the weights in a folder.

    Lacunae of the shapes of the real ones are laid over known paint, and the net learns to fill them. How
    many steps fit into the minutes is measured once, at the beginning, and written down: a run that is
    stopped and resumed takes the same steps to the same weights.

    Args:
        painting, lost: as `tratteggio.inpaint` takes them.
        run: a new or empty folder, unless `resume`.
        minutes: of training on this machine, above 0.
        weights: to begin with: a file, or the name of some that ship.
        seed: of patches and shapes.
        device: "auto", "cpu" or "cuda".
        resume: continue the run in the folder; if it is complete, nothing is done again.
        overwrite: clear an older run in the folder first.
        progress: called with (steps done, steps in all).

    Returns:
        the file with the adapted weights, for `make_engine("pconv", weights=...)`.

    Raises:
        BadUsage: minutes that cannot be, a painting with too little known paint, weights of a net that does
            not fill, or a run of another painting, mask, net, seed or time.
        TratteggioError: as `tratteggio.training.loop.train` raises.

    Example:
        weights = adapt("panel.tif", "lost.png", "panel.adapt", minutes=5)
        tratteggio.inpaint("panel.tif", "lost.png", engine=make_engine("pconv", weights=weights))
    """
    if not (np.isfinite(minutes) and minutes > 0):
        raise BadUsage(f"minutes must be above 0, got {minutes:g}", option="minutes")
    scan = stack_of(painting).primary
    lacunae = lacunae_of(lost, scan)
    file, run = models.find(weights), Path(run)
    net, card = models.load(file)
    _require_filler(card.model, file)
    patches = OwnPaint(scan, lacunae, seed=seed, longest=RECIPE.side)
    manifest = {"painting.txt": _begun_with(scan, lacunae, file, minutes, seed)}
    if resume and _complete(run, manifest):
        return run / "weights.safetensors"
    chosen = replace(RECIPE, model=card.model, side=patches.side, seed=seed)
    there = run / "recipe.json"
    if resume and not there.exists():  # the run was killed before its first step
        shutil.rmtree(run / "state", ignore_errors=True)
        resume = False
    if resume:
        steps = from_json(there.read_text("utf-8"), source=str(there)).steps
    else:
        steps = _steps(net, patches, chosen, minutes=minutes, device=device)
    chosen = replace(chosen, steps=steps)
    net.requires_grad_(True)
    made = loop.train(
        net,
        patches,
        where_true(losses.build(chosen.loss)),
        chosen,
        run,
        card=_card(card, chosen, scan, file),
        manifest=manifest,
        resume=resume,
        overwrite=overwrite and not resume,
        device=device,
        progress=progress,
    )
    for state in (run / "state").iterdir():  # three times the weights, of no use to a run that is complete
        state.unlink()
    return made


def _require_filler(model: str, file: Path) -> None:
    if not model.startswith("pconv"):
        raise BadUsage(
            f"{file} holds {model}, which cannot be adapted to a painting; use weights of engine pconv"
        )


def _begun_with(scan: Scan, lacunae: Lacunae, file: Path, minutes: float, seed: int) -> str:
    """Say what a run was begun with, one fact a line: a run is resumed with the same only."""
    facts = {
        "painting": provenance.sha256_of(scan),
        "lacunae": provenance.sha256_pixels(lacunae.lost),
        "weights": models.sha256(file),
        "minutes": f"{minutes:g}",
        "seed": str(seed),
    }
    return "".join(f"{name} {value}\n" for name, value in facts.items())


def _complete(run: Path, manifest: dict[str, str]) -> bool:
    """Tell whether the folder holds the weights of this very run, finished."""
    same = all(
        (run / name).exists() and (run / name).read_text("utf-8") == manifest[name] for name in manifest
    )
    return same and (run / "weights.safetensors").exists() and not any((run / "state").iterdir())


def _steps(net: nn.Module, patches: OwnPaint, recipe: Recipe, *, minutes: float, device: str) -> int:
    """Measure how many steps fit into the minutes; the net keeps its weights."""
    there = place(device)
    net = net.to(there)
    loss = where_true(losses.build(recipe.loss))
    begun = time.perf_counter()
    for step in range(TIMED):
        if step == 1:  # the first one pays for what is made once
            begun = time.perf_counter()
        drawn = [patches[step * recipe.batch + number] for number in range(recipe.batch)]
        truth, known = (torch.from_numpy(np.stack(arrays)).to(there) for arrays in zip(*drawn, strict=True))
        layout = torch.channels_last
        terms = loss(net(truth.contiguous(memory_format=layout), known), truth, known)
        torch.autograd.grad(terms.total, [p.requires_grad_(True) for p in net.parameters()])
    seconds = (time.perf_counter() - begun) / (TIMED - 1)
    return max(1, int(60 * minutes / seconds))


def _card(card: models.Card, recipe: Recipe, scan: Scan, file: Path) -> models.Card:
    """Name the painting beside what the weights had learnt from before."""
    told = json.loads(to_json(replace(recipe, init_from=file.name)))
    return replace(
        card,
        recipe=json.dumps(told, indent=1) + "\n",
        data=(*card.data, f"then {provenance.short_name(scan.name)}"),
        licence="of the painting",
        seed=recipe.seed,
        hours=0.0,
        figures={},
    )
