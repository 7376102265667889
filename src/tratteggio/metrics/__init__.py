"""Measures as pure functions on arrays."""

from tratteggio.metrics.calibration import Calibration, calibrate, calibration_error, reliability
from tratteggio.metrics.colour import broad_colour_difference, ciede2000, colour_auc
from tratteggio.metrics.confidence import confidence_of, nearness, stated_error
from tratteggio.metrics.detection import Agreement, agreement, auc_pr, auc_roc, kappa
from tratteggio.metrics.edges import EdgeCurve, edge_distance_ssim
from tratteggio.metrics.fidelity import data_range_of, mae, mse, mse_uint8_wrapped, psnr, ssim, ssim_map
from tratteggio.metrics.haarpsi import haarpsi
from tratteggio.metrics.seams import seam_visibility
from tratteggio.metrics.swatches import patch_distance
from tratteggio.metrics.texture import texture_kept

__all__ = [
    "Agreement",
    "Calibration",
    "EdgeCurve",
    "agreement",
    "auc_pr",
    "auc_roc",
    "broad_colour_difference",
    "calibrate",
    "calibration_error",
    "ciede2000",
    "colour_auc",
    "confidence_of",
    "data_range_of",
    "edge_distance_ssim",
    "haarpsi",
    "kappa",
    "mae",
    "mse",
    "mse_uint8_wrapped",
    "nearness",
    "patch_distance",
    "psnr",
    "reliability",
    "seam_visibility",
    "ssim",
    "ssim_map",
    "stated_error",
    "texture_kept",
]
