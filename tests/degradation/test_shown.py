"""What an enhancer is shown of a patch, and that the patch could be found from it."""

import pytest
import torch

from tratteggio.degradation import degradation_names, make_degradation
from tratteggio.errors import BadUsage, UnknownName

TRUTH = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", degradation_names())
def test_the_same_random_numbers_degrade_alike_and_leave_the_truth(name: str) -> None:
    before = TRUTH.clone()
    shown = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        shown.append(make_degradation(name, {})(TRUTH))
    assert torch.equal(shown[0], shown[1])
    assert not torch.equal(shown[0], shown[2])
    assert torch.equal(TRUTH, before)


def test_noise_is_as_strong_as_is_told() -> None:
    torch.manual_seed(0)
    shown = make_degradation("noise", {"strongest": 0.2})(TRUTH)
    assert shown.shape == (4, 4, 64, 64)
    levels = shown[:, 3, 0, 0]
    assert (shown[:, 3:] == levels.view(4, 1, 1, 1)).all()
    assert (levels.min() > 0, levels.max() < 0.2, len(set(levels.tolist()))) == (True, True, 4)
    spread = (shown[:, :3] - TRUTH).flatten(1).std(dim=1)
    torch.testing.assert_close(spread, levels, rtol=0.05, atol=0)


def test_dim_is_a_gamma_and_a_gain() -> None:
    """log shown = log gain + gamma log truth: one line through all pixels of a picture."""
    torch.manual_seed(0)
    truth = TRUTH.clamp(min=0.2).double()
    shown = make_degradation("dim", {"noise": 0.0, "gamma": 3.0, "gain": 0.2})(truth)
    for x, y in zip(truth.log().flatten(1), shown.log().flatten(1), strict=True):
        gamma = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
        gain = (y.mean() - gamma * x.mean()).exp()
        torch.testing.assert_close(y, gain.log() + gamma * x)
        assert 1 <= gamma <= 3
        assert 0.2 <= gain <= 1


def test_raw_is_packed_light_with_the_balance_given_back() -> None:
    torch.manual_seed(0)
    grey = torch.full((2, 3, 256, 256), 0.5)
    shown = make_degradation("raw", {"least": 1.0, "most": 1.0})(grey)
    assert shown.shape == (2, 4, 128, 128)
    light = ((0.5 + 0.055) / 1.055) ** 2.4
    torch.testing.assert_close(shown.mean(dim=(2, 3)), torch.full((2, 4), light), rtol=0.01, atol=0)


@pytest.mark.parametrize(
    ("name", "options", "kind", "message"),
    [
        ("nois", {}, UnknownName, "no degradation named 'nois'; did you mean 'noise'"),
        ("noise", {"strong": 1}, UnknownName, "no option of noise named 'strong'; did you mean 'strongest'"),
        ("noise", {"strongest": "much"}, BadUsage, "strongest of noise must be a number, got 'much'"),
        ("noise", {"strongest": 0.0}, BadUsage, "must be above 0, got 0"),
        ("dim", {"gain": 0.0}, BadUsage, "gain above 0"),
        ("raw", {"least": 9.0, "most": 3.0}, BadUsage, "least before most, got 9.0, 3.0"),
    ],
)
def test_what_cannot_be_is_refused(name, options, kind, message) -> None:
    with pytest.raises(kind, match=message):
        make_degradation(name, options)
