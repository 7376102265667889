"""Where nets work, and what is refused before one serves."""

import pytest
import torch

from tratteggio import models
from tratteggio.errors import BadUsage, UnknownName, UnsupportedFile
from tratteggio.models.serving import loaded, resolve_device


def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == "cpu"
    with pytest.raises(BadUsage, match="no cuda device"):
        resolve_device("cuda")


def test_with_a_gpu_auto_takes_it_and_cpu_does_not(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (resolve_device("auto"), resolve_device("cuda"), resolve_device("cpu")) == ("cuda", "cuda", "cpu")


def test_a_device_that_is_none_is_refused():
    with pytest.raises(UnknownName, match="no device named 'gpu'"):
        resolve_device("gpu")


def test_a_net_comes_with_what_the_history_tells_of_its_weights():
    net, info = loaded("engine pconv", weights="pconv-compact", homes=("pconv_compact",), device="cpu")
    assert next(net.parameters()).device.type == "cpu"
    assert info["weights"] == "pconv-compact"
    assert info["weights_sha256"] == models.sha256(models.find("pconv-compact"))


def test_weights_of_a_net_that_the_asker_does_not_take_are_refused():
    with pytest.raises(UnsupportedFile, match="but engine pconv takes those of"):
        loaded("engine pconv", weights="descriptor-v32", homes=("pconv_compact",), device="cpu")
