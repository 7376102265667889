"""What a file says of opacity: an alpha channel, or a colour that stands for clear (PNG's tRNS)."""

from __future__ import annotations

import numpy as np

from tratteggio.painting import Scan
from tratteggio.painting.pixels import Array, white

ASSOCIATED = 1  # TIFF's ExtraSamples: colours are multiplied by opacity


def opacity(array: Array, scan: Scan) -> Array | None:
    """Return the opacity of a region as levels from 0 (clear) to white: (h, w); None: opaque everywhere.

    Args:
        array: (h, w) or (h, w, c), what was read of the scan.
        scan: says what its last channel means, and which colour is clear.
    """
    if scan.alpha:
        return array[..., -1]
    clear = scan.metadata.clear
    if clear is None:
        return None
    colours = array[..., None] if array.ndim == 2 else array
    levels: Array = np.where((colours == np.array(clear)).all(axis=-1), 0, white(scan.dtype))
    return levels.astype(scan.dtype)
