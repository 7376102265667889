"""Objectives are built by name, and nothing misspelt sails on."""

import pytest
import torch

from tratteggio import losses
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.losses import L1Ssim, MseSsim, Vgg16, dssim_loss, frozen


def test_a_name_stands_for_its_options() -> None:
    assert losses.build("l1") == L1Ssim(weight=0.0)
    assert losses.build("mse") == MseSsim(weight=0.0)
    assert losses.build("mse_ssim", {"weight": 1, "judged": "out"}) == MseSsim(weight=1, judged="out")
    eyes = frozen(Vgg16(losses.taps("liu")))
    assert losses.build("liu", {"style": 60.0}, features=eyes) == losses.LiuLoss(eyes, style=60.0)


def test_l1_ssim_adds_what_is_wrong_where_lost_and_structure() -> None:
    """The right column is lost: |0 - 1| and |1 - 0.5| over four pixels."""
    out = torch.tensor([[[[0.5, 0.0], [0.25, 1.0]]]])
    truth = torch.tensor([[[[1.0, 1.0], [0.25, 0.5]]]])
    known = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    plain = losses.build("l1")(out, truth, known)
    assert plain.total.item() == pytest.approx(1.5 / 4)
    assert set(plain.parts) == {"l1_lost"}
    out, truth = torch.rand(2, 2, 3, 12, 12)
    known = torch.ones(2, 1, 12, 12)
    known[..., 6:] = 0
    both = losses.build("l1_ssim", {"weight": 0.5})(out, truth, known)
    shown = torch.cat([truth[..., :6], out[..., 6:]], dim=-1)
    error = (out - truth)[..., 6:].abs().sum() / truth.numel()
    assert both.total.item() == pytest.approx((error + 0.5 * dssim_loss(shown, truth)).item())


def test_modalities_go_to_the_objective_that_judges_them_one_by_one():
    scans = {"rgb": 3, "irr": 1}
    assert losses.build("log_ssim", {"size": 7}, modalities=scans) == losses.LogSsimLoss(scans, size=7)
    assert losses.build("log_ssim") == losses.LogSsimLoss({"rgb": 3})
    assert losses.build("mse", modalities=scans) == losses.build("mse")


def test_known_pixels_do_not_teach() -> None:
    truth, known = torch.rand(1, 3, 12, 12), (torch.rand(1, 1, 12, 12) > 0.5).float()
    out = torch.rand(1, 3, 12, 12, requires_grad=True)
    losses.build("l1_ssim")(out, truth, known).total.backward()
    assert (out.grad[known.expand_as(out) == 1] == 0).all()
    assert (out.grad[known.expand_as(out) == 0] != 0).all()


@pytest.mark.parametrize(
    ("name", "options", "kind", "message"),
    [
        ("mse_sim", {}, UnknownName, "no objective named 'mse_sim'; did you mean 'mse_ssim'"),
        ("mse", {"wait": 1.0}, UnknownName, "no option of mse named 'wait'"),
        ("mse", {"weight": "much"}, BadUsage, "weight of mse must be a number, got 'much'"),
        ("mse", {"weight": True}, BadUsage, "weight of mse must be a number, got True"),
        ("log_ssim", {"size": 7.5}, BadUsage, "size of log_ssim must be a whole number, got 7.5"),
        ("log_ssim", {"modalities": 4}, UnknownName, "no option of log_ssim named 'modalities'"),
        ("mse", {"judged": "everything"}, BadUsage, "MseSsim judges"),
        ("liu", {}, BadUsage, "the objective liu needs a feature net, got none"),
        ("liu", {"features": 1.0}, UnknownName, "no option of liu named 'features'"),
    ],
)
def test_what_cannot_be_is_refused(name, options, kind, message) -> None:
    with pytest.raises(kind, match=message):
        losses.build(name, options)


def test_a_feature_net_where_none_is_needed_is_refused() -> None:
    with pytest.raises(BadUsage, match="mse looks at pixels alone and needs no feature net, got vgg16 pool1"):
        losses.build("mse", features=Vgg16(["pool1"]))
