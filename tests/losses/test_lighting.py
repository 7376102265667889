"""Objectives of light: by hand, in loops, and least where they should be."""

import math

import numpy as np
import pytest
import torch

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.losses import (
    Absolute,
    Curved,
    Curves,
    Illumination,
    Lit,
    contrast_kept,
    grey_world,
    hue,
    smoothness,
    total_variation,
    well_exposed,
)

KNOWN = torch.ones(1, 1, 1, 1)


def test_absolute_is_the_mean_over_all_known_or_not() -> None:
    out, truth = torch.tensor([[[[0.0, 1.0]]]]), torch.tensor([[[[0.5, 1.0]]]])
    assert Absolute()(out, truth, torch.zeros(1, 1, 1, 2)).total.item() == 0.25


def test_smoothness_is_equation_4_with_means() -> None:
    rng = np.random.default_rng(0)
    s, i = rng.random((2, 2, 3, 5, 4))
    log = np.log(np.maximum(i.mean(axis=1), 1e-4))
    down = [
        (s[b, c, y + 1, x] - s[b, c, y, x]) ** 2 / (abs(log[b, y + 1, x] - log[b, y, x]) ** 1.2 + 1e-4)
        for b in range(2) for c in range(3) for y in range(4) for x in range(4)
    ]  # fmt: skip
    across = [
        (s[b, c, y, x + 1] - s[b, c, y, x]) ** 2 / (abs(log[b, y, x + 1] - log[b, y, x]) ** 1.2 + 1e-4)
        for b in range(2) for c in range(3) for y in range(5) for x in range(3)
    ]  # fmt: skip
    found = smoothness(torch.from_numpy(s), torch.from_numpy(i)).item()
    assert found == pytest.approx(np.mean(down) + np.mean(across))


def test_smoothness_costs_less_at_an_edge_of_the_picture() -> None:
    step, edge = torch.full((1, 3, 4, 4), 0.2), torch.full((1, 3, 4, 4), 0.1)
    step[..., 2:], edge[..., 2:] = 0.8, 0.9
    assert smoothness(step, edge) < 0.01 * smoothness(step, torch.full_like(edge, 0.5))


def test_hue_is_one_minus_the_cosine_between_colours() -> None:
    y, x = torch.rand(2, 2, 3, 4, 5, dtype=torch.float64) + 0.1
    a, b = (np.moveaxis(z.numpy(), 1, -1) for z in (y, x))
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    assert hue(y, x).item() == pytest.approx(1 - cosine.mean())
    assert hue(0.3 * x, x).item() == pytest.approx(0, abs=1e-12)
    assert hue(torch.zeros_like(x), x).item() == 1


def test_the_right_illumination_costs_its_smoothness_alone() -> None:
    truth = torch.rand(1, 3, 8, 8) * 0.9 + 0.1
    s = torch.full_like(truth, 0.25)
    terms = Illumination()(Lit(truth, s, s * truth), truth, KNOWN)
    assert terms.total.item() == pytest.approx(0, abs=1e-6)
    bent = torch.rand(1, 3, 8, 8) * 0.5 + 0.4
    shown = bent * truth
    uneven = Illumination(smooth=2.0)(Lit(truth, bent, shown), truth, KNOWN)
    assert uneven.total.item() == pytest.approx(2 * smoothness(bent, shown).item(), rel=1e-4)


def test_the_weights_of_illumination_add_up() -> None:
    truth, s, shown = torch.rand(3, 1, 3, 8, 8) * 0.9 + 0.1
    weights = {"reconstruction": 0.5, "smooth": 0.25, "colour": 2.0, "picture": 3.0}
    picture = shown / s
    terms = Illumination(**weights)(Lit(picture, s, shown), truth, KNOWN)
    by_hand = (
        0.5 * (shown - s * truth).square().mean()
        + 0.25 * smoothness(s, shown)
        + 2.0 * hue(picture, truth)
        + 3.0 * (picture - truth).square().mean()
    )
    assert terms.total.item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_contrast_is_kept_when_all_gets_brighter_by_the_same() -> None:
    x = torch.rand(1, 3, 16, 16)
    assert contrast_kept(x + 0.3, x).item() == pytest.approx(0, abs=1e-10)
    assert contrast_kept(x * 2, x) > 0


def test_contrast_is_the_sum_over_four_neighbours_in_loops() -> None:
    y, x = torch.rand(2, 1, 3, 12, 8, dtype=torch.float64)
    cells = (y - x).mean(dim=1)[0].reshape(3, 4, 2, 4).mean(dim=(1, 3)).numpy()
    total = 0.0
    for row in range(3):
        for col in range(2):
            for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                if 0 <= row + down < 3 and 0 <= col + right < 2:
                    total += (cells[row, col] - cells[row + down, col + right]) ** 2
    assert contrast_kept(y, x).item() == pytest.approx(total / 6)


def test_grey_world_is_the_root_of_fourth_powers_and_has_a_slope_at_nothing() -> None:
    means = torch.tensor([[0.2, 0.5, 0.6], [0.3, 0.3, 0.3]])
    x = means[..., None, None].expand(2, 3, 4, 4).clone().requires_grad_()
    by_hand = math.sqrt(0.3**4 + 0.4**4 + 0.1**4) / 2
    found = grey_world(x)
    assert found.item() == pytest.approx(by_hand, rel=1e-4)
    found.backward()
    assert x.grad.isfinite().all()


def test_exposure_is_judged_by_cells() -> None:
    """Half of the picture at 0.4 and half at 0.8 is not well exposed, though its mean is 0.6."""
    x = torch.full((1, 3, 16, 32), 0.4)
    x[..., 16:] = 0.8
    assert well_exposed(x).item() == pytest.approx(0.04, rel=1e-5)


def test_curves_add_up_with_the_published_weights() -> None:
    shown, picture = torch.rand(2, 2, 3, 32, 32)
    maps = torch.rand(2, 24, 32, 32) - 0.5
    terms = Curves()(Curved(picture, maps, shown), torch.zeros(2, 3, 32, 32), KNOWN)
    by_hand = (
        200 * total_variation(maps, squared=True)
        + contrast_kept(picture, shown)
        + 5 * grey_world(picture)
        + 10 * well_exposed(picture)
    )
    assert terms.total.item() == pytest.approx(by_hand.item(), rel=1e-5)
    assert set(Curves()(picture, shown, KNOWN).parts) == {"grey", "exposure"}


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(GridMismatch):
        hue(torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 5))
    with pytest.raises(BadUsage, match="colour must not be negative, got -1"):
        Illumination(colour=-1.0)
    with pytest.raises(BadUsage, match="level of exposure"):
        Curves(level=1.0)
    with pytest.raises(BadUsage, match="exposure must not be negative"):
        Curves(exposure=-0.1)
