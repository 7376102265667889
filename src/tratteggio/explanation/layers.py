"""The layers of a net: every convolution, in the order of computation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from tratteggio.explanation.inputs import run_net
from tratteggio.layers import Known
from tratteggio.registry import unknown

Convolution = nn.Conv2d | nn.ConvTranspose2d


@dataclass(frozen=True)
class Layer:
    """One convolution of a net.

    Attributes:
        name: its path in the net, as in `nn.Module.get_submodule`.
        kind: "convolution" or "transposed".
        kernel, stride: (rows, columns).
        inner, outer: input and output channels.
        active: how many of its features are above 0 anywhere in the image; others pass no rectifier.
    """

    name: str
    kind: str
    kernel: tuple[int, int]
    stride: tuple[int, int]
    inner: int
    outer: int
    active: int


def layers(net: nn.Module, x: Tensor, known: Known | None) -> tuple[Layer, ...]:
    """List the layers of a net in the order of computation."""
    return tuple(
        _facts(name, net.get_submodule(name), y) for name, y in record_outputs(net, x, known).items()
    )


def record_outputs(
    net: nn.Module, x: Tensor, known: Known | None, names: Sequence[str] | None = None
) -> dict[str, Tensor]:
    """Run a net and keep the outputs of its layers before any activation.

    Args:
        net: any of `models/`.
        x: (B, C, H, W).
        known: the mask that the net takes, or None.
        names: of the layers; all convolutions if None.

    Returns:
        (B, features, h, w) by name, in the order of computation; of a layer that is used twice, the first.

    Raises:
        UnknownName: no such layer.
    """
    kept: dict[str, Tensor] = {}
    with record(net, kept, names):
        run_net(net, x, known)
    return kept


class _Finished(Exception):
    """Ends a pass through a net after the last of the layers."""


@contextmanager
def record(net: nn.Module, kept: dict[str, Tensor], names: Sequence[str] | None) -> Iterator[None]:
    """Put the outputs of layers into `kept` while this is open; the pass ends after the last of the names."""
    there = {name: module for name, module in net.named_modules() if isinstance(module, Convolution)}
    for name in names or ():
        if name not in there:
            raise unknown("layer", name, there)

    def keep(name: str, output: Tensor | tuple[Tensor, Tensor]) -> None:
        y = output[0] if isinstance(output, tuple) else output
        # A copy: the next operation may work in place.
        kept.setdefault(name, y.clone())
        if names is not None and len(kept) == len(set(names)):
            raise _Finished

    hooks = [
        there[name].register_forward_hook(lambda _module, _given, output, name=name: keep(name, output))
        for name in names or there
    ]
    try:
        yield
    except _Finished:
        return
    finally:
        for hook in hooks:
            hook.remove()


def _facts(name: str, layer: nn.Module, output: Tensor) -> Layer:
    assert isinstance(layer, Convolution)  # only convolutions are recorded
    transposed = isinstance(layer, nn.ConvTranspose2d)
    (down, across), (step_down, step_across) = layer.kernel_size, layer.stride
    return Layer(
        name,
        "transposed" if transposed else "convolution",
        (down, across),
        (step_down, step_across),
        layer.in_channels,
        layer.out_channels,
        int((output > 0).any(dim=3).any(dim=2).any(dim=0).sum()),
    )
