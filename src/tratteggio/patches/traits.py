"""What patches of a level are compared by: a few numbers each, so that all pairs are one product of matrices.

    colours    of the patch, in the directions in which patches of this painting differ most
    texture    how much neighbours differ here; in a lacuna, as much as around it
    tones      broader than a patch; in a lacuna, those of the structure image
    place      paint from nearby is like that which was lost, and a motif from afar is not

A patch by itself fits wherever its colours do: an eye may stand for a button. Broad tones and place tell of
what lies around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy import ndimage

from tratteggio.patches.cost import batches
from tratteggio.patches.lattice import Floats, Numbers
from tratteggio.patches.places import REACH, SIDE, Places
from tratteggio.patches.pyramid import diffuse_from_afar

DIRECTIONS = 24  # of colours; the others are left out
LEARNT = 4000  # patches that directions are found from, about
TEXTURE = 1.0  # weight of texture beside a difference of all colours
GRAIN = 3.0  # pixels, standard deviation of the place that texture is a mean over
BROAD_PX = 8.0  # pixels of the painting, standard deviation of broad tones
BROADEST = 2.0  # pixels of the level, at least
WITHIN = 2.5  # standard deviations that means are taken over
AFAR = 0.0007  # of the range: what a pixel of distance counts for, as a difference of all colours
ELSEWHERE_PX = 128  # distance that other places of the painting count for
BATCH = 1 << 20  # numbers gathered at a time


@dataclass(frozen=True, eq=False)
class Traits:
    """Of one level.

    Attributes:
        directions: (SIDE * SIDE * c, d) of colours.
        paint: (h w, e) what else whole patches have, by flat index of their centre.
        asked: (n, e) what else places ask for.
        sources: (s,) flat index of each whole patch.
        known: (s, d + e) traits of these.
    """

    directions: Floats
    paint: Floats
    asked: Floats
    sources: Numbers
    known: Floats

    def of_places(self, places: Places, picture: Floats) -> Floats:
        """Return what places ask for, given a guess (h, w, c) with border: (n, d + e)."""
        return np.concatenate([_colours(picture, places.at, self.directions), self.asked], axis=1)


def traits_of(
    places: Places, picture: Floats, structure: Floats, *, factor: int, window: tuple[int, int]
) -> Traits:
    """Learn what patches of a level are compared by.

    Args:
        places: of the level.
        picture: (h, w, c) with border, known paint.
        structure: (h, w, c) with border, as `picture` where paint is known.
        factor: pixels of the painting for one of the level.
        window: (rows, columns) of the level that are the window; the rest comes from elsewhere.
    """
    sources = np.flatnonzero(places.whole)
    directions = _directions(picture, sources)
    beside = (_texture(places, picture), _tones(places, structure, factor), _place(places, factor, window))
    weight = np.float32(SIDE * np.sqrt(picture.shape[2]))
    paint = np.concatenate([had for had, _ in beside], axis=2).reshape(places.lost.size, -1) * weight
    asked = np.concatenate([wanted for _, wanted in beside], axis=2).reshape(paint.shape)[places.at] * weight
    known = np.concatenate([_colours(picture, sources, directions), paint[sources]], axis=1)
    return Traits(directions, paint, asked, sources, known)


def _patches(picture: Floats, centres: Numbers) -> Floats:
    """Gather patches by their centres: (n, SIDE * SIDE * c)."""
    rows, width, channels = picture.shape
    down, right, _ = picture.strides
    count = rows * width - 2 * REACH * (width + 1)
    seen = as_strided(
        picture, (count, SIDE, SIDE * channels), (right, down, picture.itemsize), writeable=False
    )
    found: Floats = seen[centres - REACH * (width + 1)].reshape(len(centres), -1)
    return found


def _directions(picture: Floats, sources: Numbers) -> Floats:
    """Find the directions in which patches differ most, by their covariance: (SIDE * SIDE * c, d)."""
    some = _patches(picture, sources[:: -(-len(sources) // LEARNT)]).astype(np.float64)
    some -= some.mean(axis=0)
    _, vectors = np.linalg.eigh(some.T @ some)
    return np.ascontiguousarray(vectors[:, ::-1][:, :DIRECTIONS], dtype=np.float32)


def _colours(picture: Floats, centres: Numbers, directions: Floats) -> Floats:
    found = np.empty((len(centres), directions.shape[1]), np.float32)
    for some in batches(len(centres), len(directions), most=BATCH):
        found[some] = _patches(picture, centres[some]) @ directions
    return found


def _texture(places: Places, picture: Floats) -> tuple[Floats, Floats]:
    """Return how much neighbours differ around each pixel, and what is asked for: (h, w, 1) each."""
    known = ~(places.lost | places.void)
    tone = picture.mean(axis=2)
    total, count = np.zeros_like(tone), np.zeros_like(tone)
    for there, here in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = (known[there] & known[here]).astype(np.float32)
        squared = both * (tone[there] - tone[here]) ** 2
        for end in (there, here):
            total[end] += squared
            count[end] += both
    total, count = (ndimage.gaussian_filter(one, GRAIN, truncate=WITHIN) for one in (total, count))
    strength = np.sqrt(total / np.maximum(count, np.float32(1e-3)))[..., None]
    around = diffuse_from_afar(strength, ~known)
    asked = np.where(places.lost[..., None], around, strength).astype(np.float32)
    weight = np.float32(TEXTURE)
    return weight * strength, weight * asked


def _tones(places: Places, structure: Floats, factor: int) -> tuple[Floats, Floats]:
    """Return broad tones, of paint and as they are asked for: (h, w, c)."""
    spread = max(BROADEST, BROAD_PX / factor)
    there = (~places.void).astype(np.float32)
    count = ndimage.gaussian_filter(there, spread, truncate=WITHIN)[..., None]
    broad = ndimage.gaussian_filter(structure * there[..., None], (spread, spread, 0), truncate=WITHIN)
    # All channels together count as much as texture or place, which are one number each.
    broad /= np.maximum(count, np.float32(1e-6)) * np.float32(np.sqrt(structure.shape[2]))
    return broad, broad


def _place(places: Places, factor: int, window: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return rows, columns and whether a pixel is elsewhere, as differences of colour: (h, w, 3)."""
    rows, cols = np.indices(places.shape, dtype=np.float32) * np.float32(factor)
    outside = np.ones(places.shape, np.bool_)
    outside[: window[0] + 2 * REACH, : window[1] + 2 * REACH] = False
    middle = [float(np.median(one[places.lost])) for one in (rows, cols)]
    rows, cols = (np.where(outside, here, one) for one, here in zip((rows, cols), middle, strict=True))
    place = np.stack([rows, cols, np.where(outside, ELSEWHERE_PX, 0)], axis=2).astype(np.float32)
    place *= np.float32(AFAR)
    return place, place
