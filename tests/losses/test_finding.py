"""The objective of nets that find damage."""

import numpy as np
import pytest
import torch

from tratteggio import losses
from tratteggio.errors import GridMismatch
from tratteggio.losses.finding import Finding


def some(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    odds = torch.randn(2, 1, 8, 9, generator=rng)
    truth = torch.cat(
        [torch.rand(2, 6, 8, 9, generator=rng), (torch.rand(2, 1, 8, 9, generator=rng) < 0.3).float()], dim=1
    )
    return odds, truth, (torch.rand(2, 1, 8, 9, generator=rng) < 0.7).float()


def test_it_is_cross_entropy_and_overlap_written_out():
    odds, truth, known = (tensor.numpy().astype(float) for tensor in some())
    p, y, k = 1 / (1 + np.exp(-odds)), truth[:, -1:], known
    entropy = -(k * (y * np.log(p) + (1 - y) * np.log(1 - p))).sum() / k.sum()
    overlap = 1 - (2 * (p * y * k).sum() + 1) / ((p * k).sum() + (y * k).sum() + 1)
    terms = Finding(overlap=0.5)(*some())
    assert terms.parts["entropy"].item() == pytest.approx(entropy, rel=1e-5)
    assert terms.parts["overlap"].item() == pytest.approx(overlap, rel=1e-5)
    assert terms.total.item() == pytest.approx(entropy + 0.5 * overlap, rel=1e-5)


def test_what_is_not_annotated_does_not_count():
    odds, truth, known = some()
    other = torch.where(known > 0, odds, -odds)
    turned = truth.clone()
    turned[:, -1:] = torch.where(known > 0, truth[:, -1:], 1 - truth[:, -1:])
    assert torch.allclose(Finding()(odds, truth, known).total, Finding()(other, turned, known).total)


def test_it_is_built_by_name_and_refuses_other_grids():
    objective = losses.build("finding", {"overlap": 0.25})
    assert objective == Finding(overlap=0.25)
    odds, truth, known = some()
    with pytest.raises(GridMismatch, match="share a grid"):
        objective(odds, truth[..., 1:], known)
    middle = objective(odds[..., 1:-1, 1:-1], truth, known)
    assert (
        middle.total
        == objective(odds[..., 1:-1, 1:-1], *(of[..., 1:-1, 1:-1] for of in (truth, known))).total
    )
