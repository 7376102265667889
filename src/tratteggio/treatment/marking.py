"""Describe what a mask marks before anything is filled, and refuse an inverted mask."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files.opacity import opacity
from tratteggio.files.provenance import file_named
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.painting.pixels import Lost, white
from tratteggio.treatment.fill_options import FillOptions
from tratteggio.treatment.opening import lacunae_of

log = logging.getLogger("tratteggio")

# Shares of the area: more than MUCH is rarely lost; a mask with more than MOST is nearly always inverted.
MUCH, MOST = 0.4, 0.9


def read_mask(lost: Lost | Lacunae | str | Path, scan: Scan, options: FillOptions) -> Lacunae:
    """Return lacunae in any form, on the grid of the scan; options say how a mask file is read."""
    return lacunae_of(
        lost, scan, mask_orientation=options.mask_orientation, mask_sense=options.mask_sense,
        mask_layer=options.mask_layer,
    )  # fmt: skip


def describe_mask(lacunae: Lacunae) -> str:
    """Describe what a mask marks as lost, and how much of it there is.

    Example:
        >>> import numpy as np
        >>> describe_mask(Lacunae(np.eye(4, dtype=bool), "lost.png", "white pixels"))
        'white pixels of lost.png are taken as lost: 25.00 % of the area, 1 lacuna'
    """
    mask = file_named(lacunae.name)
    count = f"{lacunae.pieces:,} lacuna{'e' * (lacunae.pieces != 1)}"
    share = f"{100 * lacunae.share:.2f} % of the area"
    return f"{lacunae.marked} of {mask.name if mask else lacunae.name} are taken as lost: {share}, {count}"


def require_plausible(lacunae: Lacunae, *, mostly_lost: bool = False) -> None:
    """Log what a mask marks, and refuse what cannot be filled or looks like a mistake.

    Args:
        lacunae: where paint is lost.
        mostly_lost: accept more than 90 %.

    Raises:
        BadUsage: nothing is lost, everything is, or more than 90 % without `mostly_lost`.
    """
    name, share = lacunae.name, lacunae.share
    if lacunae.lost_px == 0:
        raise BadUsage(f"{name} marks no pixel as lost ({_convention(lacunae)}), so there is nothing to fill")
    if lacunae.lost_px == lacunae.grid[0] * lacunae.grid[1]:
        raise BadUsage(
            f"{name} marks every pixel as lost ({_convention(lacunae)}), so there is no known paint; "
            "is the mask inverted?"
        )
    if share > MOST and not mostly_lost:
        raise BadUsage(
            f"{describe_mask(lacunae)}; is the mask inverted? Invert it, or add "
            "`mostly_lost=True` if so much is lost"
        )
    log.info("%s", describe_mask(lacunae))
    if share > MUCH:
        log.warning(
            "%s marks %.0f %% of the area as lost (%s); check that the mask is not inverted",
            name,
            100 * share,
            _convention(lacunae),
        )


def _convention(lacunae: Lacunae) -> str:
    """Return what marks lost paint; white unless the mask file has another sense."""
    if "from the scan" in lacunae.marked or "polygon" in lacunae.marked:
        return f"{lacunae.marked} = lost"
    if lacunae.marked.startswith("black"):
        return "black = lost"
    opaque = lacunae.marked.startswith("opaque")
    return f"{lacunae.marked} = lost, what is transparent is not marked" if opaque else "white = lost"


def note_transparent(scan: Scan, lacunae: Lacunae) -> None:
    """Log a warning if the scan is transparent where it is filled: the fill is opaque, to be visible."""
    if not scan.alpha and scan.metadata.clear is None:
        return
    count = 0
    for band in Region.whole(scan.grid).bands(256):
        levels = opacity(scan.read(band), scan)
        assert levels is not None
        count += int(np.count_nonzero((levels != white(scan.dtype)) & lacunae.read(band)))
    if count:
        log.warning(
            "%s is transparent in %s lost pixels; the fill is opaque, the opacity elsewhere is unchanged",
            scan.name,
            f"{count:,}",
        )
