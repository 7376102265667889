"""Cross-entropy and overlap: how far a net that finds damage is from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tratteggio.errors import GridMismatch
from tratteggio.losses.terms import Terms, middle, weighed


@dataclass(frozen=True)
class Finding:
    """Cross-entropy of each annotated pixel, and how little found and true damage overlap (soft Dice).

    Damage is rare: cross-entropy alone is content to find little, the overlap alone is blind to how sure an
    answer is.

    Source:
        Milletari, Navab, Ahmadi, "V-Net: fully convolutional neural networks for volumetric medical image
        segmentation", 3DV 2016, section 3 (there with squares in the denominator).

    Attributes:
        overlap: weight of the latter; that of cross-entropy is 1.
    """

    overlap: float = 0.5

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Compare log odds with the truth.

        Args:
            out: (B, 1, h, w) log odds.
            truth: (B, C, H, W), the last channel 1 where there is damage, else 0; the same grid, or more, of
                which the middle was to be answered for.
            known: (B, 1, H, W), 1 where the truth is known.

        Raises:
            GridMismatch: the pictures are not on one grid.
        """
        truth, known = middle(truth, out), middle(known, out)
        if out.shape[2:] != truth.shape[2:] or known.shape != out.shape:
            raise GridMismatch(
                f"log odds, truth and annotated places share a grid, got {tuple(out.shape)}, "
                f"{tuple(truth.shape)} and {tuple(known.shape)}"
            )
        damaged = truth[:, -1:]
        each = functional.binary_cross_entropy_with_logits(out, damaged, reduction="none")
        entropy = (each * known).sum() / known.sum().clamp(min=1)
        found = torch.sigmoid(out) * known
        both = (found * damaged).sum()
        # One pixel more on either side of the fraction: a batch without damage is no division by zero.
        dice = 1 - (2 * both + 1) / (found.sum() + (damaged * known).sum() + 1)
        return weighed({"entropy": (1.0, entropy), "overlap": (self.overlap, dice)})
