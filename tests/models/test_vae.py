"""Variational autoencoders: the published table, its quirks, the compact form, and the one that draws."""

import pytest
import torch
from torch import Tensor, nn

from tratteggio import models
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.losses import Elbo, Sampled, divergence
from tratteggio.models import vae
from tratteggio.models._attributes import Shifts
from tratteggio.models.vae_fill import VaeFill


def counted(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def bare(name: str) -> vae.Published:
    """Build a net without memory for its 1.2 GB of weights."""
    with torch.device("meta"):
        net = models.build(name)
    assert isinstance(net, vae.Published)
    return net


def damaged(*shape: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    x, known = torch.rand(*shape), torch.ones(shape[0], 1, *shape[2:])
    known[..., 10:22, 5:20] = 0
    return x, known


# --- as published --------------------------------------------------------------------------------------


def test_the_published_form_has_the_parameters_of_its_table() -> None:
    net = bare("vae-published")
    linear = [
        net.encoder[-1], net.mean, net.logvar, net.decoder[0], net.decoder[1],
    ]  # fmt: skip
    assert counted(net.encoder) - counted(net.encoder[-1]) == 1_735_232
    assert sum(counted(layer) for layer in linear) == 298_179_384
    assert counted(net.decoder[2:]) == 1_099_273
    assert counted(net) == 301_013_889


def test_sizes_between_its_layers_are_those_of_the_table() -> None:
    net, sizes = bare("vae-published"), []
    for layer in net.modules():
        if isinstance(layer, nn.MaxPool2d | nn.ConvTranspose2d | nn.Linear):
            layer.register_forward_hook(lambda _, __, y: sizes.append(tuple(y.shape[1:])))
    net.eval()(torch.zeros(2, 1, 100, 100, device="meta"))
    assert sizes == [
        (64, 48, 48), (128, 22, 22), (256, 8, 8), (8000,), (1500,), (1500,), (8000,), (16384,),
        (128, 19, 19), (64, 41, 41), (32, 85, 85), (16, 90, 90), (8, 95, 95), (1, 100, 100),
    ]  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Narrow the linear layers, so that the published form fits a test."""
    monkeypatch.setattr(vae, "HIDDEN", 20)
    monkeypatch.setattr(vae, "LATENT", 6)


@pytest.mark.usefixtures("small")
def test_its_quirks_are_options_and_can_be_turned_off() -> None:
    x = torch.rand(2, 1, 100, 100)
    published, plain = models.build("vae-published"), models.build("vae-published:slope=0.2,signed=0,noisy=0")
    slopes = [
        {m.negative_slope for m in net.modules() if isinstance(m, nn.LeakyReLU)} for net in (published, plain)
    ]
    assert slopes == [{1.0}, {0.2}]
    published.eval(), plain.eval()
    assert not torch.equal(published(x), published(x))
    assert torch.equal(plain(x), plain(x))
    assert torch.equal(published.encode(x), published.encode(x))
    published.train()
    published.encoder.eval()
    signed = published.latent(x)[0]
    published.eval()
    torch.testing.assert_close(signed, published.latent(2 * x - 1)[0])


@pytest.mark.usefixtures("small")
def test_it_gives_its_cloud_in_training_and_a_picture_of_0_to_1_in_use() -> None:
    net = models.build("vae-published")
    x = torch.rand(2, 1, 100, 100)
    answer = net(x)
    assert isinstance(answer, Sampled)
    assert answer.mean.shape == answer.logvar.shape == (2, 6)
    picture = net.eval()(x)
    assert picture.shape == x.shape
    assert picture.min() >= 0
    assert picture.max() <= 1


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("shape", [(1, 3, 100, 100), (1, 1, 64, 64)])
def test_it_refuses_colours_and_other_sizes(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadUsage, match="grey pictures of 100 x 100"):
        models.build("vae-published").eval()(torch.zeros(shape))


# --- compact -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "colours"), [("vae-compact", 3), ("vae-compact:colours=1", 1)])
def test_the_compact_form_takes_any_size(name: str, colours: int) -> None:
    net = models.build(name).eval()
    x, known = damaged(1, colours, 100, 75)
    assert net(x, known).shape == x.shape
    assert net.encode(x, known).shape == (1, 32, 7, 5)


def test_its_state_with_two_moments_is_at_most_40_mb() -> None:
    assert 3 * 4 * counted(models.build("vae-compact")) <= 40e6


def test_what_a_lacuna_holds_does_not_reach_the_compact_form() -> None:
    net = models.build("vae-compact").eval()
    x, known = damaged(1, 3, 64, 64)
    dirty = torch.where(known > 0.5, x, torch.nan)
    torch.testing.assert_close(net(x, known), net(dirty, known))


def test_samples_follow_their_generator_and_differ_from_one_another() -> None:
    net = models.build("vae-compact").eval()
    x, known = damaged(1, 3, 64, 64)
    one, same = (net.sample(x, known, rng=torch.Generator().manual_seed(1)) for _ in range(2))
    other = net.sample(x, known, rng=torch.Generator().manual_seed(2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_compact_form_refuses_other_colours_by_name() -> None:
    x, known = damaged(1, 3, 64, 64)
    with pytest.raises(BadUsage, match="1 colour, .* got \\(1, 3, 64, 64\\)"):
        models.build("vae-compact:colours=1").eval()(x, known)


@pytest.mark.parametrize("name", ["vae-compact:colours=2", "vae-compact:colours", "vae-published:slope=x"])
def test_options_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(BadUsage):
        models.build(name)


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(UnknownName, match="colors"):
        models.build("vae-compact:colors=3")


# --- fills ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fill() -> VaeFill:
    """The net with weights of which none is 0, so that every part shows."""
    torch.manual_seed(0)
    net = models.build("vae-fill")
    assert isinstance(net, VaeFill)
    for parameter in net.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.02)
    return net.eval()


def test_before_training_it_fills_as_the_net_that_it_is_built_on() -> None:
    net = models.build("vae-fill").eval()
    x, known = damaged(1, 3, 64, 80)
    torch.testing.assert_close(net(x, known), net.foundation(x, known))


def test_the_truth_is_seen_in_training_alone(fill: VaeFill) -> None:
    x, known = damaged(2, 3, 64, 64)
    truth = torch.rand_like(x)
    answer = fill(x, known, truth=truth)
    assert isinstance(answer, Sampled)
    assert answer.prior_mean is not None
    assert not torch.equal(answer.mean, answer.prior_mean)
    torch.testing.assert_close(answer.prior_mean, fill.latent(x, known)[0])


def test_a_latent_is_taxed_only_where_something_is_lost(fill: VaeFill) -> None:
    x, known = damaged(1, 3, 64, 64)
    answer = fill(x, known, truth=torch.rand_like(x))
    differs = (answer.mean != answer.prior_mean).any(dim=1)[0]
    assert differs[1:3, 0:3].all()
    differs[1:3, 0:3] = False
    assert not differs.any()


def test_what_its_latent_tells_is_counted_over_the_cells_where_something_is_lost(fill: VaeFill) -> None:
    x, known = damaged(1, 3, 64, 64)
    truth = torch.rand_like(x)
    answer = fill(x, known, truth=truth)
    of_all = divergence(*answer[1:]).sum(dim=(0, 2, 3))
    torch.testing.assert_close(fill.nats(x, known, truth), of_all / 6)


def test_what_the_latent_of_the_compact_form_tells_is_its_divergence() -> None:
    net = models.build("vae-compact").eval()
    x, known = damaged(2, 3, 64, 64)
    assert net.nats(x, known, x).tolist() == [0] * 32  # clouds begin as N(0, 1)
    nn.init.normal_(net.gaussian.weight)
    assert net.nats(x, known, x).shape == (32,)
    assert net.nats(x, known, x).min() > 0


def test_its_draws_differ_in_the_lacunae_and_hardly_far_from_them(fill: VaeFill) -> None:
    x, known = damaged(1, 3, 320, 320)
    one, two = fill.samples(x, known, count=2, rng=torch.Generator().manual_seed(3))
    apart = (one - two).abs().amax(dim=1)[0]
    assert apart[10:22, 5:20].min() > 0
    assert apart[200:, 200:].max() == 0


def test_draws_are_the_same_however_many_are_asked_for(fill: VaeFill) -> None:
    x, known = damaged(1, 3, 64, 64)
    few, many = (
        fill.samples(x, known, count=count, rng=torch.Generator().manual_seed(3)) for count in (2, 4)
    )
    assert all(torch.equal(a, b) for a, b in zip(few, many, strict=False))


# --- attributes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vae-compact", "vae-fill"])
def test_attributes_begin_as_nothing_and_shift_the_answer_once_they_are_learnt(name: str) -> None:
    plain, conditioned = models.build(name).eval(), models.build(f"{name}:attributes=cats+dogs").eval()
    assert conditioned.attributes == ("cats", "dogs")
    missing, unknown = conditioned.load_state_dict(plain.state_dict(), strict=False)
    assert (missing, unknown) == (["shifts.linear.weight"], [])
    for parameter in conditioned.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    plain.load_state_dict(conditioned.state_dict(), strict=False)
    nn.init.zeros_(conditioned.shifts.linear.weight)
    x, known = damaged(2, 3, 64, 64)
    cat = torch.tensor([[1.0, 0.0]] * 2)
    assert torch.equal(conditioned(x, known, cat), plain(x, known))
    nn.init.normal_(conditioned.shifts.linear.weight)
    assert torch.equal(conditioned(x, known), plain(x, known))
    one, other = conditioned(x, known, cat), conditioned(x, known, 1 - cat)
    assert not torch.equal(one, other)
    assert not torch.equal(one, plain(x, known))


def test_a_net_learns_to_fill_by_what_it_is_told() -> None:
    """Around the lacunae all pictures are alike; whether they are bright or dark there, words alone say."""
    torch.manual_seed(0)
    net = models.build("vae-compact:colours=1,attributes=bright+dark")
    bright, dark = torch.eye(2).split(1)
    known = torch.ones(8, 1, 16, 16)
    known[..., 4:12, 4:12] = 0
    truth = torch.full((8, 1, 16, 16), 0.5)
    truth[0::2, :, 4:12, 4:12], truth[1::2, :, 4:12, 4:12] = 0.8, 0.2
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(100):
        optimiser.zero_grad()
        answer = net(truth * known, known, torch.cat([bright, dark] * 4))
        Elbo(divergence=1)(answer, truth, known).total.backward()
        optimiser.step()
    x = (truth * known)[:1]
    one, other = (
        net.eval()(x, known[:1], attributes)[..., 6:10, 6:10].mean() for attributes in (bright, dark)
    )
    assert one > other + 0.2


def test_a_tenth_of_the_attributes_is_withheld_in_training_and_none_in_use() -> None:
    shifts = Shifts(("one", "other"), 1)
    nn.init.ones_(shifts.linear.weight)
    torch.manual_seed(0)
    attributes = torch.tensor([[1.0, 0.0]]).expand(4000, 2)
    assert 0.08 < (shifts(attributes)[0] == 0).float().mean() < 0.12
    assert (shifts.eval()(attributes)[0] == 1).all()


def test_the_latent_and_the_draws_follow_the_attributes() -> None:
    torch.manual_seed(0)
    x, known = damaged(1, 3, 64, 64)
    for name in ("vae-compact", "vae-fill"):
        net = models.build(f"{name}:attributes=cats+dogs").eval()
        for parameter in net.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.05)
        cat, dog = torch.eye(2).split(1)
        assert not torch.equal(net.latent(x, known, cat)[0], net.latent(x, known, dog)[0])
        assert not torch.equal(net.nats(x, known, x, cat), net.nats(x, known, x, dog))
        draw = getattr(net, "sample", None) or (lambda *a, rng, net=net: net.samples(*a, count=1, rng=rng)[0])
        one, other = (
            draw(x, known, attributes, rng=torch.Generator().manual_seed(1)) for attributes in (cat, dog)
        )
        assert not torch.equal(one, other)


@pytest.mark.parametrize("name", ["vae-compact", "vae-fill:attributes=cats"])
def test_another_number_of_attributes_is_refused(name: str) -> None:
    x, known = damaged(1, 3, 64, 64)
    with pytest.raises(BadUsage, match=r"told of [01] attributes, .* got \(1, 2\)"):
        models.build(name).eval()(x, known, torch.ones(1, 2))


@pytest.mark.parametrize(
    "name", ["vae-compact:attributes=", "vae-fill:attributes=cats+cats", "vae-published:attributes=cats"]
)
def test_attributes_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(BadUsage, match="attributes"):
        models.build(name)
