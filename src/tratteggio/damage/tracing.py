"""From strengths to pieces: weak places that hang on strong ones are kept, specks and blots are dropped.

Both rules look no further than a stated number of pixels (`Trace.reach`), so that a window read with that
margin comes out as the whole would, bit by bit.

Source: hysteresis after Canny, "A computational approach to edge detection", IEEE Transactions on Pattern
Analysis and Machine Intelligence 8, 1986, section VIII, which has no such limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Lost
from tratteggio.roles import Trace


def trace_damage(strength: NDArray[Any], threshold: float, trace: Trace) -> Lost:
    """Return where there is damage: (h, w) bool.

    Args:
        strength: (h, w) numbers, 0 for none.
        threshold: strengths from here on are damage.
        trace: how places are joined and dropped.

    Raises:
        BadUsage: a threshold that is not above 0.

    Example:
        >>> strength = np.zeros((5, 30))
        >>> strength[2, 2:28], strength[2, 10], strength[0, 0] = 0.4, 0.9, 0.9
        >>> found = trace_damage(strength, 0.5, Trace(weak=0.7, follow=40, shortest=12))
        >>> int(found.sum()), bool(found[0, 0])
        (26, False)
    """
    if not threshold > 0:
        raise BadUsage(f"the threshold is a number above 0, got {threshold}")
    found = strength >= threshold
    if not found.any():
        return found
    if trace.follow and trace.weak < 1:
        weak = strength >= trace.weak * threshold
        found = ndimage.binary_dilation(found, EIGHT, iterations=trace.follow, mask=weak)
    return _without_specks(found, trace) if trace.shortest or trace.blot else found


def _without_specks(found: Lost, trace: Trace) -> Lost:
    """Drop the pieces that are too small, or too round for a line.

    A piece that a border of the array cuts, `reach` away from a place that counts, is long enough to be kept
    by what is seen of it.
    """
    labels, count = ndimage.label(found, EIGHT)
    boxes = ndimage.find_objects(labels)
    longer = np.array([max(side.stop - side.start for side in box) for box in boxes])
    area = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    blots = (longer < trace.blot) & (area > trace.roundest * longer**2)
    keep = np.concatenate([[False], ~((longer < trace.shortest) | blots)])
    return np.asarray(keep[labels])
