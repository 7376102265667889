"""The protocol of the Dunhuang challenge and poster: how pictures are filled in tiles, and scored."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from torch import nn

from tratteggio.experiments._images import Levels
from tratteggio.metrics import mse, mse_uint8_wrapped, ssim
from tratteggio.metrics.fidelity import psnr_from_mse
from tratteggio.models import to_tensors, to_units
from tratteggio.painting.pixels import Lost

WRAPPED, SSIM, SCORE = "MSE wrapped to uint8", "SSIM", "1 − MSE / 100 + SSIM"
TRUE, PSNR, GRAIN = "true MSE", "PSNR in the lacunae, dB", "grain"
JPEG = "jpeg "  # before the names of what is measured after saving as JPEG

EXACT_DB = 99.0  # what an exact fill counts for


def filled(net: nn.Module, image: Levels, lost: Lost, *, side: int, device: str = "cpu") -> Levels:
    """Fill a picture as the poster does: tile by tile, overlapping tiles averaged, paint left as it is.

    Args:
        net: takes (x, known).
        picture: (H, W, 3) uint8.
        lost: (H, W).
        side: of a tile in pixels; the side that the net was trained at.
        device: where the net is to work.

    Returns:
        (H, W, 3) uint8, equal to `picture` where nothing is lost.
    """
    rows, cols = lost.shape
    net = net.to(device)
    total = np.zeros(image.shape, np.float32)
    times = np.zeros((rows, cols, 1), np.float32)
    with torch.inference_mode():
        for top in corners(rows, side):
            for left in corners(cols, side):
                place = (slice(top, top + side), slice(left, left + side))
                if not lost[place].any():
                    continue
                x, known = (t.to(device) for t in to_tensors(image[place], lost[place]))
                total[place] += to_units(net(x, known), np.float32)
                times[place] += 1
    mean = np.rint(np.clip(total / np.maximum(times, 1), 0, 1) * 255).astype(np.uint8)
    return np.where(lost[..., None], mean, image)


def corners(length: int, side: int) -> list[int]:
    """Place tiles along one axis as the poster does: one more than fit, evenly from end to end.

    Example:
        >>> corners(600, 256), corners(100, 256)
        ([0, 172, 344], [0])
    """
    if length <= side:
        return [0]
    return [int(start) for start in np.linspace(0, length - side, length // side + 1)]


def measure(image: Levels, proposal: Levels, lost: Lost) -> dict[str, float]:
    """Measure a proposal by the poster's protocol and by ours, as it is and saved as JPEG first."""
    inside = mse(image, proposal, where=lost)
    return {
        **_score(image, proposal),
        **{JPEG + name: value for name, value in _score(image, saved_as_jpeg(proposal)).items()},
        PSNR: min(psnr_from_mse(inside, data_range=255), EXACT_DB),
        GRAIN: grain(image, proposal, lost),
    }


def _score(image: Levels, proposal: Levels) -> dict[str, float]:
    return {
        WRAPPED: mse_uint8_wrapped(image, proposal),
        TRUE: mse(image, proposal),
        SSIM: ssim(image, proposal, data_range=255, window="uniform", size=7, sample=True),
    }


def saved_as_jpeg(image: Levels) -> Levels:
    """Return what is left of a picture saved as JPEG at quality 75 with colours halved (4:2:0)."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=75, subsampling="4:2:0")
    return np.asarray(Image.open(file))


def grain(image: Levels, proposal: Levels, lost: Lost) -> float:
    """Return how much neighbours differ where lost, as a share of how much they did in the truth.

    1 is as grainy as the paint was; a smooth fill is near 0. nan where no two neighbours are lost, or the
    truth is flat.
    """
    found = []
    for array in (proposal, image):
        total = 0.0
        for axis in (0, 1):
            both = np.logical_and(*(np.take(lost, range(k, lost.shape[axis] - 1 + k), axis) for k in (0, 1)))
            total += float(np.abs(np.diff(array.astype(np.float32), axis=axis))[both].sum())
        found.append(total)
    return found[0] / found[1] if found[1] else float("nan")
