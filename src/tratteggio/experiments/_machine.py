"""The versions of the libraries that an experiment ran on."""

from __future__ import annotations

import sys
from importlib import metadata

from tratteggio.version import __version__

LIBRARIES = (
    "numpy",
    "scipy",
    "torch",
    "pillow",
    "scikit-image",
    "opencv-contrib-python-headless",
)


def versions(*more: str) -> dict[str, str]:
    """Tell the versions of Python, of this package and of the libraries that are installed."""
    found = {"tratteggio": __version__, "Python": sys.version.split()[0]}
    for name in (*LIBRARIES, *more):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
