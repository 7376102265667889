"""Scans of one painting onto one grid, with what is left aside measured; tiles of one scan into one."""

from tratteggio.align.control_points import read_points
from tratteggio.align.images import overlay, residual_picture
from tratteggio.align.locate import Registration, locate
from tratteggio.align.mosaic import Mosaic, mosaic
from tratteggio.align.register import Registered, register
from tratteggio.align.residual import Residual
from tratteggio.align.transform import Field, Transform
from tratteggio.align.warp import warp

__all__ = [
    "Field",
    "Mosaic",
    "Registered",
    "Registration",
    "Residual",
    "Transform",
    "locate",
    "mosaic",
    "overlay",
    "read_points",
    "register",
    "residual_picture",
    "warp",
]
