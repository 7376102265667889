"""What nets that enlarge share: they see grey pictures, and learn by finding reduced ones again."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from tratteggio.errors import BadUsage
from tratteggio.layers.bicubic import mirrored, reduced
from tratteggio.options import Option, parse

SCALES = (2, 3, 4)
OPTIONS = {"scale": Option(int, 3)}  # 3 is the paper's


class Enlarger(nn.Module, ABC):
    """A net that enlarges grey pictures by a whole factor.

    Attributes:
        scale: 2, 3 or 4.
        reach: pixels of the small picture about one that its enlargement depends on.
    """

    colours = 1
    reach: int

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    @abstractmethod
    def within(self, low: Tensor) -> Tensor:
        """Enlarge all but the border: (B, 1, h, w) -> (B, 1, rows, cols), what depends on more cut off."""

    def enlarge(self, low: Tensor) -> Tensor:
        """Enlarge pictures of any size: (B, 1, h, w) -> (B, 1, h scale, w scale)."""
        answer = self.within(mirrored(low, self.reach))
        spare = [
            (got - side * self.scale) // 2 for got, side in zip(answer.shape[2:], low.shape[2:], strict=True)
        ]
        rows, cols = (slice(more, got - more) for more, got in zip(spare, answer.shape[2:], strict=True))
        return answer[..., rows, cols]

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Find a picture again from its reduced copy: how to learn.

        Args:
            x: (B, 1, H, W) of 0 .. 1, multiples of the scale.
            known: not used.

        Returns:
            (B, 1, rows, cols): the middle of x, as far as the reduced copy tells of it.
        """
        return self.within(reduced(x, self.scale))


def begin_small(layers: nn.Sequential) -> list[nn.Conv2d]:
    """Give convolutions their first weights, those of the last so small that it adds almost nothing.

    Returns:
        the convolutions in their order; none if they are to come from a file.
    """
    convs = [layer for layer in layers if isinstance(layer, nn.Conv2d) and not layer.weight.is_meta]
    for conv in convs:
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
    if convs:
        nn.init.normal_(convs[-1].weight, std=0.001)
    return convs


def scale_of(name: str) -> int:
    """Read the scale at the end of a name, "srcnn-915:scale=3".

    Raises:
        UnknownName: another option.
        BadUsage: another scale, or anything else.
    """
    _, given = parse(name, lambda _: OPTIONS)
    scale: int = given.get("scale", OPTIONS["scale"].default)
    if scale not in SCALES:
        raise BadUsage(f"nets that enlarge are written NAME:scale=2, =3 or =4, got {name!r}")
    return scale
