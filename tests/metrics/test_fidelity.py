"""MSE, MAE, PSNR and SSIM against numbers worked by hand, scikit-image, and their laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics.fidelity import data_range_of, mae, mse, mse_uint8_wrapped, psnr, ssim, ssim_map

MEASURES = {
    "mse": mse,
    "mae": mae,
    "psnr": lambda *pair, **options: psnr(*pair, data_range=255, **options),
    "ssim": lambda *pair, **options: ssim(*pair, data_range=255, **options),
}
measures = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)


def pair(shape: tuple[int, ...], dtype: str = "uint8", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make a smooth picture and a noisy twin."""
    rng = np.random.default_rng(seed)
    top = data_range_of(dtype)
    ramp = np.linspace(0.2, 0.8, shape[0])[:, None] * np.linspace(0.5, 1, shape[1])
    clean = ramp.reshape(ramp.shape + (1,) * (len(shape) - 2)) * np.ones(shape)
    noisy = np.clip(clean + rng.normal(0, 0.05, shape), 0, 1)
    if np.dtype(dtype).kind == "u":
        return (clean * top).round().astype(dtype), (noisy * top).round().astype(dtype)
    return clean.astype(dtype), noisy.astype(dtype)


# --- the range ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "span"), [("uint8", 255), ("uint16", 65535), ("float32", 1), ("float64", 1), (">u2", 65535)]
)
def test_the_range_follows_from_the_depth(dtype: str, span: float) -> None:
    assert data_range_of(dtype) == span


def test_a_depth_without_a_range_is_an_error() -> None:
    with pytest.raises(BadUsage, match="int16"):
        data_range_of(np.int16)


# --- errors and PSNR ---------------------------------------------------------------------------------


def test_errors_worked_by_hand() -> None:
    a, b = np.array([[0, 10], [20, 30]], np.uint8), np.array([[3, 10], [16, 30]], np.uint8)
    assert mse(a, b) == (9 + 16) / 4
    assert mae(a, b) == 7 / 4
    assert psnr(a, b, data_range=255) == pytest.approx(20 * math.log10(255 / 2.5))


def test_unsigned_integers_do_not_wrap_around() -> None:
    black, white = np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)
    assert mae(black, white) == mae(white, black) == 255
    assert psnr(black, white, data_range=255) == 0


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(31, 40), (31, 40, 3)], ids=["grey", "rgb"])
def test_psnr_equals_scikit_image(shape: tuple[int, ...], dtype: str) -> None:
    a, b = pair(shape, dtype)
    span = data_range_of(dtype)
    assert psnr(a, b, data_range=span) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=span))


def test_equal_pictures_have_infinite_psnr_and_ssim_one() -> None:
    a, _ = pair((20, 20, 3))
    assert psnr(a, a, data_range=255) == math.inf
    assert ssim(a, a, data_range=255) == 1


# --- SSIM --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float64"])
@pytest.mark.parametrize("shape", [(40, 33), (40, 33, 3)], ids=["grey", "rgb"])
def test_ssim_equals_scikit_image(shape: tuple[int, ...], dtype: str) -> None:
    a, b = pair(shape, dtype)
    span = data_range_of(dtype)
    expected, expected_map = structural_similarity(
        a,
        b,
        data_range=span,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
        channel_axis=2 if len(shape) == 3 else None,
    )
    assert ssim(a, b, data_range=span) == pytest.approx(expected, abs=1e-7)
    np.testing.assert_allclose(ssim_map(a, b, data_range=span), expected_map, atol=1e-7)


def test_ssim_with_a_uniform_window_and_other_constants_equals_scikit_image() -> None:
    a, b = pair((30, 30))
    expected = structural_similarity(
        a, b, data_range=255, win_size=7, K1=0.02, K2=0.05, use_sample_covariance=False
    )
    ours = ssim(a, b, data_range=255, window="uniform", size=7, k1=0.02, k2=0.05)
    assert ours == pytest.approx(expected, abs=1e-7)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_wrapped_mse_is_what_numpy_makes_of_uint8(seed: int) -> None:
    a, b = np.random.default_rng(seed).integers(0, 256, (2, 9, 7, 3), np.uint8)
    wrapped = mse_uint8_wrapped(a, b)
    assert wrapped == np.mean((a - b) ** 2)
    by_hand = [
        ((x - y) % 256) ** 2 % 256 for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    ]
    assert wrapped == pytest.approx(sum(by_hand) / len(by_hand))


def test_wrapped_mse_is_true_for_errors_below_16_levels_only() -> None:
    a = np.full((5, 5), 100, np.uint8)
    for error in (0, 7, 15):
        assert mse_uint8_wrapped(a, a - np.uint8(error)) == mse(a, a - np.uint8(error)) == error**2
    assert mse_uint8_wrapped(a, a + np.uint8(16)) == 0


def test_wrapped_mse_of_anything_but_uint8_is_an_error() -> None:
    a = np.zeros((4, 4), np.uint8)
    with pytest.raises(BadUsage, match="uint16"):
        mse_uint8_wrapped(a, a.astype(np.uint16))
    with pytest.raises(GridMismatch):
        mse_uint8_wrapped(a, a[:3])


@pytest.mark.parametrize("shape", [(30, 30), (24, 31, 3)])
def test_ssim_of_samples_in_a_uniform_window_of_7_is_scikit_images_default(shape: tuple[int, ...]) -> None:
    a, b = pair(shape)
    expected, expected_map = structural_similarity(
        a, b, data_range=255, full=True, channel_axis=2 if len(shape) == 3 else None
    )
    options = {"data_range": 255, "window": "uniform", "size": 7, "sample": True}
    assert ssim(a, b, **options) == pytest.approx(expected, abs=1e-7)
    np.testing.assert_allclose(ssim_map(a, b, **options), expected_map, atol=1e-7)


def test_ssim_of_two_flat_tones_is_the_comparison_of_means() -> None:
    """Wang et al. 2004, eq. 6: without contrast only luminance is left."""
    a, b = np.full((15, 15), 100.0), np.full((15, 15), 120.0)
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b, data_range=255) == pytest.approx((2 * 100 * 120 + c1) / (100**2 + 120**2 + c1))


def test_ssim_counts_only_windows_that_lie_wholly_inside() -> None:
    a, b = pair((25, 25))
    inner = ssim_map(a, b, data_range=255)[5:-5, 5:-5]
    assert ssim(a, b, data_range=255) == inner.mean()


def test_ssim_of_a_picture_smaller_than_its_window_is_nan() -> None:
    a, b = pair((3, 40))
    assert math.isnan(ssim(a, b, data_range=255))


@pytest.mark.parametrize(
    "options",
    [{"size": 10}, {"size": 0}, {"sigma": 0.0}, {"window": "round"}, {"sample": True}],
    ids=str,
)
def test_an_impossible_window_is_an_error(options: dict) -> None:
    with pytest.raises(BadUsage, match="SSIM window"):
        ssim(*pair((20, 20)), data_range=255, **options)


# --- laws of all -------------------------------------------------------------------------------------


@measures
def test_where_everything_is_chosen_the_answer_is_that_of_the_whole(measure) -> None:
    a, b = pair((24, 24, 3))
    assert measure(a, b, where=np.ones((24, 24), bool)) == measure(a, b)


@measures
def test_what_is_not_chosen_does_not_count(measure) -> None:
    a, b = pair((40, 40, 3))
    where = np.zeros((40, 40), bool)
    where[8:14, 8:14] = True
    spoilt = b.copy()
    spoilt[30:] = 0
    assert measure(a, spoilt, where=where) == measure(a, b, where=where) != measure(a, b)


@measures
def test_no_chosen_pixel_gives_nan(measure) -> None:
    assert math.isnan(measure(*pair((24, 24)), where=np.zeros((24, 24), bool)))


@measures
@pytest.mark.parametrize("other", [(24, 25), (24, 24, 3)], ids=["another size", "another number of channels"])
def test_unequal_shapes_are_named(measure, other: tuple[int, ...]) -> None:
    with pytest.raises(GridMismatch) as error:
        measure(np.zeros((24, 24)), np.zeros(other))
    assert f"(24, 24) and {other}" in str(error.value)


@measures
@pytest.mark.parametrize(
    "where", [np.ones((24, 23), bool), np.ones((24, 24), np.uint8)], ids=["size", "type"]
)
def test_a_mask_that_does_not_fit_is_named(measure, where: np.ndarray) -> None:
    with pytest.raises(GridMismatch) as error:
        measure(*pair((24, 24)), where=where)
    assert str(where.shape) in str(error.value)
    assert where.dtype.name in str(error.value)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 999), rows=st.integers(11, 30), cols=st.integers(11, 30))
def test_ssim_is_symmetric_and_at_most_one(seed: int, rows: int, cols: int) -> None:
    a, b = np.random.default_rng(seed).integers(0, 256, (2, rows, cols)).astype(np.uint8)
    there = ssim(a, b, data_range=255)
    assert there <= 1
    assert there == pytest.approx(ssim(b, a, data_range=255), abs=1e-12)
