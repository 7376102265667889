"""Find later paint: places where infrared or ultraviolet do not match the visible colours.

    visible colours of the whole painting -> what they tell of irr, uvf: a robust regression, learnt here
    irr, uvf as they are, less what was predicted, over how far that is usually off -> anomaly for review

Paint of one kind looks alike in all rays. Later paint that matches the old one to the eye seldom does so in
infrared, and lies over the varnish that fluoresces, so that under ultraviolet it is too dark; what is too
bright there is no sign of it. The regression leaves out what it cannot tell, a few rounds long, so that
overpaint on less than half of the painting does not teach it. It knows colours only and no positions: one
that did would learn to predict the overpaint as well.

What is found is an anomaly, no finding: damage, a pigment of its own or a drawing under thin paint are
others. X-rays are not looked at: what they show of wood and ground no colour tells.

Ours; after Blažek et al., "Concealed layers separation in multimodal images", DSP 2017, who take from
infrared what the visible tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.damage.finding import require_finite
from tratteggio.errors import BadUsage
from tratteggio.painting import Region, Scan, Stack
from tratteggio.painting.modalities import MODALITIES
from tratteggio.roles import Trace
from tratteggio.windows.light import Light

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

GUIDES = tuple(name for name, one in MODALITIES.items() if one.later_paint)
BLUR = 1.0  # px, against noise and the last of misregistration
GATHER = 3.0  # px over which evidence is gathered
REACH = 16  # four times both
CAP = 8.0  # standard deviations that count at most: one scan alone does not decide
USUAL = 2.5  # standard deviations that stand half way to certainty
THRESHOLD = 0.5
PIECES = Trace(weak=0.8, follow=24, shortest=8)

BLOCK, BLOCKS = 64, 16  # side in pixels, and how many each way, of what the regression learns from
EVERY = 3  # pixels from one that it learns from to the next
ROUNDS = 8
TRUSTED = 2.0  # standard deviations from which a pixel teaches little
RIDGE = 1e-8  # of the variance of a term: terms may depend on each other, as colours of a grey scan do


@dataclass(frozen=True, eq=False)
class Regression:
    """What visible colours tell of one scan.

    Attributes:
        weights: (terms, channels).
        off: (channels,) how far they are usually off, as a standard deviation.
    """

    weights: Doubles
    off: Doubles


@dataclass(frozen=True, eq=False)
class Overpaint:
    """The detector. Satisfies `roles.Detector`."""

    name: str = "overpaint"
    damage: str = "overpaint"
    reads: tuple[str, ...] | None = GUIDES
    reach: int = REACH
    step: int = 1
    threshold: float = THRESHOLD
    trace: Trace = PIECES
    parameters: dict[str, Any] = field(default_factory=lambda: {"told_by": "colours and their products"})

    def prepare(self, stack: Stack) -> Mapping[str, Regression]:
        """Learn what the visible colours of this painting tell, from blocks all over it.

        Raises:
            BadUsage: there is neither infrared nor ultraviolet beside the scan.
            BadPixels: a scan holds NaN or infinite values.
        """
        guides = [name for name in GUIDES if name in set(stack) and name != stack.primary.modality]
        if not guides:
            raise BadUsage(
                f"detector overpaint compares {stack.primary.name} with an {_titles()} scan, but "
                f"there is neither {' nor '.join(f'`{name}`' for name in GUIDES)}; align one with "
                "`tratteggio.register` and give the stack"
            )
        blocks = [_sample(stack, guides, block) for block in _blocks(stack.grid)]
        terms = np.concatenate([block[0] for block in blocks])
        return {name: regress(terms, np.concatenate([block[1][name] for block in blocks])) for name in guides}

    def detect(self, window: Stack, context: Mapping[str, Regression]) -> Floats:
        """Tell how anomalous each pixel of a window is: 1/2 stands for `USUAL` deviations on an average."""
        terms = _terms(_smooth(window.primary))
        total = np.zeros(window.grid)
        for name, regression in context.items():
            beyond = (_smooth(window[name]) - terms @ regression.weights) / regression.off
            if MODALITIES[name].later_paint == "darker":
                how_far = np.maximum(-beyond, 0).mean(axis=2)
            else:
                how_far = np.sqrt((beyond * beyond).mean(axis=2))
            total += np.minimum(how_far, CAP) * window[name].read_seen()
        total = ndimage.gaussian_filter(total / len(context), GATHER, mode="nearest", truncate=4)
        strength: Floats = (total / (total + USUAL)).astype(np.float32)
        return strength


def make(
    *,
    seed: int = 0,  # noqa: ARG001  (nothing here is random)
    device: str = "auto",  # noqa: ARG001  (no GPU is needed)
) -> Overpaint:
    """Anomalies for review: where infrared or ultraviolet differ from what visible colours lead to expect.

    Args:
        seed: not used; there is nothing random.
        device: not used.
    """
    return Overpaint()


def _titles() -> str:
    return " or ".join(MODALITIES[name].title for name in GUIDES)


def regress(terms: Doubles, values: Doubles) -> Regression:
    """Regress values on terms, robust against outliers.

    Ridge regression, repeated with weights 1 / (1 + (z / `TRUSTED`)^2)^2, z being how far a sample is off in
    robust standard deviations (Geman and McClure 1985).

    Args:
        terms: (n, terms), the first of them 1.
        values: (n, channels).
    """
    weights = np.ones(len(terms))
    for _ in range(ROUNDS):
        weighed = terms * weights[:, None]
        square = weighed.T @ terms + RIDGE * weights.sum() * np.eye(terms.shape[1])
        solved = np.linalg.solve(square, weighed.T @ values)
        away = np.abs(values - terms @ solved)
        off = 1.4826 * np.median(away, axis=0) + 1e-3  # a level of 8 bit is no anomaly
        weights = 1 / (1 + ((away / off) ** 2).mean(axis=1) / TRUSTED**2) ** 2
    return Regression(solved, off)


def _terms(light: Doubles) -> Doubles:
    """Return 1, the colours, and the products of every two: (..., C) -> (..., 1 + C + C (C + 1) / 2)."""
    channels = range(light.shape[-1])
    products = [light[..., i] * light[..., j] for i, j in combinations_with_replacement(channels, 2)]
    return np.stack([np.ones(light.shape[:-1]), *(light[..., i] for i in channels), *products], axis=-1)


def _smooth(scan: Scan) -> Doubles:
    """Return the light of a scan in memory, smoothed a little: (h, w, C), 0 black .. 1 white."""
    light = Light(scan, np.dtype(np.float64))[:, :]
    smooth: Doubles = ndimage.gaussian_filter(light, (BLUR, BLUR, 0), mode="nearest", truncate=4)
    return smooth


def _blocks(grid: tuple[int, int]) -> list[Region]:
    """Spread blocks evenly over a grid; a small one is one block."""
    if max(grid) <= BLOCK * BLOCKS:
        return list(Region.whole(grid).tiles(BLOCK))
    tops, lefts = (
        np.unique(np.linspace(0, max(0, side - BLOCK), min(BLOCKS, -(-side // BLOCK))).astype(int)).tolist()
        for side in grid
    )
    whole = Region.whole(grid)
    return [Region(top, left, top + BLOCK, left + BLOCK).meet(whole) for top in tops for left in lefts]


def _sample(stack: Stack, guides: list[str], block: Region) -> tuple[Doubles, dict[str, Doubles]]:
    """Read pixels of a block that every scan shows: terms (n, terms), and by guide (n, channels)."""
    seen = block.grow(REACH, within=stack.grid)
    inner = block.relative_to(seen).slices
    window = stack.crop(seen)
    require_finite(window)
    there = np.logical_and.reduce([window[name].read_seen() for name in (window.primary.modality, *guides)])
    kept = there[inner][::EVERY, ::EVERY]
    terms = _terms(_smooth(window.primary)[inner][::EVERY, ::EVERY][kept])
    return terms, {name: _smooth(window[name])[inner][::EVERY, ::EVERY][kept] for name in guides}
