"""What a screen shows of samples of any depth: through the profile, in linear light, to sRGB in 8 bit.

A tile has to be converted in a few milliseconds. Profiles of three curves and a matrix, which are nearly all,
are therefore measured once with the colour library and applied as tables. What the tables give is compared
with the library, and a profile that does not fit them is left to the library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio.files.icc import to_lab, to_profile, to_srgb8
from tratteggio.painting import Scan
from tratteggio.painting.pixels import Array
from tratteggio.painting.pixels import white as white_of

# Of CIE XYZ relative to D50 to linear sRGB (Bradford; IEC 61966-2-1).
XYZ_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
D50 = np.array([0.9642, 1.0, 0.8249])
STEPS = 65536  # of the curves of floats
LIGHT_STEPS = 1 << 18  # of the table of levels: 65,536 up to white, so that lifted shadows keep their steps
FLOAT_RANGE = 4.0  # floats are shown up to this multiple of white: enough to look into highlights
TOLERANCE = 2  # levels of 8 bit that tables may differ from the colour library


class Tone(NamedTuple):
    """How samples are laid out on the screen.

    Attributes:
        exposure: in stops; light is multiplied by 2 to this.
        gamma: above 1 lightens the middle tones.
        black: the share of the displayed range, 0 to 1, that is shown as black.
        white: the share that is shown as white; below `black` the picture is a negative.
        red, blue: by which the light of these channels is multiplied, for the white balance.
    """

    exposure: float = 0.0
    gamma: float = 1.0
    black: float = 0.0
    white: float = 1.0
    red: float = 1.0
    blue: float = 1.0

    @property
    def balance(self) -> tuple[float, float, float]:
        """The factors of red, green and blue light."""
        return self.red, 1.0, self.blue


@dataclass(frozen=True, eq=False)
class Conversion:
    """How the samples of one scan become linear light.

    Attributes:
        curves: (channels, entries) float32: a sample, as a place in the table, to linear light.
        matrix: (3, 3) float32, light of the profile's primaries to linear sRGB; None where they are the same.
        top: the sample at the end of the table.
        exact: the profile has to be applied by the colour library; the curves are then those of sRGB.
    """

    curves: NDArray[np.float32]
    matrix: NDArray[np.float32] | None
    top: float
    exact: bytes | None
    white: float

    def shown(self, samples: Array, tone: Tone) -> NDArray[np.uint8]:
        """Return samples as a screen shows them.

        Args:
            samples: (h, w, 1) grey or (h, w, 3) RGB, in the depth of the scan.
            tone: exposure and contrast.

        Returns:
            (h, w, 3) uint8 sRGB.
        """
        samples = self._known(samples)
        places, levels = self._places(samples), _levels(tone._replace(red=1.0, blue=1.0))
        balance = tone.balance if samples.shape[-1] == 3 else (1.0,)
        if self.matrix is None:
            # Nothing is mixed: each sample has its level.
            tables = [
                np.take(levels, _entries(curve * np.float32(factor)))
                for curve, factor in zip(self.curves, balance, strict=True)
            ]
            shown = [np.take(table, places[..., channel]) for channel, table in enumerate(tables)]
            return np.stack(shown * (3 if len(shown) == 1 else 1), axis=-1)
        out = np.empty(places.shape, np.uint8)
        for channel, mixed in enumerate(self._mixed(places)):
            np.multiply(mixed, np.float32(balance[channel]), out=mixed)
            out[..., channel] = np.take(levels, _entries(mixed))
        return out

    def light(self, samples: Array) -> NDArray[np.float32]:
        """Return samples as linear sRGB, white is 1: (h, w, 1) of a grey scan, else (h, w, 3)."""
        places = self._places(self._known(samples))
        if self.matrix is not None:
            return np.stack(list(self._mixed(places)), axis=-1)
        lights = [np.take(curve, places[..., channel]) for channel, curve in enumerate(self.curves)]
        return np.stack(lights, axis=-1)

    def _known(self, samples: Array) -> Array:
        """Apply a profile that the tables cannot."""
        return samples if self.exact is None else to_profile(samples, self.exact, None, self.white)

    def _mixed(self, places: Array) -> Iterator[NDArray[np.float32]]:
        """Yield linear red, green and blue."""
        assert self.matrix is not None
        lights = [np.take(curve, places[..., channel]) for channel, curve in enumerate(self.curves)]
        for red, green, blue in self.matrix:
            # In place, and not as a product of matrices: that would wake the threads of the algebra library.
            mixed = lights[0] * red
            mixed += lights[1] * green
            mixed += lights[2] * blue
            yield mixed

    def _places(self, samples: Array) -> Array:
        if samples.dtype.kind == "u":
            return np.minimum(samples, int(self.top)) if self.top < white_of(samples.dtype) else samples
        shares = np.nan_to_num(samples, nan=0.0, posinf=self.top, neginf=0.0) / self.top
        return (np.clip(shares, 0, 1) * (STEPS - 1) + 0.5).astype(np.uint16)


def conversion_of(scan: Scan) -> Conversion:
    """Measure how the samples of a scan become linear light; called once for each scan."""
    channels = 1 if scan.channels == 1 else 3
    if scan.dtype.kind == "u":
        top = float(min(scan.white, white_of(scan.dtype)))
        ramp = np.arange(int(white_of(scan.dtype)) + 1) / scan.white
        ramp = np.minimum(ramp, 1.0)
    else:
        top = FLOAT_RANGE * scan.white
        ramp = np.linspace(0, FLOAT_RANGE, STEPS)
    plain = np.repeat(_srgb_to_light(ramp)[None], channels, axis=0).astype(np.float32)
    if scan.metadata.icc is None:
        return Conversion(plain, None, top, None, scan.white)
    measured = _measured(ramp, scan.metadata.icc, channels)
    if measured is not None:
        curves, matrix = measured
        tables = Conversion(curves, matrix, top, None, scan.white)
        if _agrees(tables, scan, channels):
            return tables
    return Conversion(plain, None, top, scan.metadata.icc, scan.white)


def _measured(
    ramp: Array, icc: bytes, channels: int
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None] | None:
    """Return the curves and the matrix of a profile, as the colour library shows them, if it has some."""
    inside = np.minimum(ramp, 1.0)
    beyond = np.maximum(ramp, 1.0)  # of floats above white: the curve goes on as a straight line of light
    if channels == 1:
        light = _xyz(inside[None, :, None], icc)[0, :, 1]
        if not light[-1] > 0:
            return None
        return (light * beyond)[None].astype(np.float32), None
    curves, columns = [], []
    for channel in range(3):
        samples = np.zeros((1, len(ramp), 3))
        samples[0, :, channel] = inside
        xyz = _xyz(samples, icc)[0]
        if not xyz[-1].any():
            return None
        curves.append(xyz @ xyz[-1] / (xyz[-1] @ xyz[-1]) * beyond)
        columns.append(xyz[-1])
    matrix = XYZ_TO_SRGB @ np.stack(columns, axis=1)
    return np.stack(curves).astype(np.float32), matrix.astype(np.float32)


def _agrees(tables: Conversion, scan: Scan, channels: int) -> bool:
    """Whether the tables show random samples as the colour library does."""
    shares = np.random.default_rng(0).random((64, 64, channels))
    samples = shares * scan.white
    samples = np.rint(samples).astype(scan.dtype) if scan.dtype.kind == "u" else samples.astype(scan.dtype)
    wanted = to_srgb8(samples, scan.metadata.icc, scan.white)
    got = tables.shown(samples, Tone())
    return int(np.abs(got.astype(int) - wanted).max()) <= TOLERANCE


def _xyz(shares: Array, icc: bytes) -> NDArray[np.float64]:
    """Return CIE XYZ (D50) of samples 0 to 1 of a profile."""
    lab = to_lab(shares, icc)
    level = (lab[..., 0] + 16) / 116
    cubes = np.stack([level + lab[..., 1] / 500, level, level - lab[..., 2] / 200], axis=-1)
    linear = np.where(cubes > 6 / 29, cubes**3, 3 * (6 / 29) ** 2 * (cubes - 4 / 29))
    result: NDArray[np.float64] = linear * D50
    return result


def _srgb_to_light(shares: Array) -> NDArray[np.float64]:
    """Undo the curve of sRGB (IEC 61966-2-1)."""
    light: NDArray[np.float64] = np.where(
        shares <= 0.04045, shares / 12.92, ((np.maximum(shares, 0) + 0.055) / 1.055) ** 2.4
    )
    return light


def _entries(light: Array) -> NDArray[np.intp]:
    """Return places in the table of levels."""
    places = light * np.float32((LIGHT_STEPS - 1) / FLOAT_RANGE)
    places += np.float32(0.5)
    np.clip(places, 0, LIGHT_STEPS - 1, out=places)
    entries: NDArray[np.intp] = places.astype(np.intp)
    return entries


@lru_cache(maxsize=64)
def _levels(tone: Tone) -> NDArray[np.uint8]:
    """Return the level on the screen for each place in the table of light."""
    light = np.linspace(0, FLOAT_RANGE, LIGHT_STEPS) * 2.0**tone.exposure
    light = np.minimum(light, 1.0)
    shares = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    span = tone.white - tone.black
    shares = np.clip((shares - tone.black) / (span if abs(span) > 1e-6 else 1e-6), 0, 1)
    levels: NDArray[np.uint8] = np.rint(shares ** (1 / tone.gamma) * 255).astype(np.uint8)
    return levels
