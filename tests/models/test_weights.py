"""Weights come back with their card, and nothing else is taken for them."""

import contextlib
import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tratteggio.errors import (
    BadUsage,
    MissingExtra,
    UnknownName,
    UnreadableFile,
    UnsupportedFile,
    UnwritableFile,
)
from tratteggio.models import Card, build, find, load, read_card, save, sha256, shipped, weights
from tratteggio.version import __version__

MODEL = "pconv-compact"
CARD = Card(
    model=MODEL,
    recipe="pconv_dunhuang",
    data=("a.jpg", "b.jpg"),
    licence="open",
    seed=3,
    hours=1.5,
    machine="2 cores",
    figures={"psnr 10-20 %": 24.125},
)


@pytest.fixture(scope="module")
def net() -> nn.Module:
    torch.manual_seed(0)
    return build(MODEL)


@pytest.fixture
def file(net: nn.Module, tmp_path: Path) -> Path:
    save(net, tmp_path / "net.safetensors", CARD)
    return tmp_path / "net.safetensors"


def rewritten(net: nn.Module, path: Path, **entries: object) -> Path:
    """Write a file as `save` would, with other entries in its card."""
    text = json.dumps({**dataclasses.asdict(CARD), **entries})
    save_file(net.state_dict(), path, metadata={weights.CARD: text})
    return path


def test_weights_can_be_read_by_whoever_may_read_other_files(file: Path) -> None:
    (file.parent / "plain").touch()
    assert file.stat().st_mode == (file.parent / "plain").stat().st_mode


@pytest.mark.parametrize("model", [MODEL, "pconv-256-quarter"])
def test_weights_and_card_come_back(model: str, tmp_path: Path) -> None:
    net = build(model)
    if model != MODEL:
        net(torch.rand(2, 3, 256, 256), torch.ones(2, 1, 256, 256))  # moves the statistics of its norms
    card = dataclasses.replace(CARD, model=model)
    save(net, tmp_path / "net.safetensors", card)
    again, read = load(tmp_path / "net.safetensors")
    assert read == card
    assert not again.training
    assert again.state_dict().keys() == net.state_dict().keys()
    for name, tensor in net.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    x, known = torch.rand(1, 3, 20, 20), torch.ones(1, 1, 20, 20)
    assert torch.equal(again(x, known), net.eval()(x, known))


def test_loaded_weights_can_be_trained_on(file: Path) -> None:
    net, _ = load(file)
    assert all(weight.requires_grad for weight in net.parameters())
    net(torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16)).sum().backward()


def test_a_card_says_when_and_by_which_version_it_was_written(file: Path) -> None:
    card = read_card(file)
    assert card.version == __version__
    assert card.created.startswith("20")


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(net: nn.Module, file: Path) -> None:
    save(net, file, dataclasses.replace(CARD, seed=4))
    assert read_card(file).seed == 4
    assert list(file.parent.iterdir()) == [file]


def test_what_was_there_stays_if_writing_fails(
    net: nn.Module, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights, "save_file", full)
    with pytest.raises(UnwritableFile, match="No space left"):
        save(net, file, CARD)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_full_disk_is_told_as_such_when_safetensors_says_it(
    net: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise weights.SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(weights, "save_file", full)
    with pytest.raises(UnwritableFile, match="No space left"):
        save(net, tmp_path / "net.safetensors", CARD)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(net: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(UnwritableFile, match="there is no folder"):
        save(net, tmp_path / "none" / "net.safetensors", CARD)


def test_a_card_must_be_of_the_net_that_it_lies_with(net: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="'pconv-256', but this net is another: it lacks decoder"):
        save(net, tmp_path / "net.safetensors", dataclasses.replace(CARD, model="pconv-256"))
    with pytest.raises(UnknownName, match="pconv-compact"):
        save(net, tmp_path / "net.safetensors", dataclasses.replace(CARD, model="pconv-compakt"))
    assert not list(tmp_path.iterdir())


def test_files_that_are_not_ours_are_refused(net: nn.Module, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(1)}, foreign)
    with pytest.raises(UnsupportedFile, match="without a tratteggio card"):
        load(foreign)
    with pytest.raises(UnreadableFile, match="no such file"):
        load(tmp_path / "none.safetensors")
    foreign.write_bytes(b"no weights at all")
    with pytest.raises(UnreadableFile, match="not a sound safetensors file"):
        load(foreign)


def test_a_truncated_file_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(UnreadableFile, match="not a sound safetensors file"):
        load(file)


def test_a_card_of_a_later_version_is_read_if_its_net_is_known(net: nn.Module, tmp_path: Path) -> None:
    path = rewritten(net, tmp_path / "net.safetensors", mood="good")
    assert load(path)[1] == CARD
    rewritten(net, path, model="net-of-tomorrow", version="9.0")
    with pytest.raises(UnsupportedFile, match=r"tratteggio 9.0.*no model named 'net-of-tomorrow'"):
        load(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda state: state.pop("decoder.answer.bias"), "it lacks decoder.answer.bias$"),
        (lambda state: state.update(extra=torch.zeros(1)), "it has extra$"),
        (
            lambda state: state.update({"decoder.answer.bias": torch.zeros(3)}),
            r"decoder.answer.bias is \[3\] float32 instead of \[12\] float32",
        ),
        (lambda state: state.update({"decoder.answer.bias": torch.zeros(12).half()}), "float16 instead of"),
    ],
)
def test_weights_that_do_not_fit_are_named(change: object, says: str, net: nn.Module, tmp_path: Path) -> None:
    state = dict(net.state_dict())
    change(state)
    text = json.dumps(dataclasses.asdict(CARD))
    save_file(state, tmp_path / "net.safetensors", metadata={weights.CARD: text})
    with pytest.raises(UnsupportedFile, match=says):
        load(tmp_path / "net.safetensors")


def test_the_hash_is_that_of_the_file(file: Path) -> None:
    assert sha256(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(UnreadableFile, match="cannot be read"):
        sha256(file.parent / "none")


def test_weights_that_did_not_come_along_are_answered_with_what_to_do() -> None:
    with pytest.raises(MissingExtra) as error:
        find("no such weights")
    assert error.value.exit_code == 3
    assert "no weights named 'no such weights'" in str(error.value)
    assert "`tratteggio.train`" in str(error.value)


def test_shipped_weights_are_found_by_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SHIPPED", file.parent)
    assert shipped() == ["net"]
    assert find("net") == file


@pytest.mark.parametrize("given", ["net.safetensors", "runs/net", Path("net")])
def test_a_path_is_taken_as_it_is(given: str | Path) -> None:
    assert find(given) == Path(given)


@pytest.mark.parametrize("name", shipped())
def test_what_is_shipped_is_small_open_and_loads(name: str) -> None:
    assert find(name).stat().st_size <= 12e6
    net, card = load(find(name))
    assert card.licence == "open"
    assert all(value.isfinite().all() for value in net.state_dict().values())


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"model": 3}, "model must be a text, got a whole number"),
        ({"data": "a.jpg"}, "data must be a list, got a text"),
        ({"data": ["a.jpg", 3]}, r"data\[1\] must be a text"),
        ({"figures": {"psnr": "high"}}, "figures, each value must be a number, got a text"),
        ({"figures": []}, "figures must be an object, got a list"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"hours": 10**400}, "hours: number out of range"),
    ],
)
def test_a_card_whose_key_holds_something_else_is_refused(
    net: nn.Module, tmp_path: Path, entries: dict[str, object], message: str
) -> None:
    path = rewritten(net, tmp_path / "net.safetensors", **entries)
    with pytest.raises(UnsupportedFile, match=rf"net\.safetensors is not a sound card of weights: {message}"):
        read_card(path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000 + "]" * 100_000, '{"a":' * 900 + "1" + "}" * 900])
def test_a_card_that_is_no_json_is_refused(net: nn.Module, tmp_path: Path, text: str) -> None:
    save_file(net.state_dict(), tmp_path / "net.safetensors", metadata={weights.CARD: text})
    with pytest.raises(UnreadableFile, match="not a sound card of weights"):
        load(tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    "model",
    [
        "ti-unet:depth=999999999",
        "ti-unet:filters=" + "9" * 5000,
        "fp-cae:rgb=99999999999999",
        "fp-cae:rgb",
        "vae-fill:attributes=" + "+".join(map(str, range(5000))),
        "vae-compact:colours=7",
    ],
)
def test_a_card_cannot_ask_for_a_net_without_end(net: nn.Module, tmp_path: Path, model: str) -> None:
    path = rewritten(net, tmp_path / "net.safetensors", model=model)
    with pytest.raises(UnsupportedFile, match=r"net\.safetensors was written by .* its net cannot be built"):
        load(path)


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_in_a_header_are_found_or_do_no_harm(file: Path, seed: int) -> None:
    content = bytearray(file.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, 2000, 5):
        content[place] ^= 1 << int(rng.integers(8))
    file.write_bytes(content)
    with contextlib.suppress(UnreadableFile):
        load(file)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(net: nn.Module, tmp_path: Path, value: float) -> None:
    name, tensor = next(iter(net.state_dict().items()))
    broken = tensor.clone()
    broken.view(-1)[0] = value
    save_file(
        net.state_dict() | {name: broken},
        tmp_path / "net.safetensors",
        metadata={weights.CARD: json.dumps(dataclasses.asdict(CARD))},
    )
    with pytest.raises(UnreadableFile, match=r"net\.safetensors holds weights that are NaN or infinite"):
        load(tmp_path / "net.safetensors")
