"""What a net receives about a picture beside its paint: attributes, listed at the end of the net's name.

    vae-fill:attributes=landscape+portrait

Each attribute that a picture has shifts features of the net; told nothing, the net goes by the paint alone.
So that it can, attributes are withheld at random in training.

Sources: Ham, Raj, Cartillier, Essa, "Variational image inpainting", 2018 (attribute-guided completion). How
attributes enter and how often they are withheld is not told there and is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tratteggio.errors import BadUsage

WITHHELD = 0.1  # of the attributes, in training


def attributes_of(name: str, listed: str | None) -> tuple[str, ...]:
    """Read the value of the option `attributes` of a net.

    Args:
        name: of the net, for messages.
        listed: ONE+OTHER; None: no attributes.

    Raises:
        BadUsage: no attribute is named, or one twice.

    Example:
        >>> attributes_of("vae-compact", "cats+dogs")
        ('cats', 'dogs')
    """
    if listed is None:
        return ()
    attributes = tuple(listed.split("+"))
    if not all(attributes) or len(set(attributes)) < len(attributes):
        raise BadUsage(f"attributes of a net are written NAME:attributes=ONE+OTHER, each once, got {name!r}")
    return attributes


class Shifts(nn.Module):
    """What attributes add to features: one vector for each attribute that a picture has. Begins as nothing.

    Args:
        attributes: their names.
        widths: channels of the features that are shifted.

    Shapes:
        attributes (B, A) with 1 where a picture has one, 0 where it has not or nobody knows
        -> for each of the widths (B, width, 1, 1); 0 without attributes
    """

    def __init__(self, attributes: Sequence[str], *widths: int) -> None:
        super().__init__()
        self.count, self.widths = len(attributes), list(widths)
        if attributes:
            self.linear = nn.Linear(self.count, sum(widths), bias=False)
            if not self.linear.weight.is_meta:
                nn.init.zeros_(self.linear.weight)

    def forward(self, attributes: Tensor | None) -> Sequence[Tensor | float]:
        """Raise BadUsage if the net knows another number of attributes."""
        if attributes is None:
            return [0.0] * len(self.widths)
        if not self.count or attributes.dim() != 2 or attributes.shape[1] != self.count:
            raise BadUsage(
                f"this net takes {self.count} attributes, (B, {self.count}), got {tuple(attributes.shape)}"
            )
        if self.training:
            attributes = attributes * (torch.rand_like(attributes) >= WITHHELD)
        return torch.split(self.linear(attributes)[..., None, None], self.widths, dim=1)
