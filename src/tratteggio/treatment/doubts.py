"""Doubts about a fill of what a damage map marks: much is filled, or cracks look like drawn lines."""

from __future__ import annotations

import logging

from tratteggio.damage import DamageMap, policies
from tratteggio.damage.drawn_lines import drawn_lines
from tratteggio.damage.graph import crack_graph
from tratteggio.errors import BadUsage, MissingExtra
from tratteggio.painting import Lacunae, Scan

log = logging.getLogger("tratteggio")

MOST_FILLED = 0.02  # of the area
DRAWN_SHARE = 0.1  # of the length of all cracks


def find_doubts(
    scan: Scan,
    damage: DamageMap,
    lacunae: Lacunae,
    policy: str | None = None,
    *,
    detected: bool,
) -> list[str]:
    """Return reasons to look at a damage map before it is filled; none if there is no reason.

    Args:
        scan: the painting.
        damage: what was detected in it, or marked by somebody.
        lacunae: what of that will be filled.
        policy: by which they were chosen, as for `lacunae_by_policy`.
        detected: True for what was just detected; False for a map that somebody gives, and may have drawn:
            a wide loss in it was marked by an eye, so only its cracks are doubted.

    Returns:
        parts of a sentence: more than 2 % of the area is filled; or cracks are filled, and 10 % of their
        length or more look like drawn lines (see `damage.drawn_lines`).
    """
    doubts = []
    filled = policies(policy)["crack"] == "fill"
    doubted = detected or (filled and damage.of("crack").lost_px)
    if doubted and lacunae.share > MOST_FILLED:
        doubts.append(
            f"{100 * lacunae.share:.2f} % of the area would be filled (more than {100 * MOST_FILLED:.0f} %)"
        )
    if filled and (share := _drawn_share(scan, damage)) >= DRAWN_SHARE:
        doubts.append(f"{100 * share:.0f} % of the length of the cracks looks like drawn lines")
    return doubts


def _drawn_share(scan: Scan, damage: DamageMap) -> float:
    """Return how much of the length of all cracks looks drawn; 0 with a warning if that is not known."""
    cracks = damage.of("crack")
    if not cracks.lost_px:
        return 0.0
    try:
        graph = crack_graph(cracks, metadata=scan.metadata)
    except (MissingExtra, BadUsage) as error:
        log.warning("the cracks were not checked for drawn lines: %s", error)
        return 0.0
    drawn = drawn_lines(graph, cracks, scan)
    return sum(edge.length_px for edge in drawn) / graph.length_px if graph.length_px else 0.0
