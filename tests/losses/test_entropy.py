"""Binary cross-entropy: by hand, against the formula, and where it is least."""

import math

import numpy as np
import pytest
import torch

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.losses import CrossEntropy, cross_entropy


def test_it_is_the_surprise_of_the_truth() -> None:
    """White where 3/4 was answered costs log(4/3), black log 4."""
    out = torch.full((1, 1, 1, 2), 0.75)
    truth = torch.tensor([[[[1.0, 0.0]]]])
    assert cross_entropy(out, truth).item() == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)


def test_it_is_equation_4_with_the_sign_of_a_loss() -> None:
    y, x = torch.rand(2, 2, 3, 5, 4, dtype=torch.float64)
    a, b = y.numpy(), x.numpy()
    formula = -np.mean(b * np.log(a) + (1 - b) * np.log(1 - a))
    assert cross_entropy(y, x).item() == pytest.approx(formula)
    assert CrossEntropy()(y, x).total.item() == pytest.approx(formula)


def test_the_middle_is_judged_of_a_patch_that_was_seen_with_more_around() -> None:
    y, x = torch.rand(2, 3, 4, 6), torch.rand(2, 3, 10, 12)
    assert CrossEntropy()(y, x).total == cross_entropy(y, x[..., 3:-3, 3:-3])


def test_it_is_least_where_the_truth_is_answered() -> None:
    truth = torch.rand(1, 3, 8, 8)
    out = truth.clone().requires_grad_()
    cross_entropy(out, truth).backward()
    torch.testing.assert_close(out.grad, torch.zeros_like(out), rtol=0, atol=1e-5)
    least = cross_entropy(truth, truth)
    assert least > 0
    assert all(cross_entropy((truth + step).clamp(0, 1), truth) > least for step in (-0.05, 0.05))


def test_a_sure_and_wrong_answer_costs_100_and_no_infinity() -> None:
    assert cross_entropy(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)).item() == 100


def test_pictures_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(GridMismatch):
        cross_entropy(torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 5))
    with pytest.raises(BadUsage):
        cross_entropy(torch.rand(1, 3, 4, 4), torch.ones(1, 3, 4, 4, dtype=torch.uint8))
