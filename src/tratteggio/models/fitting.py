"""A painting brought to what a net knows: infrared that was saved in three channels, a visible scan's name.

Nothing is done silently: each change is told in a note. Scans that already fit are left as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from tratteggio.painting import Mapped, Scan, Stack
from tratteggio.painting.modalities import BEFORE, MAIN
from tratteggio.painting.pixels import COLOURS, LUMA, Array

log = logging.getLogger("tratteggio")


def fitted(stack: Stack, modalities: Mapping[str, int]) -> Stack:
    """Name and count the channels of scans as a net does, where that can be done without guessing.

    - A painting with one visible scan, `rgb`, shows it as it is before treatment: for a net that knows states
      of treatment and no `rgb`, it is `rgb_before`.
    - A scan of three channels, for a net that knows one of that modality, is seen as its luma; grey, for a
      net that knows three, as three equal ones.

    Args:
        stack: the painting; read by region, now or later.
        modalities: channels of each modality that the net knows, by name.
    """
    scans = {scan.modality: scan for scan in stack.scans}
    if MAIN in scans and MAIN not in modalities and BEFORE in modalities.keys() - scans.keys():
        log.warning("%s is used as %s, the name of the visible scan in this net", scans[MAIN].name, BEFORE)
        scans = {BEFORE if name == MAIN else name: scan for name, scan in scans.items()}
    return Stack(
        tuple(_fitted_with_note(replace(scan, modality=name), modalities) for name, scan in scans.items())
    )


def counted(scan: Scan, channels: int) -> Scan:
    """Show a scan in as many channels: three as their luma, grey as three equal ones; else as it is."""
    if (channels, scan.channels) == (1, COLOURS):
        through: Callable[[Array], Array] = partial(_luma, dtype=scan.dtype)
    elif (channels, scan.channels) == (COLOURS, 1):
        through = _thrice
    else:
        return scan
    return replace(scan, pixels=Mapped(scan.pixels, through, channels, scan.dtype), alpha=False)


def _fitted_with_note(scan: Scan, modalities: Mapping[str, int]) -> Scan:
    """As `counted`, with a note."""
    again = counted(scan, modalities.get(scan.modality, scan.channels))
    if again.channels < scan.channels:
        what = "%s has three channels, but the net needs one channel of %s; it gets the luma"
        log.warning(what, scan.name, scan.modality)
    elif again.channels > scan.channels:
        what = "%s is grey, but the net needs three channels of %s; it gets three equal channels"
        log.warning(what, scan.name, scan.modality)
    return again


def _luma(pixels: Array, *, dtype: np.dtype[np.generic]) -> Array:
    luma = pixels[..., :COLOURS] @ np.array(LUMA)
    levels: Array = (np.rint(luma) if dtype.kind == "u" else luma).astype(dtype)
    return levels[..., None]


def _thrice(pixels: Array) -> Array:
    grey = pixels[..., None] if pixels.ndim == 2 else pixels[..., :1]
    return np.repeat(grey, COLOURS, axis=2)
