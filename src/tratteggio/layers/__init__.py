"""Layers for nets that see paintings with parts missing; drop-in torch modules, usable alone."""

from tratteggio.layers.known import Known
from tratteggio.layers.partial import (
    PartialConv1d,
    PartialConv2d,
    PartialConv3d,
    PartialConvTranspose1d,
    PartialConvTranspose2d,
    PartialConvTranspose3d,
    partial,
)
from tratteggio.layers.up import PartialUpConv2d

__all__ = [
    "Known",
    "PartialConv1d",
    "PartialConv2d",
    "PartialConv3d",
    "PartialConvTranspose1d",
    "PartialConvTranspose2d",
    "PartialConvTranspose3d",
    "PartialUpConv2d",
    "partial",
]
