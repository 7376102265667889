"""Colour as classes: the published table, its neighbours, and what a rare colour weighs."""

import runpy

import numpy as np
import pytest
import torch

from tratteggio import losses
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers.lab import to_lab
from tratteggio.losses import colours
from tratteggio.losses.colours import (
    CLASSES,
    ColourClasses,
    ColourDistance,
    WeighedClasses,
    counted,
    nearest_class,
    rebalancing,
    smoothed,
    soft_classes,
)


def places(*ab):
    return torch.tensor(ab, dtype=torch.float32).T[None, :, :, None]


def test_there_are_313_classes_ten_apart_without_a_double():
    assert CLASSES.shape == (313, 2)
    assert len({tuple(pair) for pair in CLASSES.tolist()}) == 313
    assert (CLASSES % 10 == 0).all()
    assert CLASSES.amin(dim=0).tolist() == [-90, -110]
    assert CLASSES.amax(dim=0).tolist() == [100, 100]


def test_the_table_is_there_even_if_a_net_without_memory_is_what_asks_for_it_first():
    with torch.device("meta"):
        table = runpy.run_path(colours.__file__)["CLASSES"]
    assert torch.equal(table, CLASSES)


def test_almost_every_colour_of_a_screen_lies_within_a_class():
    steps = torch.linspace(0, 1, 24)
    cube = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij")).view(1, 3, 24, -1)
    ab = to_lab(cube)[:, 1:]
    away = (ab.movedim(1, -1) - CLASSES[nearest_class(ab)]).abs().amax(dim=-1)
    assert (away <= 5).float().mean() > 0.99


def test_a_colour_is_spread_over_its_five_nearest_classes_by_a_gaussian():
    ab = 60 * torch.rand(1, 2, 6, 7, generator=torch.Generator().manual_seed(0))
    weights, classes = soft_classes(ab)
    for row, col in np.ndindex(6, 7):
        squares = ((CLASSES - ab[0, :, row, col]) ** 2).sum(dim=1)
        near = squares.argsort()[:5]
        expected = torch.exp(-squares[near] / (2 * 5**2))
        found = dict(zip(classes[0, row, col].tolist(), weights[0, row, col].tolist(), strict=True))
        expected /= expected.sum()
        assert found == pytest.approx(dict(zip(near.tolist(), expected.tolist(), strict=True)), abs=1e-4)


def test_pixels_weigh_one_on_average_and_rare_ones_more():
    shares = smoothed(torch.arange(313.0))
    weights = rebalancing(shares)
    assert (weights * shares).sum().item() == pytest.approx(1, abs=1e-5)
    assert (weights.argsort(descending=True) == shares.argsort()).float().mean() > 0.9
    # Half of an even distribution is mixed in: none weighs twice the class of no pixel.
    assert weights.max() / weights.min() <= 1 + 313 * shares.max() + 1e-3


def test_weights_of_two_classes_by_hand():
    """1 / (0.5 * 0.75 + 0.25) = 1.6, 1 / (0.5 * 0.25 + 0.25) = 2.667; their mean over pixels is 1.867."""
    found = rebalancing(torch.tensor([0.75, 0.25]))
    assert found.tolist() == pytest.approx([1.6 / 1.866667, 2.666667 / 1.866667], abs=1e-4)


def test_smoothing_keeps_the_sum_and_reaches_the_neighbours():
    counts = torch.zeros(313)
    middle = nearest_class(places((0.0, 0.0))).item()
    counts[middle] = 7
    shares = smoothed(counts)
    assert shares.sum().item() == pytest.approx(1)
    beside = nearest_class(places((10.0, 0.0), (0.0, -10.0))).flatten()
    # exp(-100 / 50) of the middle.
    assert (shares[beside] / shares[middle]).tolist() == pytest.approx([np.exp(-2)] * 2, abs=1e-4)


def test_counts_are_those_of_the_pictures():
    red, blue = (torch.tensor(rgb).view(3, 1, 1).expand(3, 8, 8) for rgb in ((1.0, 0, 0), (0.0, 0, 1)))
    counts = counted([red, blue, blue], cell=4)
    assert counts.sum() == 12
    of_red, of_blue = (nearest_class(to_lab(one[None])[:, 1:])[0, 0, 0] for one in (red, blue))
    assert (counts[of_red], counts[of_blue]) == (4, 8)


def picture(seed=0, side=16):
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed))


def test_to_answer_all_classes_alike_costs_the_logarithm_of_their_number():
    truth = picture()
    terms = losses.build("colour_classes", {"even": 1.0})(torch.zeros(2, 313, 4, 4), truth, truth)
    assert terms.total.item() == pytest.approx(np.log(313), abs=1e-4)


def test_the_right_distribution_costs_least():
    truth = picture()
    ab = torch.nn.functional.avg_pool2d(to_lab(truth)[:, 1:], 4)
    weights, classes = soft_classes(ab)
    right = torch.full((2, 4, 4, 313), -30.0).scatter(-1, classes, weights.log()).movedim(-1, 1)
    judge = losses.build("colour_classes", {"even": 1.0})
    least = judge(right, truth, truth).total
    entropy = -(weights * weights.log()).sum(dim=-1).mean()
    assert least.item() == pytest.approx(entropy.item(), abs=1e-3)
    other = right + 0.5 * torch.randn(right.shape, generator=torch.Generator().manual_seed(3))
    assert judge(other, truth, truth).total > least


def test_a_rare_colour_teaches_more():
    brown = torch.tensor([0.5, 0.35, 0.2]).view(3, 1, 1).expand(3, 16, 16)
    blue = torch.tensor([0.1, 0.2, 0.9]).view(3, 1, 1).expand(3, 16, 16)
    judge = ColourClasses().fitted([brown] * 9 + [blue])
    answer = torch.zeros(1, 313, 4, 4)
    costs = [judge(answer, one[None], one[None]).total.item() for one in (brown, blue)]
    assert costs[1] > 5 * costs[0]


def test_rebalanced_colours_need_pictures_to_be_looked_at():
    with pytest.raises(BadUsage, match=r"call fitted\(pictures\) first"):
        ColourClasses()(torch.zeros(1, 313, 4, 4), picture()[:1])


@pytest.mark.parametrize("even", [0.0, -0.1, 1.5])
def test_a_share_is_a_share(even):
    with pytest.raises(BadUsage, match="even is a share above 0, up to 1"):
        ColourClasses(even=even)


def test_the_distance_is_that_of_means_of_cells():
    truth = picture()
    lab = to_lab(truth)[:, 1:]
    means = lab.unfold(2, 4, 4).unfold(3, 4, 4).mean(dim=(-1, -2))
    moved = means + torch.tensor([3.0, 4.0]).view(1, 2, 1, 1)
    assert ColourDistance()(means, truth).total.item() == pytest.approx(0, abs=1e-5)
    assert ColourDistance()(moved, truth).total.item() == pytest.approx(12.5, abs=1e-3)


@pytest.mark.parametrize("judge", [ColourDistance(), WeighedClasses(torch.ones(313))])
def test_pictures_are_compared_by_their_colour_alone(judge):
    truth = picture()
    assert judge(truth, truth).total.item() == 0
    assert judge(truth.flip(1), truth).total > 100


def test_an_answer_that_fits_no_grid_is_refused():
    with pytest.raises(GridMismatch, match="a whole number of times coarser"):
        ColourDistance()(torch.zeros(2, 2, 5, 5), picture())
