"""The challenge's protocol against its own words, and fills in tiles."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor, nn

from tratteggio.experiments._protocol import (
    GRAIN,
    JPEG,
    PSNR,
    SSIM,
    TRUE,
    WRAPPED,
    corners,
    filled,
    grain,
    measure,
    saved_as_jpeg,
)  # fmt: skip


class Grey(nn.Module):
    """Proposes one tone everywhere, and counts how often it was asked."""

    def __init__(self, tone: float) -> None:
        super().__init__()
        self.tone, self.asked = tone, 0

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        self.asked += 1
        assert not x[known.expand_as(x) == 0].any(), "what is lost must not be seen"
        return torch.full_like(x, self.tone)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (70, 50, 3), np.uint8)


@pytest.fixture
def lost() -> np.ndarray:
    lost = np.zeros((70, 50), bool)
    lost[20:50, 10:40] = True
    return lost


def test_tiles_cover_all_as_the_poster_places_them():
    for length in range(1, 900, 7):
        starts = corners(length, 256)
        assert len(starts) == (length // 256 + 1 if length > 256 else 1)
        covered = {pixel for start in starts for pixel in range(start, start + 256)}
        assert set(range(length)) <= covered
        assert starts[0] == 0
        assert max(starts) + 256 <= max(length, 256)


def test_paint_that_is_known_stays_and_lacunae_get_the_rounded_fill(image, lost):
    answer = filled(Grey(100.4 / 255), image, lost, side=32)
    assert (answer[~lost] == image[~lost]).all()
    assert (answer[lost] == 100).all()


def test_overlapping_tiles_are_averaged(lost):
    class First(nn.Module):
        """Outputs 0 to the first tile and 1 to the second."""

        tone = -1.0

        def forward(self, x: Tensor, known: Tensor) -> Tensor:
            self.tone += 1
            return torch.full_like(x, self.tone)

    image = np.zeros((48, 32, 3), np.uint8)
    answer = filled(First(), image, np.ones((48, 32), bool), side=32)
    assert corners(48, 32) == [0, 16]
    assert (answer[:16] == 0).all()
    assert (answer[16:32] == 128).all()
    assert (answer[32:] == 255).all()


def test_tiles_without_lacunae_are_not_asked_for(image):
    lost = np.zeros((70, 50), bool)
    lost[0, 0] = True
    net = Grey(0.5)
    filled(net, image, lost, side=32)
    assert net.asked == 1


def test_the_protocol_is_that_of_the_challenges_script(image, lost):
    proposal = filled(Grey(0.5), image, lost, side=64)
    found = measure(image, proposal, lost)
    as_jpeg = saved_as_jpeg(proposal)
    for before, a in (("", proposal), (JPEG, as_jpeg)):
        assert found[before + WRAPPED] == np.mean((image - a) ** 2)
        assert found[before + TRUE] == pytest.approx(np.mean((image.astype(float) - a) ** 2))
        assert found[before + SSIM] == pytest.approx(
            structural_similarity(image, a, channel_axis=-1), abs=1e-7
        )
    inside = np.mean((image[lost].astype(float) - proposal[lost]) ** 2)
    assert found[PSNR] == pytest.approx(10 * np.log10(255**2 / inside))
    assert found[GRAIN] == 0, "one tone has none"


def test_saving_as_jpeg_is_what_pillow_does_by_default(image, tmp_path):
    from PIL import Image

    Image.fromarray(image).save(tmp_path / "a.jpg")
    assert (saved_as_jpeg(image) == np.asarray(Image.open(tmp_path / "a.jpg"))).all()


def test_grain_is_the_share_of_the_truths_differences_within_lacunae(image, lost):
    assert grain(image, image, lost) == 1
    # Half the contrast about one tone is half the grain; outside nothing counts.
    flatter = np.where(lost[..., None], image // 2, 0).astype(np.uint8)
    even = (image // 2 * 2).astype(np.uint8)
    assert grain(even, flatter, lost) == pytest.approx(0.5)
    assert np.isnan(grain(image, image, np.eye(70, 50, dtype=bool)))
