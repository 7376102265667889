"""Find paint losses in a visible scan with a translation-invariant net, at several scales.

    scan -> colours, contrast and texture around (`filters.ground`) -> net: how likely paint is lost
    the same at a half, a quarter, ... of the size -> whichever is likelier

The net was trained on losses drawn into intact paintings and on phantoms (`recipes.lacunae`), some 640 to
1300 pixels wide. A loss wider than its window is found at a reduced scale, where it is small, and larger
paintings look like those of the training there. It is cautious, because a tool that fills sound paint is
worse than none: by default it marks little that is not lost and overlooks losses that look like
paint. Where it overlooks too much, or paint looks like ground, a few strokes teach better (`tratteggio detect
--labels`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.filters import ground
from tratteggio.painting import Region, Stack
from tratteggio.painting.pixels import COLOURS, Array, block_means
from tratteggio.roles import Trace
from tratteggio.windows.light import Light, reduced

if TYPE_CHECKING:
    from tratteggio.models.ti_unet import TiUnet

Floats = NDArray[np.float32]

WEIGHTS = "lacunae"
ARCHITECTURES = ("ti_unet",)
LEAST, MOST_AFAR = 400, 2048  # px of the longer side, of what is looked at from afar
TILE = 512
FLAT = -0.4  # texture (`filters.ground`), a level of 8 bit: neither paint nor ground is as even, a mount is
THRESHOLD = 0.85
PIECES = Trace(weak=0.6, follow=48, shortest=4)  # from what is sure to what hangs on it


@dataclass(frozen=True, eq=False)
class LacunaeNet:
    """The detector. Satisfies `roles.Detector`.

    Attributes:
        net: on its device, ready to answer.
        parameters: which weights, for the history.
    """

    net: TiUnet
    parameters: dict[str, Any] = field(default_factory=dict)
    name: str = "lacunae"
    damage: str = "loss"
    reads: tuple[str, ...] | None = ()
    threshold: float = THRESHOLD
    trace: Trace = PIECES

    @property
    def reach(self) -> int:
        """What the net sees around a pixel, and what colours are held against."""
        return self.net.form.loss_px // 2 + ground.REACH

    @property
    def step(self) -> int:
        """Side of the cells of the net."""
        return self.net.form.cell

    def prepare(self, stack: Stack) -> tuple[Afar, ...]:
        """Look at the whole from afar: at a half of its size, at a quarter, ..., while enough is left.

        What is wider than the net sees is found there, and paintings larger than those that taught it look
        like them.
        """
        factor = 2
        while max(stack.grid) // factor > MOST_AFAR:
            factor *= 2
        if max(stack.grid) // factor < LEAST:
            return ()
        light, looks = reduced(stack.primary, factor), []
        while max(light.shape) >= LEAST:
            looks.append(Afar(factor, self._by_tiles(light), stack.origin))
            light, factor = block_means(light, 2).astype(np.float32), 2 * factor
        return tuple(looks)

    def detect(self, window: Stack, context: tuple[Afar, ...]) -> Floats:
        """Tell how likely paint is lost, near by or from afar, whichever is likelier.

        Beyond the window the paint is mirrored.
        """
        strength = self._look(Light(window.primary, np.dtype(np.float32))[:, :])
        for afar in context:
            np.maximum(strength, afar.of(window), out=strength)
        return strength

    def _by_tiles(self, light: Floats) -> Floats:
        grid = light.shape[:2]
        strength = np.empty(grid, np.float32)
        margin = -(-self.reach // self.step) * self.step
        for tile in Region.whole(grid).tiles(TILE):
            seen = tile.grow(margin, within=grid)
            strength[tile.slices] = self._look(light[seen.slices])[tile.relative_to(seen).slices]
        return strength

    def _look(self, light: Array) -> Floats:
        """Ask the net: light (h, w, C) -> (h, w)."""
        import torch  # noqa: PLC0415  (loaded by now)

        if light.shape[2] != COLOURS:
            light = np.repeat(light.mean(axis=2, keepdims=True), COLOURS, axis=2)
        rows, cols = light.shape[:2]
        device = next(self.net.parameters()).device
        with torch.inference_mode():
            x = self.net.from_rgb(torch.from_numpy(np.moveaxis(light, 2, 0)[None]))
            answer = torch.sigmoid(self.net(x.to(device, memory_format=torch.channels_last)))
        strength: Floats = answer[0, 0, :rows, :cols].cpu().numpy()
        half = self.net.form.loss_px // 2
        texture = x[0, -1, half : half + rows, half : half + cols].numpy()
        strength[texture < FLAT] = 0
        return strength


@dataclass(frozen=True, eq=False)
class Afar:
    """How likely paint is lost, as it looks from afar.

    Attributes:
        factor: a place stands for so many pixels a side.
        strength: (h, w), of the whole painting.
        origin: of the painting.
    """

    factor: int
    strength: Floats
    origin: tuple[int, int]

    def of(self, window: Stack) -> Floats:
        """Return the strength of the pixels of a window, in between that of the nearest places."""
        middles = [
            (np.arange(side) + here - first + 0.5) / self.factor - 0.5
            for side, here, first in zip(window.grid, window.origin, self.origin, strict=True)
        ]
        places = np.meshgrid(*middles, indexing="ij")
        return np.asarray(ndimage.map_coordinates(self.strength, places, order=1, mode="nearest"))


def make(
    *,
    seed: int = 0,  # noqa: ARG001  (nothing here is random)
    device: str = "auto",
    weights: str | Path | None = None,
) -> LacunaeNet:
    """Paint losses that look like ground: gesso, fill, canvas, plaster, wood; careful by default.

    Args:
        seed: not used; there is nothing random.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        weights: a safetensors file that `tratteggio train lacunae` wrote; None takes those that ship.

    Raises:
        BadUsage: no such device.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another net.
    """
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    net, parameters = loaded(
        "detector lacunae",
        weights=WEIGHTS if weights is None else weights,
        homes=ARCHITECTURES,
        device=device,
    )
    return LacunaeNet(cast("TiUnet", net), parameters)
