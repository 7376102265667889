"""Fill from patches that follow a structure image: its broad tones, the painting's own brushwork.

    guess      from coarse to fine, patches of known paint vote on what is lost (`voting`); they are compared
               by their colours, their texture, the structure's broad tones, and how near they are (`traits`)
    piece      each lost pixel comes from where most of the patches on it agree
    closing    pieces meet in their tones (`closing`)

The structure is what a net or a smooth surface would fill. It is right in broad tones and has no brushwork;
patches have brushwork and do not know what was there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from tratteggio.blas import one_thread
from tratteggio.painting.pixels import Array, Lost
from tratteggio.patches import voting
from tratteggio.patches.canvas import Swatch, laid_out
from tratteggio.patches.closing import close_seams
from tratteggio.patches.lattice import Floats
from tratteggio.patches.places import REACH, SIDE, find_places, with_border, without_border
from tratteggio.patches.pyramid import (
    STEPS,
    Filled,
    Level,
    any_whole,
    beside,
    diffuse_from_afar,
    double,
    halve,
    levels_of,
)
from tratteggio.patches.traits import traits_of

DEEP = 4  # pixels from the middle of a lacuna to known paint, about, at the coarsest level
TURNS = (1, 3, 6, 8)  # of search and vote: at the finest level, the next, ...; the last for all coarser
STRIDES = (2, 1)  # pixels from one place to the next: at the finest level, and at all coarser ones
TRUSTED_PX = 40.0  # pixels from known paint at which a structure counts for 1 / e
BROAD = 6.0  # pixels, standard deviation of tones that are held to the structure
TONED = 0.3  # how far
SURE = 0.004  # mean squared difference, of a range of 1, that makes a fill 1 / e as sure


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
    """Fill lacunae with pieces of known paint along a structure image.

    Args:
        colour: (H, W, channels) of any depth.
        lost: (H, W), True where paint is lost; some is, some is not.
        structure: (H, W, channels) in the same units, read where lost.
        rng: of the search.
        chance: draws one of several plausible fills; None gives the one held for best.
        more: other places of the painting that patches may come from.
        barred: (H, W) bool, what is not lost and no paint to copy either, as cracks and their fills.

    Returns:
        the fill; None if there is no whole patch of known paint.
    """
    shape, window = lost.shape, lost
    values, lost, void = laid_out(np.where(lost[..., None], 0, colour).astype(np.float64), lost, more)
    barred = beside(barred, window, void)
    if not any_whole(lost | void | barred, SIDE):
        return None
    shown = colour[~window]
    low, high = float(shown.min()), float(shown.max())
    if low == high:
        return Filled(np.full(colour.shape, low), np.where(window, 1, 0).astype(np.float32))
    values -= low
    values /= high - low
    # Rounded, so that the same painting in other units has the same labels.
    level = Level((np.rint(values * STEPS) / STEPS).astype(np.float32), lost, void, barred, shape, ())
    led = _trusted((np.where(window[..., None], structure, colour) - low) / (high - low), window)
    guess = _guess(level, (np.rint(led * STEPS) / STEPS).astype(np.float32), rng=rng, chance=chance)
    filled = _laid(guess, values, led, void | barred)
    return Filled(low + filled[level.here] * (high - low), _sure(guess, window))


def _trusted(structure: Array, lost: Lost) -> Array:
    """Let a smooth surface replace the structure far from the rim, where a net knows nothing any more."""
    depth = ndimage.distance_transform_edt(lost)
    trust = np.exp(-((depth / TRUSTED_PX) ** 2))[..., None]
    mixed: Array = trust * structure + (1 - trust) * diffuse_from_afar(structure, lost)
    return mixed


@one_thread()
def _guess(level: Level, structure: Floats, *, rng: Generator, chance: Generator | None) -> voting.Guess:
    """Let patches vote, from coarse to fine."""
    levels = levels_of(level, SIDE, deepest=DEEP)
    structures = [structure]
    for _ in levels[1:]:
        last = structures[-1]
        structures.append(halve(last, np.ones(last.shape[:2], np.bool_))[0].astype(np.float32))
    guess: voting.Guess | None = None
    for number, (one, led) in reversed(list(enumerate(zip(levels, structures, strict=True)))):
        whole = one.colours.copy()
        whole[one.here] = np.where(one.lost[one.here][..., None], led, whole[one.here])
        places = find_places(one.lost, one.useless, stride=STRIDES[min(number, len(STRIDES) - 1)])
        picture, labels = with_border(whole), None
        traits = traits_of(places, picture, picture, factor=1 << number, window=one.shape)
        if guess is not None:
            before = double(without_border(guess.picture), one.lost.shape)
            picture = with_border(np.where(one.lost[..., None], before, one.colours))
            labels = voting.carried(places, guess)
            picture = voting.vote(places, picture, labels, np.ones(len(labels), np.float32))
        turns = TURNS[min(number, len(TURNS) - 1)]
        drawn = chance if guess is None else None
        guess = voting.settle(places, traits, picture, labels, turns=turns, rng=rng, chance=drawn)
    assert guess is not None  # there is always one level
    return guess


def _laid(guess: voting.Guess, values: Array, structure: Array, useless: Lost) -> Array:
    """Lay each lost pixel from where it was elected to come from, and let tones meet: (H, W, channels).

    Broad tones are held to the structure, (h, w, channels) of the window, by a share.
    """
    places = guess.places
    shift = voting.elected(places, guess.labels, voting.trust(places, guess.least))
    source = np.pad(values, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
    laid, moved = source.copy(), np.zeros(places.lost.size, np.intp)
    flat = source.reshape(-1, source.shape[2])
    laid.reshape(flat.shape)[places.pixels] = flat[places.pixels + shift]
    moved[places.pixels] = shift
    apart = np.zeros_like(source)
    rows, cols = (slice(REACH, REACH + side) for side in structure.shape[:2])
    apart[rows, cols] = np.where(places.lost[rows, cols, None], structure - laid[rows, cols], 0)
    tones = laid + TONED * ndimage.gaussian_filter(apart, (BROAD, BROAD, 0))
    inside = np.pad(~useless, REACH)
    closed = close_seams(laid, source, moved.reshape(places.shape), places.lost, inside=inside, tones=tones)
    return without_border(closed)


def _sure(guess: voting.Guess, lost: Lost) -> Floats:
    """Spread over the pixels how well patches fit: the mean over the patches on a pixel."""
    places = guess.places
    samples = SIDE * SIDE * guess.picture.shape[2]
    by_place = np.exp(-guess.least.astype(np.float64) / samples / SURE)
    there = places.over >= 0
    mean = np.where(there, by_place[places.over], 0).sum(axis=1) / there.sum(axis=1)
    sure = np.zeros(places.lost.size)
    sure[places.pixels] = mean
    here = sure.reshape(places.shape)[REACH:, REACH:][: lost.shape[0], : lost.shape[1]]
    return np.where(lost, here, 0).astype(np.float32)
