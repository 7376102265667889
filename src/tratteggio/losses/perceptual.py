"""What a frozen net sees: content and style of pictures, compared in its features.

A feature net is named, built once, frozen, and given to the objective. Ours are `vgg16`, for which the user
brings the weights file, and any module of one's own with `name` and `taps`, after `frozen(module)`.

Sources:
    Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks", CVPR 2016 (Gram
    matrices); Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition",
    ICLR 2015 (VGG16, configuration D); Liu et al. 2018 and the Dunhuang poster for scales and layers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tratteggio import files
from tratteggio.errors import BadUsage, MissingExtra, UnreadableFile, UnsupportedFile

LIU_TAPS = ("pool1", "pool2", "pool3")
POSTER_TAPS = ("relu3_1",)  # the end of its `features[:12]`
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as VGG16 was trained
WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
TORCHVISION_SHA256 = "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"
"""Of vgg16-397923af.pth, the weights that torchvision calls IMAGENET1K_V1; its name begins with it."""


class FeatureNet(Protocol):
    """A frozen net that tells what it sees in a picture, layer by layer."""

    @property
    def name(self) -> str:
        """Which net and which layers, for the history of a run."""

    def taps(self, x: Tensor) -> list[Tensor]:
        """Return features [(B, C, H, W), ...] of pictures (B, C, H, W) in 0 .. 1; the net normalises them."""


Net = TypeVar("Net", bound=nn.Module)


def frozen(net: Net) -> Net:
    """Freeze a net in place, so that it judges and does not learn: no gradients, batch statistics fixed."""
    return net.requires_grad_(False).eval()


# --- the terms ---------------------------------------------------------------------------------------


def content(of_x: Sequence[Tensor], of_y: Sequence[Tensor], *, squared: bool = False) -> Tensor:
    """Return the mean difference of features, absolute or squared, added up over the taps.

    Each tap is averaged over B * C * H * W, so that large layers do not outweigh small ones.

    Raises:
        BadUsage: the two lists do not match, tap by tap.

    Example:
        >>> x = [torch.tensor([[[[1.0, 2.0]]]]), torch.tensor([[[[3.0]]]])]
        >>> content(x, [torch.zeros_like(tap) for tap in x])
        tensor(4.5000)
    """
    return torch.stack([_distance(_wide(x), _wide(y), squared) for x, y in _match(of_x, of_y)]).sum()


def style(
    of_x: Sequence[Tensor], of_y: Sequence[Tensor], *, squared: bool = False, joint: bool = False
) -> Tensor:
    """Return the mean difference of Gram matrices, absolute or squared, added up over the taps.

    Args:
        of_x: taps of the judged pictures.
        of_y: taps of the pictures that they should be like.
        squared: False as in Liu et al. 2018, True as in the poster.
        joint: one Gram matrix for the whole batch, see `gram`.

    Raises:
        BadUsage: the two lists do not match, tap by tap.
    """
    pairs = _match(of_x, of_y)
    return torch.stack(
        [_distance(gram(x, joint=joint), gram(y, joint=joint), squared) for x, y in pairs]
    ).sum()


def gram(features: Tensor, *, joint: bool = False) -> Tensor:
    """Return which channels occur together, wherever in the picture: F Fᵀ / (C H W).

    Args:
        features: (B, C, H, W); half precision is computed in float32.
        joint: take the channels of all pictures as those of one: F (B * C, H * W), divided by B C H W.

    Returns:
        (B, C, C), or (1, B * C, B * C) if joint; at least float32.

    Raises:
        BadUsage: features are not (B, C, H, W).

    Example:
        Two channels of two pixels each:

        >>> gram(torch.tensor([[[[1.0, 2.0]], [[0.0, 1.0]]]]))
        tensor([[[1.2500, 0.5000],
                 [0.5000, 0.2500]]])
    """
    if features.dim() != 4:
        raise BadUsage(f"a Gram matrix is made of features (B, C, H, W), got {tuple(features.shape)}")
    rows = features.flatten(2)
    rows = _wide(rows.flatten(0, 1)[None] if joint else rows)
    # Autocast would bring the product back to half precision. Scaled before the product, no sum of it is
    # larger than the mean square of the features.
    with torch.autocast(rows.device.type, enabled=False):
        rows = rows / math.sqrt(rows.shape[1] * rows.shape[2])
        return rows @ rows.mT


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _distance(x: Tensor, y: Tensor, squared: bool) -> Tensor:
    difference = x - y
    return difference.square().mean() if squared else difference.abs().mean()


def _match(of_x: Sequence[Tensor], of_y: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    shapes = [tuple(tap.shape) for tap in of_x], [tuple(tap.shape) for tap in of_y]
    if not of_x or shapes[0] != shapes[1]:
        raise BadUsage(f"taps are compared one by one, in one shape each, got {shapes[0]} and {shapes[1]}")
    return list(zip(of_x, of_y, strict=True))


# --- VGG16 -------------------------------------------------------------------------------------------


def _layer_names() -> list[str]:
    """Name the layers in order, so that a name's place is its number in torchvision's `features`."""
    names = []
    for block, widths in enumerate(WIDTHS, start=1):
        for conv in range(1, len(widths) + 1):
            names += [f"conv{block}_{conv}", f"relu{block}_{conv}"]
        names.append(f"pool{block}")
    return names


LAYERS = _layer_names()


class Vgg16(nn.Module):
    """The convolutions of VGG16 up to the last layer that is tapped, at random until weights are loaded.

    Args:
        taps: names of layers, conv1_1, relu1_1, ... pool5; answers come in this order.

    Shapes:
        x (B, 3, H, W) or grey (B, 1, H, W), 0 .. 1 -> [(B, C, h, w), ...]; each pool halves h and w.

    Raises:
        BadUsage: a tap is not a layer.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, taps: Sequence[str] = LIU_TAPS) -> None:
        super().__init__()
        unknown = [tap for tap in taps if tap not in LAYERS]
        if unknown or not taps:
            raise BadUsage(f"taps of VGG16 are some of {', '.join(LAYERS)}; got {list(taps)}")
        self.tapped = tuple(taps)
        depth = 1 + max(LAYERS.index(tap) for tap in taps)
        self.features = nn.Sequential(*_layers()[:depth])
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    @property
    def name(self) -> str:
        """The net and its taps, such as "vgg16 pool1 pool2 pool3"."""
        return " ".join(["vgg16", *self.tapped])

    def taps(self, x: Tensor) -> list[Tensor]:
        """Return the tapped features of pictures in 0 .. 1; ImageNet's mean and deviation are taken off here.

        Raises:
            BadUsage: x is not (B, 3, H, W) or (B, 1, H, W), or too small for the pools on the way.
        """
        least = 2 ** sum(isinstance(layer, nn.MaxPool2d) for layer in self.features)
        if x.dim() != 4 or x.shape[1] not in (1, 3) or min(x.shape[2:]) < least:
            raise BadUsage(
                f"{self.name} looks at pictures (B, 3, H, W) or (B, 1, H, W) of at least {least} x {least} "
                f"pixels, got {tuple(x.shape)}"
            )
        seen = {}
        z = (x - self.mean) / self.std  # grey spreads over the three channels here
        for name, layer in zip(LAYERS, self.features, strict=False):
            z = layer(z)
            if name in self.tapped:
                seen[name] = z
        return [seen[name] for name in self.tapped]

    def forward(self, x: Tensor) -> list[Tensor]:
        """As `taps`."""
        return self.taps(x)


def _layers() -> list[nn.Module]:
    layers: list[nn.Module] = []
    channels = 3
    for widths in WIDTHS:
        for width in widths:
            # Never in place: a tap before a ReLU would be overwritten by it.
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return layers


def vgg16(
    weights: str | os.PathLike[str], *, sha256: str | None = None, taps: Sequence[str] = LIU_TAPS
) -> Vgg16:
    """Build VGG16 from a file of weights that the user brings, frozen, on the CPU.

    Args:
        weights: a state dict in torchvision's layout ("features.0.weight", ...), .pth or .safetensors; what
            lies behind the last tap may be missing. torchvision's own file is vgg16-397923af.pth, of which
            the hash is `TORCHVISION_SHA256`.
        sha256: refuse a file that has another hash.
        taps: `LIU_TAPS` for `LiuLoss`, `POSTER_TAPS` for `PosterLoss`, or any layers by name.

    Raises:
        MissingExtra: there is no such file; the message says where one comes from.
        UnreadableFile: the file is damaged, has another hash, or is not VGG16.
        UnsupportedFile: it is neither .pth nor .safetensors.
        BadUsage: a tap is not a layer.
    """
    path = Path(weights)
    if not path.is_file():
        raise MissingExtra(
            f"the feature net vgg16 needs its weights, and there is no file {path}; fetch vgg16-397923af.pth "
            "(torchvision's VGG16, https://download.pytorch.org/models/vgg16-397923af.pth, 528 MB) or any "
            "file of that layout, and give its path as the weights of vgg16"
        )
    if sha256 is not None and (found := files.sha256(path)) != sha256.lower():
        raise UnreadableFile(
            f"{path} must have the sha256 {sha256}, but has {found}; it is damaged or another file"
        )
    state = _state(path)
    net = Vgg16(taps)
    _check_layout(state, net, path)
    net.load_state_dict({key: state[key] for key in net.state_dict()})
    return frozen(net)


def _state(path: Path) -> Mapping[str, Tensor]:
    """Read tensors by name; code that a pickle may carry is never run."""
    if path.suffix not in (".pth", ".pt", ".safetensors"):
        raise UnsupportedFile(f"weights of vgg16 are read from .pth or .safetensors, got {path}")
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle raises anything, KeyError and struct.error included
        raise UnreadableFile(f"{path} does not hold weights that can be read: {error!r}") from error
    if not isinstance(state, Mapping) or not all(isinstance(key, str) for key in state):
        raise UnreadableFile(
            f"{path} must hold tensors by name, a state dict, but holds a {type(state).__name__}"
        )
    return state


def _check_layout(state: Mapping[str, Tensor], net: Vgg16, path: Path) -> None:
    """Refuse a net that only looks like VGG16: VGG19, for one, holds all tensors that the first taps need."""
    wanted = net.state_dict()
    convolutions = {f"features.{index}" for index, name in enumerate(LAYERS) if name.startswith("conv")}
    foreign = [
        key for key in state if key.startswith("features.") and key.rpartition(".")[0] not in convolutions
    ]
    missing = [key for key in wanted if key not in state]
    if foreign or missing:
        what = f"has {foreign[0]}, which VGG16 has not" if foreign else f"lacks {missing[0]}"
        raise UnreadableFile(
            f"{path} must hold VGG16 in torchvision's layout, features.0.weight and so on, but it {what}; "
            f"it begins {', '.join(list(state)[:3]) or 'with nothing'}"
        )
    for key, tensor in wanted.items():
        got = state[key]
        if not isinstance(got, Tensor) or got.shape != tensor.shape or not got.is_floating_point():
            kind = f"{got.dtype} {tuple(got.shape)}" if isinstance(got, Tensor) else type(got).__name__
            raise UnreadableFile(
                f"{path}: {key} must be floats {tuple(tensor.shape)} as in VGG16, got {kind}"
            )
