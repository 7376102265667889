"""Build backend: setuptools, and before it the page of the studio, so that every wheel holds the page.

A wheel and a source archive need the page: without Node.js they are refused, unless the page is built
already, as it is in a source archive. An editable installation does without; the studio then says what to do.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

HERE = Path(__file__).absolute().parent
PAGE = HERE.parent / "src" / "tratteggio" / "studio" / "built" / "index.html"

Settings = Mapping[str, Any] | None


def build_wheel(folder: str, settings: Settings = None, metadata: str | None = None) -> str:
    """Build a wheel with the page in it."""
    build_page()
    return str(build_meta.build_wheel(folder, settings, metadata))


def build_sdist(folder: str, settings: Settings = None) -> str:
    """Build a source archive with the page in it."""
    build_page()
    return str(build_meta.build_sdist(folder, settings))


def build_editable(folder: str, settings: Settings = None, metadata: str | None = None) -> str:
    """Install the checkout itself. Where the page cannot be built, all but the studio works."""
    if npm() is not None:
        try:
            build_page()
        except SystemExit as error:
            print(error, file=sys.stderr)
    return str(build_meta.build_editable(folder, settings, metadata))


def build_page() -> None:
    """Build the page, unless it is there and newer than what it is made of.

    Raises:
        SystemExit: there is no page and no Node.js, or the build failed.
    """
    if is_current():
        return
    program = npm()
    if program is None:
        if PAGE.exists():
            return  # in a source archive, whose times say nothing
        raise SystemExit(
            "The page of the studio is built with npm, which is not here. Install Node.js 20 or later, with "
            "npm, and build again."
        )
    for words in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run([program, *words], cwd=HERE, check=False, stdout=sys.stderr)
        if done.returncode:
            raise SystemExit(f"npm {' '.join(words)} failed in {HERE}; the page of the studio is not built.")


def is_current() -> bool:
    """Say whether the page is newer than all that it is made of."""
    made_of = [HERE / "package-lock.json", HERE / "build.mjs", *(HERE / "src").rglob("*.*")]
    return PAGE.exists() and all(file.stat().st_mtime <= PAGE.stat().st_mtime for file in made_of)


def npm() -> str | None:
    """Return where npm is."""
    return shutil.which("npm")


if __name__ == "__main__":
    build_page()
