"""From raw to a picture: packing by hand, the published layers, what answers depend on."""

from itertools import pairwise

import pytest
import torch

from tratteggio import models
from tratteggio.errors import BadUsage
from tratteggio.layers.bayer import pack
from tratteggio.layers.tone import displayed
from tratteggio.models.lowlight_raw import REACH, STEP, LowlightRaw, developed


def net_of(name: str = "lowlight-raw-narrow") -> LowlightRaw:
    torch.manual_seed(0)
    net = models.build(name)
    assert isinstance(net, LowlightRaw)
    torch.nn.init.normal_(net.last.weight, std=0.1)  # that of the narrow one begins at 0
    return net.eval()


def test_the_published_net_has_its_parameters() -> None:
    """Pairs of 3 x 3 with bias, transposed 2 x 2 without, and 1 x 1 to 12."""
    widths = (32, 64, 128, 256, 512)
    pairs = [(4, 32), *pairwise(widths), *((2 * n, n) for n in widths[:-1])]
    count = sum(9 * (inner * outer + outer * outer) + 2 * outer for inner, outer in pairs)
    count += sum(4 * 2 * n * n for n in widths[:-1]) + 32 * 12 + 12
    net = models.build("lowlight-raw")
    assert sum(p.numel() for p in net.parameters()) == count == 7_760_268


def test_packing_takes_off_black_amplifies_balances_and_cuts_at_white() -> None:
    raw = torch.tensor([[[[612.0, 712.0, 512.0, 500.0], [812.0, 912.0, 1512.0, 612.0]]]])
    cells = pack(raw, black=512, white=1512, ratio=2.0, balance=(2.0, 1.0, 1.5))
    by_hand = [[0.4, 0.0], [0.4, 0.0], [0.6, 1.0], [1.0, 0.3]]  # R, G, G, B of two cells side by side
    torch.testing.assert_close(cells[0, :, 0], torch.tensor(by_hand))


def test_plain_developing_takes_means_of_the_nearest_and_tones_them() -> None:
    x = torch.rand(2, 4, 5, 6)
    raw, found = torch.nn.functional.pixel_shuffle(x, 2)[:, 0], developed(x)
    colour = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 2}
    for row, col in ((0, 0), (3, 4), (4, 7), (5, 5), (9, 11)):
        sums, counts = torch.zeros(3, 2), torch.zeros(3, 1)
        for r in range(max(0, row - 1), min(10, row + 2)):
            for c in range(max(0, col - 1), min(12, col + 2)):
                weight = (2 - abs(r - row)) * (2 - abs(c - col))
                sums[colour[r % 2, c % 2]] += weight * raw[:, r, c]
                counts[colour[r % 2, c % 2]] += weight
        torch.testing.assert_close(found[:, :, row, col], displayed(sums / counts).T)


def test_the_narrow_net_begins_with_plain_developing_of_means_and_the_published_one_does_not() -> None:
    even = torch.full((1, 4, 16, 16), 0.3)
    torch.testing.assert_close(models.build("lowlight-raw-narrow")(even), developed(even))
    assert not torch.allclose(models.build("lowlight-raw")(even), developed(even), atol=0.1)


def test_the_narrow_net_chooses_cell_by_cell_between_raw_and_its_means() -> None:
    net, x = models.build("lowlight-raw-narrow"), torch.rand(1, 4, 16, 16)
    wide = torch.nn.functional.pad(x, (4, 4, 4, 4))
    counts = torch.nn.functional.pad(torch.ones(1, 4, 16, 16), (4, 4, 4, 4))
    mean = sum(wide[..., r : r + 16, c : c + 16] for r in range(9) for c in range(9))
    mean /= sum(counts[..., r : r + 16, c : c + 16] for r in range(9) for c in range(9))
    for chosen, expected in ((0, x), (2, mean)):
        torch.nn.init.zeros_(net.last.bias)
        with torch.no_grad():
            net.last.bias[12 + chosen] = 100.0
            torch.testing.assert_close(net(x), developed(expected), rtol=0, atol=1e-5)


def test_the_answer_is_a_picture_of_the_size_of_the_raw() -> None:
    assert net_of()(torch.rand(2, 4, 16, 32)).shape == (2, 3, 32, 64)


def test_answers_depend_on_what_lies_within_the_reach_and_no_further() -> None:
    net, x = net_of(), torch.rand(1, 4, 224, 16)
    y = net(x)
    far = x.clone()
    far[..., :1, :] += 1.0
    changed = (net(far) != y).any(dim=3).any(dim=1).ravel().nonzero().max().item()
    assert STEP < changed < REACH + STEP


def test_what_cannot_be_halved_four_times_is_refused() -> None:
    with pytest.raises(BadUsage, match=r"sides of whole 16, got \(1, 4, 8, 16\)"):
        net_of()(torch.rand(1, 4, 8, 16))
    with pytest.raises(BadUsage, match="packed raw"):
        net_of()(torch.rand(1, 3, 16, 16))
