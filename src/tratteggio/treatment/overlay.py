"""An overlay: what is marked as damage, in the colours of the legend over a reduced copy of the painting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tratteggio import files
from tratteggio.files.outputs import require_outputs
from tratteggio.painting import Lacunae, Scan
from tratteggio.painting.legend import LEGEND
from tratteggio.treatment.detecting import keep_grid

LONGEST = 1600  # px
FAINT, STRONG = 0.45, 0.75  # opacity where a pixel of the overlay is marked in part, and as a whole


def draw_overlay(scan: Scan, marks: Mapping[str, Lacunae], *, longest: int = LONGEST) -> NDArray[np.uint8]:
    """Draw what is marked over a painting.

    Args:
        scan: the painting.
        marks: by entry of `painting.legend.LEGEND`; where they overlap, the first is seen.
        longest: the longer side of the overlay is at most this, in pixels.

    Returns:
        (h, w, 3) uint8, sRGB, upright. A pixel is coloured if any part of it is marked.
    """
    drawn = files.overview(scan, longest=longest).astype(np.float32)
    grid = keep_grid(scan)
    for name, lacunae in reversed(list(marks.items())):
        mask = Scan(files.white_where_lost(lacunae), metadata=grid.metadata)
        share = files.overview(mask, longest=longest)[..., :1].astype(np.float32) / 255
        opacity = np.where(share > 0, FAINT + (STRONG - FAINT) * share, 0)
        drawn += opacity * (np.array(LEGEND[name].colour, np.float32) - drawn)
    return np.rint(drawn).astype(np.uint8)


def write_overlay(
    scan: Scan, marks: Mapping[str, Lacunae], target: str | Path, *, overwrite: bool = False
) -> None:
    """Write what `draw_overlay` draws.

    Args:
        scan, marks: as for `draw_overlay`.
        target: .png
        overwrite: replace what is there already.

    Raises:
        UnsafeOutput: it is there already.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    require_outputs([Path(target)], overwrite=overwrite)
    files.write(draw_overlay(scan, marks), target)
