"""Learn from a few strokes on one painting what its damage looks like.

    strokes -> labelled pixels; each stroke counts by the root of its area, each class alike
    pixels nowhere labelled, drawn by chance -> sound, less than a class as a whole: damage is rare
      what is around each (`features.surroundings`)
      -> boosted trees (`features.trees`), of each class of damage against all else
      -> probability, smoothed along what the painting shows

Whole strokes are left out by turns, and what is told of them by trees that have not seen them is reported.
All strokes together then teach the trees that are kept.

What is around each pixel is computed once: a `Learner` answers after each further stroke within seconds.

Source: He, Sun, Tang, "Guided image filtering", ECCV 2010, for the smoothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from tratteggio import files, treatment
from tratteggio.damage import LEGEND
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.features.lessons import Lesson, agreement_left_out, draw_lesson, grow
from tratteggio.features.surroundings import WINDOW, Surroundings
from tratteggio.features.trees import Trees
from tratteggio.files.forms import Painting
from tratteggio.names import rows_and_columns
from tratteggio.painting import Labels, Region, Stack
from tratteggio.roles import Trace
from tratteggio.seeds import require_seed

log = logging.getLogger("tratteggio")

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

LEAST = 2  # pixels of a kind: one to learn from, one to measure on
UNSURE = 0.4  # kappa on strokes left out, below which it is said that they were too few
THRESHOLD = 0.5
SMOOTH, EDGE = 3, 1e-3  # px to each side of the filter; variance of L* (0 .. 1) that is an edge
PIECES = Trace(weak=0.8, follow=12, shortest=3)
CELL, NEAR = 8, 24  # px a side of what is suggested to be labelled, and how far from strokes


@dataclass(frozen=True, eq=False)
class Learnt:
    """A detector that was learnt from strokes. Satisfies `roles.Detector`.

    Attributes:
        damage: the class that it finds.
        trees: tell it from all else.
        planes: names of what they look at, see `Surroundings`.
        parameters: what it was learnt from, and how well it told strokes that it had not seen.
        surroundings: of the painting that was learnt from; of another one they are computed anew.
        device: "auto", "cpu" or "cuda".
    """

    damage: str
    trees: Trees
    planes: tuple[str, ...]
    parameters: dict[str, Any]
    surroundings: Surroundings | None = None
    device: str = "auto"
    name: str = "labels"
    reads: tuple[str, ...] | None = None
    reach: int = 0  # surroundings are read from the whole painting
    step: int = 1
    threshold: float = THRESHOLD
    trace: Trace = field(default=PIECES)

    def prepare(self, stack: Stack) -> Surroundings:
        """Return what is around the pixels of a painting.

        Raises:
            BadUsage: a painting with other scans than those that were learnt from.
        """
        if self.surroundings is not None and self.surroundings.stack is stack:
            return self.surroundings
        detectors = ("cracks",) if "cracks" in self.planes else ()
        found = Surroundings(stack, detectors=detectors, device=self.device)
        if found.names != self.planes:
            raise BadUsage(
                f"this detector learnt from strokes on scans of {self.parameters['scans']}, but the painting "
                f"has {', '.join(stack)}; draw strokes on this painting too"
            )
        return found

    def detect(self, window: Stack, context: Surroundings) -> Floats:
        """Tell how likely damage is: a probability, (h, w) of 0 .. 1."""
        region = Region(*window.origin, window.origin[0] + window.grid[0], window.origin[1] + window.grid[1])
        shown = region.grow(2 * SMOOTH, within=context.stack.grid)
        planes = context[shown]
        smooth = _guided(
            np.asarray(special.expit(self.trees(planes)), np.float32),
            planes[0].astype(np.float32) / np.float32(255),
        )
        return np.clip(smooth, 0, 1)[region.relative_to(shown).slices].astype(np.float32)


class Learner:
    """Learns from strokes on one painting, again and again; what is around each pixel is computed once.

    Args:
        painting: an array, a scan, a stack, a restoration, or what `tratteggio.open` takes.
        seed: draws the pixels that teach, and the turns of the strokes.
        device: "auto", "cpu" or "cuda".

    Attributes:
        stack: the painting. Give it to `tratteggio.detect` with what was learnt: then nothing is computed
            twice.

    Example:
        >>> painting = np.full((64, 64, 3), 120, np.uint8)
        >>> painting[40:, 40:] = 230
        >>> codes = np.zeros((64, 64), np.uint8)
        >>> codes[4:8, 4:60], codes[50:54, 44:60] = 1, 2
        >>> learner = Learner(painting, device="cpu")
        >>> found = treatment.detect(learner.stack, learner.learn(codes)["loss"]).read()
        >>> bool(found[50:54, 46:58].all()), bool(found[:24].any())
        (True, False)
    """

    def __init__(self, painting: Painting, *, seed: int = 0, device: str = "auto") -> None:
        self.seed, self.device = require_seed(seed), device
        self.stack = treatment.stack_of(painting)
        self._kept: dict[tuple[str, ...], Surroundings] = {}

    def learn(
        self, labels: Codes | str | Path | Labels, *, mask_orientation: str | None = None
    ) -> dict[str, Learnt]:
        """Learn from all strokes that there are until now; arguments and errors as `learn`."""
        strokes = self._strokes(labels, mask_orientation)
        codes = np.where(self.stack.primary.read_seen(), strokes.codes, 0)
        kinds = _kinds(codes, strokes, self.stack)
        lesson = draw_lesson(codes, kinds, self._around(kinds), seed=self.seed)
        seen = Labels(codes, strokes.name)
        return {kind: self._taught(kind, kinds, lesson, seen) for kind in kinds if kind != "paint"}

    def suggest(self, learnt: Learnt, labels: Codes | Labels) -> tuple[int, int]:
        """Say where the next stroke tells most: the row and column of the place that is most unsure.

        A painting of several windows is looked through where it was learnt from.

        Args:
            learnt: from the strokes until now.
            labels: these strokes.
        """
        codes = labels.codes if isinstance(labels, Labels) else labels
        around = learnt.prepare(self.stack)
        whole = Region.whole(self.stack.grid)
        windows = [one for one in whole.cells(WINDOW, within=self.stack.grid) if codes[one.slices].any()]
        best, place = -1.0, (0, 0)
        for window in windows:
            chance = special.expit(learnt.trees(around[window]))
            unsure = ndimage.uniform_filter(1 - np.abs(2 * chance - 1), CELL, mode="constant")
            unsure[ndimage.binary_dilation(codes[window.slices] > 0, iterations=NEAR)] = 0
            row, col = np.unravel_index(int(unsure.argmax()), unsure.shape)
            if unsure[row, col] > best:
                best, place = float(unsure[row, col]), (window.top + int(row), window.left + int(col))
        return place

    def _strokes(self, labels: Codes | str | Path | Labels, mask_orientation: str | None) -> Labels:
        if isinstance(labels, str | Path):
            strokes = files.read_labels(labels, self.stack.primary, mask_orientation=mask_orientation)
        else:
            strokes = labels if isinstance(labels, Labels) else Labels(labels)
        if strokes.grid != self.stack.grid:
            raise GridMismatch(
                f"labels {strokes.name} have {rows_and_columns(strokes.grid)}, but the painting has "
                f"{rows_and_columns(self.stack.grid)}"
            )
        return strokes

    def _around(self, kinds: tuple[str, ...]) -> Surroundings:
        detectors = ("cracks",) if "crack" in kinds else ()
        if detectors not in self._kept:
            self._kept[detectors] = Surroundings(self.stack, detectors=detectors, device=self.device)
        return self._kept[detectors]

    def _taught(self, kind: str, kinds: tuple[str, ...], lesson: Lesson, strokes: Labels) -> Learnt:
        index = kinds.index(kind)
        agreement = agreement_left_out(lesson, index, seed=self.seed)
        if agreement < UNSURE:
            log.warning(
                "your %s strokes were recognised poorly in a test (kappa %.2f), so much of the "
                "result will be wrong; add more strokes of both classes where it is wrong",
                kind, agreement,
            )  # fmt: skip
        around = self._around(kinds)
        return Learnt(
            damage=kind,
            trees=grow(lesson, index, seed=self.seed),
            planes=around.names,
            parameters={
                "labels": Path(strokes.name).name,
                "pixels": {name: strokes.counts[name] for name in kinds},
                "scans": ", ".join(self.stack),
                "kappa_on_strokes_left_out": round(agreement, 4),
            },
            surroundings=around,
            device=self.device,
        )


def learn(
    painting: Painting,
    labels: Codes | str | Path | Labels,
    *,
    mask_orientation: str | None = None,
    seed: int = 0,
    device: str = "auto",
) -> dict[str, Learnt]:
    """Learn from strokes, in a few seconds for a painting of a megapixel; `Learner` learns again in a second.

    Args:
        painting: an array, a scan, a stack, a restoration, or what `tratteggio.open` takes.
        labels: a file as `files.read_labels` takes, labels, or their codes, (H, W) uint8: 0 nothing is said,
            1 sound paint, 2 loss, 3 crack; on the grid of the painting.
        mask_orientation: of a file: "displayed" or "stored", as for `files.read_labels`.
        seed: draws the pixels that teach, and the turns of the strokes.
        device: "auto", "cpu" or "cuda".

    Returns:
        a detector for each kind of damage that strokes show, "loss" and "crack", for `tratteggio.detect`.

    Raises:
        BadUsage: strokes of one kind alone, damage without sound paint or the reverse, strokes only where no
            scan shows the painting, fewer than two pixels of a kind, or unknown colours.
        GridMismatch: labels on another grid.
        UnreadableFile, UnsupportedFile: as `read_labels`.
    """
    return Learner(painting, seed=seed, device=device).learn(labels, mask_orientation=mask_orientation)


def _kinds(codes: NDArray[np.uint8], labels: Labels, stack: Stack) -> tuple[str, ...]:
    """Return the kinds of strokes that there are, sound paint first.

    Raises:
        BadUsage: there is nothing to tell apart.
    """
    counts = Labels(codes, labels.name).counts
    if not counts:
        raise BadUsage(
            f"all strokes of {labels.name} are outside the part of the painting that "
            f"{stack.primary.name} shows"
        )
    if set(counts) == {"paint"}:
        raise BadUsage(
            f"{labels.name} marks only sound paint; add {LEGEND['loss'].name} strokes on losses "
            f"or {LEGEND['crack'].name} strokes on cracks"
        )
    if "paint" not in counts:
        raise BadUsage(
            f"{labels.name} marks only {' and '.join(counts)}; add {LEGEND['paint'].name} strokes on "
            "sound paint, best where it looks similar to the damage"
        )
    few = [kind for kind, count in counts.items() if count < LEAST]
    if few:
        raise BadUsage(f"{labels.name} marks a single pixel as {few[0]}; draw more strokes of this class")
    return tuple(counts)


def _guided(chance: Floats, guide: Floats) -> Floats:
    """Smooth probabilities (h, w), but not across edges of the guide (h, w) of 0 .. 1."""

    def mean(values: NDArray[np.floating]) -> Floats:
        return np.asarray(ndimage.uniform_filter(values, 2 * SMOOTH + 1, mode="nearest"))

    middle, level = mean(guide), mean(chance)
    slope = (mean(guide * chance) - middle * level) / (mean(guide * guide) - middle * middle + EDGE)
    return mean(slope) * guide + mean(level - slope * middle)
