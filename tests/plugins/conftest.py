"""The plugin of the page "Write a plugin", as it is and with one change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.package import Installed, install, write_package


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package of the page."""
    folder = tmp_path_factory.mktemp("plugin")
    write_package(folder / "source")
    return install(folder / "source", folder / "target")


@pytest.fixture
def changed(plugin: Installed, tmp_path: Path) -> Callable[[str, str, str], Installed]:
    """Copy the installed package with one change in one file."""

    def _change(file: str, old: str, new: str) -> Installed:
        copy = Installed(plugin.source, tmp_path / "target")
        shutil.copytree(plugin.target, copy.target, ignore=shutil.ignore_patterns("__pycache__"))
        module = copy.target / "my_restoration" / file
        code = module.read_text("utf-8")
        assert code.count(old) == 1, f"{file} has {code.count(old)} times {old!r}"
        module.write_text(code.replace(old, new), "utf-8")
        return copy

    return _change
