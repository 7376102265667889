"""One thread for the products of matrices of NumPy, while many small ones follow each other.

OpenBLAS lets idle threads spin while they wait for the next product. Where products are small and many, these
threads only burn time that other work could use.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from threading import Lock
from typing import Any

NAMES = ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads64_",
         "openblas_{}_num_threads")  # fmt: skip

_lock = Lock()
_inside: list[int] = []  # for each thread that is inside, how many there were before


@contextmanager
def one_thread() -> Iterator[None]:
    """Let NumPy's OpenBLAS use one thread; with another BLAS nothing changes.

    The number of threads belongs to the process. It comes back when the last thread leaves.
    """
    functions = _functions()
    if functions is None:
        yield
        return
    read, write = functions
    with _lock:
        _inside.append(_inside[0] if _inside else read())
        write(1)
    try:
        yield
    finally:
        with _lock:
            before = _inside.pop()
            if not _inside:
                write(before)


@lru_cache(maxsize=1)
def _functions() -> tuple[Any, Any] | None:
    """Return OpenBLAS's functions that read and write its number of threads; None without OpenBLAS."""
    try:
        numpy_core = import_module("numpy._core._multiarray_umath")  # it links the BLAS
        library = ctypes.CDLL(numpy_core.__file__)
    except (ImportError, OSError):
        return None
    for name in NAMES:
        read, write = (getattr(library, name.format(verb), None) for verb in ("get", "set"))
        if read is not None and write is not None:
            return read, write
    return None
