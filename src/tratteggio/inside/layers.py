"""The layers of a net in the order in which they answer: every convolution that a picture passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from tratteggio.inside.showing import asked
from tratteggio.layers import Known
from tratteggio.registry import unknown

Convolution = nn.Conv2d | nn.ConvTranspose2d


@dataclass(frozen=True)
class Layer:
    """One convolution of a net.

    Attributes:
        name: where it stands in the net, as in `nn.Module.get_submodule`.
        kind: "convolution" or "transposed".
        kernel, stride: (rows, columns).
        inner, outer: channels that it takes and gives.
        awake: how many of its features answer above 0 anywhere in the picture; the others pass no rectifier.
    """

    name: str
    kind: str
    kernel: tuple[int, int]
    stride: tuple[int, int]
    inner: int
    outer: int
    awake: int


def layers(net: nn.Module, x: Tensor, known: Known | None) -> tuple[Layer, ...]:
    """List the layers that a picture passes on its way through a net, in their order."""
    return tuple(_facts(name, net.get_submodule(name), y) for name, y in answers(net, x, known).items())


def answers(
    net: nn.Module, x: Tensor, known: Known | None, names: Sequence[str] | None = None
) -> dict[str, Tensor]:
    """Let a net answer, and keep what its layers gave before any activation.

    Args:
        net: any of `models/`.
        x: (B, C, H, W).
        known: as the net takes it, or None.
        names: of the layers; all convolutions if None.

    Returns:
        (B, features, h, w) by name, in the order of the answers; a layer that answers twice by its first.

    Raises:
        UnknownName: no such layer.
    """
    kept: dict[str, Tensor] = {}
    with listening(net, kept, names):
        asked(net, x, known)
    return kept


class _Heard(Exception):
    """Ends a pass through a net once the last of the layers has answered."""


@contextmanager
def listening(net: nn.Module, kept: dict[str, Tensor], names: Sequence[str] | None) -> Iterator[None]:
    """Put into `kept` what layers answer while this is open; it ends with the last of the names."""
    there = {name: module for name, module in net.named_modules() if isinstance(module, Convolution)}
    for name in names or ():
        if name not in there:
            raise unknown("layer", name, there)

    def keep(name: str, answer: Tensor | tuple[Tensor, Tensor]) -> None:
        y = answer[0] if isinstance(answer, tuple) else answer
        # A copy: what comes next may work in place.
        kept.setdefault(name, y.clone())
        if names is not None and len(kept) == len(set(names)):
            raise _Heard

    hooks = [
        there[name].register_forward_hook(lambda _module, _given, answer, name=name: keep(name, answer))
        for name in names or there
    ]
    try:
        yield
    except _Heard:
        return
    finally:
        for hook in hooks:
            hook.remove()


def _facts(name: str, layer: nn.Module, answer: Tensor) -> Layer:
    assert isinstance(layer, Convolution)  # nothing else is listened to
    transposed = isinstance(layer, nn.ConvTranspose2d)
    (down, across), (step_down, step_across) = layer.kernel_size, layer.stride
    return Layer(
        name,
        "transposed" if transposed else "convolution",
        (down, across),
        (step_down, step_across),
        layer.in_channels,
        layer.out_channels,
        int((answer > 0).any(dim=3).any(dim=2).any(dim=0).sum()),
    )
