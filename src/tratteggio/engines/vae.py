"""Fill lacunae several ways, all plausible, with a variational net, and say where they agree.

Each window is filled `DRAWS` times from one look. The fill is the mean of the draws, which is closer to the
lost paint than any of them; their spread is how sure the net is. One draw by itself, as `sample` gives,
shows what could have been there.

The same window gives the same bits on one machine with one number of threads, as for engine `pconv`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.engines._nets import answered
from tratteggio.engines._painter import Several
from tratteggio.errors import BadUsage
from tratteggio.metrics.confidence import confidence_of
from tratteggio.painting import Lacunae, Stack
from tratteggio.painting.pixels import Array
from tratteggio.registry import unknown
from tratteggio.seeds import require_seed

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS = "vae-fill"
ARCHITECTURES = ("vae_fill",)
HALO = 32  # as for engine pconv, whose net this one is built on
CAPACITY_PX = 1 << 18
DRAWS = 8


@dataclass(frozen=True, kw_only=True)
class Vae(Several):
    """The engine; satisfies `roles.Engine`.

    Attributes:
        net: draws fills.
        seed: of the draws.
        told: 1 for each attribute that the painting has, 0 for the others; None if nothing is told.
        number: which draw is the fill, from 1 on; 0 takes the mean of all.
    """

    net: nn.Module
    seed: int
    told: tuple[float, ...] | None
    name: str = "vae"
    reads: tuple[str, ...] = field(default=())
    halo: int = HALO
    capacity: int = CAPACITY_PX
    local: bool = False
    learnt: bool = True

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:
        """Nothing: a window is filled from its own paint."""

    def fill(
        self,
        window: Stack,
        lacunae: Lacunae,
        context: Any,  # noqa: ARG002
    ) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window; confidence states the spread of the draws."""
        lost, colour = lacunae.read(), window.primary.colour()
        draws = np.stack(answered(colour, lost, self.net, self._drawn))
        spread = draws.std(axis=0).max(axis=2) / window.primary.white
        fill: Array = draws[min(self.number, len(draws)) - 1] if self.number else draws.mean(axis=0)
        return fill, confidence_of(spread)

    def _drawn(self, x: Tensor, known: Tensor) -> list[Tensor]:
        import torch  # noqa: PLC0415  (loaded by now)

        rng = torch.Generator().manual_seed(self.seed)
        told = None if self.told is None else x.new_tensor([self.told])
        drawn: list[Tensor] = self.net.samples(  # type: ignore[operator]
            x, known, told, count=max(DRAWS, self.number), rng=rng
        )
        return drawn


def make(
    *,
    seed: int = 0,
    device: str = "auto",
    weights: str | Path | None = None,
    attributes: Sequence[str] = (),
) -> Vae:
    """Build the engine: load the weights.

    Args:
        seed: of the draws.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        weights: as for engine pconv; None takes "vae-fill".
        attributes: what the painting shows, of those that the net has learnt to be told of.

    Raises:
        BadUsage: no such device, or a net that is told of no attributes.
        UnknownName: an attribute that the net has not learnt.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds no weights of such a net.
    """
    require_seed(seed)
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    net, parameters = loaded(
        "engine vae", weights=WEIGHTS if weights is None else weights, homes=ARCHITECTURES, device=device
    )
    told = _told(attributes, known=net.attributes, weights=parameters["weights"])  # type: ignore[arg-type]
    parameters |= {"draws": DRAWS} | ({"attributes": list(attributes)} if attributes else {})
    return Vae(net=net, seed=seed, told=told, parameters=parameters)


def _told(attributes: Sequence[str], *, known: Sequence[str], weights: str) -> tuple[float, ...] | None:
    """Return 1 for each attribute that is told and 0 for the others; None if nothing is told."""
    if attributes and not known:
        raise BadUsage(
            f"the net of {weights} takes no attributes; omit them, or train a net that takes some with "
            "`settings=['model=vae-fill:attributes=ONE+OTHER']`"
        )
    for attribute in attributes:
        if attribute not in known:
            raise unknown("attribute", attribute, known)
    return tuple(float(one in attributes) for one in known) if attributes else None
