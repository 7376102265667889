"""Phantoms seen through a known warp, in another modality."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.transform import ProjectiveTransform

from tratteggio.align import Field, Transform
from tratteggio.align.resample import resample
from tratteggio.align.transform import inside
from tratteggio.painting import Region, Scan
from tratteggio.phantom import panel


@dataclass
class Case:
    reference: Scan
    source: Scan
    truth: Transform

    def errors(self, found: Transform) -> np.ndarray:
        """How far a transform is from the truth where the source shows the reference, in its pixels."""
        rows, cols = self.truth.grid
        down, across = np.meshgrid(np.arange(0, rows, 5.0), np.arange(0, cols, 5.0), indexing="ij")
        places = np.stack([down.ravel(), across.ravel()], axis=1)
        true = self.truth.at(places)
        errors = np.linalg.norm(found.at(places) - true, axis=1) / self.truth.scale()
        return errors[inside(true, self.truth.source_grid)]


def warped(
    side: int, seed: int, *, field_px: float = 5.0, scale: float = 1.0, turn: float = 3.0, modality="irr"
) -> Case:
    """The panel turned, scaled, in perspective and bent is the reference; its modality twin the source."""
    rng = np.random.default_rng(seed)
    wide = round(side * scale)
    picture = panel(wide, wide, seed=seed, um_per_px=100 / scale).painted.read().astype(np.float32)
    corners = np.array([[0, 0], [0, side], [side, 0], [side, side]], float)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    middle = side / 2
    target = (
        (corners - middle) @ np.array([[c, s], [-s, c]]) + middle + rng.uniform(-0.02, 0.02, (4, 2)) * side
    )
    homography = ProjectiveTransform.from_estimate(corners, target * scale).params
    coefficients = rng.normal(size=(5, 5, 2))
    lengths = np.linalg.norm(Field(coefficients, (side, side)).over(*[np.arange(side) * 1.0] * 2), axis=-1)
    field = Field(coefficients * (field_px / lengths.max()), (side, side))
    truth = Transform(homography, (side, side), (wide, wide), field)
    seen, _ = resample(picture, truth.over(Region.whole((side, side))), stretch=scale)
    return Case(
        Scan(np.clip(np.rint(seen), 0, 255).astype(np.uint8), name="reference"),
        Scan(taken(picture, modality, scale, rng), modality=modality, name=modality),
        truth,
    )


def taken(picture: np.ndarray, modality: str, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Another tone, the other way round for "irr", uneven light, blur and noise; 16 bit."""
    grey = picture @ np.array([0.5, 0.35, 0.15], np.float32) / 255
    grey = (1 - grey) ** 1.8 if modality == "irr" else grey**0.6
    grey = ndimage.gaussian_filter(grey, 1.2 * scale)
    light = 0.75 + 0.25 * np.sin(np.linspace(0, 3, len(grey)))[:, None]
    noisy = grey * light + rng.normal(0, 0.02, grey.shape)
    return np.clip(np.rint(noisy * 60000 + 2000), 0, 65535).astype(np.uint16)
