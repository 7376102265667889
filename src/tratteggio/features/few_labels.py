"""Learn from a few strokes on one painting what its damage looks like: a light head on features that are
fixed.

    strokes -> labelled pixels
      features of each: colours and their mean and spread around, in every scan; where cracks are learnt, how
      likely there are some by detector `cracks` and its mean and spread; with latents of FP-CAE, or without
      -> multinomial logistic regression with a quadratic penalty, per kind of stroke
      -> probability of each damage, calibrated (Platt), and a threshold

Whole strokes are left out by turns: what is told of them by a head that has not seen them decides whether
latents help (of paintings unlike those that the net learnt from they do not), on the penalty, on how sure an
answer may be, and on the threshold (the largest kappa). A stroke that is the only one of its kind is cut in
two. All strokes together then teach the head that is kept.

Sources: Xie, Meeus, Pižurica, BNAIC 2019 (features for paint loss with few annotations); Meeus et al., SPIE
2020 (threshold by kappa, there on the test set); Platt, "Probabilistic outputs for support vector machines",
1999.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio import files, treatment
from tratteggio.damage import LEGEND, Strengths
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.features.encoding import load_net
from tratteggio.features.heads import Calibration, Head, calibrated, fit, log_odds, threshold_by_kappa
from tratteggio.features.views import CENTRE_PX, Latents, View
from tratteggio.files.forms import Painting
from tratteggio.metrics.detection import kappa
from tratteggio.models.fitting import fitted
from tratteggio.models.fpcae import CELL
from tratteggio.names import rows_and_columns
from tratteggio.painting import Labels, Pixels, Region, Stack
from tratteggio.painting.labels import KINDS
from tratteggio.roles import Trace
from tratteggio.seeds import require_seed
from tratteggio.windows.light import Light

log = logging.getLogger("tratteggio")

Floats = NDArray[np.float32]

BLURS = (1.0, 3.0, 8.0)  # px, standard deviations of what is "around"
REACH = 32  # four times the widest
MOST = 1000  # pixels of a kind that teach; more of the same strokes say little more
FOLDS = 4
LEAST = 2  # pixels of a kind: one to learn from, one to measure on
PENALTIES = (1.0, 10.0, 100.0)
CRACK = "crack"
WITH_LATENTS, ALONE = "statistics around, latents of FP-CAE", "statistics around"
UNSURE = 0.4  # kappa on strokes left out, below which it is said that they were too few
TILE = 512  # px a side that features are computed for at a time
PIECES = Trace(weak=0.8, follow=12, shortest=3)


@dataclass(frozen=True, eq=False)
class Learnt:
    """A detector that was learnt from strokes. Satisfies `roles.Detector`.

    Attributes:
        damage: the kind of stroke that it finds.
        head: tells kinds from features.
        kinds: of strokes, in the order of the head.
        calibration: from its log odds to probabilities.
        threshold: probabilities from here on are damage.
        parameters: what it was learnt from, and how well it told strokes that it had not seen.
        latents: whether the head looks at latents.
        device: "auto", "cpu" or "cuda".
    """

    damage: str
    head: Head
    kinds: tuple[str, ...]
    calibration: Calibration
    threshold: float
    parameters: dict[str, Any]
    latents: bool = True
    device: str = "auto"
    name: str = "labels"
    reads: tuple[str, ...] | None = None
    reach: int = REACH
    step: int = 1
    trace: Trace = field(default=PIECES)

    def prepare(self, stack: Stack) -> Outputs:
        """Bring the painting before the nets that give features, as far as they are looked at.

        Raises:
            BadUsage: another painting, with other scans than those that were learnt from.
        """
        cracks = cracks_of(stack, device=self.device) if CRACK in self.kinds else None
        latents = latents_of(stack, device=self.device) if self.latents else None
        planes = sum(scan.channels for scan in stack.scans) + (cracks is not None)
        count = (1 + 2 * len(BLURS)) * planes + (latents.channels if latents else 0)
        if count != len(self.head.mean):
            raise BadUsage(
                f"this detector learnt from strokes on scans of {self.parameters['scans']}, but the painting "
                f"has {', '.join(stack)}; draw strokes on this painting too"
            )
        return Outputs(latents, cracks)

    def detect(self, window: Stack, context: Outputs) -> Floats:
        """Tell how likely damage is: a probability, (h, w) of 0 .. 1."""
        region = Region(*window.origin, window.origin[0] + window.grid[0], window.origin[1] + window.grid[1])
        scores = self.head(seen(window, context, region))
        return self.calibration(log_odds(scores, self.kinds.index(self.damage))).astype(np.float32)


def learn(
    painting: Painting,
    labels: NDArray[np.uint8] | str | Path | Labels,
    *,
    mask_orientation: str | None = None,
    seed: int = 0,
    device: str = "auto",
) -> dict[str, Learnt]:
    """Learn from strokes, in well under a minute for a painting of a megapixel.

    Args:
        painting: an array, a scan, a stack, a restoration, or what `tratteggio.open` takes.
        labels: a file as `files.read_labels` takes, labels, or their codes, (H, W) uint8: 0 nothing is said,
            1 sound paint, 2 loss, 3 crack; on the grid of the painting.
        mask_orientation: of a file: "displayed" or "stored", as for `files.read_labels`.
        seed: draws the pixels that teach where strokes have many, and the turns of the strokes.
        device: "auto", "cpu" or "cuda".

    Returns:
        a detector for each kind of damage that strokes show, "loss" and "crack", for `tratteggio.detect`.

    Raises:
        BadUsage: strokes of one kind alone, damage without sound paint or the reverse, strokes only where no
            scan shows the painting, fewer than two pixels of a kind, unknown colours, or a painting that the
            net of the features cannot take.
        GridMismatch: labels on another grid.
        UnreadableFile, UnsupportedFile: as `read_labels`.
    """
    require_seed(seed)
    stack = treatment.stack_of(painting)
    if isinstance(labels, str | Path):
        strokes = files.read_labels(labels, stack.primary, mask_orientation=mask_orientation)
    else:
        strokes = labels if isinstance(labels, Labels) else Labels(labels)
    if strokes.grid != stack.grid:
        raise GridMismatch(
            f"labels {strokes.name} have {rows_and_columns(strokes.grid)}, but the painting has "
            f"{rows_and_columns(stack.grid)}"
        )
    return _learn(stack, strokes, seed=seed, device=device)


def _learn(stack: Stack, labels: Labels, *, seed: int, device: str) -> dict[str, Learnt]:
    rng = np.random.default_rng(seed)
    codes = np.where(stack.primary.read_seen(), labels.codes, 0)
    kinds = _kinds(codes, labels, stack)
    pixels, truth, fold = _choose_pixels(codes, kinds, rng)
    latents = latents_of(stack, device=device)
    cracks = cracks_of(stack, device=device) if CRACK in kinds else None
    features = _at(stack, Outputs(latents, cracks), pixels)
    views = {WITH_LATENTS: features, ALONE: features[:, : -latents.channels]}
    scores = {
        (view, penalty): _held_out_scores(values, truth, fold, len(kinds), penalty=penalty)
        for view, values in views.items()
        for penalty in PENALTIES
    }
    chosen = max(scores, key=lambda one: kappa(truth[None] > 0, scores[one].argmax(axis=1)[None] > 0))
    view, penalty = chosen
    head = fit(views[view], truth, len(kinds), penalty=penalty)
    found = {}
    for index, kind in enumerate(kinds):
        if kind == "paint":
            continue
        odds = log_odds(scores[chosen], index)
        calibration = calibrated(odds, truth == index)
        threshold, agreement = threshold_by_kappa(calibration(odds), truth == index)
        if agreement < UNSURE:
            log.warning(
                "your %s strokes were recognised poorly in a test (kappa %.2f), so much of the "
                "result will be "
                "wrong; add more strokes of both classes where it is wrong",
                kind, agreement,
            )  # fmt: skip
        found[kind] = Learnt(
            damage=kind,
            head=head,
            kinds=kinds,
            calibration=calibration,
            threshold=threshold,
            parameters={
                "labels": Path(labels.name).name,
                "pixels": {name: int((codes == 1 + KINDS.index(name)).sum()) for name in kinds},
                "scans": ", ".join(stack),
                "features": view,
                "penalty": penalty,
                "kappa_on_strokes_left_out": round(agreement, 4),
            },
            latents=view == WITH_LATENTS,
            device=device,
        )
    return found


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


def _choose_pixels(
    codes: NDArray[np.uint8], kinds: tuple[str, ...], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Choose pixels that teach -> (places (n, 2), kind of each, turn in which its stroke is left out)."""
    places, folds = [], []
    strokes = [_strokes(codes == 1 + KINDS.index(kind), rng) for kind in kinds]
    turns = min(FOLDS, *(int(number.max()) + 1 for _, number in strokes))
    for where, number in strokes:
        kept = rng.permutation(len(where))[:MOST]
        places.append(where[kept])
        folds.append(number[kept] % turns)
    truth = np.repeat(np.arange(len(kinds)), [len(where) for where in places])
    return np.concatenate(places), truth, np.concatenate(folds)


def _strokes(
    here: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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


def _held_out_scores(
    features: Floats,
    truth: NDArray[np.int64],
    fold: NDArray[np.int64],
    kinds: int,
    *,
    penalty: float,
) -> NDArray[np.float64]:
    """Return what heads say of strokes that they have not seen: scores (n, kinds)."""
    scores = np.empty((len(truth), kinds))
    for turn in range(int(fold.max()) + 1):
        left_out = fold == turn
        head = fit(features[~left_out], truth[~left_out], kinds, penalty=penalty)
        scores[left_out] = head(features[left_out])
    return scores


def _at(stack: Stack, answers: Outputs, pixels: NDArray[np.int64]) -> Floats:
    """Return the features of some pixels, (n, features), tile by tile."""
    tiles = pixels // TILE
    found: Floats | None = None
    for tile in np.unique(tiles, axis=0):
        here = (tiles == tile).all(axis=1)
        top, left = pixels[here].min(axis=0).tolist()
        bottom, right = (pixels[here].max(axis=0) + 1).tolist()
        shown = Region(top, left, bottom, right).grow(REACH, within=stack.grid)
        values = seen(stack.crop(shown), answers, shown)
        if found is None:
            found = np.empty((len(pixels), values.shape[2]), np.float32)
        rows, cols = (pixels[here] - (shown.top, shown.left)).T
        found[here] = values[rows, cols]
    assert found is not None  # there are two kinds of strokes
    return found


# --- features ----------------------------------------------------------------------------------------


class Outputs(NamedTuple):
    """What nets tell of a whole painting; None for what is left out.

    Attributes:
        latents: of FP-CAE.
        cracks: (H, W) uint8, how likely there are some.
    """

    latents: Latents | None
    cracks: Pixels | None


def seen(window: Stack, answers: Outputs, region: Region) -> Floats:
    """Return the features of a window: (h, w, features).

    Each channel of each scan, and how likely there are cracks, each with its mean and its standard deviation
    around, at three widths; then the latents, interpolated between their middles.

    Args:
        window: in memory.
        answers: of nets, of the whole painting.
        region: where the window lies in it.
    """
    lights = [Light(scan, np.dtype(np.float32))[:, :] for scan in window.scans]
    if answers.cracks is not None:
        lights.append(answers.cracks[region.slices][..., None].astype(np.float32) / np.float32(255))
    planes = []
    for light in lights:
        planes.append(light)
        for blur in BLURS:
            across = (blur, blur, 0)
            mean = ndimage.gaussian_filter(light, across, mode="nearest", truncate=4)
            power = ndimage.gaussian_filter(light * light, across, mode="nearest", truncate=4)
            planes += [mean, np.sqrt(np.maximum(power - mean * mean, 0))]
    if answers.latents is not None:
        planes.append(_between(answers.latents, region))
    return np.concatenate(planes, axis=2)


def _between(latents: Latents, region: Region) -> Floats:
    """Interpolate latents at the pixels of a region: (h, w, 80)."""
    (first, top, down), (second, left, across) = (
        _places(begin, end, count)
        for begin, end, count in (
            (region.top, region.bottom, latents.shape[0]),
            (region.left, region.right, latents.shape[1]),
        )
    )
    coarse = latents[first, second]
    rows = coarse[top] * (1 - down)[:, None, None] + coarse[top + 1] * down[:, None, None]
    between = rows[:, left] * (1 - across)[:, None] + rows[:, left + 1] * across[:, None]
    return between.astype(np.float32, copy=False)


def _places(begin: int, end: int, count: int) -> tuple[slice, NDArray[np.int64], Floats]:
    """Tell which latents lie about pixels of an axis -> (slice of them, the one before each pixel, share)."""
    at = np.clip((np.arange(begin, end) - CENTRE_PX) / CELL, 0, max(count - 1, 0))
    before = np.minimum(at.astype(np.int64), max(count - 2, 0))
    read = slice(int(before[0]), int(before[-1]) + 2)
    return read, before - read.start, (at - before).astype(np.float32)


def cracks_of(stack: Stack, *, device: str) -> Strengths:
    """Bring a painting before detector `cracks`; what it says is computed where it is read."""
    detector, _ = treatment.make_detector("cracks", device=device)
    return Strengths(treatment.opening.select_scans(detector, stack), detector)


def latents_of(stack: Stack, *, device: str) -> Latents:
    """Bring a painting before FP-CAE, by the scans of it that the net knows.

    Raises:
        BadUsage: it knows none of them, or the painting is smaller than 32 pixels.
        UnknownName: no such device.
    """
    net, _ = load_net(None, None, device=device)
    return Latents(View(fitted(stack, net.modalities), net))
