"""Fill lacunae of one scan from the others: what infrared, X-ray or ultraviolet show where colour is lost.

Around a lacuna, known paint tells how its colour goes with the other scans, the guides (`_regression`); in
the lacuna these then tell the colour. What the regression leaves over in the paint around is a picture, too:
the net of engine pconv fills it, so that the fill meets the paint. Where its weights are not installed, a
thin plate under tension does.

Guides are not trusted blindly: not in lacunae where they show the loss itself (`_guides`), and not where they
show what the paint around never shows, since nothing is known of its colour. Each guide is judged by itself:
an infrared scan that shows a trace of the loss does not switch the X-ray off. Where none is trusted the fill
is that of RGB alone. A guide is trusted or not in a lacuna as a whole, so paint that is hidden beside flaked
paint is best given a mask of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.engines import pconv
from tratteggio.engines._guides import SMOOTH, require_finite, scaled, smooth, stepping
from tratteggio.engines._painter import Paint, cpu_only
from tratteggio.engines._regression import regressed
from tratteggio.engines._surface import CAPACITY_PX, surface
from tratteggio.errors import BadUsage
from tratteggio.metrics.confidence import nearness
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.painting.pixels import Array, Lost

log = logging.getLogger("tratteggio")

TENSION = 2.0  # as the tension engine's own default
HALO = 48  # pixels of paint around a lacuna that colours are learnt from
AROUND = "paint around"  # what fills where no other scan does
STRANGE = 4.0  # leverage at which a guide is hardly trusted; 1 is paint of the same kind as around


def under_tension(colour: Array, lost: Lost) -> Array:
    """Fill as the tension engine does."""
    return surface(colour, lost, bending=1.0, tension=TENSION)


@dataclass(frozen=True)
class Guided:
    """The engine. Satisfies `roles.Engine`; `reads` None: every scan there is."""

    carry: Paint = under_tension
    """Fills what the regression leaves over, and the colour itself where guides are not trusted."""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"tension": TENSION})
    name: str = "guided"
    reads: tuple[str, ...] | None = None
    halo: int = HALO
    local: bool = False
    capacity: int = CAPACITY_PX
    learnt: bool = False
    """Of what carries: the regression itself knows this painting alone."""

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:  # noqa: ARG002 # the mask does not matter
        """Make sure that there are guides.

        Raises:
            BadUsage: the scan to fill comes alone.
        """
        if len(stack) == 1:
            raise BadUsage(
                f"engine guided fills {stack.primary.modality} from other scans of the painting, but "
                f"{stack.primary.name} is the only scan; give a stack with an infrared, X-ray or "
                "ultraviolet scan (`tratteggio.register` makes one), or use another engine"
            )

    def fill(
        self,
        window: Stack,
        lacunae: Lacunae,
        context: Any,
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window; confidence is nearness to known paint.

        Raises:
            BadPixels: a guide holds NaN or infinite values.
        """
        return self.fill_from_sources(window, lacunae, context)[:2]

    def fill_from_sources(
        self,
        window: Stack,
        lacunae: Lacunae,
        context: Any,  # noqa: ARG002
    ) -> tuple[Array, NDArray[np.float32], dict[str, Array]]:
        """Fill as `fill` does, and tell how much of each pixel comes from which scans, see `SourceTeller`.

        A scan counts as far as it is trusted; the rest of a pixel comes from the paint around.
        """
        lost, scan = lacunae.read(), window.primary
        others = [other for other in window.scans if other is not scan]
        for other in others:
            require_finite(other)
        seen = np.stack([other.read_seen() for other in others])
        shows_loss = np.stack([stepping(scaled(other), lost, across=under_tension) for other in others])
        usable = seen & ~shows_loss
        _tell([other.modality for other, shown in zip(others, shows_loss, strict=True) if shown.any()])
        colour = scan.colour().astype(np.float64)
        plain = self.carry(colour, lost)
        fill, sources = plain.copy(), {AROUND: lost.astype(np.float64)}
        for chosen, mine in _by_guides(usable, lost):
            known = ~lost & seen[chosen].all(axis=0)
            if known.any():
                predicted, trust = self.told(scan, [others[number] for number in chosen], lost, known)
                rest = self.carry(np.where(known[..., None], colour - predicted, 0), lost)
                fill[mine] += (trust[..., None] * (predicted + rest - plain))[mine]
                named = ", ".join(others[number].modality for number in chosen)
                sources[named] = np.where(mine, trust, 0.0)
                sources[AROUND] -= sources[named]
            else:
                usable[:, mine] = False
        if (lost & ~usable.any(axis=0)).any():
            log.info(
                "engine %s filled some lacunae of %s from the paint around alone, because no other scan can "
                "be used there: expect a smooth fill",
                self.name, scan.modality,
            )  # fmt: skip
        return fill, nearness(lost), sources

    def told(self, scan: Scan, guides: Sequence[Scan], lost: Lost, known: Lost) -> tuple[Array, Array]:
        """Tell the colours of a scan from others.

        Args:
            scan: in memory.
            guides: in memory, on its grid; one at least.
            lost: (h, w), True where colour is lost.
            known: (h, w), True where colour and guides are known; somewhere they are.

        Returns:
            (h, w, channels) in the units of the scan; how far to trust it, (h, w) of 0 .. 1.
        """
        return _predicted(guides, scan.colour().astype(np.float64), lost, known)


def make(*, seed: int = 0, device: str = "auto", weights: str | Path | None = None) -> Guided:
    """Build the engine.

    Args:
        seed: not used; there is nothing random.
        device: "cpu" or "auto"; with the net also "cuda", which it alone uses.
        weights: of a net that engine pconv takes, which carries in what the regression leaves over; None
            takes those that ship, or the tension engine where none do.

    Raises:
        BadUsage: no such device, or nothing that would use it.
        MissingExtra, UnreadableFile, UnsupportedFile: as `pconv.make`.
    """
    if weights is None and not pconv.ships():
        cpu_only("guided", device)
        return Guided()
    net = pconv.make(seed=seed, device=device, weights=weights)
    return Guided(
        carry=net.paint, parameters=net.parameters, halo=max(HALO, net.halo), learnt=net.learnt
    )  # fmt: skip


def _tell(modalities: Sequence[str]) -> None:
    """Note the guides that are not used everywhere."""
    for modality in modalities:
        log.info("%s shows some losses itself, so it does not guide the fill of these lacunae", modality)


def _by_guides(usable: NDArray[np.bool_], lost: Lost) -> Iterator[tuple[list[int], Lost]]:
    """Share lost pixels out by the guides, by number, that tell of them; those with none are left out."""
    code = np.tensordot(1 << np.arange(len(usable)), usable, 1) * lost
    for one in np.unique(code[code > 0]):
        yield [number for number in range(len(usable)) if one >> number & 1], code == one


def _predicted(guides: Sequence[Scan], colour: Array, lost: Lost, known: Lost) -> tuple[Array, Array]:
    """Tell colours from guides by regression; and how far to trust them, see `Guided.told`."""
    guide, whole = np.concatenate([scaled(guide) for guide in guides], axis=2), np.ones_like(lost)
    features = np.concatenate([guide, smooth(guide, whole, SMOOTH)], axis=2)
    predicted, leverage = regressed(features, colour, known)
    trust = ndimage.gaussian_filter(np.exp(-((leverage / STRANGE) ** 2)), 1.0, mode="nearest")
    return predicted, trust
