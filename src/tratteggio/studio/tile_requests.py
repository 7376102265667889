"""From the address of a tile to the tile."""

from __future__ import annotations

import math

from starlette.requests import Request

from tratteggio.errors import BadUsage
from tratteggio.files.display import Tone
from tratteggio.studio.pyramid import tile_region
from tratteggio.studio.session import Session
from tratteggio.studio.tiles import BALANCE, Encoded, Source, strength_tile


class NoSuchTileError(Exception):
    """There is no such tile."""


def requested_tile(session: Session, request: Request) -> Encoded:
    """Return the tile that is asked for.

    Raises:
        NoSuchTileError: no such layer, or no such place.
        BadUsage: a number out of its range.
    """
    layer, name = request.path_params["layer"], request.path_params["name"]
    halving, row, col = (request.path_params[part] for part in ("halving", "row", "col"))
    region = tile_region(session.stack.grid, halving, row, col)
    if region is None:
        raise NoSuchTileError
    if layer == "scan":
        if name not in session.screen.scans:
            raise NoSuchTileError
        tone = _tone(request)
        return session.cache.get(
            (layer, name, halving, row, col, tone),
            lambda: session.screen.scan_tile(name, region, halving, tone),
        )
    if layer == "false":
        mix = [_source(session, request.query_params.get(channel, "")) for channel in ("r", "g", "b")]
        tones = {source.modality: _tone(request, f"{source.modality}.") for source in mix}
        return session.cache.get(
            (layer, *mix, halving, row, col, *tones.values()),
            lambda: session.screen.false_tile(mix, region, halving, tones),
        )
    if layer in ("fill", "confidence"):
        fill = session.filling.shown.get(name)
        if fill is None:
            raise NoSuchTileError
        key = (layer, name, fill.version, halving, row, col)
        if layer == "confidence":
            return session.cache.get(key, lambda: session.screen.confidence_tile(fill, region, halving))
        tone = _tone(request)
        return session.cache.get((*key, tone), lambda: session.screen.fill_tile(fill, region, halving, tone))
    strength = session.detecting.strength
    if layer == "strength" and strength is not None:
        threshold = number(request, "threshold", strength.threshold, 0, 1)
        return strength_tile(strength.pixels, region, halving, threshold)
    raise NoSuchTileError


def _source(session: Session, text: str) -> Source:
    """Read what a channel shows, as "irr:0"."""
    modality, _, channel = text.rpartition(":")
    if modality not in session.screen.scans or channel not in ("0", "1", "2"):
        raise BadUsage("a channel of false colour is SCAN:0, SCAN:1 or SCAN:2")
    return Source(modality, int(channel))


def _tone(request: Request, prefix: str = "") -> Tone:
    return Tone(
        number(request, f"{prefix}exposure", 0, -8, 8),
        number(request, f"{prefix}gamma", 1, 0.1, 10),
        number(request, f"{prefix}black", 0, 0, 1),
        number(request, f"{prefix}white", 1, 0, 1),
        number(request, f"{prefix}red", 1, *BALANCE),
        number(request, f"{prefix}blue", 1, *BALANCE),
    )


def number(request: Request, name: str, default: float, low: float, high: float) -> float:
    """Return a number of the query.

    Raises:
        BadUsage: it is none, or out of its range.
    """
    text = request.query_params.get(name)
    if text is None:
        return float(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise BadUsage(f"{name} is a number from {low:g} to {high:g}")
    return value


def whole_number(text: str | None) -> int:
    """Return a row or a column.

    Raises:
        BadUsage: it is none.
    """
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadUsage("row and col are whole numbers")
    return int(text)
