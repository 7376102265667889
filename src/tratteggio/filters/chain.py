"""Filters by name, and chains of them in words: `gaussian:sigma=2`, then `sobel`.

A chain says all of itself: each step is printed with every option, defaults too, in the words that make the
same chain again.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from tratteggio import options
from tratteggio.errors import BadUsage, TooNarrow
from tratteggio.filters import (
    colour,
    components,
    edges,
    frequency,
    joining,
    noise,
    point,
    restoration,
    sharpen,
    smooth,
    wavelets,
)
from tratteggio.filters._window import half
from tratteggio.options import Options
from tratteggio.painting.pixels import Array
from tratteggio.registry import unknown

Reach = Callable[[Options, int], int]
TRIAL_SIDE = 64  # px of the picture that `Step` tries its options on
OTHER = "far"  # the option that names another picture's file


class Filter(NamedTuple):
    """A filter that chains know.

    Attributes:
        apply: the function on arrays.
        reach: how far it looks, in pixels, from its options and the longer side of the whole; None: it takes
            the whole in at one look.
        given: options of the function that are not the user's, but follow from where a window lies: "origin",
            "side", "histogram".
    """

    apply: Callable[..., Array]
    reach: Reach | None
    given: tuple[str, ...] = ()


def _nothing(_options: Options, _side: int) -> int:
    return 0


def _half(_options: Options, _side: int) -> int:
    return half(_options["size"])


def _twice(options: Options, side: int) -> int:
    return 2 * _half(options, side)


def _gaussian(options: Options, _side: int) -> int:
    return smooth.gaussian_reach(options["sigma"])


def _hybrid(options: Options, side: int) -> int:
    cycles = min(options["low"], options["high"])
    return smooth.gaussian_reach(frequency.sigma_at(cycles, side))


FILTERS: Mapping[str, Filter] = {
    "contrast": Filter(point.contrast, _nothing),
    "brightness": Filter(point.brightness, _nothing),
    "gamma": Filter(point.gamma, _nothing),
    "equalise": Filter(point.equalise, _nothing, ("histogram",)),
    "clahe": Filter(point.clahe, None),
    "saturation": Filter(colour.saturation, _nothing),
    "grey_world": Filter(colour.grey_world, None),
    "box": Filter(smooth.box, _half),
    "weighted": Filter(smooth.weighted, lambda options, _: half(len(options["weights"]))),
    "gaussian": Filter(smooth.gaussian, _gaussian),
    "median": Filter(smooth.median, _half),
    "bilateral": Filter(smooth.bilateral, lambda options, _: smooth.bilateral_reach(options["sigma"])),
    "non_local_means": Filter(
        smooth.non_local_means, lambda options, _: half(options["patch"]) + half(options["search"])
    ),
    "wiener": Filter(smooth.wiener, _half),
    "fourier_wiener": Filter(restoration.fourier_wiener, None),
    "wavelet": Filter(wavelets.wavelet, lambda options, _: wavelets.starlet_reach(options["levels"])),
    "unsharp": Filter(sharpen.unsharp, _gaussian),
    "sobel": Filter(edges.sobel, lambda _, __: 1),
    "steerable": Filter(edges.steerable, _gaussian),
    "band_pass": Filter(edges.band_pass, lambda options, _: smooth.gaussian_reach(options["coarse"])),
    "erode": Filter(edges.erode, _half),
    "dilate": Filter(edges.dilate, _half),
    "opening": Filter(edges.opening, _twice),
    "closing": Filter(edges.closing, _twice),
    "drop_small": Filter(components.drop_small, lambda options, _: int(options["area"])),
    "distance": Filter(edges.distance, lambda options, _: int(options["most"])),
    "composite": Filter(joining.lay_over, _nothing),
    "blend": Filter(joining.blend_across, None),
    "coarse": Filter(joining.coarse, None),
    "laplacian": Filter(joining.laplacian, None),
    "hybrid": Filter(frequency.hybrid, _hybrid, ("side",)),
    "spectrum": Filter(frequency.spectrum, None),
    "salt_and_pepper": Filter(noise.salt_and_pepper, _nothing, ("origin",)),
    "impulse": Filter(noise.impulse, _nothing, ("origin",)),
    "gaussian_noise": Filter(noise.gaussian_noise, _nothing, ("origin",)),
}


@cache
def options_of(name: str) -> dict[str, options.Option]:
    """Return the options of a filter, those first that must be given.

    Raises:
        UnknownName: no filter of that name; the message gives the nearest and all.
    """
    if name not in FILTERS:
        raise unknown("filter", name, FILTERS)
    entry = FILTERS[name]
    return options.options_of(entry.apply, first=1, given=entry.given)


@dataclass(frozen=True)
class Step:
    """One filter and all its options.

    Attributes:
        name: of the filter.
        options: each one, in the type that the filter takes.

    Raises:
        UnknownName: no such filter or option.
        BadUsage: an option is missing, or the filter refuses it.
    """

    name: str
    options: Options

    def __post_init__(self) -> None:
        known = options_of(self.name)
        options.require_known(self.name, self.options, known)
        full = {name: self.options.get(name, option.default) for name, option in known.items()}
        object.__setattr__(self, "options", full)
        self._try()

    def __str__(self) -> str:
        return options.write(self.name, self.options)

    @property
    def filter(self) -> Filter:
        """What the name stands for."""
        return FILTERS[self.name]

    @property
    def other(self) -> str | None:
        """The file of another picture that the step needs, or None."""
        return self.options.get(OTHER)

    def reach(self, grid: tuple[int, int]) -> int | None:
        """Return how far the step looks, in pixels, on a picture of (rows, columns); None: at the whole."""
        if self.filter.reach is None or self.options.get("border") == "wrap":
            return None
        return self.filter.reach(self.options, max(grid))

    def apply(self, image: Array, *, other: Array | None = None, given: Options | None = None) -> Array:
        """Apply the step to an array.

        Args:
            image: (H, W) or (H, W, C).
            other: the picture that `other` names, on the same grid.
            given: what follows from where the window lies, see `Filter.given`.
        """
        own = {name: value for name, value in self.options.items() if name != OTHER}
        pictures = (image,) if other is None else (image, other)
        return self.filter.apply(*pictures, **own, **(given or {}))

    def _try(self) -> None:
        """Let the filter look at its options on a small black picture, before a painting is opened for it."""
        black = np.zeros((TRIAL_SIDE, TRIAL_SIDE), np.float32)
        given = {"side": TRIAL_SIDE} if "side" in self.filter.given else {}
        try:
            self.apply(black, other=None if self.other is None else black, given=given)
        except TooNarrow:
            pass  # filters look at their options first, then at the picture; the painting may be wider
        except BadUsage as error:
            raise type(error)(f"{self.name}: {error}") from None


def chain(steps: str | Step | Iterable[str | Step]) -> tuple[Step, ...]:
    """Read a chain: one step or several, each as NAME:OPTION=VALUE,OPTION=VALUE.

    A value may be several numbers: `weighted:weights=1,4,6,4,1`.

    Raises:
        UnknownName: no such filter or option; the message gives the nearest and all.
        BadUsage: nothing to do, a value of another type, an option that is missing, given twice or refused.

    Example:
        >>> steps = chain(["gaussian:sigma=2", "sobel"])
        >>> as_options(steps)
        '--op gaussian:sigma=2,border=reflect --op sobel:edges=both,border=reflect'
        >>> chain(map(str, steps)) == steps
        True
    """
    listed = [steps] if isinstance(steps, str | Step) else list(steps)
    if not listed:
        raise BadUsage(f"a chain has one filter at least; known: {', '.join(sorted(FILTERS))}")
    return tuple(
        step if isinstance(step, Step) else Step(*options.parse(step, options_of)) for step in listed
    )


def as_options(steps: Sequence[Step]) -> str:
    """Return a chain as the command line takes it."""
    return " ".join(f"--op {shlex.quote(str(step))}" for step in steps)


def catalogue() -> list[tuple[str, str]]:
    """List every filter as it is written, with the first line of what it does."""
    return [
        (options.example(name, options_of(name)), (inspect.getdoc(FILTERS[name].apply) or "").split("\n")[0])
        for name in FILTERS
    ]
