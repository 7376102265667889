"""What is painted: a saint before gold, a landscape, a still life."""

from __future__ import annotations

from typing import Literal, get_args

from tratteggio.degradation.simulation.value_noise import draw
from tratteggio.errors import BadUsage
from tratteggio.phantom.cartoon import Cartoon
from tratteggio.phantom.figure import paint_figure
from tratteggio.phantom.gold import frame, paint_ground
from tratteggio.phantom.landscape import paint_landscape
from tratteggio.phantom.still_life import paint_still_life

Motif = Literal["saint", "landscape", "still life"]
MOTIFS: tuple[Motif, ...] = get_args(Motif)


def motif_of(motif: Motif | None, seed: int) -> Motif:
    """Return the motif, or one drawn from the seed where it is None.

    Raises:
        BadUsage: no such motif.
    """
    if motif is None:
        return MOTIFS[int(draw(seed, "motif") * len(MOTIFS))]
    if motif not in MOTIFS:
        raise BadUsage(f"motif must be one of {', '.join(MOTIFS)} or None, got {motif!r}")
    return motif


def paint(cartoon: Cartoon, motif: Motif, seed: int) -> None:
    """Paint a motif on an empty cartoon."""
    if motif == "landscape":
        paint_landscape(cartoon, seed)
    elif motif == "still life":
        paint_still_life(cartoon, seed)
    else:
        paint_ground(cartoon, seed)
        bordered = cartoon.copy()
        paint_figure(cartoon, seed)
        frame(cartoon, bordered)
