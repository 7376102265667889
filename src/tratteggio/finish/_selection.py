"""Selection of colour: which purer colours may stand side by side for a given one.

Conservators choose them among the colours that a place is made of (the selection of colour of C. Brandi's
school and of U. Baldini, Teoria del restauro e unità di metodologia, 1978): a brown is laid in ochre, red
earth and umber, and no green stroke stands in it. So a stroke may turn away from the hue of the fill by
little; on greys it may have little colour. What the strokes lose in colour they gain in lightness, so that
they stay plain from near.

Colours are compared in CIELAB, to the first order about the fill.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.tone import LUMINANCE, Light

XYZ = np.array(  # linear sRGB to XYZ over that of white (IEC 61966-2-1)
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
) / np.array([[0.9505], [1.0], [1.089]])
KNEE = (6 / 29) ** 3  # below, CIELAB is linear

TURN = 0.2  # how far a stroke may turn away from the hue of the fill, as a share of its chroma: 11 degrees
PURER, PALER = 0.5, 0.1  # how much purer or paler than the fill it may be, as a share of its chroma
NEUTRAL = 2.0  # what it may have besides: all that it may have on a grey, in units of CIELAB
LIGHTER = 1.8  # by how much differences in lightness grow at most to make up for it
DARKEST = 1e-3  # light of a channel, where the comparison would break down


def keep_near_hue(added: Light, mean: Light) -> Light:
    """Bring what strokes add to a fill near its hue.

    Args:
        added: (rows, periods, lines, 3): what each line adds to R, G and B in linear light, as a share of the
            fill.
        mean: (rows, periods, 1, 3): the fill, in linear light.

    Returns:
        the same shape. Whatever weighted sum over the lines of a period was zero still is.
    """
    tone = np.maximum(mean, DARKEST)
    weight = tone * LUMINANCE / (tone * LUMINANCE).sum(axis=-1, keepdims=True)
    slopes, chroma = _about(tone[..., 0, :])
    lighter = (weight * added).sum(axis=-1, keepdims=True)
    coloured = added - lighter
    along, across = _turned(slopes, chroma, coloured)
    size = np.hypot(*np.moveaxis(chroma, -1, 0))[..., None, None]
    along = along * np.minimum(
        _within(np.maximum(along, 0), NEUTRAL + PURER * size),
        _within(np.minimum(along, 0), NEUTRAL + PALER * size),
    )
    across = across * _within(across, NEUTRAL + TURN * size)
    near = _solved(slopes, chroma, along, across, weight)
    # A colour that hardly has one channel would need a lot of it.
    near = near * np.minimum(1.0, _largest(coloured) / np.maximum(_largest(near), 1e-12))
    return np.asarray(lighter * _made_up(slopes, lighter, coloured, near) + near)


def _about(tone: Light) -> tuple[Light, Light]:
    """Return how L, a and b change with shares of R, G and B: (..., 3, 3); and (a, b) of a colour."""
    xyz = tone @ XYZ.T
    root = np.cbrt(xyz)
    slope = np.where(xyz > KNEE, 1 / (3 * root**2), (29 / 6) ** 2 / 3)
    value: Light = np.where(xyz > KNEE, root, xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    change = slope[..., None] * XYZ * tone[..., None, :]
    x, y, z = (change[..., k, :] for k in range(3))
    slopes: Light = np.stack([116 * y, 500 * (x - y), 200 * (y - z)], axis=-2)
    chroma: Light = np.stack(
        [500 * (value[..., 0] - value[..., 1]), 200 * (value[..., 1] - value[..., 2])], axis=-1
    )
    return slopes, chroma


def _direction(chroma: Light) -> Light:
    """Return the unit vector of a hue: (..., 2); of a grey that of a."""
    size = np.hypot(*np.moveaxis(chroma, -1, 0))[..., None]
    return np.asarray(np.where(size > 1e-6, chroma / np.maximum(size, 1e-6), np.array([1.0, 0.0])))


def _turned(slopes: Light, chroma: Light, coloured: Light) -> tuple[Light, Light]:
    """Return how much purer each stroke is, and how far it turns in hue: (..., lines, 1) each."""
    ab = np.einsum("...ck,...lk->...lc", slopes[..., 1:, :], coloured)
    hue = _direction(chroma)[..., None, :]
    along = (ab * hue).sum(axis=-1, keepdims=True)
    across = (ab[..., 1] * hue[..., 0] - ab[..., 0] * hue[..., 1])[..., None]
    return along, across


def _solved(slopes: Light, chroma: Light, along: Light, across: Light, weight: Light) -> Light:
    """Return the shares of R, G and B that change a colour so, and its luminance not."""
    hue = _direction(chroma)[..., None, :]
    a = along[..., 0] * hue[..., 0] - across[..., 0] * hue[..., 1]
    b = along[..., 0] * hue[..., 1] + across[..., 0] * hue[..., 0]
    system = np.concatenate([weight, slopes[..., 1:, :]], axis=-2)
    wanted = np.stack([np.zeros_like(a), a, b], axis=-2)
    return np.asarray(np.swapaxes(np.linalg.solve(system, wanted), -1, -2))


def _within(of: Light, limit: Light) -> Light:
    """Return the factor that brings all lines of a period within a limit."""
    return np.asarray(np.minimum(1.0, limit / np.maximum(_largest(of), 1e-12)))


def _largest(of: Light) -> Light:
    """Return the largest size over the lines and channels of a period: (..., 1, 1)."""
    return np.asarray(np.abs(of).max(axis=(-2, -1), keepdims=True))


def _made_up(slopes: Light, lighter: Light, coloured: Light, near: Light) -> NDArray[np.float64]:
    """Return the factor on lightness by which strokes differ as much as before: (..., 1, 1)."""
    before = _squares(slopes, lighter + coloured)
    left = before - _squares(slopes, near)
    own = _squares(slopes, np.broadcast_to(lighter, near.shape))
    factor = np.sqrt(np.maximum(left, own) / np.maximum(own, 1e-12))
    return np.asarray(np.minimum(factor, LIGHTER))


def _squares(slopes: Light, added: Light) -> Light:
    """Return the mean square of the differences to the fill in CIELAB: (..., 1, 1)."""
    lab = np.einsum("...ck,...lk->...lc", slopes, added)
    return np.asarray((lab**2).sum(axis=-1).mean(axis=-1)[..., None, None])
