"""Fill from patches, from coarse to fine, so that structure crosses wide lacunae.

At the coarsest level a lacuna is a few patches wide: every node is compared with all known paint, the lost
pixels guessed by diffusion. Each finer level goes on from there: its labels are those of the level before and
their neighbours, held to the known paint and, where that is lost, to what the coarse fill looks like from
afar. A pasted fill follows the coarse one in its broad tones and the known paint at its rim: what differs
there is spread over the lacuna and added. Where patches fit badly their tones are a guess, and diffusion
makes a better one: there the fill keeps its texture and takes its broad tones from diffusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.filters.diffusion import diffuse
from tratteggio.painting.pixels import Array, Lost
from tratteggio.patches import search
from tratteggio.patches.consensus import Asked, agree, prune
from tratteggio.patches.cost import Cost, of_pixels
from tratteggio.patches.lattice import Floats, Lattice, Numbers, box_sums, lay
from tratteggio.patches.paste import paste

IN_QUESTION, KEPT = 24, 6  # labels of a node, before and after pruning
DEEPEST = 8  # king's moves from the middle of a lacuna to known paint, at most, at the coarsest level
NARROWEST = 4  # patches that fit into the shorter side of the coarsest level, at least
AFAR = 0.5  # weight of a lost pixel's look from afar beside a known pixel
FOLLOW = 0.5  # how far broad tones follow the coarse fill
SURE = 0.002  # mean squared difference, of a range of 1, that makes a fill 1 / e as sure
BROAD = 2.0  # pixels, standard deviation: what is broader than this is tone, what is finer texture
STEPS = 2.0**16  # labels are chosen on values rounded to this fine a part of the range


@dataclass(frozen=True, eq=False)
class Filled:
    """What came out.

    Attributes:
        colours: (H, W, channels) float64 in the units of what came in; meant where lost.
        sure: (H, W) float32, 0 to 1: how well the patches fit, at their nodes and beside each other.
    """

    colours: Array
    sure: Floats


def fill_from_patches(colour: Array, lost: Lost, *, patch: int, rng: Generator) -> Filled | None:
    """Fill lacunae from whole patches of known paint.

    Args:
        colour: (H, W, channels) of any depth.
        lost: (H, W), True where paint is lost; some is, some is not.
        patch: side of a patch in pixels, even.
        rng: breaks ties.

    Returns:
        the fill; None if there is no whole patch of known paint.
    """
    if min(lost.shape) < patch or not (box_sums(~lost, patch) == patch * patch).any():
        return None
    values = np.where(lost[..., None], 0, colour).astype(np.float64)
    shown = values[~lost]
    low, high = float(shown.min()), float(shown.max())
    if low == high:
        return Filled(np.full(colour.shape, low), np.where(lost, 1, 0).astype(np.float32))
    values -= low
    values /= high - low
    # Rounded, so that the same painting in other units has the same labels.
    levels = _levels((np.rint(values * STEPS) / STEPS).astype(np.float32), lost, patch)
    coarse = None
    for number, level in reversed(list(enumerate(levels))):
        whole = values if number == 0 else level.colours
        coarse = _fill_level(level, whole.astype(np.float64), coarse, patch=patch, rng=rng)
    assert coarse is not None  # there is always one level
    guess = np.where(lost[..., None], diffuse(values, lost) - coarse.colours, 0)
    unsure = np.where(lost, 1 - coarse.sure, 0)[..., None]
    fill = coarse.colours + ndimage.gaussian_filter(unsure * guess, (BROAD, BROAD, 0))
    return Filled(low + fill * (high - low), coarse.sure)


@dataclass(frozen=True, eq=False)
class _Level:
    colours: Floats
    lost: Lost


@dataclass(frozen=True, eq=False)
class _Done:
    """A level that is filled, all of it without border but for the lattice and its labels (n, k)."""

    colours: Array
    sure: Floats
    lattice: Lattice
    labels: Numbers


def _levels(colours: Floats, lost: Lost, patch: int) -> list[_Level]:
    """Halve while lacunae are deep and there is paint to choose from; the finest comes first."""
    levels = [_Level(colours, lost)]
    depth = ndimage.distance_transform_cdt(np.pad(lost, 1), metric="chessboard").max()
    while depth > DEEPEST and min(lost.shape) > 2 * NARROWEST * patch:
        colours, known = halve(colours, ~lost)
        lost = known <= 1
        colours[lost] = 0
        if not (box_sums(~lost, patch) == patch * patch).any():
            break
        levels.append(_Level(colours, lost))
        depth /= 2
    return levels


def _fill_level(level: _Level, values: Array, coarse: _Done | None, *, patch: int, rng: Generator) -> _Done:
    """Fill one level, from nothing or from the next coarser one."""
    lattice = lay(level.lost, patch=patch)
    colours = lattice.with_border(level.colours)
    texture = search.textures(lattice, colours)
    cost = of_pixels(lattice, colours)
    if coarse is None:
        guess = of_pixels(lattice, diffuse(colours, lattice.lost | ~lattice.inside))
        weight = cost.weight + np.where(lattice.lost.ravel(), np.float32(search.GUESSED), np.float32(0))
        wanted = [Cost(guess.features, weight, guess.taps)]
    else:
        wanted = [cost, _afar(lattice, colours, coarse)]

    def price(nodes: Numbers, labels: Numbers) -> Floats:
        strength = np.float32(search.TEXTURE * cost.samples) * texture.differ(lattice.at[nodes], labels)
        return sum((one.at_nodes(lattice.at[nodes], labels) for one in wanted), start=strength)

    if coarse is None:
        labels, costs = search.compare_all(lattice, wanted[0], texture, keep=IN_QUESTION)
    else:
        labels = search.from_coarse(lattice, coarse.lattice, coarse.labels)
        costs = price(np.arange(len(lattice.at)), labels)
        labels, costs = search.fewer(labels, costs, keep=IN_QUESTION)
    keep = min(KEPT, labels.shape[1])
    asked = Asked(labels, costs, fits=cost.at_nodes(lattice.at, labels))
    pruned = prune(lattice, cost, price, asked, keep=keep, rng=rng)
    agreed = agree(lattice, cost, pruned)
    labels = np.take_along_axis(pruned.labels, agreed.order, axis=1)
    values = lattice.with_border(values)
    laid, covered = paste(lattice, values, labels[:, 0], pruned.wave)
    known = lattice.inside & ~lattice.lost
    missing = np.where((covered & known)[..., None], values - laid, 0)
    laid = laid + diffuse(missing, lattice.lost)
    filled = lattice.without_border(np.where(lattice.lost[..., None], laid, values))
    if coarse is not None:
        now, _ = halve(filled, np.ones_like(level.lost))
        broad = double(FOLLOW * (coarse.colours - now), level.lost.shape)
        filled = np.where(level.lost[..., None], filled + broad, filled)
    # How well patches fit is judged by paint alone: without guesses and what was asked of the texture.
    paid = np.take_along_axis(pruned.costs, agreed.order[:, :1], axis=1)
    energies = agreed.energies[:, :1] - paid + cost.at_nodes(lattice.at, labels[:, :1])
    return _Done(filled, _sure(lattice, energies[:, 0] / cost.samples, level.lost), lattice, labels)


def _afar(lattice: Lattice, colours: NDArray[np.floating], coarse: _Done) -> Cost:
    """Compare lost pixels by their means of 2 x 2, every other one: what the coarse fill tells of them."""
    shape = tuple(side - sum(ends) for side, ends in zip(lattice.lost.shape, lattice.border, strict=True))
    doubled = lattice.with_border(double(coarse.colours, shape))
    means = ndimage.uniform_filter(np.where(lattice.lost[..., None], doubled, colours), (2, 2, 0))
    taps = lattice.square[1::2, 1::2]
    weight = np.float32(AFAR * lattice.square.size / taps.size) * lattice.lost.ravel()
    return Cost(
        np.ascontiguousarray(means.reshape(-1, means.shape[2]), dtype=np.float32),
        weight.astype(np.float32),
        taps,
    )


def _sure(lattice: Lattice, misfit: NDArray[np.floating], lost: Lost) -> Floats:
    """Spread over the pixels how well the nodes' patches fit (n,): the mean over the patches on a pixel."""
    by_node = np.exp(-np.maximum(misfit, 0).astype(np.float64) / SURE)
    total, count = np.zeros(lattice.lost.size), np.zeros(lattice.lost.size)
    taken = (lattice.at[:, None] + lattice.square.ravel()).ravel()
    total += np.bincount(taken, np.repeat(by_node, lattice.square.size), minlength=len(total))
    count += np.bincount(taken, minlength=len(count))
    mean = (total / np.maximum(count, 1)).reshape(*lattice.lost.shape, 1)
    return np.where(lost, lattice.without_border(mean)[..., 0], 0).astype(np.float32)


def halve(colours: NDArray[Any], known: Lost) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Take the mean of the known among four: (h, w, c) -> (ceil(h / 2), ceil(w / 2), c), and how many are."""
    odd = ((0, known.shape[0] % 2), (0, known.shape[1] % 2))
    known = np.pad(known, odd)
    colours = np.where(known[..., None], np.pad(colours, (*odd, (0, 0))), 0).astype(colours.dtype, copy=False)
    count, total = _four(known.astype(np.int64)), _four(colours)
    return total / np.maximum(count, 1)[..., None].astype(total.dtype), count


def double(colours: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.floating]:
    """Interpolate linearly to twice the size: (h, w, c) -> (*shape, c)."""
    for length in shape:  # down, then across: each pass ends with a transposition
        padded = np.concatenate([colours[:1], colours, colours[-1:]])
        longer = np.empty((2 * len(colours), *colours.shape[1:]), dtype=colours.dtype)
        longer[::2] = 0.75 * colours + 0.25 * padded[:-2]
        longer[1::2] = 0.75 * colours + 0.25 * padded[2:]
        colours = longer[:length].swapaxes(0, 1)
    return colours


def _four(values: NDArray[Any]) -> NDArray[Any]:
    total: NDArray[Any] = values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]
    return total
