"""Tiles cut from a known picture come together again."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage
from skimage import data

from tratteggio.align import mosaic
from tratteggio.errors import BadUsage, Misaligned
from tratteggio.files.icc import srgb_profile
from tratteggio.painting import Metadata, Region, Scan
from tratteggio.phantom import panel

PICTURE = np.ascontiguousarray(data.astronaut()[:410, 60:500, 1])
CORNERS = [(0, 0), (6, 180), (165, 4), (162, 178)]


def tile(picture: np.ndarray, row: int, col: int, name: str = "tile") -> Scan:
    return Scan(np.ascontiguousarray(picture[row : row + 240, col : col + 256]), modality="irr", name=name)


@pytest.fixture(scope="module")
def stitched():
    rng = np.random.default_rng(0)
    light = [1.0, 0.9, 1.08, 0.95]
    tiles = []
    for (row, col), gain in zip(CORNERS, light, strict=True):
        cut = PICTURE[row : row + 240, col : col + 256] * gain + rng.normal(0, 2, (240, 256))
        tiles.append(Scan(np.clip(cut, 0, 255).astype(np.uint8), modality="irr", name=f"{row},{col}"))
    return mosaic(tiles)


def test_tiles_find_their_places(stitched) -> None:
    for transform, corner in zip(stitched.transforms, CORNERS, strict=True):
        middle = np.array([[120.0 + corner[0], 128.0 + corner[1]]])
        assert np.abs(transform.at(middle) - [[120, 128]]).max() < 0.3
    assert stitched.residual.mean < 0.5
    assert set(stitched.pairs) >= {(0, 1), (0, 2), (1, 3), (2, 3)}


def test_the_mosaic_is_the_picture_but_for_the_light(stitched) -> None:
    rows, cols = (min(pair) for pair in zip(stitched.scan.grid, PICTURE.shape, strict=True))
    seen = stitched.scan.read_seen()[:rows, :cols]
    ours, true = stitched.scan.read()[:rows, :cols].astype(float), PICTURE[:rows, :cols].astype(float)
    sharp = [picture - ndimage.gaussian_filter(picture, 8) for picture in (ours, true)]
    inner = ndimage.binary_erosion(seen, iterations=12)
    assert np.corrcoef(sharp[0][inner], sharp[1][inner])[0, 1] > 0.95


def test_a_mosaic_read_in_pieces_is_the_same(stitched) -> None:
    whole = stitched.scan.read()
    for region in (Region(0, 0, 61, 400), Region(150, 190, 260, 300), Region(400, 1, 401, 2)):
        assert_array_equal(stitched.scan.read(region), whole[region.slices])


def test_places_without_a_tile_are_not_seen(stitched) -> None:
    seen = stitched.scan.read_seen()
    assert not seen.all()
    assert not stitched.scan.read()[~seen].any()


def test_a_tile_apart_is_named() -> None:
    tiles = [tile(PICTURE, 0, 0, "one"), tile(PICTURE, 0, 180, "two")]
    stranger = Scan(panel(240, 256, seed=9).painted.read()[..., 2], modality="irr", name="stranger")
    with pytest.raises(Misaligned, match="between stranger and one"):
        mosaic([*tiles, stranger])


def test_an_overlap_of_one_pixel_is_refused() -> None:
    wide = panel(200, 399, seed=2).painted.read()[..., 0]
    with pytest.raises(Misaligned, match="no overlap"):
        mosaic([Scan(wide[:, :200].copy(), name="a"), Scan(wide[:, 199:].copy(), name="b")])


@pytest.mark.parametrize(
    ("tiles", "message"),
    [
        ([Scan(PICTURE)], "two tiles or more, got 1"),
        ([Scan(PICTURE), Scan(PICTURE.astype(np.uint16))], "same depth and channels"),
        ([Scan(PICTURE), Scan(np.zeros_like(PICTURE))], "black everywhere"),
    ],
)
def test_tiles_that_cannot_be_are_refused(tiles, message):
    with pytest.raises(BadUsage, match=message):
        mosaic(tiles)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [(Metadata(icc=srgb_profile()), "same colour profile"), (Metadata(orientation=3), "orientation")],
)
def test_tiles_that_are_meant_differently_are_refused(metadata: Metadata, said: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    tiles = [Scan(pixels, name="l.tif"), Scan(pixels, metadata=metadata, name="r.tif")]
    with pytest.raises(BadUsage, match=said):
        mosaic(tiles)
