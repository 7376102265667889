"""Lightness and colour: as scikit-image has them, and no more colour than a screen can show."""

import pytest
import torch

from tratteggio.layers.lab import lightness, shown, to_lab, to_rgb

color = pytest.importorskip("skimage.color")


def some(rows=40, cols=50):
    rgb = torch.rand(2, 3, rows, cols, generator=torch.Generator().manual_seed(0))
    rgb[0, :, 0, 0], rgb[0, :, 0, 1], rgb[0, :, 0, 2] = 0, 1, 0.001
    return rgb


def test_lab_agrees_with_scikit_image():
    rgb = some()
    theirs = torch.from_numpy(color.rgb2lab(rgb.movedim(1, -1).double().numpy())).movedim(-1, 1)
    # Their white is rounded otherwise, so that grey has a little colour there.
    assert (to_lab(rgb) - theirs).abs().max() < 0.03


def test_grey_has_no_colour_and_the_lightness_of_its_channels():
    grey = torch.linspace(0, 1, 257).view(1, 1, 1, -1)
    lab = to_lab(grey.expand(-1, 3, -1, -1))
    assert lab[:, 1:].abs().max() < 1e-4
    assert torch.allclose(lab[:, :1], lightness(grey), atol=1e-4)
    assert lab[0, 0, 0, [0, -1]].tolist() == pytest.approx([0, 100], abs=1e-4)


def test_there_and_back_is_the_same():
    rgb = some()
    assert torch.allclose(to_rgb(to_lab(rgb)), rgb, atol=1e-4)


def test_what_can_be_shown_is_shown_as_it_is():
    rgb = some()
    assert torch.allclose(shown(to_lab(rgb)), rgb, atol=1e-4)


def test_what_no_screen_can_show_keeps_lightness_and_hue_and_loses_chroma():
    generator = torch.Generator().manual_seed(1)
    light = 100 * torch.rand(1, 1, 60, 60, generator=generator)
    ab = 220 * torch.rand(1, 2, 60, 60, generator=generator) - 110
    rgb = shown(torch.cat([light, ab], dim=1))
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    found = to_lab(rgb)
    assert (found[:, :1] - light).abs().max() < 0.01
    length, wanted = found[:, 1:].norm(dim=1), ab.norm(dim=1)
    assert (length <= wanted + 0.1).all()
    along = (found[:, 1:] * ab).sum(dim=1) / wanted
    assert (length - along).abs().max() < 0.1
    # All the chroma there is: a hundredth more cannot be shown.
    reduced = (length < 0.9 * wanted) & (length > 5)
    more = to_rgb(torch.cat([light, 1.02 * found[:, 1:]], dim=1))
    beyond = ((more < 0) | (more > 1)).any(dim=1)
    assert reduced.sum() > 500
    assert beyond[reduced].float().mean() > 0.99


def test_black_and_white_stay_black_and_white_whatever_the_colour():
    lab = torch.tensor([[0.0, 80, 60], [100, -40, 70]]).T[None, :, :, None]
    assert torch.allclose(shown(lab)[0, :, :, 0].T, torch.tensor([[0.0] * 3, [1.0] * 3]), atol=1e-4)
