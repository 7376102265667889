"""True tratteggio: fine upright lines of purer colours that the eye mixes to the fill's colour.

After Brandi and the Istituto Centrale del Restauro, Rome, from 1945 (C. Brandi, Teoria del restauro, 1963;
P. Mora, L. Mora, P. Philippot, Conservation of Wall Paintings, 1984): a loss is closed with thin vertical
strokes about one centimetre long, each of a purer colour than the place asks for, side by side, so that the
picture is whole from where one views it and the intervention is plain from where one studies it.

Here three lines side by side (ochre, madder, green-blue) make one period. `_selection` keeps them near the
hue of the fill, so that no green line stands in a brown. In linear light each colour channel
is multiplied by 1 + o(line), and the three o, weighted by how wide the lines are drawn at that row, sum to
zero: over a period the mean is the fill. A period is 0.75 mm, about the least that an eye tells apart at two
metres (one to two minutes of arc). The colour of a line follows the fill slowly. Widths, drift, pressure and
the ends of strokes vary as a hand's do; all come from the place on the painting, so that any tile draws the
same lines.

Pure black and pure white leave no room for purer colours: integers are first drawn in to DARKEST .. LIGHTEST
(linear light), the one case in which the mean is given up. Floats know no white and are not held back.
Lacunae narrower than a period show the colour of the one or two lines that cross them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.finish._selection import keep_near_hue
from tratteggio.painting import Region, Restoration
from tratteggio.painting.pixels import Array, Lost
from tratteggio.painting.tone import LUMINANCE, MIDDLE, Light, from_light, luminance, to_light

Indices = NDArray[np.int64]

LINE_UM = 250.0  # a stroke of a fine brush; three are 0.75 mm
LINE_PX = 3  # where the scan does not know its scale
NARROWEST_PX = 2  # below this a line is noise
STROKE = 36  # mean length of a stroke in line widths: nine millimetres
PERIOD = 3  # lines that mix to one colour

# What a line adds to R, G and B, as a share of the fill: ochre, madder, green-blue. Each column sums to zero.
HUES = np.array([[0.22, 0.14, -0.24], [0.10, -0.24, -0.06], [-0.32, 0.10, 0.30]])
GREYS = 1.6 * (HUES @ LUMINANCE)[:, None]  # for scans without colour: light, dark, light

DARKEST, LIGHTEST = 0.004, 0.92


@dataclass(frozen=True)
class Hatched:
    """Draws the lines.

    Attributes:
        line_px: width of the place of one line in pixels.
        um_per_px: micrometres per pixel, or None; for the history.
        white: of the fill; None: that of its dtype.
    """

    line_px: int
    um_per_px: float | None = None
    white: float | None = None

    @property
    def halo(self) -> int:
        """Reach of the slow change of colour along a line; wider than a period."""
        return 6 * self.line_px

    @property
    def parameters(self) -> dict[str, Any]:
        """Width of a line and period, in pixels and, if the scan knows its scale, in micrometres."""
        known = {} if self.um_per_px is None else {"line_um": round(self.line_px * self.um_per_px, 1)}
        return {"line_px": self.line_px, "period_px": PERIOD * self.line_px, **known}

    def apply(self, fill: Array, lost: Lost, at: Region) -> Array:
        """Return the fill as lines."""
        return hatch(fill, lost, top=at.top, left=at.left, line_px=self.line_px, white=self.white)


def make(restoration: Restoration, *, line_px: int | None = None) -> Hatched:
    """Choose the width of a line: as given, else from the scan's scale.

    Args:
        restoration: the proposal.
        line_px: width of a line in pixels, 2 or more; None: 250 µm, or 3 pixels if the scan has no scale.

    Raises:
        BadUsage: a narrower line.
    """
    um_per_px = restoration.original.um_per_px
    if line_px is not None:
        if line_px < NARROWEST_PX:
            raise BadUsage(f"hatched: line_px must be {NARROWEST_PX} or more, got {line_px}")
        return Hatched(line_px, um_per_px, restoration.original.metadata.white)
    wanted = LINE_PX if um_per_px is None else round(LINE_UM / um_per_px)
    return Hatched(max(NARROWEST_PX, wanted), um_per_px, restoration.original.metadata.white)


def hatch(fill: Array, lost: Lost, *, top: int, left: int, line_px: int, white: float | None = None) -> Array:
    """Draw a fill in upright lines.

    Args:
        fill: (h, w, channels).
        lost: (h, w) bool.
        top, left: where the array lies in the painting.
        line_px: width of the place of one line in pixels.
        white: of the fill; None: that of its dtype.

    Returns:
        (h, w, channels) in the dtype of the fill; meaningful where lost.
    """
    rows = top + np.arange(lost.shape[0])
    cols = left + np.arange(lost.shape[1])
    first = PERIOD * (left // (PERIOD * line_px))
    lines = first + np.arange(PERIOD * (cols[-1] // (PERIOD * line_px) + 1) - first)
    line_of = cols // line_px - first

    held = fill.dtype.kind == "u"
    light = np.zeros(fill.shape)
    light[lost] = to_light(fill[lost], white)
    if held:
        light[lost] = light[lost].clip(DARKEST, LIGHTEST)
    tone, weight = _tone_of_lines(light, lost, line_of, len(lines), line_px)
    width, centre, pressure, hue = _strokes(rows, lines, line_px)
    added = _purer(tone, weight, width, pressure, hue, held=held)

    inside = (cols % line_px).astype(np.float64)
    near, far = centre - width / 2, centre + width / 2
    cover = np.clip(np.minimum(inside + 1, far[:, line_of]) - np.maximum(inside, near[:, line_of]), 0, 1)
    row, col = np.nonzero(lost)
    line = line_of[col]
    shown = fill.copy()
    shown[lost] = from_light(
        tone[row, line] * (1 + cover[lost][:, None] * added[row, line]), fill.dtype, white
    )
    return shown


def _tone_of_lines(
    light: Light, lost: Lost, line_of: Indices, lines: int, line_px: int
) -> tuple[Light, Light]:
    """Return the fill's colour along each line and how much is lost there: (h, lines, channels or 1).

    The mean over the line's width and, slowly, along its length, of lost pixels only; light is 0 elsewhere.
    """
    rows, _, channels = light.shape
    starts = np.flatnonzero(np.diff(line_of, prepend=-1))
    columns = slice(line_of[0], line_of[-1] + 1)
    total, count = np.zeros((rows, lines, channels)), np.zeros((rows, lines, 1))
    total[:, columns] = np.add.reduceat(light, starts, axis=1)
    count[:, columns] = np.add.reduceat(lost[..., None].astype(np.float64), starts, axis=1)
    # A direct convolution: a running sum would carry rounding from row to row and differ between tiles.
    blur = {"sigma": 2 * line_px, "radius": 6 * line_px, "axis": 0, "mode": "constant"}
    total, count = (ndimage.gaussian_filter1d(a, **blur) for a in (total, count))
    return total / np.maximum(count, 1e-12), count


def _strokes(rows: Indices, lines: Indices, line_px: int) -> tuple[Light, Light, Light, Indices]:
    """Return width and centre of strokes (pixels, from the line's left rim), pressure, hue: (h, lines)."""
    length = STROKE * line_px
    along = rows[:, None] / length + _chance(lines, 0, salt=1)  # each line starts elsewhere
    stroke = np.floor(along).astype(np.int64)
    # Stroke n runs from break n to break n + 1, and breaks are jittered by up to 0.3 of a length.
    stroke += _break(lines, stroke + 1) <= along
    stroke -= _break(lines, stroke) > along
    to_end = length * np.minimum(along - _break(lines, stroke), _break(lines, stroke + 1) - along)
    tip = np.clip(to_end / (3 * line_px), 0, 1)
    width = line_px * (0.82 + 0.18 * _drift(rows, lines, 4 * line_px, salt=3)) * np.sqrt(tip * (2 - tip))
    centre = line_px / 2 + (line_px - width) / 2 * _drift(rows, lines, 9 * line_px, salt=4)
    pressure = 0.6 + 0.8 * _chance(lines, stroke, salt=5)
    # Now and then a stroke has its neighbour's hue, or the three would repeat like wallpaper.
    hue = (lines + (_chance(lines, stroke, salt=6) < 0.3)) % PERIOD
    return width, centre, pressure, hue


def _purer(tone: Light, weight: Light, width: Light, pressure: Light, hue: Indices, *, held: bool) -> Light:
    """Return what each line adds, as a share of its tone: (h, lines, channels), zero over a period."""
    rows, lines, channels = tone.shape
    by_period = (rows, lines // PERIOD, PERIOD, -1)
    hues = HUES if channels == HUES.shape[1] else GREYS
    added = (pressure[..., None] * hues[hue]).reshape(by_period)
    width, weight, tone = width.reshape(by_period), weight.reshape(by_period), tone.reshape(by_period)
    added = added - (width * added).sum(axis=2, keepdims=True) / np.maximum(
        width.sum(axis=2, keepdims=True), 1e-12
    )
    # The eye sees ratios less well in the dark: dark places need more, light ones less.
    mean = (weight * tone).sum(axis=2, keepdims=True) / np.maximum(weight.sum(axis=2, keepdims=True), 1e-12)
    added = added * np.cbrt(MIDDLE / np.maximum(luminance(mean), 1e-3)).clip(0.8, 1.8)
    if channels == HUES.shape[1]:
        added = keep_near_hue(added, mean)
    # One reduction for all lines of a period, or the mean would not be the fill.
    room = 0.95 / np.maximum(-added, 0.95)
    if held:
        room = np.minimum(room, (1 / np.maximum(tone, 1e-3) - 1) / np.maximum(added, 1e-12))
    added = added * np.minimum(room, 1.0).min(axis=2, keepdims=True)
    return np.asarray(np.broadcast_to(added, tone.shape).reshape(rows, lines, channels))


def _break(lines: Indices, stroke: Indices) -> Light:
    """Return where stroke n of a line begins, in stroke lengths."""
    return np.asarray(stroke + 0.6 * (_chance(lines, stroke, salt=2) - 0.5))


def _drift(rows: Indices, lines: Indices, every: int, *, salt: int) -> Light:
    """Return a slow wander along each line, -1 to 1: chance every so many rows, eased between."""
    knot, step = np.divmod(rows[:, None], every)
    ease = (step / every) ** 2 * (3 - 2 * step / every)
    before, after = _chance(lines, knot, salt=salt), _chance(lines, knot + 1, salt=salt)
    return np.asarray(2 * (before + ease * (after - before)) - 1)


def _chance(lines: Indices, place: Indices | int, *, salt: int) -> Light:
    """Return a number in 0 .. 1 that only line and place decide (the finaliser of splitmix64 as a hash)."""
    seed = np.add(lines * 1_000_003 + salt * 15_485_863, place, dtype=np.int64)
    x = seed.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((x ^ (x >> np.uint64(31))) / 2.0**64)
