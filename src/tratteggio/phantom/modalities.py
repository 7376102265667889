"""What each modality shows of the layers of a painting: linear light (film density for X-rays), 0 .. 1.

    rgb_before   aged varnish over retouches and overpaint over damaged paint
    rgb_during   the same place cleaned: damaged paint, thin paint showing the drawing a little
    irr          infrared: most paints let it through, carbon black does not
    xray         radiograph, printed as usual: what absorbs is bright
    uvf          ultraviolet fluorescence before treatment: greenish varnish, dark retouches

Light and infrared follow Kubelka and Munk, X-rays and ultraviolet Beer and Lambert. Radiographs are linear in
absorbance, since film answers to the logarithm of exposure (Hurter and Driffield 1890).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tratteggio.degradation.simulation.value_noise import Floats
from tratteggio.phantom.optics import covered, masstone, transmitted
from tratteggio.phantom.strata import Strata
from tratteggio.phantom.support import GROUND, IRON
from tratteggio.phantom.work import GESSO

_REDDENED = np.array([1.02, 0.98, 0.97], np.float32)  # retouches turn a little redder
_BROWNED = np.array([0.035, 0.020, 0.0], np.float32)  # overpaint turns brown
_GESSO_IR = np.float32(0.86)
_INK = np.float32(0.94)  # share of light that the drawing takes

# Per micrometre of aged natural resin, there and back: little red, much blue.
_YELLOW = np.array([0.005, 0.013, 0.036], np.float32)
_DIRT = np.array([0.012, 0.011, 0.008], np.float32)
_UV_TAKEN = np.float32(0.044)
_VARNISH_GLOW = np.array([0.33, 0.50, 0.31], np.float32)
_GROUND_GLOW = np.array([0.30, 0.33, 0.37], np.float32)
_OVERPAINT_GLOW = np.array([0.05, 0.045, 0.07], np.float32)
_RETOUCH_GLOW = np.array([0.030, 0.018, 0.062], np.float32)
_STRAY = np.array([0.030, 0.016, 0.080], np.float32)  # violet that the lamp sends and the paint returns

_FILM = (0.20, 0.70)  # absorbances that are printed black and white


def _kept(share: Floats) -> Floats:
    """Return what a share leaves."""
    return np.subtract(np.float32(1), share)


def _luma(colour: Floats) -> Floats:
    # No matrix product: its sums come in an order that depends on the size of the region.
    grey: Floats = (
        colour[..., 0] * np.float32(0.30)
        + colour[..., 1] * np.float32(0.59)
        + colour[..., 2] * np.float32(0.11)
    )
    return grey


def intact(layers: Strata) -> Floats:
    """Cleaned paint as it was before any damage, linear RGB: the truth of what a fill proposes."""
    ground = (GESSO * GESSO) * _kept(_INK * layers.ink)[..., None]
    return covered(layers.paint * layers.paint, layers.matter[..., 3:4], ground)


def rgb_during(layers: Strata) -> Floats:
    """Cleaned paint, its losses and cracks open, linear RGB."""
    seen, damage = intact(layers), layers.damage
    if damage.lost.any():
        worn = layers.painting.work.exposed(layers.region, np.sqrt(seen), damage)
        seen[damage.lost] = (worn * worn)[damage.lost]
    return seen


def rgb_before(layers: Strata) -> Floats:
    """Retouches and overpaint over damaged paint, all under yellow varnish and dirt, linear RGB."""
    seen = rgb_during(layers)
    if layers.overpaint.any():
        stroke = np.float32(0.90) + layers.noise(94, 0.5, 4.0) * np.float32(0.10)
        stroke = stroke + layers.noise(96, 0.25, 2.5) * np.float32(0.05)
        colour = (layers.broad * np.float32(0.90) + _BROWNED) * stroke[..., None]
        seen += (colour * colour - seen) * (np.float32(0.97) * layers.overpaint)[..., None]
    if layers.retouch.any():
        dabs = np.float32(0.91) + layers.noise(95, 0.22, 0.22) * np.float32(0.05)
        colour = layers.flat * dabs[..., None] * _REDDENED
        seen[layers.retouch] = (colour * colour)[layers.retouch]
    seen *= transmitted(layers.varnish[..., None] * _YELLOW)
    seen += _DIRT
    return np.minimum(seen, np.float32(1), out=seen)


def irr(layers: Strata) -> Floats:
    """Infrared reflectance: the drawing through the paint, overpaint and retouches as other tones."""
    matter, damage = layers.matter, layers.damage
    below = _GESSO_IR * _kept(_INK * layers.ink)
    paint = covered(masstone(matter[..., 1], matter[..., 2]), matter[..., 2], below)
    # Leaf is a mirror to infrared: its relief shows as in light.
    sheen = _luma(layers.paint) * np.float32(2) - np.float32(1)
    strokes = _kept(layers.gilt) * layers.brush * np.float32(0.03)
    paint *= layers.gilt * sheen * np.float32(0.8) + strokes + np.float32(1)
    bare = np.where(damage.depth > 0.3, _GESSO_IR, below) * (np.float32(1) - np.float32(0.3) * damage.shadow)
    seen = np.where(damage.flaked, bare, paint * _kept(np.float32(0.7) * damage.cracks.cover))
    if layers.overpaint.any():
        power = layers.overpaint * (np.float32(2.4) + np.float32(0.5) * layers.noise(94, 0.5, 4.0))
        hidden = covered(_luma(layers.broad) * np.float32(0.40) + np.float32(0.16), power, seen)
        seen = np.where(layers.overpaint > 0, hidden, seen)
    if layers.retouch.any():
        filled = np.where(damage.lost, np.float32(0.80), seen)
        mended = covered(_luma(layers.flat) * np.float32(0.40) + np.float32(0.22), np.float32(1.1), filled)
        seen = np.where(layers.retouch, mended, seen)
    shown: Floats = np.clip(seen, 0, 1)[..., None]
    return shown


def xray(layers: Strata) -> Floats:
    """Film density of the radiograph: lead white and nails bright; wood, joins, losses and cracks dark."""
    damage, support = layers.damage, layers.painting.support
    gone = np.clip(damage.depth * np.float32(2.5), 0, 0.8) * damage.flaked  # ground goes with the deep losses
    # Ridges of the brush: thicker paint.
    paint = layers.matter[..., 0] * np.maximum(
        layers.brush * np.float32(0.24) + np.float32(1), np.float32(0.2)
    )
    whole = _kept(np.maximum(damage.flaked, np.float32(0.85) * damage.cracks.cover).astype(np.float32))
    dense = support.absorbance(layers.region) - np.float32(GROUND) * gone + paint * whole
    dense -= np.float32(0.5 * GROUND) * damage.cracks.cover
    if layers.overpaint.any():
        stroke = np.float32(1) + layers.noise(94, 0.5, 4.0) * np.float32(0.3)
        dense += np.float32(0.032) * layers.overpaint * stroke  # zinc white, thinly
    if layers.retouch.any():
        dense += np.float32(0.5) * np.float32(GROUND) * gone * layers.retouch  # chalk fills in part
    dense += np.float32(IRON) * support.nailed(layers.region)
    # A cradled panel is exposed longer.
    low, high = (np.float32(value + support.cradle_mean) for value in _FILM)
    density: Floats = np.clip((dense - low) / (high - low), 0, 1)[..., None]
    return density


def uvf(layers: Strata) -> Floats:
    """Fluorescence under ultraviolet, linear RGB: varnish over weakly glowing paint, dark retouches on it."""
    damage, matter = layers.damage, layers.matter
    over = layers.overpaint
    glow = np.where(damage.flaked[..., None], _GROUND_GLOW, matter[..., 4:])
    glow = glow + (_OVERPAINT_GLOW - glow) * over[..., None]
    # Varnish over overpaint is a later, thinner coat; open losses came later still and have none.
    thick = layers.varnish * (np.float32(1) - np.float32(0.6) * over)
    thick = np.where(damage.flaked & (over < 0.5), np.float32(0), thick)
    passed = transmitted(_UV_TAKEN * thick)[..., None]
    # Half of the varnish's light goes down and comes back as far as the paint below is light.
    light = layers.paint * layers.paint
    sent_back = np.float32(0.6) + np.float32(0.4) * (light + (np.float32(0.12) - light) * over[..., None])
    seen = _VARNISH_GLOW * (np.float32(1) - passed) * sent_back
    seen += (glow + _STRAY * light) * passed * transmitted(np.float32(0.5) * thick[..., None] * _YELLOW)
    seen *= (np.float32(1) - np.float32(0.75) * damage.cracks.cover * _kept(over))[..., None]
    if layers.retouch.any():
        dabs = np.float32(1) + layers.noise(95, 0.22, 0.22) * np.float32(0.25)
        seen[layers.retouch] = (_RETOUCH_GLOW * dabs[..., None])[layers.retouch]
    shown: Floats = np.clip(seen, 0, 1)
    return shown


@dataclass(frozen=True)
class Modality:
    """How one modality is taken.

    Attributes:
        shows: layers to linear values (h, w, channels) in 0 .. 1.
        channels: 3 or 1.
        blur_um: standard deviation of the point spread (Gaussian), in micrometres on the panel.
        noise: standard deviation at white, as a share of the full scale; three quarters of the variance
            grow with the signal.
        falloff: how much darker the corners are than the middle, as a share.
        scale: pixels of its own scan for each pixel of the panel's grid.
        encoded: stored as its square root, near enough to sRGB; else as it is.
    """

    shows: Callable[[Strata], Floats]
    channels: int
    blur_um: float
    noise: float
    falloff: float = 0.0
    scale: float = 1.0
    encoded: bool = True


MODALITIES = {
    "rgb_before": Modality(rgb_before, 3, 45.0, 0.005),
    "rgb_during": Modality(rgb_during, 3, 45.0, 0.005),
    "irr": Modality(
        irr, 1, 90.0, 0.012, falloff=0.10, scale=0.8, encoded=False
    ),  # infrared sensors have few pixels
    "xray": Modality(xray, 1, 75.0, 0.016, encoded=False),
    "uvf": Modality(uvf, 3, 80.0, 0.012, falloff=0.22),
}
