"""Brighten a scan that was taken with too little light.

Four routes:

    exposure       more light on all of the scan alike, until its brightest part is white; no net. The default
    illumination   a net looks at the whole, reduced, and answers with the light that fell on each place, by
                   which the scan is divided (Wang et al. 2019); learnt from paintings that were darkened
    curves         a net looks at the whole, reduced, and answers with a curve for each place (Guo et al.
                   2020); learnt without knowing what is right
    raw            of a camera's raw file: denoised, demosaiced and toned at one go (Chen et al. 2018)

Only `exposure` leaves a scan alone that is bright enough, and on scans that lack light by a factor it is the
best of them. The nets `illumination` and `curves` were taught darkness of their own kind: they are kept to
compare with the papers.

The first three know what is dark by the whole and work pixel by pixel, so no window differs from another. RGB
and grey are taken; a net is shown grey as three equal colours, and the mean of its answers is taken. Values
beyond black and white, which float scans may hold, become black and white first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tratteggio.enhancers._exposure import Exposure
from tratteggio.enhancers._look import reduced
from tratteggio.enhancers._raw import RawRoute
from tratteggio.errors import BadUsage
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import COLOURS, Array
from tratteggio.registry import unknown

if TYPE_CHECKING:
    from torch import Tensor

    from tratteggio.models.curves import CurveNet
    from tratteggio.models.illumination import IlluminationNet

WEIGHTS = {"illumination": "illumination", "curves": "curves", "raw": "lowlight-raw-narrow"}
ROUTES = ("exposure", *WEIGHTS)
HOMES = {"illumination": "illumination", "curves": "curves", "raw": "lowlight_raw"}


@dataclass(frozen=True, kw_only=True)
class Lowlight:
    """The enhancer by illumination or by curves. Satisfies `roles.Enhancer`."""

    net: IlluminationNet | CurveNet
    name: str = "lowlight"
    learnt: bool = True
    scale: int = 1
    reach: int = 0
    step: int = 1
    parameters: dict[str, Any]

    def channels(self, scan: Scan) -> int:
        """Return as many as the scan has, 1 or 3."""
        if scan.channels not in (1, COLOURS):
            raise BadUsage(f"lowlight takes grey or RGB, got {scan.channels} channels in {scan.name}")
        return scan.channels

    def prepare(self, scan: Scan) -> tuple[tuple[int, int], Tensor]:
        """Return the grid of the scan, and what the net makes of the whole: matrices or curves."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.models import illumination  # noqa: PLC0415  (the same)

        with torch.inference_mode():
            small = illumination.reduced(self._admitted(reduced(scan, shorter=illumination.SIDE)))
            if isinstance(self.net, illumination.IlluminationNet):
                return scan.grid, self.net.grid(small)
            return scan.grid, self.net.maps(small)

    def enhance(self, window: Array, region: Region, context: tuple[tuple[int, int], Tensor]) -> Array:
        """Give light to one window."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.models import curves, illumination  # noqa: PLC0415  (the same)

        (height, width), seen = context
        with torch.inference_mode():
            x = self._admitted(window)
            rows = illumination.middles(height, region.top, region.bottom).to(x)
            cols = illumination.middles(width, region.left, region.right).to(x)
            if isinstance(self.net, illumination.IlluminationNet):
                y = x / self.net.illumination(x, seen, rows, cols)
            else:
                y = curves.curved(x, curves.read_off(seen, rows, cols))
            if window.shape[2] != COLOURS:
                y = y.mean(dim=1, keepdim=True)
            answer: Array = y[0].movedim(0, -1).cpu().numpy()
        return np.ascontiguousarray(answer)

    def _admitted(self, light: Array) -> Tensor:
        """Bring light in: (h, w, 1 or 3) -> (1, 3, h, w), 0 .. 1."""
        import torch  # noqa: PLC0415  (loaded by now)

        device = next(self.net.parameters()).device
        x = torch.from_numpy(light).to(device).movedim(-1, 0)[None].clamp(0, 1)
        return x.expand(-1, COLOURS, -1, -1)


def make(
    *,
    device: str = "auto",
    route: str = "exposure",
    ratio: float | None = None,
    weights: str | Path | None = None,
) -> Exposure | Lowlight | RawRoute:
    """Build the enhancer: load the weights, if the route has a net.

    Args:
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda"; of a net.
        route: "exposure", "illumination", "curves", or "raw".
        ratio: of exposure and raw, how many times the light is amplified, 1 .. 300; None brings all but the
            brightest 0.5 % (of raw, 1 %) below white, and leaves a scan alone that is bright enough.
        weights: a file that `tratteggio train` wrote with the recipe of the route; None takes those that
            ship.

    Raises:
        BadUsage: no such device, a ratio for a net that takes none or out of its range, or weights for
            exposure, which has no net.
        UnknownName: no such route.
        MissingExtra: no such weights came with this installation.
        UnreadableFile: the file is missing or damaged.
        UnsupportedFile: the file holds weights of another kind of net.
    """
    if route not in ROUTES:
        raise unknown("route of lowlight", route, ROUTES)
    if route == "exposure":
        if weights is not None:
            raise BadUsage("route=exposure has no net; state the route of the weights, or omit them")
        return Exposure.of(ratio=ratio)
    if ratio is not None and route != "raw":
        raise BadUsage(f"route {route} takes no ratio; omit it, or use route=exposure or route=raw")
    from tratteggio.models.serving import loaded  # noqa: PLC0415  (brings torch)

    net, parameters = loaded(
        "enhancer lowlight", weights=weights or WEIGHTS[route], homes=(HOMES[route],), device=device
    )
    parameters = {"route": route, **parameters}
    if route == "raw":
        return RawRoute.of(net, ratio=ratio, parameters=parameters)
    return Lowlight(net=cast("IlluminationNet | CurveNet", net), parameters=parameters)
