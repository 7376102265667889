"""Paint losses in a visible scan, by a net that has learnt them: translation-invariant, several scales at
once.

The net has seen losses drawn into intact paintings and phantoms (`recipes.lacunae`), and answers how likely
paint is lost, pixel by pixel, from colours, contrast and texture around (`filters.ground`). It is asked to be
careful: a tool that fills what was fine is worse than none, so by default it marks little that is not lost
and overlooks losses that look like paint. Where it overlooks too much, or paints of this painting look like
ground, a few strokes teach better (`tratteggio detect --labels`).

Where most of 129 x 129 pixels look like ground nothing is said: a field of one tone may be meant so, and with
no paint in sight nothing tells. Losses are best seen at the scale that was learnt, paintings some 1000 pixels
wide; of those broader than some 100 pixels the middle is overlooked: reduce the scan first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.filters import ground
from tratteggio.filters.windows import Light
from tratteggio.painting import Stack
from tratteggio.painting.pixels import COLOURS
from tratteggio.roles import Trace

if TYPE_CHECKING:
    from tratteggio.models.ti_unet import TiUnet

Floats = NDArray[np.float32]

WEIGHTS = "lacunae"
ARCHITECTURES = ("ti_unet",)
AROUND = 64  # px to each side in which most has to be paint
MOST = 0.5  # mean strength there from which nothing is said; a tenth less lets all through
SMOOTH = 0.2  # texture over 17 x 17 pixels (`filters.ground`) from which something is said: 4 levels of 8 bit
THRESHOLD = 0.75
PIECES = Trace(weak=0.8, follow=16, shortest=4)


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
        """What the net sees around a pixel, what colours are held against, and where paint has to be."""
        return self.net.form.loss_px // 2 + ground.REACH + AROUND

    @property
    def step(self) -> int:
        """Side of the cells of the net."""
        return self.net.form.cell

    def prepare(self, stack: Stack) -> None:
        """Look at nothing."""

    def detect(self, window: Stack, context: None) -> Floats:  # noqa: ARG002
        """Tell how likely paint is lost; beyond the window the paint is taken to be mirrored."""
        import torch  # noqa: PLC0415  (loaded by now)

        light = Light(window.primary, np.dtype(np.float32))[:, :]
        if light.shape[2] != COLOURS:
            light = np.repeat(light.mean(axis=2, keepdims=True), COLOURS, axis=2)
        (rows, cols), half = window.grid, self.net.form.loss_px // 2
        beyond = [(half, half + -side % self.step) for side in (rows, cols)]
        planes = ground.planes(light)
        shown = np.pad(planes, ((0, 0), *beyond), mode="symmetric")
        x = torch.from_numpy(shown)[None].contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            answer = torch.sigmoid(self.net(x.to(next(self.net.parameters()).device)))
        strength = answer[0, 0, :rows, :cols].cpu().numpy()
        broad = ndimage.uniform_filter(strength, 2 * AROUND + 1, mode="reflect")
        strength *= np.clip((MOST - broad) * 10, 0, 1)
        # Ground is rough: what is smooth altogether was smoothed by compression, and tells of nothing.
        strength *= np.clip((planes[-1] - SMOOTH) * 10, 0, 1)
        return np.asarray(strength, np.float32)


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
