"""Colours for grey: spread from a few hints along even lightness, or taken from paint of like lightness.

Sources: Levin, Lischinski, Weiss, "Colorization using optimization", ACM Transactions on Graphics 23(3),
2004; Welsh, Ashikhmin, Mueller, "Transferring color to greyscale images", the same 21(3), 2002.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse, spatial
from scipy.sparse import linalg

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.painting.pixels import Array

Floats = NDArray[np.float64]

LEAST_VARIANCE = 2.0  # of L*, below which neighbours count as alike
SHARE_OF_VARIANCE = (
    0.1  # of that of a window of 3 x 3, by which differences are judged: of 0.1, 0.2, 0.3 and 0.6
)
# (as published) the best on 8 paintings with 30 and 100 dots; colours leak less over edges
AROUND = 2  # px to each side over which texture is judged
TEXTURE = 0.5  # weight of texture beside lightness
NEAREST = 15  # places of a reference that a place takes its colour from
MOST_PLACES = 20_000  # of a reference that are searched
EASE = 4.0  # variance of L* up to which a guide is taken for even
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def spread_colours(lightness: Array, colours: Array, trust: Array) -> Floats:
    """Spread colours over a grey picture: neighbours of like lightness get like colours (Levin et al. 2004).

    Minimises the squares of U(r) - sum over the 8 neighbours s of w(r, s) U(s), where w falls with the
    difference of lightness, exp(-(L(r) - L(s))^2 / 2 sigma(r)^2), sigma(r)^2 being the variance about r,
    and sums to 1. The sparse linear system (1 + trust) U(r) - sum w U(s) = trust colours(r) is solved at
    one go.

    Args:
        lightness: (H, W), L* of 0 .. 100.
        colours: (H, W, 2), a* and b*, where they are known; else anything finite.
        trust: (H, W), 0 where nothing is known, infinite where the colour is certain, between them how much
            it weighs against that of the neighbours.

    Returns:
        (H, W, 2), a* and b*.

    Raises:
        GridMismatch: the shapes differ.
        BadUsage: no colour is known anywhere.
    """
    grid = lightness.shape
    if colours.shape != (*grid, 2) or trust.shape != grid:
        raise GridMismatch(
            f"lightness, colours and trust share a grid, got {grid}, {colours.shape} and {trust.shape}"
        )
    if not (trust > 0).any():
        raise BadUsage("no colour is known anywhere, so there is none to spread")
    weights = _alike(np.asarray(lightness, np.float64))
    certain = np.isinf(trust.ravel())
    firm = np.where(certain, 1.0, trust.ravel())
    # A certain pixel has a row of its own: U = colour.
    spread = sparse.diags(np.where(certain, 0.0, 1.0))
    system = sparse.diags(np.where(certain, 1.0, 1.0 + firm)) - spread @ weights
    solver = linalg.splu(system.tocsc(), permc_spec="COLAMD")
    known = firm[:, None] * np.where(trust.ravel()[:, None] > 0, colours.reshape(-1, 2), 0.0)
    return np.asarray(solver.solve(known).reshape(*grid, 2))


def _alike(lightness: Floats) -> sparse.csr_matrix:
    """Return how much each pixel goes by each neighbour: rows of a matrix (pixels, pixels) that sum to 1."""
    mean = ndimage.uniform_filter(lightness, 3, mode="nearest")
    variance = ndimage.uniform_filter(lightness**2, 3, mode="nearest") - mean**2
    judged = np.maximum(SHARE_OF_VARIANCE * variance, LEAST_VARIANCE).ravel()
    index = np.arange(lightness.size).reshape(lightness.shape)
    rows, cols = lightness.shape
    pairs = []
    for down, across in NEIGHBOURS:
        left, right = max(0, -across), cols - max(0, across)
        here = index[: rows - down, left:right]
        there = index[down:, left + across : right + across]
        pairs += [(here.ravel(), there.ravel()), (there.ravel(), here.ravel())]
    i, j = (np.concatenate(part) for part in zip(*pairs, strict=True))
    flat = lightness.ravel()
    weight = np.exp(-((flat[i] - flat[j]) ** 2) / (2 * judged[i])) + 1e-6
    sums = np.bincount(i, weight, minlength=flat.size)
    return sparse.csr_matrix((weight / sums[i], (i, j)), shape=(flat.size, flat.size))


class Reference(NamedTuple):
    """Paint that colours are taken from.

    Attributes:
        lightness: (h, w), L* of 0 .. 100.
        colours: (h, w, 2), a* and b*.
        region: (h, w), numbers of its regions; 0: no colour is taken from there.
    """

    lightness: Array
    colours: Array
    region: Array


def match_colours(lightness: Array, region: Array, reference: Reference) -> tuple[Floats, Floats]:
    """Take colours from places of a reference that are as light and as textured (Welsh et al. 2002).

    A region looks only at that of the same number. Lightness is compared by rank within the region, for one
    photograph may be darker than another.

    Args:
        lightness: (H, W), L* of 0 .. 100.
        region: (H, W), numbers of regions; 0: nothing is said there.
        reference: where colours come from.

    Returns:
        colours (H, W, 2), the mean of the nearest places; and trust (H, W) for `spread_colours`: 0 where
        nothing is said, else 0.02 .. 1, less where the nearest places differ in colour.

    Raises:
        BadUsage: no region of the picture has a part in the reference.
    """
    colours, trust = np.zeros((*lightness.shape, 2)), np.zeros(lightness.shape)
    rng = np.random.default_rng(0)
    numbers = sorted({*np.unique(region).tolist()} & {*np.unique(reference.region).tolist()} - {0})
    if not numbers:
        raise BadUsage("no region of the picture has a part in the reference, so no colour can be taken")
    own, other = _features(lightness), _features(reference.lightness)
    for number in numbers:
        here, there = region == number, reference.region == number
        paint, taken = other[there], reference.colours[there]
        if len(paint) > MOST_PLACES:
            chosen = rng.choice(len(paint), MOST_PLACES, replace=False)
            paint, taken = paint[chosen], taken[chosen]
        _, nearest = spatial.cKDTree(_ranked(paint)).query(
            _ranked(own[here]), k=min(NEAREST, len(paint)), eps=0.5
        )
        found = taken[nearest.reshape(len(nearest), -1)]
        colours[here] = found.mean(axis=1)
        spread = np.sqrt(found.var(axis=1).sum(axis=-1))
        trust[here] = np.clip(1 / (1 + (spread / 10) ** 2), 0.02, 1)
    return colours, trust


def _features(lightness: Array) -> Floats:
    """Return lightness, and how much it differs over 5 x 5 pixels: (h, w, 2)."""
    light = np.asarray(lightness, np.float64)
    mean = ndimage.uniform_filter(light, 2 * AROUND + 1, mode="nearest")
    power = ndimage.uniform_filter(light**2, 2 * AROUND + 1, mode="nearest")
    return np.stack([light, np.sqrt(np.maximum(power - mean**2, 0))], axis=-1)


def _ranked(features: Floats) -> Floats:
    """Replace lightness by the share of places that are darker, 0 .. 100; texture counts as it is."""
    light = features[:, 0]
    return np.stack(
        [100 * np.searchsorted(np.sort(light), light) / len(light), TEXTURE * features[:, 1]], axis=-1
    )


def guide(lightness: Array, colours: Array, *, reach: int = 2) -> tuple[Floats, Floats]:
    """Say colours as straight lines over lightness, so that they follow finer lightness (He et al. 2013).

    Within windows of (2 reach + 1)^2 pixels, colours = slope lightness + offset; both are means over the
    windows that hold a pixel, and vary slowly, so that they can be interpolated to a finer grid.

    Args:
        lightness: (H, W), L*.
        colours: (H, W, 2), a* and b*.
        reach: pixels.

    Returns:
        slope and offset, (H, W, 2) each.
    """
    light = np.asarray(lightness, np.float64)[..., None]

    def mean(x: Array) -> Floats:
        size = (2 * reach + 1, 2 * reach + 1, 1)
        return np.asarray(ndimage.uniform_filter(np.asarray(x, np.float64), size, mode="nearest"))

    middle, tone = mean(light), mean(colours)
    slope = (mean(light * colours) - middle * tone) / (mean(light**2) - middle**2 + EASE)
    return mean(slope), mean(tone - slope * middle)
