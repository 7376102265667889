"""Fill lacunae of RGB with FP-CAE, an autoencoder that sees all scans at once and is told what is not known.

To its partial layers what is lost is as missing as what lies beyond the border: they guess colour there from
the other scans and from the paint around. A scan that the net knows and the painting lacks is missing all
over; one that it does not know is left out. The rest is that of engine `guided`: what the guess leaves over
in known paint is carried in, and where the other scans show bare ground, or what no paint around shows, RGB
alone is filled.

The net passes a patch through few numbers, so its guess is soft: in most paintings `guided`, which learns
from the paint around and nothing else, is the better engine (docs/performance.md).

The net sees the painting as `_nets` says, and other scans at the levels that they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tratteggio.engines import guided
from tratteggio.engines._nets import answered
from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.painting.modalities import MAIN
from tratteggio.painting.pixels import COLOURS, Array, Lost

if TYPE_CHECKING:
    from torch import Tensor

    from tratteggio.models.fpcae import Autoencoder

WEIGHTS = "fpcae-fill"
FILLED = MAIN  # the modality, as the net calls it, whose lacunae it has learnt to fill


@dataclass(frozen=True, kw_only=True)
class Fpcae(guided.Guided):
    """The engine. Satisfies `roles.Engine`; `reads` what its net knows beside RGB."""

    net: Autoencoder
    learnt: bool = True

    @property
    def others(self) -> dict[str, int]:
        """Channels of the modalities that the net knows beside the one that it fills."""
        return {name: count for name, count in self.net.modalities.items() if name != FILLED}

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:  # noqa: ARG002  (the mask does not matter)
        """Make sure that the net knows other scans of the painting; say what becomes of their channels.

        Raises:
            BadUsage: none of them is there, one has another number of channels, or one is to be filled.
        """
        from tratteggio.models.fitting import fitted  # noqa: PLC0415  (torch is loaded by now)

        knows = ", ".join(self.others)
        if stack.primary.modality in self.others:
            raise BadUsage(
                f"engine fpcae fills colour from {knows}, but {stack.primary.name} is "
                f"{stack.primary.modality}; use engine guided for it"
            )
        there = [scan for scan in stack.scans if scan.modality in self.others]
        if not there:
            raise BadUsage(
                f"engine fpcae fills {stack.primary.name} from {knows}, but the painting has none of them; "
                "give a stack with one (`tratteggio.register` makes it), or use another engine"
            )
        for scan in fitted(Stack(tuple(there)), self.others).scans:
            if scan.channels != self.others[scan.modality]:
                raise BadUsage(
                    f"{scan.name} has {scan.channels} channels, but the net of engine fpcae needs "
                    f"{self.others[scan.modality]} for {scan.modality}"
                )

    def told(self, scan: Scan, guides: Sequence[Scan], lost: Lost, known: Lost) -> tuple[Array, Array]:
        """Let the net guess; the regression of engine guided says how far guides are to be trusted."""
        return self._guess(scan, guides, lost), super().told(scan, guides, lost, known)[1]

    def _guess(self, scan: Scan, guides: Sequence[Scan], lost: Lost) -> Array:
        """Return colours as the net answers them, lost or not: (h, w, channels) in the units of the scan."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.models import to_tensors  # noqa: PLC0415  (the same)
        from tratteggio.models.fitting import counted  # noqa: PLC0415  (the same)

        shown = {
            guide.modality: to_tensors(
                counted(guide, self.others[guide.modality]).colour(), ~guide.read_seen()
            )
            for guide in guides
        }

        def ask(x: Tensor, known: Tensor) -> list[Tensor]:
            parts, runs = [x], [(COLOURS, known)]
            for name, channels in self.others.items():
                part, seen = shown.get(name, (known.new_zeros(1), torch.zeros_like(known)))
                parts.append(part.to(x).expand(len(x), channels, *lost.shape))
                runs.append((channels, seen.to(known)))
            return [self.net(torch.cat(parts, dim=1), runs)[:, :COLOURS]]

        return answered(scan.colour(), lost, self.net, ask)[0]


def make(*, seed: int = 0, device: str = "auto", weights: str | Path | None = None) -> Fpcae:
    """Build the engine: load the weights.

    Args:
        seed: not used; there is nothing random.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        weights: a safetensors file that `tratteggio train fpcae_fill` wrote, or the name of weights that came
            with this installation; None takes "fpcae-fill" of these.

    Raises:
        BadUsage: no such device.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds no weights of an autoencoder of RGB and other scans.
    """
    file = WEIGHTS if weights is None else weights
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    net, parameters = loaded("engine fpcae", weights=file, homes=("fpcae",), device=device)
    modalities = dict(getattr(net, "modalities", {}))
    if list(modalities.items())[:1] != [(FILLED, COLOURS)] or len(modalities) == 1:
        raise UnsupportedFile(
            f"{parameters['weights']} holds weights of {parameters['model']!r}, but engine fpcae takes an "
            f"autoencoder of {FILLED}={COLOURS} and other scans, in this order"
        )
    rest = guided.make(seed=seed, device=device)
    return Fpcae(
        net=cast("Autoencoder", net),
        name="fpcae",
        reads=tuple(modalities)[1:],
        carry=rest.carry,
        parameters={**parameters, **{f"rest_{key}": value for key, value in rest.parameters.items()}},
        halo=rest.halo,
    )
