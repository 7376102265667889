"""Rivals of the descriptor: the sparse autoencoder against autograd, the search against a loop."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from tratteggio.experiments._rivals import HIDDEN, Exhaustive, Sparse, cost, learn


def weights(samples: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.3, 2 * HIDDEN * samples + HIDDEN + samples)


def patches(count: int = 20, samples: int = 12, *, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((count, samples))


def test_it_has_197_504_parameters_for_patches_of_16_by_16() -> None:
    found = learn(patches(8, 768).astype(np.float32), seed=0, iterations=1)
    assert sum(part.size for part in found) == 197_504
    assert found.describe(patches(3, 768).astype(np.float32)).shape == (3, 128)


def test_cost_and_gradient_are_those_that_autograd_finds() -> None:
    x = patches()
    flat = torch.from_numpy(weights(12)).requires_grad_()
    inner, bias, outer, outer_bias = flat.split([HIDDEN * 12, HIDDEN, HIDDEN * 12, 12])
    inner, outer = inner.view(HIDDEN, 12), outer.view(12, HIDDEN)
    truth = torch.from_numpy(x)
    hidden = torch.sigmoid(truth @ inner.T + bias)
    answers = torch.sigmoid(hidden @ outer.T + outer_bias)
    mean, rho = hidden.mean(dim=0), 0.05
    divergence = rho * torch.log(rho / mean) + (1 - rho) * torch.log((1 - rho) / (1 - mean))
    wanted = (
        (answers - truth).square().sum() / 40
        + 3e-3 / 2 * (inner.square().sum() + outer.square().sum())
        + 3 * divergence.sum()
    )
    wanted.backward()
    value, slope = cost(weights(12), x)
    assert value == pytest.approx(wanted.item(), rel=1e-12)
    assert flat.grad is not None
    assert_allclose(slope, flat.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_learning_lowers_the_cost_and_the_same_seed_gives_the_same_net() -> None:
    x = patches(60)
    first, more, again = (learn(x, seed=3, iterations=n) for n in (1, 40, 40))
    costs = [cost(net.flat(), x)[0] for net in (first, more)]
    assert costs[1] < 0.9 * costs[0]
    assert all(np.array_equal(a, b) for a, b in zip(more, again, strict=True))


def test_single_precision_learns_as_well() -> None:
    x = patches(60)
    costs = [
        cost(learn(x.astype(kind), seed=0, iterations=60).flat(), x)[0] for kind in (np.float32, np.float64)
    ]
    assert costs[0] == pytest.approx(costs[1], rel=0.02)


def test_samples_that_are_lost_count_as_black() -> None:
    net = Sparse.of(weights(12), samples=12)
    lost = np.arange(12) % 3 == 0
    pixels = patches()
    assert_allclose(net.describe(pixels, lost), net.describe(np.where(lost, 0, pixels)), rtol=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.uint8])
def test_differences_are_those_of_a_loop_over_all_places(kind: type) -> None:
    rng = np.random.default_rng(0)
    image = (rng.random((23, 31, 3)) * 255).astype(kind)
    patch, lost = image[4:10, 20:29].copy(), rng.random((6, 9)) < 0.3
    patch[lost] = 99
    found = Exhaustive(image).differences(patch, lost)
    away = np.array(
        [
            [np.sum((image[r : r + 6, c : c + 9].astype(float) - patch)[~lost] ** 2) for c in range(31 - 8)]
            for r in range(23 - 5)
        ]
    )
    assert_allclose(found, away, atol=1e-7 * away.max())
    assert found.argmin() == 4 * (31 - 8) + 20
    assert found.min() >= 0


def test_a_patch_of_which_nothing_is_known_is_everywhere() -> None:
    image = np.random.default_rng(0).random((20, 20, 3))
    found = Exhaustive(image).differences(image[:16, :16], np.ones((16, 16), bool))
    assert_allclose(found, 0, atol=1e-9)
