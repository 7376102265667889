"""Cracks beside drawn lines: what places on lines look like, and a judge that tells one from the other.

    light and strengths -> places that may be cracks
      of the line       width and contrast, how even both are along it, how it bends, how dark it is
      its colour        whether all channels darken by one share, as in shadow, or one more, as by pigment
      both sides        whether they are the same paint, or the line bounds two
      around            how many lines, in how many directions, edges, grain and colours
      -> each as it is, and as the mean along the lines near by -> a small net: probability

A crack darkens all paint alike, runs on through borders of colour, and comes with others in a net on paint
that is otherwise calm. A contour bounds two colours, or has a colour of its own, and lies among others of
many widths. None of this is sure, so it is learnt (`benchmarks/judge.py`).

Source: the list follows what conservators say tells them apart (Bucklow, "The description of craquelure
patterns", Studies in Conservation 42, 1997; Cornelis et al., Signal Processing 93, 2013, section 3.2, which
drops eyelashes and contours by hue, and by size, elongation and direction of pieces); measures are ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting.pixels import COLOURS, LUMA

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

WEIGHTS = "crack-contours.json"
SCALES = (1.0, 2.0, 4.0)  # px, standard deviations: lines from some 2 to 12 pixels wide
NEAR, FAR, WIDE = 5, 15, 31  # px to each side of what is around
ALONG = 8  # px to each side that a feature is averaged over along lines
REACH = WIDE + ALONG + 9  # px about a place that its features depend on: 9 by smoothing at the finest scales
LEAST = 0.3  # strengths below are not looked at
DARKEST = np.float32(0.04)  # light that shares are taken of is not below


def places(strength: Floats) -> Flags:
    """Return which places are looked at: (h, w) bool."""
    return strength >= LEAST


def features(light: Floats, strength: Floats) -> Floats:
    """Describe the places on lines.

    Args:
        light: (h, w, 3) or (h, w, 1), 0 .. 1.
        strength: (h, w), 0 .. 1: how likely a crack is, as far as a detector of lines can tell.

    Returns:
        (n, features) of the places of `places`, row by row.
    """
    if light.shape[2] != COLOURS:
        light = np.repeat(light[..., :1], COLOURS, axis=2)
    here = places(strength)
    grey = np.asarray(light @ np.array(LUMA, np.float32), np.float32)
    weight = np.where(here, strength, 0).astype(np.float32)
    off = (1 - ndimage.grey_dilation(here.astype(np.float32), size=(3, 3))).astype(np.float32)
    planes = [strength, *_line(grey, weight), *_colour(light, grey, off), *_around(light, grey, weight, off)]
    mean = _mean_over(weight, ALONG)
    told = []
    for plane in planes:
        told.append(plane[here])
        told.append(mean(plane)[here])
    spread = _mean_over(weight, ALONG)
    for plane in planes[1:5]:
        first, second = spread(plane)[here], spread(plane * plane)[here]
        told.append(np.sqrt(np.maximum(second - first * first, 0)))
    return np.stack(told, axis=1).astype(np.float32)


def _line(grey: Floats, weight: Floats) -> list[Floats]:
    """Describe lines themselves: width, contrast, sign, bend, and how they run together."""
    ridges, across, runs = [], [], []
    for scale in SCALES:
        rr, rc, cc = (
            scale**2 * ndimage.gaussian_filter(grey, scale, order=order, truncate=3)
            for order in ((2, 0), (1, 1), (0, 2))
        )
        root = np.sqrt(((rr - cc) / 2) ** 2 + rc**2)
        high, low = (rr + cc) / 2 + root, (rr + cc) / 2 - root
        dark = np.abs(high) >= np.abs(low)
        ridges.append(np.where(dark, high, low))
        across.append(np.where(dark, low, high))
        runs.append(0.5 * np.arctan2(2 * rc, rr - cc) + np.where(dark, 0, np.pi / 2))
    stack = np.stack([np.abs(ridge) for ridge in ridges])
    best = stack.argmax(axis=0)
    total = stack.sum(axis=0) + np.float32(1e-3)
    width = sum(np.float32(number) * plane for number, plane in enumerate(stack)) / total
    contrast = stack.max(axis=0)
    signed = np.take_along_axis(np.stack(ridges), best[None], axis=0)[0]
    blob = np.take_along_axis(np.stack(across), best[None], axis=0)[0]
    angle = np.take_along_axis(np.stack(runs), best[None], axis=0)[0]
    turned = [np.cos(2 * angle).astype(np.float32), np.sin(2 * angle).astype(np.float32)]
    together = []
    for reach in (NEAR, FAR, WIDE):
        mean = _mean_over(weight, reach)
        together.append(np.hypot(mean(turned[0]), mean(turned[1])))
    sign = np.tanh(signed / np.float32(0.02))
    return [width, contrast, sign, np.abs(blob) / (contrast + np.float32(1e-3)), *together]


def _colour(light: Floats, grey: Floats, off: Floats) -> list[Floats]:
    """Describe colours: of the line, of the paint beside it, and by what share each channel is darker."""
    beside = _mean_over(off, NEAR)
    paint = np.stack([beside(light[..., channel]) for channel in range(COLOURS)], axis=2)
    share = np.log((light + DARKEST) / (paint + DARKEST))
    mean = share.mean(axis=2)
    base = beside(grey)
    spread = np.sqrt(np.maximum(beside(grey * grey) - base * base, 0))
    return [
        grey,
        base,
        mean,
        share[..., 0] - share[..., 1],
        share[..., 2] - share[..., 1],
        share.max(axis=2) - share.min(axis=2),
        light.max(axis=2) - light.min(axis=2),
        paint.max(axis=2) - paint.min(axis=2),
        spread / (np.abs(grey - base) + np.float32(0.01)),
        *_sides(light),
    ]


def _sides(light: Floats) -> list[Floats]:
    """Tell how much light and colour change across, at a distance: the slope of what is smoothed."""
    grey = light.mean(axis=2)
    hues = (light[..., 0] - light[..., 1], light[..., 2] - light[..., 1])

    def slope(plane: Floats) -> Floats:
        return _steepness(ndimage.uniform_filter(ndimage.uniform_filter(plane, 7), 7))

    return [slope(grey), slope(hues[0]) + slope(hues[1])]


def _around(light: Floats, grey: Floats, weight: Floats, off: Floats) -> list[Floats]:
    """Describe what is around: lines, edges, grain, colours."""
    told: list[Floats] = []
    edges = _steepness(ndimage.gaussian_filter(grey, 1.0, truncate=3))
    calm = edges * off
    chroma = light.max(axis=2) - light.min(axis=2)
    for reach in (FAR, WIDE):
        size = 2 * reach + 1
        share = ndimage.uniform_filter(weight, size)
        told += [
            share,
            ndimage.uniform_filter(edges, size),
            ndimage.uniform_filter(calm, size) / (ndimage.uniform_filter(off, size) + np.float32(0.02)),
            ndimage.uniform_filter(chroma, size),
        ]
        for plane in (grey, chroma):
            mean = ndimage.uniform_filter(plane, size)
            power = ndimage.uniform_filter(plane * plane, size)
            told.append(np.sqrt(np.maximum(power - mean * mean, 0)))
    return told


def _steepness(plane: Floats) -> Floats:
    """Return how much light changes from pixel to pixel; beyond the rim it stays, even in a single row."""
    wide = np.pad(plane, 1, mode="edge")
    down, right = wide[2:, 1:-1] - wide[:-2, 1:-1], wide[1:-1, 2:] - wide[1:-1, :-2]
    return np.asarray(np.hypot(down, right) / 2, np.float32)


def _mean_over(weight: Floats, reach: int) -> Any:
    """Return a function that averages planes by a weight over a square, twice, so that its rim is soft."""
    size = 2 * (reach // 2) + 1

    def soft(plane: Floats) -> Floats:
        return np.asarray(ndimage.uniform_filter(ndimage.uniform_filter(plane, size), size), np.float32)

    total = soft(weight) + np.float32(1e-4)
    return lambda plane: soft(plane * weight) / total


@dataclass(frozen=True, eq=False)
class Judge:
    """A net of one hidden layer on features that were brought to mean 0 and spread 1.

    Attributes:
        mean, spread: (features,).
        hidden: (features, units), and (units,) to add.
        out: (units,), and a number to add.
    """

    mean: Floats
    spread: Floats
    hidden: tuple[Floats, Floats]
    out: tuple[Floats, float]

    def __call__(self, told: Floats) -> Floats:
        """Return how likely each place is in a crack: (n, features) -> (n,) of 0 .. 1."""
        scaled = np.clip((told - self.mean) / self.spread, -4, 4)
        units = np.tanh(scaled @ self.hidden[0] + self.hidden[1])
        odds = units @ self.out[0] + np.float32(self.out[1])
        return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def shipped() -> Judge:
    """Read the judge that ships."""
    told = json.loads(files("tratteggio").joinpath("weights", WEIGHTS).read_text(encoding="utf-8"))
    return judge_of(told)


def judge_of(told: dict[str, Any]) -> Judge:
    """Make a judge of lists of numbers."""
    arrays = {name: np.array(told[name], np.float32) for name in ("mean", "spread", "hidden", "add", "out")}
    return Judge(
        arrays["mean"], arrays["spread"], (arrays["hidden"], arrays["add"]),
        (arrays["out"], float(told["bias"])),
    )  # fmt: skip
