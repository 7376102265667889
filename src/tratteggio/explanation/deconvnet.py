"""What in an image activates a feature: the projection of a deconvolutional net.

One output is kept, all others are set to 0. Backwards through the net, each maximum returns its value to the
place it came from (its switch), each rectifier passes only positive values, and each convolution is applied
transposed. In a net without rectifiers this is the gradient of the output with respect to the image.

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

from tratteggio.explanation.inputs import run_net
from tratteggio.explanation.layers import record
from tratteggio.layers import Known


class Place(NamedTuple):
    """One output of a layer."""

    feature: int
    row: int
    col: int


def project(net: nn.Module, x: Tensor, known: Known | None, layer: str, places: Sequence[Place]) -> Tensor:
    """Project outputs of a layer back to the image.

    Args:
        net: any of `models/`, in evaluation mode.
        x: (1, C, H, W).
        known: the mask that the net takes, or None.
        layer: its name.
        places: the outputs, each projected on its own.

    Returns:
        (places, C, H, W): the projection of each output, starting from 1; 0 outside its receptive field.

    Raises:
        UnknownName: no such layer.
    """
    many = x.expand(len(places), -1, -1, -1).clone().requires_grad_()
    kept: dict[str, Tensor] = {}
    with torch.enable_grad(), _Rectified(), record(net, kept, [layer]):
        run_net(net, many, known)
    output = kept[layer]
    start = torch.zeros_like(output)
    for number, place in enumerate(places):
        start[number, place.feature, place.row, place.col] = 1
    (projected,) = torch.autograd.grad(output, many, start)
    return projected.detach()


class _Rectify(torch.autograd.Function):
    """A rectifier whose backward pass is a rectifier too, whatever passed forward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:  # noqa: ARG004
        return functional.leaky_relu(x, slope)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ARG004
        return gradients[0].clamp(min=0), None


PLAIN = {functional.relu, functional.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}
LEAKY = {functional.leaky_relu, functional.leaky_relu_}


class _Rectified(TorchFunctionMode):
    """Replace every rectifier of a net by that of the deconvolutional net, while this is active."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in PLAIN:
            return _Rectify.apply(args[0], 0.0)  # type: ignore[no-untyped-call]  # torch leaves it so
        if func in LEAKY:
            return _Rectify.apply(args[0], args[1] if len(args) > 1 else given.get("negative_slope", 0.01))  # type: ignore[no-untyped-call]  # the same
        return func(*args, **given)
