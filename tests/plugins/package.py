"""The package of the page "Write a plugin": written, installed into a folder of its own, and run."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "plugin.md"


def write_package(folder: Path) -> None:
    """Write each code block of the page that has a title as the file of that name."""
    text = PAGE.read_text("utf-8")
    for file, code in re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', text, re.MULTILINE | re.DOTALL):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(code, "utf-8")


@dataclass(frozen=True)
class Installed:
    """A plugin that is installed, and a copy of its own tests.

    Attributes:
        source: the package as its author wrote it.
        target: where it is installed; on the path of `run`.
    """

    source: Path
    target: Path

    def run(self, *words: str, cwd: Path, fails: bool = False) -> str:
        """Run Python with the plugin installed, and return all that it prints."""
        path = os.pathsep.join([str(self.target), str(ROOT / "src")])
        done = subprocess.run(
            [sys.executable, *words],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, said
        return said


def install(source: Path, target: Path) -> Installed:
    """Install a package with pip, from its folder alone."""
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return Installed(source, target)
