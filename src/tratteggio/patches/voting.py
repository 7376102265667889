"""A guess that holds together: patches vote on every lost pixel, and look for themselves anew, by turns.

Y. Wexler, E. Shechtman and M. Irani 2007, "Space-time completion of video", doi:10.1109/TPAMI.2007.60: from
coarse to fine, each patch that touches a lacuna finds the patch of known paint that is most like it (search),
then every lost pixel becomes the mean of what the patches on it say (vote). The search is that of C. Barnes,
E. Shechtman, A. Finkelstein and D. Goldman 2009, "PatchMatch", doi:10.1145/1531326.1531330: what a neighbour
found, moved along, and chance; all places at once, so that it is a few operations on arrays.

A structure image may lead: after each vote the broad tones of the guess are pulled towards it, so that the
next search finds paint of these tones. It leads at coarse levels, and near the rim.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting.pixels import Lost
from tratteggio.patches.cost import batches
from tratteggio.patches.lattice import Floats, Numbers, box_sums

SIDE = 7  # pixels of a patch that votes
REACH = SIDE // 2
STRIDE = 2  # pixels from one place to the next
TURNS = (3, 6, 10)  # of search and vote: at the finest level, the next, and all coarser ones
SEARCHES = 2  # rounds of propagation and chance in a turn
DRAWS = 3  # of chance in a round, each within half the distance of the last
MOST = 16_000  # patches of known paint that every place is compared with at the coarsest level
FALL = 1.3  # a patch counts that much less for each pixel from the rim
SHARP = 0.3  # of the upper quartile of differences: a patch that is off by more hardly votes
ALONG = 0.8  # a neighbour's find, moved along, may differ that much more: strokes stay whole
BATCH = 1 << 17  # numbers gathered at a time
LED = 0.5  # of what broad tones are off from the structure, taken away after each vote, at the rim
LED_PX = 12.0  # pixels from the rim, of the level, over which that falls to 1 / e
BROAD = 2.0  # pixels, standard deviation of broad tones


@dataclass(frozen=True, eq=False)
class Ground:
    """One level: places that look for paint, and where whole patches of known paint lie.

    Attributes:
        shape: (h, w) with a border of `REACH` pixels.
        lost: (h, w) bool.
        whole: (h w,) bool, True at the centre of a patch of known paint.
        at: (n,) flat index of the centre of each place.
        number: (rows, cols) number of the place at each point of the grid of `STRIDE`, -1 for none.
        grid: (n, 2) row and column of each place on that grid.
        depth: (h, w) pixels to known paint.
    """

    shape: tuple[int, int]
    lost: Lost
    whole: Lost
    at: Numbers
    number: Numbers
    grid: Numbers
    depth: Floats


def ground(lost: Lost, void: Lost) -> Ground:
    """Find the places of a level, (h, w) bool: lost, and without any painting."""
    void = np.pad(void, REACH, constant_values=True)
    lost = np.pad(lost, REACH)
    inner = np.zeros(lost.shape, np.bool_)
    inner[REACH:-REACH, REACH:-REACH] = True
    whole = np.zeros_like(lost)
    whole[REACH:-REACH, REACH:-REACH] = box_sums(~(lost | void), SIDE) == SIDE * SIDE
    touched = inner & ndimage.maximum_filter(lost, size=SIDE) & ~void
    points = np.zeros_like(lost)
    points[REACH::STRIDE, REACH::STRIDE] = True
    rows, cols = np.nonzero(touched & points)
    number = np.full([-(-side // STRIDE) + 2 for side in lost.shape], -1)
    grid = np.stack([(rows - REACH) // STRIDE + 1, (cols - REACH) // STRIDE + 1], axis=1)
    number[grid[:, 0], grid[:, 1]] = np.arange(len(rows))
    depth = ndimage.distance_transform_edt(lost).astype(np.float32)
    return Ground(lost.shape, lost, whole.ravel(), rows * lost.shape[1] + cols, number, grid, depth)


def patches_of(ground: Ground, picture: Floats) -> NDArray[np.float32]:
    """See all patches of (h, w, c) by flat index of their centre less that of the first: a view."""
    height, width = ground.shape
    channels = picture.shape[2]
    step = picture.strides
    count = height * width - 2 * REACH * width - 2 * REACH
    return as_strided(
        picture.reshape(-1, channels), (count, SIDE, SIDE, channels), (step[1], *step), writeable=False
    )


def first(ground: Ground) -> int:
    """Return the flat index of the first patch's centre."""
    return REACH * ground.shape[1] + REACH


def differences(seen: Floats, wanted: Floats, labels: Numbers) -> Floats:
    """Sum the squared differences of wanted patches (n, d) from those that are seen at labels (n,)."""
    found = np.empty(len(labels), np.float32)
    for some in batches(len(labels), wanted.shape[1], most=BATCH):
        apart = seen[labels[some]].reshape(-1, wanted.shape[1])
        apart -= wanted[some]
        found[some] = np.einsum("nd,nd->n", apart, apart)
    return found


def search_all(ground: Ground, picture: Floats) -> tuple[Numbers, Floats]:
    """Compare each place with all whole patches, or a regular share: labels (n,), differences (n,)."""
    seen, start = patches_of(ground, picture), first(ground)
    labels = np.flatnonzero(ground.whole)
    labels = labels[:: -(-len(labels) // MOST)]
    known = seen[labels - start].reshape(len(labels), -1)
    lengths = np.einsum("nd,nd->n", known, known)
    best = np.empty(len(ground.at), np.intp)
    for some in batches(len(ground.at), len(labels), most=1 << 22):
        asked = seen[ground.at[some] - start].reshape(-1, known.shape[1])
        best[some] = labels[(lengths - 2 * (asked @ known.T)).argmin(axis=1)]
    wanted = seen[ground.at - start].reshape(len(best), -1)
    return best, differences(seen, wanted, best - start)


def search_on(ground: Ground, picture: Floats, labels: Numbers, rng: Generator) -> tuple[Numbers, Floats]:
    """Look on from labels (n,): what neighbours found, moved along, then chance."""
    seen, start, width = patches_of(ground, picture), first(ground), ground.shape[1]
    wanted = seen[ground.at - start].reshape(len(ground.at), -1)
    labels, least = labels.copy(), differences(seen, wanted, labels - start)

    def try_out(which: Numbers, candidates: Numbers, along: float = 1.0) -> None:
        ok = (candidates >= 0) & (candidates < ground.whole.size)
        ok[ok] = ground.whole[candidates[ok]] & (candidates[ok] != labels[which[ok]])
        which, candidates = which[ok], candidates[ok]
        found = differences(seen, wanted[which], candidates - start)
        better = along * found < least[which]
        labels[which[better]], least[which[better]] = candidates[better], found[better]

    every = np.arange(len(labels))
    for round_ in range(SEARCHES):
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            for jump in (4, 1) if round_ == 0 else (1,):
                rows = np.clip(ground.grid[:, 0] + down * jump, 0, ground.number.shape[0] - 1)
                cols = np.clip(ground.grid[:, 1] + right * jump, 0, ground.number.shape[1] - 1)
                others = ground.number[rows, cols]
                some = every[others >= 0]
                others = others[some]
                try_out(some, labels[others] + ground.at[some] - ground.at[others], ALONG)
        span = max(ground.shape) / 2
        for _ in range(DRAWS):
            moves = rng.integers(-int(span) - 1, int(span) + 2, (2, len(labels)))
            cols = labels % width + moves[1]
            inside = (cols >= 0) & (cols < width)
            try_out(every[inside], (labels + moves[0] * width + moves[1])[inside])
            span /= 8
    return labels, least


def vote(ground: Ground, picture: Floats, labels: Numbers, least: Floats) -> Floats:
    """Let the patches at labels (n,) say what lost pixels are: (h, w, c), known ones as they are."""
    width = ground.shape[1]
    flat = picture.reshape(-1, picture.shape[2])
    spread = float(np.quantile(least, 0.75)) * SHARP + 1e-6
    weight = np.exp(-least / (2 * spread)) * FALL ** -np.minimum(ground.depth.ravel()[ground.at], 60)
    weight = (weight + 1e-12).astype(np.float32)[:, None]
    said = np.concatenate([flat, np.ones((len(flat), 1), np.float32)], axis=1)  # the last counts the votes
    total = np.zeros_like(said)
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            off = down * width + right
            # Each place adds one number to a pixel of its own: plain indexing will do.
            total[ground.at + off] += weight * said[labels + off]
    mean = (total[:, :-1] / np.maximum(total[:, -1:], np.float32(1e-30))).reshape(picture.shape)
    return np.where(ground.lost[..., None], mean, picture).astype(np.float32)


def lead(ground: Ground, picture: Floats, structure: Floats, share: float) -> Floats:
    """Pull the broad tones of a guess towards a structure image (h, w, c), most of all near the rim."""
    apart = np.where(ground.lost[..., None], structure - picture, 0)
    broad = ndimage.gaussian_filter(apart, (BROAD, BROAD, 0))
    pull = share * np.exp(-ground.depth / np.float32(LED_PX))
    return np.where(ground.lost[..., None], picture + pull[..., None] * broad, picture).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Guess:
    """What a level came to: the picture (h, w, c) with its border, and the label of each place."""

    ground: Ground
    picture: Floats
    labels: Numbers


def bordered(values: NDArray[np.floating]) -> Floats:
    """Add the border to (h, w, c), repeating what is at the edge."""
    wide = np.pad(values, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
    return np.ascontiguousarray(wide, dtype=np.float32)


def inner(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Take the border off (h, w, c)."""
    return values[REACH:-REACH, REACH:-REACH]


def settle(
    ground: Ground,
    start: Floats,
    structure: Floats | None,
    labels: Numbers | None,
    *,
    turns: int,
    rng: Generator,
) -> Guess:
    """Search and vote by turns.

    Args:
        ground: of the level.
        start: (h, w, c), what lost pixels are taken for at first; no border.
        structure: (h, w, c), without border; None where nothing leads.
        labels: of each place, to begin with; None looks at all there are.
        turns: of search and vote.
        rng: of the search.
    """
    picture = bordered(start)
    led = None if structure is None else bordered(structure)
    for turn in range(turns):
        if labels is None:
            labels, least = search_all(ground, picture)
        else:
            labels, least = search_on(ground, picture, labels, rng)
        picture = bordered(inner(vote(ground, picture, labels, least)))
        if led is not None and turn < turns - 1:
            picture = bordered(inner(lead(ground, picture, led, LED)))
    assert labels is not None
    return Guess(ground, picture, labels)


def carried(fine: Ground, coarse: Guess) -> Numbers:
    """Carry labels to a level twice as fine; each is a whole patch, the nearest to where it leads."""
    width = coarse.ground.shape[1]
    rows, cols = fine.at // fine.shape[1] - REACH, fine.at % fine.shape[1] - REACH
    near = ndimage.distance_transform_edt(
        coarse.ground.number < 0, return_distances=False, return_indices=True
    )
    at_row = np.clip(rows // 2 // STRIDE + 1, 0, coarse.ground.number.shape[0] - 1)
    at_col = np.clip(cols // 2 // STRIDE + 1, 0, coarse.ground.number.shape[1] - 1)
    parent = coarse.ground.number[near[0][at_row, at_col], near[1][at_row, at_col]]
    to, at = coarse.labels[parent], coarse.ground.at[parent]
    down, right = to // width - at // width, to % width - at % width
    nearest = ndimage.distance_transform_edt(
        ~fine.whole.reshape(fine.shape), return_distances=False, return_indices=True
    )
    rows = np.clip(rows + REACH + 2 * down, 0, fine.shape[0] - 1)
    cols = np.clip(cols + REACH + 2 * right, 0, fine.shape[1] - 1)
    carried: Numbers = nearest[0][rows, cols].astype(np.intp) * fine.shape[1] + nearest[1][rows, cols]
    return carried
