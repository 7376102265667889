"""Photoshop (.psd, .psb): one layer as a mask, read by psd-tools.

Layers lie anywhere on the canvas and may reach beyond it. Samples of 8 and 16 bit are taken as they are.
What the layer mask of a layer hides is clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import UnsupportedFile
from tratteggio.extras import optional
from tratteggio.files.layers import place_layer
from tratteggio.files.limits import require_decodable
from tratteggio.painting import Scan
from tratteggio.roles import Facts, Keeps

if TYPE_CHECKING:
    from psd_tools import PSDImage

FACTS = Facts(
    title="Photoshop",
    suffixes=(".psd", ".psb"),
    keeps=Keeps(depths=("uint8", "uint16"), alpha=True, layers=True),
)
DEPTHS: dict[int, type[np.uint8 | np.uint16]] = {8: np.uint8, 16: np.uint16}
COLOURS = {"GRAYSCALE": 1, "RGB": 3}


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a file begins as Photoshop's do."""
    return start.startswith(b"8BPS")


def list_layers(path: Path) -> list[str]:
    """List the layers that hold pixels, from the top down."""
    with _opened(path) as image:
        return [str(layer.name) for layer in _layers(image)]


def open_layer(path: Path, number: int) -> Scan:
    """Open a layer by its place in that list.

    Raises:
        UnsupportedFile: neither grey nor RGB, neither 8 nor 16 bit.
        UnreadableFile: the layer claims more memory than a file may ask for.
        MissingExtra: psd-tools is not installed.
    """
    with _opened(path) as image:
        layer = _layers(image)[number]
        mode, depth = image.color_mode.name, DEPTHS.get(image.depth)
        if depth is None or mode not in COLOURS:
            raise UnsupportedFile(
                f"{path} is {mode} with {image.depth} bit, but a mask is grey or RGB with 8 or 16 "
                "bit; convert it first"
            )
        # psd-tools decodes to 32-bit floats.
        require_decodable(path, 4 * 4 * layer.width * layer.height, what="layer")
        colours = np.atleast_3d(layer.numpy("color"))[..., : COLOURS[mode]]
        shape = _opacity(layer)
        planes = [colours, *([] if shape is None else [shape])]
        pixels = np.rint(np.concatenate(planes, axis=2) * np.iinfo(depth).max).astype(depth)
        return place_layer(
            path, pixels, (image.height, image.width), top=layer.top, left=layer.left, alpha=shape is not None
        )


def _layers(image: PSDImage) -> list[Any]:
    """Return the layers with pixels, the topmost first."""
    found = [layer for layer in image.descendants() if not layer.is_group() and layer.has_pixels()]
    return [layer for layer in found if layer.width > 0 and layer.height > 0][::-1]


def _opacity(layer: Any) -> NDArray[np.float32] | None:
    """Return the opacity of a layer, 0 .. 1: (h, w, 1), where its layer mask counts, too; None: opaque."""
    shape, mask = layer.numpy("shape"), layer.mask
    own = None if shape is None else shape[..., :1]
    if mask is None or mask.disabled:
        return own
    # Beyond its own box a layer mask has one value.
    hiding = np.full((layer.height, layer.width, 1), mask.background_color / 255, np.float32)
    samples = layer.numpy("mask")
    if samples is not None:
        top, left = max(layer.top, mask.top), max(layer.left, mask.left)
        bottom, right = min(layer.bottom, mask.bottom), min(layer.right, mask.right)
        if top < bottom and left < right:
            hiding[top - layer.top : bottom - layer.top, left - layer.left : right - layer.left] = samples[
                top - mask.top : bottom - mask.top, left - mask.left : right - mask.left, :1
            ]
    return hiding if own is None else own * hiding


@contextmanager
def _opened(path: Path) -> Iterator[PSDImage]:
    # The file is read whole.
    require_decodable(path, path.stat().st_size, what="layers")
    with optional(
        "psd_tools",
        needs="reading layers of Photoshop files needs psd-tools",
        install="pip install 'tratteggio[psd]'",
    ):
        from psd_tools import PSDImage  # noqa: PLC0415
    yield PSDImage.open(path)
