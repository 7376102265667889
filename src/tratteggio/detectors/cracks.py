"""Find cracks with a net that was trained on synthetic cracks, combined with morphology.

    scans -> `tophat`, dark and bright, the largest of all scans: how far what is narrow and long stands out
          -> planes of even contrast -> net (`models.crack_unet`): probability
          -> the geometric mean of both: neither finds a crack without the other
          -> where it is likely, a judge of lines (`_contours`): a crack, or a line that was drawn

Where morphology tells of nothing, the net is not asked. The judge looks at the colours. It is not asked if
there is infrared, X-ray or ultraviolet: these tell cracks from paint better. The net looks at the colours,
and at infrared, X-ray and ultraviolet where there are some. It knows dark and bright cracks, from 1 to some
10 pixels wide.

Source: the gate is after Sizyakin, Cornelis, Meeus et al., "Crack detection in paintings using convolutional
neural networks", IEEE Access 8, 2020, section III; mean, net and teaching are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.detectors import _contours, tophat
from tratteggio.detectors._lens import CRACKS, wide_of
from tratteggio.detectors._light import OTHERS, even_planes, grey
from tratteggio.painting import Stack
from tratteggio.roles import Trace
from tratteggio.windows.light import Light

if TYPE_CHECKING:
    from torch import nn

Floats = NDArray[np.float32]

WEIGHTS = "cracks"
HOMES = ("crack_unet",)
LINES = 128  # 32 by evenness, the rest by the net: farther pixels change no more than a level of 8 bit
REACH = LINES + _contours.REACH
STEP = 16
THRESHOLD = 0.55
JUDGED = CRACKS._replace(weak=0.4)  # of what the judge says
# Strengths of lines at which they begin to count, weak and strong, and what the judge says there: one
# threshold and one trace serve windows with infrared and without.
LINES_AT = (0, CRACKS.weak * THRESHOLD, THRESHOLD, 1)
JUDGED_AT = (0, JUDGED.weak * THRESHOLD, THRESHOLD, 1)
GATE = 0.04  # where morphology tells of less all over a window, no strength could reach 0.2


def make(
    *,
    seed: int = 0,  # noqa: ARG001  (nothing here is random)
    device: str = "auto",
    weights: str | None = None,
    judge: bool = True,
) -> Cracks:
    """Find cracks with a net, trained on phantoms and on synthetic cracks in paintings.

    Args:
        seed: not used; there is nothing random.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        weights: a file that `tratteggio train cracks` wrote; None takes those that ship.
        judge: whether lines that look drawn are left out.

    Raises:
        BadUsage: no such device.
        MissingExtra: no weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another net.
    """
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    found, parameters = loaded(
        "detector cracks", weights=WEIGHTS if weights is None else Path(weights), homes=HOMES, device=device
    )
    parameters |= {"judge": judge}
    if not judge:
        return Cracks(found, parameters, None)
    return Cracks(found, parameters, _contours.shipped(), trace=JUDGED)


@dataclass(frozen=True, eq=False)
class Cracks:
    """The detector. Satisfies `roles.Detector`."""

    net: nn.Module
    parameters: dict[str, Any]
    judge: _contours.Judge | None
    name: str = "cracks"
    damage: str = "crack"
    reads: tuple[str, ...] | None = OTHERS
    reach: int = REACH
    step: int = STEP
    threshold: float = THRESHOLD
    trace: Trace = CRACKS

    def prepare(self, stack: Stack) -> None:
        """Look at nothing."""

    def detect(self, window: Stack, context: None) -> Floats:  # noqa: ARG002
        """Ask the net about a window, unless there is nothing narrow in it."""
        narrow = np.maximum.reduce([_narrow(grey(scan)) for scan in window.scans])
        if narrow.max() < GATE:
            return np.zeros(window.grid, np.float32)
        import torch  # noqa: PLC0415  (loaded by now)

        device = next(self.net.parameters()).device
        with torch.inference_mode():
            planes = torch.from_numpy(even_planes(window))[None].to(device)
            odds = self.net(planes.contiguous(memory_format=torch.channels_last))
            chance: Floats = torch.sigmoid(odds)[0, 0].cpu().numpy()
        strength = np.asarray(np.sqrt(chance * narrow), np.float32)
        return strength if self.judge is None else self._judged(window, strength, self.judge)

    def _judged(self, window: Stack, strength: Floats, judge: _contours.Judge) -> Floats:
        """Ask the judge about places on lines; all others are no cracks."""
        if len(window.scans) > 1:
            return np.interp(strength, LINES_AT, JUDGED_AT).astype(np.float32)
        here = _contours.places(strength)
        judged = np.zeros_like(strength)
        if here.any():
            light = Light(window.primary, np.dtype(np.float32))[:, :]
            judged[here] = judge(_contours.features(light, strength))
        return judged


def _narrow(light: Floats) -> Floats:
    """Tell how far what is narrow and long stands out, dark or bright: (h, w) of 0 .. 1."""
    return wide_of(light, tophat.make(side="both").look)
