"""Seams closed in the gradient domain: patches keep their texture, and their tones meet.

P. Perez, M. Gangnet and A. Blake 2003, "Poisson image editing", doi:10.1145/882262.882269, screened as by
P. Bhat, B. Curless, M. Cohen and C. L. Zitnick 2008, "Fourier analysis of the 2D screened Poisson equation",
doi:10.1007/978-3-540-88688-4_9: of all fills the one whose differences between neighbours are those that the
patches have, held to the known paint at the rim and, weakly, to the tones of the patches themselves. Nothing
outside the lacunae changes, and all is computed in double precision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.pixels import Array, Lost
from tratteggio.patches.lattice import Numbers

EDGE = 0.07  # of the range: a step between two pieces that is larger by that much is an edge, and stays
SCREEN = 0.015  # weight of a pixel's own tone beside that of one difference
ROUNDS = 200  # of conjugate gradients, at most
EXACT = 1e-3  # of the range: residual at which the solver stops


def close_seams(
    laid: Array, source: Array, moved: Numbers, lost: Lost, *, inside: Lost, tones: Array
) -> Array:
    """Solve for the tones of lost pixels.

    Minimises  sum over pairs |f_p - f_q - g_pq|^2 + SCREEN * sum |f_p - tones_p|^2  with f known outside of
    the lacunae. g is the difference that the patch on p or that on q shows there, the stronger one; so
    across a path between two patches there is no step, and no less texture. Where light and dark pieces meet,
    neither shows the step between them: a step much larger than theirs is an edge, and stays as it was laid.
    To close it would let light run into dark, as smoke.

    Args:
        laid: (h, w, channels) float64, patches laid over each other; known paint as it is.
        source: (h, w, channels), what patches were taken from.
        moved: (h, w), how far away each pixel was taken from, in flat indices; 0 for known paint.
        lost: (h, w) bool; no pixel of the outermost rows and columns is lost.
        inside: (h, w) bool, True where there is painting: no difference counts beyond.
        tones: (h, w, channels), the tones that fills are held to.

    Returns:
        (h, w, channels) float64: `laid` with new tones where lost.
    """
    at = np.flatnonzero(lost)
    if not len(at):
        return laid
    number = np.full(lost.size, -1)
    number[at] = np.arange(len(at))
    flat, taken = laid.reshape(-1, laid.shape[2]), source.reshape(-1, source.shape[2])
    steps, known = moved.ravel(), (inside & ~lost).ravel()
    own, counts = SCREEN * tones.reshape(flat.shape)[at], np.full(len(at), SCREEN)
    neighbours = []
    for off in (-lost.shape[1], lost.shape[1], -1, 1):
        there = at + off
        paired = inside.ravel()[there]
        by_mine, mine = _shown(taken, known, at + steps[at], there + steps[at])
        theirs = np.where(number[there] >= 0, steps[there], steps[at])
        by_theirs, other = _shown(taken, known, at + theirs, there + theirs)
        stronger = (by_mine**2).sum(axis=1) >= (by_theirs**2).sum(axis=1)
        told = np.where((mine & (stronger | ~other))[:, None], by_mine, by_theirs)
        # A pair that neither patch shows, at their outer corners, is held to what was laid.
        told = np.where((mine | other)[:, None], told, flat[at] - flat[there])
        beyond = number[there] < 0
        step = flat[at] - flat[there]
        excess = ((step - told) ** 2).mean(axis=1)
        stays = np.where(beyond, 0, 1 - np.exp(-excess / EDGE**2))[:, None]
        told = told + stays * (step - told)
        told = told + np.where(beyond[:, None], flat[there], 0)
        own += np.where(paired[:, None], told, 0)
        counts += paired
        neighbours.append(np.where(paired & ~beyond, number[there], len(at)))
    system = _System(np.stack(neighbours), counts[:, None])
    filled = laid.copy().reshape(flat.shape)
    filled[at] = system.solve(own, flat[at])
    return filled.reshape(laid.shape)


def _shown(taken: Array, known: Lost, one: Numbers, two: Numbers) -> tuple[Array, Lost]:
    """Return differences of pixels (n, channels), and where both are known paint; 0 elsewhere."""
    ok = (one >= 0) & (one < len(taken)) & (two >= 0) & (two < len(taken))
    one, two = np.where(ok, one, 0), np.where(ok, two, 0)
    ok = ok & known[one] & known[two]
    return np.where(ok[:, None], taken[one] - taken[two], 0), ok


@dataclass(frozen=True, eq=False)
class _System:
    """The equations: counts * f - sum of the neighbours' f = own.

    Attributes:
        neighbours: (4, n) number of each, n for one that is known or not there.
        counts: (n, 1).
    """

    neighbours: Numbers
    counts: NDArray[np.float64]

    def apply(self, values: Array) -> Array:
        padded = np.concatenate([values, np.zeros((1, values.shape[1]))])
        result: Array = self.counts * values - padded[self.neighbours].sum(axis=0)
        return result

    def solve(self, own: Array, start: Array) -> Array:
        """Solve by conjugate gradients, all channels at once, preconditioned by the diagonal."""
        found = start.astype(np.float64)
        left = own - self.apply(found)
        ready = left / self.counts
        along, power = ready, (left * ready).sum(axis=0)
        for _ in range(ROUNDS):
            if np.abs(left).max() < EXACT:
                break
            turned = self.apply(along)
            length = power / np.maximum((along * turned).sum(axis=0), 1e-300)
            found += length * along
            left = left - length * turned
            ready = left / self.counts
            new = (left * ready).sum(axis=0)
            along = ready + new / np.maximum(power, 1e-300) * along
            power = new
        return found
