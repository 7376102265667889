"""Chains of filters over scans: read by any window, they come out as the whole."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.errors import BadPixels, BadUsage, GridMismatch
from tratteggio.filters import equalise, gaussian, sobel
from tratteggio.filters.chain import FILTERS, chain
from tratteggio.painting import Scan
from tratteggio.windows.filtered import Enhanced, Repeated, filtered, reach_of

RNG = np.random.default_rng(0)
NEEDED = {
    "contrast": "gain=1.2",
    "brightness": "by=0.1",
    "gamma": "exponent=0.7",
    "weighted": "weights=1,4,6,4,1",
    "gaussian": "sigma=1.5",
    "wiener": "noise=0.05",
    "steerable": "sigma=1.2,degrees=30",
    "band_pass": "fine=1,coarse=2",
    "distance": "most=7",
    "hybrid": "far=other.tif,low=16,high=30",
    "salt_and_pepper": "share=0.1",
    "impulse": "share=0.1",
    "gaussian_noise": "sigma=0.05",
    "non_local_means": "patch=3,search=7",
    "saturation": "gain=1.4",
    "fourier_wiener": "noise=0.05",
    "wavelet": "noise=0.05",
    "drop_small": "area=9",
    "composite": "far=other.tif",
    "blend": "far=other.tif",
}
# Gaussian noise is another in each channel; the others weigh channels against each other.
ACROSS_CHANNELS = {"gaussian_noise", "saturation", "grey_world"}
GRID = (83, 117)


def scan(dtype="uint16", channels=3, seed=0, **more):
    """Smooth forms and some noise, so that every filter has something to do."""
    rng = np.random.default_rng(seed)
    values = gaussian(rng.random((*GRID, channels)), sigma=3)
    values = (values - values.min()) / np.ptp(values)
    values = (0.9 * values + 0.1 * rng.random(values.shape)) * (1 if dtype[0] == "f" else np.iinfo(dtype).max)
    return Scan(values.astype(dtype), **more)


def step(name):
    return f"{name}:{NEEDED[name]}" if name in NEEDED else name


def enhanced(painting, *words, tile=512):
    steps = chain(words)
    others = [scan(painting.dtype.name, seed=1) if one.other else None for one in steps]
    return Enhanced(painting, filtered(painting, steps, others), tile=tile)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_tiled_equals_whole_to_the_last_bit(name, dtype):
    painting = scan(dtype)
    whole = enhanced(painting, step(name))[:, :]
    assert whole.dtype == painting.dtype
    assert whole.shape == painting.pixels.shape
    tiled = enhanced(painting, step(name), tile=29)
    assert_array_equal(tiled[40:61, 7:90], whole[40:61, 7:90])
    assert_array_equal(tiled[:, :], whole)
    assert (whole != painting.pixels).any()


@pytest.mark.parametrize("name", [name for name in FILTERS if name not in ACROSS_CHANNELS])
def test_every_channel_is_worked_on_by_itself(name):
    """Salt, pepper and impulses hit whole pixels."""
    colour = scan("uint16")
    [one] = chain(step(name))
    other = scan("uint16", seed=1) if one.other else None
    whole = Enhanced(colour, filtered(colour, [one], [other]), tile=512)[:, :]
    for channel in range(3):
        grey = Scan(np.ascontiguousarray(colour.pixels[..., channel]))
        far = other and Scan(np.ascontiguousarray(other.pixels[..., channel]))
        alone = Enhanced(grey, filtered(grey, [one], [far]), tile=512)[:, :]
        assert_array_equal(whole[..., channel], alone)


@pytest.mark.parametrize("border", ["mirror", "replicate", "zero", "partial", "wrap"])
def test_tiled_equals_whole_with_every_border(border):
    words = f"gaussian:sigma=2,border={border}"
    painting = scan()
    assert_array_equal(enhanced(painting, words, tile=31)[:, :], enhanced(painting, words)[:, :])


def test_a_long_chain_has_the_reach_of_all_its_steps():
    words = ["median", "gaussian:sigma=1", "equalise", "gaussian_noise:sigma=0.02,seed=5", "sobel"]
    assert reach_of(chain(words), GRID) == 1 + 4 + 0 + 0 + 1
    assert reach_of(chain([*words, "spectrum"]), GRID) is None
    painting = scan()
    assert_array_equal(enhanced(painting, *words, tile=20)[:, :], enhanced(painting, *words)[:, :])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_a_chain_is_its_filters_one_by_one_but_rounded_once(dtype):
    painting = scan(dtype)
    top = 1 if dtype[0] == "f" else np.iinfo(dtype).max
    exact = sobel(gaussian(painting.pixels / top, sigma=1.5)) * top
    assert_allclose(
        enhanced(painting, "gaussian:sigma=1.5", "sobel")[:, :], exact, atol=0.51 if top > 1 else 1e-6
    )
    assert_allclose(
        enhanced(painting, "equalise")[:, :], equalise(painting.pixels), atol=1.01 if top > 1 else 1e-4
    )


def test_integers_are_held_to_their_range_after_each_step_and_floats_are_not():
    up_and_down = ("contrast:gain=3", "contrast:gain=0.25")
    eight = Scan(np.full((4, 4), 200, np.uint8))
    assert_array_equal(enhanced(eight, *up_and_down)[:, :], 64)
    assert_allclose(enhanced(Scan(np.full((4, 4), 0.8)), *up_and_down)[:, :], 0.6)


def test_alpha_and_what_a_scan_does_not_show_stay_as_they_are():
    seen = np.ones(GRID, bool)
    seen[:10] = False
    painting = scan("uint16", channels=4, alpha=True, seen=seen)
    answer = enhanced(painting, "gaussian:sigma=2")[:, :]
    assert_array_equal(answer[..., 3], painting.pixels[..., 3])
    assert_array_equal(answer[:10], painting.pixels[:10])
    grey = Scan(painting.pixels[..., 2:], alpha=True)
    assert_array_equal(enhanced(grey, "gaussian:sigma=2")[:, :][30:, :, 0], answer[30:, :, 2])


def test_each_tile_is_computed_once_when_read_from_top_to_bottom():
    told = []
    painting = scan()
    light = filtered(painting, chain("gaussian:sigma=2"), [None])
    pixels = Enhanced(painting, light, tile=32, progress=lambda *done: told.append(done))
    for top in range(0, GRID[0], 5):
        pixels[top : top + 5, :]
    total = GRID[0] * GRID[1]
    assert told[-1] == (total, total)
    assert len(told) == 3 * 4


def test_not_a_number_is_named_with_its_place():
    values = RNG.random((40, 40)).astype(np.float32)
    values[33, 7] = np.nan
    with pytest.raises(BadPixels, match="row 33, column 7"):
        enhanced(Scan(values, name="xray.tif"), "box", tile=16)[:, :]


def test_what_does_not_fit_is_refused_before_anything_is_read(monkeypatch):
    painting = scan(name="panel.tif")
    with pytest.raises(BadUsage, match=r"83 rows x 117 columns"):
        enhanced(painting, "box:size=201")
    small = Scan(np.zeros((5, 5, 3), np.uint16), name="small.tif")
    with pytest.raises(GridMismatch, match=r"small\.tif has 5 rows x 5"):
        filtered(painting, chain(step("hybrid")), [small])
    with pytest.raises(BadUsage, match="channels"):
        filtered(painting, chain(step("hybrid")), [scan(channels=1)])
    monkeypatch.setattr("tratteggio.windows.filtered.WHOLE_GIB", 1e-6)
    with pytest.raises(BadUsage, match="clahe needs the whole image in memory"):
        enhanced(painting, "clahe")
    enhanced(painting, "equalise")[:, :]  # looks at all of it, too, but tile by tile


def test_repeated_pixels_are_those_of_the_whole_in_whatever_region():
    pixels = RNG.integers(0, 9, (5, 7, 2), np.uint8)
    finer = Repeated(pixels, 3)
    whole = np.kron(pixels, np.ones((3, 3, 1), np.uint8))
    assert finer.shape == whole.shape
    assert_array_equal(finer[:, :], whole)
    for top, bottom, left, right in ((0, 1, 0, 1), (4, 11, 2, 20), (14, 15, 20, 21)):
        assert_array_equal(finer[top:bottom, left:right], whole[top:bottom, left:right])
