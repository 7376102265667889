"""Patches vote on what is lost, and look for themselves anew, by turns.

Y. Wexler, E. Shechtman and M. Irani 2007, "Space-time completion of video", doi:10.1109/TPAMI.2007.60: from
coarse to fine, each patch that touches a lacuna finds the patch of known paint that is most like it (search),
then the patches on a lost pixel say what it is (vote). At coarse levels every patch is compared with every
other; at fine ones the search is that of C. Barnes, E. Shechtman, A. Finkelstein and D. Goldman 2009,
"PatchMatch", doi:10.1145/1531326.1531330: what a neighbour found, moved along, and chance; all places at
once, so that it is a few operations on arrays.

A mean of votes blurs, and blurred guesses find smooth paint. So the first turns of a level vote in the mean,
and the later ones elect: a pixel comes from the one source on which most of its patches agree. Areas that
come from one source are whole pieces of the painting, with few seams.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from tratteggio.patches.cost import batches
from tratteggio.patches.lattice import Floats, Numbers
from tratteggio.patches.places import REACH, Places, with_border, without_border
from tratteggio.patches.traits import Traits

ALL_PAIRS = 6e7  # of places and sources: up to so many, every one is compared with every other
SEARCHES = 2  # rounds of propagation and chance in a turn
DRAWS = 3  # of chance in a round, each within an eighth of the distance of the last
FALL = 1.3  # a patch counts that much less for each pixel from the rim
DEEPEST_PX = 60  # pixels from the rim, from which on that is all one
SHARP = 1.0  # of the upper quartile of differences: a patch that is off by more counts less
ALONG = 0.85  # a neighbour's find, moved along, may differ that much more: strokes stay whole
BATCH = 1 << 20  # numbers gathered at a time
PAIRS = 1 << 19  # compared at a time: 2 MiB, which a processor keeps at hand
LIKELY = 6  # sources that chance draws from


@dataclass(frozen=True, eq=False)
class Guess:
    """What a level came to.

    Attributes:
        places: of the level.
        picture: (h, w, c) with border.
        labels: (n,) source of each place.
        least: (n,) squared difference between each and what was asked for.
    """

    places: Places
    picture: Floats
    labels: Numbers
    least: Floats


def settle(
    places: Places,
    traits: Traits,
    picture: Floats,
    labels: Numbers | None,
    *,
    turns: int,
    rng: Generator,
    chance: Generator | None = None,
) -> Guess:
    """Search and vote by turns.

    Args:
        places, traits: of the level.
        picture: (h, w, c) with border, what lost pixels are taken for at first.
        labels: (n,) sources to begin with; None looks at all there are.
        turns: of search and vote, 1 at least.
        rng: of the search.
        chance: draws the first sources among the likeliest; None takes the best.
    """
    every = len(places.at) * len(traits.sources) <= ALL_PAIRS or labels is None
    least = np.zeros(len(places.at), np.float32)
    for turn in range(turns):
        wanted = traits.of_places(places, picture)
        if every:
            labels, least = search_all(traits, wanted, chance=chance if turn == 0 else None)
        else:
            assert labels is not None  # without any, all are compared
            labels, least = search_on(places, traits, wanted, labels, rng)
        mean = turn < turns // 2
        picture = (vote if mean else elect)(places, picture, labels, trust(places, least))
    assert labels is not None
    return Guess(places, picture, labels, least)


def search_all(traits: Traits, wanted: Floats, *, chance: Generator | None = None) -> tuple[Numbers, Floats]:
    """Compare each place with all sources: labels (n,), differences (n,)."""
    # |k - w|^2 less |w|^2 is one product of matrices: of (k, |k|^2) and (-2 w, 1).
    known = traits.known
    lengths = np.einsum("nd,nd->n", known, known)[:, None]
    right = np.ascontiguousarray(np.concatenate([known, lengths], axis=1).T)
    left = np.concatenate([-2 * wanted, np.ones((len(wanted), 1), np.float32)], axis=1)
    best = np.empty(len(wanted), np.intp)
    for some in batches(len(wanted), len(known), most=PAIRS):
        apart = left[some] @ right
        if chance is None:
            best[some] = apart.argmin(axis=1)
        else:
            likely = np.argpartition(apart, min(LIKELY, len(known)) - 1, axis=1)[:, :LIKELY]
            drawn = chance.integers(likely.shape[1], size=len(likely))
            best[some] = likely[np.arange(len(likely)), drawn]
    apart = known[best] - wanted
    return traits.sources[best], np.einsum("nd,nd->n", apart, apart)


def search_on(
    places: Places, traits: Traits, wanted: Floats, labels: Numbers, rng: Generator
) -> tuple[Numbers, Floats]:
    """Look on from labels (n,): what neighbours found, moved along, then chance."""
    whole, width = places.whole.ravel(), places.width
    row_of = np.full(whole.size, -1)
    row_of[traits.sources] = np.arange(len(traits.sources))
    every, labels = np.arange(len(labels)), labels.copy()

    def differ(which: Numbers, candidates: Numbers) -> Floats:
        found = np.empty(len(which), np.float32)
        for some in batches(len(which), wanted.shape[1], most=BATCH):
            apart = traits.known[row_of[candidates[some]]] - wanted[which[some]]
            found[some] = np.einsum("nd,nd->n", apart, apart)
        return found

    def try_out(which: Numbers, candidates: Numbers, along: float = 1.0) -> None:
        ok = (candidates >= 0) & (candidates < whole.size)
        ok[ok] = whole[candidates[ok]] & (candidates[ok] != labels[which[ok]])
        which, candidates = which[ok], candidates[ok]
        found = differ(which, candidates)
        better = along * found < least[which]
        labels[which[better]], least[which[better]] = candidates[better], found[better]

    least = differ(every, labels)
    for round_ in range(SEARCHES):
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            for jump in (4, 1) if round_ == 0 else (1,):
                rows = np.clip(places.grid[:, 0] + down * jump, 0, places.number.shape[0] - 1)
                cols = np.clip(places.grid[:, 1] + right * jump, 0, places.number.shape[1] - 1)
                others = places.number[rows, cols]
                some = every[others >= 0]
                others = others[some]
                try_out(some, labels[others] + places.at[some] - places.at[others], ALONG)
        span = max(places.shape) / 2
        for _ in range(DRAWS):
            moves = rng.integers(-int(span) - 1, int(span) + 2, (2, len(labels)))
            cols = labels % width + moves[1]
            inside = (cols >= 0) & (cols < width)
            try_out(every[inside], (labels + moves[0] * width + moves[1])[inside])
            span /= 8
    return labels, least


def trust(places: Places, least: Floats) -> Floats:
    """Weigh places: less where they differ from what they found, and far from the rim. (n,)"""
    spread = float(np.quantile(least, 0.75)) * SHARP + 1e-6
    fall = FALL ** -np.minimum(places.depth, DEEPEST_PX)
    weight: Floats = (np.exp(-least / (2 * spread)) * fall + 1e-12).astype(np.float32)
    return weight


def vote(places: Places, picture: Floats, labels: Numbers, weight: Floats) -> Floats:
    """Let lost pixels be the mean of what the patches on them say: (h, w, c) with border."""
    flat = picture.reshape(-1, picture.shape[2])
    shift, weights = labels - places.at, np.where(places.over >= 0, weight[places.over], 0)
    weights /= weights.sum(axis=1, keepdims=True)
    said = np.zeros((len(places.pixels), flat.shape[1]), np.float32)
    for over, share in zip(places.over.T, weights.T, strict=True):
        at = places.pixels + np.where(over >= 0, shift[over], 0)
        said += share[:, None] * flat[at]
    return _put(places, picture, said)


def elect(places: Places, picture: Floats, labels: Numbers, weight: Floats) -> Floats:
    """Let lost pixels come from where most of the patches on them agree: (h, w, c) with border."""
    flat = picture.reshape(-1, picture.shape[2])
    return _put(places, picture, flat[places.pixels + elected(places, labels, weight)])


def elected(places: Places, labels: Numbers, weight: Floats) -> Numbers:
    """Return how far away the patches that weigh most together take each lost pixel from: (m,)."""
    shift = labels - places.at
    there = places.over >= 0
    shifts = np.where(there, shift[places.over], 0)
    weights = np.where(there, weight[places.over], 0)
    order = np.argsort(shifts, axis=1, kind="stable")
    shifts, weights = (np.take_along_axis(one, order, axis=1) for one in (shifts, weights))
    # Equal shifts stand side by side: what they weigh is the difference of two running sums.
    sums = np.cumsum(weights, axis=1, dtype=np.float64)
    ends = np.ones(shifts.shape, np.bool_)
    ends[:, :-1] = shifts[:, 1:] != shifts[:, :-1]
    before = np.maximum.accumulate(np.where(ends, sums, 0), axis=1)
    before = np.concatenate([np.zeros((len(sums), 1)), before[:, :-1]], axis=1)
    best = np.where(ends, sums - before, -1).argmax(axis=1)
    chosen: Numbers = np.take_along_axis(shifts, best[:, None], axis=1)[:, 0]
    return chosen


def _put(places: Places, picture: Floats, values: Floats) -> Floats:
    filled = picture.copy()
    filled.reshape(-1, picture.shape[2])[places.pixels] = values
    return with_border(without_border(filled))


def carried(fine: Places, coarse: Guess) -> Numbers:
    """Carry labels to a level twice as fine; each is a whole patch, the nearest to where it leads."""
    was = coarse.places
    rows, cols = np.divmod(fine.at, fine.width)
    rows, cols = rows - REACH, cols - REACH
    near = ndimage.distance_transform_edt(was.number < 0, return_distances=False, return_indices=True)
    at_row = np.clip(rows // 2 // was.stride + 1, 0, was.number.shape[0] - 1)
    at_col = np.clip(cols // 2 // was.stride + 1, 0, was.number.shape[1] - 1)
    parent = was.number[near[0][at_row, at_col], near[1][at_row, at_col]]
    to, at = (np.divmod(flat[parent], was.width) for flat in (coarse.labels, was.at))
    nearest = ndimage.distance_transform_edt(~fine.whole, return_distances=False, return_indices=True)
    rows = np.clip(rows + REACH + 2 * (to[0] - at[0]), 0, fine.shape[0] - 1)
    cols = np.clip(cols + REACH + 2 * (to[1] - at[1]), 0, fine.shape[1] - 1)
    found: Numbers = nearest[0][rows, cols].astype(np.intp) * fine.width + nearest[1][rows, cols]
    return found
