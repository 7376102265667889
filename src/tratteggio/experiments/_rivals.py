"""What descriptors of patches have to beat: a learnt rival, and search over the pixels themselves.

    Sparse        16 x 16 x 3 = 768 -> 128 -> 768, sigmoids; 197,504 parameters, 128 numbers for every patch
    Exhaustive    squared differences over the known pixels of a patch, at every place of a picture

Sources: Chen, Rottensteiner, Heipke, "Feature descriptor by convolution and pooling autoencoders", ISPRS
Archives XL-3/W2, 2015, reduced to one patch as the authors of our descriptor compare with it; cost, constants
and L-BFGS as in their code (github.com/nimpy/patch-desc-ae).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, optimize, special

from tratteggio.painting.pixels import Lost

Floats = NDArray[np.floating[Any]]

HIDDEN = 128
WEIGHT_DECAY = 3e-3  # lambda
SPARSITY = 0.05  # rho: the mean answer that is wanted of a hidden unit
SPARSITY_WEIGHT = 3.0  # beta
ITERATIONS = 400


class Sparse(NamedTuple):
    """A sparse autoencoder with one hidden layer, whose answers are the descriptor.

    Attributes:
        inner: (128, n) weights of the hidden layer, n samples a patch.
        inner_bias: (128,).
        outer: (n, 128) weights of the layer that brings the patch back.
        outer_bias: (n,).
    """

    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats

    @classmethod
    def of(cls, flat: Floats, *, samples: int) -> Sparse:
        """Return the net of all weights in one row, in the order of the attributes.

        Args:
            flat: (2 * 128 * samples + 128 + samples,).
            samples: of a patch, n.
        """
        ends = np.cumsum([HIDDEN * samples, HIDDEN, HIDDEN * samples])
        inner, inner_bias, outer, outer_bias = np.split(flat, ends)
        return cls(inner.reshape(HIDDEN, samples), inner_bias, outer.reshape(samples, HIDDEN), outer_bias)

    def flat(self) -> Floats:
        """Return all weights in one row."""
        return np.concatenate([part.ravel() for part in self])

    def describe(self, patches: Floats, lost: Lost | None = None) -> Floats:
        """Describe patches: (m, n) of 0 .. 1 -> (m, 128) of 0 .. 1.

        Args:
            patches: samples of each, row after row.
            lost: (n,), samples that count as black in all of them.
        """
        # Blackening a sample of all patches is taking its weight away, without a copy of them.
        inner = self.inner if lost is None else np.where(lost, 0, self.inner)
        answers: Floats = special.expit(patches @ inner.T.astype(patches.dtype) + self.inner_bias)
        return answers

    def restore(self, described: Floats) -> Floats:
        """Bring patches back from descriptors: (m, 128) -> (m, n)."""
        patches: Floats = special.expit(described @ self.outer.T + self.outer_bias)
        return patches


def learn(patches: Floats, *, seed: int, iterations: int = ITERATIONS) -> Sparse:
    """Train a sparse autoencoder by L-BFGS-B on all patches at once.

    Args:
        patches: (m, n) of 0 .. 1; computed with in their own precision.
        seed: of the first weights, uniform within sqrt(6 / (n + 128 + 1)) of 0.
        iterations: at most.
    """
    samples = patches.shape[1]
    reach = np.sqrt(6 / (samples + HIDDEN + 1))
    drawn = np.random.default_rng(seed).uniform(-reach, reach, (2, HIDDEN * samples))
    start = np.concatenate([drawn[0], np.zeros(HIDDEN), drawn[1], np.zeros(samples)])
    found = optimize.minimize(
        cost, start, args=(patches,), jac=True, method="L-BFGS-B", options={"maxiter": iterations}
    )
    return Sparse.of(found.x.astype(patches.dtype), samples=samples)


def cost(flat: Floats, patches: Floats) -> tuple[float, NDArray[np.float64]]:
    """Give the cost of weights, and its gradient.

        |y - x|^2 / 2m  +  lambda / 2 (|inner|^2 + |outer|^2)  +  beta sum_j KL(rho || mean answer of unit j)

    Args:
        flat: all weights in the order of `Sparse`, one after the other.
        patches: (m, n) of 0 .. 1.
    """
    count, samples = patches.shape
    net = Sparse.of(flat.astype(patches.dtype), samples=samples)
    hidden = net.describe(patches)
    answers = net.restore(hidden)
    mean = hidden.mean(axis=0, dtype=np.float64)
    off = answers - patches
    value = (
        np.einsum("ij,ij->", off, off, dtype=np.float64) / (2 * count)
        + WEIGHT_DECAY / 2 * sum(float(np.vdot(part, part)) for part in (net.inner, net.outer))
        + SPARSITY_WEIGHT
        * float(np.sum(special.rel_entr(SPARSITY, mean) + special.rel_entr(1 - SPARSITY, 1 - mean)))
    )
    sparse = SPARSITY_WEIGHT * ((1 - SPARSITY) / (1 - mean) - SPARSITY / mean) / count
    back = off * answers * (1 - answers) / count  # what each sum of the outer layer is to blame for
    deep = (back @ net.outer + sparse.astype(back.dtype)) * hidden * (1 - hidden)
    slopes = Sparse(
        deep.T @ patches + WEIGHT_DECAY * net.inner,
        deep.sum(axis=0),
        back.T @ hidden + WEIGHT_DECAY * net.outer,
        back.sum(axis=0),
    )
    return float(value), slopes.flat().astype(np.float64)


class Exhaustive:
    """A picture in which patches are looked for by their known pixels, at every place.

    With k = 1 at known pixels of a patch q, the squared differences from the picture f at a place are
    sum k q^2 - 2 sum (k q) f + sum k f^2: two correlations, which are products of Fourier transforms.

    Args:
        picture: (H, W, C), whole.
    """

    def __init__(self, image: Floats) -> None:
        self.grid = image.shape[:2]
        self._size = [fft.next_fast_len(length, real=True) for length in self.grid]
        planes = np.moveaxis(np.asarray(image, np.float64), -1, 0)
        self._colours = fft.rfft2(planes, self._size)
        self._squares = fft.rfft2((planes**2).sum(axis=0), self._size)

    def differences(self, patch: Floats, lost: Lost) -> NDArray[np.float64]:
        """Sum the squared differences between a patch and each place of the picture, where it is known.

        Args:
            patch: (h, w, C), not larger than the picture.
            lost: (h, w), True where it may hold anything.

        Returns:
            (H - h + 1, W - w + 1), by the upper left pixel of the place.
        """
        filled = np.where(lost[..., None], 0, patch).astype(np.float64)
        colours = fft.rfft2(np.moveaxis(filled, -1, 0), self._size)
        known = fft.rfft2(~lost, self._size)
        spectrum = known.conj() * self._squares - 2 * (colours.conj() * self._colours).sum(axis=0)
        found = fft.irfft2(spectrum, self._size) + (filled**2).sum()
        rows, cols = (whole - part + 1 for whole, part in zip(self.grid, lost.shape, strict=True))
        # Rounding may fall below 0, where nothing differs.
        differences: NDArray[np.float64] = np.maximum(found[:rows, :cols], 0)
        return differences
