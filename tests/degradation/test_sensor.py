"""A sensor in the dark writes what physics says: means, variances, colours, levels."""

import numpy as np
import pytest
import torch

from tratteggio.degradation.simulation.sensor import BLACK, WHITE, Exposure, expose
from tratteggio.layers.bayer import mosaic
from tratteggio.layers.tone import displayed


def test_a_mosaic_keeps_one_colour_of_each_pixel() -> None:
    x = torch.rand(2, 3, 6, 4)
    colour = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 2}
    looped = [[[x[b, colour[r % 2, c % 2], r, c] for c in range(4)] for r in range(6)] for b in range(2)]
    assert mosaic(x)[:, 0].tolist() == torch.tensor(looped).tolist()


@pytest.mark.parametrize("ratio", [1.0, 100.0])
def test_mean_and_variance_are_those_of_poisson_reading_and_rounding(ratio: float) -> None:
    """In electrons the variance is the mean plus read_noise²; a level is electrons / (WHITE - BLACK)."""
    torch.manual_seed(0)
    how = Exposure(ratio=ratio, electrons=8_000.0, read_noise=4.0, red=2.0, blue=1.0)
    x = displayed(torch.full((1, 3, 600, 600), 0.5, dtype=torch.float64))
    raw = expose(x, how)
    per_level = 8_000 / (WHITE - BLACK)
    for (row, col), sensitivity in {(0, 0): 0.5, (0, 1): 1.0, (1, 0): 1.0, (1, 1): 1.0}.items():
        cell = (raw[0, 0, row::2, col::2] - BLACK) * per_level
        mean = 0.5 * sensitivity * 8_000 / ratio
        variance = mean + 4.0**2 + per_level**2 / 12
        count = cell.numel()
        assert cell.mean().item() == pytest.approx(mean, abs=5 * np.sqrt(variance / count))
        assert cell.var().item() == pytest.approx(variance, rel=5 * np.sqrt(2 / count))


def test_what_is_written_are_levels_of_14_bits() -> None:
    torch.manual_seed(1)
    raw = expose(torch.rand(1, 3, 64, 64), Exposure(ratio=0.5))
    assert torch.equal(raw, raw.round())
    assert (raw.min() >= 0, raw.max().item()) == (True, WHITE)


def test_black_is_written_as_the_black_level_with_the_noise_of_reading() -> None:
    torch.manual_seed(2)
    raw = expose(torch.zeros(1, 3, 200, 200), Exposure(ratio=100.0, electrons=WHITE - BLACK, read_noise=3.0))
    assert raw.mean().item() == pytest.approx(BLACK, abs=0.1)
    assert raw.std().item() == pytest.approx(np.sqrt(9 + 1 / 12), rel=0.02)


def test_pictures_of_a_batch_have_exposures_of_their_own() -> None:
    torch.manual_seed(3)
    ratio = torch.tensor([1.0, 50.0]).view(2, 1, 1, 1)
    bright, dark = expose(torch.ones(2, 3, 64, 64), Exposure(ratio=ratio, red=1.0, blue=1.0)) - BLACK
    assert (bright.mean() / dark.mean()).item() == pytest.approx(50, rel=0.02)
