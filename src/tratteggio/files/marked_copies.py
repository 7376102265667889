"""Masks that are a copy of the painting with the losses painted over in one marker colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tratteggio.errors import UnsupportedFile
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, Lost, white

TOLERANCE = 0.06  # of white, in each channel: what an editor or a JPEG may change in a copy
COPIED = 0.1  # of the area: that much must be as in the scan for a file to be a copy of it
ONE_COLOUR = 0.6  # of the pixels that differ: so many have the marker colour
CODES = 32  # levels of each channel that a colour is counted by


def find_marker(copy: Pixels, scan: Scan, *, name: str) -> Array | None:
    """Return the marker colour of a copy of a scan, or None if a file is no such copy.

    Args:
        copy: (H, W, 3), on the grid of the scan.
        scan: the painting, RGB.
        name: of the copy, for messages.

    Returns:
        (3,) float64, 0 .. 1.

    Raises:
        UnsupportedFile: the file is a copy, but what differs has several colours.
    """
    same, counts = 0, np.zeros(CODES**3, np.int64)
    sums = np.zeros((CODES**3, 3))
    for band in Region.whole(scan.grid).bands(256):
        drawn, painted = _shares(np.asarray(copy[band.slices])), _shares(scan.read(band)[..., :3])
        differs = _differs(drawn, painted)
        same += int(np.count_nonzero(~differs))
        colours = drawn[differs]
        codes = np.minimum((colours * CODES).astype(np.int64), CODES - 1) @ np.array([CODES**2, CODES, 1])
        counts += np.bincount(codes, minlength=CODES**3)
        for channel in range(3):
            sums[:, channel] += np.bincount(codes, colours[:, channel], minlength=CODES**3)
    if same < COPIED * scan.grid[0] * scan.grid[1] or not counts.any():
        return None
    most = int(counts.argmax())
    if counts[most] < ONE_COLOUR * counts.sum():
        raise UnsupportedFile(
            f"{name} is a copy of {scan.name}, but what differs has several colours; paint the losses in one "
            "colour that the painting does not have, with a hard brush"
        )
    return np.asarray(sums[most] / counts[most])


@dataclass(frozen=True, eq=False)
class Marked(LazyPixels):
    """Where a copy differs from the scan and has the marker colour; made where it is read.

    Attributes:
        copy: (H, W, 3).
        scan: the painting, RGB.
        marker: (3,), 0 .. 1.
    """

    copy: Pixels
    scan: Scan
    marker: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W)."""
        return self.scan.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """bool."""
        return np.dtype(np.bool_)

    def _read(self, region: Region) -> Lost:
        drawn = _shares(np.asarray(self.copy[region.slices]))
        near = (np.abs(drawn - self.marker) <= TOLERANCE).all(axis=-1)
        return np.asarray(near & _differs(drawn, _shares(self.scan.read(region)[..., :3])))


def _shares(array: Array) -> Array:
    return np.asarray(array, np.float64) / white(array.dtype)


def _differs(drawn: Array, painted: Array) -> Lost:
    return np.asarray((np.abs(drawn - painted) > TOLERANCE).any(axis=-1))
