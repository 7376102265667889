"""Every net is found by its name."""

import subprocess
import sys

import pytest
from torch import nn

from tratteggio import models, registry
from tratteggio.errors import UnknownName

FILES = registry.names("models")


@pytest.mark.parametrize("file", FILES)
def test_an_architecture_names_its_nets_and_refuses_other_names(file: str) -> None:
    module = registry.load("models", file)
    assert module.NAMES
    assert set(module.NAMES) <= set(models.names())
    with pytest.raises(UnknownName, match="no model named"):
        module.build("no such net")


def test_no_two_architectures_share_a_name() -> None:
    every = [name for file in FILES for name in registry.load("models", file).NAMES]
    assert sorted(every) == models.names()


def test_doors_are_no_architectures() -> None:
    assert not {"fitting", "tensors", "weights"} & set(FILES)


def test_a_name_builds_a_net() -> None:
    assert isinstance(models.build("pconv-compact"), nn.Module)


def test_a_misspelt_name_is_answered_with_the_nearest_and_with_all() -> None:
    with pytest.raises(UnknownName) as error:
        models.build("pconv-compakt")
    assert "no model named 'pconv-compakt'; did you mean 'pconv-compact'?" in str(error.value)
    assert all(name in str(error.value) for name in models.names())


def test_tensors_of_a_file_are_real_even_if_the_first_net_is_built_without_memory() -> None:
    ask = (
        "import torch\nfrom tratteggio import models\n"
        "with torch.device('meta'): models.build('descriptor-v32')\n"
        "models.build('colorizer-compact').eval()(torch.zeros(1, 3, 16, 16))"
    )
    subprocess.run([sys.executable, "-c", ask], check=True, timeout=120)
