"""What an answer has seen, against the rule for chains, gradients and the pages of the nets."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio import models
from tratteggio.explanation.inputs import InputSpec
from tratteggio.explanation.layers import layers, record_outputs
from tratteggio.explanation.receptive import measure_fields
from tratteggio.layers import PartialConv2d
from tratteggio.painting import Region


def taking(channels: int) -> InputSpec:
    return InputSpec(channels, 16, False, channels, 16)


def ruled(steps: list[tuple[int, int]]) -> tuple[int, int]:
    """The rule for chains: (kernel, stride) of each layer -> (size, stride)."""
    size, jump = 1, 1
    for kernel, stride in steps:
        size += (kernel - 1) * jump
        jump *= stride
    return size, jump


@pytest.mark.parametrize(
    "steps", [[(3, 1)], [(5, 2), (3, 1)], [(3, 1), (3, 2), (5, 1), (3, 2), (1, 1)], [(4, 2), (4, 2), (2, 1)]]
)
def test_a_chain_of_convolutions_sees_what_the_rule_says(steps: list[tuple[int, int]]) -> None:
    torch.manual_seed(0)
    chain = nn.Sequential(
        *(
            layer
            for number, (kernel, stride) in enumerate(steps)
            for layer in (nn.Conv2d(2 if number else 1, 2, kernel, stride, kernel // 2), nn.ReLU())
        )
    ).eval()
    last = str(2 * len(steps) - 2)
    found = measure_fields(chain, taking(1), [last])[last]
    assert found.rows is not None
    # What an answer sees ends at its own layer, whose stride counts for the next alone.
    assert (found.rows.size, found.rows.stride) == (ruled(steps)[0], ruled(steps)[1])
    assert found.rows == found.cols


def test_dilation_widens_and_maxima_count_as_layers() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=2, dilation=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 1, 3, padding=1)
    ).eval()
    line = measure_fields(net, taking(1), ["3"])["3"].rows
    assert line is not None
    assert (line.size, line.stride) == (5 + 1 + 2 * 2, 2)


class Skipping(nn.Module):
    """A small U-Net: halved, doubled again, and joined with what was there before."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.below = nn.Conv2d(3, 3, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(3, 3, 4, 2, 1)
        self.last = nn.Conv2d(6, 1, (3, 5), padding=(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.first(x))
        below = functional.relu(self.up(functional.relu(self.below(x))))
        return self.last(torch.cat([x, below], dim=1))


def test_with_skips_and_transposed_layers_it_is_where_gradients_flow() -> None:
    net = Skipping().eval()
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.1)  # nothing cancels, no rectifier rests
    found = measure_fields(net, taking(1), ["first", "below", "up", "last"])
    x = torch.ones(1, 1, 48, 48, requires_grad=True)
    for name, answer in record_outputs(net, x, None).items():
        for row, col in [(10, 11), (11, 10), (12, 12)]:
            (gradient,) = torch.autograd.grad(answer[0, 0, row, col], x, retain_graph=True)
            rows, cols = (torch.nonzero(gradient[0, 0].any(dim)).flatten().tolist() for dim in (1, 0))
            assert found[name].region(row, col) == Region(rows[0], cols[0], rows[-1] + 1, cols[-1] + 1)


def test_what_latents_of_fp_cae_see_is_what_its_page_says() -> None:
    """Latent i looks at the pixels 8 i - 3 ... 8 i + 22, or 8 more at the end if separated."""
    for kind, last, end in (
        ("fp-cae", "encoder.layers.3.convolution", 22),
        ("fpcae-add", "encoder.fusion.convolution", 30),
    ):
        net = models.build(f"{kind}:rgb=3,irr=1").eval()
        found = measure_fields(net, taking(4), [last])[last]
        assert found.region(5, 7) == Region(8 * 5 - 3, 8 * 7 - 3, 8 * 5 + end + 1, 8 * 7 + end + 1)


class Normalised(nn.Module):
    """A convolution after the whole image is brought to one strength."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = PartialConv2d(1, 1, 3, padding=1)

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        return self.layer(x / x.square().mean(dim=(2, 3), keepdim=True).sqrt(), known)[0]


def test_what_is_found_of_a_whole_image_is_held_still_and_told() -> None:
    found = measure_fields(Normalised().eval(), taking(1), ["layer"])["layer"]
    assert found.held
    assert found.rows is not None
    assert found.rows.size == 3


def test_a_layer_that_sees_without_end_has_no_field() -> None:
    net = nn.Sequential(*(nn.Conv2d(1, 1, 33, padding=16) for _ in range(9))).eval()
    found = measure_fields(net, taking(1), ["0", "8"])
    assert found["0"].rows is not None
    assert found["8"].rows is None
    assert found["8"].region(3, 3) is None


def test_a_net_stays_as_it_was() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    measure_fields(net, taking(1), ["0"])
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_features_that_no_rectifier_lets_pass_are_counted() -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    with torch.no_grad():
        net[0].weight.fill_(1)
        net[0].bias.copy_(torch.tensor([0.0, 1.0, -9.0, -99.0]))
    (layer,) = layers(net, torch.ones(1, 1, 8, 8), None)
    assert (layer.active, layer.outer) == (2, 4)  # 9 - 9 is not above 0


def test_layers_are_listed_in_the_order_of_their_answers() -> None:
    names = [layer.name for layer in layers(Skipping(), torch.zeros(1, 1, 16, 16), None)]
    assert names == ["first", "below", "up", "last"]
