"""Seeds: whole numbers from which all chance follows, checked in one place."""

from __future__ import annotations

import operator

from tratteggio.errors import BadUsage

LARGEST = 2**32 - 1  # what every generator of NumPy, SciPy, torch and OpenCV takes


def require_seed(seed: int) -> int:
    """Return a seed as a plain whole number.

    Args:
        seed: 0 or more, at most `LARGEST`.

    Raises:
        BadUsage: it is something else.

    Example:
        >>> require_seed(-1)
        Traceback (most recent call last):
        tratteggio.errors.BadUsage: a seed must be a whole number from 0 to 4294967295, got -1
    """
    try:
        found = operator.index(seed)
    except TypeError:
        found = -1
    if not 0 <= found <= LARGEST:
        shown = f"one of {found.bit_length()} bits" if abs(found) > LARGEST else repr(seed)
        raise BadUsage(f"a seed must be a whole number from 0 to {LARGEST}, got {shown}")
    return found
