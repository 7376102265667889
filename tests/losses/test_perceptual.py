"""Content, style and VGG16: by hand, against layers written out, and every bad weights file."""

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from tratteggio import files
from tratteggio.errors import BadUsage, MissingExtra, UnreadableFile, UnsupportedFile
from tratteggio.losses import LiuLoss, PosterLoss, Vgg16, content, frozen, gram, style, vgg16
from tratteggio.losses.perceptual import LAYERS, LIU_TAPS, POSTER_TAPS

# torchvision's table of VGG16, "D" in the paper: place of each convolution in `features`, and its widths.
TABLE = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256)}


def random_state(table=TABLE, seed=0):
    """Make weights of VGG16's first three blocks, at random, as torchvision names them."""
    spin = torch.Generator().manual_seed(seed)
    state = {}
    for place, (before, after) in table.items():
        spread = math.sqrt(2 / (9 * before))
        state[f"features.{place}.weight"] = spread * torch.randn(after, before, 3, 3, generator=spin)
        state[f"features.{place}.bias"] = 0.1 * torch.randn(after, generator=spin)
    return state


STATE = random_state()


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "vgg16-random.pth"
    torch.save(STATE, path)
    return path


def saved(folder, state, name="other.pth", **options):
    torch.save(state, folder / name, **options)
    return folder / name


def pictures(batch=2, channels=3, rows=24, cols=17, seed=0):
    return torch.rand(batch, channels, rows, cols, generator=torch.Generator().manual_seed(seed))


def written_out(x):
    """Walk through the layers one by one with functions; returns features by torchvision's number."""
    x = (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(
        3, 1, 1
    )
    seen = {}
    for place in range(17):
        if place in TABLE:
            x = functional.conv2d(
                x, STATE[f"features.{place}.weight"], STATE[f"features.{place}.bias"], padding=1
            )
        elif place in (4, 9, 16):
            x = functional.max_pool2d(x, 2, 2)
        else:
            x = x.clamp(min=0)
        seen[place] = x
    return seen


# --- content and style ---------------------------------------------------------------------------------


def test_content_by_hand():
    x, y = torch.tensor([[[[1.0, -2.0], [0.0, 3.0]]]]), torch.zeros(1, 1, 2, 2)
    assert content([x], [y]).item() == 6 / 4
    assert content([x, x], [y, y], squared=True).item() == 2 * 14 / 4


def test_gram_by_hand():
    """Channels (1, 2) and (3, 4): F Fᵀ = [[5, 11], [11, 25]], over 2 * 1 * 2."""
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    torch.testing.assert_close(gram(features), torch.tensor([[[5.0, 11.0], [11.0, 25.0]]]) / 4)
    assert style([features], [torch.zeros_like(features)]).item() == pytest.approx((5 + 11 + 11 + 25) / 4 / 4)
    squares = (25 + 121 + 121 + 625) / 16 / 4
    assert style([features], [torch.zeros_like(features)], squared=True).item() == pytest.approx(squares)


def test_a_joint_gram_matrix_takes_all_pictures_as_one():
    features = torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one = features.reshape(1, 12, 5, 6)
    torch.testing.assert_close(gram(features, joint=True), gram(one))
    torch.testing.assert_close(gram(features[:1], joint=True), gram(features[:1]))


@given(seed=st.integers(0, 99))
@settings(max_examples=10)
def test_style_does_not_care_where_things_are(seed):
    spin = torch.Generator().manual_seed(seed)
    features = torch.randn(1, 3, 4, 5, generator=spin, dtype=torch.float64)
    shuffled = features.flatten(2)[..., torch.randperm(20, generator=spin)].view_as(features)
    torch.testing.assert_close(gram(shuffled), gram(features))
    assert content([shuffled], [features]) > 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_gram_of_large_half_precision_features_is_finite(dtype):
    features = torch.full((1, 2, 32, 32), 2000.0, dtype=dtype, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        matrix = gram(features)
    assert matrix.dtype == torch.float32
    torch.testing.assert_close(matrix, torch.full((1, 2, 2), 2e6), rtol=1e-2, atol=0)
    (matrix / 1e6).sum().backward()
    assert torch.isfinite(features.grad).all()


def test_content_of_large_half_precision_features_is_finite():
    features = torch.full((1, 2, 8, 8), 2000.0, dtype=torch.float16)
    assert content([features], [-features], squared=True).item() == 16e6


@pytest.mark.parametrize("squared", [False, True])
def test_gradients_of_content_and_style_are_slopes(squared):
    spin = torch.Generator().manual_seed(0)
    x, y = (torch.randn(2, 2, 3, 2, generator=spin, dtype=torch.float64) for _ in range(2))
    assert torch.autograd.gradcheck(
        lambda x: content([x], [y], squared=squared) + style([x], [y], squared=squared), (x.requires_grad_(),)
    )


def test_taps_that_do_not_match_are_refused():
    x = torch.zeros(1, 2, 4, 4)
    for wrong in ([], [x, x], [x[..., 1:]]):
        with pytest.raises(BadUsage, match="one by one"):
            content([x], wrong)
        with pytest.raises(BadUsage, match="one by one"):
            style([x], wrong)
    with pytest.raises(BadUsage, match=r"\(2, 4, 4\)"):
        gram(x[0])


# --- VGG16 ---------------------------------------------------------------------------------------------


def test_names_stand_at_torchvisions_numbers():
    assert len(LAYERS) == 31
    numbers = {"conv1_1": 0, "pool1": 4, "pool2": 9, "conv3_1": 10, "relu3_1": 11, "pool3": 16, "pool5": 30}
    assert {name: LAYERS.index(name) for name in numbers} == numbers


def test_taps_are_those_of_the_layers_written_out(weights):
    x = pictures()
    seen = written_out(x)
    for taps, numbers in [(LIU_TAPS, [4, 9, 16]), (POSTER_TAPS, [11]), (("conv1_1", "relu1_1"), [0, 1])]:
        found = vgg16(weights, taps=taps).taps(x)
        for tap, number in zip(found, numbers, strict=True):
            torch.testing.assert_close(tap, seen[number], rtol=1e-4, atol=1e-5)


def test_taps_come_in_the_order_asked_for(weights):
    x = pictures()
    net = vgg16(weights, taps=("pool2", "relu1_1"))
    assert [tap.shape[1] for tap in net.taps(x)] == [128, 64]
    assert [tap.shape[1] for tap in net(x)] == [128, 64]
    assert net.name == "vgg16 pool2 relu1_1"


def test_only_layers_up_to_the_last_tap_are_built():
    assert len(Vgg16(LIU_TAPS).features) == 17
    assert len(Vgg16(POSTER_TAPS).features) == 12
    # 64*27+64 + 64*576+64 + 128*576+128 + 128*1152+128 + 256*1152+256 + 2*(256*2304+256)
    assert sum(weight.numel() for weight in Vgg16(LIU_TAPS).parameters()) == 1_735_488


def test_grey_pictures_are_seen_as_rgb(weights):
    grey = pictures(channels=1)
    net = vgg16(weights, taps=("pool1",))
    torch.testing.assert_close(net.taps(grey)[0], net.taps(grey.expand(-1, 3, -1, -1))[0])


def test_it_judges_and_does_not_learn(weights):
    net = vgg16(weights, taps=("pool1",))
    x = pictures().requires_grad_()
    net.taps(x)[0].sum().backward()
    assert x.grad.abs().max() > 0
    assert not net.training
    assert not any(weight.requires_grad for weight in net.parameters())


def test_frozen_holds_batch_statistics():
    net = frozen(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    before = net[1].running_mean.clone()
    net(pictures())
    assert torch.equal(net[1].running_mean, before)


@pytest.mark.parametrize(("loss", "taps"), [(LiuLoss, LIU_TAPS), (PosterLoss, POSTER_TAPS)])
def test_the_published_objectives_run_on_it(weights, loss, taps):
    out, truth = pictures(seed=1).requires_grad_(), pictures(seed=2)
    known = (pictures(channels=1, seed=3) < 0.7).float()
    terms = loss(vgg16(weights, taps=taps))(out, truth, known)
    terms.total.backward()
    assert torch.isfinite(out.grad).all()
    assert all(part > 0 for part in terms.parts.values())


@pytest.mark.parametrize("x", [pictures(channels=2), pictures(rows=7), pictures()[0]])
def test_pictures_that_it_cannot_see_are_refused(x):
    with pytest.raises(BadUsage, match="at least 8 x 8"):
        Vgg16(LIU_TAPS).taps(x)


@pytest.mark.parametrize("taps", [(), ("pool6",), ("pool1", "Pool2")])
def test_taps_that_are_no_layers_are_refused(taps):
    with pytest.raises(BadUsage, match=r"conv1_1, relu1_1.*pool5; got"):
        Vgg16(taps)


# --- weights files -------------------------------------------------------------------------------------


def same_net(net):
    return torch.equal(net.features[0].weight, STATE["features.0.weight"])


def test_files_of_either_kind_are_read(tmp_path):
    save_file(STATE, tmp_path / "vgg.safetensors")
    assert same_net(vgg16(tmp_path / "vgg.safetensors"))
    # torchvision's own file is older than torch's zip files.
    assert same_net(vgg16(saved(tmp_path, STATE, _use_new_zipfile_serialization=False)))


def test_a_whole_vgg16_is_read_too(tmp_path):
    """As torchvision's file has them, with the layers behind the last tap and the classifier."""
    more = {"features.17.weight": torch.zeros(512, 256, 3, 3), "classifier.6.bias": torch.zeros(1000)}
    assert same_net(vgg16(saved(tmp_path, STATE | more)))


def test_the_hash_is_checked(weights):
    digest = files.sha256(weights)
    assert same_net(vgg16(weights, sha256=digest.upper()))
    with pytest.raises(UnreadableFile, match=f"must have the sha256 {'0' * 64}, but has {digest}"):
        vgg16(weights, sha256="0" * 64)


def test_a_missing_file_says_where_one_comes_from(tmp_path):
    with pytest.raises(
        MissingExtra, match=r"none\.pth.*vgg16-397923af\.pth.*download\.pytorch\.org"
    ) as caught:
        vgg16(tmp_path / "none.pth")
    assert caught.value.exit_code == 3


WRONG = {
    "VGG19 only looks like VGG16": (
        STATE | {"features.16.weight": torch.zeros(1)},
        "features.16.weight, which",
    ),
    "VGG16 with batch norm": ({"features.0.weight": 0, "features.1.weight": 0}, "features.1.weight, which"),
    "a net saved whole": (
        {f"module.{key}": value for key, value in STATE.items()},
        "lacks features.0.weight",
    ),
    "a checkpoint around it": ({"state_dict": STATE}, "begins state_dict"),
    "nothing": ({}, "with nothing"),
    "another width": (
        STATE | {"features.5.bias": torch.zeros(64)},
        r"features.5.bias must be floats \(128,\)",
    ),
    "integers": (STATE | {"features.5.bias": torch.zeros(128, dtype=torch.int)}, "torch.int32"),
    "no tensor": (STATE | {"features.5.bias": 0.5}, "got float"),
    "numbers for names": ({0: torch.zeros(1)}, "tensors by name"),
    "no dictionary": ([1, 2], "holds a list"),
}


@pytest.mark.parametrize(("state", "says"), WRONG.values(), ids=WRONG)
def test_other_nets_are_refused_by_name(tmp_path, state, says):
    with pytest.raises(UnreadableFile, match=says) as caught:
        vgg16(saved(tmp_path, state))
    assert "other.pth" in str(caught.value)


@pytest.mark.parametrize("name", ["cut.pth", "cut_old.pth", "cut.safetensors"])
@pytest.mark.parametrize("share", [0, 0.0001, 0.01, 0.5, 0.999])
def test_damaged_files_are_refused(tmp_path, name, share):
    path = tmp_path / name
    small = {f"features.{i}.bias": torch.ones(500) for i in range(9)}
    if path.suffix == ".safetensors":
        save_file(small, path)
    else:
        saved(tmp_path, small, name, _use_new_zipfile_serialization="old" not in name)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UnreadableFile, match=name):
        vgg16(path)


@given(noise=st.binary(max_size=200))
@settings(max_examples=30)
def test_noise_is_refused(tmp_path_factory, noise):
    for name in ("noise.pth", "noise.safetensors"):
        path = tmp_path_factory.getbasetemp() / name
        path.write_bytes(noise)
        with pytest.raises(UnreadableFile):
            vgg16(path)


class Trap:
    def __reduce__(self):
        return (Path.touch, (Path("trap.sprung"),))


def test_code_in_a_pickle_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableFile):
        vgg16(saved(tmp_path, STATE | {"features.0.bias": Trap()}))
    assert not Path("trap.sprung").exists()


def test_other_kinds_of_file_are_refused(tmp_path):
    (tmp_path / "vgg16.onnx").touch()
    with pytest.raises(UnsupportedFile, match=r"\.pth or \.safetensors"):
        vgg16(tmp_path / "vgg16.onnx")
