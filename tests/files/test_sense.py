"""White stored as 0: turned when it is read, turned back when it is written, and nobody between sees it."""

import pickle

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

import tratteggio as tg
from tratteggio import evaluation, files, treatment
from tratteggio.align import mosaic
from tratteggio.errors import UnsupportedFile
from tratteggio.painting import Scan, Stack

LAYOUTS = [{}, {"compression": "zlib"}, {"tile": (16, 32)}, {"compression": "lzw", "rowsperstrip": 7}]


def plain(dtype: str, seed: int = 0, grid: tuple[int, int] = (60, 80)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, grid, dtype, endpoint=True)


def negative(array: np.ndarray, path, **layout):
    tifffile.imwrite(
        path, np.iinfo(array.dtype).max - array, photometric="miniswhite", metadata=None, **layout
    )
    return path


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_black_is_0_inside_and_every_bit_is_kept_in_the_file(tmp_path, dtype, layout):
    array = plain(dtype)
    source = negative(array, tmp_path / "in.tif", **layout)
    scan = pickle.loads(pickle.dumps(files.read(source)))
    assert_array_equal(scan.read(), array, strict=True)
    assert_array_equal(scan.pixels[3:9, 5:40], array[3:9, 5:40])
    files.write(scan.pixels, tmp_path / "out.tif", metadata=scan.metadata)
    with tifffile.TiffFile(tmp_path / "out.tif") as out:
        assert out.pages[0].photometric == 0
        assert_array_equal(out.asarray(), np.iinfo(dtype).max - array, strict=True)


def twelve_bit_negative(path, *, tagged: bool):
    """White is 0, and black is 4,095, in samples of 16 bit."""
    array = np.random.default_rng(0).integers(0, 4096, (60, 80), np.uint16)
    tags = [(281, 3, 1, 4095, True)] if tagged else []
    tifffile.imwrite(path, 4095 - array, photometric="miniswhite", metadata=None, extratags=tags)
    return array


@pytest.mark.parametrize("tagged", [True, False])
def test_a_negative_is_turned_about_its_stated_white_and_back(tmp_path, tagged):
    array = twelve_bit_negative(tmp_path / "in.tif", tagged=tagged)
    scan = pickle.loads(pickle.dumps(files.read(tmp_path / "in.tif", white=None if tagged else 4095)))
    assert_array_equal(scan.read(), array, strict=True)
    files.write(scan.pixels, tmp_path / "out.tif", metadata=scan.metadata)
    assert_array_equal(tifffile.imread(tmp_path / "out.tif"), 4095 - array, strict=True)


@pytest.mark.parametrize("tagged", [True, False])
def test_a_negative_with_a_stated_white_is_filled_and_kept(tmp_path, tagged):
    array = twelve_bit_negative(tmp_path / "in.tif", tagged=tagged)
    lost = np.zeros(array.shape, bool)
    lost[20:26, 30:50] = True
    files.write_lacunae(tg.Lacunae(lost), tmp_path / "m.png")
    treatment.inpaint_file(
        tmp_path / "in.tif", tmp_path / "m.png", tmp_path / "out.tif", engine="telea",
        options=treatment.FillOptions(white=None if tagged else 4095),
    )  # fmt: skip
    assert evaluation.verify(tmp_path / "out.tif").passed
    out = tifffile.imread(tmp_path / "out.tif")
    assert_array_equal(out[~lost], (4095 - array)[~lost])
    assert out.max() <= 4095
    assert abs(out[lost].mean() - 2047) < 500


def test_opacity_is_not_turned(tmp_path):
    array = plain("uint8", grid=(60, 160)).reshape(60, 80, 2)
    stored = array.copy()
    stored[..., 0] = 255 - array[..., 0]
    tifffile.imwrite(
        tmp_path / "in.tif", stored, photometric="miniswhite", extrasamples=["unassalpha"], metadata=None,
        planarconfig="contig",
    )  # fmt: skip
    scan = files.read(tmp_path / "in.tif")
    assert_array_equal(scan.read(), array)
    files.write(scan.pixels, tmp_path / "out.tif", metadata=scan.metadata, alpha=True)
    assert_array_equal(tifffile.imread(tmp_path / "out.tif"), stored)


def test_smaller_copies_are_turned_too(tmp_path):
    array = plain("uint8", grid=(5000, 64))
    negative(array, tmp_path / "in.tif")
    scan = files.read(tmp_path / "in.tif")
    files.write(scan.pixels, tmp_path / "out.tif", metadata=scan.metadata)
    again = files.read(tmp_path / "out.tif")
    assert len(again.pixels.levels) > 1
    means = array.reshape(2500, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(again.pixels.levels[0][0:2500, 0:32] - means).max() <= 0.5


@pytest.mark.parametrize("suffix", [".ome.zarr", ".ome.tif"])
def test_stacks_keep_their_sense(tmp_path, suffix):
    array = plain("uint8")
    scan = files.read(negative(array, tmp_path / "in.tif"), modality="xray")
    files.write_stack(Stack((scan,)), tmp_path / f"p{suffix}")
    back = tg.open(tmp_path / f"p{suffix}")["xray"]
    assert_array_equal(back.read(), array)
    assert back.metadata.foreign["photometric"] == "miniswhite"


def test_floats_of_which_0_is_white_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", np.zeros((4, 4), np.float32), photometric="miniswhite")
    with pytest.raises(UnsupportedFile, match="floats of which 0 is white"):
        files.read(tmp_path / "in.tif")


def test_a_fill_is_that_of_the_picture_and_the_output_keeps_sense_and_known_samples(tmp_path):
    array = plain("uint16")
    lost = np.zeros(array.shape, bool)
    lost[20:26, 30:50] = True
    files.write_lacunae(tg.Lacunae(lost), tmp_path / "m.png")
    tifffile.imwrite(tmp_path / "b.tif", array, photometric="minisblack", metadata=None)
    negative(array, tmp_path / "w.tif")
    for name in "bw":
        treatment.inpaint_file(
            tmp_path / f"{name}.tif", tmp_path / "m.png", tmp_path / f"{name}.out.tif", engine="patch_mrf"
        )
        assert evaluation.verify(tmp_path / f"{name}.out.tif").passed
    black, white = (tifffile.imread(tmp_path / f"{name}.out.tif") for name in "bw")
    assert_array_equal(white, 65535 - black)
    assert_array_equal(black[~lost], array[~lost])


def test_detectors_filters_measures_and_views_see_one_picture(tmp_path):
    array = plain("uint8")
    array[30:32, 5:75] = 0
    tifffile.imwrite(tmp_path / "b.tif", array, photometric="minisblack", metadata=None)
    black, white = files.read(tmp_path / "b.tif"), files.read(negative(array, tmp_path / "w.tif"))
    assert_array_equal(treatment.detect(black).read(), treatment.detect(white).read())
    for steps in ("gamma:exponent=0.5", "erode"):
        assert_array_equal(treatment.enhance(black, steps).read(), treatment.enhance(white, steps).read())
    assert_array_equal(files.overview(black), files.overview(white))
    assert evaluation.evaluate(white, black).whole.mse == 0


def test_a_mosaic_of_tiles_of_both_senses_is_one_picture(tmp_path):
    from scipy import ndimage

    whole = ndimage.gaussian_filter(np.random.default_rng(5).random((220, 360)), 2)
    whole = (255 * (whole - whole.min()) / np.ptp(whole)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "l.tif", whole[:, :220].copy(), photometric="minisblack", metadata=None)
    negative(whole[:, 140:], tmp_path / "r.tif")
    for order in (("l", "r"), ("r", "l")):
        found = mosaic([files.read(tmp_path / f"{name}.tif") for name in order])
        assert np.abs(found.scan.read().astype(int) - whole).max() <= 2
        found.save(tmp_path / "m.tif")
        assert_array_equal(files.read(tmp_path / "m.tif").read(), found.scan.read())


def test_an_array_is_as_it_comes():
    assert_array_equal(Scan(plain("uint8")).read(), plain("uint8"))
