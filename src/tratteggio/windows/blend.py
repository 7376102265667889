"""From pieces to pixels: the fill and the confidence of any region, blended where windows overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, Lost, to_depth
from tratteggio.windows.plan import Window


@dataclass(frozen=True, eq=False)
class Piece:
    """What one window proposes: values at its lost pixels, nothing elsewhere.

    Attributes:
        window: which one.
        region: bounding box of the lost pixels.
        lost: (h, w) bool over `region`, True where this piece has a value.
        values: (n, channels) float32, or float64 for float64 scans, in the units of the scan,
            in row-major order of `lost`.
        confidence: (n,) float32 in 0 .. 1.
        sources: how many of these pixels come from what, in the words of the engine; empty: it does not tell.
    """

    window: Window
    region: Region
    lost: Lost
    values: Array
    confidence: NDArray[np.float32]
    sources: Mapping[str, float] = field(default_factory=dict)


class PieceStore(Protocol):
    """Where pieces are kept; a ledger."""

    def pieces(self, region: Region) -> Iterable[Piece]:
        """Return the pieces that touch a region, in a fixed order."""


@dataclass(frozen=True, eq=False, repr=False)
class _Blended(LazyPixels):
    """Pieces as lazy pixels. Subclasses say what of a piece is laid down."""

    scan: Scan
    store: PieceStore

    def _lay(self, region: Region, channels: int, attribute: str) -> Array:
        """Lay the pieces over a region, blended by their weights: (h, w, channels), their own precision."""
        precision = np.float64 if self.scan.dtype == np.float64 else np.float32
        out = np.zeros((region.rows, region.cols, channels), dtype=precision)
        weights = np.zeros((region.rows, region.cols), dtype=np.float32)
        # Sums of floats depend on their order: taken by place, not by tile, they are always the same bits.
        for piece in sorted(self.store.pieces(region), key=lambda piece: piece.window.core):
            shared = piece.region.meet(region)
            if shared.empty:
                continue
            within, here = shared.relative_to(piece.region).slices, shared.relative_to(region).slices
            inside = np.zeros(piece.lost.shape, dtype=bool)
            inside[within] = True
            values = getattr(piece, attribute).reshape(-1, channels)[inside[piece.lost]]
            lost = piece.lost[within]
            if piece.window.wide:
                weight = piece.window.weight(shared, self.scan.grid)[lost]
                out[here][lost] += values * weight[:, None]
                weights[here][lost] += weight
            else:
                out[here][lost] = values
        blended = weights > 0
        out[blended] /= weights[blended][:, None]
        return out


class FillPixels(_Blended):
    """The fill as lazy pixels: (H, W, channels) in the dtype of the scan, 0 where nothing is proposed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, channels)."""
        return (*self.scan.grid, self.scan.channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the scan."""
        return self.scan.dtype

    def _read(self, region: Region) -> Array:
        values = self._lay(region, self.scan.channels, "values")
        return to_depth(values, self.dtype, white=self.scan.metadata.white)


class ConfidencePixels(_Blended):
    """The confidence as lazy pixels: (H, W) float32 in 0 .. 1, 0 where nothing is proposed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W)."""
        return self.scan.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """Always float32."""
        return np.dtype(np.float32)

    def _read(self, region: Region) -> NDArray[np.float32]:
        return self._lay(region, 1, "confidence")[..., 0].astype(np.float32)
