"""A proposal in layers: the fill stands in the lacunae and nowhere else."""

from pathlib import Path

import numpy as np
import pytest

from tratteggio.errors import GridMismatch
from tratteggio.painting import Lacunae, Region, Restoration, Scan


def proposal(shape: tuple[int, ...], dtype: str, *, alpha: bool = False) -> Restoration:
    rng = np.random.default_rng(0)
    original = Scan(rng.integers(0, 100, shape).astype(dtype), alpha=alpha)
    lost = rng.random(shape[:2]) < 0.3
    fill = rng.integers(100, 200, (*shape[:2], original.channels)).astype(dtype)
    return Restoration(original, Lacunae(lost), fill, lost.astype(np.float32), {})


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "alpha"), [((8, 9), False), ((8, 9, 2), True), ((8, 9, 3), False), ((8, 9, 4), True)]
)
def test_known_pixels_and_alpha_are_the_originals(shape: tuple[int, ...], alpha: bool, dtype: str) -> None:
    made = proposal(shape, dtype, alpha=alpha)
    before, lost = made.original.read().copy(), made.lacunae.read()
    image = made.image
    assert (image.dtype, image.shape) == (before.dtype, before.shape)
    np.testing.assert_array_equal(image[~lost], before[~lost])
    channels = made.original.channels
    flat = image.reshape(8, 9, -1)
    np.testing.assert_array_equal(flat[lost][:, :channels], made.fill[lost])
    np.testing.assert_array_equal(flat[..., channels:], before.reshape(8, 9, -1)[..., channels:])
    np.testing.assert_array_equal(made.original.read(), before)  # the source was not written to


def test_a_region_is_the_part_of_the_whole() -> None:
    made = proposal((8, 9, 3), "uint8")
    region = Region(2, 3, 7, 8)
    np.testing.assert_array_equal(made.pixels[region.slices], made.image[region.slices])


def test_lacunae_of_another_grid_are_refused() -> None:
    made = proposal((8, 9), "uint8")
    with pytest.raises(GridMismatch, match="lost.png is 9 x 8"):
        Restoration(
            made.original, Lacunae(np.zeros((9, 8), bool), "lost.png"), made.fill, made.confidence, {}
        )


def test_saving_is_left_to_whoever_knows_formats(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="files.save"):
        proposal((8, 9), "uint8").save(tmp_path / "out.tif")
