"""Measures as pure functions on arrays."""

from tratteggio.metrics.colour import ciede2000
from tratteggio.metrics.confidence import nearness
from tratteggio.metrics.edges import EdgeCurve, edge_distance_ssim
from tratteggio.metrics.fidelity import data_range_of, mae, mse, mse_uint8_wrapped, psnr, ssim, ssim_map

__all__ = [
    "EdgeCurve",
    "ciede2000",
    "data_range_of",
    "edge_distance_ssim",
    "mae",
    "mse",
    "mse_uint8_wrapped",
    "nearness",
    "psnr",
    "ssim",
    "ssim_map",
]
