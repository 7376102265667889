"""The tone curve is that of the standard."""

import pytest
import torch

from tratteggio.layers.tone import displayed, linear


def test_the_tone_curve_is_that_of_srgb() -> None:
    x = torch.tensor([0.0, 0.04, 0.5, 1.0], dtype=torch.float64)
    by_hand = [0.0, 0.04 / 12.92, ((0.5 + 0.055) / 1.055) ** 2.4, 1.0]
    assert linear(x).tolist() == pytest.approx(by_hand)
    spread = torch.linspace(0, 1, 257, dtype=torch.float64)
    torch.testing.assert_close(displayed(linear(spread)), spread, rtol=0, atol=1e-6)
