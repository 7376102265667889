"""Descriptors of patches: what a patch looks like in 32 or 128 numbers, for a whole painting at once.

An autoencoder learns to pass 16 x 16 pixels through the largest answers of its last convolution in each
8 x 8 pixels. As nothing is pooled before, the convolutions see a whole painting in one pass, its intermediate
representation (IR), and overlapping patches share it:

    layer     16 x 16 x 3 ->      parameters, v32    16 x 16 x 3 ->      parameters, v128
    conv 1    16 x 16 x 16          448              16 x 16 x 32          896
    conv 2    16 x 16 x  8        1,160              16 x 16 x 32        9,248
    conv 3    16 x 16 x  8  IR      584              16 x 16 x 32  IR    9,248
    maximum    2 x  2 x  8 = 32                       2 x  2 x 32 = 128
    conv 4     2 x  2 x  8          584               2 x  2 x 32        9,248
    conv 5     4 x  4 x  8          584               4 x  4 x 32        9,248
    conv 6     8 x  8 x 16        1,168               8 x  8 x 32        9,248
    conv 7    16 x 16 x  3          435              16 x 16 x  3          867

All convolutions are 3 x 3, of stride 1, and keep the size; ReLU follows each but the last, which answers
0 .. 1 through a sigmoid. Samples are repeated 2 x 2 before each of the last three. Encoders have 2,192 and
19,392 parameters, decoders 2,771 and 28,611. The net is sensitive to shifts and turns on purpose: a fill
needs paint that fits.

Two steps beyond the paper. Patches are learnt with what lies around them, see `Descriptor.forward`: alone
they have a frame of zeros, the padding, which a picture has not. And the largest answers of the 8 x 8 pixels
from every place on are taken once, see `pooled`. The descriptor of any patch of whole 8 x 8 cells, 16 x 16
or half of that, is then read off them, see `descriptors`.

Source: Žižakić, Ito, Meeus, Pižurica, "Autoencoder-learned local image descriptor for image inpainting",
BNAIC 2019, eq. 2 and 3; layers as in the first author's code (github.com/nimpy/patch-desc-ae). First weights
are ours (Glorot).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers import partial
from tratteggio.models.fpcae import glorot
from tratteggio.models.tensors import to_tensors
from tratteggio.painting.pixels import Array, Lost
from tratteggio.painting.region import Region
from tratteggio.registry import unknown

COLOURS = 3
CELL = 8  # side in pixels of what is pooled to one vector
REACH = 3  # pixels beyond a place that its answers have seen: one for each convolution
WIDTHS = {"descriptor-v32": (16, 8, 8), "descriptor-v128": (32, 32, 32)}
NAMES = tuple(WIDTHS)

TILE = 256  # side in pixels of what passes the convolutions at a time: 8 MiB for each layer of 32 channels

Floats = NDArray[np.float32]


def build(name: str) -> Descriptor:
    """Build one of `NAMES`.

    Raises:
        UnknownName: it is none of them.
    """
    if name not in WIDTHS:
        raise unknown("model", name, NAMES)
    return Descriptor(WIDTHS[name])


class Descriptor(nn.Module):
    """The autoencoder of the table.

    Attributes:
        encoder: three convolutions and the maximum: patches (B, 3, H, W) -> (B, C, H / 8, W / 8).
        decoder: brings these back: -> (B, 3, H, W).
        channels: C, of the intermediate representation: 8 or 32.

    Shapes:
        x (B, 3, H, W) with 0 .. 1, H and W multiples of 8 -> y (B, 3, H, W) with 0 .. 1
    """

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        first, second, self.channels = widths
        self.encoder = nn.Sequential(
            *_conv(COLOURS, first), *_conv(first, second), *_conv(second, self.channels), nn.MaxPool2d(CELL)
        )
        self.decoder = nn.Sequential(
            *_conv(self.channels, self.channels), nn.Upsample(scale_factor=2),
            *_conv(self.channels, self.channels), nn.Upsample(scale_factor=2),
            *_conv(self.channels, first), nn.Upsample(scale_factor=2),
            nn.Conv2d(first, COLOURS, 3, padding=1), nn.Sigmoid(),
        )  # fmt: skip
        glorot(self)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Answer what the descriptors still tell of patches.

        Patches come alone, beyond which all is black, as published; or with the 3 pixels around them that
        answers have seen in a picture. The latter is how to learn: black frames, on which a net can lean,
        are not met in a picture. In training the second half of a batch is seen without what lies around, by
        partial convolutions, so that the net can do without as well.

        Args:
            x: patches, whole ones: what is lost would be seen as black paint.
            known: not used.

        Raises:
            BadUsage: height or width are no multiples of 8, nor 6 more.
        """
        rests = {n % CELL for n in x.shape[2:]}
        if rests == {0}:
            alone: Tensor = self.decoder(self.encoder(x))
            return alone
        if rests != {2 * REACH}:
            raise BadUsage(
                f"sides of patches must be multiples of {CELL} pixels, or {2 * REACH} more with what lies "
                f"around them, got {tuple(x.shape)}"
            )
        half = len(x) // 2 if self.training else len(x)
        ir = torch.cat([_inner(self.intermediate(x[:half])), self.intermediate(_inner(x[half:]))])
        y: Tensor = self.decoder(functional.max_pool2d(ir, CELL))
        return y

    def encode(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        """Give the descriptors of the 8 x 8 cells of a picture, side by side: (B, C, H // 8, W // 8).

        They are those of `intermediate`, so cells have seen 3 pixels of their neighbours.
        """
        return functional.max_pool2d(self.intermediate(x, known), CELL)

    def intermediate(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        """Give the intermediate representation of a whole picture: (B, C, H, W), never negative.

        The convolutions are the encoder's, but partial: neither what lies beyond the picture nor what is lost
        is taken for black paint. Farther than 3 pixels from both that changes nothing. It is 0 at lost
        pixels, which no maximum then takes.

        Args:
            x: (B, 3, H, W) with 0 .. 1; what is lost may hold anything, NaN too.
            known: (B, 1, H, W) or (1, 1, H, W), 1 where known, 0 where lost; None says that nothing is lost.

        Raises:
            GridMismatch: known has another grid than x.
            BadUsage: its batch or channels do not fit, or x has not 3 channels.
        """
        if x.dim() != 4 or x.shape[1] != COLOURS:
            raise BadUsage(f"descriptors are made of RGB (B, 3, H, W), got {tuple(x.shape)}")
        convolutions = [partial(layer) for layer in self.encoder if isinstance(layer, nn.Conv2d)]
        if known is None:
            for convolution in convolutions:
                x = functional.relu(convolution(x), inplace=True)
            return x
        seen = known
        # Not x * known: NaN * 0 is NaN.
        x = torch.where(known > 0.5, x, 0)
        for convolution in convolutions:
            x, seen = convolution(x, seen)
            x = functional.relu(x, inplace=True)
        return x * (known > 0.5)


def _inner(x: Tensor) -> Tensor:
    """Leave the 3 pixels away that lie around a patch."""
    return x[..., REACH:-REACH, REACH:-REACH]


def _conv(inner: int, outer: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inner, outer, 3, padding=1), nn.ReLU(inplace=True)


# --- descriptors of a painting -------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Levels:
    """Maxima in a byte each, a quarter of the memory: a value is its level times the scale of its channel.

    Attributes:
        levels: (h, w, C) uint8.
        scale: (C,) float32, above 0.
    """

    levels: NDArray[np.uint8]
    scale: Floats

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.levels.nbytes + self.scale.nbytes


Store = Array | Levels
"""Maxima (h, w, C) as `describe` gives them, or cast to float16, or as `quantised`."""


def describe(net: Descriptor, image: Array, lost: Lost) -> Floats:
    """Find the maxima of a whole picture, from which `descriptors` reads off those of its patches.

    Works through tiles, so that beside the answer only a few of them are in memory.

    Args:
        net: on any device.
        picture: (H, W, 3) of 0 .. 1, or uint8 or uint16, see `to_tensors`; at least 8 x 8.
        lost: (H, W), True where paint is lost; it may hold anything there, NaN too.

    Returns:
        (H - 7, W - 7, C) float32: the largest answers of the 8 x 8 pixels from each place on, down and
        right; 0 where all of these are lost.

    Raises:
        BadUsage: another kind of array, or a picture smaller than 8 x 8.
        GridMismatch: picture and lost differ in rows or columns.
    """
    grid = image.shape[:2]
    if lost.shape != grid:  # tiles of both could be cut all the same
        raise GridMismatch(f"the picture is {grid} and lost is {lost.shape} (rows, columns)")
    if min(grid) < CELL:
        raise BadUsage(f"a picture must hold {CELL} x {CELL} pixels to have a descriptor, got {grid}")
    rows, cols = (n - CELL + 1 for n in grid)
    found = np.empty((rows, cols, net.channels), np.float32)
    for top in range(0, rows, TILE):
        for left in range(0, cols, TILE):
            place = found[top : top + TILE, left : left + TILE]
            height, width = (n + CELL - 1 for n in place.shape[:2])
            place[:] = pooled(_tile(net, image, lost, Region(top, left, top + height, left + width)))
    return found


@torch.inference_mode()
def _tile(net: Descriptor, image: Array, lost: Lost, region: Region) -> Floats:
    """Return a region of the intermediate representation of a picture, as in the whole."""
    around = region.grow(REACH, within=image.shape[:2])
    x, known = to_tensors(image[around.slices], lost[around.slices])
    device = next(net.parameters()).device
    # Channels last: what comes out is then (h, w, C) in memory.
    x = x.to(device, memory_format=torch.channels_last)
    ir = net.intermediate(x, None if known.all() else known.to(device))
    answers: Floats = ir[0].movedim(0, -1)[region.relative_to(around).slices].cpu().numpy()
    return answers


def pooled(ir: Floats) -> Floats:
    """Take the largest answers of the 8 x 8 pixels from each place on: (H, W, C) -> (H - 7, W - 7, C).

    By doubling: the maximum of 8 neighbours is that of two maxima of 4, so three comparisons along each axis
    do what a maximum over a window does with 63.

    Example:
        >>> ir = np.zeros((9, 9, 1), np.float32)
        >>> ir[8, 8] = 1
        >>> pooled(ir)[..., 0]
        array([[0., 0.],
               [0., 1.]], dtype=float32)
    """
    for axis in (0, 1):
        for step in (1, 2, 4):
            n = ir.shape[axis] - step
            ir = np.maximum(ir[:n], ir[step:]) if axis == 0 else np.maximum(ir[:, :n], ir[:, step:])
    return ir


def quantised(found: Floats) -> Levels:
    """Round maxima to 256 levels, from 0 to the largest of each channel.

    Args:
        found: (h, w, C), as from `describe`.
    """
    most = found.max(axis=(0, 1))
    scale = np.where(most > 0, most, 1).astype(np.float32) / np.float32(255)
    levels = np.empty(found.shape, np.uint8)
    for row, values in zip(levels, found, strict=True):  # not all at once: that would take 4 bytes a value
        row[:] = np.rint(values / scale)
    return Levels(levels, scale)


def descriptors(store: Store, corners: NDArray[Any], *, rows: int = 16, cols: int = 16) -> Floats:
    """Read off the descriptors of patches, or of halves of patches.

    Args:
        store: of the picture.
        corners: (n, 2) whole numbers, row and column of the upper left pixel of each; the patch lies within
            the picture.
        rows, cols: of a patch in pixels, multiples of 8: 16 x 16 gives 32 or 128 numbers, 8 x 16 half of
            that.

    Returns:
        (n, rows / 8 * cols / 8 * C) float32, cell after cell in reading order.

    Raises:
        BadUsage: a side is no multiple of 8, or a patch reaches beyond the picture.
    """
    values = store.levels if isinstance(store, Levels) else store
    if rows < CELL or cols < CELL or rows % CELL or cols % CELL:
        raise BadUsage(f"sides of patches must be multiples of {CELL} pixels, got {rows} x {cols}")
    last = np.array(values.shape[:2]) + CELL - 1 - (rows, cols)
    if len(corners) and not (np.all(corners >= 0) and np.all(corners <= last)):
        raise BadUsage(
            f"patches of {rows} x {cols} begin at 0, 0 to {last[0]}, {last[1]} in this picture, "
            f"got {np.min(corners, axis=0).tolist()} to {np.max(corners, axis=0).tolist()}"
        )
    found = np.stack([values[at] for at in _cells(corners, rows, cols)], axis=1).astype(np.float32)
    if isinstance(store, Levels):
        found *= store.scale
    return found.reshape(len(corners), found.shape[1] * found.shape[2])


def _cells(corners: NDArray[Any], rows: int, cols: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Index the cells of patches in reading order."""
    for down in range(0, rows, CELL):
        for right in range(0, cols, CELL):
            yield corners[:, 0] + down, corners[:, 1] + right
