"""Teach the judge that tells cracks from drawn lines (`detectors/_contours.py`).

    python benchmarks/judge.py --data DATA -o src/tratteggio/weights/crack-contours.json

Places on lines, as detector `cracks` finds them without a judge, teach a net of one hidden layer:

    no cracks   hard negatives of class `open`, and places of other open paintings, some with lines drawn in
    cracks      photographs of class `open` with masks, phantoms, and networks laid over open paintings

Only the part that is not kept back (`beds.py`) is seen. Each source counts as `SHARES` says, each picture of
it alike. How well it tells pictures that it has not seen is printed, by groups of pictures left out in turn.
Minutes on one core, most of them for the strengths; STRENGTHS keeps these.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import beds
import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import nn
from torch.nn import functional

from tratteggio.damage import Strengths
from tratteggio.detectors import _contours, cracks
from tratteggio.painting import Scan, Stack
from tratteggio.training import cracked

OPEN = ("cn_", "se_", "steven_", "openacc_")
# Worn silk, a photograph of a showcase, and paintings whose real cracks show.
LEFT_OUT = ("malevich", "mona-lisa", "huang-gongwang-fuchun", "renwu")
SHARES = {
    "drawn": 0.35, "painted": 0.25, "places": 0.15,
    "craquelure": 0.2, "montage": 0.25, "tile": 0.1, "concrete": 0.25, "phantoms": 0.1, "laid": 0.15,
}  # fmt: skip
MOST = {"craquelure": 12_000, "phantoms": 1500, "places": 1500, "laid": 2500}
OTHERWISE = 4000  # places of a picture
PANELS, PLACES, SIDE = range(9000, 9010), 18, 448
RIGHT_PX, WRONG_PX = 2, 4  # nearer to a crack a place is in it; farther it is not; between nothing is said
UNITS, STEPS, BATCH, RATE, DECAY, NOISE = 40, 1500, 2048, 1e-2, 0.01, 0.05
TURNS = 4


class Taught(NamedTuple):
    """Places of one picture."""

    source: str
    told: np.ndarray
    crack: np.ndarray


class Teacher:
    """Brings places on lines, with what they are.

    Args:
        data: folder of `paintings/` and `cracks/`.
        keep: folder of strengths, or None.
        seed: chooses places and draws cracks.
    """

    def __init__(self, data: Path, keep: Path | None, seed: int) -> None:
        self.data, self.keep, self.seed = data, keep, seed
        self.lines = cracks.make(device="cpu", judge=False)
        self.rng = np.random.default_rng(seed)
        if keep:
            keep.mkdir(parents=True, exist_ok=True)

    def pictures(self) -> Iterator[Taught]:
        """Bring all pictures that teach."""
        for kind in ("drawn", "painted"):
            for bed in beds.negatives(self.data, kind):
                if not bed.kept_back and bed.name.startswith(OPEN):
                    yield self._taught(kind, bed.name, bed.pixels, None)
        for kind in ("craquelure", "montage", "tile", "concrete"):
            for bed in beds.cracked(self.data, kind):
                if not bed.kept_back:
                    yield self._taught(kind, bed.name, bed.pixels, bed.damaged["crack"])
        for seed in PANELS:
            panel = cracked.painted(seed)
            yield self._taught("phantoms", f"panel_{seed}", panel["rgb_during"], panel["cracks"] > 0)
        yield from self._places()

    def _places(self) -> Iterator[Taught]:
        """Cut places of open paintings, as they are and with a network laid over them."""
        listed = {name for kind in ("drawn", "painted", "portraits") for name in beds.listed()[kind]}
        names = [
            file.name
            for file in sorted((self.data / "paintings").iterdir())
            if file.name.startswith(OPEN) and file.name not in listed and not beds.kept_back(file.name)
            and not any(mark in file.name for mark in LEFT_OUT)
        ]  # fmt: skip
        np.random.default_rng(self.seed).shuffle(names)
        for number, name in enumerate(names[:PLACES]):
            rng = np.random.default_rng([self.seed, number])
            pixels = np.asarray(Image.open(self.data / "paintings" / name).convert("RGB"))
            top, left = (int(rng.integers(0, max(1, side - SIDE))) for side in pixels.shape[:2])
            cut = pixels[top : top + SIDE, left : left + SIDE]
            yield self._taught("places", f"place_{name}", cut, None)
            if cut.shape[:2] != (SIDE, SIDE):
                continue
            ground = cut.astype(np.float32) / 255
            ground = cracked.drawn(ground, rng) if rng.random() < 0.4 else ground
            cover = cracked.network(SIDE, rng)
            seen = np.asarray(cracked.taken(cracked.laid(ground, cover, rng), rng))
            levels = seen if seen.dtype == np.uint8 else np.rint(np.clip(seen, 0, 1) * 255).astype(np.uint8)
            yield self._taught("laid", f"laid_{name}", levels, cover >= cracked.LEAST)

    def _taught(self, source: str, name: str, pixels: np.ndarray, truth: np.ndarray | None) -> Taught:
        levels = self._strengths(name, pixels).astype(np.float32) / 255
        three = pixels if pixels.ndim == 3 else pixels[..., None]
        here = _contours.places(levels)
        crack = np.zeros(int(here.sum()), np.int8)
        if truth is not None:
            far = np.full(truth.shape, np.inf)
            away = (ndimage.distance_transform_edt(~truth) if truth.any() else far)[here]
            crack = np.where(away <= RIGHT_PX, 1, np.where(away > WRONG_PX, 0, -1)).astype(np.int8)
        told = _contours.features(three.astype(np.float32) / 255, levels)
        chosen = self.rng.permutation(crack.size)[: MOST.get(source, OTHERWISE)]
        chosen = chosen[crack[chosen] >= 0]
        return Taught(source, told[chosen], crack[chosen])

    def _strengths(self, name: str, pixels: np.ndarray) -> np.ndarray:
        strengths = Strengths(Stack((Scan(pixels),)), self.lines)
        if self.keep is None:
            return strengths[:, :]
        file = self.keep / f"lines_{name}.npy"
        if not file.exists():
            np.save(file, strengths[:, :])
        return np.load(file)


class Lesson(NamedTuple):
    """All places: scaled features (n, f), what they are, how much each counts, and of which picture."""

    told: torch.Tensor
    crack: torch.Tensor
    weight: np.ndarray
    picture: np.ndarray
    source: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


def lesson(pictures: list[Taught]) -> Lesson:
    """Put pictures together."""
    pictures = [one for one in pictures if one.crack.size]
    counts = {kind: sum(one.source == kind for one in pictures) for kind in SHARES}
    weight = np.concatenate(
        [
            np.full(one.crack.size, SHARES[one.source] / counts[one.source] / one.crack.size)
            for one in pictures
        ]
    )
    told = np.concatenate([one.told for one in pictures])
    mean = np.average(told, axis=0, weights=weight)
    spread = np.sqrt(np.average((told - mean) ** 2, axis=0, weights=weight)) + 1e-4
    scaled = np.clip((told - mean) / spread, -4, 4).astype(np.float32)
    crack = np.concatenate([one.crack for one in pictures]).astype(np.float32)
    picture = np.concatenate([np.full(one.crack.size, number) for number, one in enumerate(pictures)])
    source = np.concatenate([np.full(one.crack.size, one.source) for one in pictures])
    return Lesson(torch.from_numpy(scaled), torch.from_numpy(crack), weight, picture, source, mean, spread)


def teach(all_of: Lesson, rows: np.ndarray, seed: int) -> nn.Sequential:
    """Teach a net on some places, drawn by their weights."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(all_of.told.shape[1], UNITS), nn.Tanh(), nn.Linear(UNITS, 1))
    chance = all_of.weight[rows] / all_of.weight[rows].sum()
    drawn = rows[np.random.default_rng(seed).choice(len(rows), (STEPS, BATCH), p=chance)]
    steps = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(steps, RATE, total_steps=STEPS)
    for batch in drawn:
        seen = all_of.told[batch]
        odds = net(seen + NOISE * torch.randn_like(seen))[:, 0]
        loss = functional.binary_cross_entropy_with_logits(odds, all_of.crack[batch])
        steps.zero_grad()
        loss.backward()
        steps.step()
        pace.step()
    return net


def report(all_of: Lesson, seed: int) -> None:
    """Print what heads say of pictures left out: share of places held for cracks, of cracks and of others."""
    turn = np.random.default_rng(seed).integers(0, TURNS, int(all_of.picture.max()) + 1)[all_of.picture]
    told = np.zeros(len(turn), np.float32)
    for number in range(TURNS):
        net = teach(all_of, np.flatnonzero(turn != number), seed)
        with torch.inference_mode():
            told[turn == number] = torch.sigmoid(net(all_of.told[turn == number])[:, 0]).numpy()
    print("| source | cracks from 0.5 | others | cracks from 0.8 | others |")
    print("| --- | --- | --- | --- | --- |")
    for kind in SHARES:
        mine, crack = all_of.source == kind, all_of.crack.numpy() > 0
        cells = []
        for least in (0.5, 0.8):
            for what in (crack, ~crack):
                here = told[mine & what]
                cells.append(f"{(here >= least).mean():.1%}" if here.size else "-")
        print(f"| {kind} |", " | ".join(cells), "|")


def lists(all_of: Lesson, net: nn.Sequential) -> dict[str, Any]:
    """Turn a net into lists of numbers of four digits, as `_contours.judge_of` takes them."""

    def digits(array: Any) -> Any:
        return [digits(one) for one in array] if np.ndim(array) else float(f"{float(array):.4g}")

    first, last = net[0], net[2]
    return {
        "mean": digits(all_of.mean),
        "spread": digits(all_of.spread),
        "hidden": digits(first.weight.detach().numpy().T),
        "add": digits(first.bias.detach().numpy()),
        "out": digits(last.weight.detach().numpy()[0]),
        "bias": digits(last.bias.detach().numpy()[0]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    all_of = lesson(list(Teacher(options.data, options.keep, options.seed).pictures()))
    print(f"{len(all_of.crack)} places of {int(all_of.picture.max()) + 1} pictures\n")
    report(all_of, options.seed)
    net = teach(all_of, np.arange(len(all_of.crack)), options.seed)
    options.output.write_text(json.dumps(lists(all_of, net), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
