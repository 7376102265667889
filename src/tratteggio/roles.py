"""What engines, detectors and enhancers must offer. A new one is one file in its folder, found by name."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Lacunae, Region, Scan, Stack
from tratteggio.painting.pixels import Array


class Engine(Protocol):
    """Fills lacunae. Built before the painting enters; keeps no state between windows.

    Each module in `engines/` has `make(*, seed: int, device: str) -> Engine` plus its own keyword options.
    """

    @property
    def name(self) -> str:
        """The module's name."""

    @property
    def reads(self) -> tuple[str, ...] | None:
        """Modalities that the engine looks at beside the scan that it fills, if they are there; None: all."""

    @property
    def halo(self) -> int:
        """Pixels around a lacuna that a window shows at least; if `local`, all that influence its fill."""

    @property
    def local(self) -> bool:
        """True if a group of lacunae is filled alike, bit by bit, in whatever window holds it and its halo.

        False if the window as a whole counts, as for a net that takes it in at one look. Tiled equals whole
        all the same, since windows come from the lacunae and not from the tiles.
        """

    @property
    def capacity(self) -> int:
        """Most lost pixels that are filled in one piece.

        A group with more, or a very wide one, is cut into overlapping windows, with a coarse fill of the
        whole group at their rims.
        """

    @property
    def parameters(self) -> dict[str, Any]:
        """What was chosen, for the history."""

    def prepare(self, stack: Stack, lacunae: Lacunae) -> Any:
        """Look once at the whole, at reduced scale if it is huge; what is returned goes to every `fill`."""

    def fill(self, window: Stack, lacunae: Lacunae, context: Any) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window.

        Args:
            window: a crop of the painting, in memory: the scan to fill, and those of `reads`. Lost pixels,
                and those that a scan does not show (`Scan.seen`), hold 0.
            lacunae: what is lost or not shown in that crop; one pixel at least is lost, and one known.
            context: what `prepare` returned.

        Returns:
            fill (h, w, channels) of float32 or float64 in the units of the scan (0 .. 255 for uint8);
            read only where lost. confidence (h, w) float32 in 0 .. 1.
        """


@runtime_checkable
class Sampler(Protocol):
    """An engine that knows several plausible fills."""

    def sample(self, number: int) -> Engine:
        """Return the engine that gives fill `number`, from 1 on, instead of what it holds for best."""


class Enhancer(Protocol):
    """Improves a scan. Built before the scan enters; keeps no state between windows.

    Each module in `enhancers/` has `make(*, device: str) -> Enhancer` plus its own keyword options. What it
    answers is a hypothesis, and told as such.
    """

    @property
    def name(self) -> str:
        """The module's name."""

    @property
    def scale(self) -> int:
        """Pixels a side of the answer for each pixel of the scan, from 1 on."""

    @property
    def reach(self) -> int:
        """Pixels of the scan about a window that all influence on its answer comes from."""

    @property
    def step(self) -> int:
        """Windows begin at multiples of it, in pixels of the scan: the stride of a net; 1: anywhere."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What was chosen, for the history: options, `weights_sha256`."""

    def channels(self, scan: Scan) -> int:
        """Return how many colour channels the answer has: those of the scan, or three in sRGB for its one.

        Raises:
            BadUsage: the enhancer cannot take such a scan; the message says which it takes.
        """

    def prepare(self, scan: Scan) -> Any:
        """Look once at the whole, at reduced scale if huge; what is returned goes to every `enhance`."""

    def enhance(self, window: Array, region: Region, context: Any) -> Array:
        """Improve one window.

        Args:
            window: (h, w, channels of the scan) float32, 0 = black, 1 = white; floats of the scan may go
                beyond. It ends at the border of the scan, or `reach` pixels beyond what is asked for.
            region: where it lies in the scan.
            context: what `prepare` returned.

        Returns:
            (h * scale, w * scale, `channels`) float32, in the same light.
        """


@runtime_checkable
class Finder(Protocol):
    """An enhancer that reads numbers off a scan unless it is told them."""

    def found(self, scan: Scan) -> dict[str, float]:
        """Return what was read off, for the history; nothing of what was told."""


@runtime_checkable
class Developer(Protocol):
    """An enhancer that makes a picture of camera raw, and takes nothing else."""

    @property
    def ratio(self) -> float | None:
        """How many times the light is amplified; None goes by the scan."""


class Detector(Protocol):
    """Finds damage. Built before the painting enters; keeps no state between windows.

    Each module in `detectors/` has `make(*, seed: int, device: str) -> Detector` plus its own options.
    """

    @property
    def name(self) -> str:
        """The module's name."""

    @property
    def damage(self) -> str:
        """What it finds: a class of the damage map, one of `tratteggio.damage.CLASSES`."""

    @property
    def reads(self) -> tuple[str, ...] | None:
        """Modalities that it looks at beside the primary scan, if they are there; None: all."""

    @property
    def reach(self) -> int:
        """Pixels about a window that its answer depends on."""

    @property
    def step(self) -> int:
        """Windows begin at multiples of it: that of a net with strides, else 1."""

    @property
    def threshold(self) -> float:
        """Strengths from here on are damage, unless the user says otherwise; above 0."""

    @property
    def trace(self) -> Trace:
        """How strong places are joined, and which pieces are dropped."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What was chosen, for the history; hashes of weights among it."""

    def prepare(self, stack: Stack) -> Any:
        """Look once at the whole, at reduced scale if it is huge; what is returned goes to every `detect`."""

    def detect(self, window: Stack, context: Any) -> NDArray[np.float32]:
        """Tell how likely damage is at each pixel of a window.

        Args:
            window: a crop of the painting, in memory; its floats are finite.
            context: what `prepare` returned.

        Returns:
            (h, w) float32 in 0 .. 1; a probability where it was learnt.
        """


class Trace(NamedTuple):
    """How places that a detector holds for damage are joined and which are dropped, in pixels.

    Attributes:
        weak: share of the threshold from which a place counts if it hangs on a stronger one; 1: no place.
        follow: how far, from pixel to pixel, weak places are followed from a strong one.
        shortest: a piece with neither side of its box as long as this is dropped.
        blot: a piece with both sides of its box shorter than this is dropped as well if it is no line:
            if it covers more than `roundest` of the square of its longer side. 0 for what may be round.
        roundest: that share.
    """

    weak: float = 1.0
    follow: int = 0
    shortest: int = 0
    blot: int = 0
    roundest: float = 1.0

    @property
    def reach(self) -> int:
        """Pixels about a place that its answer depends on."""
        return self.follow + max(self.shortest, self.blot) + 1
