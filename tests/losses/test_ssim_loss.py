"""SSIM as an objective: the same numbers as `metrics.ssim` and scikit-image, and a sound gradient."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from torch.autograd import gradcheck

from tratteggio import metrics
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.losses import LogSsimLoss, dssim_loss, grey, log_ssim_loss, ssim, ssim_map
from tratteggio.losses.ssim import LUMA


def pair(*shape, seed=0, dtype=torch.float64, noise=0.1):
    """Make smooth pictures and noisy twins."""
    spin = torch.Generator().manual_seed(seed)
    rows, cols = torch.linspace(0.2, 0.8, shape[-2]), torch.linspace(0.5, 1, shape[-1])
    clean = (rows[:, None] * cols).expand(shape) + 0.1 * torch.rand(shape, generator=spin)
    noisy = (clean + noise * torch.randn(shape, generator=spin)).clamp(0, 1)
    return clean.to(dtype), noisy.to(dtype)


def as_array(x):
    """Turn (1, C, H, W) into (H, W, C)."""
    return x[0].movedim(0, -1).numpy()


# --- the same numbers as others ------------------------------------------------------------------------


@pytest.mark.parametrize("window", ["gaussian", "uniform"])
@pytest.mark.parametrize(("size", "sigma"), [(11, 1.5), (7, 1.0), (3, 0.5)])
def test_it_is_the_ssim_of_metrics(window, size, sigma):
    x, y = pair(1, 3, 20, 27)
    options = {"window": window, "size": size, "sigma": sigma, "k1": 0.02, "k2": 0.05}
    expected = metrics.ssim(as_array(x), as_array(y), data_range=1.0, **options)
    assert ssim(x, y, **options).item() == pytest.approx(expected, abs=1e-12)


def test_it_is_the_ssim_of_scikit_image():
    x, y = pair(1, 1, 24, 31)
    options = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    _, full = structural_similarity(x[0, 0].numpy(), y[0, 0].numpy(), full=True, **options)
    np.testing.assert_allclose(ssim_map(x, y)[0, 0].numpy(), full[5:-5, 5:-5], atol=1e-12)


def test_it_counts_the_windows_of_lost_pixels_as_metrics_does():
    x, y = pair(1, 2, 24, 24)
    lost = np.zeros((24, 24), bool)
    lost[2:9, 5:20] = True  # partly so near the border that no whole window is centred there
    expected = metrics.ssim(as_array(x), as_array(y), data_range=1.0, where=lost)
    got = ssim(x, y, where=torch.from_numpy(lost)[None, None])
    assert got.item() == pytest.approx(expected, abs=1e-12)


def test_the_range_is_a_unit():
    x, y = pair(1, 1, 16, 16)
    assert ssim(255 * x, 255 * y, data_range=255).item() == pytest.approx(ssim(x, y).item(), abs=1e-12)


def by_hand(x, y, weights):
    """Compare two short lists of pixels with eq. 13 of the paper, C1 = 1e-4 and C2 = 9e-4."""
    weights = np.asarray(weights, float) / np.sum(weights)
    mx, my = weights @ x, weights @ y
    sxx, syy, sxy = weights @ (x - mx) ** 2, weights @ (y - my) ** 2, weights @ ((x - mx) * (y - my))
    return (2 * mx * my + 1e-4) * (2 * sxy + 9e-4) / ((mx**2 + my**2 + 1e-4) * (sxx + syy + 9e-4))


def test_a_window_of_2_by_2_by_hand():
    """Means 1/2 and 3/4, variances 1/4 and 3/16, covariance 1/8."""
    x = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]], dtype=torch.float64)
    y = torch.tensor([[[[1.0, 1.0], [0.0, 1.0]]]], dtype=torch.float64)
    expected = (0.75 + 1e-4) * (0.25 + 9e-4) / ((0.25 + 0.5625 + 1e-4) * (0.25 + 0.1875 + 9e-4))
    assert ssim(x, y, window="uniform", size=2).item() == pytest.approx(expected, abs=1e-12)


def test_same_padding_averages_over_what_is_inside():
    """At a corner, the window of 3 x 3 is one of 2 x 2; nothing is mirrored and nothing is black."""
    x, y = pair(1, 1, 4, 5)
    bell = np.exp([-0.5, 0, -0.5])
    found = ssim_map(x, y, size=3, sigma=1.0, padding="same")
    assert found.shape == x.shape
    corner = by_hand(
        x[0, 0, :2, :2].flatten().numpy(),
        y[0, 0, :2, :2].flatten().numpy(),
        np.outer(bell[1:], bell[1:]).ravel(),
    )
    assert found[0, 0, 0, 0].item() == pytest.approx(corner, abs=1e-12)
    inner = by_hand(
        x[0, 0, :3, 1:4].flatten().numpy(), y[0, 0, :3, 1:4].flatten().numpy(), np.outer(bell, bell).ravel()
    )
    assert found[0, 0, 1, 2].item() == pytest.approx(inner, abs=1e-12)


def test_same_equals_valid_inside():
    x, y = pair(1, 2, 20, 17)
    inside = ssim_map(x, y, padding="same")[..., 5:-5, 5:-5]
    torch.testing.assert_close(inside, ssim_map(x, y), rtol=0, atol=1e-12)


def test_each_answers_for_pictures_and_channels():
    x, y = pair(3, 2, 16, 16)
    of_channel = ssim(x, y, each="channel")
    assert of_channel.shape == (3, 2)
    assert of_channel[1, 1].item() == pytest.approx(ssim(x[1:2, 1:], y[1:2, 1:]).item(), abs=1e-12)
    torch.testing.assert_close(ssim(x, y, each="picture"), of_channel.mean(1))
    torch.testing.assert_close(ssim(x, y), of_channel.mean())


# --- laws ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("window", ["gaussian", "uniform"])
def test_the_gradient_is_the_slope(window, padding):
    x, y = pair(1, 2, 6, 7)
    where = torch.rand(1, 1, 6, 7, generator=torch.Generator().manual_seed(1)) < 0.6
    assert gradcheck(
        lambda x, y: ssim(x, y, window=window, size=3, padding=padding, where=where, each="channel"),
        (x.requires_grad_(), y.requires_grad_()),
    )


@given(seed=st.integers(0, 99), size=st.sampled_from([3, 7, 11]), padding=st.sampled_from(["valid", "same"]))
@settings(max_examples=15)
def test_it_is_symmetric_at_most_1_and_1_for_equal_pictures(seed, size, padding):
    x, y = pair(2, 1, 13, 12, seed=seed)
    options = {"size": size, "padding": padding}
    there, back = ssim_map(x, y, **options), ssim_map(y, x, **options)
    torch.testing.assert_close(there, back, rtol=0, atol=1e-12)
    assert there.abs().max() <= 1 + 1e-12
    torch.testing.assert_close(ssim_map(x, x, **options), torch.ones_like(there), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_pictures_have_a_value_and_a_gradient(dtype, level):
    x = torch.full((1, 3, 16, 16), level, dtype=dtype, requires_grad=True)
    loss = log_ssim_loss(x, torch.full_like(x, 0.25))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(x.grad).all()
    assert ssim(x, x).item() == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    x, y = pair(1, 3, 32, 32, dtype=dtype)
    got = ssim(x, y)
    assert got.dtype == torch.float32
    assert got.item() == pytest.approx(ssim(x.double(), y.double()).item(), abs=1e-6)


def test_autocast_does_not_reach_the_statistics():
    x, y = pair(1, 1, 32, 32, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        inside = ssim(x, y)
    assert inside.item() == ssim(x, y).item()


def test_float32_keeps_the_digits_of_faint_paint_on_a_bright_ground():
    x, y = pair(1, 1, 32, 32)
    x, y = 0.97 + 0.002 * x, 0.97 + 0.002 * y
    options = {"k2": 0.0005}  # so that the faint contrast decides
    exact = ssim_map(x, y, **options)
    torch.testing.assert_close(ssim_map(x.float(), y.float(), **options).double(), exact, rtol=0, atol=2e-2)


def test_pixels_whose_windows_do_not_count_do_not_matter():
    x, y = pair(1, 1, 32, 32)
    where = torch.zeros(1, 1, 32, 32)
    where[..., 6:10, 6:10] = 1
    before = ssim(x, y, where=where)
    y[..., 16:, :] = 0  # farther than half a window
    assert ssim(x, y, where=where).item() == before.item()


def test_nothing_to_improve_is_1_without_a_slope():
    x, y = pair(2, 1, 16, 16)
    x.requires_grad_()
    where = torch.zeros(2, 1, 16, 16)
    where[0, :, 8, 8] = 1
    value = ssim(x, y, where=where, each="picture")
    value.sum().backward()
    assert value[1].item() == 1
    assert x.grad[0].abs().max() > 0
    assert x.grad[1].abs().max() == 0


# --- the two losses ------------------------------------------------------------------------------------


def test_losses_are_zero_for_equal_pictures_and_follow_their_formulas():
    x, y = pair(2, 3, 16, 16)
    assert dssim_loss(x, x).item() == pytest.approx(0, abs=1e-12)
    assert log_ssim_loss(x, x).item() == pytest.approx(0, abs=1e-12)
    assert dssim_loss(x, y).item() == pytest.approx(1 - ssim(x, y).item())
    values = ssim(x, y, each="picture")
    assert log_ssim_loss(x, y).item() == pytest.approx(-((values + 1) / 2).log().mean().item())


def test_the_loss_at_the_similarity_of_the_paper():
    """SSIM 0.9469 costs 0.0269: see the formula at work on a pair that is just that similar."""
    x = torch.full((1, 1, 11, 11), 0.5, dtype=torch.float64)
    # Two flat pictures: only means differ, SSIM = (2ab + C1) / (a² + b² + C1).
    a, c, s = 0.5, 1e-4, 0.9469
    b = (2 * a + math.sqrt(4 * a * a - 4 * s * (s * (a * a + c) - c))) / (2 * s)
    assert log_ssim_loss(x, torch.full_like(x, b)).item() == pytest.approx(0.0269, abs=5e-5)


def test_opposites_cost_much_but_not_infinity():
    x = torch.tensor([0.0, 1.0]).repeat(8, 4)[None, None]
    loss = log_ssim_loss(x, 1 - x, window="uniform", size=8, data_range=1e-4)
    assert 5 < loss.item() <= -math.log(1e-6) + 1e-6


def test_modalities_are_averaged_and_colour_is_compared_in_grey():
    x, y = pair(2, 7, 16, 16)
    terms = LogSsimLoss({"rgb": 3, "irr": 1, "uvf": 3})(x, y)
    assert list(terms.parts) == ["rgb", "irr", "uvf"]
    assert terms.parts["rgb"].item() == pytest.approx(log_ssim_loss(grey(x[:, :3]), grey(y[:, :3])).item())
    assert terms.parts["irr"].item() == pytest.approx(log_ssim_loss(x[:, 3:4], y[:, 3:4]).item())
    assert terms.total.item() == pytest.approx(sum(part.item() for part in terms.parts.values()) / 3)


def test_the_loss_is_that_of_an_independent_ssim():
    """-log((SSIM + 1) / 2) by scikit-image, on grey, picture by picture and modality by modality."""
    x, y = pair(2, 4, 24, 31)
    options = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}

    def similarity(a, b):
        _, full = structural_similarity(a.numpy(), b.numpy(), full=True, **options)
        return full[5:-5, 5:-5].mean()

    luma = torch.tensor([0.2989, 0.5870, 0.1140], dtype=x.dtype).view(1, 3, 1, 1)
    parts = [((luma * of[:, :3]).sum(1), of[:, 3]) for of in (x, y)]
    values = [[similarity(a[k], b[k]) for k in range(2)] for a, b in zip(*parts, strict=True)]
    expected = -np.log((np.array(values) + 1) / 2).mean()
    assert LogSsimLoss({"rgb": 3, "irr": 1})(x, y).total.item() == pytest.approx(expected, abs=1e-12)


def test_hue_is_free_unless_chroma_weighs_it():
    x, _ = pair(2, 4, 16, 16)
    shade = x.clone()
    shade[:, 0] += 0.1 * LUMA[1] / LUMA[0]
    shade[:, 1] -= 0.1  # another hue of the same grey
    modalities = {"rgb": 3, "irr": 1}
    assert LogSsimLoss(modalities)(shade, x).total.item() == pytest.approx(0, abs=1e-9)
    terms = LogSsimLoss(modalities, chroma=0.5)(shade, x)
    difference = (shade - x)[:, :3].abs().mean().item()
    assert terms.parts["rgb chroma"].item() == pytest.approx(difference)
    assert terms.total.item() == pytest.approx(0.5 * difference / 2)


def test_window_and_stabilisers_are_those_that_are_said():
    x, y = pair(1, 1, 16, 16)
    options = {"size": 7, "sigma": 1.0, "k1": 0.02, "k2": 0.05, "padding": "same"}
    expected = -math.log((ssim(x, y, **options).item() + 1) / 2)
    assert LogSsimLoss({"irr": 1}, **options)(x, y).total.item() == pytest.approx(expected)


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_a_constant_channel_costs_a_number_and_has_a_slope_without_nan(level):
    flat = torch.full((1, 4, 32, 32), level, requires_grad=True)
    loss = LogSsimLoss({"rgb": 3, "xray": 1}, chroma=0.1)(flat, torch.zeros(1, 4, 32, 32)).total
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(flat.grad).all()


def test_grey_of_white_is_white_but_for_the_rounding_of_its_weights():
    assert grey(torch.ones(1, 3, 1, 1)).item() == pytest.approx(0.9999)


# --- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": 0}, "size=0"),
        ({"size": 4, "padding": "same"}, "odd"),
        ({"size": 4, "where": torch.ones(1, 1, 16, 16)}, "centre"),
        ({"size": 17}, "fits into"),
        ({"sigma": 0}, "sigma"),
        ({"window": "box"}, "'box'"),
        ({"padding": "reflect"}, "'reflect'"),
        ({"k2": 0}, "above 0"),
        ({"data_range": 0}, "above 0"),
        ({"each": "pixel"}, "'pixel'"),
        ({"where": torch.ones(1, 2, 16, 16)}, "1 channel"),
    ],
)
def test_options_out_of_range_are_named(options, says):
    x, y = pair(1, 2, 16, 16)
    with pytest.raises(BadUsage, match=says):
        ssim(x, y, **options)


def test_shapes_that_differ_are_refused():
    x = torch.rand(1, 3, 16, 16)
    with pytest.raises(GridMismatch, match=r"\(1, 3, 16, 16\) and \(1, 1, 16, 16\)"):
        ssim(x, x[:, :1])
    with pytest.raises(GridMismatch, match="grid"):
        ssim(x, x, where=torch.ones(1, 1, 8, 16))
    with pytest.raises(BadUsage, match="floating"):
        ssim(x.int(), x.int())
    with pytest.raises(BadUsage, match="cover the 3 channels"):
        LogSsimLoss({"irr": 1})(x, x)
    with pytest.raises(BadUsage, match="RGB"):
        grey(x[:, :2])
