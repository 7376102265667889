"""Fill lacunae of one scan from the others: what infrared, X-ray or ultraviolet show where colour is lost.

Around a lacuna, known paint tells how its colour goes with the other scans, the guides (`_regression`); in
the lacuna these then tell the colour. What the regression leaves over in the paint around is a picture, too:
the net of engine pconv fills it, so that the fill meets the paint. Where its weights are not installed, a
thin plate under tension does.

Guides are not trusted blindly. Where paint has flaked off, they show bare ground: then they step at the rim
of the lacuna, all around in one direction, as paint under a mask does not. And where they show what the paint
around never shows, nothing is known of its colour. There the fill is that of RGB alone. A lacuna is trusted
or not as a whole, so paint that is hidden beside flaked paint is best given a mask of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.engines import pconv
from tratteggio.engines._painter import Paint, cpu_only
from tratteggio.engines._regression import regressed
from tratteggio.engines._surface import CAPACITY_PX, surface
from tratteggio.errors import BadPixels, BadUsage
from tratteggio.metrics.confidence import nearness
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Array, Lost

TENSION = 2.0  # as the tension engine's own default
HALO = 48  # pixels of paint around a lacuna that colours are learnt from
SMOOTH = 3.0  # px: beside each pixel of a guide, its surroundings tell of the paint
RIM = 2  # pixels from the rim inwards in which a step is looked for: scans blur, and masks are not exact
STEP = 0.6  # a step, in what known paint around changes by over as many pixels
NEAR = 12.0  # px: how far around the rim that is measured
GRAIN = 0.07  # of a guide's spread: a change by less is noise
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

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:  # noqa: ARG002 # the mask does not matter
        """Make sure that there are guides.

        Raises:
            BadUsage: the scan to fill comes alone.
        """
        if len(stack) == 1:
            raise BadUsage(
                f"engine guided fills {stack.primary.modality} by other scans of the painting, but "
                f"{stack.primary.name} comes alone; give a stack with infrared, X-ray or ultraviolet "
                "beside it (`tratteggio register` makes one), or take another engine"
            )

    def fill(
        self,
        window: Stack,
        lacunae: Lacunae,
        context: Any,  # noqa: ARG002
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window; confidence is nearness to known paint.

        Raises:
            BadPixels: a guide holds NaN or infinite values.
        """
        lost, scan = lacunae.read(), window.primary
        others = [other for other in window.scans if other is not scan]
        for other in others:
            _require_finite(other)
        seen = np.stack([other.read_seen() for other in others])
        colour = scan.colour().astype(np.float64)
        plain = self.carry(colour, lost)
        fill = plain.copy()
        for chosen, mine in _by_guides(seen, lost):
            known = ~lost & seen[chosen].all(axis=0)
            if known.any():
                predicted, trust = self.told(scan, [others[number] for number in chosen], lost, known)
                rest = self.carry(np.where(known[..., None], colour - predicted, 0), lost)
                fill[mine] += (trust[..., None] * (predicted + rest - plain))[mine]
        return fill, nearness(lost)

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
    return Guided(carry=net.paint, parameters=net.parameters, halo=max(HALO, net.halo))


def _require_finite(guide: Scan) -> None:
    if not np.isfinite(guide.colour()[guide.read_seen()]).all():
        raise BadPixels(
            f"{guide.name} holds NaN or infinite values, so it cannot guide a fill; mend the file"
        )


def _scaled(guide: Scan) -> Array:
    """Bring a guide in memory about 0, with a spread of about 1; not seen, it is what is seen around."""
    values, seen = guide.colour().astype(np.float64), guide.read_seen()
    if not seen.any():
        return np.zeros(values.shape)
    spread = values[seen].std(axis=0)
    scaled = (values - values[seen].mean(axis=0)) / np.where(spread > 0, spread, 1)
    return np.where(seen[..., None], scaled, _smooth(scaled, seen, SMOOTH))


def _by_guides(seen: NDArray[np.bool_], lost: Lost) -> Iterator[tuple[list[int], Lost]]:
    """Share lost pixels out by the guides, by number, that show them; those shown by none are left out."""
    code = np.tensordot(1 << np.arange(len(seen)), seen, 1) * lost
    for one in np.unique(code[code > 0]):
        yield [number for number in range(len(seen)) if one >> number & 1], code == one


def _predicted(guides: Sequence[Scan], colour: Array, lost: Lost, known: Lost) -> tuple[Array, Array]:
    """Tell colours from guides by regression; and how far to trust them, see `Guided.told`."""
    guide, whole = np.concatenate([_scaled(guide) for guide in guides], axis=2), np.ones_like(lost)
    features = np.concatenate([guide, _smooth(guide, whole, SMOOTH)], axis=2)
    predicted, leverage = regressed(features, colour, known)
    trust = ndimage.gaussian_filter(np.exp(-((leverage / STRANGE) ** 2)), 1.0, mode="nearest")
    trust[_stepping(guide, lost)] = 0
    return predicted, trust


def _stepping(guide: Array, lost: Lost) -> Lost:
    """Find the lacunae at whose rim guides (h, w, channels) step: (h, w), True all over them.

    A step is what a guide is more, or less, than a smooth surface across the lacuna, averaged around the rim:
    what is painted there goes up in one place and down in another.
    """
    labels, count = ndimage.label(lost, structure=EIGHT)
    depth = ndimage.distance_transform_cdt(lost, metric="chessboard")
    rim = np.where(depth <= RIM, labels, 0)
    step = guide - under_tension(guide, lost)
    step /= np.sqrt(_change(guide, ~lost) + GRAIN**2)
    lacunae = np.arange(1, count + 1)
    means = np.stack([ndimage.mean(plane, rim, lacunae) for plane in np.moveaxis(step, 2, 0)])
    stepping: Lost = np.concatenate([[False], np.sqrt((means**2).mean(axis=0)) > STEP])[labels]
    return stepping


def _change(guide: Array, known: Lost) -> Array:
    """Return the mean square of how known paint around changes over RIM pixels: (h, w, channels)."""
    squares, pairs = np.zeros(guide.shape), np.zeros(known.shape)
    for there, here in ((np.s_[RIM:], np.s_[:-RIM]), (np.s_[:, RIM:], np.s_[:, :-RIM])):
        both = known[there] & known[here]
        squares[here] += np.where(both[..., None], (guide[there] - guide[here]) ** 2, 0)
        pairs[here] += both
    near = ndimage.gaussian_filter(pairs, NEAR, mode="constant")[..., None]
    change: Array = ndimage.gaussian_filter(squares, (NEAR, NEAR, 0), mode="constant") / np.maximum(
        near, 1e-6
    )
    return change


def _smooth(values: Array, where: NDArray[np.bool_], sigma: float) -> Array:
    """Average (h, w, channels) under a bell over the pixels of `where`; 0 far from all of them."""
    weight = ndimage.gaussian_filter(where.astype(float), sigma, mode="nearest")[..., None]
    total = ndimage.gaussian_filter(values * where[..., None], (sigma, sigma, 0), mode="nearest")
    mean: Array = total / np.maximum(weight, 1e-6)
    return mean
