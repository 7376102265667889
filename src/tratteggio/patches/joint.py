"""Fill from patches that follow a structure image: its tones and edges, the painting's own brushwork.

    guess     from coarse to fine, patches vote on what is lost, led by the structure (`voting`)
    choice    at full size, patches of known paint are chosen together, held to the known paint, to the
              guess, and to the strength of the texture around (`consensus`)
    paste     they are cut along each other, and their tones meet (`paste`, `closing`)

The structure is what a net or a smooth surface would fill. It is right in broad tones and has no brushwork;
patches have brushwork and do not know what was there. Structure leads near the rim and at coarse scales.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from tratteggio.filters.diffusion import diffuse
from tratteggio.painting.pixels import Array, Lost
from tratteggio.patches import search, voting
from tratteggio.patches.canvas import Swatch, laid_out
from tratteggio.patches.closing import close_seams
from tratteggio.patches.consensus import Asked, agree, disturb, prune
from tratteggio.patches.cost import from_afar, of_pixels
from tratteggio.patches.lattice import Floats, Lattice, Numbers, lay, nearest_whole
from tratteggio.patches.paste import lay_out
from tratteggio.patches.pyramid import (
    STEPS,
    Chosen,
    Filled,
    Level,
    any_whole,
    double,
    halve,
    levels_of,
    sure_of,
)

PATCH = 12  # pixels, side of a patch that is pasted
DEEP = 8  # pixels from the middle of a lacuna to known paint, about, at the coarsest level
IN_QUESTION, KEPT = 24, 6  # labels of a node, before and after pruning
TRUSTED_PX = 40.0  # pixels from known paint at which a structure counts for 1 / e
AFAR = 0.3  # weight of a lost pixel's guess beside a known pixel
BROAD = 6.0  # pixels, standard deviation of tones that are held to the structure
TONED = 0.6  # how far
TEXTURE = 5.0  # how much the texture around is asked for, beside engine `patch_mrf`


def fill_along(
    colour: Array,
    lost: Lost,
    structure: Array,
    *,
    rng: Generator,
    chance: Generator | None = None,
    more: Sequence[Swatch] = (),
    barred: Lost | None = None,
) -> Filled | None:
    """Fill lacunae with patches of known paint along a structure image.

    Args:
        colour: (H, W, channels) of any depth.
        lost: (H, W), True where paint is lost; some is, some is not.
        structure: (H, W, channels) in the same units, read where lost.
        rng: of the search, and to break ties.
        chance: draws one of several plausible fills; None gives the one held for best.
        more: other places of the painting that patches may come from.
        barred: (H, W) bool, what is not lost and no paint to copy either, as fills of cracks.

    Returns:
        the fill; None if there is no whole patch of known paint.
    """
    shape, window = lost.shape, lost
    values, lost, void = laid_out(np.where(lost[..., None], 0, colour).astype(np.float64), lost, more)
    if barred is not None:
        void[: shape[0], : shape[1]] |= barred & ~window
    if not any_whole(lost | void, PATCH):
        return None
    shown = colour[~window]
    low, high = float(shown.min()), float(shown.max())
    if low == high:
        return Filled(np.full(colour.shape, low), np.where(window, 1, 0).astype(np.float32))
    values -= low
    values /= high - low
    # Rounded, so that the same painting in other units has the same labels.
    level = Level((np.rint(values * STEPS) / STEPS).astype(np.float32), lost, void, shape, ())
    led = (np.where(window[..., None], structure, colour) - low) / (high - low)
    led = _trusted(led, window)
    guess = _guess(level, (np.rint(led * STEPS) / STEPS).astype(np.float32), rng)
    chosen = _choose(level, guess, rng=rng, chance=chance)
    filled = _laid(chosen, values, led)[level.here]
    return Filled(low + filled * (high - low), sure_of(chosen, window))


def _trusted(structure: Array, lost: Lost) -> Array:
    """Let a smooth surface replace the structure far from the rim, where a net knows nothing any more."""
    depth = ndimage.distance_transform_edt(lost)
    trust = np.exp(-((depth / TRUSTED_PX) ** 2))[..., None]
    mixed: Array = trust * structure + (1 - trust) * diffuse(structure, lost)
    return np.where(lost[..., None], mixed, structure)


def _guess(level: Level, structure: Floats, rng: Generator) -> voting.Guess:
    """Let patches vote, from coarse to fine."""
    levels = levels_of(level, DEEP)
    structures = [structure]
    for _ in levels[1:]:
        last = structures[-1]
        structures.append(halve(last, np.ones(last.shape[:2], np.bool_))[0].astype(np.float32))
    guess: voting.Guess | None = None
    for number, (one, led) in reversed(list(enumerate(zip(levels, structures, strict=True)))):
        start, whole = one.colours.copy(), one.colours.copy()
        whole[one.here] = np.where(one.lost[one.here][..., None], led, whole[one.here])
        start[one.lost] = whole[one.lost]
        ground, labels = voting.ground(one.lost, one.void), None
        if guess is not None:
            start[one.lost] = double(voting.inner(guess.picture), one.lost.shape)[one.lost]
            labels = voting.carried(ground, guess)
        turns = voting.TURNS[min(number, len(voting.TURNS) - 1)]
        guess = voting.settle(ground, start, whole, labels, turns=turns, rng=rng)
    assert guess is not None  # there is always one level
    return guess


def _choose(level: Level, guess: voting.Guess, *, rng: Generator, chance: Generator | None) -> Chosen:
    """Choose one patch for each node among those that the votes came from, together with its neighbours."""
    lattice = lay(level.lost, patch=PATCH, void=level.void)
    colours = lattice.with_border(level.colours)
    cost = of_pixels(lattice, colours)
    picture = np.ascontiguousarray(voting.inner(guess.picture))
    guessed = from_afar(lattice, colours, lattice.with_border(picture)).worth(AFAR, of=cost)
    texture = search.textures(lattice, colours)
    strength = np.float32(TEXTURE * search.TEXTURE * cost.samples)

    def price(nodes: Numbers, labels: Numbers) -> Floats:
        at = lattice.at[nodes]
        asked = strength * texture.differ(at, labels) + guessed.at_nodes(at, labels)
        return cost.at_nodes(at, labels) + asked

    labels, every = _candidates(lattice, guess), np.arange(len(lattice.at))
    costs = price(every, labels)
    best = search.fewer(labels, costs, keep=IN_QUESTION)
    labels, costs = np.take_along_axis(labels, best, axis=1), np.take_along_axis(costs, best, axis=1)
    fits = cost.at_nodes(lattice.at, labels)
    asked = Asked(labels, costs, fits=fits, blind=cost.tells_nothing(lattice.at))
    pruned = prune(lattice, cost, price, asked, keep=min(KEPT, labels.shape[1]), rng=rng)
    if chance is not None:
        pruned = disturb(pruned, cost, chance=chance)
    agreed = agree(lattice, cost, pruned)
    labels = np.take_along_axis(pruned.labels, agreed.order, axis=1)
    paid = np.take_along_axis(pruned.costs, agreed.order[:, :1], axis=1)
    energies = agreed.energies[:, :1] - paid + cost.at_nodes(lattice.at, labels[:, :1])
    return Chosen(lattice, labels, pruned.wave, np.maximum(energies[:, 0] / cost.samples, 0))


def _candidates(lattice: Lattice, guess: voting.Guess) -> Numbers:
    """Gather for each node the patches that places on it and around it have found: (n, 25)."""
    ground, width = guess.ground, lattice.lost.shape[1]
    (top, _), (left, _) = lattice.border
    node_rows, node_cols = np.divmod(lattice.at, width)
    near = ndimage.distance_transform_edt(ground.number < 0, return_distances=False, return_indices=True)
    to, at = (np.divmod(flat, ground.shape[1]) for flat in (guess.labels, ground.at))
    down, right = to[0] - at[0], to[1] - at[1]
    whole, found = nearest_whole(lattice), []
    offsets = (np.arange(5) - 2) * lattice.step
    for off_row in offsets:
        for off_col in offsets:
            rows = (node_rows - top + lattice.step + off_row) // voting.STRIDE + 1
            cols = (node_cols - left + lattice.step + off_col) // voting.STRIDE + 1
            rows = np.clip(rows, 0, ground.number.shape[0] - 1)
            cols = np.clip(cols, 0, ground.number.shape[1] - 1)
            place = ground.number[near[0][rows, cols], near[1][rows, cols]]
            to_row = np.clip(node_rows + down[place], 0, lattice.lost.shape[0] - 1)
            to_col = np.clip(node_cols + right[place], 0, width - 1)
            found.append(whole[to_row * width + to_col])
    return np.stack(found, axis=1)


def _laid(chosen: Chosen, values: Array, structure: Array) -> Array:
    """Lay the best patch of each node, and let tones meet: (H, W, channels).

    Broad tones are held to the structure, (h, w, channels) of the window, by a share.
    """
    lattice = chosen.lattice
    source = lattice.with_border(values)
    laid, _, moved = lay_out(lattice, source, chosen.labels[:, 0], chosen.wave)
    laid = np.where(lattice.lost[..., None], laid, source)
    wanted = values.copy()
    wanted[: structure.shape[0], : structure.shape[1]] = structure
    apart = np.where(lattice.lost[..., None], lattice.with_border(wanted) - laid, 0)
    tones = laid + TONED * ndimage.gaussian_filter(apart, (BROAD, BROAD, 0))
    moved = np.where(lattice.lost, moved, 0)
    closed = close_seams(laid, source, moved, lattice.lost, inside=lattice.inside, tones=tones)
    return lattice.without_border(closed)
