"""Which pixels of strokes teach, how much each counts, and what is learnt from them.

A stroke counts by the root of its area, so that a broad one does not drown a fine one, and all strokes of a
kind count alike. Pixels that nobody labelled, drawn by chance, count as sound as well, though less than those
of strokes and least where they look like damage: damage is rare, and a few strokes on sound paint cannot show
all that is sound.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage, special

from tratteggio.features.surroundings import WINDOW, Surroundings
from tratteggio.features.trees import COUNT, Trees, boost
from tratteggio.metrics.detection import kappa
from tratteggio.painting import Region
from tratteggio.painting.labels import KINDS

Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

MOST = 3000  # pixels of a kind that teach; more of the same strokes say little more
CLASS = 750.0  # pixels that a class counts as
ANYWHERE = 2000  # pixels that are not labelled
FIRST, SOUND = 0.1, 0.4  # that these count as sound, of a class: to the first trees, and at most then
OTHERS = 4  # windows of a large painting that these are drawn from, beside those with strokes
FOLDS, FEWER = 3, 40  # turns in which strokes are left out, and trees then


class Lesson(NamedTuple):
    """Pixels that teach.

    Attributes:
        planes: (planes, n) of the labelled ones.
        kind: (n,), index of the kind of stroke.
        fold: (n,), the turn in which its stroke is left out.
        weight: (n,), 1 for all pixels of a kind together.
        anywhere: (planes, m) of those that are not labelled.
    """

    planes: NDArray[np.uint8]
    kind: NDArray[np.int64]
    fold: NDArray[np.int64]
    weight: NDArray[np.float64]
    anywhere: NDArray[np.uint8]


def draw_lesson(codes: Codes, kinds: tuple[str, ...], around: Surroundings, *, seed: int) -> Lesson:
    """Draw the pixels that teach.

    Args:
        codes: (H, W), as in `painting.Labels`; two pixels of each kind at least.
        kinds: of strokes, in the order of their index.
        around: what the pixels look like.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    strokes = [_strokes(codes == 1 + KINDS.index(kind), rng) for kind in kinds]
    turns = min(FOLDS, *(int(number.max()) + 1 for _, number in strokes))
    places, folds, weights = [], [], []
    for where, number in strokes:
        kept = rng.permutation(len(where))[:MOST]
        weight = np.bincount(number)[number[kept]] ** -0.5
        places.append(where[kept])
        folds.append(number[kept] % turns)
        weights.append(weight / weight.sum())
    kind = np.repeat(np.arange(len(kinds)), [len(where) for where in places])
    anywhere = around.at(_draw_anywhere(codes, rng))
    return Lesson(
        around.at(np.concatenate(places)), kind, np.concatenate(folds), np.concatenate(weights), anywhere
    )


def grow(lesson: Lesson, index: int, *, seed: int, without: int | None = None, count: int = COUNT) -> Trees:
    """Grow trees that tell one kind from all others.

    A few trees are grown first, to whom pixels that nobody labelled count little. What looks like damage to
    them then counts the less as sound.

    Args:
        lesson: what teaches.
        index: of the kind.
        seed: of the trees.
        without: the turn whose strokes are left out.
        count: of trees.
    """
    shown = np.ones(len(lesson.kind), np.bool_) if without is None else lesson.fold != without
    truth, weight = lesson.kind[shown] == index, lesson.weight[shown]
    each = np.where(truth, weight[truth].sum(), weight[~truth].sum())
    free = lesson.anywhere.shape[1]
    planes = np.concatenate([lesson.planes[:, shown], lesson.anywhere], axis=1)
    damaged = np.concatenate([truth, np.zeros(free, np.bool_)])
    share = CLASS * weight / each

    def learnt(sound: NDArray[np.float64], trees: int) -> Trees:
        return boost(planes, damaged, np.concatenate([share, sound]), seed=seed, count=trees)

    even = np.full(free, CLASS / max(1, free))
    first = learnt(FIRST * even, FEWER)
    doubt = special.expit(first(lesson.anywhere))
    return learnt(SOUND * even * (1 - doubt) ** 2, count)


def agreement_left_out(lesson: Lesson, index: int, *, seed: int) -> float:
    """Return kappa on strokes that trees have not seen."""
    truth = lesson.kind == index
    told = np.zeros(len(truth), np.bool_)
    for turn in range(int(lesson.fold.max()) + 1):
        out = lesson.fold == turn
        trees = grow(lesson, index, seed=seed, without=turn, count=FEWER)
        told[out] = trees(lesson.planes[:, out]) > 0
    return float(kappa(truth[None], told[None]))


def _draw_anywhere(codes: Codes, rng: Generator) -> Places:
    """Draw pixels without labels (n, 2), from the windows with strokes and a few others."""
    grid = (codes.shape[0], codes.shape[1])
    windows = list(Region.whole(grid).cells(WINDOW, within=grid))
    chosen = [one for one in windows if codes[one.slices].any()]
    others = [one for one in windows if not codes[one.slices].any()]
    chosen += [others[number] for number in rng.permutation(len(others))[:OTHERS]]
    areas = np.array([one.rows * one.cols for one in chosen])
    which = rng.choice(len(chosen), ANYWHERE, p=areas / areas.sum())
    corners = np.array([(one.top, one.left) for one in chosen])[which]
    sides = np.array([(one.rows, one.cols) for one in chosen])[which]
    places = corners + (rng.random((ANYWHERE, 2)) * sides).astype(np.int64)
    return np.asarray(places[codes[tuple(places.T)] == 0], np.int64)


def _strokes(here: Flags, rng: Generator) -> tuple[Places, Places]:
    """Number strokes by chance -> (places (n, 2) of all their pixels, number of the stroke of each)."""
    labels, count = ndimage.label(here, np.ones((3, 3)))
    where = np.argwhere(here)
    number = labels[here].astype(np.int64) - 1
    if count == 1:  # cut in two across the longer side
        axis = int(np.ptp(where, axis=0).argmax())
        order = np.argsort(where[:, axis], kind="stable")
        number[order[len(order) // 2 :]] = 1
        count = 2
    return where, rng.permutation(count)[number]
