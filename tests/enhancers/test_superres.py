"""Enlarging by a net: luminance by the net, chroma by bicubic interpolation."""

from pathlib import Path

import numpy as np
import pytest
import torch

import tratteggio as tg
from tratteggio import models
from tratteggio.enhancers import superres
from tratteggio.errors import BadUsage, MissingExtra, UnknownName, UnsupportedFile
from tratteggio.layers.bicubic import enlarged

LUMA = np.array([0.299, 0.587, 0.114])
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a net that enlarges three times, in which every weight counts."""
    torch.manual_seed(0)
    net = models.build("superres:scale=3")
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.03)
    card = models.Card(
        model="superres:scale=3", recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none"
    )
    file = tmp_path_factory.mktemp("weights") / "three.safetensors"
    models.save(net, file, card)
    return file


def test_luminance_comes_from_the_net_and_chroma_from_the_cubic_kernel(weights):
    picture = RNG.random((20, 23, 3)).astype(np.float32)
    answer = tg.enhance(picture, enhancer=superres.make(scale=3, weights=weights))
    net, _ = models.load(weights)
    planes = torch.from_numpy(picture).movedim(-1, 0)[:, None]
    cubic = enlarged(planes, 3)[:, 0].movedim(0, -1).numpy()
    with torch.no_grad():
        light = net.enlarge(torch.from_numpy((picture @ LUMA).astype(np.float32))[None, None])[0, 0].numpy()
    np.testing.assert_allclose(answer @ LUMA, light, atol=1e-5)
    for one, other in ((0, 1), (1, 2)):
        np.testing.assert_allclose(
            answer[..., one] - answer[..., other], cubic[..., one] - cubic[..., other], atol=1e-5
        )


def test_a_grey_scan_and_its_three_equal_channels_are_enlarged_alike(weights):
    grey = RNG.integers(0, 65536, (18, 15), np.uint16)
    enhancer = superres.make(scale=3, weights=weights)
    one = tg.enhance(grey, enhancer=enhancer)
    three = tg.enhance(np.repeat(grey[..., None], 3, axis=2), enhancer=enhancer)
    assert one.shape == (54, 45)
    assert np.abs(three.astype(int) - one[..., None].astype(int)).max() <= 1


def test_other_numbers_of_channels_are_enlarged_one_by_one(weights):
    five = RNG.random((9, 8, 5)).astype(np.float32)
    enhancer = superres.make(scale=3, weights=weights)
    scan = tg.Scan(five)
    together = tg.enhance(scan, enhancer=enhancer).read()
    for channel in range(5):
        alone = tg.enhance(tg.Scan(five[..., channel]), enhancer=enhancer).read()
        np.testing.assert_allclose(together[..., channel], alone, atol=1e-6)


def test_what_is_not_offered_is_refused(weights):
    with pytest.raises(BadUsage, match="2, 3 or 4 times, got scale=5"):
        superres.make(scale=5)
    with pytest.raises(UnknownName, match="did you mean 'srcnn'"):
        superres.make(net="srcn")
    with pytest.raises(UnsupportedFile, match="enlarge 3 times, not 2; say scale=3"):
        superres.make(weights=weights)
    with pytest.raises(UnsupportedFile, match="enhancer superres takes those of superres, srcnn-915"):
        superres.make(weights=models.find("pconv-compact"))
    with pytest.raises(MissingExtra, match="no weights named 'nothing'"):
        superres.make(weights="nothing")
