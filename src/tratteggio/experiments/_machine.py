"""On what an experiment ran, as a report says it: no names, only what figures depend on."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from tratteggio.version import __version__

LIBRARIES = (
    "numpy",
    "scipy",
    "torch",
    "pillow",
    "scikit-image",
    "opencv-contrib-python-headless",
)


def machine() -> dict[str, str]:
    """Tell processor, cores, memory and system."""
    return {
        "processor": _processor(),
        "cores": f"{os.cpu_count()} cores",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions(*more: str) -> dict[str, str]:
    """Tell the versions of Python, of this package and of the libraries that are installed."""
    found = {"tratteggio": __version__, "Python": sys.version.split()[0]}
    for name in (*LIBRARIES, *more):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """Name the processor, as Linux does, else as Python knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "processor unknown"


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return "memory unknown"
    return f"{total / 2**30:.0f} GiB memory"
