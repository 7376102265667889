"""What a camera's raw file says of its sensor: which colour a pixel saw, and what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass

from tratteggio.painting import Scan

SENSOR = "sensor"  # in the metadata of a scan that is a mosaic, under `foreign`


@dataclass(frozen=True)
class Sensor:
    """A Bayer sensor.

    Attributes:
        red: (row, column), each 0 or 1, of the first red pixel; blue lies diagonal to it, all else is green.
        black, white: levels without light, and at most.
        balance: red, green and blue are to be multiplied by this, so that grey is grey; green 1.
        to_srgb: rows of a 3 x 3 matrix from balanced camera colours to linear sRGB; grey stays grey.
    """

    red: tuple[int, int]
    black: float
    white: float
    balance: tuple[float, float, float]
    to_srgb: tuple[tuple[float, float, float], ...]


def sensor_of(scan: Scan) -> Sensor | None:
    """Return the sensor whose mosaic a scan is; None if it is a picture."""
    found: Sensor | None = scan.metadata.foreign.get(SENSOR)
    return found
