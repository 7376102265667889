"""Binary cross-entropy: how surprising each channel of the truth is to a net that answers 0 .. 1.

Source: Žižakić, Ito, Meeus, Pižurica, "Autoencoder-learned local image descriptor for image inpainting",
BNAIC 2019, eq. 4, whose sign is that of a likelihood: what is brought down is its negative.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from tratteggio.losses.terms import Terms, as_pair, middle, weighed


def cross_entropy(out: Tensor, truth: Tensor) -> Tensor:
    """Return -(x log y + (1 - x) log(1 - y)), averaged over all pixels and channels.

    It is least where y = x, but 0 only for black and white. A logarithm below -100 counts as -100.

    Args:
        out: y (B, C, H, W), 0 .. 1.
        truth: x, the same shape, 0 .. 1.

    Raises:
        GridMismatch, BadUsage: they cannot be compared.

    Example:
        To answer 1/2 costs log 2, whatever is true:

        >>> import torch
        >>> cross_entropy(torch.full((1, 3, 2, 2), 0.5), torch.rand(1, 3, 2, 2))
        tensor(0.6931)
    """
    y, x = as_pair(out, truth)
    return functional.binary_cross_entropy(y, x)


@dataclass(frozen=True)
class CrossEntropy:
    """The objective of descriptors: `cross_entropy` over all that was answered."""

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor | None = None) -> Terms:  # noqa: ARG002
        """Compare out and truth (B, C, H, W), both 0 .. 1; the part is named "cross_entropy".

        Args:
            out: what the autoencoder answered.
            truth: the same shape; or more, of which the middle was to be answered.
            known: not used: an autoencoder answers for every pixel, shown or not.
        """
        return weighed({"cross_entropy": (1.0, cross_entropy(out, middle(truth, out)))})
