"""What patches say about where they lie: not a place each, but how likely each place is.

A corner knows both directions, an edge only one, an empty place none; and where another layer shows (wood
grain in a radiograph) there are peaks by chance. So all that a patch says is kept until many are weighed
together: the log likelihood of every shift of whole pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tratteggio.align.matching import around, quadric, top
from tratteggio.align.transform import Floats

OVERCOUNT = 1.8  # times that patches which overlap by half count a pixel, under Hann windows
FAR_PX = 4  # from the middle of a surface: what correlates there does so by chance
HIGHEST = 0.95  # correlation: beyond, noise alone decides


@dataclass(frozen=True, eq=False)
class Evidence:
    """What k patches say.

    Attributes:
        places: (k, 2) middles of the patches, reference pixels.
        laid: (k, 2) by how much they had been displaced before shifts were tried, reference pixels.
        surfaces: (k, s, s) correlation at shifts by whole level pixels, none in the middle; -1 .. 1.
        likely: (k, s, s) log likelihood of these shifts, 0 or more.
        factor: reference pixels per level pixel.
    """

    places: Floats
    laid: Floats
    surfaces: Floats
    likely: Floats
    factor: int

    @classmethod
    def of(cls, places: Floats, laid: Floats, surfaces: Floats, factor: int) -> Evidence:
        """Turn correlations (k, s, s) into log likelihoods.

        Of n independent pairs of normal numbers, a correlation r is exp(-n/2 log(1 - r^2)) times as likely as
        if they shared nothing. How many pixels of a patch are independent shows in how far correlations
        scatter at shifts that cannot be right.
        """
        offsets = np.abs(np.arange(surfaces.shape[1]) - surfaces.shape[1] // 2)
        far = np.maximum(offsets[:, None], offsets[None, :]) > FAR_PX
        scatter = max(float(np.square(surfaces[:, far]).mean()), 1e-6)
        shared = np.square(np.clip(surfaces, 0, HIGHEST))
        likely = -0.5 / (scatter * OVERCOUNT) * np.log1p(-shared)
        # A patch may as well show something else, and then all shifts are alike: what it says is bounded.
        odds = np.exp(likely)
        likely = np.log1p(odds / odds.mean(axis=(1, 2), keepdims=True))
        return cls(places, laid, surfaces, likely, factor)

    @classmethod
    def joined(cls, parts: Sequence[Evidence]) -> Evidence:
        """Return what patches of one level say, as one."""
        return cls(
            np.concatenate([part.places for part in parts]),
            np.concatenate([part.laid for part in parts]),
            np.concatenate([part.surfaces for part in parts]),
            np.concatenate([part.likely for part in parts]),
            parts[0].factor,
        )

    def near(self, displacements: Floats, *, within_px: float) -> tuple[Floats, Floats]:
        """Return, near (k, 2) displacements, each patch's log likelihood as a quadric: weights and pulls.

        A patch looks for its best shift, the less willingly the farther (`within_px` level pixels is one
        standard deviation). There -d W d / 2 + p d is its log likelihood of displacements d but for a
        constant. Directions in which it has no top weigh nothing.

        Returns:
            weights W (k, 2, 2), positive semidefinite, and pulls p (k, 2); per reference pixel.
        """
        side = self.likely.shape[1]
        offsets = np.arange(side) - side // 2
        ahead = (displacements - self.laid) / self.factor
        down, across = (np.square(offsets - ahead[:, axis, None]) for axis in (0, 1))
        preferred = self.likely - (down[:, :, None] + across[:, None, :]) / (2 * within_px**2)
        # The rim has no neighbours to fit a quadric to.
        best = preferred[:, 1:-1, 1:-1].reshape(len(preferred), -1).argmax(axis=1)
        row, col = (index + 1 for index in np.unravel_index(best, (side - 2, side - 2)))
        _, curvatures = quadric(around(self.likely, row, col))
        values, axes = np.linalg.eigh(-curvatures)
        weights = np.einsum("kij,kj,klj->kil", axes, np.maximum(values, 0), axes)
        # Where a match is sure, its likelihood is the same whatever the part of a pixel that it is aside, but
        # correlations tell.
        tops = np.stack([row, col], axis=1) - side // 2 + top(around(self.surfaces, row, col))
        pulls = np.einsum("kij,kj->ki", weights, tops + self.laid / self.factor)
        return weights / self.factor**2, pulls / self.factor
