"""Partial layers inside compiled and exported nets answer as they do alone."""

import shutil

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tratteggio.layers import PartialConv2d, PartialConvTranspose2d


class Net(nn.Module):
    """Down and up again, with a skip whose mask differs from that of the features beside it."""

    def __init__(self):
        super().__init__()
        self.down = PartialConv2d(3, 4, 3, stride=2, padding=1)
        self.up = PartialConvTranspose2d(4, 4, 4, stride=2, padding=1)
        self.join = PartialConv2d(7, 2, 3, padding="same")
        self.out = PartialConv2d(2, 3, 3, padding=1)

    def forward(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        y, seen = self.down(x, known)
        y, seen = self.up(y.relu(), seen)
        y, seen = self.join(torch.cat([y, x], dim=1), [(4, seen), (3, known)])
        return self.out(y.relu()), seen


def painting(rows, cols, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, rows, cols, generator=generator)
    return x, (torch.rand(2, 1, rows, cols, generator=generator) < 0.3).float()


def test_a_net_is_one_graph_at_changing_sizes_and_learns_alike():
    """fullgraph: nothing in a layer breaks the graph; backend "aot_eager" needs no C++ compiler."""
    net = Net()
    traced = torch.compile(net, fullgraph=True, dynamic=True, backend="aot_eager")
    for rows, cols in ((16, 12), (20, 24)):
        outcomes = []
        for one in (net, traced):
            net.zero_grad()
            y, seen = one(*painting(rows, cols))
            y.square().sum().backward()
            outcomes.append([y, seen, *(parameter.grad for parameter in net.parameters())])
        for got, expected in zip(*outcomes, strict=True):
            torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # torch's compiler uses what torch itself deprecates
def test_a_compiled_layer_answers_alike():
    layer, (x, known) = PartialConv2d(3, 4, 3, padding=1), painting(16, 12)
    compiled = torch.compile(layer, fullgraph=True)
    with torch.no_grad():
        for got, expected in zip(compiled(x, known), layer(x, known), strict=True):
            torch.testing.assert_close(got, expected)


@pytest.mark.filterwarnings("ignore")  # the exporter uses what torch itself deprecates
def test_an_exported_net_answers_alike_at_any_size(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    net = Net().eval()
    sizes = {0: torch.export.Dim("batch"), 2: 2 * torch.export.Dim("rows"), 3: 2 * torch.export.Dim("cols")}
    path = tmp_path / "net.onnx"
    torch.onnx.export(
        net, painting(16, 12), path, dynamo=True, dynamic_shapes=(sizes, sizes), verbose=False,
        input_names=["x", "known"], output_names=["y", "seen"],
    )  # fmt: skip
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for rows, cols in ((16, 12), (40, 26)):
        x, known = painting(rows, cols)
        got = session.run(None, {"x": x.numpy(), "known": known.numpy()})
        with torch.no_grad():
            expected = net(x, known)
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b.numpy(), atol=1e-5)
