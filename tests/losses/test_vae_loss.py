"""The bound of variational autoencoders: closed forms, the published scale, and its options."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from tratteggio import losses
from tratteggio.errors import BadUsage
from tratteggio.losses import Elbo, PerceptualElbo, Sampled, divergence, frozen, sample_gaussian

numbers = st.floats(-3, 3)


def answer(side: int = 8, numbers: int = 5) -> tuple[Sampled, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    truth, known = torch.rand(2, 1, side, side), torch.ones(2, 1, side, side)
    known[..., 2:5, 1:4] = 0
    return Sampled(torch.rand_like(truth), torch.randn(2, numbers), torch.randn(2, numbers)), truth, known


def test_a_standard_cloud_costs_nothing_and_pulls_nowhere() -> None:
    mean, logvar = (torch.zeros(3, requires_grad=True) for _ in range(2))
    cost = divergence(mean, logvar)
    cost.sum().backward()
    assert cost.tolist() == [0, 0, 0]
    assert mean.grad.tolist() == logvar.grad.tolist() == [0, 0, 0]


@given(numbers, numbers, numbers, numbers)
def test_divergence_is_that_of_torch_distributions(a: float, b: float, c: float, d: float) -> None:
    one, two, three, four = (torch.tensor(value, dtype=torch.float64) for value in (a, b, c, d))
    q, p = Normal(one, (two / 2).exp()), Normal(three, (four / 2).exp())
    torch.testing.assert_close(divergence(one, two, three, four), kl_divergence(q, p))
    standard = Normal(torch.zeros_like(one), torch.ones_like(one))
    torch.testing.assert_close(divergence(one, two), kl_divergence(q, standard))


def test_drawn_numbers_have_the_mean_and_the_variance_of_the_cloud() -> None:
    torch.manual_seed(0)
    z = sample_gaussian(torch.tensor(2.0), torch.tensor(math.log(9.0)), torch.randn(200_000))
    assert z.mean().item() == pytest.approx(2, abs=0.03)
    assert z.var().item() == pytest.approx(9, rel=0.02)


def test_the_published_objective_is_reached_in_its_own_words() -> None:
    """Its code: MSE - 0.005 sum(1 + logvar - mean² - exp(logvar)) / (B C H W)."""
    out, truth, known = answer()
    inner = (1 + out.logvar - out.mean.square() - out.logvar.exp()).sum()
    published = (out.picture - truth).square().mean() - 0.005 * inner / truth.numel()
    torch.testing.assert_close(Elbo()(out, truth, known).total, published)


def test_its_scale_is_that_of_the_bound() -> None:
    """Times C H W / (2 s²), with divergence 2 s², it is minus the bound but for the constant of the noise."""
    out, truth, known = answer()
    noise = 0.3
    total = Elbo(divergence=2 * noise**2)(out, truth, known).total * truth[0].numel() / (2 * noise**2)
    likelihood = Normal(out.picture, noise).log_prob(truth).sum() / 2
    constant = -truth[0].numel() * math.log(noise * math.sqrt(2 * math.pi))
    bound = likelihood - divergence(out.mean, out.logvar).sum() / 2
    torch.testing.assert_close(-total + constant, bound)


def test_the_quirks_compare_with_a_signed_truth_and_a_second_channel_of_ones() -> None:
    out, truth, known = answer()
    with_alpha = torch.cat([2 * truth - 1, torch.ones_like(truth)], dim=1)
    quirky = (out.picture - with_alpha).square().mean()
    torch.testing.assert_close(Elbo(0.0, signed=True, alpha=True)(out, truth, known).total, quirky)


def test_lost_pixels_alone_teach_if_the_known_weigh_nothing() -> None:
    out, truth, known = answer()
    squares = (out.picture - truth).square()
    torch.testing.assert_close(
        Elbo(0.0, known=0.0)(out, truth, known).parts["squares"], (squares * (1 - known)).mean()
    )
    torch.testing.assert_close(
        Elbo(0.0, lost=3.0)(out, truth, known).parts["squares"], (squares * (3 - 2 * known)).mean()
    )


def test_the_tax_climbs_over_the_warmup_and_stays() -> None:
    objective = Elbo(divergence=0.4, warmup=4)
    assert [objective.at(step).divergence for step in (0, 1, 4, 9)] == [0, 0.1, 0.4, 0.4]
    assert objective.at(9).at(2).divergence == 0.4


def test_free_nats_are_not_taxed_number_by_number() -> None:
    _, truth, known = answer()
    out = Sampled(truth, torch.tensor([[1.0, 0.1], [1.0, 0.1]]), torch.zeros(2, 2))
    nats = Elbo(free=0.25)(out, truth, known).parts["divergence"] * truth[0].numel()
    assert nats.item() == pytest.approx(0.5 + 0.25)


def test_an_answer_without_a_latent_is_judged_as_a_picture() -> None:
    out, truth, known = answer(side=16)
    terms = Elbo(ssim=0.1)(truth, truth, known)
    assert set(terms.parts) == {"squares", "dssim"}
    assert terms.total.item() == pytest.approx(0, abs=1e-6)
    assert "divergence" in Elbo()(out, truth, known).parts


class Means(torch.nn.Module):
    """A feature net of one tap: pictures halved."""

    name = "means"

    def taps(self, x: torch.Tensor) -> list[torch.Tensor]:
        assert x.shape[1] == 3
        return [torch.nn.functional.avg_pool2d(x, 2)]


def test_the_perceptual_form_adds_what_a_net_sees_of_grey_pictures_too() -> None:
    out, truth, known = answer()
    features = frozen(Means())
    plain = Elbo(0.2)(out, truth, known)
    terms = PerceptualElbo(features=features, content=2.0, divergence=0.2)(out, truth, known)
    pooled = torch.nn.functional.avg_pool2d(out.picture - truth, 2).square().mean()
    torch.testing.assert_close(terms.total, plain.total + 2 * pooled)
    torch.testing.assert_close(terms.parts["content"], pooled)


def test_they_are_built_by_name() -> None:
    assert losses.build("elbo", {"warmup": 10}) == Elbo(warmup=10)
    assert losses.taps("elbo_perceptual") == ("relu1_2", "relu2_2", "relu3_3")


@pytest.mark.parametrize("options", [{"divergence": -1.0}, {"free": -0.1}, {"known": 0.0, "lost": 0.0}])
def test_weights_that_cannot_be_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadUsage):
        Elbo(**options)
