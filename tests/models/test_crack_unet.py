"""The net that finds cracks."""

import pytest
import torch

from tratteggio import models
from tratteggio.errors import BadUsage
from tratteggio.models.crack_unet import PLANES, RARE


def net() -> torch.nn.Module:
    """With first weights that are not silent."""
    torch.manual_seed(0)
    made = models.build("crack-unet").eval()
    for parameter in made.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return made


@pytest.mark.parametrize("grid", [(1, 1), (16, 32), (33, 47)])
def test_every_pixel_is_answered_whatever_the_size(grid):
    answer = net()(torch.randn(2, PLANES, *grid))
    assert answer.shape == (2, 1, *grid)
    assert answer.isfinite().all()


def test_before_any_training_cracks_are_rare_everywhere():
    torch.manual_seed(0)
    answer = models.build("crack-unet")(torch.randn(1, PLANES, 32, 32))
    assert torch.allclose(answer, torch.full_like(answer, RARE))


def test_what_is_moved_by_16_pixels_is_answered_as_far_on():
    x = torch.randn(1, PLANES, 480, 480)
    made = net()
    with torch.inference_mode():
        whole, part = made(x), made(x[..., 16:, 16:])
    inner = slice(200, 240)
    moved = slice(184, 224)
    assert torch.allclose(whole[..., inner, inner], part[..., moved, moved], atol=1e-4)


def test_another_number_of_planes_is_refused():
    with pytest.raises(BadUsage, match="6 planes"):
        net()(torch.zeros(1, 3, 16, 16))
