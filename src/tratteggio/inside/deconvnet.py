"""What in a picture made a feature answer: the answer sent back down the net (a deconvolutional net).

One answer is kept, all others are 0. On the way down maxima put it back where they took it from (their
switches), rectifiers let only what is positive pass, and each convolution is applied transposed. In a net
without activations that is the gradient of the answer by the picture.

Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 2.1
(doi:10.1007/978-3-319-10590-1_53).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tratteggio.inside.layers import listening
from tratteggio.inside.showing import asked
from tratteggio.layers import Known


class Place(NamedTuple):
    """One answer of a layer."""

    feature: int
    row: int
    col: int


def projections(
    net: nn.Module, x: Tensor, known: Known | None, layer: str, places: Sequence[Place]
) -> Tensor:
    """Send answers of a layer back to the picture.

    Args:
        net: any of `models/`, ready to answer.
        x: (1, C, H, W).
        known: as the net takes it, or None.
        layer: its name.
        places: the answers, each by itself.

    Returns:
        (places, C, H, W): what each answer is sent back as, from 1 on; 0 beyond its receptive field.

    Raises:
        UnknownName: no such layer.
    """
    many = x.expand(len(places), -1, -1, -1).clone().requires_grad_()
    kept: dict[str, Tensor] = {}
    with torch.enable_grad(), _Rectified(), listening(net, kept, [layer]):
        asked(net, many, known)
    answer = kept[layer]
    sent = torch.zeros_like(answer)
    for number, place in enumerate(places):
        sent[number, place.feature, place.row, place.col] = 1
    (back,) = torch.autograd.grad(answer, many, sent)
    return back.detach()


class _Rectify(torch.autograd.Function):
    """A rectifier whose way back is a rectifier too, whatever it let pass on the way up."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:  # noqa: ARG004
        return functional.leaky_relu(x, slope)

    @staticmethod
    def backward(ctx: Any, *sent: Tensor) -> tuple[Tensor, None]:  # noqa: ARG004
        return sent[0].clamp(min=0), None


PLAIN = {functional.relu, functional.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}
LEAKY = {functional.leaky_relu, functional.leaky_relu_}


class _Rectified(TorchFunctionMode):
    """While this is on, every rectifier of a net is one of the deconvolutional net."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in PLAIN:
            return _Rectify.apply(args[0], 0.0)  # type: ignore[no-untyped-call]  # torch leaves it so
        if func in LEAKY:
            return _Rectify.apply(args[0], args[1] if len(args) > 1 else given.get("negative_slope", 0.01))  # type: ignore[no-untyped-call]  # the same
        return func(*args, **given)
