"""A detector made of a function on one scan: what `tophat` and `ridge` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.detectors._light import grey
from tratteggio.errors import BadUsage
from tratteggio.painting import Stack
from tratteggio.roles import Trace

Floats = NDArray[np.float32]

RIM = 24  # px
SIDES = ("dark", "bright", "both")
CRACKS = Trace(weak=0.85, follow=48, shortest=24, blot=80, roundest=0.18)


@dataclass(frozen=True, eq=False, kw_only=True)
class Lens:
    """Looks for cracks in the light of the primary scan. Satisfies `roles.Detector`.

    Attributes:
        name: of the detector.
        look: takes the light of a window (h, w) of 0 .. 1; returns strengths (h, w) of 0 .. 1.
        reach: pixels about a window that `look` depends on.
        threshold: strengths from here on are damage.
        parameters: what was chosen.
    """

    name: str
    look: Callable[[Floats], Floats]
    reach: int
    threshold: float
    parameters: dict[str, Any]
    damage: str = "crack"
    reads: tuple[str, ...] | None = ()
    step: int = 1
    trace: Trace = CRACKS

    def prepare(self, stack: Stack) -> None:
        """Look at nothing."""

    def detect(self, window: Stack, context: None) -> Floats:  # noqa: ARG002
        """Look at one window."""
        return wide_of(grey(window.primary), self.look)


def wide_of(light: Floats, look: Callable[[Floats], Floats]) -> Floats:
    """Look at a window with some pixels more around it.

    Beyond the rim of a painting light goes on as it came: turned back, any slope would be a valley there.
    """
    wide = np.pad(light, RIM, mode="reflect", reflect_type="odd")
    return look(wide)[RIM:-RIM, RIM:-RIM]


def each_side(light: Floats, *, side: str, look: Callable[[Floats], Floats]) -> Floats:
    """Look for dark cracks, for bright ones (dark in the inverted image), or for either."""
    if side == "dark":
        return look(light)
    turned = look(1 - light)
    return turned if side == "bright" else np.maximum(look(light), turned)


def require_side(name: str, side: str) -> None:
    """Make sure that a detector is asked for dark or bright cracks, or both.

    Raises:
        BadUsage: something else.
    """
    if side not in SIDES:
        raise BadUsage(f"{name} finds cracks that are {', '.join(SIDES)}, got side={side}")
