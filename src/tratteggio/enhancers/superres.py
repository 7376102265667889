"""Enlarge a scan 2, 3 or 4 times with a net that improves bicubic enlargement.

The net sees luminance alone. Of RGB, what it adds to the bicubic enlargement of the luminance is added to
that of each colour: the same as luminance by the net and chroma by bicubic interpolation. Scans of another
number of channels are enlarged channel by channel.

What is added is what the net has met in other pictures in such a place: a hypothesis about paint that the
scan does not resolve.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import COLOURS, LUMA, Array
from tratteggio.registry import unknown

if TYPE_CHECKING:
    from tratteggio.models._enlarging import Enlarger

NETS = ("superres", "srcnn")
SCALES = (2, 3, 4)


@dataclass(frozen=True, kw_only=True)
class Superres:
    """The enhancer. Satisfies `roles.Enhancer`."""

    net: Enlarger
    name: str
    scale: int
    reach: int
    step: int
    parameters: dict[str, Any]
    learnt: bool = True

    def channels(self, scan: Scan) -> int:
        """Return as many as the scan has."""
        return scan.channels

    def prepare(self, scan: Scan) -> None:
        """Look at nothing."""

    def enhance(self, window: Array, region: Region, context: None) -> Array:  # noqa: ARG002
        """Enlarge one window."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.layers.bicubic import enlarged  # noqa: PLC0415  (the same)

        device = next(self.net.parameters()).device
        with torch.inference_mode():
            planes = torch.from_numpy(window).to(device).movedim(-1, 0)[:, None]
            if len(planes) == COLOURS:
                light = torch.tensordot(torch.tensor(LUMA, device=device), planes, 1)[None]
                lacking = self.net.enlarge(light) - enlarged(light, self.scale)
                answer = enlarged(planes, self.scale) + lacking
            else:
                answer = torch.cat([self.net.enlarge(plane[None]) for plane in planes])
            return np.ascontiguousarray(answer[:, 0].movedim(0, -1).cpu().numpy())


def make(
    *, device: str = "auto", scale: int = 2, net: str = "superres", weights: str | Path | None = None
) -> Superres:
    """Build the enhancer: load the weights.

    Args:
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".
        scale: 2, 3 or 4.
        net: "superres", the compact net, or "srcnn", the one that it is measured against.
        weights: a file that `tratteggio train superres` or `srcnn` wrote; None takes those of the net and
            scale that ship.

    Raises:
        BadUsage: no such scale, net or device.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another kind of net, or of another scale.
    """
    if scale not in SCALES:
        raise BadUsage(f"superres enlarges 2, 3 or 4 times, got scale={scale}")
    if net not in NETS:
        raise unknown("net of superres", net, NETS)
    file = f"{net}-x{scale}" if weights is None else weights
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    found, parameters = loaded("enhancer superres", weights=file, homes=NETS, device=device)
    enlarger = cast("Enlarger", found)
    if enlarger.scale != scale:
        raise UnsupportedFile(
            f"{file} holds weights that enlarge {enlarger.scale} times, not {scale}; "
            f"say scale={enlarger.scale}"
        )
    return Superres(
        net=enlarger,
        name="superres",
        scale=scale,
        reach=enlarger.reach,
        step=1,
        parameters={"scale": scale, **parameters},
    )
