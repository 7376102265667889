"""One look at a whole scan of any size: as light, reduced, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Scan
from tratteggio.windows import light


def reduced(scan: Scan, *, shorter: int) -> NDArray[np.float32]:
    """Return the scan as means of squares of its pixels, fewer at the end; never enlarged.

    Args:
        scan: of any depth.
        shorter: the shorter side of what is returned is at least this, if that of the scan is, and less than
            twice as much.

    Returns:
        (h, w, channels) of light.

    Raises:
        BadPixels: NaN or infinite values.
    """
    return light.reduced(scan, max(1, min(scan.grid) // shorter))
