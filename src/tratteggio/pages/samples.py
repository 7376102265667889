"""A contact sheet of plausible fills: the whole, the largest lacunae, and where the fills differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tratteggio.metrics.confidence import confidence_of
from tratteggio.pages.census import Lacuna
from tratteggio.pages.maps import SCALE, Map, confidence_map, reduced
from tratteggio.pages.picture import img
from tratteggio.pages.views import DETAIL_PX, Overview, around, extent, figure, rgb
from tratteggio.painting import Region, Restoration
from tratteggio.painting.pixels import Array

LONGEST_PX = 640  # of each fill on the sheet
DETAILS = 4  # how many lacunae are shown close up, in all their fills

STYLE = """
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 260px), 1fr));
  gap: 20px 16px; }
.sheet .wall { padding: 8px; }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 20px; }
.row figcaption { flex-basis: 100%; }
.row .wall { padding: 6px; }
.row img { height: 150px; width: auto; image-rendering: pixelated; }
"""


def samples_section(
    restoration: Restoration, samples: Sequence[Restoration], lacunae: Sequence[Lacuna], overview: Overview
) -> str:
    """Return the section that shows a proposal beside other fills.

    Args:
        restoration: the proposal.
        samples: the other fills, at least one.
        lacunae: of the proposal, the largest first.
        overview: makes the viewing copies.
    """
    fills = [restoration, *samples]
    views = [rgb(overview(one.original, longest=LONGEST_PX, pixels=one.pixels)) for one in fills]
    share, _ = reduced(restoration, (views[0].shape[0], views[0].shape[1]))
    ramp = ", ".join("rgb({:.0f} {:.0f} {:.0f})".format(*colour) for colour in SCALE)
    names = ["Proposal", *(f"Fill {number}" for number in range(1, len(fills)))]
    figures = [figure(view, name, f"<b>{name}</b>") for name, view in zip(names, views, strict=True)]
    if len(samples) > 1:
        agreed = confidence_of(spread(views[1:])).astype(np.float64)
        figures.append(
            figure(
                confidence_map(agreed, share),
                "Where the fills agree, from dark violet (they differ) to pale yellow (they agree)",
                "<b>Where they agree</b>: less"
                f'<span class="scale" style="background:linear-gradient(90deg, {ramp})"></span>more. '
                "The middle of the scale is a standard deviation of 16 levels of 256 among them.",
            )
        )
    close = "".join(
        _row(number, lacuna, fills, names, overview)
        for number, lacuna in enumerate(lacunae[:DETAILS], start=1)
    )
    return (
        f"<section><h2>Other plausible fills</h2>\n<p>{_ways(len(samples))} in which the lacunae can be "
        "filled that the engine holds for likely. What differs among them, nothing in the painting tells."
        f'</p>\n<div class="sheet">\n{"".join(figures)}</div>\n{close}</section>'
    )


def _ways(count: int) -> str:
    return "One more way" if count == 1 else f"{count} more ways"


def spread(views: Sequence[Array]) -> Map:
    """Return how far pictures differ: standard deviation, the largest of all channels, a share of the range.

    Args:
        views: two or more, each (h, w, 3) uint8.
    """
    deviation: Map = np.stack(views).astype(np.float64).std(axis=0).max(axis=2) / 255
    return deviation


def _row(
    number: int, lacuna: Lacuna, fills: Sequence[Restoration], names: Sequence[str], overview: Overview
) -> str:
    """Show one lacuna before, and in all its fills."""
    original = fills[0].original
    region, where = around(lacuna, original.grid)
    before = img(_close(fills[0], region, overview, filled=False), f"Lacuna {number} before")
    shown = "".join(
        f'<div class="wall">{img(_close(fill, region, overview), f"Lacuna {number}, {name}")}</div>'
        for fill, name in zip(fills, names, strict=True)
    )
    return (
        f'<figure class="row"><div class="wall">{before}</div>{shown}<figcaption><b>{number}</b> before, '
        f"proposal and other fills{where}, {extent(region, original.um_per_px)}</figcaption></figure>\n"
    )


def _close(fill: Restoration, region: Region, overview: Overview, *, filled: bool = True) -> Array:
    pixels = fill.pixels if filled else None
    return overview(fill.original, longest=DETAIL_PX, pixels=pixels, region=region)
