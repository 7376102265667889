"""The terms of Liu et al. and of the Dunhuang poster: worked by hand, against plain loops, and their laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck
from torch.nn import functional

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.losses import (
    DepthPsnrSsim,
    LiuLoss,
    MseSsim,
    PosterLoss,
    PsnrSsim,
    composite,
    depth_levels,
    dssim_loss,
    error_level,
    frozen,
    l1_known,
    l1_lost,
    mse,
    total_variation,
)
from tratteggio.metrics.fidelity import psnr

# One channel of 2 x 2: the right column is lost.
OUT = torch.tensor([[[[0.5, 0.0], [0.25, 1.0]]]])
TRUTH = torch.tensor([[[[1.0, 1.0], [0.25, 0.5]]]])
KNOWN = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])


class Eyes(nn.Module):
    """A feature net of our own: the picture itself, and averages of 2 x 2 pixels through a convolution."""

    name = "eyes"

    def __init__(self):
        super().__init__()
        spin = torch.Generator().manual_seed(7)
        self.conv = nn.Conv2d(3, 4, 2, stride=2)
        with torch.no_grad():
            self.conv.weight.copy_(torch.randn(4, 3, 2, 2, generator=spin))
            self.conv.bias.zero_()

    def taps(self, x):
        return [x, torch.tanh(self.conv(x.to(self.conv.weight.dtype)))]


def scene(batch=2, rows=12, cols=14, seed=0, dtype=torch.float32):
    spin = torch.Generator().manual_seed(seed)
    out, truth = (torch.rand(batch, 3, rows, cols, generator=spin).to(dtype) for _ in range(2))
    return out, truth, (torch.rand(batch, 1, rows, cols, generator=spin) < 0.7).to(dtype)


def objectives():
    eyes = frozen(Eyes())
    return {
        "liu": LiuLoss(eyes),
        "poster": PosterLoss(eyes),
        "poster, one Gram matrix": PosterLoss(eyes, joint_style=True),
        "psnr": PsnrSsim(weight=0.0),
        "psnr, ssim": PsnrSsim(),
        "psnr by depth, ssim": DepthPsnrSsim(),
        "mse": MseSsim(0),
        "mse + ssim": MseSsim(),
        "mse + ssim of out": MseSsim(judged="out"),
    }


every = pytest.mark.parametrize("loss", objectives().values(), ids=objectives())


# --- 2 x 2, by hand ------------------------------------------------------------------------------------


def test_pixel_terms_by_hand():
    assert composite(OUT, TRUTH, KNOWN).tolist() == [[[[1.0, 0.0], [0.25, 1.0]]]]
    assert l1_lost(OUT, TRUTH, KNOWN).item() == (1.0 + 0.5) / 4
    assert l1_known(OUT, TRUTH, KNOWN).item() == (0.5 + 0.0) / 4
    assert mse(OUT, TRUTH).item() == (0.25 + 1 + 0 + 0.25) / 4


def test_variation_by_hand():
    """Down: -0.25 and 1. Across: -0.5 and 0.75."""
    assert total_variation(OUT).item() == (0.25 + 1 + 0.5 + 0.75) / 4
    squares = 2 * ((0.0625 + 1) / 2 + (0.25 + 0.5625) / 2)
    assert total_variation(OUT, squared=True).item() == squares


def test_variation_counts_a_lacuna_and_one_pixel_around_it():
    x = torch.arange(7.0).square().repeat(7, 1)[None, None]  # columns 0 1 4 9 16 25 36
    known = torch.ones(1, 1, 7, 7)
    known[..., 3, 3] = 0
    # Widened, it is rows 2 to 4 and columns 2 to 4, with the steps 4 to 9 and 9 to 16 in each row.
    assert total_variation(x, known).item() == pytest.approx(3 * (5 + 7) / 49)


@pytest.mark.parametrize("squared", [False, True])
def test_pairs_with_a_lost_pixel_all_count(squared):
    """So that, for what was answered, the widened lacuna has the gradient of the whole picture."""
    out, truth, known = scene()
    out.requires_grad_()
    comp = composite(out, truth, known)
    near = torch.autograd.grad(total_variation(comp, known, squared=squared), out, retain_graph=True)
    whole = torch.autograd.grad(total_variation(comp, squared=squared), out)
    torch.testing.assert_close(near, whole)


# --- against independent forms -------------------------------------------------------------------------


def test_liu_is_the_sum_of_the_paper():
    """Written out picture by picture, in the paper's symbols."""
    out, truth, known = scene(dtype=torch.float64)
    eyes = frozen(Eyes().double())
    expected = 0.0
    for i_out, i_gt, m in zip(out, truth, known, strict=True):
        i_comp = m * i_gt + (1 - m) * i_out
        n = i_gt.numel()
        l_hole = ((1 - m) * (i_out - i_gt)).abs().sum() / n
        l_valid = (m * (i_out - i_gt)).abs().sum() / n
        l_perceptual = l_style = 0.0
        for psi_out, psi_comp, psi_gt in zip(
            *(eyes.taps(i[None]) for i in (i_out, i_comp, i_gt)), strict=True
        ):
            c, h, w = psi_gt.shape[1:]
            k = 1 / (c * h * w)
            for psi in (psi_out, psi_comp):
                l_perceptual += (psi - psi_gt).abs().sum() / (c * h * w)
                a, b = psi.reshape(c, h * w), psi_gt.reshape(c, h * w)
                l_style += (k * (a @ a.T - b @ b.T)).abs().sum() / (c * c)
        p = functional.conv2d(1 - m[None], torch.ones(1, 1, 3, 3).double(), padding=1)[0, 0] > 0
        l_tv = 0.0
        for i in range(p.shape[0]):
            for j in range(p.shape[1]):
                if j + 1 < p.shape[1] and p[i, j] and p[i, j + 1]:
                    l_tv += (i_comp[:, i, j + 1] - i_comp[:, i, j]).abs().sum() / n
                if i + 1 < p.shape[0] and p[i, j] and p[i + 1, j]:
                    l_tv += (i_comp[:, i + 1, j] - i_comp[:, i, j]).abs().sum() / n
        expected += l_valid + 6 * l_hole + 0.05 * l_perceptual + 120 * l_style + 0.1 * l_tv
    assert LiuLoss(eyes)(out, truth, known).total.item() == pytest.approx(expected.item() / len(out))


@pytest.mark.parametrize(("batch", "joint"), [(1, False), (1, True), (3, True)])
def test_poster_is_the_sum_of_its_code(batch, joint):
    """Its Gram matrix takes the channels of the whole batch as one; its variation adds channels up."""
    out, truth, known = scene(batch=batch, dtype=torch.float64)
    eyes = frozen(Eyes().double())
    comp = known * truth + (1 - known) * out
    expected = 0.0
    for f, g in zip(eyes.taps(comp), eyes.taps(truth), strict=True):
        b, c, h, w = f.shape
        f_rows, g_rows = f.reshape(b * c, h * w), g.reshape(b * c, h * w)
        grams = [rows @ rows.T / (b * c * h * w) for rows in (f_rows, g_rows)]
        expected += 0.05 * functional.mse_loss(f, g) + 1000 * functional.mse_loss(*grams)
    _, _, h, w = comp.shape
    down = ((comp[:, :, 1:] - comp[:, :, :-1]) ** 2).sum() / ((h - 1) * w)
    across = ((comp[..., 1:] - comp[..., :-1]) ** 2).sum() / (h * (w - 1))
    expected += 0.1 * 2 * (down + across) / batch
    found = PosterLoss(eyes, joint_style=joint)(out, truth, known)
    assert found.total.item() == pytest.approx(expected.item())


def test_mse_ssim_is_the_sum_of_its_parts():
    out, truth, known = scene()
    comp = composite(out, truth, known)
    assert MseSsim(0.3)(out, truth, known).total.item() == pytest.approx(
        functional.mse_loss(comp, truth).item() + 0.3 * dssim_loss(comp, truth).item()
    )
    plain = MseSsim(0, judged="out")(out, truth, known)
    assert list(plain.parts) == ["mse"]
    assert plain.total.item() == pytest.approx(functional.mse_loss(out, truth).item())


def test_the_published_weights():
    eyes = frozen(Eyes())
    out, truth, known = scene()
    for loss, weights in [
        (LiuLoss(eyes), {"l1_known": 1, "l1_lost": 6, "content": 0.05, "style": 120, "variation": 0.1}),
        (PosterLoss(eyes), {"content": 0.05, "style": 1000, "variation": 0.1}),
    ]:
        terms = loss(out, truth, known)
        assert set(terms.parts) == set(weights)
        total = sum(weight * terms.parts[name].item() for name, weight in weights.items())
        assert terms.total.item() == pytest.approx(total)


# --- laws ----------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 99))
@settings(max_examples=10)
def test_the_lost_term_sees_nothing_outside_the_lacunae(seed):
    out, truth, known = scene(seed=seed)
    other_out, other_truth, _ = scene(seed=seed + 100)
    changed_out, changed_truth = composite(out, other_out, known), composite(truth, other_truth, known)
    assert l1_lost(out, truth, known) == l1_lost(changed_out, changed_truth, known)
    assert l1_known(out, truth, 1 - known) == l1_known(changed_out, changed_truth, 1 - known)


@given(seed=st.integers(0, 99))
@settings(max_examples=10)
def test_lost_and_known_add_up_to_all(seed):
    out, truth, known = scene(seed=seed)
    both = l1_lost(out, truth, known) + l1_known(out, truth, known)
    torch.testing.assert_close(both, functional.l1_loss(out, truth))


def test_nothing_lost_leaves_no_lost_term_and_no_variation():
    out, truth, known = scene()
    everything = torch.ones_like(known)
    assert l1_lost(out, truth, everything).item() == 0
    assert total_variation(out, everything).item() == 0
    terms = LiuLoss(frozen(Eyes()))(out, truth, everything)
    assert terms.parts["l1_lost"].item() == 0


@every
def test_a_perfect_answer_costs_only_its_own_variation(loss):
    _, truth, known = scene()
    parts = {name: part.item() for name, part in loss(truth, truth, known).parts.items()}
    for level in ("error_level", "depth_levels"):
        assert parts.pop(level, -40.0) == pytest.approx(-40.0)  # its floor
    assert all(abs(value) < 1e-6 for name, value in parts.items() if name != "variation")


@pytest.mark.parametrize("name", ["poster", "psnr, ssim", "psnr by depth, ssim", "mse", "mse + ssim"])
def test_objectives_of_the_composite_teach_nothing_where_known(name):
    out, truth, known = scene()
    out.requires_grad_()
    objectives()[name](out, truth, known).total.backward()
    assert (out.grad * known).abs().max() == 0
    assert (out.grad * (1 - known)).abs().max() > 0


@every
def test_where_truth_is_laid_over_the_answer_nothing_is_taught(loss):
    """As the module tells users to do with corners that a rotation turned in."""
    out, truth, known = scene()
    nowhere = torch.zeros_like(known)
    nowhere[..., :4, :4] = 1
    known = known * (1 - nowhere)
    out.requires_grad_()
    loss(composite(out, truth, nowhere), truth, known).total.backward()
    assert (out.grad * nowhere).abs().max() == 0


@every
def test_the_gradient_is_the_slope(loss):
    out, truth, known = scene(batch=2, rows=12, cols=11, dtype=torch.float64)
    if isinstance(loss, PosterLoss | LiuLoss):
        loss = type(loss)(
            frozen(Eyes().double()), **({"joint_style": True} if isinstance(loss, PosterLoss) else {})
        )
    spin = torch.Generator().manual_seed(3)
    along = torch.randn(out.shape, generator=spin, dtype=torch.float64)
    step = torch.zeros((), dtype=torch.float64, requires_grad=True)  # one slope tells as much as all
    assert gradcheck(lambda t: loss(out + t * along, truth, known).total, (step,), eps=1e-8, atol=1e-4)


@pytest.mark.parametrize("name", sorted(objectives().keys() - {"poster, one Gram matrix"}))
def test_the_value_of_a_batch_is_the_mean_of_its_pictures(name):
    loss = objectives()[name]
    out, truth, known = scene(batch=3)
    alone = [loss(out[i : i + 1], truth[i : i + 1], known[i : i + 1]).total for i in range(3)]
    torch.testing.assert_close(loss(out, truth, known).total, torch.stack(alone).mean())


@every
def test_one_mask_serves_a_batch_and_may_be_bool(loss):
    out, truth, known = scene()
    first = known[:1]
    expected = loss(out, truth, first.expand(2, -1, -1, -1)).total
    torch.testing.assert_close(loss(out, truth, first.bool()).total, expected)


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_finite_and_near(loss, dtype):
    out, truth, known = scene(batch=1, rows=64, cols=64)
    out, truth = out.to(dtype).requires_grad_(), truth.to(dtype)
    total = loss(out, truth, known.to(dtype)).total
    total.backward()
    assert total.dtype == torch.float32
    assert torch.isfinite(out.grad).all()
    exact = loss(out.float(), truth.float(), known).total
    torch.testing.assert_close(total, exact, rtol=2e-3, atol=1e-5)


@every
def test_autocast_is_finite_and_near(loss):
    out, truth, known = scene(batch=1, rows=64, cols=64)
    with torch.autocast("cpu", torch.bfloat16):
        total = loss(out, truth, known).total
    torch.testing.assert_close(total, loss(out, truth, known).total, rtol=5e-2, atol=1e-4)


@every
def test_parts_hold_no_graph(loss):
    out, truth, known = scene()
    terms = loss(out.requires_grad_(), truth, known)
    assert terms.total.requires_grad
    assert not any(part.requires_grad for part in terms.parts.values())


def test_the_feature_net_does_not_learn():
    eyes = frozen(Eyes())
    out, truth, known = scene()
    LiuLoss(eyes)(out.requires_grad_(), truth, known).total.backward()
    assert all(weight.grad is None for weight in eyes.parameters())


def test_known_pixels_that_a_net_left_undefined_do_not_spoil_the_composite():
    out, truth, known = scene()
    out = torch.where(known > 0.5, torch.nan, out).requires_grad_()
    loss = MseSsim()(out, truth, known).total
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(out.grad).all()


# --- what is refused -----------------------------------------------------------------------------------


@every
def test_grids_that_differ_are_refused(loss):
    out, truth, known = scene()
    with pytest.raises(GridMismatch):
        loss(out, truth[..., 1:], known)
    with pytest.raises(GridMismatch):
        loss(out, truth[..., 1:], known[..., 1:])


def test_masks_that_do_not_fit_are_refused():
    out, truth, known = scene()
    with pytest.raises(GridMismatch, match=r"\(2, 1, 12, 13\)"):
        composite(out, truth, known[..., 1:])
    with pytest.raises(BadUsage, match="1 channel"):
        l1_lost(out, truth, known.expand(-1, 3, -1, -1))
    with pytest.raises(BadUsage, match="2 x 2"):
        total_variation(out[..., :1], squared=True)
    with pytest.raises(BadUsage, match="'fill'"):
        MseSsim(judged="fill")


def test_the_error_level_is_minus_the_psnr_of_the_lacunae_averaged_over_pictures() -> None:
    out, truth, known = scene(batch=3)
    apart = [
        psnr(truth[k].numpy().T, out[k].numpy().T, data_range=1.0, where=known[k, 0].numpy().T == 0)
        for k in range(3)
    ]
    assert -error_level(out, truth, known, floor=0.0).item() == pytest.approx(np.mean(apart), rel=1e-5)


def test_depth_levels_measure_rim_and_middle_of_a_lacuna_apart() -> None:
    """A lacuna 29 px wide: 3 px at each rim, 9 px behind, 5 px in the middle."""
    truth, known = torch.zeros(1, 1, 40, 40), torch.ones(1, 1, 40, 40)
    known[..., 5:34, :] = 0
    distance = np.minimum(np.arange(40) - 4, 34 - np.arange(40))[:, None] * np.ones(40)
    error = np.select([distance <= 3, distance <= 12], [0.1, 0.01], 0.001)
    out = truth + torch.from_numpy(error).float()
    level = depth_levels(out, truth, known, floor=0.0).item()
    assert level == pytest.approx(-(20 + 40 + 60) / 3, rel=1e-5)


def test_depth_levels_of_cracks_alone_are_the_error_level() -> None:
    _, truth, _ = scene(batch=1)
    known = torch.ones(1, 1, *truth.shape[2:])
    known[..., 4:6, :] = 0
    out = truth + 0.1
    assert depth_levels(out, truth, known).item() == pytest.approx(error_level(out, truth, known).item())


def test_a_picture_without_lacunae_lies_at_the_floor_and_teaches_nothing() -> None:
    out, truth, _ = scene(batch=1)
    out.requires_grad_()
    level = error_level(out, truth, torch.ones(1, 1, 12, 14), floor=1e-4)
    assert level.item() == pytest.approx(-40.0)
    level.backward()
    assert not out.grad.any()
