"""A proposal in layers: the fill stands in the lacunae and nowhere else."""

from pathlib import Path

import numpy as np
import pytest

from tratteggio.errors import GridMismatch
from tratteggio.painting import Lacunae, Metadata, Region, Restoration, Scan


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
def test_known_pixels_are_the_originals_and_a_fill_is_opaque(
    shape: tuple[int, ...], alpha: bool, dtype: str
) -> None:
    made = proposal(shape, dtype, alpha=alpha)
    before, lost = made.original.read().copy(), made.lacunae.read()
    image = made.image
    assert (image.dtype, image.shape) == (before.dtype, before.shape)
    np.testing.assert_array_equal(image[~lost], before[~lost])
    channels = made.original.channels
    flat = image.reshape(8, 9, -1)
    np.testing.assert_array_equal(flat[lost][:, :channels], made.fill[lost])
    opaque = np.iinfo(dtype).max if dtype.startswith("uint") else 1
    assert (flat[lost][:, channels:] == opaque).all()
    np.testing.assert_array_equal(made.original.read(), before)  # the source was not written to


@pytest.mark.parametrize(("clear", "moved"), [((150,), 149), ((0,), 1), ((150, 7, 0), 1), ((1, 2, 150), 149)])
def test_a_fill_never_hits_the_colour_that_stands_for_transparent(clear: tuple[int, ...], moved: int) -> None:
    channels = len(clear)
    original = Scan(np.full((4, 5, channels), 9, np.uint8), metadata=Metadata(foreign={"clear": clear}))
    lost = np.zeros((4, 5), bool)
    lost[1:3, 1:4] = True
    fill = np.full((4, 5, channels), 30, np.uint8)
    fill[1, 1:4] = clear
    image = Restoration(original, Lacunae(lost), fill, lost.astype(np.float32), {}).image
    assert (image[1, 1:4] == (*clear[:-1], moved)).all()
    assert (image[2, 1:4] == 30).all()
    assert (image[~lost] == 9).all()


def test_a_region_is_the_part_of_the_whole() -> None:
    made = proposal((8, 9, 3), "uint8")
    region = Region(2, 3, 7, 8)
    np.testing.assert_array_equal(made.pixels[region.slices], made.image[region.slices])


def test_lacunae_of_another_grid_are_refused() -> None:
    made = proposal((8, 9), "uint8")
    with pytest.raises(GridMismatch, match="lost.png has 9 rows x 8 columns"):
        Restoration(
            made.original, Lacunae(np.zeros((9, 8), bool), "lost.png"), made.fill, made.confidence, {}
        )


def test_saving_is_left_to_whoever_knows_formats(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="files.save"):
        proposal((8, 9), "uint8").save(tmp_path / "out.tif")
