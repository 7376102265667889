"""What nobody foresaw: a fault of the program is called one, and its details are kept for a report."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import tempfile
import traceback
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import FrameType

import tratteggio

EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h
DEBUG = "TRATTEGGIO_DEBUG"
LIBRARIES = ("numpy", "scipy", "torch", "pillow", "tifffile", "imagecodecs", "zarr", "typer")
HERE = str(Path(tratteggio.__file__).parent)
# How libraries that raise no MemoryError say the same.
NO_MEMORY = (
    "insufficient memory",  # OpenCV
    "can't allocate memory",  # torch
    "not enough memory",
    "out of memory",  # CUDA
    "cannot allocate memory",
    "std::bad_alloc",
)


def sentence(error: BaseException, details: Path | None) -> str:
    """Say that the program is at fault, and where the details are."""
    kind = type(error).__name__
    kept = (
        f"The details are in {details}; please report the error and attach that file"
        if details
        else f"The details could not be written; set {DEBUG}=1 and run the command again to see them"
    )
    return f"this is an error in tratteggio, not in your files ({kind}). {kept}"


def keep(error: BaseException) -> Path | None:
    """Write the details to a new file in the temporary folder that its owner alone can read.

    Returns:
        the file; None if it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix="tratteggio-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(details(error))
    except OSError:
        return None
    return Path(name)


def details(error: BaseException) -> str:
    """Return versions, the command line and the traceback."""
    versions = ", ".join(f"{name} {version}" for name, version in _versions())
    return (
        f"tratteggio {tratteggio.__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{versions}\ncommand: {shlex.join(sys.argv)}\n\n{''.join(traceback.format_exception(error))}"
    )


def _versions() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, "missing"


def debugging() -> bool:
    """Tell whether the user asked to see tracebacks."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def out_of_memory(error: BaseException) -> bool:
    """Tell whether memory was lacking, whatever the library calls it."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return type(error).__name__ == "OutOfMemoryError" or (
        (isinstance(error, RuntimeError | OSError) or type(error).__module__ == "cv2")
        and any(words in text for words in NO_MEMORY)
    )


def file_of(error: BaseException) -> Path | None:
    """Return the file in whose reading or writing an error arose: the last that our functions were given."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame.f_code.co_filename.startswith(HERE)]
    return next((path for frame in reversed(ours) for path in _paths(frame)), None)


def _paths(frame: FrameType) -> Iterator[Path]:
    # Arguments come first among the names of a function.
    values = (frame.f_locals.get(name) for name in frame.f_code.co_varnames)
    return (value for value in values if isinstance(value, Path))
