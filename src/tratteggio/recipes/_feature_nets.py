"""Feature nets for objectives that need one, from a file of weights: VGG16, or the encoder of our nets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from tratteggio import models
from tratteggio.errors import BadUsage, MissingExtra, UnreadableFile, UnsupportedFile
from tratteggio.losses import Vgg16, frozen, vgg16


class Encoder(nn.Module):
    """What a net of ours sees in a whole picture, as the one tap of a feature net.

    Args:
        net: one with `encode(x, known)`.
        name: for the history of a run.
    """

    def __init__(self, net: nn.Module, name: str) -> None:
        super().__init__()
        self.net, self.name = net, name

    def taps(self, x: Tensor) -> list[Tensor]:
        """Return [features (B, C, h, w)] of pictures (B, 3, H, W) in 0 .. 1, of which all is known."""
        encode: Callable[[Tensor, Tensor], Tensor] = getattr(self.net, "encode")  # noqa: B009 (no tensor)
        return [encode(x, torch.ones_like(x[:, :1]))]


def feature_net(
    file: str | Path | None, *, taps: tuple[str, ...], sha256: str | None
) -> tuple[Vgg16 | Encoder, str]:
    """Build a frozen feature net from weights, on the CPU -> (net, sha256 of its file).

    Args:
        file: torchvision's VGG16 (.pth or .safetensors), or weights that tratteggio trained.
        taps: which layers of VGG16 judge; a net of ours judges with the last layer of its encoder.
        sha256: what the hash of the file must be; None takes any.

    Raises:
        MissingExtra: no file is given, or there is none; the message says where one comes from.
        UnreadableFile: damaged, another hash, or not the weights of such a net.
        UnsupportedFile: neither kind of file.
        BadUsage: a net of ours that has no encoder.
    """
    if file is None:
        raise MissingExtra(
            "this objective judges with the features of another net; give its weights with `features=FILE`: "
            "torchvision's vgg16-397923af.pth, or a file that tratteggio trained"
        )
    path = Path(file)
    card = _card(path)
    if card is None:
        return vgg16(path, sha256=sha256, taps=taps), models.sha256(path)
    found = models.sha256(path)
    if sha256 is not None and found != sha256.lower():
        raise UnreadableFile(f"{path} must have the sha256 {sha256}, but has {found}; it is another file")
    net, _ = models.load(path)
    if not hasattr(net, "encode"):
        raise BadUsage(f"{path} holds {card.model}, which has no encoder to judge with; give other weights")
    return frozen(Encoder(net, f"{card.model} encoder")), found


def _card(path: Path) -> models.Card | None:
    """Read the card of weights of ours; None if they are not."""
    if path.suffix != ".safetensors" or not path.is_file():
        return None
    try:
        return models.read_card(path)
    except UnsupportedFile:
        return None
