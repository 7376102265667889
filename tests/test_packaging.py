"""What a wheel contains: the package, its weights with cards, and nothing of the tests or of this machine."""

import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = "src/tratteggio/studio/built"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build in a copy: setuptools leaves folders beside what it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("this is no git checkout, so what belongs to the source is not known")
    page = ROOT / PAGE
    if not page.is_dir() and shutil.which("npm") is None:
        pytest.skip("npm is not installed, so the page of the studio cannot be built into a wheel")
    # A page that is built and current is taken as it is; otherwise this builds it.
    built = [f"{PAGE}/{file.name}" for file in page.iterdir()] if page.is_dir() else []
    for name in filter(None, [*listed.stdout.decode().split("\0"), *built]):
        if (ROOT / name).is_file():
            copy = source / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(ROOT / name)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "--no-index"]
    done = subprocess.run(
        [*build, "-w", str(folder), "."], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_a_wheel_contains_every_module_and_every_weight(wheel: zipfile.ZipFile) -> None:
    package = ROOT / "src" / "tratteggio"
    modules = {f"tratteggio/{file.relative_to(package)}" for file in package.rglob("*.py")}
    weights = {f"tratteggio/weights/{file.name}" for file in (package / "weights").iterdir()}
    assert modules | weights | {"tratteggio/py.typed"} <= set(wheel.namelist())


def test_a_wheel_contains_the_page_of_the_studio(wheel: zipfile.ZipFile) -> None:
    page = {"index.html", "studio.js", "studio.css", "icon.svg", "licences.txt"}
    assert {f"tratteggio/studio/built/{name}" for name in page} <= set(wheel.namelist())
    assert len(wheel.read("tratteggio/studio/built/studio.js")) > 100_000


def test_a_wheel_contains_nothing_else(wheel: zipfile.ZipFile) -> None:
    ours = re.compile(r"tratteggio(/|-[\d.]+\.dist-info/)")
    assert [name for name in wheel.namelist() if not ours.match(name)] == []
    assert [name for name in wheel.namelist() if "__pycache__" in name] == []


def test_a_wheel_states_license_python_and_the_command(wheel: zipfile.ZipFile) -> None:
    def read(name: str) -> bytes:
        return wheel.read(next(entry for entry in wheel.namelist() if entry.endswith(f"dist-info/{name}")))

    facts = message_from_bytes(read("METADATA"))
    assert facts["Name"] == "tratteggio"
    assert facts["Requires-Python"] == ">=3.11"
    assert facts["License-Expression"] == "Apache-2.0"
    assert b"Apache License" in read("licenses/LICENSE")
    assert b"tratteggio = tratteggio.cli.main:main" in read("entry_points.txt")


def test_the_version_for_citing_is_that_of_the_package() -> None:
    from tratteggio.version import __version__

    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert cited is not None
    assert cited[1] == __version__


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tratteggio", "--version"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.strip()
