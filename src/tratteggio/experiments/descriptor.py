"""Figures 3 to 5 of the patch descriptor: what it takes to store, and what it finds where paint is missing.

    tratteggio reproduce descriptor --scale cpu --data DIR -o OUT     some ten minutes on one core, resumable
    tratteggio reproduce descriptor --scale gpu --data DIR -o OUT     as many queries as published, and more

After Žižakić, Ito, Meeus, Pižurica, "Autoencoder-learned local image descriptor for image inpainting", BNAIC
2019. Our nets are those that ship; the rival learns here, from the pictures that they have learnt from if DIR
holds these. All of it is measured on phantoms and, with --data, on pictures of DIR that no net has seen.

The published figures are drawn, not told, and their picture may not be passed on. What can be compared is
which descriptor finds better patches, and what is stored for each pixel.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio import models
from tratteggio.experiments import _retrieval as retrieval
from tratteggio.experiments._descriptor_findings import (
    CHEN,
    EXHAUSTIVE,
    OFF,
    PARTIAL,
    SYSTEMS,
    V32,
    V128,
    Memory,
    check_claims,
    memory_curve,
    retrieval_curve,
    tables,
)
from tratteggio.experiments._images import VALIDATION_SHARE, Levels, readable, rng_of, square
from tratteggio.experiments._report import Claim, Report, as_jpeg, write_image
from tratteggio.experiments._retrieval import SHARES, SIDE, Search
from tratteggio.experiments._rivals import Sparse, learn
from tratteggio.experiments._stages import Progress, StepCounter
from tratteggio.files.beside import beside
from tratteggio.files.untrusted import untrusted
from tratteggio.models.descriptor import CELL, describe, descriptors
from tratteggio.training.image_lists import list_images, split
from tratteggio.training.patches import AS_THEY_ARE, Patches
from tratteggio.training.sources import Folder, Phantoms, Source

TITLE = "Patch descriptor (Žižakić et al. 2019): memory, and patches found where a part is missing"

NETS = ("descriptor-v32", "descriptor-v128")


@dataclass(frozen=True)
class Scale:
    """How much is learnt and measured.

    Attributes:
        patches: that the rival learns from.
        iterations: of its training.
        phantoms: how many are searched.
        rows, cols: of a phantom, in pixels; a square is cut out of it.
        pictures: of those set aside in the folder, at most.
        side: of the square of each that is searched, in pixels.
        apart: pixels between queries.
        nearest: patches found for a query that count.
        stored: sides of the pictures whose descriptors are stored and measured.
        conclusive: whether anything can be concluded.
    """

    patches: int
    iterations: int
    phantoms: int
    rows: int
    cols: int
    pictures: int
    side: int
    apart: int
    nearest: int
    stored: tuple[int, ...]
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(
        patches=64, iterations=5, phantoms=1, rows=96, cols=80, pictures=1, side=48, apart=32, nearest=4,
        stored=(64, 96), conclusive=False,
    ),
    # 40 of 3969 candidates were published; here 10 of 961.
    "cpu": Scale(
        patches=10_000, iterations=400, phantoms=3, rows=640, cols=512, pictures=9, side=256, apart=80,
        nearest=10, stored=(128, 256, 512), conclusive=True,
    ),
    "gpu": Scale(
        patches=200_000, iterations=400, phantoms=8, rows=1280, cols=1024, pictures=33, side=512, apart=32,
        nearest=40, stored=(256, 512, 1024), conclusive=True,
    ),
}  # fmt: skip


def run(scale: str, *, data: Path | None, out: Path, seed: int, progress: Progress | None) -> Report:
    """Train the rival, search every square by every system, measure what stores take.

    The rival lies in `rival.npy`, what was found in `found/`; neither is computed again.
    """
    chosen = SCALES[scale]
    source, aside = _gather_images(data, chosen)
    nets = {name: models.load(models.find(name))[0] for name in NETS}
    bench = Bench(chosen, out, seed, nets, _rival(source, chosen, out, seed))
    subjects = {"phantoms": _squares(Phantoms(chosen.phantoms, chosen.rows, chosen.cols), chosen, seed)}
    if aside is not None:
        subjects["paintings"] = _squares(aside, chosen, seed)
    counter = StepCounter(progress, sum(map(len, subjects.values())))
    found = {name: bench.searched(name, squares, counter) for name, squares in subjects.items()}
    stored = [bench.stored(side) for side in chosen.stored]
    phantom = next(iter(subjects["phantoms"].values()))
    write_image(as_jpeg(rows(bench.searches(phantom), phantom, seed)), out / "rows.jpg")
    write_image(memory_curve().encode(), out / "memory.svg")
    for name, misfits in found.items():
        write_image(retrieval_curve(misfits, name).encode(), out / f"retrieval-{name}.svg")
    return Report(
        setting=_setting(chosen, subjects, source),
        tables=tables(stored, found),
        claims=[*check_claims(stored, found, conclusive=chosen.conclusive), _INPAINTING],
        notes=[*_NOTES, *_learnt_from(subjects)],
        pictures={
            "memory.svg": "Figure 3: what descriptors of all patches take, by the side of a square picture",
            **{f"retrieval-{name}.svg": f"Figure 4 on {name}: median and quartiles" for name in found},
            "rows.jpg": "Figure 5 on a phantom. For each query, whole and with what is missing in cyan, the "
            f"eight nearest patches by {'; '.join(SHOWN)}; one row each",
        },
    )


# --- pictures and nets -------------------------------------------------------------------------------


def _gather_images(data: Path | None, scale: Scale) -> tuple[Source, Folder | None]:
    """Choose what the rival learns from, and the pictures set aside; phantoms, and none, without a folder."""
    if data is None:
        return Phantoms(scale.phantoms, scale.rows, scale.cols, first_seed=1000), None
    learnt, aside = split(list_images(data), share=VALIDATION_SHARE)
    return readable(data, learnt), readable(data, aside[: scale.pictures])


def _squares(source: Source, scale: Scale, seed: int) -> dict[str, Levels]:
    names = [source.name(number) for number in range(len(source))]
    return {
        name: square(source.read(number), scale.side, rng_of(seed, name, "square"))
        for number, name in enumerate(names)
    }


def _rival(source: Source, scale: Scale, out: Path, seed: int) -> Sparse:
    """Return the rival, trained now or in an earlier sitting."""
    file = out / "rival.npy"
    if not file.exists():
        cut = Patches(source, side=SIDE, damage="none", augment=AS_THEY_ARE, seed=seed, per_picture=None)
        patches = np.stack([cut[index][0].transpose(1, 2, 0).ravel() for index in range(scale.patches)])
        _keep(file, learn(patches, seed=seed, iterations=scale.iterations).flat())
    with untrusted(file, what="state of an experiment", remedy="remove it, then go on"):
        return Sparse.of(np.load(file), samples=SIDE * SIDE * 3)


def _keep(file: Path, array: NDArray[Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    with beside([file]) as (temporary,), temporary.open("wb") as stream:
        np.save(stream, array)


def _learnt_from(subjects: Mapping[str, Mapping[str, Levels]]) -> list[str]:
    """Warn if our nets have learnt from pictures that they are measured on."""
    learnt = {Path(n).name for name in NETS for n in models.read_card(models.find(name)).data}
    seen = [name for squares in subjects.values() for name in squares if Path(name).name in learnt]
    names = ", ".join(seen)
    return [f"Our nets have learnt from {names}, so that their figures flatter them."] if seen else []


# --- searching and storing ---------------------------------------------------------------------------


class Bench(NamedTuple):
    """Where systems are compared.

    Attributes:
        scale: how much.
        out: folder of the experiment.
        seed: of what is missing.
        nets: ours, by name.
        rival: of Chen et al.
    """

    scale: Scale
    out: Path
    seed: int
    nets: Mapping[str, Any]
    rival: Sparse

    def searches(self, image: Levels) -> list[Search]:
        """Prepare the systems for a picture, in the order of `SYSTEMS`."""
        return [
            *(retrieval.patch_by_patch(self.nets[name], image) for name in NETS),
            retrieval.by_rival(self.rival, image),
            retrieval.by_pixels(image),
            *(retrieval.patch_by_patch(self.nets[name], image, partial=True) for name in NETS),
            *(retrieval.read_off(self.nets[name], image) for name in NETS),
        ]

    def searched(
        self, subject: str, squares: Mapping[str, Levels], counter: StepCounter
    ) -> NDArray[np.float32]:
        """Search all squares, but those that were searched in an earlier sitting.

        Returns:
            (systems, shares, queries of all squares, nearest), see `retrieval.measured`.
        """
        weights = "-".join(models.sha256(models.find(name))[:8] for name in NETS)
        found = []
        for number, (name, image) in enumerate(squares.items()):
            kept = self.out / "found" / f"{subject}-{number}-{weights}.npy"
            if not kept.exists():
                misfits = retrieval.measured(
                    self.searches(image), image, name,
                    apart=self.scale.apart, seed=self.seed, count=self.scale.nearest,
                )  # fmt: skip
                _keep(kept, misfits)
            with untrusted(kept, what="state of an experiment", remedy="remove it, then go on"):
                found.append(np.load(kept))
            counter.add(1)
        return np.concatenate(found, axis=2)

    def stored(self, side: int) -> Memory:
        """Store the descriptors of all patches of a random picture, and trace what that takes."""
        image = np.random.default_rng(self.seed).integers(0, 256, (side, side, 3), np.uint8)
        whole = np.zeros((side, side), np.bool_)
        floats = {CHEN: _floats(partial(_all_of, self.rival, image))}
        for off, one_by_one, name in zip(OFF, (V32, V128), NETS, strict=True):
            maxima = partial(describe, self.nets[name], image, whole)
            floats[off] = _floats(maxima)
            floats[one_by_one] = _floats(partial(_each, maxima))
        return Memory(side, floats)


def _floats(make: Callable[[], object]) -> float:
    """Count the 32-bit numbers that something holds once it is made."""
    tracemalloc.start()
    made = make()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return held / 4


def _all_of(rival: Sparse, image: Levels) -> NDArray[Any]:
    """Describe every patch by the rival, row after row."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (SIDE, SIDE), axis=(0, 1))
    rows, cols = windows.shape[:2]
    answers = np.empty((rows, cols, len(rival.inner)), np.float32)
    for row, patches in zip(answers, windows, strict=True):
        row[:] = rival.describe((patches.transpose(0, 2, 3, 1).reshape(cols, -1) / 255).astype(np.float32))
    return answers


def _each(maxima: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Keep the descriptor of every patch by itself."""
    store = maxima()
    rows, cols = (length - SIDE + CELL for length in store.shape[:2])
    return descriptors(store, np.argwhere(np.ones((rows, cols), np.bool_)))


# --- figure 5 ----------------------------------------------------------------------------------------

SHOWN = (V128, CHEN, EXHAUSTIVE, PARTIAL[1], OFF[1])
CYAN = np.array([0, 255, 255], np.uint8)
ENLARGED, GAP, FOUND, QUERIES = 3, 4, 8, 3


def rows(searches: Sequence[Search], image: Levels, seed: int) -> Levels:
    """Lay out what systems find for three queries, as figure 5 does: uint8 (h, w, 3)."""
    places = retrieval.queries(image, SIDE)
    picked = [places[k * len(places) // QUERIES + len(places) // (2 * QUERIES)] for k in range(QUERIES)]
    lines = []
    for number, (top, left) in enumerate(picked):
        lost = retrieval.missing("rows", number, 0.4, seed=seed)
        patch = image[top : top + SIDE, left : left + SIDE]
        for system in SHOWN:
            found = retrieval.nearest(searches[SYSTEMS.index(system)], top, left, lost, FOUND)
            broken = np.where(lost[..., None], CYAN, patch)
            shown = [patch, broken, *(image[r : r + SIDE, c : c + SIDE] for r, c in found)]
            lines.append(np.concatenate([_frame(part) for part in shown], axis=1))
        lines.append(np.full((GAP * 2, lines[-1].shape[1], 3), 255, np.uint8))
    return np.concatenate(lines[:-1])


def _frame(patch: Levels) -> Levels:
    large = patch.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    return np.pad(large, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


# --- what is told ------------------------------------------------------------------------------------


def _setting(scale: Scale, subjects: Mapping[str, Mapping[str, Levels]], source: Source) -> str:
    sizes = ", ".join(f"{name}: {len(squares)}" for name, squares in subjects.items())
    queries = len(range(0, scale.side - SIDE + 1, scale.apart)) ** 2
    candidates = len(range(0, scale.side - SIDE + 1, retrieval.STRIDE)) ** 2
    what = "phantoms" if isinstance(source, Phantoms) else "pictures"
    return (
        f"Squares of {scale.side} x {scale.side} pixels ({sizes}). In each, {queries} patches of 16 x 16 are "
        f"looked for among {candidates}, 8 pixels apart, with {SHARES[0]:.0%} to {SHARES[-1]:.0%} of them "
        f"missing: spots, a side or a corner. What counts is how far the {scale.nearest} nearest are from "
        "the query, missing part and all. Our nets are those that ship, see their cards; the rival learns in "
        f"{scale.iterations} iterations from {scale.patches:,} patches of {what} ({len(source)})."
    )


_INPAINTING = Claim(
    "Inpainting of a whole panel, where comparing pixels ran out of memory",
    "not attempted",
    "That is for the experiment on fills by patches.",
)
_NOTES = (
    "The published figure shows sums of squared differences; the root of their mean over the 768 samples "
    "of a patch puts them in the same order, in levels of 255.",
    "The rival and the nets patch by patch see black where the query is missing, in all candidates as well; "
    "the search over pixels leaves it out.",
    "What is read off has seen 3 pixels around the patch, which do not count when it is judged, and can tell "
    "less of what lies within 3 pixels of a missing part. That costs it what the patch alone does not pay.",
    "Exhaustive search minimises over known pixels what is then measured over all: where nothing is missing "
    "nothing can be better, and a descriptor overtakes it only if it tells more of what is missing than the "
    "known pixels do. The first author's code asks 25 queries of one photograph.",
)
