"""Fill from patches, from coarse to fine, so that structure crosses wide lacunae.

At the coarsest level a lacuna is a few patches wide: every node is compared with all known paint, the lost
pixels guessed by diffusion. Each finer level goes on from there: its labels are those of the level before and
their neighbours, held to the known paint and, where that is lost, to what the coarse fill looks like from
afar. A pasted fill follows the coarse one in its broad tones and the known paint at its rim: what differs
there is spread over the lacuna and added. Tones from diffusion, where patches fit badly, would please a
measure of squares, and lay a murk over wide lacunae.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.filters.diffusion import diffuse
from tratteggio.painting.pixels import Array, Lost
from tratteggio.patches import search
from tratteggio.patches.canvas import Hint, Swatch, laid_out
from tratteggio.patches.consensus import Asked, agree, disturb, prune
from tratteggio.patches.cost import Cost, from_afar, of_descriptors, of_hint, of_pixels
from tratteggio.patches.lattice import Floats, Lattice, Numbers, box_sums, lay
from tratteggio.patches.paste import mean, paste

FOUND = 96  # labels of a node by descriptors, before pixels tell them apart
IN_QUESTION, KEPT = 24, 6  # labels of a node, before and after pruning
DEEPEST = 1.0  # patches from the middle of a lacuna to known paint, at most, at the coarsest level
NARROWEST = 4  # patches that fit into the shorter side of the coarsest level, at least
GUESSED = 0.2  # weight of a lost pixel's guess by diffusion beside a known pixel
HINTED = 0.5  # weight of all that other scans show of a pixel beside its known colour
AFAR = 0.5  # weight of a lost pixel's look from afar beside a known pixel
BLURRED = 3  # labels of a node that are laid if patches are laid in their mean
FOLLOW = 0.5  # how far broad tones follow the coarse fill
SURE = 0.004  # mean squared difference, of a range of 1, that makes a fill 1 / e as sure
SURVEYED = 192  # pixels of the longest side at which what is smooth is diffused, at most
STEPS = 2.0**16  # labels are chosen on values rounded to this fine a part of the range

Look = Callable[[Floats, Lost], Floats]
"""(h, w, channels) of 0 .. 1 and lost (h, w) -> what describes each box of 8 x 8 pixels (h - 7, w - 7, f)."""


@dataclass(frozen=True, eq=False)
class Filled:
    """What came out.

    Attributes:
        colours: (H, W, channels) float64 in the units of what came in; meant where lost.
        sure: (H, W) float32, 0 to 1: how well the patches fit, at their nodes and beside each other.
    """

    colours: Array
    sure: Floats


def fill_from_patches(
    colour: Array,
    lost: Lost,
    *,
    patch: int,
    rng: Generator,
    look: Look | None = None,
    chance: Generator | None = None,
    blurred: bool = False,
    more: Sequence[Swatch] = (),
    hints: Sequence[Hint] = (),
    barred: Lost | None = None,
) -> Filled | None:
    """Fill lacunae from whole patches of known paint.

    Args:
        colour: (H, W, channels) of any depth.
        lost: (H, W), True where paint is lost; some is, some is not.
        patch: side of a patch in pixels, even, 4 at least; a multiple of 16 with `look`.
        rng: breaks ties.
        look: describes boxes of 8 x 8 pixels, by which patches are then compared; None compares pixels.
        chance: draws one of several plausible fills; None gives the one held for best.
        blurred: lay the mean of the patches on a pixel, instead of one cut along the other.
        more: other places of the painting that patches may come from; no other scan is looked at there.
        hints: what other scans show in the window.
        barred: (H, W) bool, what is not lost and no paint to copy either, as cracks.

    Returns:
        the fill; None if there is no whole patch of known paint.
    """
    shape, window = lost.shape, lost
    values, lost, void = laid_out(np.where(lost[..., None], 0, colour).astype(np.float64), lost, more)
    barred = beside(barred, window, void)
    if not any_whole(lost | void | barred, patch):
        return None
    shown = colour[~window]
    low, high = float(shown.min()), float(shown.max())
    if low == high:
        return Filled(np.full(colour.shape, low), np.where(window, 1, 0).astype(np.float32))
    values -= low
    values /= high - low
    # Rounded, so that the same painting in other units has the same labels.
    rounded = (np.rint(values * STEPS) / STEPS).astype(np.float32)
    levels = levels_of(
        Level(rounded, lost, void, barred, shape, tuple(_beside(hint, void) for hint in hints)),
        patch,
        deepest=DEEPEST * patch,
    )
    coarse = None
    for number, level in reversed(list(enumerate(levels))):
        chosen = _choose(level, coarse, patch=patch, rng=rng, look=look, chance=chance)
        colours = values if number == 0 else level.colours.astype(np.float64)
        coarse = _Done(_laid(chosen, colours, level, coarse, blurred=blurred), chosen)
    assert coarse is not None  # there is always one level
    sure = sure_of(coarse.chosen, window)
    return Filled(low + coarse.colours * (high - low), sure)


@dataclass(frozen=True, eq=False)
class Level:
    """The window with other places beside it, at one scale.

    `void` is where there is no painting, `barred` where there is one that is neither lost nor paint to go by,
    `shape` that of the window, which lies in the upper left corner.
    """

    colours: Floats
    lost: Lost
    void: Lost
    barred: Lost
    shape: tuple[int, int]
    hints: tuple[Hint, ...]

    @property
    def here(self) -> tuple[slice, slice]:
        """The window."""
        return slice(self.shape[0]), slice(self.shape[1])

    @property
    def useless(self) -> Lost:
        """Where there is neither paint to go by nor anything lost: (h, w) bool."""
        return self.void | self.barred


@dataclass(frozen=True, eq=False)
class Chosen:
    """Labels (n, k) of a level's nodes, the best first, when each was visited, and how badly the best fit.

    `misfit` (n,) is a mean squared difference, of a range of 1.
    """

    lattice: Lattice
    labels: Numbers
    wave: Numbers
    misfit: Floats


@dataclass(frozen=True, eq=False)
class _Done:
    """The window at a level that is filled, and what it was filled with."""

    colours: Array
    chosen: Chosen


def _beside(hint: Hint, void: Lost) -> Hint:
    """Widen a hint of the window to all that lies beside it, where it is average and tells nothing."""
    wider = tuple((0, whole - part) for whole, part in zip(void.shape, hint.told.shape, strict=True))
    values = np.where(hint.told[..., None], hint.values, 0).astype(np.float32)
    return Hint(np.pad(values, (*wider, (0, 0))), np.pad(hint.told, wider))


def beside(barred: Lost | None, lost: Lost, void: Lost) -> Lost:
    """Widen what is barred in the window, (h, w), to all that lies beside it: (H, W), nothing there."""
    wider = np.zeros_like(void)
    if barred is not None:
        wider[: lost.shape[0], : lost.shape[1]] = barred & ~lost
    return wider


def _halved(hint: Hint) -> Hint:
    values, _ = halve(hint.values, np.ones_like(hint.told))
    return Hint(values, ~_any_of_four(~hint.told))


def any_whole(unknown: Lost, patch: int) -> bool:
    """Tell whether a patch of known paint is left."""
    return min(unknown.shape) >= patch and bool((box_sums(~unknown, patch) == patch * patch).any())


def levels_of(finest: Level, patch: int, *, deepest: float) -> list[Level]:
    """Halve while lacunae are deep and there is paint to choose from; the finest comes first.

    Args:
        finest: the painting.
        patch: side of a patch in pixels; one of known paint is left at least.
        deepest: pixels from the middle of a lacuna to known paint, at most, at the coarsest level.
    """
    levels = [finest]
    depth = ndimage.distance_transform_cdt(np.pad(finest.lost, 1), metric="chessboard").max()
    while depth > deepest and min(levels[-1].lost.shape) > 2 * NARROWEST * patch:
        last = levels[-1]
        # From afar narrow damage is not seen: the paint beside it stands for it.
        colours, known = halve(last.colours, ~(last.lost | last.useless))
        void = _any_of_four(last.void)
        unknown = (known <= 1) & ~void
        lost = unknown & (_any_of_four(last.lost) | ~_any_of_four(last.barred))
        barred = unknown & ~lost
        colours[unknown | void] = 0
        if not any_whole(unknown | void, patch):
            break
        rows, cols = last.shape
        hints = tuple(_halved(hint) for hint in last.hints)
        levels.append(Level(colours, lost, void, barred, (-(-rows // 2), -(-cols // 2)), hints))
        depth /= 2
    return levels


def _choose(
    level: Level,
    coarse: _Done | None,
    *,
    patch: int,
    rng: Generator,
    look: Look | None,
    chance: Generator | None,
) -> Chosen:
    """Choose labels of one level, from all there are or from those of the next coarser level."""
    lattice = lay(level.lost, patch=patch, void=level.useless)
    colours = lattice.with_border(level.colours)
    unknown = lattice.lost | ~lattice.inside
    pixels = of_pixels(lattice, colours)
    cost = pixels if look is None else of_descriptors(lattice, look(colours, unknown), colours)
    share = GUESSED if coarse is None else AFAR
    guess = np.zeros_like(level.colours)
    guess[level.here] = _diffused(level, patch) if coarse is None else double(coarse.colours, level.shape)
    guess = lattice.with_border(guess)
    # A node's few known pixels are compared as they are: of part of a box no descriptor tells.
    told = [_told(lattice, hint, colours).worth(HINTED / len(level.hints), of=cost) for hint in level.hints]
    pixels = pixels.worth(1, of=cost)
    guessed = from_afar(lattice, colours, guess).worth(share, of=cost)
    texture = search.textures(lattice, colours)
    strength = np.float32(search.TEXTURE * cost.samples)

    def fit(nodes: Numbers, labels: Numbers) -> Floats:
        shown = pixels.at_nodes(lattice.at[nodes], labels)
        return sum((one.at_nodes(lattice.at[nodes], labels) for one in told), start=shown)

    def price(nodes: Numbers, labels: Numbers) -> Floats:
        return fit(nodes, labels) + unseen(nodes, labels)

    def unseen(nodes: Numbers, labels: Numbers) -> Floats:
        asked = strength * texture.differ(lattice.at[nodes], labels)
        return asked + guessed.at_nodes(lattice.at[nodes], labels)

    if coarse is None:
        keep = IN_QUESTION if look is None else FOUND
        labels = search.compare_all(lattice, [cost, *told, guessed], texture, keep=keep)
    else:
        labels = search.from_coarse(lattice, coarse.chosen.lattice, coarse.chosen.labels)
    every = np.arange(len(lattice.at))
    fits = fit(every, labels)
    costs = fits + unseen(every, labels)
    best = search.fewer(labels, costs, keep=IN_QUESTION)
    labels = np.take_along_axis(labels, best, axis=1)
    costs, fits = (np.take_along_axis(paid, best, axis=1) for paid in (costs, fits))
    blind = np.logical_and.reduce([one.tells_nothing(lattice.at) for one in (cost, *told)])
    asked = Asked(labels, costs, fits=fits, blind=blind)
    pruned = prune(lattice, cost, price, asked, keep=min(KEPT, labels.shape[1]), rng=rng)
    if chance is not None:
        pruned = disturb(pruned, cost, chance=chance)
    agreed = agree(lattice, cost, pruned)
    labels = np.take_along_axis(pruned.labels, agreed.order, axis=1)
    # How well patches fit is judged by paint alone: without guesses and what was asked of the texture.
    paid = np.take_along_axis(pruned.costs, agreed.order[:, :1], axis=1)
    energies = agreed.energies[:, :1] - paid + pixels.at_nodes(lattice.at, labels[:, :1])
    return Chosen(lattice, labels, pruned.wave, np.maximum(energies[:, 0] / cost.samples, 0))


def _told(lattice: Lattice, hint: Hint, colours: NDArray[np.floating]) -> Cost:
    told = lattice.with_border(hint.told[..., None].astype(np.float32))[..., 0] > 0
    return of_hint(lattice, lattice.with_border(hint.values), told, colours)


def _diffused(level: Level, patch: int) -> Floats:
    """Fill the window smoothly; paint goes on beyond its edges, and nobody knows which."""
    beyond = patch // 2
    colours = np.pad(level.colours[level.here], ((beyond, beyond), (beyond, beyond), (0, 0)))
    unknown = np.pad(level.lost[level.here], beyond, constant_values=True)
    return diffuse(colours, unknown)[beyond:-beyond, beyond:-beyond]


def _laid(chosen: Chosen, values: Array, level: Level, coarse: _Done | None, *, blurred: bool) -> Array:
    """Lay the patches of the best labels into the window, in tones of the rim and the coarse fill.

    Args:
        values: (H, W, channels), window and all beside it.

    Returns:
        (h, w, channels) of the window.
    """
    lattice, lost = chosen.lattice, level.lost[level.here]
    bordered = lattice.with_border(values)
    if blurred:
        laid, covered = mean(lattice, bordered, chosen.labels[:, :BLURRED])
    else:
        laid, covered = paste(lattice, bordered, chosen.labels[:, 0], chosen.wave)
    laid = lattice.without_border(laid)[level.here]
    rim = lattice.without_border(covered[..., None])[level.here]
    rim = rim & ~(lost | level.barred[level.here])[..., None]
    values = values[level.here]
    # A frame of nothing missing: at the edge of the painting tones stay those of the patches.
    missing = np.pad(np.where(rim, values - laid, 0), ((1, 1), (1, 1), (0, 0)))
    toned = laid + diffuse(missing, np.pad(lost, 1))[1:-1, 1:-1]
    filled = np.where(lost[..., None], toned, values)
    if coarse is not None:
        now, _ = halve(filled, np.ones_like(lost))
        broad = double(FOLLOW * (coarse.colours - now), level.shape)
        filled = np.where(lost[..., None], filled + broad, filled)
    return filled


def sure_of(chosen: Chosen, lost: Lost) -> Floats:
    """Spread over the pixels how well the nodes' patches fit: the mean over the patches on a pixel."""
    lattice = chosen.lattice
    by_node = np.exp(-chosen.misfit.astype(np.float64) / SURE)
    taken = (lattice.at[:, None] + lattice.square.ravel()).ravel()
    total = np.bincount(taken, np.repeat(by_node, lattice.square.size), minlength=lattice.lost.size)
    count = np.bincount(taken, minlength=lattice.lost.size)
    mean = (total / np.maximum(count, 1)).reshape(*lattice.lost.shape, 1)
    here = lattice.without_border(mean)[: lost.shape[0], : lost.shape[1], 0]
    return np.where(lost, here, 0).astype(np.float32)


def halve(colours: NDArray[Any], known: Lost) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Take the mean of the known among four: (h, w, c) -> (ceil(h / 2), ceil(w / 2), c), and how many are."""
    odd = ((0, known.shape[0] % 2), (0, known.shape[1] % 2))
    known = np.pad(known, odd)
    colours = np.where(known[..., None], np.pad(colours, (*odd, (0, 0))), 0).astype(colours.dtype, copy=False)
    count, total = _four(known.astype(np.int64)), _four(colours)
    return total / np.maximum(count, 1)[..., None].astype(total.dtype), count


def diffuse_from_afar(values: NDArray[Any], unknown: Lost) -> NDArray[Any]:
    """Diffuse what is smooth by itself, at a reduced scale: (h, w, c) -> (h, w, c), where unknown.

    Args:
        values: (h, w, c), read where known.
        unknown: (h, w) bool; something is known.
    """
    scales = [(values, ~unknown)]
    while max(scales[-1][1].shape) > SURVEYED:
        means, count = halve(*scales[-1])
        scales.append((means, count > 0))
    means, known = scales[-1]
    found = diffuse(np.where(known[..., None], means, 0).astype(np.float64), ~known)
    for _, finer in reversed(scales[:-1]):
        found = double(found, finer.shape)
    return np.where(unknown[..., None], found, values)


def _any_of_four(where: Lost) -> Lost:
    padded = np.pad(where, ((0, where.shape[0] % 2), (0, where.shape[1] % 2)))
    return _four(padded.astype(np.int64)) > 0


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
