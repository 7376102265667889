"""A contact sheet of plausible fills: the whole, the largest lacunae, and where the fills differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tratteggio.files.embedding import img
from tratteggio.markup import Markup, html, join
from tratteggio.metrics.confidence import confidence_of
from tratteggio.pages.census import Lacuna
from tratteggio.pages.maps import Map, confidence_map, reduce_maps
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
) -> Markup:
    """Return the section that shows a proposal beside other fills.

    Args:
        restoration: the proposal.
        samples: the other fills, at least one.
        lacunae: of the proposal, the largest first.
        overview: makes the viewing copies.
    """
    fills = [restoration, *samples]
    views = [rgb(overview(one.original, longest=LONGEST_PX, pixels=one.pixels)) for one in fills]
    share, _ = reduce_maps(restoration, (views[0].shape[0], views[0].shape[1]))
    names = ["Proposal", *(f"Fill {number}" for number in range(1, len(fills)))]
    figures = [figure(view, name, html("<b>{}</b>", name)) for name, view in zip(names, views, strict=True)]
    if len(samples) > 1:
        agreed = confidence_of(spread(views[1:])).astype(np.float64)
        figures.append(
            figure(
                confidence_map(agreed, share),
                "Where the fills agree, from dark violet (they differ) to pale yellow (they agree)",
                html(
                    '<b>Agreement of the fills</b>: less<span class="scale"></span>more. '
                    "The middle of the scale is a standard deviation of 16 levels of 256 between the fills."
                ),
            )
        )
    close = join(
        _row(number, lacuna, fills, names, overview)
        for number, lacuna in enumerate(lacunae[:DETAILS], start=1)
    )
    return html(
        "<section><h2>Alternative fills</h2>\n<p>{} by the same engine. "
        "Where the fills differ, the painting gives no evidence."
        '</p>\n<div class="sheet">\n{}</div>\n{}</section>',
        _ways(len(samples)), join(figures), close,
    )  # fmt: skip


def _ways(count: int) -> str:
    return "One alternative fill" if count == 1 else f"{count} alternative fills"


def spread(views: Sequence[Array]) -> Map:
    """Return how far images differ: standard deviation, the largest of all channels, a share of the range.

    Args:
        views: two or more, each (h, w, 3) uint8.
    """
    deviation: Map = np.stack(views).astype(np.float64).std(axis=0).max(axis=2) / 255
    return deviation


def _row(
    number: int, lacuna: Lacuna, fills: Sequence[Restoration], names: Sequence[str], overview: Overview
) -> Markup:
    """Show one lacuna before, and in all its fills."""
    original = fills[0].original
    region, where = around(lacuna, original.grid)
    before = img(_close(fills[0], region, overview, filled=False), f"Lacuna {number} before")
    shown = join(
        html('<div class="wall">{}</div>', img(_close(fill, region, overview), f"Lacuna {number}, {name}"))
        for fill, name in zip(fills, names, strict=True)
    )
    return html(
        '<figure class="row"><div class="wall">{}</div>{}<figcaption><b>{}</b> before, '
        "proposal and other fills{}, {}</figcaption></figure>\n",
        before, shown, number, where, extent(region, original.um_per_px),
    )  # fmt: skip


def _close(fill: Restoration, region: Region, overview: Overview, *, filled: bool = True) -> Array:
    pixels = fill.pixels if filled else None
    return overview(fill.original, longest=DETAIL_PX, pixels=pixels, region=region)
