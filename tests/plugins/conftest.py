"""The plugin of the page "Write a plugin", as it is and with one change."""

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
def changed(tmp_path: Path) -> Callable[[str, str, str], Installed]:
    """Install the package of the page with one change in one file."""

    def _change(file: str, old: str, new: str) -> Installed:
        write_package(tmp_path / "source")
        place = tmp_path / "source" / "src" / "my_restoration" / file
        code = place.read_text("utf-8")
        assert code.count(old) == 1, f"{file} has {code.count(old)} times {old!r}"
        place.write_text(code.replace(old, new), "utf-8")
        return install(tmp_path / "source", tmp_path / "target")

    return _change
