"""Cracked paint: phantoms, and cracks drawn over images, with exact truth.

    index -> a panel, examined, or an image (or ground of one tone), at times with drawn lines, which are no
             cracks, and with a crack network over it
          -> exposure, blur, weave, grain and noise at random -> planes of even contrast; where cracks are

Patch i is the same, whichever process asks, in whichever order.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from tratteggio.datasets.images import lines
from tratteggio.degradation.simulation.capture import capture_scan, random_scan
from tratteggio.degradation.simulation.crack_drawing import (
    composite_cracks,
    random_crack_look,
    random_network,
)
from tratteggio.degradation.simulation.crack_network import LEAST
from tratteggio.degradation.simulation.lines import draw_lines
from tratteggio.degradation.simulation.textures import smooth_noise
from tratteggio.detectors._light import OTHERS, PLANES, even_planes
from tratteggio.painting import Scan, Stack
from tratteggio.painting.pixels import COLOURS, Array
from tratteggio.phantom import multimodal
from tratteggio.seeds import require_seed
from tratteggio.training.dataset import Request, Samples
from tratteggio.training.image_cache import ImageCache
from tratteggio.training.sources import Folder, Source

if TYPE_CHECKING:  # patches are made without torch
    from torch import Tensor

Floats = NDArray[np.float32]

PANEL = 384  # side of a panel, pixels
PANELS = 64
FIRST_SEED = 9000  # of the panels; measuring uses others
VISIBLE = 0.04  # least difference, as a share of the range
ROOM = 32  # pixels around a patch by which its evenness is judged, then cut off


class CrackPatches:
    """Patches of cracked paint, by index 0, 1, ... without end.

    Args:
        source: images without cracks that would show at their size; three colours.
        side: of a patch, in pixels.
        seed: another seed, other patches.
        panels: how many phantoms are painted; half of the patches are of them.
    """

    def __init__(self, source: Source, *, side: int, seed: int, panels: int = PANELS) -> None:
        self.source, self.side, self.seed, self.panels = source, side, require_seed(seed), panels
        self.images = ImageCache(source, mib=512)
        self._painted: dict[int, Mapping[str, NDArray[np.uint8]]] = {}

    def __getitem__(self, index: int) -> tuple[Floats, Floats]:
        """Return 6 planes of even contrast and where cracks are (7, side, side), and where that is known."""
        rng = np.random.default_rng([self.seed, 11, index])
        stack, cracks, known = self._panel(rng) if rng.random() < 0.5 else self._image(rng)
        inner = slice(ROOM, ROOM + self.side)
        planes = even_planes(stack)[:, inner, inner]
        truth = np.concatenate([planes, cracks[None, inner, inner].astype(np.float32)])
        return truth, known[None, inner, inner].astype(np.float32)

    @cached_property
    def _across(self) -> int:
        return self.side + 2 * ROOM

    # --- panels --------------------------------------------------------------------------------------

    def _panel(self, rng: Generator) -> tuple[Stack, NDArray[np.bool_], NDArray[np.bool_]]:
        """Cut a part of a panel, turned and mirrored; some of its scans are missing, most often all."""
        number = int(rng.integers(self.panels))
        if number not in self._painted:
            self._painted[number] = paint_panel(FIRST_SEED + number)
        panel = self._painted[number]
        top, left = rng.integers(0, PANEL - self._across + 1, 2)
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))

        def place(of: NDArray[np.uint8]) -> NDArray[np.uint8]:
            turned = np.rot90(of[top : top + self._across, left : left + self._across], turns)
            return turned[:, ::-1] if mirrored else turned

        state = "rgb_before" if rng.random() < 0.4 else "rgb_during"
        scans = [Scan(_captured(_three(place(panel[state])), rng))]
        if rng.random() < 0.5:
            scans += [
                Scan(_captured(_three(place(panel[name])), rng), modality=name)
                for name in OTHERS
                if rng.random() < 0.8
            ]
        return Stack(tuple(scans)), place(panel["cracks"]) > 0, place(panel["losses"]) == 0

    # --- images ------------------------------------------------------------------------------------

    def _image(self, rng: Generator) -> tuple[Stack, NDArray[np.bool_], NDArray[np.bool_]]:
        """Lay a network over a part of an image, or over ground of one tone."""
        ground = self._paint(rng) if rng.random() < 0.7 else _plain_ground(self._across, rng)
        if rng.random() < 0.4:
            ground = draw_lines(ground, rng)
        cover = random_network(self._across, rng)
        seen = composite_cracks(ground, cover, random_crack_look(self._across, rng))
        # What cannot be seen, a dark crack in black paint, is neither to be found nor to be left out.
        cracks = cover >= LEAST
        known = ~cracks | (np.abs(np.clip(seen, 0, 1) - ground).max(axis=2) > VISIBLE)
        return Stack((Scan(_captured(seen, rng)),)), cracks, known

    def _paint(self, rng: Generator) -> Floats:
        """Return a part of an image, enlarged up to three times as in a scan from near: (n, n, 3)."""
        image = self.images[int(rng.integers(len(self.source)))]
        near = rng.choice([1.0, 1.0, 1.6, 2.4])
        side = min(int(self._across / near), *image.shape[:2])
        top, left = (int(rng.integers(n - side + 1)) for n in image.shape[:2])
        cut = np.rot90(image[top : top + side, left : left + side], int(rng.integers(4)))
        size = (self._across, self._across)
        enlarged = Image.fromarray(np.ascontiguousarray(cut)).resize(size, Image.Resampling.BICUBIC)
        return _three(np.asarray(enlarged))


def make(request: Request) -> Samples:
    """Make patches of phantoms, and of all images of the folder with cracks drawn over them.

    There is no validation split: the net is measured on panels and on photographs of cracks that it never
    sees.

    Raises:
        BadUsage, UnreadableFile: as `training.sources.Folder`.
    """
    source = Folder(request.data)
    training = CrackPatches(source, side=request.recipe.side, seed=request.recipe.seed)
    return Samples(training, [], source.names, {"pictures.txt": lines(source.names)}, shown=without_truth)


def without_truth(patches: Tensor) -> Tensor:
    """Return what a net is shown of patches (B, 7, H, W): the planes, without where cracks are."""
    return patches[:, :PLANES]


def paint_panel(seed: int) -> Mapping[str, NDArray[np.uint8]]:
    """Paint and examine a panel: its scans at 8 bits by name, cracks and losses as 0 or 1."""
    rng = np.random.default_rng([seed, 12])
    examination = multimodal(
        PANEL,
        PANEL,
        seed=seed,
        um_per_px=float(np.exp(rng.uniform(np.log(35), np.log(160)))),
        cracks=float(rng.uniform(0.01, 0.07)),
        losses=float(rng.choice([0.0, 0.03])),
        overpaint=float(rng.choice([0.0, 0.06])),
    )
    scans = {scan.modality: scan.read() for scan in examination.stack.scans}
    truth = examination.truth
    return scans | {
        "cracks": truth.cracks.read().astype(np.uint8),
        "losses": truth.losses.read().astype(np.uint8),
    }


def _plain_ground(side: int, rng: Generator) -> Floats:
    """Return ground of one tone with stains: (n, n, 3)."""
    tone = rng.uniform(0.3, 0.9) + rng.normal(0, 0.05, 3)
    stains = rng.uniform(0, 0.1) * smooth_noise(
        (side, side), np.exp(rng.uniform(np.log(2), np.log(40))), rng, interpolation="bicubic"
    )
    grit = rng.uniform(0, 0.08) * smooth_noise(
        (side, side), rng.uniform(0.6, 2.0), rng, interpolation="bicubic"
    )
    return np.clip(tone + (stains + grit)[..., None], 0, 1).astype(np.float32)


def _three(levels: NDArray[np.uint8]) -> Floats:
    """Return a scan of 8 bits as light in three channels, its own or three equal ones."""
    light: Floats = levels.astype(np.float32) / np.float32(255)
    return np.repeat(light[..., None], COLOURS, axis=2) if light.ndim == 2 else light


def _captured(light: Array, rng: Generator) -> NDArray[np.uint8]:
    return capture_scan(light, random_scan(light.shape[0], rng))
